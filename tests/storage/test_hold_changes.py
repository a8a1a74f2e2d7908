"""What is said on the channel of holds, on every kind of store, and what happens where nothing can be said."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from time import time
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from app.domain.reservation import Claim, Claimed, KeptReservation
from app.services.sources import ANYTHING
from app.storage.embedded import EmbeddedUrls
from app.storage.holds.connection import Client, open_redis
from app.storage.holds.hold_changes import RedisHoldChanges
from app.storage.holds.redis_holds import RedisHolds
from tests.engines import Cluster, Server, Watched
from tests.proxy import Proxy

WAIT_S = 5.0
FIRST = 2_546_150_400_000


class Ears:
    """What was told."""

    def __init__(self) -> None:
        self.changes: RedisHoldChanges
        self._heard = set[str]()

    def tell(self, sources: Collection[str]) -> None:
        self._heard |= {name for name in sources if not name.startswith("proof-")}

    async def hear(self, *names: str) -> None:
        """Wait until these have been told since the last time; no others may have been."""
        # On a cluster one node may have a word later than another.
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                while not await self.changes.told() or self._heard != {*names}:  # noqa: ASYNC110 - it takes a while
                    await asyncio.sleep(0.02)
        heard, self._heard = self._heard, set()
        assert heard == {*names}


def claim(name: str, *host_ids: int, place: int = 0, ledgers: tuple[str, ...] = ()) -> Claim:
    start = FIRST + place * 3_600_000
    return Claim(
        id=name,
        reservation_uid=f"uid-{name}",
        event_type_id=1,
        host_ids=host_ids,
        start=start,
        end=start + 1_800_000,
        before_buffer=0,
        after_buffer=0,
        ledgers=ledgers,
    )


def until() -> int:
    return int(time() * 1_000) + 60_000


@asynccontextmanager
async def hearing(client: Client) -> AsyncIterator[Ears]:
    ears = Ears()
    ears.changes = RedisHoldChanges(client, ears.tell)
    async with ears.changes.heard():
        yield ears


@pytest.fixture(params=["valkey", "redis7", "cluster", "sentinel"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    """A client of each kind of store."""
    if request.param == "valkey":
        servers: EmbeddedUrls = request.getfixturevalue("servers")
        url = servers.redis_url or ""
    elif request.param == "redis7":
        server: Server = request.getfixturevalue("redis7")
        url = f"redis://{server.address}/0"
    elif request.param == "cluster":
        cluster: Cluster = request.getfixturevalue("valkey_cluster")
        url = cluster.url
    else:
        watched: Watched = request.getfixturevalue("watched")
        url = watched.url
    async with open_redis(url, deadline_s=2) as client:
        yield client


async def test_every_change_of_what_is_held_is_told_by_its_lanes(client: Client) -> None:
    holds = RedisHolds(client, deadline_s=2)
    await holds.clear()
    async with hearing(client) as ears:
        await ears.hear(ANYTHING)
        made = await holds.claim(claim("a", 1, 2, ledgers=("type:1",)), None)
        assert isinstance(made, Claimed)
        await ears.hear()  # What may not stand is nobody's business yet.
        assert await holds.keep(made.claim, until())
        await ears.hear("h:1", "h:2", "l:type:1")

        kept = await holds.reservation("uid-a")
        assert kept is not None
        moved = await holds.claim(replace(claim("b", 3, place=1), reservation_uid="uid-a"), kept)
        assert isinstance(moved, Claimed)
        assert await holds.move(kept, moved.claim, until())
        await ears.hear("h:1", "h:2", "h:3", "l:type:1")

        await holds.end("uid-a")
        await ears.hear("h:3")
        await holds.load([KeptReservation(claim=claim("c", 4), until=until())])
        await ears.hear("h:4")
        await holds.clear()
        await ears.hear(ANYTHING)


async def test_where_nobody_may_publish_slots_are_held_and_nothing_is_told(redis7: Server) -> None:
    """As by the rules that Redis has for new users unless told otherwise."""
    redis7.ask("ACL", "SETUSER", "quiet", "on", ">secret", "~*", "+@all", "resetchannels")
    async with open_redis(f"redis://quiet:secret@{redis7.address}/0", deadline_s=2) as client:
        holds = RedisHolds(client, deadline_s=2)
        made = await holds.claim(claim("quiet", 5), None)
        assert isinstance(made, Claimed)
        assert await holds.keep(made.claim, until())
        assert await holds.end("uid-quiet")
        async with hearing(client) as ears:
            assert not await ears.changes.told()
            assert not await ears.changes.told()


@asynccontextmanager
async def hearing_through_a_proxy(servers: EmbeddedUrls) -> AsyncIterator[tuple[Proxy, Ears]]:
    parts = urlsplit(servers.redis_url or "")
    async with Proxy(lambda: asyncio.open_connection(parts.hostname, parts.port)).running() as proxy:
        url = parts._replace(netloc=parts.netloc.replace(str(parts.port), str(proxy.port))).geturl()
        async with open_redis(url, deadline_s=2) as client, hearing(client) as ears:
            await ears.hear(ANYTHING)
            await ears.hear()
            yield proxy, ears


async def test_what_was_missed_while_cut_off_may_be_anything(valkey: Redis, servers: EmbeddedUrls) -> None:
    async with hearing_through_a_proxy(servers) as (proxy, ears):
        proxy.cut()
        assert not await ears.changes.told()
        proxy.mend()
        await ears.hear(ANYTHING)
        await RedisHolds(valkey, deadline_s=2).load([KeptReservation(claim=claim("d", 6), until=until())])
        await ears.hear("h:6")


@pytest.mark.usefixtures("valkey")
async def test_a_connection_that_is_open_but_leads_nowhere_is_left(servers: EmbeddedUrls) -> None:
    """As after a failover from a master that hangs."""
    async with hearing_through_a_proxy(servers) as (proxy, ears):
        proxy.forget()
        assert not await ears.changes.told()
        await ears.hear(ANYTHING)
