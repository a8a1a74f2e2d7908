"""The port `Holds`: one suite for the fake that fast tests use, for Valkey and Redis, and for a real cluster."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from itertools import combinations

import fakeredis
import pytest
from redis.asyncio import RedisCluster

from app.domain.event_type import EventType
from app.domain.limits import BookingLimits, Limit, Period
from app.domain.reservation import (
    Claim,
    Claimed,
    Contended,
    Held,
    KeptReservation,
    Quota,
    QuotaFull,
    QuotaStanding,
)
from app.domain.time_ranges import MINUTE
from app.services.errors import StoreUnavailableError
from app.storage.embedded import EmbeddedUrls
from app.storage.holds import keys, redis_holds
from app.storage.holds.connection import Client, open_redis
from app.storage.holds.redis_holds import RedisHolds
from app.storage.holds.scripts import Call, run
from tests import engines

NINE = 2_546_150_400_000
"""2050-09-07T00:00Z, but any instant would do."""


ONE_SERVER = ["fakeredis", "valkey", "redis7"]
CLUSTER = ["cluster"]


@pytest.fixture(params=ONE_SERVER + CLUSTER)
async def redis(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    """A client of each engine, as the service opens it, on empty servers."""
    async with opened(request, request.param) as client:
        if isinstance(client, RedisCluster):
            await client.flushall(target_nodes=RedisCluster.PRIMARIES)
        else:
            await client.flushall()
        yield client


def opened(request: pytest.FixtureRequest, engine: str) -> AbstractAsyncContextManager[Client]:
    if engine == "fakeredis":
        return fakeredis.FakeAsyncRedis()
    if engine == "valkey":
        servers: EmbeddedUrls = request.getfixturevalue("servers")
        return open_redis(servers.redis_url or "", deadline_s=5)
    if engine == "redis7":
        server: engines.Server = request.getfixturevalue("redis7")
        return open_redis(f"redis://{server.address}", deadline_s=5)
    cluster: engines.Cluster = request.getfixturevalue("valkey_cluster")
    return open_redis(cluster.url, deadline_s=5)


@pytest.fixture
def holds(redis: Client) -> RedisHolds:
    return RedisHolds(redis, deadline_s=5)


def claim(
    name: str, start: int = 0, length: int = 60, *, hosts: tuple[int, ...] = (1,), before: int = 0, after: int = 0
) -> Claim:
    """A claim `start` minutes after nine, of a type without seats."""
    return Claim(
        id=name,
        reservation_uid=f"uid-{name}",
        event_type_id=7,
        host_ids=hosts,
        start=NINE + start * MINUTE,
        end=NINE + (start + length) * MINUTE,
        before_buffer=before,
        after_buffer=after,
    )


def seat(name: str, seats: int, *, hosts: tuple[int, ...] = (1,), start: int = 0) -> Claim:
    """A claim of one of some seats."""
    return replace(claim(name, start, hosts=hosts), seats=seats)


def hold_key(host_id: int, name: str) -> str:
    """The key of a claim on a host: while it exists the claim stands."""
    return keys.host_lane(host_id).hold_prefix + name


async def claimed(holds: RedisHolds, wanted: Claim, own: KeptReservation | None = None) -> Claimed:
    outcome = await holds.claim(wanted, own)
    assert isinstance(outcome, Claimed), outcome
    return outcome


async def kept(holds: RedisHolds, wanted: Claim, *, for_ms: int = 60_000) -> KeptReservation:
    outcome = await claimed(holds, wanted)
    until = outcome.at + for_ms
    assert await holds.keep(outcome.claim, until)
    return KeptReservation(claim=outcome.claim, until=until)


# Claims ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "length"), [(0, 60), (15, 60), (-15, 60), (59, 1), (-59, 60), (10, 10), (-30, 120), (1, 59)]
)
async def test_what_overlaps_a_hold_is_refused(holds: RedisHolds, start: int, length: int) -> None:
    await kept(holds, claim("first"))
    assert await holds.claim(claim("second", start, length), None) == Held(1)


@pytest.mark.parametrize(("start", "length"), [(60, 30), (-30, 30), (61, 5), (-600, 60)])
async def test_what_only_touches_a_hold_is_not(holds: RedisHolds, start: int, length: int) -> None:
    await kept(holds, claim("first"))
    await kept(holds, claim("longer", 6_000, 600))
    await claimed(holds, claim("second", start, length))


@pytest.mark.parametrize(
    ("first", "second", "free"),
    [
        (claim("a", after=15), claim("b", 70), False),
        (claim("a", after=15), claim("b", 75), True),
        (claim("a"), claim("b", 70, before=15), False),
        (claim("a", after=5), claim("b", 70, before=10), False),
        (claim("a", after=5), claim("b", 75, before=10), True),
        (claim("a", 100, before=30), claim("b", 20), False),
        (claim("a", 100), claim("b", 20, after=30), False),
        (claim("a", 100), claim("b", 20, after=20), True),
    ],
)
async def test_buffers_of_both_sides_count(holds: RedisHolds, first: Claim, second: Claim, *, free: bool) -> None:
    await kept(holds, first)
    assert isinstance(await holds.claim(second, None), Claimed) is free


async def test_a_long_hold_is_seen_from_far_inside(holds: RedisHolds) -> None:
    """The index is searched as far back as the longest hold there is, however many short ones lie between."""
    await kept(holds, claim("long", 0, 1_000, hosts=(1, 2)))
    await kept(holds, claim("short", 0, 10, hosts=(3,)))
    assert await holds.claim(claim("late", 990, 5), None) == Held(1)
    assert await holds.claim(claim("late", 990, 5, hosts=(3,)), None) != Held(3)


async def test_an_instant_of_the_far_future_is_compared_exactly(holds: RedisHolds) -> None:
    last = 253_402_000_000_123
    far = replace(claim("far"), start=last, end=last + 1)
    await kept(holds, far)
    assert await holds.claim(replace(far, id="again"), None) == Held(1)
    await claimed(holds, replace(far, id="next", start=last + 1, end=last + 2))


async def test_all_hosts_or_none(holds: RedisHolds) -> None:
    await kept(holds, claim("taken", hosts=(2,)))
    assert await holds.claim(claim("team", hosts=(1, 2, 3)), None) == Held(2)
    await claimed(holds, claim("one", hosts=(1,)))
    await claimed(holds, claim("three", hosts=(3,)))


@pytest.mark.parametrize("wanted", [claim("alone", hosts=(1, 2)), seat("seated", 2)], ids=lambda one: one.id)
async def test_a_copy_of_a_claim_that_comes_late_undoes_nothing(
    redis: Client, holds: RedisHolds, wanted: Claim
) -> None:
    """As when it is sent again, and the first one, thought lost, arrives after all was done."""
    await kept(holds, wanted)
    assert isinstance(await holds.claim(wanted, None), Contended)
    assert await holds.reservation(wanted.reservation_uid) is not None
    entries = [lane.hold(wanted) for lane in keys.lanes(wanted)]
    if wanted.seats is not None:
        entries.append(keys.seat_entry_prefix(wanted) + wanted.id)
    for key in entries:
        assert await redis.pttl(key) > redis_holds.PROVISIONAL_MS, key


@pytest.mark.parametrize("wanted", [claim("alone", hosts=(1, 2)), seat("seated", 2)], ids=lambda one: one.id)
async def test_a_copy_of_a_claim_that_comes_late_cuts_nothing_short(
    redis: Client, holds: RedisHolds, wanted: Claim
) -> None:
    """While bookings are written, the claim that they are written under must stand as long as it was given."""
    made = (await claimed(holds, wanted)).claim
    assert await holds.extend(made, 60_000)
    await claimed(holds, wanted)
    entries = [lane.hold(made) for lane in keys.lanes(made)]
    if made.seats is not None:
        entries.append(keys.seat_entry_prefix(made) + made.id)
    for key in entries:
        assert await redis.pttl(key) > 55_000, key


async def test_an_unfinished_claim_is_neither_free_nor_held(holds: RedisHolds) -> None:
    await claimed(holds, claim("unfinished"))
    assert await holds.claim(claim("second"), None) == Contended(1)


async def test_the_same_claim_may_be_sent_twice(holds: RedisHolds) -> None:
    """A client that lost the answer tries again."""
    await claimed(holds, claim("first"))
    await claimed(holds, claim("first"))


async def test_a_claim_lapses_by_itself(redis: Client, holds: RedisHolds) -> None:
    await claimed(holds, claim("unfinished"))
    await redis.pexpire(hold_key(1, "unfinished"), 20)
    await asyncio.sleep(0.05)
    await claimed(holds, claim("second"))


async def test_a_lapsed_claim_cannot_be_kept(redis: Client, holds: RedisHolds) -> None:
    outcome = await claimed(holds, claim("slow", hosts=(1, 2)))
    await redis.delete(hold_key(2, "slow"))
    assert not await holds.keep(outcome.claim, outcome.at + 60_000)
    assert await holds.reservation("uid-slow") is None
    await claimed(holds, claim("second", hosts=(1, 2)))


async def test_released_time_is_free(holds: RedisHolds) -> None:
    outcome = await claimed(holds, claim("first", hosts=(1, 2)))
    await holds.release(outcome.claim)
    await claimed(holds, claim("second", hosts=(1, 2)))


async def test_of_many_at_once_one_wins(holds: RedisHolds) -> None:
    outcomes = await asyncio.gather(*(holds.claim(claim(f"c{n}", n % 30), None) for n in range(100)))
    assert sum(isinstance(outcome, Claimed) for outcome in outcomes) == 1


async def test_a_claim_that_is_extended_stands_longer_and_is_what_it_was(redis: Client, holds: RedisHolds) -> None:
    """In all its lanes, and with its seat, which the store keeps by themselves."""
    wanted = (await claimed(holds, replace(seat("first", 2, hosts=(1, 2)), ledgers=("type:7",)))).claim
    assert await holds.extend(wanted, 60_000)
    entries = [hold_key(1, "first"), hold_key(2, "first"), keys.ledger_lane("type:7").hold(wanted)]
    entries += [keys.host_lane(1).index, keys.host_lane(1).about, keys.seat_ledger(wanted)]
    for key in [*entries, keys.seat_entry_prefix(wanted) + "first"]:
        assert 55_000 < await redis.pttl(key) <= 60_000, key
    assert await holds.claim(claim("second"), None) == Contended(1)
    assert await holds.keep(wanted, (await claimed(holds, claim("third", 120))).at + 90_000)


async def test_a_claim_is_counted_by_all_in_its_ledgers_and_nowhere_else(redis: Client, holds: RedisHolds) -> None:
    """Its hosts' time, and its seat, are also its reservation's, and would count twice."""
    seated = replace(seat("first", 2, hosts=(1, 2)), ledgers=("type:7", "team:9"))
    wanted = (await claimed(holds, seated)).claim
    event_type = EventType(id=7, length=60, limits=BookingLimits(count=(Limit(Period.DAY, 1),)))
    around, until = (wanted.start, wanted.end), wanted.end
    assert await holds.entered(event_type, around, None) == ()
    assert await holds.extend(wanted, 60_000, counted_until=until)
    assert [(one.uid, one.until) for one in await holds.entered(event_type, around, None)] == [
        (wanted.reservation_uid, until)
    ]
    assert 55_000 < await redis.pttl(keys.ledger_lane("team:9").hold(wanted)) <= 60_000
    assert await holds.live([1, 2], around) == ()
    assert await holds.claim(seat("second", 2, hosts=(1, 2)), None) != Held(None)
    await holds.release(wanted)
    assert await holds.entered(event_type, around, None) == ()


async def test_extending_never_shortens(redis: Client, holds: RedisHolds) -> None:
    reservation = await kept(holds, claim("first"))
    assert await holds.extend(reservation.claim, 1_000)
    assert await redis.pttl(hold_key(1, "first")) > 50_000


async def test_a_lapsed_claim_cannot_be_extended(redis: Client, holds: RedisHolds) -> None:
    """Nor one that has lapsed on one of its hosts."""
    wanted = (await claimed(holds, claim("first", hosts=(1, 2)))).claim
    await redis.delete(hold_key(2, "first"))
    assert not await holds.extend(wanted, 60_000)
    assert await redis.exists(hold_key(2, "first")) == 0


async def test_an_index_does_not_keep_the_dead(redis: Client, holds: RedisHolds) -> None:
    """Dead entries go a few at a time, with the claims of others, wherever those are."""
    for n in range(200):
        outcome = await claimed(holds, claim(f"c{n}", n * 60))
        await redis.delete(hold_key(1, outcome.claim.id))
    assert await redis.zcard(keys.host_lane(1).index) < 40


async def test_an_index_goes_with_its_last_hold(redis: Client, holds: RedisHolds) -> None:
    first = await kept(holds, claim("first"), for_ms=60_000)
    await kept(holds, claim("second", 60), for_ms=30_000)
    assert await redis.pexpiretime(keys.host_lane(1).index) == first.until
    assert await redis.pexpiretime(keys.host_lane(1).about) == first.until


# Reservations ------------------------------------------------------------------------------------------------------


async def test_a_reservation_is_found_until_it_ends(holds: RedisHolds) -> None:
    reservation = await kept(holds, claim("first", hosts=(1, 2), before=5, after=10), for_ms=1_000)
    assert await holds.reservation("uid-first") == reservation
    await asyncio.sleep(1.05)
    assert await holds.reservation("uid-first") is None
    assert await holds.live([1, 2], (NINE, NINE + MINUTE)) == ()
    await claimed(holds, claim("second", hosts=(1, 2)))


async def test_a_uid_leads_to_the_claim_that_was_kept_first(holds: RedisHolds) -> None:
    """As where a request is tried twice at once: the other claim is given up, and no harm done by asking again."""
    first, other = claim("first"), replace(claim("other", 120), reservation_uid="uid-first")
    reservation = await kept(holds, first)
    await claimed(holds, other)

    assert not await holds.keep(other, reservation.until)

    await claimed(holds, claim("third", 120))
    assert await holds.keep(first, reservation.until)
    assert await holds.reservation("uid-first") == reservation


async def test_every_key_of_a_reservation_ends_with_it(redis: Client, holds: RedisHolds) -> None:
    reservation = await kept(holds, replace(seat("first", 3), host_ids=(1, 2)))
    ends = {await redis.pexpiretime(key) async for key in redis.scan_iter()}
    assert ends == {reservation.until}


async def test_live_reservations_are_those_that_meet_a_range(holds: RedisHolds) -> None:
    await kept(holds, claim("team", 0, 60, hosts=(1, 2), after=15))
    await kept(holds, claim("one", 120, 30))
    await claimed(holds, claim("unfinished", 300, 30))

    async def uids(hosts: list[int], start: int, end: int) -> list[str]:
        around = (NINE + start * MINUTE, NINE + end * MINUTE)
        return sorted(reservation.uid for reservation in await holds.live(hosts, around))

    assert await uids([1, 2], -500, 500) == ["uid-one", "uid-team"]
    assert await uids([2], -500, 500) == ["uid-team"]
    assert await uids([1], 74, 120) == ["uid-team"]
    assert await uids([1], 75, 120) == []
    assert await uids([1], 149, 151) == ["uid-one"]
    assert await uids([3], -500, 500) == []
    assert await uids([], -500, 500) == []


async def test_of_a_large_team_those_are_found_who_have_any(holds: RedisHolds) -> None:
    for host_id in (3, 8, 9, 20):
        await kept(holds, claim(f"of {host_id}", hosts=(host_id,)))
    await claimed(holds, claim("unfinished", hosts=(17,)))

    live = await holds.live(range(1, 21), (NINE, NINE + MINUTE))

    assert {host_id for one in live for host_id in one.host_ids} == {3, 8, 9, 20}


async def test_ending_frees_the_time_once(holds: RedisHolds) -> None:
    await kept(holds, claim("first", hosts=(1, 2)))
    assert await holds.end("uid-first") is True
    assert await holds.end("uid-first") is False
    assert await holds.reservation("uid-first") is None
    await claimed(holds, claim("second", hosts=(1, 2)))


async def test_ending_what_never_was(holds: RedisHolds) -> None:
    assert await holds.end("nobody's") is False


async def test_a_locator_without_a_hold_leads_nowhere(redis: Client, holds: RedisHolds) -> None:
    """A store that lost the hold but not the locator must not vouch for it."""
    await kept(holds, claim("first"))
    await redis.delete(hold_key(1, "first"))
    assert await holds.reservation("uid-first") is None


# Moving ------------------------------------------------------------------------------------------------------------


def moved(reservation: KeptReservation, wanted: Claim) -> Claim:
    return replace(wanted, reservation_uid=reservation.uid)


async def test_a_move_frees_the_old_time_and_keeps_the_uid(holds: RedisHolds) -> None:
    old = await kept(holds, claim("old"))
    new = await claimed(holds, moved(old, claim("new", 30)), old)
    assert await holds.move(old, new.claim, new.at + 60_000)
    found = await holds.reservation(old.uid)
    assert found is not None
    assert found.claim.id == "new"
    await claimed(holds, claim("third", 0, 30))
    assert await holds.claim(claim("fourth", 60, 10), None) == Held(1)


async def test_a_move_leaves_only_the_own_hold_out_of_account(holds: RedisHolds) -> None:
    old = await kept(holds, claim("old"))
    await kept(holds, claim("other", 60))
    assert await holds.claim(moved(old, claim("new", 30)), old) == Held(1)
    assert await holds.reservation(old.uid) == old


async def test_a_move_of_what_ended_meanwhile_fails(holds: RedisHolds) -> None:
    old = await kept(holds, claim("old"))
    new = await claimed(holds, moved(old, claim("new", 30)), old)
    await holds.end(old.uid)
    assert not await holds.move(old, new.claim, new.at + 60_000)
    assert await holds.reservation(old.uid) is None
    await claimed(holds, claim("third", 30))


async def test_of_two_moves_at_once_one_stands(holds: RedisHolds) -> None:
    old = await kept(holds, claim("old"))
    wanted = [await claimed(holds, moved(old, claim(name, at)), old) for name, at in (("left", -60), ("right", 60))]
    done = [await holds.move(old, one.claim, one.at + 60_000) for one in wanted]
    assert done == [True, False]
    found = await holds.reservation(old.uid)
    assert found is not None
    assert found.claim.id == "left"
    await claimed(holds, claim("third", 0, 120))


async def test_a_move_that_lapsed_leaves_the_old_one(redis: Client, holds: RedisHolds) -> None:
    old = await kept(holds, claim("old"))
    new = await claimed(holds, moved(old, claim("new", 100)), old)
    await redis.delete(hold_key(1, "new"))
    assert not await holds.move(old, new.claim, new.at + 60_000)
    assert await holds.reservation(old.uid) == old
    assert await holds.end(old.uid)


@pytest.mark.parametrize("redis", ONE_SERVER, indirect=True)
async def test_a_crash_in_the_middle_of_a_move_leaves_the_old_one(
    redis: Client, holds: RedisHolds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The locator points to the new claim already, which was never confirmed and lapses."""
    old = await kept(holds, claim("old"))
    new = await claimed(holds, moved(old, claim("new", 100)), old)

    async def crash(*_: object) -> object:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(redis_holds, "results", crash)
        with pytest.raises(StoreUnavailableError):
            await holds.move(old, new.claim, new.at + 60_000)
    await redis.delete(hold_key(1, "new"))
    assert await holds.reservation(old.uid) == old
    again = await claimed(holds, moved(old, claim("again", 100)), old)
    assert await holds.move(old, again.claim, again.at + 60_000)
    await claimed(holds, claim("third"))


@pytest.mark.parametrize("redis", ONE_SERVER, indirect=True)
async def test_while_a_move_is_under_way_the_reservation_is_the_old_one(redis: Client, holds: RedisHolds) -> None:
    """Another move that took the unconfirmed claim for the reservation would leave the old hold behind."""
    old = await kept(holds, claim("old"))
    new = await claimed(holds, moved(old, claim("new", 100)), old)
    locate = redis_holds._point_locator(new.claim, new.at + 60_000, expected="old", fallback=old)
    assert await run(redis, locate) == 1
    assert await holds.reservation(old.uid) == old
    third = await claimed(holds, moved(old, claim("third", 200)), old)
    assert not await holds.move(old, third.claim, third.at + 60_000)
    assert await holds._all_done(holds._confirm(new.claim, new.at + 60_000, old.claim))
    found = await holds.reservation(old.uid)
    assert found is not None
    assert found.claim.id == "new"
    assert len(await holds.live([1], (NINE, NINE + 600 * MINUTE))) == 1


async def test_a_reservation_that_is_moved_while_it_is_looked_for_is_found(
    holds: RedisHolds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at where it is and the look there."""
    old = await kept(holds, claim("old"))
    new = await claimed(holds, moved(old, claim("new", 100)), old)
    locate = holds._located

    async def locate_before_it_is_moved(uid: str) -> list[KeptReservation]:
        monkeypatch.undo()
        located = await locate(uid)
        assert await holds.move(old, new.claim, new.at + 60_000)
        return located

    monkeypatch.setattr(holds, "_located", locate_before_it_is_moved)
    assert await holds.reservation(old.uid) == KeptReservation(claim=new.claim, until=new.at + 60_000)


async def test_what_was_moved_away_from_never_comes_back(redis: Client, holds: RedisHolds) -> None:
    """On one server the old hold ends in the very step that confirms the new one, whatever happens after that."""
    old = await kept(holds, claim("old"))
    new = await claimed(holds, moved(old, claim("new", 100)), old)
    assert await holds.move(old, new.claim, new.at + 60_000)
    await redis.delete(hold_key(1, "new"))
    assert await holds.reservation(old.uid) is None


async def test_the_loser_of_two_moves_is_never_confirmed(
    redis: Client, holds: RedisHolds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if it dies on learning that it lost, its claim lapses in seconds."""
    old = await kept(holds, claim("old"))
    winner = await claimed(holds, moved(old, claim("winner", 100)), old)
    loser = await claimed(holds, moved(old, claim("loser", 200)), old)
    assert await holds.move(old, winner.claim, winner.at + 60_000)

    async def die(*_: object) -> int:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(holds, "_release", die)
        with pytest.raises(StoreUnavailableError):
            await holds.move(old, loser.claim, loser.at + 60_000)
    assert await redis.pttl(hold_key(1, "loser")) <= redis_holds.PROVISIONAL_MS


async def test_a_move_whose_answer_got_lost_may_be_sent_again(holds: RedisHolds) -> None:
    old = await kept(holds, claim("old"))
    new = await claimed(holds, moved(old, claim("new", 100)), old)
    assert await holds.move(old, new.claim, new.at + 60_000)
    assert await holds.move(old, new.claim, new.at + 60_000)
    found = await holds.reservation(old.uid)
    assert found is not None
    assert found.claim.id == "new"


# Seats -------------------------------------------------------------------------------------------------------------


async def test_seats_of_a_start_share_its_hosts_up_to_their_number(holds: RedisHolds) -> None:
    ranks = []
    for n in range(3):
        outcome = await claimed(holds, seat(f"s{n}", 3))
        assert await holds.keep(outcome.claim, outcome.at + 60_000)
        ranks.append(outcome.seat_rank)
    assert ranks == [0, 1, 2]
    assert await holds.claim(seat("s3", 3), None) == Held(None)


async def test_an_unfinished_last_seat_is_contended(holds: RedisHolds) -> None:
    await claimed(holds, seat("first", 1))
    assert await holds.claim(seat("second", 1), None) == Contended()


async def test_a_claim_of_several_seats_leaves_so_many_fewer(holds: RedisHolds) -> None:
    """A class that moves takes them all until it is written."""
    class_ = replace(seat("class", 3, hosts=(1, 4)), seats_wanted=2)
    moving = await claimed(holds, class_)
    beside = await claimed(holds, seat("beside", 3, hosts=(2,)))
    assert (moving.seat_rank, beside.seat_rank, beside.claim.host_ids) == (0, 2, (1, 4))
    assert await holds.claim(seat("third", 3), None) == Contended()
    await holds.release(beside.claim)
    await kept(holds, seat("third", 3))
    assert await holds.claim(replace(seat("fourth", 3), seats_wanted=3), None) == Held(None)
    await holds.release(moving.claim)
    assert (await claimed(holds, replace(seat("fourth", 3), seats_wanted=2))).seat_rank == 1


async def test_the_next_seat_takes_the_hosts_of_the_first(holds: RedisHolds) -> None:
    await kept(holds, seat("first", 5, hosts=(1, 4)))
    outcome = await claimed(holds, seat("second", 5, hosts=(2,)))
    assert outcome.claim.host_ids == (1, 4)


async def test_a_released_seat_is_free(holds: RedisHolds) -> None:
    first = await kept(holds, seat("first", 1))
    await holds.end(first.uid)
    await kept(holds, seat("second", 1))


async def test_a_copy_of_a_claim_that_comes_late_takes_no_seat_out_of_its_ledger(holds: RedisHolds) -> None:
    """As when it is sent again, while a hold beside it is being moved and counts twice."""
    beside = await kept(holds, seat("beside", 2))
    wanted = await claimed(holds, seat("wanted", 2))
    moving = await claimed(holds, moved(beside, seat("moving", 2)), beside)
    assert await holds.claim(seat("wanted", 2), None) == Contended()
    assert await holds.keep(wanted.claim, wanted.at + 60_000)
    await holds.release(moving.claim)
    assert await holds.claim(seat("third", 2), None) == Held(None)


async def test_what_is_undone_ends_with_its_uid_unless_that_leads_to_another_claim(
    redis: Client, holds: RedisHolds
) -> None:
    """As of a try that undoes what it did when the next one has kept the same."""
    first = await claimed(holds, claim("first"))
    assert not await holds.undo(first.claim), "nothing was kept"
    late = await claimed(holds, replace(claim("late"), reservation_uid="uid"))
    await holds.release(late.claim)
    again = await claimed(holds, replace(claim("again"), reservation_uid="uid"))
    assert await holds.keep(again.claim, again.at + 60_000)
    assert not await holds.undo(late.claim)
    assert await holds.reservation("uid") is not None
    assert await holds.undo(again.claim)
    assert await holds.reservation("uid") is None
    assert not await redis.exists(keys.locator("uid"))


async def test_another_start_or_another_type_is_refused_as_usual(holds: RedisHolds) -> None:
    await kept(holds, seat("first", 5))
    assert await holds.claim(seat("later", 5, start=30), None) == Held(1)
    assert await holds.claim(claim("other"), None) == Held(1)
    assert await holds.claim(replace(seat("type", 5), event_type_id=8), None) == Held(1)
    await claimed(holds, seat("next", 5, start=60))


async def test_a_refused_host_gives_the_seat_back(holds: RedisHolds) -> None:
    await kept(holds, claim("other", hosts=(1,)))
    assert await holds.claim(seat("first", 1, hosts=(1,)), None) == Held(1)
    await kept(holds, seat("second", 1, hosts=(2,)))


async def test_of_many_who_want_the_last_seat_one_gets_it(holds: RedisHolds) -> None:
    await kept(holds, seat("first", 2))
    outcomes = await asyncio.gather(*(holds.claim(seat(f"c{n}", 2), None) for n in range(50)))
    assert sum(isinstance(outcome, Claimed) for outcome in outcomes) == 1


async def test_moving_a_seat_within_its_start_takes_no_second_one(holds: RedisHolds) -> None:
    old = await kept(holds, seat("old", 1))
    new = await claimed(holds, moved(old, seat("new", 1)), old)
    assert await holds.move(old, new.claim, new.at + 60_000)
    assert await holds.claim(seat("third", 1), None) == Held(None)


# Quotas ------------------------------------------------------------------------------------------------------------


def of_client(wanted: Claim, most: int) -> Claim:
    """A claim that needs a place in the quota of one client, and in one that never fills."""
    return replace(wanted, quotas=(Quota("roomy", 100), Quota("client", most)))


async def test_a_full_quota_leaves_nothing_claimed_and_no_place_in_the_other(redis: Client, holds: RedisHolds) -> None:
    first = await kept(holds, of_client(claim("first"), 1), for_ms=60_000)
    outcome = await holds.claim(of_client(claim("second", 100), 1), None)
    assert isinstance(outcome, QuotaFull)
    assert (outcome.standing.most, outcome.standing.left) == (1, 0)
    assert 50_000 < outcome.standing.next_free_ms <= 60_000
    await claimed(holds, claim("other", 100))
    assert await redis.zrange(keys.quota("roomy"), 0, -1) == [first.claim.id.encode()]


@pytest.mark.parametrize("second", [claim("second"), seat("second", 1)], ids=["host", "seat"])
async def test_a_refused_claim_takes_no_place(redis: Client, holds: RedisHolds, second: Claim) -> None:
    await kept(holds, replace(second, id="first", reservation_uid="uid-first"))
    assert isinstance(await holds.claim(of_client(second, 1), None), Held)
    assert not await redis.exists(keys.quota("client"))
    assert not await redis.exists(keys.quota("roomy"))
    assert (await claimed(holds, of_client(claim("third", 100), 1))).standing == QuotaStanding(1, 0, 5_000)


async def test_a_claim_that_is_sent_again_takes_no_second_place(holds: RedisHolds) -> None:
    """As when the answer to it got lost."""
    for _ in range(2):
        again = await claimed(holds, of_client(claim("same"), 2))
        assert again.standing is not None
        assert again.standing.left == 1


async def test_a_copy_of_a_claim_that_comes_late_leaves_a_place_as_it_is(redis: Client, holds: RedisHolds) -> None:
    """On a cluster, and for seats, places are taken by a script that does not see whether the hold is confirmed."""
    made = await kept(holds, of_client(claim("first"), 1), for_ms=60_000)
    for quota in made.claim.quotas:
        _ = await run(redis, redis_holds._claim_part(made.claim, [], [quota], None))
        assert await redis.zscore(keys.quota(quota.name), "first") == made.until


@pytest.mark.parametrize("redis", ["valkey", "redis7"], indirect=True)
async def test_one_server_is_asked_once_for_quotas_and_hosts(redis: Client, holds: RedisHolds) -> None:
    await claimed(holds, of_client(claim("warm", 6_000), 9))
    await redis.config_resetstat()
    await claimed(holds, of_client(claim("team", hosts=(1, 2, 3)), 9))
    assert (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"] == 1


# Clusters ----------------------------------------------------------------------------------------------------------
#
# Where one server does in one step what a cluster does in several, a crash between them is as good.


@pytest.fixture
async def apart(valkey_cluster: engines.Cluster) -> tuple[int, int]:
    """Two hosts, in the order in which they are claimed, whose time is on different nodes."""
    keys_of = {host: keys.host_lane(host).index for host in range(1, 10)}
    pairs = combinations(keys_of, 2)
    owner = valkey_cluster.owner
    return next((a, b) for a, b in pairs if owner(keys_of[a]).port != owner(keys_of[b]).port)


async def run_nothing(calls: object) -> list[object]:
    """Take the place of `_run_all` in a pod that dies before it."""
    del calls
    raise StoreUnavailableError("redis")


class Crash:
    """Lets the first scripts of a kind through, and none after them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, script: str, after: int) -> None:
        self._script, self._left, self._crashed = script, after, False
        monkeypatch.setattr(redis_holds, "run", self._run)
        monkeypatch.setattr(redis_holds, "run_all", self._run_all)

    async def _run(self, redis: Client, call: Call) -> object:
        self._crashed |= call.script == self._script and not self._left
        if self._crashed:
            raise ConnectionError
        self._left -= call.script == self._script
        return await run(redis, call)

    async def _run_all(self, redis: Client, calls: list[Call]) -> list[object]:
        return [await self._run(redis, call) for call in calls]


async def test_a_move_that_is_done_between_the_looks_at_two_nodes_hides_nothing(
    holds: RedisHolds, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = await kept(holds, claim("old"))
    new = (await claimed(holds, claim("new", 120), own)).claim
    new = replace(new, reservation_uid=own.uid)
    with monkeypatch.context() as patched:
        Crash(patched, "confirm", after=0)
        patched.setattr(holds, "_run_all", run_nothing)
        with pytest.raises(StoreUnavailableError):
            await holds.move(own, new, own.until)
    states, moves = holds._states, [partial(holds.move, own, new, own.until)]

    async def one_by_one(candidates: list[KeptReservation]) -> list[bytes]:
        found = await states(candidates[:1])
        if moves:
            assert await moves.pop()()
        return found + await states(candidates[1:])

    monkeypatch.setattr(holds, "_states", one_by_one)
    moved = await holds.reservation(own.uid)
    assert moved is not None
    assert moved.claim.id == "new"


@pytest.mark.parametrize("redis", CLUSTER, indirect=True)
async def test_a_crash_between_two_hosts_leaves_only_what_lapses_in_seconds(
    redis: Client, holds: RedisHolds, apart: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = apart
    with monkeypatch.context() as patched:
        Crash(patched, "claim", after=1)
        with pytest.raises(StoreUnavailableError):
            await holds.claim(claim("crashed", hosts=apart), None)
    assert 0 < await redis.pttl(hold_key(first, "crashed")) <= redis_holds.PROVISIONAL_MS
    assert isinstance(await holds.claim(claim("early", hosts=apart), None), Contended)
    await claimed(holds, claim("other", hosts=(second,)))
    await redis.pexpire(hold_key(first, "crashed"), 1)
    await asyncio.sleep(0.02)
    await claimed(holds, claim("later", hosts=(first,)))


@pytest.mark.parametrize("redis", CLUSTER, indirect=True)
async def test_a_crash_between_confirming_two_hosts_gives_neither_to_two_and_nobody_a_reservation(
    redis: Client, holds: RedisHolds, apart: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = apart
    outcome = await claimed(holds, claim("crashed", hosts=apart))
    with monkeypatch.context() as patched:
        Crash(patched, "confirm", after=1)
        with pytest.raises(StoreUnavailableError):
            await holds.keep(outcome.claim, outcome.at + 60_000)
    assert await holds.reservation("uid-crashed") is None
    assert await holds.claim(claim("early", hosts=(first,)), None) == Held(first)
    await redis.delete(hold_key(second, "crashed"))
    assert await holds.reservation("uid-crashed") is None
    await claimed(holds, claim("later", hosts=(second,)))


@pytest.mark.parametrize("confirmed", [0, 1])
@pytest.mark.parametrize("redis", CLUSTER, indirect=True)
async def test_a_crash_of_a_move_before_it_is_confirmed_leaves_the_old_one_alone(
    redis: Client, holds: RedisHolds, apart: tuple[int, int], monkeypatch: pytest.MonkeyPatch, confirmed: int
) -> None:
    """Also if one of its hosts was confirmed: that one is free again as soon as anybody asks for the reservation."""
    old = await kept(holds, claim("old", hosts=apart))
    new = await claimed(holds, moved(old, claim("new", 100, hosts=apart)), old)
    with monkeypatch.context() as patched:
        Crash(patched, "confirm", after=confirmed)
        with pytest.raises(StoreUnavailableError):
            await holds.move(old, new.claim, new.at + 60_000)
    assert await holds.reservation(old.uid) == old
    await redis.delete(hold_key(apart[1], "new"))
    if not confirmed:
        await redis.delete(hold_key(apart[0], "new"))
    assert await holds.reservation(old.uid) == old
    again = await claimed(holds, moved(old, claim("again", 100, hosts=apart)), old)
    assert await holds.move(old, again.claim, again.at + 60_000)
    await claimed(holds, claim("third", hosts=apart))


@pytest.mark.parametrize("redis", CLUSTER, indirect=True)
async def test_a_crash_of_a_move_before_the_old_one_ends_leaves_the_new_one_and_both_end_together(
    holds: RedisHolds, apart: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await kept(holds, claim("old", hosts=apart))
    new = await claimed(holds, moved(old, claim("new", 100, hosts=apart)), old)
    with monkeypatch.context() as patched:
        Crash(patched, "release", after=0)
        with pytest.raises(StoreUnavailableError):
            await holds.move(old, new.claim, new.at + 60_000)
    assert await holds.reservation(old.uid) == KeptReservation(claim=new.claim, until=new.at + 60_000)
    assert isinstance(await holds.claim(claim("early", hosts=apart), None), Held)
    assert await holds.end(old.uid)
    await claimed(holds, claim("third", 0, 200, hosts=apart))


@pytest.mark.parametrize("redis", CLUSTER, indirect=True)
async def test_while_a_move_is_under_way_on_a_cluster_the_reservation_is_the_old_one(
    redis: Client, holds: RedisHolds
) -> None:
    old = await kept(holds, claim("old"))
    new = await claimed(holds, moved(old, claim("new", 100)), old)
    locate = redis_holds._point_locator(new.claim, new.at + 60_000, expected="old", fallback=old)
    assert await run(redis, locate) == 1
    assert await holds.reservation(old.uid) == old
    third = await claimed(holds, moved(old, claim("third", 200)), old)
    assert not await holds.move(old, third.claim, third.at + 60_000)
    assert await holds._all_done(holds._confirm(new.claim, new.at + 60_000, old.claim))
    assert await holds.reservation(old.uid) == KeptReservation(claim=new.claim, until=new.at + 60_000)


@pytest.mark.parametrize("redis", CLUSTER, indirect=True)
async def test_a_refusal_on_one_node_gives_back_what_was_claimed_on_another(
    holds: RedisHolds, apart: tuple[int, int]
) -> None:
    first, second = apart
    await kept(holds, claim("taken", hosts=(second,)))
    assert await holds.claim(claim("team", hosts=apart), None) == Held(second)
    await claimed(holds, claim("one", hosts=(first,)))


@pytest.mark.parametrize("redis", CLUSTER, indirect=True)
async def test_a_node_that_hangs_takes_no_answer_from_those_who_ask_another_at_the_same_moment(
    redis: Client, apart: tuple[int, int], valkey_cluster: engines.Cluster
) -> None:
    first, second = apart
    holds, around = RedisHolds(redis, deadline_s=0.5), (NINE, NINE + MINUTE)
    await kept(holds, claim("first", hosts=(first,)))
    with valkey_cluster.owner(keys.host_lane(second).index).frozen():
        asked = [holds.live([host], around) for host in (second, first)]
        away, answered = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(away, StoreUnavailableError)
    assert isinstance(answered, tuple), answered
    assert [one.uid for one in answered] == ["uid-first"]


# World files and the server ----------------------------------------------------------------------------------------


async def test_loaded_reservations_may_overlap_and_are_like_any_other(holds: RedisHolds) -> None:
    until = (await claimed(holds, claim("clock", 6_000))).at + 60_000
    loaded = [KeptReservation(claim=claim(name, hosts=(1, 2)), until=until) for name in ("a", "b")]
    await holds.load(loaded)
    assert await holds.reservation("uid-a") == loaded[0]
    assert {r.uid for r in await holds.live([2], (NINE, NINE + 1))} == {"uid-a", "uid-b"}
    assert await holds.claim(claim("c"), None) == Held(1)
    assert await holds.end("uid-a")
    assert await holds.end("uid-b")
    await claimed(holds, claim("c", hosts=(1, 2)))


async def test_loaded_seats_count(holds: RedisHolds) -> None:
    until = (await claimed(holds, claim("clock", 6_000))).at + 60_000
    await holds.load([KeptReservation(claim=seat(name, 2), until=until) for name in ("a", "b")])
    assert await holds.claim(seat("c", 2), None) == Held(None)


async def test_a_uid_is_taken_while_its_reservation_lives(redis: Client, holds: RedisHolds) -> None:
    await kept(holds, claim("lost", hosts=(1, 9)))
    await kept(holds, claim("kept", hosts=(5,)))
    await redis.delete(hold_key(9, "lost"))
    assert await holds.any_live(["uid-never", "uid-lost"]) is None
    assert await holds.any_live([f"uid-{n}" for n in range(700)] + ["uid-lost", "uid-kept"]) == "uid-kept"


async def test_a_store_gives_a_sign_of_life(holds: RedisHolds) -> None:
    await holds.ping()


async def test_clearing_ends_all_holds_and_nothing_else(redis: Client, holds: RedisHolds) -> None:
    await redis.set("somebody-else's", "1")
    await kept(holds, seat("first", 2))
    for n in range(2, 10):
        await kept(holds, claim(f"host-{n}", hosts=(n,)))
    await RedisHolds(redis, deadline_s=5).clear()
    assert [key async for key in redis.scan_iter()] == [b"somebody-else's"]


async def test_scripts_that_the_server_forgot_are_sent_again(redis: Client, holds: RedisHolds) -> None:
    await redis.script_flush()
    await kept(holds, seat("first", 2))
    await redis.script_flush()
    assert await holds.live([1], (NINE, NINE + 1))


# Ledgers -----------------------------------------------------------------------------------------------------------

LIMITED = EventType(id=7, length=60, limits=BookingLimits(count=(Limit(Period.DAY, 9),)))
OF_A_TEAM = replace(LIMITED, limits=BookingLimits(team_count=(Limit(Period.DAY, 9),), team_id=5))
ALL_TIME = (NINE - 10_000 * MINUTE, NINE + 10_000 * MINUTE)


def counted(name: str, start: int = 0, *, hosts: tuple[int, ...] = (1,), event_type: EventType = LIMITED) -> Claim:
    """A claim that a limit counts."""
    return replace(claim(name, start, hosts=hosts), ledgers=event_type.ledgers)


async def entered(holds: RedisHolds, own: Claimed | None = None, event_type: EventType = LIMITED) -> list[str]:
    return sorted(one.uid for one in await holds.entered(event_type, ALL_TIME, own))


async def test_of_claims_that_a_limit_counts_the_later_sees_the_earlier(holds: RedisHolds) -> None:
    """They are on different hosts, so nothing else tells one of the other."""
    first = await claimed(holds, counted("first"))
    second = await claimed(holds, counted("second", hosts=(2,)))
    assert await entered(holds, first) == []
    assert await entered(holds, second) == ["uid-first"]
    # A copy of the first one that comes late, sent again, takes no later turn: one of the two must count the other.
    assert (await claimed(holds, first.claim)).turns == first.turns
    assert await entered(holds, second) == ["uid-first"]
    assert await entered(holds) == []


async def test_reservations_stay_in_their_ledger_until_they_end(holds: RedisHolds) -> None:
    first = await claimed(holds, counted("first"))
    second = await kept(holds, counted("second", hosts=(2,)), for_ms=200)
    assert await entered(holds, first) == ["uid-second"]
    assert await entered(holds) == ["uid-second"]
    third = await kept(holds, counted("third", hosts=(3,)))
    assert await entered(holds) == ["uid-second", "uid-third"]
    assert await holds.end(third.uid)
    assert await entered(holds) == ["uid-second"]
    await asyncio.sleep(0.25)
    assert await holds.reservation(second.uid) is None
    assert await entered(holds) == []


async def test_a_moved_reservation_is_entered_once(holds: RedisHolds) -> None:
    old = await kept(holds, counted("old"))
    new = await claimed(holds, moved(old, counted("new", 600)), old)
    assert await holds.move(old, new.claim, new.at + 60_000)
    [found] = await holds.entered(LIMITED, ALL_TIME, None)
    assert (found.uid, found.start) == (old.uid, NINE + 600 * MINUTE)


async def test_a_refused_claim_leaves_nothing_in_its_ledger(holds: RedisHolds) -> None:
    await kept(holds, claim("taken"))
    assert await holds.claim(counted("refused"), None) == Held(1)
    later = await claimed(holds, counted("later", hosts=(2,)))
    assert await entered(holds, later) == []


async def test_a_ledger_is_a_types_or_a_teams(holds: RedisHolds) -> None:
    await kept(holds, counted("own"))
    await kept(holds, counted("team", hosts=(2,), event_type=OF_A_TEAM))
    assert await entered(holds) == ["uid-own"]
    assert await entered(holds, event_type=OF_A_TEAM) == ["uid-team"]


async def test_what_a_file_brings_is_entered_too(holds: RedisHolds) -> None:
    await holds.load([KeptReservation(claim=counted("loaded"), until=await now(holds) + 60_000)])
    assert await entered(holds) == ["uid-loaded"]


async def now(holds: RedisHolds) -> int:
    outcome = await claimed(holds, claim("clock", hosts=(99,)))
    await holds.release(outcome.claim)
    return outcome.at
