"""Real servers for a whole run: embedded PostgreSQL and Valkey in a folder of their own."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis.asyncio import Redis

from app.storage.embedded import EmbeddedServers, EmbeddedUrls


@pytest.fixture(scope="session")
def servers() -> Iterator[EmbeddedUrls]:
    """PostgreSQL and Valkey, started once and stopped at the end."""
    # Not in pytest's own folder, which another run as root would close to the servers' account. In a thread, because
    # starting runs an event loop of its own, and a fixture may be asked for while the tests' loop runs.
    with TemporaryDirectory(prefix="holdfast-") as folder, ThreadPoolExecutor(1) as thread:
        used = thread.submit(lambda: EmbeddedServers.use(Path(folder), postgres=True, valkey=True)).result()
        yield used.urls
        used.release()


@pytest.fixture
async def valkey(servers: EmbeddedUrls) -> AsyncIterator[Redis]:
    """A client of an empty Valkey."""
    assert servers.redis_url
    async with Redis.from_url(servers.redis_url) as client:
        await client.flushall()
        yield client
