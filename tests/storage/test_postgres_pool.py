"""A database that is away is an error in bounded time, and found again without a restart."""

import asyncio
import time

import pytest

from app.services.errors import StoreUnavailableError
from app.storage.postgres.pool import Pool, open_pool
from tests.storage.conftest import TestServer


async def test_a_pool_opens_while_the_database_is_away() -> None:
    pool = await open_pool("postgresql://nobody@127.0.0.1:1/none", deadline_s=1)
    started = time.monotonic()
    with pytest.raises(StoreUnavailableError) as error:
        await pool.ping()
    assert error.value.store == "postgres"
    assert time.monotonic() - started < 2
    await pool.close()


async def test_a_database_that_is_silent_is_away_after_the_deadline() -> None:
    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3)
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pool = await open_pool(f"postgresql://nobody@127.0.0.1:{port}/none", deadline_s=0.3)
    started = time.monotonic()
    with pytest.raises(StoreUnavailableError):
        await pool.ping()
    assert time.monotonic() - started < 2
    await pool.close()
    server.close()


async def test_a_query_that_takes_too_long_is_given_up(database_url: str) -> None:
    pool = await open_pool(database_url, deadline_s=0.5)
    started = time.monotonic()
    with pytest.raises(StoreUnavailableError):
        async with pool.connection() as connection:
            await connection.execute("SELECT pg_sleep(30)")
    assert time.monotonic() - started < 2
    await pool.ping()
    await pool.close()


async def test_who_finds_no_connection_free_gives_up(database_url: str) -> None:
    pool = await open_pool(database_url, max_size=1, deadline_s=0.5)
    async with pool._pool.acquire():
        with pytest.raises(StoreUnavailableError):
            await pool.ping()
    await pool.close()


async def test_connections_that_broke_are_replaced(pool: Pool, postgres_server: TestServer, database_url: str) -> None:
    await pool.ping()
    database = database_url.rpartition("/")[2].partition("?")[0]
    await postgres_server.run(
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"  # noqa: S608 - our own
    )
    await asyncio.sleep(0.1)
    await pool.ping()


async def test_without_a_statement_cache_queries_run_all_the_same(database_url: str) -> None:
    pool = await open_pool(database_url, statement_cache_size=0)
    await asyncio.gather(*(pool.ping() for _ in range(20)))
    await pool.close()
