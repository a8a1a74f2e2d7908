"""What callers see while a store is away or slow, for how long they wait, and that it ends by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from time import monotonic
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp.test_utils import TestClient, TestServer

from app import application
from app.application import StoreUrls
from app.settings import Settings
from app.storage.world_files.reading import world_of
from tests.api.asking import Answer, Asking
from tests.api.world import WORLD
from tests.proxy import Proxy

DEADLINE_S = 0.5
MOST_S = 3 * DEADLINE_S
"""A request may meet two deadlines, one a store, and computes in between."""


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

    async def reserve(self, start: str = "10:00") -> Answer:
        return await self.timed(asyncio.create_task(self.asking.reserve(10, start)))


@pytest.fixture
async def faulty(settings: Settings, urls: StoreUrls) -> AsyncIterator[Faulty]:
    await application.load(settings, urls, world_of(WORLD), "replace")
    database, redis = urlsplit(urls.database), urlsplit(urls.redis)
    socket = parse_qs(database.query)
    path = f"{socket['host'][0]}/.s.PGSQL.{socket.get('port', ['5432'])[0]}"
    async with AsyncExitStack() as stack:
        to_postgres = await stack.enter_async_context(Proxy(lambda: asyncio.open_unix_connection(path)).running())
        to_redis = await stack.enter_async_context(
            Proxy(lambda: asyncio.open_connection(redis.hostname, redis.port)).running()
        )
        through = StoreUrls(
            f"postgresql://{database.username}@127.0.0.1:{to_postgres.port}{database.path}?sslmode=disable",
            f"redis://:{redis.password}@127.0.0.1:{to_redis.port}/0",
        )
        quick = settings.model_copy(update={"store_deadline_s": DEADLINE_S})
        server = TestServer(await application.build(quick, through))
        client = await stack.enter_async_context(TestClient(server))
        yield Faulty(Asking(client, settings, urls), to_postgres, to_redis)


async def test_redis_away(faulty: Faulty) -> None:
    """Listing goes on and says that it may be wrong; nothing is held; then all is as before, without a restart."""
    uid = (await faulty.reserve("07:00")).data["reservationUid"]
    faulty.redis.cut()
    listing = await faulty.slots()
    assert listing.status == 200
    assert listing.headers["X-Holdfast-Degraded"] == "holds"
    query = {"eventTypeId": 10, "at": "2050-09-05T07:00:00Z"}
    explained = await faulty.asking.ask("GET", "/v2/slots/explain", params=query)
    assert (explained.data["free"], explained.headers["X-Holdfast-Degraded"]) == (True, "holds")
    refused = await faulty.reserve()
    assert (refused.status, refused.headers["Retry-After"]) == (503, "2")
    assert refused.body["error"]["code"] == "ServiceUnavailableException"
    path = f"/v2/slots/reservations/{uid}"
    for method in ("GET", "DELETE"):
        assert (await faulty.asking.ask(method, path)).status == 503
    async with faulty.asking.client.get("/health/ready") as ready:
        assert (ready.status, (await ready.json())["stores"]) == (200, {"postgres": "up", "redis": "down"})
    faulty.redis.mend()
    assert "X-Holdfast-Degraded" not in (await faulty.slots()).headers
    assert (await faulty.reserve()).status == 201
    assert (await faulty.asking.ask("GET", path)).data["reservationUid"] == uid


async def test_redis_slow(faulty: Faulty) -> None:
    await faulty.slots()
    faulty.redis.pause_s = 5
    assert (await faulty.slots()).headers["X-Holdfast-Degraded"] == "holds"
    assert (await faulty.reserve()).status == 503
    faulty.redis.pause_s = 0
    assert "X-Holdfast-Degraded" not in (await faulty.slots()).headers


async def test_postgres_away(faulty: Faulty) -> None:
    await faulty.slots()
    faulty.postgres.cut()
    assert (await faulty.slots()).status == 503
    assert (await faulty.reserve()).status == 503
    async with faulty.asking.client.get("/health/ready") as ready:
        assert (ready.status, (await ready.json())["stores"]["postgres"]) == (503, "down")
    faulty.postgres.mend()
    assert (await faulty.slots()).status == 200
    assert (await faulty.reserve()).status == 201


async def test_postgres_slow(faulty: Faulty) -> None:
    await faulty.slots()
    faulty.postgres.pause_s = 5
    assert (await faulty.slots()).status == 503
    faulty.postgres.pause_s = 0
    assert (await faulty.slots()).status == 200


async def test_a_burst_with_redis_away_leaks_no_connection(faulty: Faulty) -> None:
    await faulty.slots()
    faulty.redis.cut()
    answers = await asyncio.gather(*(faulty.asking.reserve(10, "10:00") for _ in range(50)))
    assert {answer.status for answer in answers} == {503}
    faulty.redis.mend()
    answers = await asyncio.gather(*(faulty.asking.reserve(10, "10:00") for _ in range(50)))
    assert sorted(answer.status for answer in answers) == [201] + [422] * 49
