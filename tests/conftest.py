"""Real servers for a whole run: embedded PostgreSQL and Valkey in a folder of their own."""

from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis.asyncio import Redis

from app.storage.embedded import EmbeddedServers, EmbeddedUrls


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedUrls]:
    """PostgreSQL and Valkey, started once and stopped at the end."""
    folder = tmp_path_factory.mktemp("servers")
    # In a thread: it runs an event loop of its own, and a fixture may be asked for while the tests' loop runs.
    with ThreadPoolExecutor(1) as thread:
        used = thread.submit(lambda: EmbeddedServers.use(folder, postgres=True, valkey=True)).result()
        yield used.urls
        used.release()


@pytest.fixture
async def valkey(servers: EmbeddedUrls) -> AsyncIterator[Redis]:
    """A client of an empty Valkey."""
    assert servers.redis_url
    async with Redis.from_url(servers.redis_url) as client:
        await client.flushall()
        yield client
