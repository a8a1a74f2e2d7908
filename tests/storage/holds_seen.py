"""A store of holds, seen from outside: all that its keys say, and clients that die between two commands."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from redis.exceptions import RedisError

from app.domain.reservation import Claim
from app.domain.time_ranges import Instant
from app.storage.holds import keys
from app.storage.holds.connection import Client
from app.storage.holds.records import read
from tests.storage.holds_model import Entry, Lead, State

_SEAT, _HOLD, _LOCATOR = ":seat:", ":hold:", keys.locator("")


async def seen(client: Client, claims: Mapping[str, Claim], now: Instant) -> State:
    """Read everything, in two rounds; `claims` are all there ever were, by id.

    Places in a quota have no keys of their own: those that ended before `now` are left out.
    """
    names = sorted([name.decode() async for name in client.scan_iter(f"{keys.PREFIX}*", count=1_000)])
    values = dict(zip(names, await _read(client, names), strict=True))
    state = State()
    for name, (value, ends) in values.items():
        if name.startswith(_LOCATOR) and any(value):
            led = tuple(read(record) for record in value if record)
            state.leads[led[0].uid] = Lead(led, (ends, ends))
        elif _HOLD in name and value:
            _see_hold(state, name, value, values)
        elif _SEAT in name and value:
            where, _, claim_id = name.partition(_SEAT)
            hosts = tuple(int(host) for host in value[1:].split(b","))
            claim = replace(claims[claim_id], host_ids=hosts)
            state.seats[f"{where}:seats", claim_id] = Entry(claim, (ends, ends), value.startswith(b"c"))
    _see_places(state, values, claims)
    state.places = {key: entry for key, entry in state.places.items() if entry.ends[0] > now}
    return state


async def _read(client: Client, names: list[str]) -> list[tuple[Any, Instant]]:
    pipeline = client.pipeline(transaction=False)
    for name in names:
        if name.startswith(_LOCATOR):
            _ = pipeline.hmget(name, ["record", "previous"])
        elif name.endswith(":holds") or name.startswith(f"{keys.PREFIX}{{q:"):
            _ = pipeline.zrange(name, 0, -1, withscores=True)
        elif _HOLD in name or _SEAT in name:
            _ = pipeline.get(name)
        else:
            _ = pipeline.exists(name)
        _ = pipeline.pexpiretime(name)
    answers = await pipeline.execute()
    return list(zip(answers[::2], answers[1::2], strict=True))


def _see_hold(state: State, name: str, hold: bytes, values: Mapping[str, tuple[Any, Instant]]) -> None:
    where, _, claim_id = name.partition(_HOLD)
    tag = where.removeprefix(f"{keys.PREFIX}{{").removesuffix("}")
    claim, ends = read(hold[17:]).claim, values[name][1]
    state.lanes[tag, claim_id] = Entry(claim, (ends, ends), hold.startswith(b"c"))
    [lane] = [lane for lane in keys.lanes(claim) if lane.tag == tag]
    index, index_ends = values.get(lane.index, ([], 0))
    _, about_ends = values.get(lane.about, (0, 0))
    if (lane.member(claim).encode(), claim.busy_range[0]) not in index or min(index_ends, about_ends) < ends:
        state.lost.append((tag, claim_id))


def _see_places(state: State, values: Mapping[str, tuple[Any, Instant]], claims: Mapping[str, Claim]) -> None:
    names = {keys.quota(quota.name): quota.name for claim in claims.values() for quota in claim.quotas}
    for key in names.keys() & values.keys():
        for member, ends in values[key][0]:
            claim = claims[member.decode()]
            state.places[names[key], claim.id] = Entry(claim, (int(ends), int(ends)))


class Mortal:
    """The client of a pod that dies after some commands: no further one gets through."""

    def __init__(self, client: Client, commands: int) -> None:
        self._client = client
        self._left = commands

    def pipeline(self, *, transaction: bool) -> "_MortalPipeline":
        assert not transaction
        return _MortalPipeline(self)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def command(*arguments: Any) -> Any:
            if not self._left:
                raise ConnectionError
            self._left -= 1
            return await getattr(self._client, name)(*arguments)

        return command


class _MortalPipeline:
    """Commands that are sent in order, any of which may be the last to get through."""

    def __init__(self, client: Mortal) -> None:
        self._client = client
        self._commands = list[tuple[str, tuple[Any, ...]]]()

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments: self._commands.append((name, arguments))

    async def execute(self, *, raise_on_error: bool = True) -> list[Any]:
        answers = list[Any]()
        for name, arguments in self._commands:
            try:
                answers.append(await getattr(self._client, name)(*arguments))
            except RedisError as error:
                if raise_on_error:
                    raise
                answers.append(error)
        return answers
