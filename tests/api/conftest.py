"""The whole service in this process, on real PostgreSQL and Valkey, and a world to ask it about."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from redis.asyncio import Redis

from app.application.stores import StoreUrls
from app.application.web import build
from app.settings import Settings
from app.storage.embedded import EmbeddedUrls
from app.storage.postgres.load import say_nothing, write_world
from app.storage.postgres.migrate import migrate
from app.storage.postgres.pool import Borrowed, Pool
from app.storage.world_files.reading import world_of
from scripts.races.servers import free_ports
from tests.api.asking import Asking
from tests.api.conforming import CONFORMANCE
from tests.api.pods import dying_pod
from tests.api.world import WORLD
from tests.engines import new_database

_HAS_ONE: ContextVar[bool] = ContextVar("_HAS_ONE", default=False)


@pytest.fixture(autouse=True)
def _nobody_needs_two_connections_at_once() -> Iterator[None]:
    """Once as many have one and wait for another as there are, nobody gets any until their time is up."""
    lent = Pool.connection

    @asynccontextmanager
    async def connection(pool: Pool) -> AsyncIterator[Borrowed]:
        assert not _HAS_ONE.get(), "a connection is asked for by who has one"
        async with lent(pool) as lent_one:
            _HAS_ONE.set(True)
            try:
                yield lent_one
            finally:
                _HAS_ONE.set(False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pool, "connection", connection)
        yield


@pytest.fixture(scope="session")
async def urls(servers: EmbeddedUrls) -> StoreUrls:
    """A database of its own for these tests, with its schema."""
    assert servers.redis_url
    database = await new_database(servers, "api_tests")
    await migrate(database, timeout_s=30)
    return StoreUrls(database, servers.redis_url)


@pytest.fixture(scope="session")
def settings(urls: StoreUrls) -> Settings:
    return Settings(
        database_url=SecretStr(urls.database),
        redis_url=SecretStr(urls.redis),
        # A machine that runs tests may be slow.
        turn_wait_s=10,
        store_deadline_s=10,
        webhook_private_addresses=True,  # The tests' receivers are on this machine.
    )


@pytest.fixture(scope="session")
def metrics_port() -> int:
    """Where the service tells its metrics; those of requests are the process's, whichever app had them."""
    return free_ports(1)[0]


@pytest.fixture(scope="session")
async def client(settings: Settings, urls: StoreUrls, metrics_port: int) -> AsyncIterator[TestClient[Any, Any]]:
    app = await build(settings.model_copy(update={"metrics_port": metrics_port}), urls)
    CONFORMANCE.watch(app)
    async with TestClient(TestServer(app)) as started:
        yield started


@pytest.fixture(autouse=True)
def _no_answer_differs_from_its_description() -> Iterator[None]:
    yield
    wrong, CONFORMANCE.wrong = CONFORMANCE.wrong, []
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="session")
async def database(urls: StoreUrls) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the tests' own, to see whether anything was written."""
    connection = await asyncpg.connect(urls.database)
    yield connection
    await connection.close()


class _Loaded:
    """The tests' world in the database, written anew for a test after one that wrote anything."""

    def __init__(self) -> None:
        self._writes: int | None = None

    async def afresh(self, database: asyncpg.Connection, redis: Redis) -> None:
        # Every transaction that writes, and no other, takes a number.
        if self._writes is None or await database.fetchval(_NEXT_NUMBER) != self._writes:
            # As `load` does, but through a connection that lasts: a new one has everything to learn about the tables.
            async with database.transaction():
                await write_world(database, world_of(WORLD), "replace", say_nothing)
            self._writes = await database.fetchval(_NEXT_NUMBER)
        await redis.flushall()


_NEXT_NUMBER = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"


@pytest.fixture(scope="session")
def loaded() -> _Loaded:
    return _Loaded()


@pytest.fixture
async def api(
    settings: Settings,
    urls: StoreUrls,
    client: TestClient[Any, Any],
    loaded: _Loaded,
    database: asyncpg.Connection,
    redis: Redis,
) -> Asking:
    """The service with the tests' world, and nothing left of earlier tests."""
    await loaded.afresh(database, redis)
    return Asking(client, settings, urls)


@pytest.fixture
async def redis(urls: StoreUrls) -> AsyncIterator[Redis]:
    """What the service keeps its holds in, to look inside."""
    async with Redis.from_url(urls.redis) as client:
        yield client


@pytest.fixture
async def dying(api: Asking) -> AsyncIterator[Asking]:
    """A pod that dies with every request that has a key, as far as the next one can tell."""
    async with dying_pod(api.settings, api.urls) as asking:
        yield asking
