"""The port `Holds`: one suite for the fake that fast tests use and for a real Valkey."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import fakeredis
import pytest
from redis.asyncio import Redis

from app.domain.event_type import EventType
from app.domain.limits import BookingLimits, Limit, Period
from app.domain.reservation import Claim, Claimed, Contended, Held, KeptReservation
from app.domain.time_ranges import MINUTE
from app.services.errors import StoreUnavailableError
from app.storage.embedded import EmbeddedUrls
from app.storage.holds import keys, redis_holds
from app.storage.holds.connection import EvictionPolicyError, RedisUrlError, open_redis, refuse_eviction
from app.storage.holds.redis_holds import RedisHolds
from app.storage.holds.scripts import run

NINE = 2_546_150_400_000
"""2050-09-07T00:00Z, but any instant would do."""


@pytest.fixture(params=["fakeredis", "valkey"])
async def redis(request: pytest.FixtureRequest, servers: EmbeddedUrls) -> AsyncIterator[Redis]:
    client = fakeredis.FakeAsyncRedis() if request.param == "fakeredis" else Redis.from_url(servers.redis_url or "")
    async with client:
        await client.flushall()
        yield client


@pytest.fixture
def holds(redis: Redis) -> RedisHolds:
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


async def test_an_unfinished_claim_is_neither_free_nor_held(holds: RedisHolds) -> None:
    await claimed(holds, claim("unfinished"))
    assert await holds.claim(claim("second"), None) == Contended()


async def test_the_same_claim_may_be_sent_twice(holds: RedisHolds) -> None:
    """A client that lost the answer tries again."""
    await claimed(holds, claim("first"))
    await claimed(holds, claim("first"))


async def test_a_claim_lapses_by_itself(redis: Redis, holds: RedisHolds) -> None:
    await claimed(holds, claim("unfinished"))
    await redis.pexpire(hold_key(1, "unfinished"), 20)
    await asyncio.sleep(0.05)
    await claimed(holds, claim("second"))


async def test_a_lapsed_claim_cannot_be_kept(redis: Redis, holds: RedisHolds) -> None:
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


async def test_an_index_does_not_keep_the_dead(redis: Redis, holds: RedisHolds) -> None:
    """Dead entries go a few at a time, with the claims of others, wherever those are."""
    for n in range(200):
        outcome = await claimed(holds, claim(f"c{n}", n * 60))
        await redis.delete(hold_key(1, outcome.claim.id))
    assert await redis.zcard(keys.host_lane(1).index) < 40


async def test_an_index_goes_with_its_last_hold(redis: Redis, holds: RedisHolds) -> None:
    first = await kept(holds, claim("first"), for_ms=60_000)
    await kept(holds, claim("second", 60), for_ms=30_000)
    assert await redis.pexpiretime(keys.host_lane(1).index) == first.until
    assert await redis.pexpiretime(keys.host_lane(1).about) == first.until


# Reservations ------------------------------------------------------------------------------------------------------


async def test_a_reservation_is_found_until_it_ends(holds: RedisHolds) -> None:
    reservation = await kept(holds, claim("first", hosts=(1, 2), before=5, after=10), for_ms=200)
    assert await holds.reservation("uid-first") == reservation
    await asyncio.sleep(0.25)
    assert await holds.reservation("uid-first") is None
    assert await holds.live([1, 2], (NINE, NINE + MINUTE)) == ()
    await claimed(holds, claim("second", hosts=(1, 2)))


async def test_every_key_of_a_reservation_ends_with_it(redis: Redis, holds: RedisHolds) -> None:
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


async def test_ending_frees_the_time_once(holds: RedisHolds) -> None:
    await kept(holds, claim("first", hosts=(1, 2)))
    assert await holds.end("uid-first") is True
    assert await holds.end("uid-first") is False
    assert await holds.reservation("uid-first") is None
    await claimed(holds, claim("second", hosts=(1, 2)))


async def test_ending_what_never_was(holds: RedisHolds) -> None:
    assert await holds.end("nobody's") is False


async def test_a_locator_without_a_hold_leads_nowhere(redis: Redis, holds: RedisHolds) -> None:
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


async def test_a_move_that_lapsed_leaves_the_old_one(redis: Redis, holds: RedisHolds) -> None:
    old = await kept(holds, claim("old"))
    new = await claimed(holds, moved(old, claim("new", 100)), old)
    await redis.delete(hold_key(1, "new"))
    assert not await holds.move(old, new.claim, new.at + 60_000)
    assert await holds.reservation(old.uid) == old
    assert await holds.end(old.uid)


async def test_a_crash_in_the_middle_of_a_move_leaves_the_old_one(
    redis: Redis, holds: RedisHolds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The locator points to the new claim already, which was never confirmed and lapses."""
    old = await kept(holds, claim("old"))
    new = await claimed(holds, moved(old, claim("new", 100)), old)

    async def crash(*_: object) -> object:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(redis_holds, "run_all", crash)
        with pytest.raises(StoreUnavailableError):
            await holds.move(old, new.claim, new.at + 60_000)
    await redis.delete(hold_key(1, "new"))
    assert await holds.reservation(old.uid) == old
    again = await claimed(holds, moved(old, claim("again", 100)), old)
    assert await holds.move(old, again.claim, again.at + 60_000)
    await claimed(holds, claim("third"))


async def test_while_a_move_is_under_way_the_reservation_is_the_old_one(redis: Redis, holds: RedisHolds) -> None:
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


async def test_what_was_moved_away_from_never_comes_back(redis: Redis, holds: RedisHolds) -> None:
    """The old hold ends in the very step that confirms the new one, whatever happens after that."""
    old = await kept(holds, claim("old"))
    new = await claimed(holds, moved(old, claim("new", 100)), old)
    assert await holds.move(old, new.claim, new.at + 60_000)
    await redis.delete(hold_key(1, "new"))
    assert await holds.reservation(old.uid) is None


async def test_the_loser_of_two_moves_is_never_confirmed(
    redis: Redis, holds: RedisHolds, monkeypatch: pytest.MonkeyPatch
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


async def test_more_requests_than_connections_wait_for_one(servers: EmbeddedUrls) -> None:
    """A busy pool is not a store that is away."""
    async with open_redis(servers.redis_url or "", deadline_s=5) as client:
        await client.flushall()
        await client.client_pause(300)
        asked = [RedisHolds(client, deadline_s=5).live([1], (NINE, NINE + 1)) for _ in range(300)]
        assert await asyncio.gather(*asked) == [()] * 300


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


async def test_the_next_seat_takes_the_hosts_of_the_first(holds: RedisHolds) -> None:
    await kept(holds, seat("first", 5, hosts=(1, 4)))
    outcome = await claimed(holds, seat("second", 5, hosts=(2,)))
    assert outcome.claim.host_ids == (1, 4)


async def test_a_released_seat_is_free(holds: RedisHolds) -> None:
    first = await kept(holds, seat("first", 1))
    await holds.end(first.uid)
    await kept(holds, seat("second", 1))


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


async def test_clearing_ends_all_holds_and_nothing_else(redis: Redis, holds: RedisHolds) -> None:
    await redis.set("somebody-else's", "1")
    await kept(holds, seat("first", 2))
    await holds.clear()
    assert [key async for key in redis.scan_iter()] == [b"somebody-else's"]


async def test_scripts_that_the_server_forgot_are_sent_again(redis: Redis, holds: RedisHolds) -> None:
    await redis.script_flush()
    await kept(holds, seat("first", 2))
    await redis.script_flush()
    assert await holds.live([1], (NINE, NINE + 1))


async def test_a_server_that_evicts_is_refused(valkey: Redis) -> None:
    await refuse_eviction(valkey)
    await valkey.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(EvictionPolicyError, match="noeviction"):
            await refuse_eviction(valkey)
    finally:
        await valkey.config_set("maxmemory-policy", "noeviction")


async def test_a_server_that_is_away_is_told_in_time(unused_tcp_port: int) -> None:
    redis = open_redis(f"redis://127.0.0.1:{unused_tcp_port}", deadline_s=0.5)
    async with redis:
        holds = RedisHolds(redis, deadline_s=0.5)
        started = asyncio.get_running_loop().time()
        with pytest.raises(StoreUnavailableError):
            await holds.claim(claim("first"), None)
        assert asyncio.get_running_loop().time() - started < 2


def test_a_url_of_another_kind_is_refused_with_what_there_is() -> None:
    with pytest.raises(RedisUrlError, match="rediss://"):
        _ = open_redis("redis+cluster://127.0.0.1:7000", deadline_s=1)


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
