"""Opening a store by its URL: what is refused, and what a client lives through."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from hashlib import sha1
from itertools import count
from typing import Any

import pytest
from redis.asyncio import Connection, Redis, RedisCluster
from redis.exceptions import DataError, NoScriptError

from app.domain.reservation import Claim, Claimed, KeptReservation
from app.domain.time_ranges import MINUTE
from app.services.errors import StoreUnavailableError
from app.storage.embedded import EmbeddedUrls
from app.storage.holds import keys
from app.storage.holds.connection import (
    EvictionPolicyError,
    RedisRefusedError,
    open_redis,
    redis_breaker,
    refuse_eviction,
)
from app.storage.holds.redis_holds import RedisHolds
from app.storage.holds.urls import RedisUrlError, read_url
from scripts.races.servers import free_ports
from tests import engines
from tests.proxy import Proxy

pytestmark = pytest.mark.xdist_group("failovers")

NINE = 2_546_150_400_000
DEADLINE_S = 2.0
SLACK_S = 1.5
"""For a machine that is busy with something else."""
FAILOVER_S = 30.0
"""In which somebody else must have taken a master's place; it takes some three seconds."""

CLAIM = Claim(
    id="c", reservation_uid="uid", event_type_id=7, host_ids=(1,), start=NINE, end=NINE + 60 * MINUTE,
    before_buffer=0, after_buffer=0,
)  # fmt: skip


async def kept(holds: RedisHolds, name: str, *hosts: int) -> KeptReservation:
    """Keep a reservation of an hour."""
    outcome = await holds.claim(replace(CLAIM, id=name, reservation_uid=f"uid-{name}", host_ids=hosts), None)
    assert isinstance(outcome, Claimed), outcome
    assert await holds.keep(outcome.claim, outcome.at + 3_600_000)
    return KeptReservation(claim=outcome.claim, until=outcome.at + 3_600_000)


async def in_time(asked: Any) -> None:
    """Make sure that what is asked of a store that is away fails, and within the deadline."""
    started = asyncio.get_running_loop().time()
    with pytest.raises(StoreUnavailableError):
        await asked
    assert asyncio.get_running_loop().time() - started < DEADLINE_S + SLACK_S


async def kept_again(holds: RedisHolds, name: str, *hosts: int) -> KeptReservation:
    """Keep a reservation as soon as the store is back; each try answers or fails in time."""
    end = asyncio.get_running_loop().time() + FAILOVER_S
    for n in range(10_000):
        started = asyncio.get_running_loop().time()
        with contextlib.suppress(StoreUnavailableError):
            return await kept(holds, f"{name}-{n}", *hosts)
        assert asyncio.get_running_loop().time() - started < 2 * DEADLINE_S + SLACK_S, "claim and keep"
        assert asyncio.get_running_loop().time() < end, "the store is not back"
        await asyncio.sleep(0.05)
    raise AssertionError


# Commands ----------------------------------------------------------------------------------------------------------


def call(script: str, *arguments: Any) -> tuple[Any, ...]:
    return ("EVALSHA", sha1(script.encode(), usedforsecurity=False).hexdigest(), 0, *arguments)


async def test_of_scripts_that_share_a_trip_each_has_its_answer(
    servers: EmbeddedUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors are answers too, and leave the connection as it is. All of it without redis-py's own way to write."""
    echo = "return ARGV[1]"
    async with open_redis(servers.redis_url or "", deadline_s=DEADLINE_S) as client:
        await client.script_load(echo)
        monkeypatch.setattr(Connection, "pack_commands", lambda *_: pytest.fail("redis-py has written the commands"))
        for _ in range(2):
            pipeline = client.pipeline(transaction=False)
            for command in (call(echo, "first"), call("return 'never loaded'"), call(echo, 3)):
                pipeline.execute_command(*command)

            first, unknown, last = await pipeline.execute(raise_on_error=False)

            assert (first, last) == (b"first", b"3")
            assert isinstance(unknown, NoScriptError)


@pytest.mark.parametrize("alone", [True, False])
async def test_what_cannot_be_written_is_refused_as_redis_py_does(servers: EmbeddedUrls, *, alone: bool) -> None:
    async with open_redis(servers.redis_url or "", deadline_s=DEADLINE_S) as client:
        command, pipeline = call("return 1", None), client.pipeline(transaction=False)
        pipeline.execute_command(*command)
        with pytest.raises(DataError):
            await (client.execute_command(*command) if alone else pipeline.execute(raise_on_error=False))
        assert await client.ping()


# URLs --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "kind", "tls", "addresses", "options"),
    [
        ("redis://", "server", False, [("localhost", 6379)], {}),
        ("redis://h", "server", False, [("h", 6379)], {}),
        ("REDIS://h:1/", "server", False, [("h", 1)], {}),
        ("rediss://:p%40@h:1/2", "server", True, [("h", 1)], {"password": "p@", "db": 2}),
        ("redis://u:p@[::1]:7?db=3", "server", False, [("::1", 7)], {"username": "u", "password": "p", "db": 3}),
        ("rediss://h?ssl_cert_reqs=none", "server", True, [("h", 6379)], {"ssl_cert_reqs": "none"}),
        ("redis://h?health_check_interval=5", "server", False, [("h", 6379)], {"health_check_interval": 5}),
        ("unix:///run/r.sock?db=1", "socket", False, [], {"path": "/run/r.sock", "db": 1}),
        ("unix://u:p@/r%20s", "socket", False, [], {"path": "/r s", "username": "u", "password": "p"}),
        ("redis+sentinel://a,b:1/m", "sentinel", False, [("a", 26379), ("b", 1)], {}),
        ("redis+sentinel://a,[::1]:5,[2001:db8::2]/m/4", "sentinel", False,
         [("a", 26379), ("::1", 5), ("2001:db8::2", 26379)], {"db": 4}),
        ("rediss+sentinel://u:p@a/m?db=1", "sentinel", True, [("a", 26379)],
         {"username": "u", "password": "p", "db": 1}),
        ("redis+cluster://a,b:1", "cluster", False, [("a", 6379), ("b", 1)], {}),
        ("redis+cluster://a/0", "cluster", False, [("a", 6379)], {}),
        ("rediss+cluster://:p%2Cq@a/", "cluster", True, [("a", 6379)], {"password": "p,q"}),
    ],
)  # fmt: skip
def test_a_url_says_what_to_connect_to(
    url: str, kind: str, tls: bool, addresses: list[tuple[str, int]], options: dict[str, Any]  # noqa: FBT001
) -> None:  # fmt: skip
    read = read_url(url)
    assert (read.kind, read.tls, list(read.addresses), read.options) == (kind, tls, addresses, options)


def test_a_sentinels_password_is_its_own() -> None:
    read = read_url("rediss+sentinel://:data@a/m%2F1?sentinel_username=u&sentinel_password=s%26&ssl_ca_certs=/ca")
    assert read.service == "m/1"
    assert read.options == {"password": "data", "ssl_ca_certs": "/ca"}
    assert read.sentinel_options == {"username": "u", "password": "s&", "ssl_ca_certs": "/ca"}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", r"must begin with one of redis://, .*redis\+cluster://"),
        ("secret", "must begin"),
        ("http://:secret@h", "must begin"),
        ("redis:secret", "must begin"),
        ("redis://:secret@h:port", "host or port that cannot be read"),
        ("redis://:se/secret@h", "host or port .*%2F"),
        ("redis://:secret@h:65536", "host or port"),
        ("redis://:secret@h:0", "host or port"),
        ("redis://:secret@::1", "host or port"),
        ("redis://:secret@[secret]", "host or port"),
        ("redis://:secret@a,b", "several hosts"),
        ("redis://:secret@h/secret", "database that is not a number"),
        ("redis://:secret@h?db=secret", "option whose value cannot be read"),
        ("redis://:secret@h?secret=secret", "option that is not one of"),
        ("redis://:secret@h?decode_responses=true", "option that is not one of"),
        ("redis://:secret@h?ssl_ca_certs=secret", "option that is not one of"),
        ("redis://:secret@h?sentinel_password=secret", "option that is not one of"),
        ("unix://secret/x", "names no socket"),
        ("unix://", "names no socket"),
        ("redis+sentinel://:secret@a,b", "lacks the name"),
        ("redis+sentinel://:secret@a,b/", "lacks the name"),
        ("redis+sentinel://:secret@a/m/secret", "database that is not a number"),
        ("redis+sentinel://:secret@a,,b/m", "lacks a host"),
        ("redis+sentinel:///m", "lacks a host"),
        ("redis+cluster://:secret@", "lacks a host"),
        ("redis+cluster://:secret@a/1", "a cluster has none but 0"),
        ("redis+cluster://:secret@a?db=1", "a cluster has none but 0"),
        ("redis+cluster://:secret@a/secret", "database that is not a number"),
    ],
)
async def test_a_url_that_cannot_be_read_is_refused_without_being_repeated(url: str, reason: str) -> None:
    with pytest.raises(RedisUrlError, match=f"REDIS_URL .*{reason}") as refused:
        async with open_redis(url, deadline_s=1):
            pass
    assert "secret" not in str(refused.value)


# What is refused at start ------------------------------------------------------------------------------------------


@contextlib.contextmanager
def evicting(*servers: engines.Server) -> Iterator[None]:
    for server in servers:
        server.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    try:
        yield
    finally:
        for server in servers:
            server.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")


async def check(url: str) -> None:
    async with open_redis(url, deadline_s=DEADLINE_S) as client:
        await refuse_eviction(client, deadline_s=DEADLINE_S)


async def test_a_server_that_evicts_is_refused(redis7: engines.Server) -> None:
    await check(f"redis://{redis7.address}")
    with evicting(redis7), pytest.raises(EvictionPolicyError, match=r"allkeys-lru.*noeviction"):
        await check(f"redis://{redis7.address}")


@pytest.mark.parametrize("number", range(3))
async def test_a_cluster_is_refused_if_any_primary_evicts(valkey_cluster: engines.Cluster, number: int) -> None:
    await check(valkey_cluster.url)
    with evicting(valkey_cluster.primaries[number]), pytest.raises(EvictionPolicyError):
        await check(valkey_cluster.url)


async def test_of_a_master_and_its_replica_only_the_master_counts(watched: engines.Watched) -> None:
    with evicting(watched.replica):
        await check(watched.url)
    with evicting(watched.master), pytest.raises(EvictionPolicyError):
        await check(watched.url)


async def test_what_the_url_does_not_say_is_refused(
    redis7: engines.Server, valkey_cluster: engines.Cluster, watched: engines.Watched, servers: EmbeddedUrls
) -> None:
    node, sentinel = valkey_cluster.primaries[0].address, watched.sentinels[0].address
    password = watched.url.partition("password=")[2]
    for url, reason in {
        f"redis://{node}": r"redis\+cluster://",
        f"redis://:{password}@{sentinel}": r"redis\+sentinel://",
        f"redis+cluster://{redis7.address}": "Cluster mode is not enabled",
        str(servers.redis_url).replace("redis://:", "redis://:not"): "password",
    }.items():
        with pytest.raises(RedisRefusedError, match=reason) as refused:
            await check(url)
        assert password not in str(refused.value)


@pytest.mark.parametrize("url", ["redis://{}", "redis+cluster://{},{}", "redis+sentinel://{},{}/m"])
async def test_a_store_that_is_away_is_told_in_time(url: str) -> None:
    places = [f"127.0.0.1:{port}" for port in free_ports(2)]
    async with open_redis(url.format(*places), deadline_s=DEADLINE_S) as client:
        await in_time(refuse_eviction(client, deadline_s=DEADLINE_S))
        holds = RedisHolds(client, deadline_s=DEADLINE_S)
        for asked in (holds.claim(CLAIM, None), holds.ping(), holds.live([1, 2], (0, 1)), holds.clear()):
            await in_time(asked)


# Busy clients ------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["server", "cluster", "sentinel"])
def url(request: pytest.FixtureRequest) -> str:
    """A URL of each kind."""
    if request.param == "server":
        return f"redis://{request.getfixturevalue('redis7').address}"
    if request.param == "cluster":
        return str(request.getfixturevalue("valkey_cluster").url)
    return str(request.getfixturevalue("watched").url)


@pytest.fixture
async def holds(url: str) -> AsyncIterator[RedisHolds]:
    """A client that has not connected yet, and a store without holds."""
    async with open_redis(url, deadline_s=5) as before:
        await RedisHolds(before, deadline_s=5).clear()
    async with open_redis(url, deadline_s=5) as client:
        yield RedisHolds(client, deadline_s=5)


def servers_of(url: str, request: pytest.FixtureRequest) -> list[engines.Server]:
    if url.startswith("redis+cluster"):
        return list(request.getfixturevalue("valkey_cluster").primaries)
    return [request.getfixturevalue("watched").master if "sentinel" in url else request.getfixturevalue("redis7")]


async def test_more_requests_than_connections_wait_for_one(
    url: str, holds: RedisHolds, request: pytest.FixtureRequest
) -> None:
    """A busy client is not a store that is away, and it does not open a connection for each of any number."""
    servers = servers_of(url, request)
    for server in servers:
        server.ask("CLIENT", "PAUSE", 200)
    asked = [holds.live([1, 2, 3, 4, 5], (NINE, NINE + 1)) for _ in range(300)]
    assert await asyncio.gather(*asked) == [()] * 300
    assert all(server.ask("INFO", "clients")["connected_clients"] < 150 for server in servers)


async def test_a_client_that_was_asked_nothing_yet_empties_its_store(url: str, holds: RedisHolds) -> None:
    for host in range(1, 6):
        await kept(holds, f"r{host}", host)
    async with open_redis(url, deadline_s=5) as fresh:
        await RedisHolds(fresh, deadline_s=5).clear()
    assert await holds.live([1, 2, 3, 4, 5], (NINE, NINE + 1)) == ()


async def test_requests_that_were_cut_short_leave_nothing_behind(
    url: str, holds: RedisHolds, request: pytest.FixtureRequest
) -> None:
    """No connection may keep an answer that the next request would take for its own, and none may get lost."""
    reservations = [await kept(holds, f"r{host}", host) for host in range(1, 6)]
    for _ in range(3):
        with contextlib.ExitStack() as stack:
            for server in servers_of(url, request):
                stack.enter_context(server.frozen())
            live = [asyncio.ensure_future(holds.live([1, 2, 3, 4, 5], (NINE, NINE + 1))) for _ in range(50)]
            found = [asyncio.ensure_future(holds.reservation("uid-r1")) for _ in range(30)]
            await asyncio.sleep(0.05)
            for one in (*live, *found):
                _ = one.cancel()
            outcomes = await asyncio.gather(*live, *found, return_exceptions=True)
        assert asyncio.CancelledError in {type(outcome) for outcome in outcomes}
        if url.startswith("redis+cluster"):
            # On a busy machine its nodes may have stood still for so long that they took each other for lost.
            await asyncio.to_thread(engines.wait_until, lambda: all(map(is_whole, servers_of(url, request))))
        for reservation in reservations:
            asked = [holds.reservation(reservation.uid) for _ in range(30)]
            assert await asyncio.gather(*asked) == [reservation] * 30


# Servers that go away ----------------------------------------------------------------------------------------------


async def test_holds_are_written_to_the_master_that_sentinel_knows(watched: engines.Watched) -> None:
    async with open_redis(watched.url, deadline_s=DEADLINE_S) as client:
        holds = RedisHolds(client, deadline_s=DEADLINE_S)
        await holds.clear()
        reservation = await kept(holds, "first", 1)
        assert watched.master.ask("EXISTS", keys.locator(reservation.uid)) == 1
        assert await holds.reservation(reservation.uid) == reservation


@pytest.mark.parametrize("way", ["killed", "frozen"])
async def test_after_a_failover_the_same_client_goes_on_with_the_new_master(way: str) -> None:
    program = engines.redis7_program()
    with engines.watched(program, down_after_ms=1_000) as servers, contextlib.ExitStack() as stack:
        async with open_redis(servers.url, deadline_s=DEADLINE_S) as client:
            holds = RedisHolds(client, deadline_s=DEADLINE_S)
            before = await kept(holds, "before", 1)
            _ = await asyncio.gather(*(holds.reservation(before.uid) for _ in range(50)))
            engines.wait_until(lambda: servers.replica.ask("EXISTS", keys.locator(before.uid)))
            if way == "killed":
                servers.master.kill()
            else:
                stack.enter_context(servers.master.frozen())
            await in_time(holds.claim(replace(CLAIM, id="early"), None))
            after = await kept_again(holds, "after", 2)
            assert await holds.reservation(after.uid) == after
            assert await holds.reservation(before.uid) == before
            assert {one.uid for one in await holds.live([1, 2], (NINE, NINE + 1))} == {before.uid, after.uid}
            assert servers.replica.ask("EXISTS", keys.locator(after.uid)) == 1


async def test_a_deposed_master_gets_no_more_writes() -> None:
    """For ten seconds it is no replica yet and takes what it is sent: nobody else would ever see that."""
    with engines.watched(engines.redis7_program()) as servers:
        async with open_redis(servers.url, deadline_s=DEADLINE_S) as client:
            holds = RedisHolds(client, deadline_s=DEADLINE_S)
            await kept(holds, "before", 1)
            _ = await asyncio.gather(*(holds.reservation("uid-before") for _ in range(50)))
            first = servers.sentinels[0]
            first.ask("SENTINEL", "FAILOVER", engines.SERVICE)
            engines.wait_until(lambda: first.ask("SENTINEL MASTER", engines.SERVICE)["port"] == servers.replica.port)
            await asyncio.sleep(1)
            assert servers.master.ask("ROLE")[0] == "master"
            _ = await asyncio.gather(*(kept(holds, f"after-{n}", 100 + n) for n in range(50)))
            assert all(servers.replica.ask("EXISTS", keys.locator(f"uid-after-{n}")) for n in range(50))


async def test_a_sentinel_that_hangs_or_is_gone_is_passed_over(watched: engines.Watched) -> None:
    [gone] = free_ports(1)
    url = watched.url.replace(watched.sentinels[0].address, f"127.0.0.1:{gone}")
    with watched.sentinels[1].frozen():
        async with open_redis(url, deadline_s=5) as client:
            holds = RedisHolds(client, deadline_s=5)
            await holds.ping()
            assert await asyncio.gather(*(holds.reservation("nobody's") for _ in range(50))) == [None] * 50


@pytest.mark.parametrize("times", [1, 2])
async def test_sentinels_that_are_all_away_are_no_reason_to_leave_a_master_that_answers(
    watched: engines.Watched, times: int
) -> None:
    """However many there are: here each is named once, or twice."""
    places = ",".join(sentinel.address for sentinel in watched.sentinels)
    url = watched.url.replace(places, ",".join([places] * times))
    async with open_redis(url, deadline_s=DEADLINE_S) as client:
        holds = RedisHolds(client, deadline_s=DEADLINE_S)
        await holds.clear()
        await kept(holds, "before", 1)
        with contextlib.ExitStack() as stack:
            for sentinel in watched.sentinels:
                stack.enter_context(sentinel.frozen())
            await asyncio.sleep(1)
            await kept(holds, "meanwhile", 2)


async def test_a_name_that_leads_to_another_server_is_followed_when_the_old_one_takes_no_writes() -> None:
    """As where a provider, or an operator, fails over: the old one stays up, as a replica, with its connections."""
    program = engines.redis7_program()
    with engines.store(program) as old, engines.store(program) as new:
        named = old
        async with (
            Proxy(lambda: asyncio.open_connection(engines.HOST, named.port)).running() as proxy,
            open_redis(f"redis://127.0.0.1:{proxy.port}", deadline_s=DEADLINE_S) as client,
        ):
            holds = RedisHolds(client, deadline_s=DEADLINE_S)
            await asyncio.gather(*(kept(holds, f"before-{n}", n) for n in range(20)))
            old.ask("REPLICAOF", engines.HOST, new.port)
            named = new
            after = await kept(holds, "after", 99)
            assert await holds.reservation(after.uid) == after


async def test_of_connections_that_the_network_forgot_the_first_to_be_used_is_the_last_to_cost_time(
    redis7: engines.Server,
) -> None:
    """The server is well all the time; what kept track of its idle connections is not."""
    async with (
        Proxy(lambda: asyncio.open_connection(engines.HOST, redis7.port)).running() as proxy,
        open_redis(f"redis://127.0.0.1:{proxy.port}", deadline_s=DEADLINE_S) as client,
    ):
        breaker = redis_breaker(client, DEADLINE_S)
        assert breaker is not None
        holds = RedisHolds(client, deadline_s=DEADLINE_S, breaker=breaker)
        many = [holds.reservation("nobody's") for _ in range(20)]
        assert await asyncio.gather(*many) == [None] * 20
        proxy.forget()
        with pytest.raises(StoreUnavailableError):
            await holds.reservation("nobody's")
        assert not breaker.is_open
        await asyncio.sleep(DEADLINE_S / 2)
        many = [holds.reservation("nobody's") for _ in range(20)]
        assert await asyncio.gather(*many) == [None] * 20


async def test_a_server_that_comes_back_needs_no_new_client() -> None:
    with engines.store(engines.valkey_program()) as server:
        async with open_redis(f"redis://{server.address}", deadline_s=DEADLINE_S) as client:
            holds = RedisHolds(client, deadline_s=DEADLINE_S)
            _ = await asyncio.gather(*(kept(holds, f"before-{n}", n) for n in range(20)))
            server.kill()
            await in_time(holds.claim(CLAIM, None))
            assert server.start()
            await kept(holds, "after", 1)
            with server.frozen():
                await in_time(holds.claim(CLAIM, None))
            await kept(holds, "last", 2)


async def test_of_a_cluster_a_node_that_comes_back_and_one_that_takes_its_place_are_found() -> None:
    """One cluster, because making one takes seconds: a primary goes and comes back, another is replaced, then hangs."""
    with engines.cluster(engines.valkey_program(), replicas=1, node_timeout_ms=1_000) as cluster:
        replaced, lonely, _ = cluster.primaries
        replica = cluster.replicas[0]
        owners = {host: cluster.owner(keys.host_lane(host).index) for host in range(1, 50)}
        hosts = iter([host for host, owner in owners.items() if owner == replaced])
        lonely_host = next(host for host, owner in owners.items() if owner == lonely)
        async with open_redis(cluster.url, deadline_s=DEADLINE_S) as client:
            holds = RedisHolds(client, deadline_s=DEADLINE_S)
            _ = await asyncio.gather(*(holds.reservation(f"nobody's-{n}") for n in range(50)))

            # Without a replica: until it is back, the whole cluster refuses.
            lonely.kill()
            await in_time(holds.claim(replace(CLAIM, host_ids=(lonely_host,)), None))
            assert lonely.start()
            back = await kept_again(holds, "back", lonely_host)
            engines.wait_until(lambda: all(is_whole(node) for node in cluster.primaries))

            # With a replica, which takes its place.
            replaced.kill()
            await in_time(holds.claim(replace(CLAIM, id="early", host_ids=(next(hosts),)), None))
            after = await kept_again(holds, "after", next(hosts), lonely_host + 1)
            assert replica.ask("ROLE")[0] == "master"
            assert await holds.reservation(after.uid) == after
            assert await holds.reservation(back.uid) == back
            await holds.ping()

            # The killed one comes back as a replica, and takes its place again when the other hangs.
            assert replaced.start()
            engines.wait_until(lambda: replaced.ask("INFO", "replication").get("master_link_status") == "up")
            with replica.frozen():
                await in_time(holds.claim(replace(CLAIM, id="late", host_ids=(next(hosts),)), None))
                again = await kept_again(holds, "again", next(hosts))
                assert await holds.reservation(again.uid) == again
                assert replaced.ask("ROLE")[0] == "master"


def is_whole(node: engines.Server) -> bool:
    return bool(node.ask("CLUSTER INFO")["cluster_state"] == "ok")


async def test_under_load_a_cluster_that_is_whole_again_is_asked_in_peace() -> None:
    """Requests that fail with a node must not make others fail, and those again others, without end."""
    outcomes, enough = Counter[str](), asyncio.Event()

    async def keep_asking(holds: RedisHolds, worker: int) -> None:
        for number in count():
            if enough.is_set():
                return
            outcome = "answered"
            try:
                reservation = await kept(holds, f"w{worker}-{number}", 100 + worker, 200 + worker)
                assert await holds.reservation(reservation.uid) == reservation
                assert await holds.end(reservation.uid)
            except StoreUnavailableError:
                outcome = "refused"
                # What it left behind may stand in its way for some seconds.
                worker += 500
            outcomes[outcome] += 1
            await asyncio.sleep(0)

    with engines.cluster(engines.valkey_program(), node_timeout_ms=1_000) as cluster:
        async with open_redis(cluster.url, deadline_s=DEADLINE_S) as client, asyncio.TaskGroup() as group:
            holds = RedisHolds(client, deadline_s=DEADLINE_S)
            for worker in range(50):
                _ = group.create_task(keep_asking(holds, worker))
            try:
                await asyncio.sleep(0.5)
                cluster.primaries[0].kill()
                await asyncio.to_thread(engines.wait_until, lambda: outcomes["refused"])
                await asyncio.sleep(1)
                assert await asyncio.to_thread(cluster.primaries[0].start)
                await asyncio.to_thread(engines.wait_until, lambda: all(is_whole(node) for node in cluster.primaries))
                for _ in range(15):
                    outcomes.clear()
                    before = await asyncio.to_thread(connections, cluster)
                    await asyncio.sleep(1)
                    made = await asyncio.to_thread(connections, cluster) - before
                    if outcomes["answered"] and not outcomes["refused"] and made < 20:
                        break
                else:
                    pytest.fail(f"it does not calm down: {outcomes}, {made} connections a second")
            finally:
                enough.set()


def connections(cluster: engines.Cluster) -> int:
    """How many a cluster's nodes have taken so far."""
    return sum(int(node.ask("INFO", "stats")["total_connections_received"]) for node in cluster.primaries)


async def test_the_hosts_of_the_url_stay_those_to_ask_for_a_cluster(valkey_cluster: engines.Cluster) -> None:
    """One that is started again elsewhere is found by the names in the URL, not by the addresses it had."""
    first = valkey_cluster.primaries[0].address
    async with open_redis(f"redis+cluster://{first}", deadline_s=DEADLINE_S) as client:
        await RedisHolds(client, deadline_s=DEADLINE_S).ping()
        assert isinstance(client, RedisCluster)
        assert len(client.get_nodes()) == 3
        assert set(client.nodes_manager.startup_nodes) == {first}


async def test_what_its_asker_has_left_is_not_done_later(redis7: engines.Server) -> None:
    """Here the way to the server is slow: each word of a new connection comes in time, all of them do not."""
    async with Proxy(lambda: asyncio.open_connection(engines.HOST, redis7.port)).running() as proxy:
        url = f"redis://127.0.0.1:{proxy.port}?db=1"
        async with open_redis(url, deadline_s=DEADLINE_S) as known, open_redis(url, deadline_s=0.3) as client:
            await kept(RedisHolds(known, deadline_s=DEADLINE_S), "known", 2)
            proxy.pause_s = 0.2
            with pytest.raises(StoreUnavailableError):
                await RedisHolds(client, deadline_s=0.3).claim(replace(CLAIM, id="left"), None)
            await asyncio.sleep(6 * proxy.pause_s)
            proxy.pause_s = 0
            assert await known.exists(keys.host_lane(1).hold_prefix + "left") == 0


async def test_a_reservation_survives_its_client(redis7: engines.Server) -> None:
    async with open_redis(f"redis://{redis7.address}", deadline_s=DEADLINE_S) as client:
        holds = RedisHolds(client, deadline_s=DEADLINE_S)
        await holds.clear()
        reservation = await kept(holds, "first", 1)
    async with Redis.from_url(f"redis://{redis7.address}") as other:
        assert await other.exists(keys.locator(reservation.uid))
