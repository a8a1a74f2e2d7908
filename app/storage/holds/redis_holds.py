"""The port `Holds` on Redis or Valkey. What each order of steps risks is said where it is taken."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.cluster import ClusterNode

from app.domain.busy import Reservation
from app.domain.event_type import EventType
from app.domain.reservation import (
    Claim,
    Claimed,
    Contended,
    Held,
    KeptReservation,
    Quota,
    QuotaFull,
    QuotaStanding,
    as_busy,
)
from app.domain.time_ranges import Instant, Range
from app.services.sources import ANYTHING
from app.storage.breaker import Breaker
from app.storage.holds import keys
from app.storage.holds.bounds import Bounds, driver_errors
from app.storage.holds.keys import Lane
from app.storage.holds.records import read, written
from app.storage.holds.scripts import Call, Value, results, run, run_all, value_of
from app.storage.together import Together

PROVISIONAL_MS = 5_000
"""How long a claim stands unconfirmed: longer than a request may take, short enough to wait out after a crash."""
_TRIES_TO_END = 3
_CONFIRMED = b"c"
"""How a confirmed hold begins."""
_BATCH = 500
"""How many reservations, or keys, are written or dropped at once."""

_PATIENCE_S = 0.02
"""How long claims, and looks at what is held, wait for those before them, to share the next round trip."""
_STEPS_TO_COUNT = 200
"""How many batches of keys are looked through to count reservations."""

_TimeOfHosts: TypeAlias = tuple[tuple[int, ...], Range]
_LaneAndTurn: TypeAlias = tuple[Lane, int]
_Look: TypeAlias = tuple[list[_LaneAndTurn], Range]


class RedisHolds:
    """Reservations on one Redis or Valkey, behind Sentinel, or on a cluster.

    On one server the lanes of a claim are claimed by one script, so all of them or none, and kept by another, which
    points the uid's locator to them in the same step. On a cluster each lane and each locator has a node of its own:
    lanes are claimed one after the other; those that stand already are given up when one is refused, and lapse in
    seconds after a crash. Nothing relies on a seat's ledger being atomic with the lanes, nor on a locator that moves.
    """

    def __init__(self, redis: Redis | RedisCluster, *, deadline_s: float, breaker: Breaker | None = None) -> None:
        """Work on a client; every method answers or fails within the deadline."""
        self._redis = redis
        self._clustered = isinstance(redis, RedisCluster)
        self._bounds = Bounds(deadline_s, breaker)
        self._looking = Together(self._live_of, _PATIENCE_S)
        self._running = Together(self._run_together, _PATIENCE_S)

    async def claim(self, claim: Claim, ignoring: KeptReservation | None) -> Claimed | Held | Contended | QuotaFull:
        """Claim for some seconds; see `services.ports.Holds`."""
        if not self._clustered and claim.seats is None:
            # One round trip, with bounds of its own.
            return await self._claim_lanes(claim, claim.quotas, ignoring)
        async with self._bounds.answered():
            # Places in quotas come first: who has none should cost nothing more. After a crash they lapse in seconds.
            standing = await self._take_places(claim, ignoring)
            if isinstance(standing, QuotaFull):
                return standing
            outcome = await self._claim_seat_and_lanes(claim, ignoring)
            if isinstance(outcome, Claimed):
                return replace(outcome, standing=standing)
            await self._leave_quotas(claim)
            return outcome

    async def _take_places(self, claim: Claim, ignoring: KeptReservation | None) -> QuotaStanding | QuotaFull | None:
        """Take a place in each quota, or in none; return how the one nearest to full stands."""
        # On a cluster each quota has a node of its own.
        parts = [(quota,) for quota in claim.quotas]
        answers = await self._run_all([_claim_part(claim, [], part, ignoring) for part in parts])
        standings = list[QuotaStanding]()
        for part, (verdict, *told) in zip(parts, answers, strict=True):
            if verdict != b"claimed":
                await self._leave_quotas(claim)
                return _quota_full(part, told)
            standings += _standings(part, told[2])
        return _nearest_to_full(standings)

    async def _leave_quotas(self, claim: Claim) -> None:
        if claim.quotas:
            pipeline = self._redis.pipeline(transaction=False)
            for quota in claim.quotas:
                _ = pipeline.zrem(keys.quota(quota.name), claim.id)
            await pipeline.execute()

    async def _claim_seat_and_lanes(
        self, claim: Claim, ignoring: KeptReservation | None
    ) -> Claimed | Held | Contended | QuotaFull:
        rank = 0
        if claim.seats is not None:
            # The ledger comes first: it says whose hosts a further seat takes. A crash after it leaves an entry
            # that lapses as the lanes' claims do.
            taken = await run(self._redis, _claim_seat(claim, ignoring))
            if taken[0] != b"claimed":
                return Held(None) if taken[0] == b"held" else Contended()
            rank = int(taken[1])
            claim = replace(claim, host_ids=_host_ids(taken[2]))
        outcome = await self._claim_lanes(claim, (), ignoring)
        if isinstance(outcome, Claimed):
            return replace(outcome, seat_rank=rank)
        await self._give_up_seat(claim)
        return outcome

    async def _claim_lanes(
        self, claim: Claim, quotas: Sequence[Quota], ignoring: KeptReservation | None
    ) -> Claimed | Held | Contended | QuotaFull:
        """Claim all lanes or none; with quotas, which only one server has beside the lanes, also a place in each."""
        at, turns, standings = 0, list[int](), list[QuotaStanding]()
        parts = self._together(keys.lanes(claim))
        for number, part in enumerate(parts):
            [(verdict, *told)] = await self._run_all([_claim_part(claim, part, quotas, ignoring)])
            if verdict != b"claimed":
                if number:
                    await run_all(self._redis, [_release_part(claim, claimed) for claimed in parts[:number]])
                return _refused(verdict, told, part, quotas)
            at = int(told[0])
            turns += map(int, told[1])
            standings += _standings(quotas, told[2])
        numbered = dict(zip(claim.ledgers, turns, strict=False))
        return Claimed(claim, at, numbered, standing=_nearest_to_full(standings))

    def _together(self, lanes: list[Lane]) -> list[list[Lane]]:
        """Split lanes into those that one script may reach."""
        return [[lane] for lane in lanes] if self._clustered else [lanes]

    async def _run_all(self, calls: Sequence[Call]) -> list[Any]:
        """Run scripts in order, in one round trip with those of others."""
        if self._clustered:
            # A node that is away would fail what others ask of another.
            return await run_all(self._redis, calls)
        told = await self._running.done(calls)
        with driver_errors():
            return list(map(value_of, told))

    async def _run_together(self, items: Sequence[Sequence[Call]]) -> list[list[Any]]:
        async with self._bounds.asked():
            told = iter(await results(self._redis, [call for calls in items for call in calls]))
        return [[next(told) for _ in calls] for calls in items]

    async def release(self, claim: Claim) -> None:
        """Give up a claim."""
        async with self._bounds.answered():
            await self._release(claim)

    async def undo(self, claim: Claim) -> bool:
        """Give up a claim, and its uid if that leads to it; see `services.ports.Holds`."""
        async with self._bounds.answered():
            # The holds go first: a crash after them leaves a locator that leads nowhere.
            ended = await self._release(claim)
            return bool(await run(self._redis, _drop_locator(claim)) and ended)

    async def extend(self, claim: Claim, duration_ms: int, *, counted_until: Instant | None = None) -> bool:
        """Let a claim stand longer; see `services.ports.Holds`."""
        async with self._bounds.answered():
            calls = [
                _extend_part(claim, part, duration_ms, counted_until) for part in self._together(keys.lanes(claim))
            ]
            if claim.seats is not None:
                entry = [keys.seat_ledger(claim), keys.seat_entry_prefix(claim) + claim.id]
                calls.append(Call("extend", entry, [duration_ms, 2, 0]))
            return await self._all_done(calls)

    async def keep(self, claim: Claim, until: Instant) -> bool:
        """Make a claim a reservation."""
        if self._clustered:
            is_kept = await self._keep_on_a_cluster(claim, until)
        else:
            # One round trip, with bounds of its own.
            is_kept = await self._all_done(self._confirm(claim, until, None))
        if not is_kept:
            await self.undo(claim)
        return is_kept

    async def _keep_on_a_cluster(self, claim: Claim, until: Instant) -> bool:
        # The locator comes first. A crash after it leaves a locator to a claim that lapses in seconds, and whose uid
        # nobody was told; the other order would leave a reservation that nobody could end. A crash between two lanes
        # leaves the first ones taken until then: time lost, but never given to two. A place in a quota, which has a
        # node of its own, may so outlive its hold, until that would have ended.
        locate = _point_locator(claim, until, expected="", fallback=None)
        async with self._bounds.answered():
            return await self._all_done([locate, *self._confirm(claim, until, None)])

    async def move(self, kept: KeptReservation, claim: Claim, until: Instant) -> bool:
        """Put a claim in the place of a reservation."""
        async with self._bounds.answered():
            # Of several moves of one reservation the locator lets one through, before anything is confirmed. It
            # remembers the old claim until then: a crash in between leaves the uid at whichever of the two is alive.
            locate = _point_locator(claim, until, expected=kept.claim.id, fallback=kept)
            if not await run(self._redis, locate):
                await self._release(claim)
                return False
            # Then the new hold is confirmed, its seat first, which was claimed first and may have lapsed alone; and the
            # old one ends: on one server in one step, on a cluster in this order. A crash in between leaves both, the
            # old one until its time is up or the uid is ended.
            if await self._all_done(self._confirm(claim, until, kept.claim), one_by_one=claim.seats is not None):
                if self._clustered:
                    await self._release_lanes(kept.claim)
                await self._give_up_seat(kept.claim)
                await self._leave_quotas(kept.claim)
                return True
            await self._release(claim)
            await self._point_back(kept, claim)
            return False

    def _confirm(self, claim: Claim, until: Instant, old: Claim | None) -> list[Call]:
        """Return what confirms a claim: its ledgers first, so that they never lack a hold, the last host last.

        On one server an old claim, in whose place it comes, ends in the same step; or its uid, which is new then, is
        pointed to it.
        """
        calls = list[Call]()
        if self._clustered:
            # Each quota has a node of its own.
            calls += [_confirm_part(claim, [], until, None, [quota]) for quota in claim.quotas]
        if claim.seats is not None:
            entry = [keys.seat_ledger(claim), keys.seat_entry_prefix(claim) + claim.id]
            calls.append(Call("confirm_seat", entry, [until, _joined(claim.host_ids)]))
        lanes = keys.lanes(claim)
        if self._clustered:
            return calls + [_confirm_part(claim, [lane], until, None, ()) for lane in lanes]
        return [*calls, _confirm_part(claim, lanes, until, old, claim.quotas, is_new=old is None)]

    async def _all_done(self, calls: Sequence[Call], *, one_by_one: bool = False) -> bool:
        """Run scripts in order and say whether all of them did their part; perhaps none after one that did not."""
        if not (self._clustered or one_by_one):
            return all(await self._run_all(calls))
        # The nodes of a cluster do not wait for each other, and the last lane tells that all are confirmed.
        for call in calls:
            if not await run(self._redis, call):
                return False
        return True

    async def reservation(self, uid: str) -> KeptReservation | None:
        """Return a live reservation: one whose hold exists and is confirmed, whatever the locator says."""
        async with self._bounds.answered():
            looked_at, found = list[KeptReservation](), None
            # It may be moved between the look at where it is and the look there; then it is elsewhere, not gone.
            while found is None and (candidates := await self._located(uid)) != looked_at:
                looked_at, found = candidates, await self._confirmed(candidates)
            return found

    async def _confirmed(self, candidates: list[KeptReservation]) -> KeptReservation | None:
        """Return the first of what a uid leads to that stands, and clear away what a move left that died."""
        states = await self._states(candidates)
        if states and states[0] and _CONFIRMED not in states:
            # Of the nodes of a cluster one may have been asked before a move was done, and the other afterwards.
            states = await self._states(candidates)
        found = next((kept for kept, state in zip(candidates, states, strict=True) if state == _CONFIRMED), None)
        if found is not None and not states[0]:
            # A move died before it confirmed its claim. One that is still under way is left to finish. On a cluster
            # it may have confirmed some lanes: they go first, while the locator still leads to them.
            await self._release(candidates[0].claim)
            await self._point_back(found, candidates[0].claim)
        return found

    async def _states(self, candidates: list[KeptReservation]) -> list[bytes]:
        """Return how each hold begins; nothing where there is none."""
        pipeline = self._redis.pipeline(transaction=False)
        for kept in candidates:
            # The last lane is confirmed last.
            _ = pipeline.getrange(keys.lanes(kept.claim)[-1].hold(kept.claim), 0, 0)
        states: list[bytes] = await pipeline.execute()
        return states

    async def end(self, uid: str) -> bool:
        """End a reservation."""
        async with self._bounds.answered():
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

    async def live(self, host_ids: Collection[int], around: Range) -> tuple[Reservation, ...]:
        """Return the live reservations of hosts; one server is asked once for all of them and all who ask just now."""
        question = tuple(host_ids), around
        if self._clustered:
            # Each alone, as in `_run_all`.
            [live] = await self._live_of([question])
            return live
        return await self._looking.done(question)

    async def _live_of(self, questions: Sequence[_TimeOfHosts]) -> list[tuple[Reservation, ...]]:
        """Return the live reservations of hosts, for each question; widgets ask the same ones again and again."""
        distinct = dict.fromkeys(questions)
        looks = [([(keys.host_lane(host_id), 0) for host_id in host_ids], around) for host_ids, around in distinct]
        async with self._bounds.answered():
            answers = dict(zip(distinct, await self._live(looks), strict=True))
        return [answers[question] for question in questions]

    async def entered(self, event_type: EventType, around: Range, claimed: Claimed | None) -> tuple[Reservation, ...]:
        """Return the live reservations in the ledgers of an event type; see `services.ports.LiveReservations`."""
        turns = {} if claimed is None else claimed.turns
        lanes = [(keys.ledger_lane(ledger), turns.get(ledger, 0)) for ledger in event_type.ledgers]
        async with self._bounds.answered():
            [live] = await self._live([(lanes, around)])
        return live

    async def _live(self, looks: Sequence[_Look]) -> list[tuple[Reservation, ...]]:
        """Return the live reservations in some lanes, each look's by themselves."""
        calls = [[_read_part(part, around) for part in self._parts(lanes)] for lanes, around in looks]
        answers = iter(await run_all(self._redis, [call for of_look in calls for call in of_look]))
        return [_reservations([next(answers) for _ in of_look]) for of_look in calls]

    def _parts(self, lanes: list[_LaneAndTurn]) -> list[list[_LaneAndTurn]]:
        """Split lanes into those that one script may read."""
        if self._clustered:
            return [[lane] for lane in lanes]
        return [lanes] if lanes else []

    async def ping(self) -> None:
        """Ask the store for a sign of life; StoreUnavailableError if it gives none."""
        async with self._bounds.answered():
            # Of a cluster all primaries: without one, some hosts' time can be neither read nor held.
            await (self._redis.ping(target_nodes=RedisCluster.PRIMARIES) if self._clustered else self._redis.ping())

    async def load(self, reservations: Sequence[KeptReservation]) -> None:
        """Write reservations as they are, whatever they overlap; a batch at a time, each within the deadline."""
        for first in range(0, len(reservations), _BATCH):
            async with self._bounds.answered():
                batch = reservations[first : first + _BATCH]
                await run_all(self._redis, [call for kept in batch for call in self._load(kept)])

    def _load(self, kept: KeptReservation) -> list[Call]:
        claim, until = kept.claim, kept.until
        calls = [_point_locator(claim, until, expected="", fallback=None)]
        calls += [_import_part(kept, part) for part in self._together(keys.lanes(claim))]
        if claim.seats is not None:
            calls += [_claim_seat(claim, None), self._confirm(claim, until, None)[0]]
        return calls

    async def all_live(self) -> AsyncGenerator[KeptReservation, None]:
        """Give every reservation that is live throughout, in no order; a batch at a time, each within the deadline.

        Of those that are made, moved or ended meanwhile, some are given. Nothing is held up by it.
        """
        seen = set[str]()
        for node in await self._primaries():
            cursor: int | None = None
            while cursor != 0:
                async with self._bounds.answered():
                    scanned = "SCAN", cursor or 0, "MATCH", keys.locator("*"), "COUNT", _BATCH
                    cursor, found = await node.execute_command(*scanned)
                # A scan may come upon a key twice.
                uids = {key.decode().removeprefix(keys.locator("")) for key in found} - seen
                seen |= uids
                # All are waited for, so that none is asked for after the end.
                for kept in await asyncio.gather(*map(self.reservation, uids), return_exceptions=True):
                    if isinstance(kept, BaseException):
                        raise kept
                    if kept is not None:
                        yield kept

    async def any_live(self, uids: Sequence[str]) -> str | None:
        """Return the first of some uids that has a live reservation; a batch at a time, each within the deadline."""
        for first in range(0, len(uids), _BATCH):
            async with self._bounds.answered():
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
        for node in await self._primaries():
            cursor: int | None = None
            while cursor != 0:
                async with self._bounds.answered():
                    scanned = "SCAN", cursor or 0, "MATCH", f"{keys.PREFIX}*", "COUNT", _BATCH
                    cursor, found = await node.execute_command(*scanned)
                    pipeline = self._redis.pipeline(transaction=False)
                    for key in found:
                        # Not .unlink(), which is a coroutine in the pipelines of clusters.
                        _ = pipeline.execute_command("UNLINK", key)
                    await pipeline.execute()
        async with self._bounds.answered():
            await self._redis.publish(keys.CHANGES, ANYTHING)

    async def count(self) -> int | None:
        """Return how many reservations are live, those included that are being made; None: too many to count in time.

        Raises
        ------
        StoreUnavailableError
            If the store does not answer.
        """
        number, steps = 0, 0
        for node in await self._primaries():
            cursor: int | None = None
            while cursor != 0:
                if (steps := steps + 1) > _STEPS_TO_COUNT:
                    return None
                async with self._bounds.answered():
                    scanned = "SCAN", cursor or 0, "MATCH", keys.locator("*"), "COUNT", _BATCH
                    cursor, found = await node.execute_command(*scanned)
                number += len(found)
        return number

    async def _primaries(self) -> Sequence[Redis | ClusterNode]:
        if not isinstance(self._redis, RedisCluster):
            return [self._redis]
        async with self._bounds.answered():
            # A cluster that was asked nothing yet knows no nodes.
            _ = await self._redis.initialize()
            return self._redis.get_primaries()

    async def _located(self, uid: str) -> list[KeptReservation]:
        """Return what a uid leads to: its claim and, while that is being confirmed, the one before."""
        record, previous = await self._redis.hmget(keys.locator(uid), ["record", "previous"])
        return [read(text) for text in (record, previous) if text]

    async def _point_back(self, kept: KeptReservation, lapsed: Claim) -> None:
        """Point a uid to the claim before, once the one that should take its place has lapsed."""
        await run(self._redis, _point_locator(kept.claim, kept.until, expected=lapsed.id, fallback=None))

    async def _release(self, claim: Claim) -> int:
        await self._give_up_seat(claim)
        await self._leave_quotas(claim)
        return await self._release_lanes(claim)

    async def _release_lanes(self, claim: Claim) -> int:
        parts = self._together(keys.lanes(claim))
        return sum(map(int, await run_all(self._redis, [_release_part(claim, part) for part in parts])))

    async def _give_up_seat(self, claim: Claim) -> None:
        """Take a claim out of its start's ledger, whose dead member the next claim drops."""
        if claim.seats is not None:
            await self._redis.delete(keys.seat_entry_prefix(claim) + claim.id)


def _claim_seat(claim: Claim, ignoring: KeptReservation | None) -> Call:
    prefix = keys.seat_entry_prefix(claim)
    return Call(
        "claim_seat",
        [keys.seat_ledger(claim), prefix + claim.id],
        [
            claim.id,
            _ignored(ignoring),
            PROVISIONAL_MS,
            claim.seats or 0,
            _joined(claim.host_ids),
            prefix,
            claim.seats_wanted,
        ],
    )


def _extend_part(claim: Claim, lanes: Sequence[Lane], duration_ms: int, counted_until: Instant | None) -> Call:
    arguments: list[Value] = [duration_ms, 3, 0]
    if counted_until is not None:
        # Ledgers, which come first: time and seats would count twice beside those of the reservation itself.
        ledgers = sum(lane.host_id is None for lane in lanes)
        arguments[2:] = [ledgers, written(claim, counted_until)]
    return Call("extend", _all_keys(claim, lanes), arguments)


def _claim_part(claim: Claim, lanes: Sequence[Lane], quotas: Sequence[Quota], ignoring: KeptReservation | None) -> Call:
    start, end = claim.busy_range
    arguments: list[Value] = [start, end, claim.id, _ignored(ignoring), PROVISIONAL_MS, written(claim, 0), len(lanes)]
    for lane in lanes:
        arguments += [lane.hold_prefix, lane.group]
    arguments += [quota.most for quota in quotas]
    return Call("claim", _all_keys(claim, lanes) + [keys.quota(quota.name) for quota in quotas], arguments)


def _refused(
    verdict: bytes, told: Sequence[Any], lanes: Sequence[Lane], quotas: Sequence[Quota]
) -> Held | Contended | QuotaFull:
    if verdict == b"full":
        return _quota_full(quotas, told)
    host_id = lanes[int(told[0]) - 1].host_id
    return Held(host_id) if verdict == b"held" else Contended(host_id)


def _quota_full(quotas: Sequence[Quota], told: Sequence[Any]) -> QuotaFull:
    number, next_free_ms = map(int, told)
    return QuotaFull(QuotaStanding(quotas[number - 1].most, 0, next_free_ms))


def _standings(quotas: Sequence[Quota], told: Sequence[Any]) -> list[QuotaStanding]:
    return [
        QuotaStanding(quota.most, int(left), int(next_free_ms))
        for quota, left, next_free_ms in zip(quotas, told[::2], told[1::2], strict=True)
    ]


def _nearest_to_full(standings: Sequence[QuotaStanding]) -> QuotaStanding | None:
    return min(standings, key=lambda one: one.left, default=None)


def _confirm_part(
    claim: Claim,
    lanes: Sequence[Lane],
    until: Instant,
    old: Claim | None,
    quotas: Sequence[Quota],
    *,
    is_new: bool = False,
) -> Call:
    ended = [] if old is None else keys.lanes(old)
    script_keys = _all_keys(claim, lanes)
    arguments: list[Value] = [until, written(claim, until), len(lanes), len(ended), len(quotas), claim.id]
    if old is not None:
        script_keys += _index_and_hold_keys(old, ended)
        arguments += [lane.member(old) for lane in ended]
    script_keys += [keys.quota(quota.name) for quota in quotas]
    if is_new:
        script_keys.append(keys.locator(claim.reservation_uid))
    return Call("confirm", script_keys, arguments)


def _import_part(kept: KeptReservation, lanes: Sequence[Lane]) -> Call:
    claim, until = kept.claim, kept.until
    arguments: list[Value] = [*claim.busy_range, until, written(claim, until)]
    arguments += [lane.member(claim) for lane in lanes]
    return Call("import", _all_keys(claim, lanes), arguments)


def _release_part(claim: Claim, lanes: Sequence[Lane]) -> Call:
    return Call("release", _index_and_hold_keys(claim, lanes), [lane.member(claim) for lane in lanes])


def _reservations(answers: Iterable[list[bytes]]) -> tuple[Reservation, ...]:
    found = {kept.claim.id: kept for records in answers for kept in map(read, records)}
    return tuple(as_busy(kept) for kept in found.values())


def _read_part(lanes: Sequence[_LaneAndTurn], around: Range) -> Call:
    arguments: list[Value] = [*around]
    for lane, turn in lanes:
        arguments += [lane.hold_prefix, turn]
    return Call("live", [key for lane, _ in lanes for key in (lane.index, lane.about)], arguments)


def _index_and_hold_keys(claim: Claim, lanes: Sequence[Lane]) -> list[str]:
    return [key for lane in lanes for key in (lane.index, lane.hold(claim))]


def _all_keys(claim: Claim, lanes: Sequence[Lane]) -> list[str]:
    return [key for lane in lanes for key in (lane.index, lane.about, lane.hold(claim))]


def _point_locator(claim: Claim, until: Instant, *, expected: str, fallback: KeptReservation | None) -> Call:
    previous = b"" if fallback is None else written(fallback.claim, fallback.until)
    arguments: list[Value] = [expected, claim.id, written(claim, until), previous, until]
    return Call("move_locator", [keys.locator(claim.reservation_uid)], arguments)


def _drop_locator(claim: Claim) -> Call:
    return Call("drop_locator", [keys.locator(claim.reservation_uid)], [claim.id])


def _ignored(ignoring: KeptReservation | None) -> str:
    return "" if ignoring is None else ignoring.claim.id


def _joined(host_ids: Collection[int]) -> str:
    return ",".join(str(host_id) for host_id in host_ids)


def _host_ids(joined: bytes) -> tuple[int, ...]:
    return tuple(int(host_id) for host_id in joined.split(b","))
