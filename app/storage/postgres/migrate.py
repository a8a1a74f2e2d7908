"""Brings the schema up to the revisions under `migrations`.

Alembic orders the revisions and renders them as SQL; asyncpg runs that, as it runs every other query. So no second
driver is needed, and revisions are plain SQL that never looks at a connection.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from io import StringIO
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from app.domain.errors import HoldfastError
from app.storage.postgres.pool import CLOSING_S, Connection, storage_errors

_PAUSE_S = 0.2
_TRIES = 5
"""How often it is tried where those who use the tables wait for it, and it for them."""
MIGRATION_LOCK = 0x484F_4C44_0001
"""Advisory lock of the database: whoever holds it migrates."""
_HAS_REVISION = """
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_class
    WHERE relname = 'alembic_version' AND relnamespace = (
        SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema()
    )
)
"""
_REFUSALS = (
    asyncpg.SyntaxOrAccessError,
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.InvalidSchemaNameError,
)
_SCRIPTS = Path(__file__).parent / "migrations"


class MigrationLockedError(HoldfastError):
    """Somebody else has been migrating, or using a table that must change, for longer than we wait."""

    def __init__(self, waited: str) -> None:
        """Tell how long we waited."""
        super().__init__(
            f"the database is being migrated by another process, or a table is in use by others; gave up after {waited}"
        )


class MigrationFailedError(HoldfastError):
    """The database refuses what a revision does; nothing was changed."""

    def __init__(self, reason: str) -> None:
        """Keep what it says."""
        super().__init__(f"the schema could not be brought up, and is as it was: {reason}")


class UnknownRevisionError(HoldfastError):
    """The database's schema is of a revision that this version does not know: a newer one made it."""

    def __init__(self, revision: str) -> None:
        """Keep the revision found."""
        super().__init__(f"the database has schema revision {revision}, which this version does not know; upgrade it")
        self.revision = revision


async def migrate(database_url: str, *, timeout_s: float) -> list[str]:
    """Apply what is pending in one transaction and return those revisions; none if somebody else did it first.

    Raises
    ------
    MigrationLockedError
        If a lock is not free within `timeout_s`.
    MigrationFailedError
        If the database refuses a revision.
    UnknownRevisionError
        If the schema is newer than this version.
    StoreUnavailableError
        If PostgreSQL does not answer, or migrating takes longer than `timeout_s` beside the wait for locks.
    """
    with storage_errors():
        async with asyncio.timeout(2 * timeout_s), _connected(database_url, timeout_s) as connection:
            if not await pending_revisions(connection):
                return []
            try:
                return await _apply_in_the_end(connection, timeout_s)
            except asyncpg.LockNotAvailableError as error:
                raise MigrationLockedError(f"{timeout_s:g} s") from error
            except asyncpg.DeadlockDetectedError as error:
                raise MigrationLockedError(f"{_TRIES} tries") from error
            except _REFUSALS as error:
                raise MigrationFailedError(str(error)) from error


@asynccontextmanager
async def _connected(database_url: str, timeout_s: float) -> AsyncIterator[Connection]:
    connection = await _connect(database_url, timeout_s)
    try:
        yield connection
    finally:
        await connection.close(timeout=CLOSING_S)


async def _connect(database_url: str, timeout_s: float) -> Connection:
    """Connect once the server, which may be starting up or recovering after a crash, takes connections."""
    async with asyncio.timeout(timeout_s):
        while True:
            try:
                # Nothing here runs twice, so nothing is worth preparing; PgBouncer would mind.
                return await asyncpg.connect(
                    database_url, timeout=timeout_s, command_timeout=2 * timeout_s, statement_cache_size=0
                )
            except asyncpg.CannotConnectNowError:
                await asyncio.sleep(_PAUSE_S)


async def _apply_in_the_end(connection: Connection, timeout_s: float) -> list[str]:
    for _ in range(_TRIES - 1):
        with suppress(asyncpg.DeadlockDetectedError):
            return await _apply(connection, timeout_s)
        await asyncio.sleep(_PAUSE_S)
    return await _apply(connection, timeout_s)


async def _apply(connection: Connection, timeout_s: float) -> list[str]:
    async with connection.transaction():
        await connection.execute("SELECT set_config('lock_timeout', $1, true)", f"{timeout_s * 1_000:.0f}ms")
        # Held to the end of the transaction: the next in line then finds nothing left to do.
        await connection.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
        pending = await pending_revisions(connection)
        if pending:
            await connection.execute(_as_sql(await _revision(connection)))
        return pending


async def pending_revisions(connection: Connection) -> list[str]:
    """Return the revisions that a database lacks, in the order in which they come.

    Raises
    ------
    UnknownRevisionError
        If the schema is newer than this version.
    """
    revision = await _revision(connection)
    revisions = _known_revisions()
    if revision is not None and revision not in revisions:
        raise UnknownRevisionError(revision)
    return revisions if revision is None else revisions[revisions.index(revision) + 1 :]


@cache
def _known_revisions() -> list[str]:
    """Return the revisions that this version knows, in the order in which they come."""
    scripts = ScriptDirectory.from_config(_config())
    return [script.revision for script in scripts.walk_revisions()][::-1]


async def _revision(connection: Connection) -> str | None:
    # Not to_regclass: it may answer from what this connection remembers of the time before it waited for the lock.
    if not await connection.fetchval(_HAS_REVISION):
        return None
    revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return revision


def _as_sql(revision: str | None) -> str:
    """Render the revisions after `revision` as one script."""
    sql = StringIO()
    command.upgrade(_config(sql), f"{revision or 'base'}:head", sql=True)
    return sql.getvalue()


def _config(output: StringIO | None = None) -> Config:
    config = Config(output_buffer=output or StringIO())
    # A percent sign would start an interpolation.
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config
