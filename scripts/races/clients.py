"""The attackers: clients in a process of their own that ask any pod, and write down what they are told."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableSequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from random import Random
from typing import Any, TypeAlias

import aiohttp
import orjson
import uvloop

from scripts.races.check import LATE_S
from scripts.races.record import Hold, Look, Record
from scripts.races.world import EVENT_TYPES, HOT_DAYS, HOT_START, MINUTE, EventType, token, utc_text

_CROWD_S = 0.1
"""For so long, many clients want about the same time; then it is another one's turn."""
_CROWD_MINUTES = 20
_PATIENCE_S, _LONG_PATIENCE_S = 1.0, 10.0
"""How long clients wait. Most are quick, so that a paused pod does not stop them all; the others hear what it says."""
_PATIENT_SHARE = 0.25
_BREATH_S = 0.2
"""After a pod was away or could not reach a store."""
_WATCHED_MINUTES = 1
_WATCHED_SHARE = 0.1
_BEFORE_S, _AFTER_S = 0.5, LATE_S + 0.05
"""When to look at a hold, before and after its time is up."""
_POLL_S = 0.05
_LOOKS = 20
"""How often a look is tried while pods or stores are away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the clients of one process do."""

    seed: str
    pods: tuple[str, ...]
    """Their URLs."""
    clients: int
    watched: int
    """How many holds to leave alone, in order to look at them around their end."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int | None
    """None: it did not come, or not in time."""
    data: Any
    sent: float
    arrived: float

    @property
    def outcome(self) -> str:
        return "unanswered" if self.status is None else str(self.status)

    @property
    def is_certain(self) -> bool:
        """Whether it tells what was done."""
        return self.status is not None and self.status < 500


@dataclass(frozen=True, slots=True)
class _Wish:
    """A slot to ask for."""

    event_type: EventType
    start: int
    length: int
    keep_minutes: int | None
    """None: without credentials, for as long as the service gives anybody."""

    @property
    def body(self) -> dict[str, Any]:
        asked: dict[str, Any] = {"eventTypeId": self.event_type.id, "slotStart": utc_text(self.start)}
        if len(self.event_type.lengths) > 1:
            asked["slotDuration"] = self.length
        if self.keep_minutes is not None:
            asked["reservationDuration"] = self.keep_minutes
        return asked

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.keep_minutes is None else {"Authorization": f"Bearer {token(self.event_type)}"}


@dataclass(frozen=True, slots=True)
class Orders:
    """What the race tells its clients."""

    stop: Event
    """Ask for nothing more; holds that are watched are watched to their end."""
    hurry: Event
    """Watch no more either."""


def attack(plan: Plan, orders: Orders, tally: MutableSequence[int], hand_over: Connection) -> None:
    """Run a process of clients until told to stop, then hand their record over.

    The tally of attempts and wins can be read meanwhile.
    """
    hand_over.send(uvloop.run(_attack(plan, orders, tally)))
    hand_over.close()


async def _attack(plan: Plan, orders: Orders, tally: MutableSequence[int]) -> Record:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session, asyncio.TaskGroup() as tasks:
        attackers = Attackers(plan, session, tasks, tally)
        for number in range(plan.clients):
            patience_s = _LONG_PATIENCE_S if number < plan.clients * _PATIENT_SHARE else _PATIENCE_S
            tasks.create_task(attackers.work(patience_s))
        while not orders.stop.is_set():  # noqa: ASYNC110 - another process sets it
            await asyncio.sleep(_POLL_S)
        attackers.stopped = True
        while attackers.watches and not orders.hurry.is_set():  # noqa: ASYNC110 - as above
            await asyncio.sleep(_POLL_S)
        for watch in attackers.watches:
            watch.cancel()
    return attackers.record


class Attackers:
    """Clients that share what they hold: each takes a hold out, does something with it and puts it back."""

    def __init__(
        self, plan: Plan, session: aiohttp.ClientSession, tasks: asyncio.TaskGroup, tally: MutableSequence[int]
    ) -> None:
        self.record = Record()
        self.stopped = False
        self.watches = set[asyncio.Task[None]]()
        """Those of holds that have not ended yet."""
        self._plan = plan
        self._session = session
        self._tasks = tasks
        self._tally = tally
        self._random = Random(plan.seed)  # noqa: S311 - no secret
        self._holds: list[Hold] = []

    async def work(self, patience_s: float) -> None:
        """Do one thing after the other until stopped."""
        names, operations, weights = zip(*_OPERATIONS, strict=True)
        numbers = range(len(names))
        while not self.stopped:
            [number] = self._random.choices(numbers, weights)
            outcome = await operations[number](self, patience_s)
            self.record.outcomes[names[number], outcome] += 1
            if outcome in {"unreachable", "500", "503"}:
                await asyncio.sleep(_BREATH_S)

    # Operations: each returns its outcome --------------------------------------------------------------------------

    async def reserve(self, patience_s: float) -> str:
        """Ask for a slot."""
        wish = self._wish()
        answer = await self._ask("POST", patience_s, wish=wish)
        if answer is None:
            return "unreachable"
        self._tally[0] += 1
        if answer.status == 201:
            hold = self._won(answer)
            if self._is_to_be_watched(wish):
                self.record.watched += 1
                watch = self._tasks.create_task(self._watch(hold))
                self.watches.add(watch)
                watch.add_done_callback(self.watches.discard)
            else:
                self._holds.append(hold)
        return answer.outcome

    async def move(self, patience_s: float) -> str:
        """Ask for another slot in the place of one."""
        hold = self._take()
        if hold is None:
            return "nothing held"
        answer = await self._ask("PATCH", patience_s, hold.uid, self._wish(near=hold))
        if answer is None:
            self._holds.append(hold)
            return "unreachable"
        self._tally[0] += 1
        if answer.status == 200:
            self._holds.append(self._won(answer))
        if answer.status == 404:
            self.record.looks.append(Look(hold, answer.sent, answer.arrived, found=False))
        elif answer.is_certain and answer.status != 200:
            # What was refused changed nothing: the hold was theirs all the time.
            self._holds.append(hold)
        else:
            hold.given_up = answer.sent
        return answer.outcome

    async def release(self, patience_s: float) -> str:
        """Give a slot up."""
        hold = self._take()
        if hold is None:
            return "nothing held"
        # Whatever comes of it: aiohttp repeats a DELETE whose connection broke, and the first one may have been heard.
        hold.given_up = time.time()
        answer = await self._ask("DELETE", patience_s, hold.uid)
        return "unreachable" if answer is None else answer.outcome

    async def show(self, patience_s: float) -> str:
        """Look whether a slot is still held."""
        hold = self._take()
        if hold is None:
            return "nothing held"
        outcome = await self._look(hold, patience_s)
        self._holds.append(hold)
        return outcome

    # Looking -------------------------------------------------------------------------------------------------------

    async def _look(self, hold: Hold, patience_s: float) -> str:
        answer = await self._ask("GET", patience_s, hold.uid)
        if answer is None:
            return "unreachable"
        if answer.status == 200:
            self.record.looks.append(Look(hold, answer.sent, answer.arrived, found=_shows(answer.data, hold)))
        return answer.outcome

    def _is_to_be_watched(self, wish: _Wish) -> bool:
        if self.stopped or wish.keep_minutes != _WATCHED_MINUTES:
            return False
        return self.record.watched < self._plan.watched and self._random.random() < _WATCHED_SHARE

    async def _watch(self, hold: Hold) -> None:
        """Leave a hold alone, and look at it shortly before and after its time is up."""
        for instant in (hold.until - _BEFORE_S, hold.until + _AFTER_S):
            await asyncio.sleep(max(0.0, instant - time.time()))
            for _ in range(_LOOKS):
                if await self._look(hold, _PATIENCE_S) == "200":
                    break
                await asyncio.sleep(_BREATH_S)

    # Asking --------------------------------------------------------------------------------------------------------

    async def _ask(self, method: str, patience_s: float, uid: str = "", wish: _Wish | None = None) -> _Answer | None:
        """Ask a pod drawn by lot; None if it listens to nobody, so that it cannot have done anything."""
        url = f"{self._random.choice(self._plan.pods)}/v2/slots/reservations{uid and '/'}{uid}"
        headers = {"cal-api-version": "2024-09-04", "Content-Type": "application/json"}
        body = None
        if wish is not None:
            headers |= wish.headers
            body = orjson.dumps(wish.body)
        status, data, sent = None, None, time.time()
        try:
            timeout = aiohttp.ClientTimeout(total=patience_s)
            async with self._session.request(method, url, data=body, headers=headers, timeout=timeout) as response:
                data = orjson.loads(await response.read()).get("data")
                status = response.status
        except aiohttp.ClientConnectorError:
            return None
        except (aiohttp.ClientError, OSError, TimeoutError):
            pass
        return _Answer(status, data, sent, time.time())

    def _won(self, answer: _Answer) -> Hold:
        data = answer.data
        hold = Hold(
            uid=data["reservationUid"],
            event_type_id=data["eventTypeId"],
            start=round(_seconds(data["slotStart"]) * 1_000),
            end=round(_seconds(data["slotEnd"]) * 1_000),
            sent=answer.sent,
            acknowledged=answer.arrived,
            until=_seconds(data["reservationUntil"]),
        )
        self._tally[1] += 1
        self.record.holds.append(hold)
        return hold

    def _take(self) -> Hold | None:
        """Take out any hold whose time is not up."""
        while self._holds:
            position = self._random.randrange(len(self._holds))
            self._holds[position], self._holds[-1] = self._holds[-1], self._holds[position]
            hold = self._holds.pop()
            if hold.until > time.time():
                return hold
        return None

    # Wishing -------------------------------------------------------------------------------------------------------

    def _wish(self, near: Hold | None = None) -> _Wish:
        event_type = self._random.choice(list(EVENT_TYPES.values()))
        if near is not None and self._random.random() < 0.7:
            event_type = EVENT_TYPES[near.event_type_id]
        return _Wish(
            event_type,
            self._start(event_type, near),
            self._random.choice(event_type.lengths),
            self._random.choice((None, _WATCHED_MINUTES)),
        )

    def _start(self, event_type: EventType, near: Hold | None) -> int:
        if event_type.seats is not None:
            return self._random.choice(event_type.starts)
        if near is not None and self._random.random() < 0.5:
            # So near that the new time overlaps the old one.
            return near.start + self._random.randint(-_CROWD_MINUTES, _CROWD_MINUTES) * MINUTE
        if self._random.random() < 0.5:
            return _any_start(self._random)
        # All processes draw the same one, whatever their seeds.
        crowd = _any_start(Random(int(time.time() / _CROWD_S)))  # noqa: S311 - no secret
        return crowd + self._random.randint(0, _CROWD_MINUTES) * MINUTE


def _any_start(random: Random) -> int:
    """Return any minute: nothing here is on a grid."""
    return HOT_START + random.randrange(HOT_DAYS * 1_440) * MINUTE


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _shows(data: Any, hold: Hold) -> bool:
    """Say whether an answer shows this very hold, of its type and time."""
    return data is not None and (data["eventTypeId"], round(_seconds(data["slotStart"]) * 1_000)) == (
        hold.event_type_id,
        hold.start,
    )


_Operation: TypeAlias = Callable[[Attackers, float], Awaitable[str]]

_OPERATIONS: tuple[tuple[str, _Operation, int], ...] = (
    ("reserve", Attackers.reserve, 70),
    ("move", Attackers.move, 15),
    ("release", Attackers.release, 10),
    ("show", Attackers.show, 5),
)
"""What clients do, and how often of a hundred times."""
