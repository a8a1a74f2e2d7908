"""Other pods of the same service: some whose stores are elsewhere, some that die, some that can be killed."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
from aiohttp import ClientConnectionError, web
from aiohttp.test_utils import BaseTestServer, TestClient, TestServer
from aiohttp.web import BaseRunner
from redis.asyncio import Redis
from typing_extensions import override
from yarl import URL

from app.api.app import LoadLimits, web_application
from app.api.state import UseCases
from app.api.streams import StreamLimits
from app.application.stores import StoreUrls, open_stores
from app.application.web import use_cases
from app.services.answer_once import OnceAnswerer
from app.services.ports import Answer
from app.serving import Runner
from app.settings import Settings
from app.storage.holds.redis_holds import RedisHolds
from app.storage.holds.replays import RedisReplays
from app.storage.postgres.booking_requests import PostgresBookingRequests
from tests.api.asking import Asking
from tests.api.conforming import CONFORMANCE

DEADLINE_S = 2.0
START_S = 40.0
_WAITING = """
    SELECT EXISTS (
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = $1
    )
"""


class _Dying:
    """What a pod leaves that dies before it can write down how a request ended."""

    async def record(self, key: str, attempt: str, answer: Answer) -> bool:  # noqa: ARG002 - a port's method
        return False

    async def give_up(self, key: str, attempt: str, *, forget: bool) -> bool:  # noqa: ARG002 - a port's method
        return False


class DyingReplays(_Dying, RedisReplays):
    """Of requests to reserve."""


class DyingBookingRequests(_Dying, PostgresBookingRequests):
    """Of requests to book."""


@asynccontextmanager
async def pod(settings: Settings, urls: StoreUrls) -> AsyncIterator[Asking]:
    """Another pod, whose stores may be elsewhere."""
    async with open_stores(settings, urls) as stores, _pod(settings, urls, use_cases(settings, stores)) as asking:
        yield asking


@asynccontextmanager
async def pod_with(settings: Settings, urls: StoreUrls, holds: type[RedisHolds]) -> AsyncIterator[Asking]:
    """Another pod, whose store of holds does what a test says."""
    async with open_stores(settings, urls) as stores:
        failing = replace(stores, holds=holds(stores.redis, deadline_s=DEADLINE_S))
        async with _pod(settings, urls, use_cases(settings, failing)) as asking:
            yield asking


@asynccontextmanager
async def dying_pod(settings: Settings, urls: StoreUrls) -> AsyncIterator[Asking]:
    """A pod that dies with every request that has a key, as far as the next one can tell."""
    async with open_stores(settings, urls) as stores:
        replays = DyingReplays(stores.redis, deadline_s=DEADLINE_S), DyingBookingRequests(stores.pool)
        answerers = [OnceAnswerer(one, store_deadline_s=DEADLINE_S) for one in replays]
        cases = replace(use_cases(settings, stores), once_answerer=answerers[0], booking_answerer=answerers[1])
        async with _pod(settings, urls, cases) as asking:
            yield asking


@dataclass(frozen=True)
class Killable:
    """A pod that is a process."""

    asking: Asking
    process: Process

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()


class _Elsewhere(BaseTestServer):
    """A server that somebody else starts and ends."""

    @override
    async def start_server(self, loop: asyncio.AbstractEventLoop | None = None, **_: Any) -> None:
        self._root = URL(f"http://127.0.0.1:{self.port}")

    @override
    async def _make_runner(self, **_: Any) -> BaseRunner:
        raise AssertionError


@asynccontextmanager
async def killable_pod(settings: Settings, urls: StoreUrls, port: int) -> AsyncIterator[Killable]:
    """A pod that is a process, without quotas: nothing but its holds is to be found in Redis."""
    addresses = {"DATABASE_URL": urls.database, "REDIS_URL": urls.redis, "HOLDFAST_HOLDS_PER_CLIENT": "0"}
    command = (sys.executable, "-m", "app", "serve", "--port", str(port))
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **addresses}, stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        client: TestClient[Any, Any]
        async with TestClient(_Elsewhere(port=port)) as client:
            async with asyncio.timeout(START_S):
                await _ready(client, process)
            yield Killable(Asking(client, settings, urls), process)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _ready(client: TestClient[Any, Any], process: Process) -> None:
    while process.returncode is None:
        with suppress(ClientConnectionError):
            async with client.get("/health/ready") as ready:
                if ready.status == 200:
                    return
        await asyncio.sleep(0.05)
    raise AssertionError("the pod ended by itself")


@asynccontextmanager
async def serving(app: web.Application, settings: Settings) -> AsyncIterator[int]:
    """Serve as the command does; the port."""
    runner = Runner(app, settings)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield site.port
    await runner.cleanup()


@asynccontextmanager
async def _pod(settings: Settings, urls: StoreUrls, cases: UseCases) -> AsyncIterator[Asking]:
    app = web_application(
        cases,
        settings.trusted_proxies,
        load_limits=LoadLimits(settings.requests_at_once, settings.turn_wait_s, settings.client_s),
        stream_limits=StreamLimits(settings.streams, settings.streams_per_client),
    )
    CONFORMANCE.watch(app)
    async with TestClient(TestServer(app)) as client:
        yield Asking(client, settings, urls)


@asynccontextmanager
async def locked(urls: StoreUrls, table: str) -> AsyncIterator[None]:
    """Let whoever writes to a table wait, by a connection of its own."""
    connection = await asyncpg.connect(urls.database)
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def until_waiting(database: asyncpg.Connection, for_what: str) -> None:
    """Wait until somebody waits for a lock: of a "relation", say, or an "advisory" one. Not within a transaction."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            if await database.fetchval(_WAITING, for_what):
                return
            await asyncio.sleep(0.01)


async def end_booking_leases(urls: StoreUrls) -> None:
    """Let as much time pass as a request about bookings may take."""
    connection = await asyncpg.connect(urls.database)
    await connection.execute("UPDATE booking_requests SET lease_until = now()")
    await connection.close()


async def end_leases(redis: Redis) -> None:
    """Let as much time pass as a request may take."""
    for key in await redis.keys("hf:{i:*"):
        await redis.hset(key, "lease", "0")
