"""Real servers for a whole run: embedded PostgreSQL and Valkey in a folder of their own, other engines when wanted."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest
from redis.asyncio import Redis

from app.storage.embedded import EmbeddedServers, EmbeddedUrls
from scripts.races.servers import free_ports
from tests import engines


@pytest.fixture(scope="session")
def unused_tcp_port_factory() -> Callable[[], int]:
    """In place of pytest-asyncio's: ports that the system gives to nobody else until a slow server has started."""
    given = set[int]()

    def unused() -> int:
        port = free_ports(1)[0]
        while port in given:
            port = free_ports(1)[0]
        given.add(port)
        return port

    return unused


@pytest.fixture
def unused_tcp_port(unused_tcp_port_factory: Callable[[], int]) -> int:
    """One of them."""
    return unused_tcp_port_factory()


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedUrls]:
    """PostgreSQL and Valkey, started once and stopped at the end."""
    # Not in pytest's own folder, which another run as root would close to the servers' account. In a thread, because
    # starting runs an event loop of its own, and a fixture may be asked for while the tests' loop runs.
    with TemporaryDirectory(prefix="holdfast-") as folder, ThreadPoolExecutor(1) as thread:
        used = thread.submit(_started, Path(folder)).result()
        yield used.urls
        # To write down all that the tests left would take longer than any of them.
        (postmaster,) = Path(folder).glob("postgres/data/postmaster.pid")
        os.kill(int(postmaster.read_text().splitlines()[0]), signal.SIGQUIT)
        used.release()


def _started(folder: Path) -> EmbeddedServers:
    used = EmbeddedServers.use(folder, postgres=True, valkey=True)
    asyncio.run(_keep_from_the_disk(used.urls.database_url or ""))
    return used


async def _keep_from_the_disk(database_url: str) -> None:
    """Let nothing wait for the disk: nothing outlives the run."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("ALTER SYSTEM SET fsync = off")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()


@pytest.fixture
async def valkey(servers: EmbeddedUrls) -> AsyncIterator[Redis]:
    """A client of an empty Valkey."""
    assert servers.redis_url
    async with Redis.from_url(servers.redis_url) as client:
        await client.flushall()
        yield client


@pytest.fixture(scope="session")
def redis7() -> Iterator[engines.Server]:
    """Redis 7, started for the first test that wants it."""
    with engines.store(engines.redis7_program()) as server:
        yield server


@pytest.fixture(scope="session")
def valkey_cluster() -> Iterator[engines.Cluster]:
    """A cluster of three Valkeys, started for the first test that wants it."""
    with engines.cluster(engines.valkey_program()) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def watched() -> Iterator[engines.Watched]:
    """A master, a replica and sentinels, started for the first test that wants them; no test may end one."""
    with engines.watched(engines.redis7_program()) as servers:
        yield servers
