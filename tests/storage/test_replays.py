"""The port `Replays`: one suite for the fake that fast tests use, Valkey, a real cluster and PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import fakeredis
import pytest

from app.services.errors import StoreUnavailableError
from app.services.ports import Answer, DrawnUid, OtherBody, Replays, UnderWay
from app.storage.embedded import EmbeddedUrls
from app.storage.holds import keys
from app.storage.holds.connection import Client, open_redis
from app.storage.holds.redis_holds import RedisHolds
from app.storage.holds.replays import KEPT_MS, RedisKeyCounter, RedisReplays
from app.storage.postgres.booking_requests import PostgresBookingRequests
from app.storage.postgres.pool import Pool
from scripts.races.servers import free_ports
from tests import engines

MADE = Answer(201, b'{"status":"success","data":"\xc3\xa9\x00"}')


REDIS = "fakeredis", "valkey", "cluster"


@pytest.fixture(params=[*REDIS, "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    """Where requests are remembered."""
    name: str = request.param
    return name


@pytest.fixture
async def redis(request: pytest.FixtureRequest, engine: str) -> AsyncIterator[Client]:
    """A client, as the service opens it, on empty servers."""
    async with opened(request, engine) as client:
        await RedisHolds(client, deadline_s=5).clear()
        yield client


def opened(request: pytest.FixtureRequest, engine: str) -> AbstractAsyncContextManager[Client]:
    if engine == "fakeredis":
        return fakeredis.FakeAsyncRedis(server=fakeredis.FakeServer())
    if engine == "valkey":
        servers: EmbeddedUrls = request.getfixturevalue("servers")
        return open_redis(servers.redis_url or "", deadline_s=5)
    cluster: engines.Cluster = request.getfixturevalue("valkey_cluster")
    return open_redis(cluster.url, deadline_s=5)


@pytest.fixture
def replays(request: pytest.FixtureRequest, engine: str) -> Replays:
    if engine == "postgres":
        return PostgresBookingRequests(request.getfixturevalue("pool"))
    return RedisReplays(request.getfixturevalue("redis"), deadline_s=5)


async def begun(replays: Replays, attempt: str, *, key: str = "key", body: str = "body", **more: Any) -> object:
    return await replays.begin(
        key, body, attempt=attempt, uid=more.get("uid", f"uid-{attempt}"), lease_ms=more.get("lease_ms", 60_000)
    )


async def test_the_first_attempt_gets_the_uid_it_drew(replays: Replays) -> None:
    assert await begun(replays, "a") == DrawnUid("uid-a")


async def test_an_attempt_under_way_keeps_others_out(replays: Replays) -> None:
    await begun(replays, "a")
    assert await begun(replays, "b") == UnderWay()


async def test_what_was_answered_is_answered_again_to_the_byte(replays: Replays) -> None:
    await begun(replays, "a")
    assert await replays.record("key", "a", MADE)
    for attempt in ("b", "c", "a"):
        assert await begun(replays, attempt) == MADE


async def test_another_body_is_told_while_under_way_and_afterwards(replays: Replays) -> None:
    await begun(replays, "a")
    assert await begun(replays, "b", body="other") == OtherBody()
    await replays.record("key", "a", MADE)
    assert await begun(replays, "b", body="other") == OtherBody()


async def test_other_keys_are_other_requests(replays: Replays) -> None:
    await begun(replays, "a")
    await replays.record("key", "a", MADE)
    assert await begun(replays, "b", key="other", body="other") == DrawnUid("uid-b")


async def test_an_attempt_whose_beginning_was_lost_may_be_sent_twice(replays: Replays) -> None:
    """The driver sends a script again when its connection breaks; nothing was kept in between."""
    await begun(replays, "a")
    assert await begun(replays, "a") == DrawnUid("uid-a")


async def test_once_its_lease_is_over_another_takes_over_with_the_same_uid(replays: Replays) -> None:
    await begun(replays, "a", lease_ms=30)
    await asyncio.sleep(0.05)
    assert await begun(replays, "b") == DrawnUid("uid-a", perhaps_kept=True)
    assert await begun(replays, "c") == UnderWay()
    # Sent twice, as above.
    assert await begun(replays, "b") == DrawnUid("uid-a", perhaps_kept=True)


async def test_of_many_who_would_take_over_one_does(replays: Replays) -> None:
    await begun(replays, "a", lease_ms=30)
    await asyncio.sleep(0.05)
    outcomes = await asyncio.gather(*(begun(replays, f"b{number}") for number in range(20)))
    assert outcomes.count(DrawnUid("uid-a", perhaps_kept=True)) == 1
    assert outcomes.count(UnderWay()) == 19


async def test_an_attempt_that_was_taken_over_changes_nothing_any_more(replays: Replays) -> None:
    await begun(replays, "a", lease_ms=30)
    await asyncio.sleep(0.05)
    await begun(replays, "b")
    assert not await replays.record("key", "a", MADE)
    assert not await replays.give_up("key", "a", forget=True)
    assert not await replays.give_up("key", "a", forget=False)
    assert await begun(replays, "c") == UnderWay()


async def test_a_request_that_is_forgotten_begins_anew_with_any_body(replays: Replays) -> None:
    await begun(replays, "a")
    assert await replays.give_up("key", "a", forget=True)
    assert await begun(replays, "b", body="other") == DrawnUid("uid-b")


async def test_a_request_that_is_given_up_keeps_its_uid_and_body(replays: Replays) -> None:
    await begun(replays, "a")
    assert await replays.give_up("key", "a", forget=False)
    assert await begun(replays, "b", body="other") == OtherBody()
    assert await begun(replays, "b") == DrawnUid("uid-a", perhaps_kept=True)


async def test_an_answer_is_not_given_up(replays: Replays) -> None:
    await begun(replays, "a")
    await replays.record("key", "a", MADE)
    assert not await replays.give_up("key", "a", forget=True)
    assert await begun(replays, "b") == MADE


async def test_what_is_forgotten_is_not_recorded(replays: Replays) -> None:
    await begun(replays, "a")
    await replays.give_up("key", "a", forget=True)
    assert not await replays.record("key", "a", MADE)


@pytest.mark.parametrize("engine", REDIS)
async def test_it_is_kept_a_day(redis: Client, replays: Replays) -> None:
    """A crashed attempt too: what it kept may live as long."""
    await begun(replays, "a", lease_ms=30)
    assert KEPT_MS - 5_000 < await redis.pttl(keys.replay("key")) <= KEPT_MS
    await redis.pexpire(keys.replay("key"), 10_000)
    await replays.record("key", "a", MADE)
    assert KEPT_MS - 5_000 < await redis.pttl(keys.replay("key")) <= KEPT_MS


# How many a client uses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", REDIS)
async def test_a_client_uses_so_many_keys_in_a_day_from_its_first(redis: Client) -> None:
    counter = RedisKeyCounter(redis, most=2, deadline_s=5)
    assert [await counter.count("client") for _ in range(2)] == [None, None]
    [used] = await redis.keys("hf:{q:*")
    await redis.pexpire(used, 10_000)
    full = await counter.count("client")
    assert full is not None
    assert (full.standing.most, full.standing.left) == (2, 0)
    assert 0 < full.standing.next_free_ms <= 10_000
    # Others are counted for themselves, and a new day begins with the next key.
    assert await counter.count("another") is None
    await redis.delete(used)
    assert await counter.count("client") is None
    assert KEPT_MS - 5_000 < await redis.pttl(used) <= KEPT_MS


@pytest.mark.parametrize("engine", REDIS)
async def test_of_many_keys_at_once_no_more_are_counted(redis: Client) -> None:
    counter = RedisKeyCounter(redis, most=5, deadline_s=5)
    counted = await asyncio.gather(*(counter.count("client") for _ in range(20)))
    assert counted.count(None) == 5


@pytest.mark.parametrize("key", ["", "key\n", "é", "\udcff", "x" * 10_000])
async def test_a_key_is_any_text_and_cannot_be_read_in_the_store(replays: Replays, key: str) -> None:
    await begun(replays, "a", key=key)
    assert await begun(replays, "b", key=key) == UnderWay()
    assert len(keys.replay(key)) == len("hf:{i:}") + 64


@pytest.mark.parametrize("engine", REDIS)
async def test_clearing_the_store_forgets_requests_too(redis: Client, replays: Replays) -> None:
    await begun(replays, "a")
    await RedisHolds(redis, deadline_s=5).clear()
    assert await begun(replays, "b", body="other") == DrawnUid("uid-b")


@pytest.mark.parametrize("engine", ["postgres"])
async def test_in_postgresql_too_it_is_kept_a_day_and_others_whose_time_is_up_go_with_it(
    pool: Pool, replays: Replays
) -> None:
    async def remaining_hours() -> list[int]:
        async with pool.connection() as connection:
            rows = await connection.fetch("SELECT expires_at - now() AS rest FROM booking_requests ORDER BY expires_at")
            return [round(row["rest"].total_seconds() / 3_600) for row in rows]

    async def pass_time(hours: int) -> None:
        async with pool.connection() as connection:
            await connection.execute(
                "UPDATE booking_requests SET expires_at = expires_at - $1 * interval '1 hour'", hours
            )

    await begun(replays, "a")
    await pass_time(10)
    assert await remaining_hours() == [14]
    await replays.record("key", "a", MADE)
    assert await remaining_hours() == [24]
    await pass_time(24)
    assert await begun(replays, "b", body="other") == DrawnUid("uid-b")
    await pass_time(24)
    await begun(replays, "c", key="other")
    assert await remaining_hours() == [24]


async def test_a_store_that_is_away_is_told(closed_port: int) -> None:
    async with open_redis(f"redis://127.0.0.1:{closed_port}", deadline_s=0.5) as redis:
        replays = RedisReplays(redis, deadline_s=0.5)
        with pytest.raises(StoreUnavailableError):
            await begun(replays, "a")
        with pytest.raises(StoreUnavailableError):
            await replays.record("key", "a", MADE)
        with pytest.raises(StoreUnavailableError):
            await replays.give_up("key", "a", forget=True)


@pytest.fixture
def closed_port() -> int:
    [port] = free_ports(1)
    return port
