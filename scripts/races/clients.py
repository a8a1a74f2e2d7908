"""The attackers: clients in a process of their own that ask any pod, and write down what they are told."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableSequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from random import Random
from typing import Any, TypeAlias

import aiohttp
import uvloop

from scripts.races.asking import Answer, Asker, milliseconds, seconds
from scripts.races.bookers import Bookers
from scripts.races.check import LATE_S
from scripts.races.record import Hold, Look, Record
from scripts.races.wishes import WATCHED_MINUTES, Wish, Wisher

_RESERVATIONS = "slots/reservations"
_PATIENCE_S, _LONG_PATIENCE_S = 1.0, 10.0
"""How long clients wait. Most are quick, so that a paused pod does not stop them all; the others hear what it says."""
_PATIENT_SHARE = 0.25
_BREATH_S = 0.2
"""After a pod was away or could not reach a store."""
_WATCHED_SHARE = 0.1
_BEFORE_S, _AFTER_S = 0.5, LATE_S + 0.05
"""When to look at a hold, before and after its time is up."""
_POLL_S = 0.05
_LOOKS = 20
"""How often a look is tried while pods or stores are away."""
_TIDY_S = 15.0
"""How often what nobody knows of, or uses, is looked for."""
_ENOUGH = 60
"""Holds, and bookings, that the clients of a process have at once: a third of what there is to have."""
_BOOKED_STRAIGHT_AWAY = 0.3
"""The share of bookings that no hold comes before."""


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
        working: list[asyncio.Task[None]] = []
        for number in range(plan.clients):
            patience_s = _LONG_PATIENCE_S if number < plan.clients * _PATIENT_SHARE else _PATIENCE_S
            working.append(tasks.create_task(attackers.work(patience_s)))
        tidying = tasks.create_task(attackers.tidy())
        while not orders.stop.is_set():  # noqa: ASYNC110 - another process sets it
            await asyncio.sleep(_POLL_S)
        attackers.stopped = True
        tidying.cancel()
        while attackers.watches and not orders.hurry.is_set():  # noqa: ASYNC110 - as above
            await asyncio.sleep(_POLL_S)
        for watch in attackers.watches:
            watch.cancel()
        await asyncio.gather(*working)
        await attackers.bookers.look_at_all()
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
        self._tasks = tasks
        self._tally = tally
        self._random = Random(plan.seed)  # noqa: S311 - no secret
        self._wisher = Wisher(self._random)
        self._asker = Asker(plan.pods, session, self._random, self.record)
        self.bookers = Bookers(self._asker, self._random, self.record)
        """What they do about bookings."""
        self._holds: list[Hold] = []
        self._doubtful: list[str] = []
        """Uids under which something may be held that nobody uses any more."""

    async def work(self, patience_s: float) -> None:
        """Do one thing after the other until stopped."""
        while not self.stopped:
            name = self._drawn()
            operation, _ = _OPERATIONS[name]
            outcome = await operation(self, patience_s)
            self.record.outcomes[name, outcome] += 1
            if outcome in {"unreachable", "500", "503"}:
                await asyncio.sleep(_BREATH_S)

    def _drawn(self) -> str:
        """Draw what to do. Whoever has enough gives some up: were all taken, there would be nothing left to win."""
        [name] = self._random.choices(list(_OPERATIONS), [share for _, share in _OPERATIONS.values()])
        if name == "reserve" and len(self._holds) > _ENOUGH:
            return "release"
        if name == "book" and self.bookers.number > _ENOUGH:
            return "cancel a booking"
        return name

    # Operations: each returns its outcome --------------------------------------------------------------------------

    async def reserve(self, patience_s: float) -> str:
        """Ask for a slot."""
        wish = self._wisher.wish()
        if wish.keep_minutes is None:
            # Kept for long: if nobody knew of it, it would soon be all that there is to fight over.
            answer = await self._asker.insist(_RESERVATIONS, patience_s, body=wish.body, headers=wish.headers)
        else:
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
        answer = await self._ask("PATCH", patience_s, hold.uid, self._wisher.wish(near=hold))
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
            if answer.status != 200:
                self._doubtful.append(hold.uid)
        return answer.outcome

    async def release(self, patience_s: float) -> str:
        """Give a slot up."""
        hold = self._take()
        if hold is None:
            return "nothing held"
        # Whatever comes of it: aiohttp repeats a DELETE whose connection broke, and the first one may have been heard.
        hold.given_up = time.time()
        answer = await self._ask("DELETE", patience_s, hold.uid)
        if answer is None or not answer.is_certain:
            self._doubtful.append(hold.uid)
        return "unreachable" if answer is None else answer.outcome

    async def show(self, patience_s: float) -> str:
        """Look whether a slot is still held."""
        hold = self._take()
        if hold is None:
            return "nothing held"
        outcome = await self._look(hold, patience_s)
        self._holds.append(hold)
        return outcome

    async def book(self, patience_s: float) -> str:
        """Book a slot, mostly one that is held."""
        hold = None if self._random.random() < _BOOKED_STRAIGHT_AWAY else self._take()
        answer, used = await self.bookers.book(hold, patience_s)
        if hold is not None and not used:
            self._holds.append(hold)
        return self._counted(answer)

    async def move_booking(self, patience_s: float) -> str:
        """Ask for another slot in the place of one that is booked."""
        if not self.bookers.number:
            return "nothing held"
        return self._counted(await self.bookers.move(patience_s))

    async def confirm(self, patience_s: float) -> str:
        """Let a host confirm a booking, which takes its time from then on."""
        answer = await self.bookers.confirm(patience_s)
        return "nothing held" if answer is None else answer.outcome

    async def reassign(self, patience_s: float) -> str:
        """Give a booking to another host."""
        answer = await self.bookers.reassign(patience_s)
        return "nothing held" if answer is None else answer.outcome

    async def cancel(self, patience_s: float) -> str:
        """Cancel a booking."""
        if not self.bookers.number:
            return "nothing held"
        answer = await self.bookers.cancel(patience_s)
        return "unreachable" if answer is None else answer.outcome

    def _counted(self, answer: Answer | None) -> str:
        """Count what asked for a slot."""
        if answer is None:
            return "unreachable"
        self._tally[0] += 1
        self._tally[1] += answer.status == 201
        return answer.outcome

    async def tidy(self) -> None:
        """Give up what nobody uses, and let hosts cancel bookings that nobody knows of, now and then."""
        while True:
            await asyncio.sleep(_TIDY_S)
            doubtful, self._doubtful = self._doubtful, []
            for uid in doubtful:
                answer = await self._ask("DELETE", _PATIENCE_S, uid)
                if answer is None or not answer.is_certain:
                    self._doubtful.append(uid)
            await self.bookers.cancel_forgotten()

    # Looking -------------------------------------------------------------------------------------------------------

    async def _look(self, hold: Hold, patience_s: float) -> str:
        answer = await self._ask("GET", patience_s, hold.uid)
        if answer is None:
            return "unreachable"
        if answer.status == 200:
            self.record.looks.append(Look(hold, answer.sent, answer.arrived, found=_shows(answer.data, hold)))
        return answer.outcome

    def _is_to_be_watched(self, wish: Wish) -> bool:
        if self.stopped or wish.keep_minutes != WATCHED_MINUTES:
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

    async def _ask(self, method: str, patience_s: float, uid: str = "", wish: Wish | None = None) -> Answer | None:
        path = f"{_RESERVATIONS}{uid and '/'}{uid}"
        if wish is None:
            return await self._asker.ask(method, path, patience_s)
        return await self._asker.ask(method, path, patience_s, body=wish.body, headers=wish.headers)

    def _won(self, answer: Answer) -> Hold:
        data = answer.data
        hold = Hold(
            uid=data["reservationUid"],
            event_type_id=data["eventTypeId"],
            start=milliseconds(data["slotStart"]),
            end=milliseconds(data["slotEnd"]),
            sent=answer.sent,
            acknowledged=answer.arrived,
            until=seconds(data["reservationUntil"]),
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


def _shows(data: Any, hold: Hold) -> bool:
    """Say whether an answer shows this very hold, of its type and time."""
    return data is not None and (data["eventTypeId"], milliseconds(data["slotStart"])) == (
        hold.event_type_id,
        hold.start,
    )


_Operation: TypeAlias = Callable[[Attackers, float], Awaitable[str]]

_OPERATIONS: dict[str, tuple[_Operation, int]] = {
    "reserve": (Attackers.reserve, 53),
    "move": (Attackers.move, 12),
    "release": (Attackers.release, 6),
    "show": (Attackers.show, 4),
    "book": (Attackers.book, 10),
    "move a booking": (Attackers.move_booking, 4),
    "confirm": (Attackers.confirm, 3),
    "reassign": (Attackers.reassign, 2),
    "cancel a booking": (Attackers.cancel, 6),
}
"""What clients do, and how often of a hundred times."""
