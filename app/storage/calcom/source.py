"""A connection to Cal.com's database: one snapshot for the whole import, and no way to write."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import asyncpg

from app.domain.errors import HoldfastError
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import CLOSING_S, DRIVER_ERRORS, Connection

QUERIES = Path(__file__).parent / "queries"
_SQL = queries("source", QUERIES)
_CONNECTING_S = 15
_COMMAND_S = 600

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "users": ("id", "username", "email", "name", "timeZone", "defaultScheduleId", "allowDynamicBooking"),
    "TravelSchedule": ("id", "userId", "timeZone", "startDate", "endDate"),
    "Schedule": ("id", "userId", "name", "timeZone"),
    "Availability": ("id", "scheduleId", "days", "startTime", "endTime", "date"),
    "Team": ("id", "slug", "name", "parentId", "isOrganization", "timeZone"),
    "Profile": ("id", "userId", "organizationId", "username"),
    "Membership": ("id", "userId", "teamId", "role", "accepted"),
    "EventType": (
        "id",
        "slug",
        "title",
        "userId",
        "teamId",
        "parentId",
        "schedulingType",
        "length",
        "metadata",
        "slotInterval",
        "offsetStart",
        "minimumBookingNotice",
        "beforeEventBuffer",
        "afterEventBuffer",
        "seatsPerTimeSlot",
        "bookingLimits",
        "durationLimits",
        "periodType",
        "periodStartDate",
        "periodEndDate",
        "periodDays",
        "periodCountCalendarDays",
        "scheduleId",
        "requiresConfirmation",
        "hidden",
    ),
    "Host": ("userId", "eventTypeId", "isFixed"),
    "_user_eventtype": ("A", "B"),
    "OutOfOfficeEntry": ("id", "userId", "start", "end", "toUserId"),
    "ApiKey": ("id", "userId", "hashedKey", "createdAt", "expiresAt"),
    "Booking": (
        "id",
        "uid",
        "eventTypeId",
        "userId",
        "startTime",
        "endTime",
        "status",
        "title",
        "description",
        "location",
        "metadata",
        "responses",
        "cancellationReason",
        "rejectionReason",
        "fromReschedule",
        "createdAt",
        "updatedAt",
    ),
    "Attendee": ("id", "bookingId", "email", "name", "timeZone", "locale"),
    "BookingSeat": ("id", "attendeeId", "referenceUid"),
}
"""Cal.com's tables and columns without which nothing can be read; others are read where a version has them."""

_PRISMA_OPTIONS = frozenset({"connection_limit", "pool_timeout", "pgbouncer", "socket_timeout", "sslaccept"})
"""What Cal.com's own URL may carry for its own driver."""


class SourceUnavailableError(HoldfastError):
    """Cal.com's database cannot be reached, or went away."""

    def __init__(self, reason: str) -> None:
        """Keep what the driver says."""
        super().__init__(f"cannot read Cal.com's database: {reason}. Check the URL of --from, and that it is reachable")
        self.reason = reason


class NotCalcomError(HoldfastError):
    """A database lacks what Cal.com's has: it is another one, or of another version."""

    def __init__(self, tables: list[str], columns: list[str]) -> None:
        """Keep what is missing; columns as `table.column`."""
        missing = [*(f"table {name}" for name in tables), *(f"column {name}" for name in columns)]
        super().__init__(
            f"this is no Cal.com database that can be read; missing: {', '.join(missing)}. Check the URL of --from"
            " (and its ?schema=); if it is right, Cal.com is older or newer than this reads: bring it to a version"
            " that has them"
        )
        self.tables = tables
        self.columns = columns


@asynccontextmanager
async def open_source(url: str) -> AsyncIterator[Connection]:
    """Connect, begin one read-only snapshot, and make sure that it is Cal.com's.

    Raises
    ------
    SourceUnavailableError
        If it cannot be reached.
    NotCalcomError
        If tables or columns are missing.
    """
    with source_errors(), _unreadable_url():
        connection = await _connect(url)
    try:
        with source_errors():
            # It ends with the connection: there is nothing to commit.
            await connection.transaction(isolation="repeatable_read", readonly=True).start()
            await _check(connection)
        yield connection
    finally:
        await connection.close(timeout=CLOSING_S)


@contextmanager
def source_errors() -> Iterator[None]:
    """Say of the driver's errors that they are about Cal.com's database, not ours.

    Raises
    ------
    SourceUnavailableError
        In place of any of them.
    """
    try:
        yield
    except (*DRIVER_ERRORS, asyncpg.PostgresError) as error:
        raise SourceUnavailableError(str(error) or type(error).__name__) from error


@contextmanager
def _unreadable_url() -> Iterator[None]:
    """Say that a URL is none without the parts of it, which may be those of a password.

    Raises
    ------
    SourceUnavailableError
        In place of the error that names them.
    """
    try:
        yield
    except asyncpg.InterfaceError:
        # Also a ValueError, but one that speaks of options.
        raise
    except ValueError:
        reason = "the URL cannot be read: signs such as / # ? in a password must be percent-encoded"
        raise SourceUnavailableError(reason) from None


async def _connect(url: str) -> Connection:
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query))
    schema = options.pop("schema", "").replace('"', '""')
    kept = {name: value for name, value in options.items() if name not in _PRISMA_OPTIONS}
    return await asyncpg.connect(
        parts._replace(query=urlencode(kept)).geturl(),
        timeout=_CONNECTING_S,
        command_timeout=_COMMAND_S,
        # Behind a PgBouncer a prepared statement may not be where it was made.
        statement_cache_size=0,
        server_settings={"search_path": f'"{schema}"'} if schema else None,
    )


async def _check(connection: Connection) -> None:
    found: dict[str, set[str]] = {}
    for table, column in await connection.fetch(_SQL["columns"], list(COLUMNS)):
        found.setdefault(table, set()).add(column)
    tables = [table for table in COLUMNS if table not in found]
    columns = [f"{table}.{name}" for table in found for name in COLUMNS[table] if name not in found[table]]
    if tables or columns:
        raise NotCalcomError(tables, columns)
