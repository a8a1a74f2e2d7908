"""What callers see of every fault, for how long they wait, and that it ends by itself, without a restart.

Each row is a test here, unless the last column names another file. A deadline is `HOLDFAST_STORE_DEADLINE_S`; "lapses"
means that what a pod had claimed is free within five seconds, by the store's own expiry.

fault                                   what the caller sees               how long     afterwards
--------------------------------------  ---------------------------------  -----------  --------------------------------
Redis gone                              listing: 200, says so in a header  a deadline   all as before
                                        anything else: 503, Retry-After
Redis mute                              the same                           a deadline,  all as before, within a second
                                                                           then at once or so
Redis slow, but in time                 all as before                      as slow      the same
Redis slow, by seconds                  listing and the rest as if gone    a deadline,  what was asked arrives late:
                                                                           then at once or so  what a 503 kept lapses
Redis gone, many at once                503                                3 deadlines  no connection leaked
Redis full                              listing, GET, DELETE: as before    at once      all as before
                                        anything else: 503, Retry-After
Redis refuses a part of what is asked   503                                at once      nothing is left
Redis back empty                        what was held is gone, and listed  at once      it can be held again
Redis failed over, last writes lost     503 until there is a master        3 deadlines  as above; what was copied stands
Redis: a sentinel's or cluster's node   503 until another takes its place  a deadline   storage/test_redis_connection.py
PostgreSQL gone                         503, not ready                     a deadline   all as before
PostgreSQL mute                         503                                a deadline,  all as before, within a second
                                                                           then at once or so
PostgreSQL gone at a booking's commit   503; the same Idempotency-Key      at once      the booking stands
                                        gets the booking
pod killed between claim and check      a broken connection                at once      lapses
pod killed between two hosts of a team  a broken connection                at once      lapses, on both nodes
pod killed in a PATCH, not confirmed    a broken connection                at once      the old stands, the new lapses
pod killed in a PATCH, confirmed        a broken connection                at once      the new stands, the old is free
pod killed in a POST, confirmed         the same; its Idempotency-Key      at once      api/test_idempotency.py
                                        gets what was kept
pod killed in a booking, before commit  a broken connection                at once      nothing is booked, it lapses
pod killed in a booking, after commit   the same; its Idempotency-Key      at once      the booking stands, and the hold
                                        gets the booking                                ends by itself
pod dead between any two commands       the same                           at once      storage/test_holds_machine.py

"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest
from aiohttp import ClientConnectionError
from aiohttp.test_utils import TestClient, TestServer
from redis.asyncio import Redis

from app.application.stores import StoreUrls
from app.application.web import build
from app.application.worlds import load
from app.services.claim_slots import CONTENTION_S
from app.settings import Settings
from app.storage.holds.connection import open_redis
from app.storage.holds.keys import host_lane, locator
from app.storage.holds.redis_holds import PROVISIONAL_MS, RedisHolds
from app.storage.holds.scripts import script
from app.storage.postgres.changes import TRUSTED_S
from app.storage.world_files.reading import world_of
from tests import engines
from tests.api.asking import Answer, Asking
from tests.api.pods import Killable, end_booking_leases, killable_pod, locked, pod, until_waiting
from tests.api.world import ANA, BEN, WORLD
from tests.proxy import Proxy

pytestmark = pytest.mark.xdist_group("failovers")

DEADLINE_S = 1.0
MOST_S = 3 * DEADLINE_S
"""A request may meet two deadlines, one a store, and computes in between."""
MUTE_S = 20.0
"""How long a mute store is: longer than anybody waits."""
SLOW_S = 0.2 * DEADLINE_S
"""By how much a slow store is later with each answer."""
SECONDS_S = 2.5 * DEADLINE_S
"""The same where nobody waits so long."""
AT_ONCE_S = 0.8 * DEADLINE_S
"""In which twenty requests are answered of which none waits for a deadline."""
BACK_S = 1.5
"""In which a store that is not mute any more is found out to be back."""
LONGEST_S = 8.0
"""The same with the deadline that is set by default, and the two seconds in which another's claim is waited for."""
FAILOVER_S = 30.0
"""In which another must have taken a master's place; it takes some two seconds."""
LAPSE_S = 5.0 + 2.0 + 2.0
"""In which the time that a dead pod had claimed must be somebody else's: it lapses, a request waits, and slack."""


@dataclass(frozen=True)
class Faulty:
    """The service behind two proxies."""

    asking: Asking
    postgres: Proxy
    redis: Proxy

    async def timed(self, answer: asyncio.Task[Answer]) -> Answer:
        started = monotonic()
        result = await answer
        assert monotonic() - started < MOST_S
        return result

    async def slots(self) -> Answer:
        return await self.timed(asyncio.create_task(self.asking.slots(eventTypeId=10)))

    async def batch(self) -> Answer:
        items = [{"eventTypeId": 10, "start": "2050-09-05", "end": "2050-09-09"}] * 2
        return await self.timed(asyncio.create_task(self.asking.ask("POST", "/v2/slots/batch", json={"items": items})))

    async def reserve(self, start: str = "10:00") -> Answer:
        return await self.timed(asyncio.create_task(self.asking.reserve(10, start)))

    async def reservation(self, uid: str, method: str = "GET", **more: Any) -> Answer:
        return await self.timed(asyncio.create_task(self.asking.ask(method, path_of(uid), **more)))


def path_of(uid: str) -> str:
    return f"/v2/slots/reservations/{uid}"


def at(start: str) -> dict[str, Any]:
    """The body that asks for a slot of an hour, on Monday."""
    return {"eventTypeId": 10, "slotStart": f"2050-09-05T{start}:00Z"}


def postgres_proxy(urls: StoreUrls) -> Proxy:
    socket = parse_qs(urlsplit(urls.database).query)
    path = f"{socket['host'][0]}/.s.PGSQL.{socket.get('port', ['5432'])[0]}"
    return Proxy(lambda: asyncio.open_unix_connection(path))


def redis_proxy(urls: StoreUrls) -> Proxy:
    redis = urlsplit(urls.redis)
    return Proxy(lambda: asyncio.open_connection(redis.hostname, redis.port))


def redis_through(urls: StoreUrls, proxy: Proxy) -> str:
    return f"redis://:{urlsplit(urls.redis).password}@127.0.0.1:{proxy.port}/0"


@pytest.fixture
async def faulty(settings: Settings, urls: StoreUrls) -> AsyncIterator[Faulty]:
    await load(settings, urls, world_of(WORLD), "replace")
    async with AsyncExitStack() as stack:
        to_postgres = await stack.enter_async_context(postgres_proxy(urls).running())
        to_redis = await stack.enter_async_context(redis_proxy(urls).running())
        through = StoreUrls(
            urlsplit(urls.database)
            ._replace(
                netloc=f"{urlsplit(urls.database).username}@127.0.0.1:{to_postgres.port}", query="sslmode=disable"
            )
            .geturl(),
            redis_through(urls, to_redis),
        )
        quick = settings.model_copy(update={"store_deadline_s": DEADLINE_S})
        server = TestServer(await build(quick, through))
        client = await stack.enter_async_context(TestClient(server))
        yield Faulty(Asking(client, settings, urls), to_postgres, to_redis)


async def test_redis_away(faulty: Faulty) -> None:
    """Listing goes on and says that it may be wrong; nothing is held; then all is as before, without a restart."""
    uid = (await faulty.reserve("07:00")).data["reservationUid"]
    booked = [await book(faulty.asking, hour) for hour in ("10:00", "11:00")]
    faulty.redis.cut()
    for key, answer in ({}, booked[0]), ({"Idempotency-Key": "k"}, booked[1]):
        path = f"/v2/bookings/{answer.data['uid']}/cancel"
        assert (await faulty.asking.ask("POST", path, json={}, headers=key)).status == 200, "it needs no Redis"
    listing = await faulty.slots()
    assert listing.status == 200
    assert listing.headers["X-Holdfast-Degraded"] == "holds"
    query = {"eventTypeId": 10, "at": "2050-09-05T07:00:00Z"}
    explained = await faulty.asking.ask("GET", "/v2/slots/explain", params=query)
    assert (explained.data["free"], explained.headers["X-Holdfast-Degraded"]) == (True, "holds")
    refused = await faulty.reserve()
    assert (refused.status, refused.headers["Retry-After"]) == (503, "2")
    assert refused.body["error"]["code"] == "ServiceUnavailableException"
    for method, body in (("GET", None), ("PATCH", at("12:00")), ("DELETE", None)):
        assert (await faulty.reservation(uid, method, json=body)).status == 503
    async with faulty.asking.client.get("/health/ready") as ready:
        assert (ready.status, (await ready.json())["stores"]) == (200, {"postgres": "up", "redis": "down"})
    faulty.redis.mend()
    assert "X-Holdfast-Degraded" not in (await faulty.slots()).headers
    assert (await faulty.reserve()).status == 201
    assert (await faulty.reservation(uid)).data["reservationUid"] == uid


async def test_redis_mute(faulty: Faulty) -> None:
    """Who comes first waits for it; once it is known to be mute nobody does."""
    await faulty.slots()
    faulty.redis.pause_s = MUTE_S
    assert (await faulty.slots()).headers["X-Holdfast-Degraded"] == "holds"
    assert (await faulty.reserve()).status == 503
    async with asyncio.timeout(AT_ONCE_S):
        for _ in range(20):
            assert (await faulty.slots()).headers["X-Holdfast-Degraded"] == "holds"
        refused = await faulty.reserve("11:00")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "2")
    faulty.redis.pause_s = 0
    await asyncio.sleep(BACK_S)
    assert "X-Holdfast-Degraded" not in (await faulty.slots()).headers
    assert (await faulty.reserve("11:00")).status == 201


async def test_redis_slow(faulty: Faulty) -> None:
    """What it answers in time is waited for: it is not taken for mute, however long that lasts."""
    await faulty.slots()
    # Redis knows the scripts by their digests from now on: none is sent again in full.
    assert (await faulty.reserve("12:00")).status == 201
    faulty.redis.pause_s = SLOW_S
    for start in ("07:00", "10:00"):
        uid = (await faulty.reserve(start)).data["reservationUid"]
        assert "X-Holdfast-Degraded" not in (await faulty.slots()).headers
        assert (await faulty.reservation(uid)).data["reservationUid"] == uid
    assert (await faulty.reserve("10:00")).status == 422


async def test_redis_slow_by_seconds(faulty: Faulty, api: Asking, redis: Redis) -> None:
    """What is asked of it arrives after nobody waits for it any more, and is done: nothing of that stays."""
    uid = (await faulty.reserve("07:00")).data["reservationUid"]
    faulty.redis.pause_s = SECONDS_S
    first = asyncio.create_task(faulty.asking.reserve(10, "10:00"))
    # It shares no trip with the others.
    await asyncio.sleep(0.1 * DEADLINE_S)
    refused = await asyncio.gather(
        faulty.timed(first),
        faulty.reserve("11:00"),
        faulty.reservation(uid, "PATCH", json=at("12:00")),
        faulty.timed(asyncio.create_task(book(faulty.asking, "13:00"))),
    )
    assert [(one.status, one.headers["Retry-After"]) for one in refused] == [(503, "2")] * len(refused)
    assert (await faulty.slots()).headers["X-Holdfast-Degraded"] == "holds"
    assert (await api.reserve(10, "08:00")).status == 201
    await until_asked_for(redis, 3)
    assert (await api.reserve(10, "10:00")).status == 422
    faulty.redis.pause_s = 0
    for start in ("10:00", "11:00", "12:00", "13:00"):
        assert (await reserved_in_the_end(api, start, LAPSE_S)).status == 201
    await asyncio.sleep(BACK_S)
    assert "X-Holdfast-Degraded" not in (await faulty.slots()).headers
    assert (await faulty.reservation(uid)).data["slotStart"] == "2050-09-05T07:00:00.000Z"


async def until_asked_for(redis: Redis, number: int) -> None:
    """Wait until Ana's time is held so often, or claimed."""
    async with asyncio.timeout(SECONDS_S + DEADLINE_S):
        while True:
            if len(await redis.keys(f"{host_lane(ANA).hold_prefix}*")) >= number:
                return
            await asyncio.sleep(0.02)


async def test_redis_full(api: Asking, redis: Redis) -> None:
    """It throws nothing away, and takes nothing more: what is held stays held, and can be let go."""
    uid = (await api.reserve(10, "09:00")).data["reservationUid"]
    await redis.config_set("maxmemory", 1)
    try:
        async with asyncio.timeout(MOST_S):
            refused = await api.reserve(10, "10:00")
            assert (refused.status, refused.headers["Retry-After"]) == (503, "2")
            assert (await api.ask("PATCH", path_of(uid), json=at("12:00"))).status == 503
            assert (await api.ask("GET", path_of(uid))).data["slotStart"] == "2050-09-05T09:00:00.000Z"
            assert "09:00" not in await api.starts(10)
            assert (await api.ask("DELETE", path_of(uid))).status == 200
            assert {"09:00", "10:00", "12:00"} <= {*await api.starts(10)}
    finally:
        await redis.config_set("maxmemory", 0)
    assert (await api.reserve(10, "10:00")).status == 201


async def test_redis_refuses_a_part(api: Asking, settings: Settings, urls: StoreUrls, redis: Redis) -> None:
    """Here the uid's key alone, as where its memory is full for a moment: what went with it in one trip is undone."""
    await redis.acl_setuser(
        "partly", enabled=True, passwords=["+secret"], keys=["hf:{*"], channels=["*"], categories=["+@all"]
    )
    try:
        place = urlsplit(urls.redis).netloc.rpartition("@")[2]
        async with pod(settings, StoreUrls(urls.database, f"redis://partly:secret@{place}/0")) as asking:
            assert (await asking.reserve(10, "10:00")).status == 503
        assert (await api.reserve(10, "10:00")).status == 201
    finally:
        await redis.acl_deluser("partly")


async def test_redis_back_empty(faulty: Faulty, redis: Redis) -> None:
    """It lost what it had acknowledged: nobody is told of a hold that is not there."""
    uid = (await faulty.reserve()).data["reservationUid"]
    faulty.redis.cut()
    assert (await faulty.reservation(uid)).status == 503
    await redis.flushall()
    await redis.script_flush()
    faulty.redis.mend()
    assert (await faulty.reservation(uid)).data is None
    assert (await faulty.reservation(uid, "PATCH", json=at("12:00"))).status == 404
    assert "2050-09-05T10:00:00.000Z" in str((await faulty.slots()).data)
    assert (await faulty.reserve()).status == 201


@pytest.mark.usefixtures("api")
async def test_redis_failed_over_with_the_last_writes_lost(settings: Settings, urls: StoreUrls) -> None:
    with engines.watched(engines.redis7_program(), down_after_ms=500) as servers:
        async with pod(settings, StoreUrls(urls.database, servers.url)) as asking:
            copied = (await asking.reserve(10, "09:00")).data["reservationUid"]
            engines.wait_until(lambda: servers.replica.ask("EXISTS", locator(copied)))
            stop_copying(servers)
            lost = (await asking.reserve(10, "10:00")).data["reservationUid"]
            assert not servers.replica.ask("EXISTS", locator(lost))
            servers.master.kill()
            assert (await reserved_in_the_end(asking, "10:00", FAILOVER_S)).status == 201
            assert (await asking.ask("GET", path_of(lost))).data is None
            assert (await asking.ask("GET", path_of(copied))).data["reservationUid"] == copied
            assert (await asking.reserve(10, "09:00")).status == 422


def stop_copying(servers: engines.Watched) -> None:
    """Let the replica lose its master, and not find the way back."""
    servers.replica.ask("CONFIG", "SET", "masterauth", "wrong")
    servers.replica.ask("CLIENT", "KILL", "TYPE", "master")
    engines.wait_until(lambda: servers.replica.ask("INFO", "replication").get("master_link_status") == "down")


async def reserved_in_the_end(asking: Asking, start: str, within_s: float) -> Answer:
    """Try until the slot is not taken any more, and no store is away; each answer comes in time."""
    end = monotonic() + within_s
    while True:
        asked = monotonic()
        answer = await asking.reserve(10, start)
        assert monotonic() - asked < LONGEST_S
        if answer.status not in {422, 503}:
            return answer
        assert monotonic() < end, answer.body
        await asyncio.sleep(0.05)


async def test_postgres_away(faulty: Faulty) -> None:
    await faulty.slots()
    faulty.postgres.cut()
    # So long what was read before may be relied on.
    await asyncio.sleep(TRUSTED_S)
    assert (await faulty.slots()).status == 503
    batch = await faulty.batch()
    assert (batch.status, batch.headers["Retry-After"]) == (503, "2")
    assert (await faulty.reserve()).status == 503
    async with faulty.asking.client.get("/health/ready") as ready:
        assert (ready.status, (await ready.json())["stores"]["postgres"]) == (503, "down")
    faulty.postgres.mend()
    assert (await faulty.slots()).status == 200
    assert (await faulty.reserve()).status == 201


async def test_postgres_mute(faulty: Faulty) -> None:
    await faulty.slots()
    faulty.postgres.pause_s = MUTE_S
    await asyncio.sleep(TRUSTED_S)
    assert (await faulty.slots()).status == 503
    assert (await faulty.reserve()).status == 503
    async with asyncio.timeout(AT_ONCE_S):
        for _ in range(20):
            assert (await faulty.slots()).status == 503
        assert (await faulty.reserve()).headers["Retry-After"] == "2"
        async with faulty.asking.client.get("/health/ready") as ready:
            assert (ready.status, (await ready.json())["stores"]) == (503, {"postgres": "down", "redis": "up"})
    faulty.postgres.pause_s = 0
    await asyncio.sleep(BACK_S)
    assert (await faulty.slots()).status == 200
    assert (await faulty.reserve()).status == 201


@pytest.mark.parametrize("reserved", [True, False])
async def test_postgres_away_at_a_bookings_commit(
    faulty: Faulty, database: asyncpg.Connection, *, reserved: bool
) -> None:
    """It was committed, and the answer got lost: whoever asks again with the same key is told what was booked."""
    uid = (await faulty.reserve()).data["reservationUid"] if reserved else None
    await faulty.slots()
    async with locked(faulty.asking.urls, "booking_attendees"):
        booked = asyncio.create_task(book(faulty.asking, "10:00", key="k", reservationUid=uid))
        await until_waiting(database, "relation")
        faulty.postgres.when_answered(b"COMMIT", faulty.postgres.cut)
    lost = await faulty.timed(booked)
    assert (lost.status, lost.headers["Retry-After"]) == (503, "2")
    assert await database.fetchval("SELECT count(*) FROM bookings") == 1
    faulty.postgres.mend()
    await database.execute("UPDATE booking_requests SET lease_until = now()")
    told = await book(faulty.asking, "10:00", key="k", reservationUid=uid)
    assert (told.status, told.data["start"][11:16]) == (201, "10:00")
    assert uid is None or (await faulty.reservation(uid)).data is None
    assert await database.fetchval("SELECT count(*) FROM bookings") == 1
    assert (await book(faulty.asking, "11:00")).status == 201


async def test_one_slow_question_says_nothing_of_the_store(faulty: Faulty, database: asyncpg.Connection) -> None:
    """Here one that waits for a lock: others are not refused for it."""
    async with database.transaction():
        await database.execute("LOCK TABLE event_types IN ACCESS EXCLUSIVE MODE")
        assert (await faulty.slots()).status == 503
        async with faulty.asking.client.get("/health/ready") as ready:
            assert ready.status == 200
    assert (await faulty.slots()).status == 200


async def test_a_burst_with_redis_away_leaks_no_connection(faulty: Faulty) -> None:
    await faulty.slots()
    faulty.redis.cut()
    answers = await asyncio.gather(*(faulty.asking.reserve(10, "10:00") for _ in range(50)))
    assert {answer.status for answer in answers} == {503}
    faulty.redis.mend()
    answers = await asyncio.gather(*(faulty.asking.reserve(10, "10:00") for _ in range(50)))
    assert sorted(answer.status for answer in answers) == [201] + [422] * 49


# Pods that are killed ------------------------------------------------------------------------------------------------


@pytest.fixture
async def doomed(
    api: Asking, settings: Settings, urls: StoreUrls, unused_tcp_port: int
) -> AsyncIterator[Callable[[str], Killable]]:
    """A pod that is killed as soon as Redis has run a script for it; `api` is the one that lives."""
    # Redis knows all scripts by their digests: none is sent in full.
    uid = (await api.reserve(10, "07:00")).data["reservationUid"]
    assert (await api.ask("PATCH", path_of(uid), json=at("08:00"))).status == 200
    async with redis_proxy(urls).running() as proxy:
        through = StoreUrls(urls.database, redis_through(urls, proxy))
        async with killable_pod(settings, through, unused_tcp_port) as pod:

            def killed_after(name: str) -> Killable:
                proxy.when_answered(script(name).digest.encode(), pod.kill)
                return pod

            yield killed_after


async def broken(asked: Awaitable[Answer]) -> None:
    """Make sure that whoever asks a pod learns that it is dead, and does not wait for that."""
    started = monotonic()
    with pytest.raises(ClientConnectionError):
        await asked
    assert monotonic() - started < MOST_S


async def lapse_in_seconds(redis: Redis, number: int) -> None:
    """Make sure that some claims were never confirmed, and end by themselves."""
    holds = [key async for key in redis.scan_iter("hf:{h:*}:hold:*")]
    claims = [key for key in holds if await redis.getrange(key, 0, 0) == b"p"]
    assert len(claims) == number
    assert all([0 < await redis.pttl(key) <= PROVISIONAL_MS for key in claims])


async def test_a_pod_killed_between_claim_and_check(
    doomed: Callable[[str], Killable], api: Asking, redis: Redis
) -> None:
    await broken(doomed("claim").asking.reserve(10, "10:00"))
    await lapse_in_seconds(redis, 1)
    assert (await api.reserve(10, "11:00")).status == 201
    assert (await api.reserve(10, "10:00")).status == 422
    assert (await reserved_in_the_end(api, "10:00", LAPSE_S)).status == 201


async def test_a_pod_killed_in_a_patch_before_the_new_time_is_confirmed(
    doomed: Callable[[str], Killable], api: Asking, redis: Redis
) -> None:
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    await broken(doomed("move_locator").asking.ask("PATCH", path_of(uid), json=at("12:00")))
    await lapse_in_seconds(redis, 1)
    assert (await api.ask("GET", path_of(uid))).data["slotStart"] == "2050-09-05T10:00:00.000Z"
    assert (await api.reserve(10, "10:00")).status == 422
    assert (await reserved_in_the_end(api, "12:00", LAPSE_S)).status == 201
    assert (await api.ask("PATCH", path_of(uid), json=at("13:00"))).status == 200


async def test_a_pod_killed_in_a_patch_after_the_new_time_is_confirmed(
    doomed: Callable[[str], Killable], api: Asking, redis: Redis
) -> None:
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    await broken(doomed("confirm").asking.ask("PATCH", path_of(uid), json=at("12:00")))
    await lapse_in_seconds(redis, 0)
    assert (await api.ask("GET", path_of(uid))).data["slotStart"] == "2050-09-05T12:00:00.000Z"
    assert (await api.reserve(10, "12:00")).status == 422
    assert (await api.reserve(10, "10:00")).status == 201
    assert (await api.ask("PATCH", path_of(uid), json=at("12:00"))).status == 200


@pytest.mark.usefixtures("api")
async def test_a_pod_killed_between_two_hosts_of_a_team(
    settings: Settings, urls: StoreUrls, valkey_cluster: engines.Cluster, unused_tcp_port: int
) -> None:
    """Their time is on different nodes, of which the second one hangs."""
    first, second = (valkey_cluster.owner(host_lane(host_id).index) for host_id in (ANA, BEN))
    assert first != second
    stores = StoreUrls(urls.database, valkey_cluster.url)
    async with (
        open_redis(valkey_cluster.url, deadline_s=5) as redis,
        pod(settings, stores) as other,
        killable_pod(settings, stores, unused_tcp_port) as doomed,
    ):
        await RedisHolds(redis, deadline_s=5).clear()
        assert (await doomed.asking.slots(eventTypeId=20)).status == 200
        with second.frozen():
            asked = asyncio.create_task(doomed.asking.reserve(20, "10:00"))
            await asyncio.to_thread(engines.wait_until, lambda: first.ask("KEYS", f"{host_lane(ANA).hold_prefix}*"))
            doomed.kill()
            await broken(asked)
        assert 0 < first.ask("PTTL", *first.ask("KEYS", f"{host_lane(ANA).hold_prefix}*")) <= PROVISIONAL_MS
        assert (await other.reserve(20, "11:00")).status == 201
        assert (await other.reserve(20, "10:00")).status == 422
        await asyncio.sleep(PROVISIONAL_MS / 1_000 - CONTENTION_S)
        assert (await other.reserve(20, "10:00")).status == 201


# Bookings ----------------------------------------------------------------------------------------------------------

MIA = {"name": "Mia", "email": "mia@example.org", "timeZone": "Europe/Lisbon"}
BOOKING_LAPSES_S = LAPSE_S + 3.0
"""As above, where a booking was about to be committed: the claim then stands for three seconds more."""


async def book(asking: Asking, start: str, *, key: str | None = None, **more: Any) -> Answer:
    body = {"eventTypeId": 10, "start": f"2050-09-05T{start}:00Z", "attendee": MIA, **more}
    headers = {} if key is None else {"Idempotency-Key": key}
    return await asking.ask("POST", "/v2/bookings", json=body, headers=headers)


@pytest.mark.parametrize("reserved", [True, False])
async def test_a_pod_killed_in_a_booking_before_the_commit(
    doomed: Callable[[str], Killable], api: Asking, *, reserved: bool
) -> None:
    """Nothing is booked, the reservation stands, and within seconds the slot can be booked."""
    uid = (await api.reserve(10, "10:00")).data["reservationUid"] if reserved else None
    await broken(book(doomed("extend").asking, "10:00", reservationUid=uid))
    died = monotonic()
    if uid is not None:
        assert (await api.ask("GET", path_of(uid))).data["reservationUid"] == uid
    while (answer := await book(api, "10:00", reservationUid=uid)).status != 201:
        assert answer.status == 400
        assert monotonic() - died < BOOKING_LAPSES_S


async def test_a_pod_killed_between_a_bookings_commit_and_the_end_of_its_reservation(
    doomed: Callable[[str], Killable], api: Asking
) -> None:
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    await broken(book(doomed("release").asking, "10:00", key="k", reservationUid=uid))
    assert "10:00" not in await api.starts(10)
    assert (await book(api, "11:00")).status == 201
    # Whoever sent it finds out: at first that it is under way, for the pod might come back, then what was booked.
    assert (await book(api, "10:00", key="k", reservationUid=uid)).status == 409
    assert (await api.ask("GET", path_of(uid))).data is not None
    await end_booking_leases(api.urls)
    told = await book(api, "10:00", key="k", reservationUid=uid)
    assert (told.status, told.data["start"][11:16]) == (201, "10:00")
    assert (await api.ask("GET", path_of(uid))).data is None


async def test_a_reservation_that_outlived_its_booking_ends_when_it_is_booked_again(
    doomed: Callable[[str], Killable], api: Asking
) -> None:
    """Or else it would take a seat, or a place within a limit, beside the booking."""
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    await broken(book(doomed("release").asking, "10:00", reservationUid=uid))
    assert (await api.ask("GET", path_of(uid))).data is not None
    again = await book(api, "10:00", reservationUid=uid)
    assert (again.status, uid in again.message) == (409, True)
    assert (await api.ask("GET", path_of(uid))).data is None


async def test_a_reservation_that_outlived_the_move_it_was_made_for_ends_when_that_is_asked_for_again(
    doomed: Callable[[str], Killable], api: Asking
) -> None:
    """The booking itself has been moved by then, and is told so."""
    booked = (await book(api, "10:00")).data["uid"]
    wanted = {"eventTypeId": 10, "slotStart": "2050-09-05T11:00:00Z", "bookingUidToReschedule": booked}
    uid = (await api.ask("POST", "/v2/slots/reservations", json=wanted)).data["reservationUid"]
    move = {"start": "2050-09-05T11:00:00Z", "reservationUid": uid}
    await broken(doomed("release").asking.ask("POST", f"/v2/bookings/{booked}/reschedule", json=move))
    assert (await api.ask("GET", path_of(uid))).data is not None
    assert (await api.ask("POST", f"/v2/bookings/{booked}/reschedule", json=move)).status == 400
    assert (await api.ask("GET", path_of(uid))).data is None


async def test_a_reservation_that_outlived_the_move_of_a_seat_ends_when_that_is_asked_for_again(
    doomed: Callable[[str], Killable], api: Asking
) -> None:
    """The class goes on without it, but the seat is no longer there."""
    booked = (await book(api, "10:00", eventTypeId=12)).data
    assert (await book(api, "10:00", eventTypeId=12)).data["uid"] == booked["uid"]
    uid = (await api.reserve(12, "11:00")).data["reservationUid"]
    move = {"start": "2050-09-05T11:00:00Z", "seatUid": booked["seatUid"], "reservationUid": uid}
    await broken(doomed("release").asking.ask("POST", f"/v2/bookings/{booked['uid']}/reschedule", json=move))
    assert (await api.ask("GET", path_of(uid))).data is not None
    assert (await api.ask("POST", f"/v2/bookings/{booked['uid']}/reschedule", json=move)).status == 404
    assert (await api.ask("GET", path_of(uid))).data is None


async def test_a_booking_is_not_moved_to_what_has_become_another_one(
    doomed: Callable[[str], Killable], api: Asking
) -> None:
    """It is told as whoever books with it is told, not that the time is taken."""
    uid = (await api.reserve(10, "11:00")).data["reservationUid"]
    await broken(book(doomed("release").asking, "11:00", reservationUid=uid))
    moved = (await book(api, "13:00")).data["uid"]
    move = {"start": "2050-09-05T11:00:00Z", "reservationUid": uid}
    refused = await api.ask("POST", f"/v2/bookings/{moved}/reschedule", json=move)
    assert (refused.status, uid in refused.message) == (409, True)
    assert (await api.ask("GET", path_of(uid))).data is None


async def test_what_was_booked_before_is_told_and_ends_no_reservation_made_since(
    doomed: Callable[[str], Killable], api: Asking
) -> None:
    """The older version's cookie may name another one by then, which the booking is not made of."""
    headers = {"Idempotency-Key": "k", "cal-api-version": "2024-04-15"}
    body = {
        "eventTypeId": 10,
        "start": "2050-09-05T10:00:00Z",
        "timeZone": "Europe/Lisbon",
        "language": "en",
        "metadata": {},
        "responses": {"name": "Mia", "email": "mia@example.org"},
    }
    await broken(doomed("release").asking.ask("POST", "/v2/bookings", json=body, headers=headers))
    uid = (await api.reserve(10, "12:00")).data["reservationUid"]
    await end_booking_leases(api.urls)
    told = await api.ask("POST", "/v2/bookings", json=body, headers={**headers, "Cookie": f"uid={uid}"})
    assert (told.status, told.data["startTime"][11:16]) == (201, "10:00")
    assert "Set-Cookie" not in told.headers
    assert (await api.ask("GET", path_of(uid))).data is not None
