"""What an address took part in is found without what was called off, and without what is over."""

from alembic import op

revision = "0017"
down_revision = "0016"

# Anybody may give a host's address as an attendee's, in any number of bookings that are cancelled again.
TAKES_TIME = "b.status IN ('accepted', 'pending', 'awaiting_host')"
# Both at once, in the order in which listings and bookings read them: one after the other would wait in a circle.
LOCK = "LOCK TABLE bookings, booking_attendees IN ACCESS EXCLUSIVE MODE"
TAKES_UNTIL = "ALTER TABLE booking_attendees ADD COLUMN takes_until timestamptz"
COMMENT = """
COMMENT ON COLUMN booking_attendees.takes_until IS 'When the booking ends, if it takes time; derived by triggers'
"""
# ruff: noqa: S608 - put together of what stands here.
DERIVE_ALL = f"""
UPDATE booking_attendees AS a SET takes_until = b.ends_at FROM bookings AS b WHERE b.id = a.booking_id AND {TAKES_TIME}
"""
INDEX = """
CREATE INDEX booking_attendees_taking_email ON booking_attendees (lower(email), takes_until) INCLUDE (booking_id)
WHERE takes_until IS NOT NULL
"""

# Whoever may write a table has this done, whatever else they may read and wherever they look for names.
WITH_OWN_RIGHTS = "SECURITY DEFINER SET search_path FROM CURRENT"
# The booking is locked, so that whoever changes it meanwhile sees the attendee, or is seen.
OF_NEW_ATTENDEE = f"""
CREATE FUNCTION derive_takes_until() RETURNS trigger LANGUAGE plpgsql {WITH_OWN_RIGHTS} AS $$
BEGIN
    SELECT CASE WHEN {TAKES_TIME} THEN b.ends_at END INTO NEW.takes_until
    FROM bookings AS b WHERE b.id = NEW.booking_id FOR SHARE;
    RETURN NEW;
END
$$
"""
OF_CHANGED_BOOKING = f"""
CREATE FUNCTION derive_takes_until_again() RETURNS trigger LANGUAGE plpgsql {WITH_OWN_RIGHTS} AS $$
BEGIN
    UPDATE booking_attendees AS a SET takes_until = CASE WHEN {TAKES_TIME} THEN b.ends_at END
    FROM bookings AS b WHERE b.id = NEW.id AND a.booking_id = NEW.id;
    RETURN NULL;
END
$$
"""
TRIGGERS = (
    """
    CREATE TRIGGER derive_takes_until BEFORE INSERT ON booking_attendees
    FOR EACH ROW EXECUTE FUNCTION derive_takes_until()
    """,
    """
    CREATE TRIGGER derive_takes_until AFTER UPDATE OF status, ends_at ON bookings
    FOR EACH ROW WHEN (OLD.status <> NEW.status OR OLD.ends_at <> NEW.ends_at)
    EXECUTE FUNCTION derive_takes_until_again()
    """,
)

# As in migration 0016, which tells why it is written so; it answers the same, so that it may keep its name.
BUSY_TIMES_OF = """
CREATE OR REPLACE FUNCTION busy_times_of(
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
        SELECT a.booking_id
        FROM booking_attendees AS a
        WHERE lower(a.email) = asked.email AND a.takes_until > reach_first
        OFFSET 0
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
    """Derive the column, find attendees by it, and let the function do so."""
    for statement in (
        LOCK,
        TAKES_UNTIL,
        COMMENT,
        OF_NEW_ATTENDEE,
        OF_CHANGED_BOOKING,
        *TRIGGERS,
        DERIVE_ALL,
        INDEX,
        BUSY_TIMES_OF,
    ):
        op.execute(statement)
