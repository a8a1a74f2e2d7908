"""Hosts' busy times are read by a function, planned once, and without the bookings that were cancelled."""

from alembic import op

revision = "0016"
down_revision = "0015"

# Of those that were cancelled strangers can make any number. By their end, because questions are about the future.
TAKES_TIME = "status IN ('accepted', 'pending', 'awaiting_host')"
INDEXES = (
    f"CREATE INDEX bookings_taking_user_ends ON bookings (user_id, ends_at) WHERE {TAKES_TIME}",
    f"CREATE INDEX bookings_taking_event_type_ends ON bookings (event_type_id, ends_at) WHERE {TAKES_TIME}",
    # Lists of a person's bookings.
    "CREATE INDEX bookings_user ON bookings (user_id)",
)
REPLACED = ("bookings_user_ends", "bookings_user_starts", "bookings_event_type_ends")

# Asked for each claim and listing. PostgreSQL planned it each time, which took five to ten times as long as to answer,
# and read much that others have where it guessed wrong. Whatever is asked, the way goes from row to row by indexes: a
# LATERAL with an OFFSET is a step which PostgreSQL may not turn into another, and only a function has settings for one
# query alone. Pods of two versions may ask side by side: one that answers anything else gets another name.
BUSY_TIMES_OF = """
CREATE FUNCTION busy_times_of(
    host_ids integer[],
    first timestamptz,
    last timestamptz,
    reach_first timestamptz,
    reach_last timestamptz,
    seated_type_id integer
)
RETURNS TABLE (bookings json, calendars json)
LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
BEGIN
RETURN QUERY
WITH asked AS MATERIALIZED (
    SELECT u.id, lower(u.email) AS email FROM users AS u WHERE u.id = ANY (host_ids)
),
found AS MATERIALIZED (
    SELECT b.id
    FROM asked
    CROSS JOIN LATERAL (
        SELECT b.id
        FROM bookings AS b
        WHERE b.user_id = asked.id AND b.ends_at > reach_first AND b.starts_at < reach_last
            AND b.status IN ('accepted', 'pending', 'awaiting_host')
        OFFSET 0
    ) AS b
    UNION
    SELECT h.booking_id
    FROM asked
    CROSS JOIN LATERAL (
        SELECT h.booking_id
        FROM booking_hosts AS h
        WHERE h.host_id = asked.id AND h.busy_range && tstzrange(reach_first, reach_last)
        OFFSET 0
    ) AS h
    UNION
    SELECT a.booking_id
    FROM asked
    CROSS JOIN LATERAL (
        SELECT a.booking_id FROM booking_attendees AS a WHERE lower(a.email) = asked.email OFFSET 0
    ) AS a
    UNION
    SELECT b.id
    FROM bookings AS b
    WHERE b.event_type_id = seated_type_id AND b.ends_at > reach_first AND b.starts_at < reach_last
        AND b.status IN ('accepted', 'pending', 'awaiting_host')
),
booked AS MATERIALIZED (
    SELECT
        b.id, b.uid, b.event_type_id, b.user_id, b.starts_at, b.ends_at, b.status,
        -- As booked, which is what the database bars others from too, whatever became of the event type since.
        b.before_buffer_minutes AS before_buffer,
        b.after_buffer_minutes AS after_buffer,
        b.status <> 'pending' OR (
            SELECT true FROM booking_hosts AS h WHERE h.booking_id = b.id AND h.busy_range IS NOT NULL LIMIT 1
        ) IS NOT NULL AS pending_blocks,
        b.seated
    FROM found
    CROSS JOIN LATERAL (
        SELECT *
        FROM bookings AS b
        WHERE b.id = found.id
            AND b.status IN ('accepted', 'pending', 'awaiting_host')
            AND b.ends_at > reach_first AND b.starts_at < reach_last
        OFFSET 0
    ) AS b
)
SELECT
    (
        SELECT json_agg(json_build_array(
            booked.uid,
            booked.event_type_id,
            booked.user_id,
            CAST(floor(extract(epoch FROM booked.starts_at) * 1000) AS bigint),
            CAST(floor(extract(epoch FROM booked.ends_at) * 1000) AS bigint),
            booked.status,
            booked.before_buffer,
            booked.after_buffer,
            booked.pending_blocks,
            booked.seated,
            (
                SELECT json_agg(a.email ORDER BY a.position)
                FROM booking_attendees AS a
                WHERE a.booking_id = booked.id
            ),
            (
                SELECT json_agg(u.id)
                FROM booking_attendees AS a
                JOIN users AS u ON lower(u.email) = lower(a.email)
                WHERE a.booking_id = booked.id
            ),
            (
                SELECT json_agg(h.host_id)
                FROM booking_hosts AS h
                WHERE h.booking_id = booked.id
            )
        ) ORDER BY booked.id)
        FROM booked
    ) AS bookings,
    (
        SELECT json_agg(json_build_array(
            t.user_id,
            CAST(floor(extract(epoch FROM t.starts_at) * 1000) AS bigint),
            CAST(floor(extract(epoch FROM t.ends_at) * 1000) AS bigint)
        ) ORDER BY t.id)
        FROM busy_times AS t
        WHERE t.user_id = ANY (host_ids) AND t.ends_at > first AND t.starts_at < last
    ) AS calendars;
END
$$
"""


def upgrade() -> None:
    """Make indexes in the place of others, and the function."""
    for statement in INDEXES:
        op.execute(statement)
    for name in REPLACED:
        op.execute(f"DROP INDEX {name}")
    op.execute(BUSY_TIMES_OF)
