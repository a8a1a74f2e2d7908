"""A PostgreSQL database with the schema and no data for every test: to make a new one would take longer than a test."""

from collections.abc import AsyncIterator
from itertools import count
from urllib.parse import urlsplit

import asyncpg
import pytest

from app.storage.embedded import EmbeddedUrls
from app.storage.postgres.migrate import migrate
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Connection, Pool, open_pool

_TEMPLATE = "migrated_template"
_NUMBERS = count(1)


class TestServer:
    """Makes databases on one server, which goes with them at the end: dropping one takes longer than a test."""

    __test__ = False

    def __init__(self, url: str) -> None:
        self.url = url

    def url_of(self, database: str) -> str:
        return urlsplit(self.url)._replace(path=f"/{database}").geturl()

    async def run(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def create(self, template: str = _TEMPLATE) -> str:
        """Make a database and return its name."""
        database = f"test_{next(_NUMBERS)}"
        await self.run(f"CREATE DATABASE {database} TEMPLATE {template}")
        return database


@pytest.fixture(scope="session")
async def postgres_server(servers: EmbeddedUrls) -> TestServer:
    """The server of this run, with a database to copy."""
    assert servers.database_url
    server = TestServer(servers.database_url)
    await server.run(f"CREATE DATABASE {_TEMPLATE}")
    await migrate(server.url_of(_TEMPLATE), timeout_s=30)
    return server


@pytest.fixture
async def empty_database_url(postgres_server: TestServer) -> str:
    """A database without a schema."""
    return postgres_server.url_of(await postgres_server.create("template0"))


@pytest.fixture(scope="session")
async def reused_database_url(postgres_server: TestServer) -> str:
    """A database for one test after the other."""
    return postgres_server.url_of(await postgres_server.create())


@pytest.fixture
async def database_url(reused_database_url: str) -> str:
    """A database with the schema, ids that begin at 1, and no data."""
    connection = await asyncpg.connect(reused_database_url)
    await connection.execute(queries("world")["empty"])
    await connection.execute("SELECT setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences")
    await connection.close()
    return reused_database_url


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    opened = await open_pool(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[Connection]:
    opened = await asyncpg.connect(database_url)
    yield opened
    await opened.close()
