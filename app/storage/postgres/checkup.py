"""What a PostgreSQL is like, for the command `doctor`."""

import asyncio
from dataclasses import dataclass

import asyncpg

from app.domain.time_ranges import Instant
from app.storage.postgres.migrate import pending_revisions
from app.storage.postgres.pool import CLOSING_S, storage_errors

_ASKED = """
SELECT
    current_setting('server_version') AS version,
    current_setting('server_version_num')::int / 10000 AS major,
    current_setting('max_connections')::int AS max_connections,
    pg_is_in_recovery() OR current_setting('transaction_read_only')::bool AS read_only,
    (SELECT CASE WHEN installed_version IS NULL THEN 'available' ELSE 'installed' END
       FROM pg_available_extensions WHERE name = 'btree_gist') AS btree_gist
"""
_CLOCK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"


@dataclass(frozen=True, slots=True)
class PostgresState:
    """What it says of itself."""

    version: str
    major: int
    max_connections: int
    read_only: bool
    """A replica, or told to write nothing."""
    btree_gist: str | None
    """Of the extension: "installed", "available", or None."""
    pending: tuple[str, ...]
    """Revisions of the schema that are still to come."""
    clock: Instant


async def postgres_state(database_url: str, *, deadline_s: float) -> PostgresState:
    """Ask a PostgreSQL what it is like, and change nothing.

    Raises
    ------
    StoreUnavailableError
        If it does not answer within the deadline.
    UnknownRevisionError
        If its schema is newer than this version.
    """
    with storage_errors():
        async with asyncio.timeout(deadline_s):
            connection = await asyncpg.connect(database_url, statement_cache_size=0)
            try:
                asked = await connection.fetchrow(_ASKED)
                pending = await pending_revisions(connection)
                clock = await connection.fetchval(_CLOCK)
            finally:
                await connection.close(timeout=CLOSING_S)
    return PostgresState(**dict(asked or {}), pending=tuple(pending), clock=clock)
