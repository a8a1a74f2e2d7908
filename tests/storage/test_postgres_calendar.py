"""What PostgreSQL alone is asked: no more than needed, and what no world file can say."""

import asyncio
from itertools import pairwise

import pytest

from app.domain.reservation import Workload
from app.domain.time_ranges import DAY, Instant
from app.fields import parse_instant
from app.storage.postgres.calendar import PostgresCalendar
from app.storage.postgres.instants import timestamp_of
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Connection, Pool
from tests.storage.rows_read import rows_read

SETTING = """
    INSERT INTO users (id, username, email, time_zone) VALUES
        (1, 'ann', 'ann@example.com', 'UTC'), (2, 'bob', 'bob@example.com', 'UTC'), (3, 'cy', 'cy@example.com', 'UTC');
    INSERT INTO event_types (id, slug, owner_id, length_minutes, before_buffer_minutes) VALUES (1, 'intro', 1, 30, 15);
    SELECT setval('users_id_seq', 100);
"""
DAY_ONE = parse_instant("2050-03-08")
BOOKINGS = "booking%"
"""The tables that tell of them."""


async def book(connection: Connection, uid: str, user_id: int, day: int, status: str = "accepted") -> int:
    booking_id = await connection.fetchval(
        """
        INSERT INTO bookings
            (uid, event_type_id, user_id, starts_at, ends_at, status, before_buffer_minutes, after_buffer_minutes)
        VALUES ($1, 1, $2, make_date(2050, 3, $3), make_date(2050, 3, $3) + interval '1 hour', $4, 5, 5)
        RETURNING id
        """,
        *(uid, user_id, day, status),
    )
    assert isinstance(booking_id, int)
    return booking_id


@pytest.fixture
async def calendar(connection: Connection, pool: Pool) -> PostgresCalendar:
    await connection.execute(SETTING)
    return PostgresCalendar(pool)


async def test_other_peoples_bookings_and_far_ones_stay_out(calendar: PostgresCalendar, connection: Connection) -> None:
    for uid, user_id, day in (("mine", 1, 8), ("theirs", 2, 8), ("before", 1, 5), ("after", 1, 12)):
        await book(connection, uid, user_id, day)
    busy = await calendar.busy_times([1], (DAY_ONE, DAY_ONE + DAY), None)
    assert [booking.uid for booking in busy.bookings] == ["mine"]


async def test_who_asks_at_once_is_answered_what_they_asked(calendar: PostgresCalendar, connection: Connection) -> None:
    for uid, user_id, day in (("ann", 1, 8), ("bob", 2, 8), ("later", 2, 14), ("cy", 3, 8)):
        await book(connection, uid, user_id, day)
    first, all_days = (DAY_ONE, DAY_ONE + DAY), (DAY_ONE, DAY_ONE + 7 * DAY)
    asked = [([2], first), ([1], first), ([2], all_days), ([1, 3], first), ([], first)]
    found = await asyncio.gather(*(calendar.busy_times(host_ids, around, None) for host_ids, around in asked))
    uids = [[booking.uid for booking in busy.bookings] for busy in found]
    assert uids == [["bob"], ["ann"], ["bob", "later"], ["ann", "cy"], []]


@pytest.mark.parametrize("status", ["cancelled", "rejected"])
async def test_what_is_called_off_stays_out(calendar: PostgresCalendar, connection: Connection, status: str) -> None:
    await book(connection, "off", 1, 8, status)
    assert not (await calendar.busy_times([1], (DAY_ONE, DAY_ONE + DAY), None)).bookings


async def test_an_assigned_host_is_a_host(calendar: PostgresCalendar, connection: Connection) -> None:
    booking_id = await book(connection, "team", 1, 8)
    await connection.execute(
        "INSERT INTO booking_hosts VALUES ($1, 2, tstzrange('2050-03-08', '2050-03-08 01:00'), $1)", booking_id
    )
    (booking,) = (await calendar.busy_times([2], (DAY_ONE, DAY_ONE + DAY), None)).bookings
    assert booking.host_ids == {1, 2}


async def test_an_attendee_is_a_host_while_the_booking_takes_time(
    calendar: PostgresCalendar, connection: Connection
) -> None:
    """Whoever says so: straight SQL too."""

    async def found(day: int) -> int:
        start = DAY_ONE + (day - 8) * DAY
        return len((await calendar.busy_times([2], (start, start + DAY), None)).bookings)

    booking_id = await book(connection, "asked", 1, 8, "cancelled")
    await connection.execute(
        "INSERT INTO booking_attendees (booking_id, position, email) VALUES ($1, 0, 'Bob@example.com')", booking_id
    )
    assert await found(8) == 0
    await connection.execute("UPDATE bookings SET status = 'accepted'")
    assert await found(8) == 1
    await connection.execute(
        "UPDATE bookings SET starts_at = starts_at + interval '9 days', ends_at = ends_at + interval '9 days'"
    )
    assert [await found(8), await found(17)] == [0, 1]
    await connection.execute("UPDATE bookings SET status = 'rejected'")
    assert await found(17) == 0


async def test_a_booking_outlives_its_event_type_with_the_buffers_as_booked(
    calendar: PostgresCalendar, connection: Connection
) -> None:
    await book(connection, "left", 1, 8)
    (booking,) = (await calendar.busy_times([1], (DAY_ONE, DAY_ONE + DAY), None)).bookings
    assert (booking.event_type_id, booking.before_buffer, booking.after_buffer) == (1, 5, 5)
    await connection.execute("DELETE FROM event_types")
    (booking,) = (await calendar.busy_times([1], (DAY_ONE, DAY_ONE + DAY), None)).bookings
    assert (booking.event_type_id, booking.before_buffer, booking.after_buffer) == (None, 5, 5)
    assert booking.blocks


async def test_workloads_count_the_months_bookings_and_know_the_last(
    calendar: PostgresCalendar, connection: Connection
) -> None:
    await book(connection, "a", 1, 8)
    await book(connection, "b", 1, 9)
    await book(connection, "off", 2, 9, "cancelled")
    last_of_ann = await book(connection, "outside", 1, 20)
    team = await book(connection, "team", 1, 9)
    await connection.execute(
        "INSERT INTO booking_hosts VALUES ($1, 3, tstzrange('2050-03-09', '2050-03-09 01:00'), $1)", team
    )
    found = await calendar.workloads(1, [1, 2, 3], (DAY_ONE, DAY_ONE + 2 * DAY))
    assert found[1] == Workload(bookings=3, last_booked=team)
    assert found[2].bookings == 0
    assert found[3] == Workload(bookings=1, last_booked=team)
    assert team > last_of_ann


async def test_what_takes_no_time_just_then_costs_nothing(
    calendar: PostgresCalendar, connection: Connection, pool: Pool
) -> None:
    """Cancelled bookings, which strangers can make any number of, past ones, and those of others.

    In each of them takes part, as far as anybody knows, who has the host's address.
    """
    await connection.execute(
        """
        INSERT INTO users (id, username, email, time_zone)
        SELECT n, 'u' || n, 'u' || n || '@example.com', 'UTC' FROM generate_series(101, 110) AS n;
        INSERT INTO event_types (id, slug, owner_id, length_minutes)
        SELECT n, 'seated', n, 60 FROM generate_series(101, 110) AS n;
        INSERT INTO bookings
            (uid, event_type_id, user_id, starts_at, ends_at, status, before_buffer_minutes, after_buffer_minutes)
        SELECT 'u' || n, 101 + n % 10, 101 + n % 10, at, at + interval '1 hour', made.status, 0, 0
        FROM generate_series(1, 6000) AS n,
            LATERAL (
                SELECT
                    CASE WHEN n > 3000 THEN 'cancelled' ELSE 'accepted' END AS status,
                    CASE WHEN n > 3000 THEN n % 300 WHEN n < 30 THEN n ELSE n - 80000 END AS hours
            ) AS made,
            LATERAL (SELECT timestamptz '2050-03-09' + hours * interval '1 hour' AS at) AS time;
        INSERT INTO booking_attendees (booking_id, position, email)
        SELECT id, 0, 'u' || id || '@example.org' FROM bookings
        UNION ALL
        SELECT id, 1, 'U101@example.com' FROM bookings WHERE status = 'cancelled' OR ends_at < '2050-03-01';
        INSERT INTO booking_hosts
        SELECT id, user_id, CASE WHEN status = 'accepted' THEN tstzrange(starts_at, ends_at) END, id FROM bookings;
        ANALYZE;
        """
    )
    month = DAY_ONE, DAY_ONE + 30 * DAY
    read = [await rows_read(pool, BOOKINGS)]
    for ask in (
        lambda: calendar.busy_times([101], month, 101),
        lambda: calendar.accepted_bookings([101], month),
        lambda: calendar.workloads(101, [101], month),
        lambda: _seats_at(pool, 101, DAY_ONE + 2 * DAY),
    ):
        await ask()
        read.append(await rows_read(pool, BOOKINGS))
    assert max(after - before for before, after in pairwise(read)) < 100, read


async def test_what_others_have_just_then_costs_nothing(
    calendar: PostgresCalendar, connection: Connection, pool: Pool
) -> None:
    """Be it of the same event type; where there are few of them, nothing tells PostgreSQL that a host's is little."""
    await connection.execute(
        """
        INSERT INTO users (id, username, email, time_zone)
        SELECT n, 'u' || n, 'u' || n || '@example.com', 'UTC' FROM generate_series(101, 300) AS n;
        INSERT INTO bookings
            (uid, event_type_id, user_id, starts_at, ends_at, status, before_buffer_minutes, after_buffer_minutes)
        SELECT 'u' || n, 1, 101 + n % 200, at, at + interval '1 hour', 'accepted', 0, 0
        FROM generate_series(1, 6000) AS n,
            LATERAL (SELECT timestamptz '2050-03-09' + n * interval '6 minutes' AS at) AS t;
        INSERT INTO booking_attendees (booking_id, position, email) SELECT id, 0, uid || '@example.org' FROM bookings;
        INSERT INTO booking_hosts SELECT id, user_id, tstzrange(starts_at, ends_at), id FROM bookings;
        ANALYZE;
        """
    )
    before = await rows_read(pool, BOOKINGS)
    assert len((await calendar.busy_times([101], (DAY_ONE, DAY_ONE + 30 * DAY), None)).bookings) == 30
    assert await rows_read(pool, BOOKINGS) - before < 400


async def _seats_at(pool: Pool, event_type_id: int, start: Instant) -> None:
    async with pool.connection() as connection, connection.transaction():
        await connection.fetch(queries("bookings")["seats_at"], event_type_id, timestamp_of(start))
