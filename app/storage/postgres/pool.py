"""Connections to PostgreSQL: opened when first used, given up when broken, and never waited for without end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import Protocol, TypeAlias, cast

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from typing_extensions import override

from app.observing.phases import LOAD
from app.services.errors import StoreUnavailableError
from app.storage.breaker import Breaker
from app.storage.bulkhead import Bulkhead

STORE = "postgres"
DRIVER_ERRORS = (
    asyncpg.PostgresConnectionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.TransactionRollbackError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""What a server raises that is away, full, stopping, failing over or not ours: a later try may go through.

Other errors, such as SQL that does not fit the schema, are mistakes of ours and stay what they are.
"""

WAIT_FOR_PLACE = 5
"""How many deadlines somebody waits for a connection that others are using."""
CLOSING_S = 5
"""How long a server may take to say goodbye; then the connection is dropped."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
"""A connection of one's own."""
Borrowed: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"
"""A connection of the pool's."""


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn the driver's errors into the service's own.

    Raises
    ------
    StoreUnavailableError
        In place of any of them.
    """
    try:
        yield
    except DRIVER_ERRORS as error:
        raise StoreUnavailableError(STORE) from error


class Connections(Protocol):
    """What lends connections."""

    def connection(self) -> AbstractAsyncContextManager[Borrowed]:
        """Lend a connection for a few queries that belong together."""


class OneConnection:
    """Lends one connection again and again: for reading inside a transaction that is under way on it."""

    def __init__(self, connection: Connection) -> None:
        """Lend this one."""
        self._connection = connection

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Borrowed]:
        """Lend it; the driver's errors go to whoever began the transaction."""
        yield cast("Borrowed", self._connection)


class Pool:
    """A bounded number of connections. A server that went away and came back is found again by itself."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", deadline_s: float, breaker: Breaker) -> None:
        """Lend connections of `pool`, each for at most `deadline_s`.

        Taking leave of a connection that went silent at work may take as long again. In a crowd the wait for one's turn
        comes on top, bounded too: the others' work is no fault of the server's.
        """
        self._pool = pool
        self._deadline_s = deadline_s
        self._breaker = breaker
        self._bulkhead = Bulkhead(pool.get_max_size(), deadline_s * WAIT_FOR_PLACE)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Borrowed]:
        """Lend a connection for a few queries that belong together.

        Raises
        ------
        StoreUnavailableError
            If there is none in time, or what is done with it fails or takes too long; at once while PostgreSQL is mute.
        """
        self._breaker.check()
        with LOAD, storage_errors():
            async with self._bulkhead.place():
                with self._breaker.asked():
                    async with asyncio.timeout(self._deadline_s):
                        # Without a timeout of its own, for which asyncpg would make a task: ours holds.
                        connection = await self._pool.acquire()
                        try:
                            yield connection
                        finally:
                            await self._pool.release(connection, timeout=self._deadline_s)

    def use(self) -> dict[str, int]:
        """Count the connections: in use, idle, and how many more there may be."""
        idle, size = self._pool.get_idle_size(), self._pool.get_size()
        return {"used": size - idle, "idle": idle, "unopened": self._pool.get_max_size() - size}

    async def ping(self) -> None:
        """Ask PostgreSQL for a sign of life.

        Raises
        ------
        StoreUnavailableError
            If it gives none.
        """
        async with self.connection() as connection:
            await connection.fetchval("SELECT 1")

    async def close(self) -> None:
        """Close the connections, waiting for those at work no longer than a call may take."""
        self._breaker.close()
        try:
            await asyncio.wait_for(self._pool.close(), self._deadline_s)
        except DRIVER_ERRORS:
            self._pool.terminate()


async def open_pool(
    database_url: str,
    *,
    max_size: int = 10,
    deadline_s: float = 5.0,
    statement_cache_size: int = 100,
) -> Pool:
    """Return a pool that has not connected yet, so that a service can start while PostgreSQL is away.

    `deadline_s` bounds each use of a connection, the wait for it included. `statement_cache_size` must be 0 where a
    PgBouncer that does not keep prepared statements stands between.
    """
    creating = asyncpg.create_pool(
        database_url,
        min_size=0,
        max_size=max_size,
        command_timeout=deadline_s,
        timeout=deadline_s,
        statement_cache_size=statement_cache_size,
        connection_class=_Plain,
    )
    pool = await creating

    async def ping() -> None:
        connection = await asyncpg.connect(database_url, statement_cache_size=0)
        try:
            await connection.execute("SELECT 1")
        finally:
            connection.terminate()

    breaker = Breaker(STORE, ping=ping, patience_s=deadline_s / 2, forget_connections=pool.expire_connections)
    return Pool(pool, deadline_s, breaker)


class _Plain(asyncpg.Connection):
    """A connection that is given back as it is: nobody changes a session, and cleaning up costs a round trip."""

    @override
    def get_reset_query(self) -> str:
        """Return nothing. A transaction that was left open is rolled back all the same."""
        return ""
