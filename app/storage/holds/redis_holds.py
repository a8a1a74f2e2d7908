"""The port `Holds` on Redis or Valkey. What each order of steps risks is said where it is taken."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.domain.busy import Reservation
from app.domain.reservation import Claim, Claimed, Contended, Held, KeptReservation
from app.domain.time_ranges import Instant, Range
from app.services.errors import StoreUnavailableError
from app.storage.holds import keys
from app.storage.holds.records import as_busy, read, written
from app.storage.holds.scripts import Call, Value, run, run_all

PROVISIONAL_MS = 5_000
"""How long a claim stands unconfirmed: longer than a request may take, short enough to wait out after a crash."""
_TRIES_TO_END = 3
_CONFIRMED = b"c"
"""How a confirmed hold begins."""
_BATCH = 500
"""How many reservations, or keys, are written or dropped at once."""


class RedisHolds:
    """Reservations on one Redis or Valkey, or behind Sentinel.

    The hosts of a claim are claimed by one script, so all of them or none. A uid's locator and a seat's ledger have
    hash slots of their own: nothing below relies on their being atomic with the hosts' keys.
    """

    def __init__(self, redis: Redis, *, deadline_s: float) -> None:
        """Work on a client; every method answers or fails within the deadline."""
        self._redis = redis
        self._deadline_s = deadline_s

    async def claim(self, claim: Claim, ignoring: KeptReservation | None) -> Claimed | Held | Contended:
        """Claim for some seconds; see `services.ports.Holds`."""
        async with self._answered():
            rank = 0
            if claim.seats is not None:
                # The ledger comes first: it says whose hosts a further seat takes. A crash after it leaves an entry
                # that lapses as the hosts' claims do.
                taken = await run(self._redis, _claim_seat(claim, ignoring))
                if taken[0] != b"claimed":
                    return Held(None) if taken[0] == b"held" else Contended()
                rank = int(taken[1])
                claim = replace(claim, host_ids=_host_ids(taken[2]))
            outcome = await run(self._redis, _claim_hosts(claim, ignoring))
            if outcome[0] == b"claimed":
                return Claimed(claim, int(outcome[1]), outcome[2].decode(), rank)
            await self._give_up_seat(claim)
            return Held(claim.host_ids[int(outcome[1]) - 1]) if outcome[0] == b"held" else Contended()

    async def release(self, claim: Claim) -> None:
        """Give up a claim."""
        async with self._answered():
            await self._release(claim)

    async def keep(self, claim: Claim, until: Instant) -> bool:
        """Make a claim a reservation."""
        async with self._answered():
            # The locator comes first. A crash after it leaves a locator to a claim that lapses in seconds, and whose
            # uid nobody was told; the other order would leave a reservation that nobody could end.
            locate = _point_locator(claim, until, expected="", fallback=None)
            located, *confirmed = await run_all(self._redis, [locate, *_confirm(claim, until, None)])
            if located and all(confirmed):
                return True
            await self._release(claim)
            await run(self._redis, _drop_locator(claim))
            return False

    async def move(self, kept: KeptReservation, claim: Claim, until: Instant) -> bool:
        """Put a claim in the place of a reservation."""
        async with self._answered():
            # Of several moves of one reservation the locator lets one through, before anything is confirmed. It
            # remembers the old claim until then: a crash in between leaves the uid at whichever of the two is alive.
            locate = _point_locator(claim, until, expected=kept.claim.id, fallback=kept)
            if not await run(self._redis, locate):
                await self._release(claim)
                return False
            # Then the new hold is confirmed and the old one ends, in one step.
            if all(await run_all(self._redis, _confirm(claim, until, kept.claim))):
                await self._give_up_seat(kept.claim)
                return True
            await self._release(claim)
            await self._point_back(kept, claim)
            return False

    async def reservation(self, uid: str) -> KeptReservation | None:
        """Return a live reservation: one whose hold exists and is confirmed, whatever the locator says."""
        async with self._answered():
            candidates = await self._located(uid)
            if not candidates:
                return None
            pipeline = self._redis.pipeline(transaction=False)
            for kept in candidates:
                _ = pipeline.getrange(keys.host_hold(kept.claim.host_ids[0], kept.claim.id), 0, 0)
            states = await pipeline.execute()
            found = next((kept for kept, state in zip(candidates, states, strict=True) if state == _CONFIRMED), None)
            if found is not None and not states[0]:
                # A move died before it confirmed its claim. One that is still under way is left to finish.
                await self._point_back(found, candidates[0].claim)
            return found

    async def end(self, uid: str) -> bool:
        """End a reservation."""
        async with self._answered():
            for _ in range(_TRIES_TO_END):
                candidates = await self._located(uid)
                if not candidates:
                    return False
                # The holds go first: a crash after them leaves a locator that leads nowhere.
                ended = [await self._release(kept.claim) for kept in candidates]
                if await run(self._redis, _drop_locator(candidates[0].claim)):
                    return any(ended)
                # It was moved just now; what it was moved to ends in the next round.
            return False

    async def live(self, host_ids: Collection[int], around: Range, before: str = "") -> tuple[Reservation, ...]:
        """Return the live reservations of hosts, in one round trip for all of them."""
        if not host_ids:
            return ()
        async with self._answered():
            records = await run(self._redis, _read_live(host_ids, around, before))
            found = {kept.claim.id: kept for kept in map(read, records)}
            return tuple(as_busy(kept) for kept in found.values())

    async def ping(self) -> None:
        """Ask the store for a sign of life; StoreUnavailableError if it gives none."""
        async with self._answered():
            await self._redis.ping()

    async def load(self, reservations: Sequence[KeptReservation]) -> None:
        """Write reservations as they are, whatever they overlap; a batch at a time, each within the deadline."""
        for first in range(0, len(reservations), _BATCH):
            async with self._answered():
                batch = reservations[first : first + _BATCH]
                await run_all(self._redis, [call for kept in batch for call in _load(kept)])

    async def any_live(self, uids: Sequence[str]) -> str | None:
        """Return the first of some uids that has a live reservation; a batch at a time, each within the deadline."""
        for first in range(0, len(uids), _BATCH):
            async with self._answered():
                batch = uids[first : first + _BATCH]
                pipeline = self._redis.pipeline(transaction=False)
                for uid in batch:
                    _ = pipeline.exists(keys.locator(uid))
                located = await pipeline.execute()
            for uid, is_located in zip(batch, located, strict=True):
                # A locator may lead nowhere.
                if is_located and await self.reservation(uid) is not None:
                    return uid
        return None

    async def clear(self) -> None:
        """End every reservation and claim; a batch at a time, each within the deadline."""
        cursor: int | None = None
        while cursor != 0:
            async with self._answered():
                cursor, found = await self._redis.scan(cursor or 0, match=f"{keys.PREFIX}*", count=_BATCH)
                if found:
                    await self._redis.unlink(*found)

    async def _located(self, uid: str) -> list[KeptReservation]:
        """Return what a uid leads to: its claim and, while that is being confirmed, the one before."""
        record, previous = await self._redis.hmget(keys.locator(uid), ["record", "previous"])
        return [read(text) for text in (record, previous) if text]

    async def _point_back(self, kept: KeptReservation, lapsed: Claim) -> None:
        """Point a uid to the claim before, once the one that should take its place has lapsed."""
        await run(self._redis, _point_locator(kept.claim, kept.until, expected=lapsed.id, fallback=None))

    async def _release(self, claim: Claim) -> int:
        await self._give_up_seat(claim)
        return int(await run(self._redis, _release_hosts(claim)))

    async def _give_up_seat(self, claim: Claim) -> None:
        """Take a claim out of its start's ledger, whose dead member the next claim drops."""
        if claim.seats is not None:
            await self._redis.delete(keys.seat_entry_prefix(claim) + claim.id)

    @asynccontextmanager
    async def _answered(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._deadline_s):
                yield
        except (RedisError, OSError, TimeoutError) as error:
            raise StoreUnavailableError("redis") from error


def _claim_seat(claim: Claim, ignoring: KeptReservation | None) -> Call:
    prefix = keys.seat_entry_prefix(claim)
    return Call(
        "claim_seat",
        [keys.seat_ledger(claim), prefix + claim.id],
        [claim.id, _ignored(ignoring), PROVISIONAL_MS, claim.seats or 0, _joined(claim.host_ids), prefix],
    )


def _claim_hosts(claim: Claim, ignoring: KeptReservation | None) -> Call:
    start, end = claim.busy_range
    prefixes = [keys.host_hold_prefix(host_id) for host_id in claim.host_ids]
    group, ignored = keys.seat_group(claim), _ignored(ignoring)
    arguments: list[Value] = [start, end, group, claim.id, ignored, PROVISIONAL_MS, written(claim, 0), *prefixes]
    return Call("claim", _hold_keys(claim), arguments)


def _confirm(claim: Claim, until: Instant, old: Claim | None) -> list[Call]:
    old_keys, old_member = ([], "") if old is None else (_index_and_hold_keys(old), keys.index_member(old))
    arguments: list[Value] = [until, written(claim, until), len(claim.host_ids), old_member]
    calls = [Call("confirm", [*_hold_keys(claim), *old_keys], arguments)]
    if claim.seats is not None:
        entry = [keys.seat_ledger(claim), keys.seat_entry_prefix(claim) + claim.id]
        calls.append(Call("confirm_seat", entry, [until, _joined(claim.host_ids)]))
    return calls


def _load(kept: KeptReservation) -> list[Call]:
    claim, until = kept.claim, kept.until
    start, end = claim.busy_range
    arguments: list[Value] = [start, end, keys.seat_group(claim), claim.id, until, written(claim, until)]
    locate = _point_locator(claim, until, expected="", fallback=None)
    calls = [locate, Call("import", _hold_keys(claim), arguments)]
    if claim.seats is not None:
        prefix = keys.seat_entry_prefix(claim)
        seat: list[Value] = [claim.id, "", PROVISIONAL_MS, claim.seats, _joined(claim.host_ids), prefix]
        calls += [
            Call("claim_seat", [keys.seat_ledger(claim), prefix + claim.id], seat),
            *_confirm(claim, until, None)[1:],
        ]
    return calls


def _release_hosts(claim: Claim) -> Call:
    return Call("release", _index_and_hold_keys(claim), [keys.index_member(claim)])


def _index_and_hold_keys(claim: Claim) -> list[str]:
    hosts = claim.host_ids
    return [key for host_id in hosts for key in (keys.host_index(host_id), keys.host_hold(host_id, claim.id))]


def _read_live(host_ids: Collection[int], around: Range, before: str) -> Call:
    index_keys = [key for host_id in host_ids for key in (keys.host_index(host_id), keys.host_longest(host_id))]
    return Call("live", index_keys, [*around, before, *(keys.host_hold_prefix(host_id) for host_id in host_ids)])


def _point_locator(claim: Claim, until: Instant, *, expected: str, fallback: KeptReservation | None) -> Call:
    previous = b"" if fallback is None else written(fallback.claim, fallback.until)
    arguments: list[Value] = [expected, claim.id, written(claim, until), previous, until]
    return Call("move_locator", [keys.locator(claim.reservation_uid)], arguments)


def _drop_locator(claim: Claim) -> Call:
    return Call("drop_locator", [keys.locator(claim.reservation_uid)], [claim.id])


def _hold_keys(claim: Claim) -> list[str]:
    return [
        key
        for host_id in claim.host_ids
        for key in (keys.host_index(host_id), keys.host_longest(host_id), keys.host_hold(host_id, claim.id))
    ]


def _ignored(ignoring: KeptReservation | None) -> str:
    return "" if ignoring is None else ignoring.claim.id


def _joined(host_ids: Collection[int]) -> str:
    return ",".join(str(host_id) for host_id in host_ids)


def _host_ids(joined: bytes) -> tuple[int, ...]:
    return tuple(int(host_id) for host_id in joined.split(b","))
