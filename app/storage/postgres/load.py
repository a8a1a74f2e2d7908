"""Writes a world file into PostgreSQL: all of it or nothing, in one transaction.

Reservations are no part of this: they live in Redis. They are checked here all the same, so that nothing is written
that could not be followed by them.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias

import asyncpg

from app.domain.errors import HoldfastError
from app.services.ports import EventTypes
from app.storage.postgres.copying import copy_rows
from app.storage.postgres.event_types import PostgresEventTypes
from app.storage.postgres.imported_bookings import import_bookings
from app.storage.postgres.known import NOTHING, Known, known_of
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import CLOSING_S, Connection, OneConnection, storage_errors
from app.storage.postgres.rows import Row, TableRows, tables, unnumbered_absences
from app.storage.world_files.checks import WorldProblem, WorldRefusedError, problems, world_list
from app.storage.world_files.format import World

Mode: TypeAlias = Literal["empty", "replace", "merge"]
Progress: TypeAlias = Callable[[str, int, int], None]
"""Told the list, how many of its items are written, and how many there are."""

LOAD_LOCK = 0x484F_4C44_0002
"""Advisory lock of the database: one file is loaded at a time."""
_SQL = queries("world")
_STEP = 10_000
"""How many items are written between two words of progress."""
_WORTH_ANALYZING = 1_000
"""Items; a file of fewer leaves that to PostgreSQL's own rounds."""
LIST_OF_TABLE = {
    "users": "users",
    "schedules": "schedules",
    "organizations": "organizations",
    "profiles": "profiles",
    "teams": "teams",
    "memberships": "memberships",
    "event_types": "eventTypes",
    "bookings": "bookings",
    "out_of_office": "outOfOffice",
    "busy_times": "busyTimes",
    "credentials": "apiKeys",
    "oauth_clients": "oauthClients",
}
"""Where the items of each list are rows; what hangs on an item has further tables."""


class DatabaseNotEmptyError(HoldfastError):
    """A file was to fill an empty database, and this one has data."""

    def __init__(self) -> None:
        """Say what can be done."""
        super().__init__("the database has data already; use --replace to empty it first, or --merge to add to it")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadReport:
    """What was written."""

    counts: Mapping[str, int]
    """Items by list of the file."""
    overlapping_bookings: int
    """Bookings that share a host's time with others; they are marked as imported."""


async def load_world(
    database_url: str,
    world: World,
    *,
    mode: Mode = "empty",
    timeout_s: float = 600,
    on_progress: Progress | None = None,
    before_commit: Callable[[EventTypes], Awaitable[None]] | None = None,
) -> LoadReport:
    """Check a file against itself and the database, then write it in one transaction.

    `before_commit` may look at the event types as they will be, and refuse the file.

    Raises
    ------
    DatabaseNotEmptyError
        If there is data and `mode` is "empty".
    WorldRefusedError
        If something in the file is wrong or is there already.
    StoreUnavailableError
        If PostgreSQL does not answer, or all of it takes longer than `timeout_s`.
    """
    with storage_errors(), load_refusals():
        async with asyncio.timeout(timeout_s), load_transaction(database_url, timeout_s) as connection:
            report = await write_world(connection, world, mode, on_progress or say_nothing)
            if before_commit is not None:
                await before_commit(PostgresEventTypes(OneConnection(connection)))
            return report


async def write_world(connection: Connection, world: World, mode: Mode, on_progress: Progress) -> LoadReport:
    """Check and write as `load_world` does, in a transaction that is the caller's."""
    return await _write(connection, world, await _checked(connection, world, mode), on_progress)


@asynccontextmanager
async def load_transaction(database_url: str, timeout_s: float) -> AsyncIterator[Connection]:
    """Begin the one transaction in which data are brought in; no command may take longer than `timeout_s`."""
    connection = await asyncpg.connect(database_url, command_timeout=timeout_s, statement_cache_size=0)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOAD_LOCK)
            yield connection
    finally:
        await connection.close(timeout=CLOSING_S)


@contextmanager
def load_refusals() -> Iterator[None]:
    """Say what the database refuses in the words of the file: somebody changed it between our look and our writing."""
    try:
        yield
    except asyncpg.IntegrityConstraintViolationError as error:
        fields = re.match(r"Key \((.*?)\)=", error.detail or "")
        problem = WorldProblem(
            LIST_OF_TABLE.get(error.table_name or "", error.table_name or "?"),
            "an item",
            error.constraint_name or "?" if fields is None else fields[1],
            error.detail or str(error),
        )
        raise WorldRefusedError([problem]) from error


async def _checked(connection: Connection, world: World, mode: Mode) -> Known:
    """Refuse what cannot be loaded; leave the database ready for the rest, and return what it has of it."""
    if mode == "empty" and await connection.fetchval(_SQL["has_data"]):
        raise DatabaseNotEmptyError
    known = await known_of(connection, world) if mode == "merge" else NOTHING
    found = problems(world, known.ids)
    if found:
        raise WorldRefusedError(found)
    if mode == "replace":
        await connection.execute(_SQL["empty"])
    return known


async def _write(connection: Connection, world: World, known: Known, tell: Progress) -> LoadReport:
    # A user and their default schedule name each other; this looks at the end.
    await connection.execute("SET CONSTRAINTS users_default_schedule_fkey DEFERRED")
    await connection.execute(_SQL["lock_bookings"])
    writer = _Writer(connection, world, tell)
    for rows in tables(world, {*known.organization_ids, *(o.id for o in world.organizations)}):
        await writer.copy(rows)
    await connection.execute(_SQL["continue_ids"])
    await writer.copy(unnumbered_absences(world))
    imported = await import_bookings(connection, world, known.booked_types)
    for rows in imported.tables:
        await writer.copy(rows)
    if sum(writer.totals.values()) >= _WORTH_ANALYZING:
        # Until it has counted, PostgreSQL takes the tables for as small as they were and reads them whole.
        await connection.execute(_SQL["analyze"])
    return LoadReport(
        counts=writer.totals,
        overlapping_bookings=imported.overlapping,
    )


class _Writer:
    """Fills tables and says how far it has come."""

    def __init__(self, connection: Connection, world: World, tell: Progress) -> None:
        self._connection = connection
        self.totals = {name: len(world_list(world, name)) for name in LIST_OF_TABLE.values()}
        self._done: Counter[str] = Counter()
        self._tell = tell

    async def copy(self, rows: TableRows) -> None:
        """Write rows into their table."""
        told = self._told(rows) if rows.table in LIST_OF_TABLE else rows.rows
        await copy_rows(self._connection, rows.table, told)

    def _told(self, rows: TableRows) -> Iterator[Row]:
        for row in rows.rows:
            yield row
            self._done[rows.list] += 1
            done, total = self._done[rows.list], self.totals[rows.list]
            if done % _STEP == 0 or done == total:
                self._tell(rows.list, done, total)


def say_nothing(name: str, done: int, total: int) -> None:
    """Progress that nobody wants to hear of."""
