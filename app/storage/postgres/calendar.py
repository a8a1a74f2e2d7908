"""Bookings and calendar busy times in PostgreSQL: the ports `Calendar` and `Workloads`."""

from collections.abc import Collection
from typing import Any

import orjson

from app.domain.busy import Booking, BookingStatus, BusyTimes
from app.domain.reservation import Workload
from app.domain.time_ranges import DAY, MINUTE, Range
from app.fields import LONGEST_BUFFER_MINUTES
from app.storage.postgres.instants import timestamp_of
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Borrowed, Pool
from app.storage.postgres.shared_query import SharedQuery

_SQL = queries("calendar")
_REACH = LONGEST_BUFFER_MINUTES * MINUTE
"""How far outside a stretch a booking may lie and still reach into it by its buffers."""

_STATUSES = {status.value: status for status in BookingStatus}
"""To look up, which costs a fraction of calling the enumeration; listings have many bookings."""

_FEW_HOSTS, _LITTLE = 10, 40 * DAY
"""Hosts, and time of theirs in all, such as claims are judged by and listings of one host show. Those who ask for so
little at the same moment share a round trip; who asks for more would keep them waiting."""


class PostgresCalendar:
    """What takes people's time as it stands when somebody asks, or a moment later. One query a call."""

    def __init__(self, pool: Pool) -> None:
        """Read through this pool."""
        self._pool = pool
        self._busy_times = SharedQuery(pool, _SQL["busy_times"])

    async def busy_times(self, host_ids: Collection[int], around: Range, seated_type_id: int | None) -> BusyTimes:
        """Return what may meet `around`; see `services.ports.Calendar`.

        Bookings that can block nothing, cancelled and rejected ones, are left out.

        Raises
        ------
        StoreUnavailableError
            If PostgreSQL does not answer in time.
        """
        start, end = around
        bounds = [timestamp_of(instant) for instant in (start, end, start - _REACH, end + _REACH)]
        question = list(host_ids), *bounds, seated_type_id
        if len(host_ids) <= _FEW_HOSTS and len(host_ids) * (end - start) <= _LITTLE:
            row = await self._busy_times.row(*question)
        else:
            [row] = await self._busy_times.rows([question])
        return BusyTimes(
            bookings=tuple(_booking(*found) for found in orjson.loads(row["bookings"] or b"[]")),
            calendars=_calendars(orjson.loads(row["calendars"] or b"[]")),
        )

    async def accepted_bookings(self, event_type_ids: Collection[int], around: Range) -> tuple[Booking, ...]:
        """Return the accepted bookings of event types; see `services.ports.Calendar`.

        Raises
        ------
        StoreUnavailableError
            If PostgreSQL does not answer in time.
        """
        async with self._pool.connection() as connection:
            return await accepted_bookings(connection, event_type_ids, around)

    async def workloads(self, event_type_id: int, host_ids: Collection[int], month: Range) -> dict[int, Workload]:
        """Return what hosts have been given of an event type; see `services.ports.Workloads`.

        Raises
        ------
        StoreUnavailableError
            If PostgreSQL does not answer in time.
        """
        bounds = [timestamp_of(instant) for instant in month]
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_SQL["workloads"], event_type_id, list(host_ids), *bounds)
        return {row["host_id"]: Workload(bookings=row["bookings"], last_booked=row["last_booked"]) for row in rows}


async def accepted_bookings(
    connection: Borrowed, event_type_ids: Collection[int], around: Range
) -> tuple[Booking, ...]:
    """Read the accepted bookings of event types that start in a stretch of time."""
    bounds = [timestamp_of(instant) for instant in around]
    rows = await connection.fetch(_SQL["accepted_bookings"], list(event_type_ids), *bounds)
    return tuple(
        Booking(
            uid=row["uid"],
            event_type_id=row["event_type_id"],
            host_ids=frozenset(row["host_ids"]),
            start=row["starts_at"],
            end=row["ends_at"],
            attendee_emails=tuple(row["emails"]),
            seated=row["seated"],
        )
        for row in rows
    )


def _booking(*found: Any) -> Booking:
    """Read a booking's columns in the query's order."""
    uid, event_type_id, user_id, start, end, status, before, after, pending_blocks, seated, *people = found
    emails, attending, assigned = people
    return Booking(
        uid=uid,
        event_type_id=event_type_id,
        host_ids=frozenset((user_id, *(attending or ()), *(assigned or ()))),
        start=start,
        end=end,
        status=_STATUSES[status],
        before_buffer=before,
        after_buffer=after,
        blocks_while_pending=pending_blocks,
        attendee_emails=tuple(emails or ()),
        seated=seated,
    )


def _calendars(found: list[tuple[int, int, int]]) -> dict[int, tuple[Range, ...]]:
    calendars: dict[int, list[Range]] = {}
    for user_id, start, end in found:
        calendars.setdefault(user_id, []).append((start, end))
    return {user_id: tuple(ranges) for user_id, ranges in calendars.items()}
