"""How far ahead, and how much, may be booked: booking windows and limits."""

from alembic import op

revision = "0005"
down_revision = "0004"

BOOKING_WINDOW = """
ALTER TABLE event_types
    ADD booking_window_type text,
    ADD booking_window_days integer,
    ADD booking_window_rolling boolean NOT NULL DEFAULT false,
    ADD booking_window_first date,
    ADD booking_window_last date,
    ADD CONSTRAINT event_types_booking_window_type CHECK (
        booking_window_type IN ('calendarDays', 'businessDays', 'range')
    ),
    ADD CONSTRAINT event_types_booking_window CHECK (
        CASE
            WHEN booking_window_type IS NULL
                THEN num_nonnulls(booking_window_days, booking_window_first, booking_window_last) = 0
            WHEN booking_window_type = 'range'
                THEN booking_window_days IS NULL AND num_nonnulls(booking_window_first, booking_window_last) = 2
            ELSE booking_window_days >= 0 AND num_nonnulls(booking_window_first, booking_window_last) = 0
        END
    )
"""

BOOKING_LIMITS = """
CREATE TABLE booking_limits (
    event_type_id integer REFERENCES event_types ON DELETE CASCADE,
    team_id integer REFERENCES teams ON DELETE CASCADE,
    counts text NOT NULL,
    period text NOT NULL,
    most integer NOT NULL,
    CONSTRAINT booking_limits_of_one CHECK (num_nonnulls(event_type_id, team_id) = 1),
    CONSTRAINT booking_limits_key UNIQUE NULLS NOT DISTINCT (event_type_id, team_id, counts, period),
    CONSTRAINT booking_limits_counts CHECK (counts = 'bookings' OR (counts = 'minutes' AND team_id IS NULL)),
    CONSTRAINT booking_limits_period CHECK (period IN ('day', 'week', 'month', 'year')),
    CONSTRAINT booking_limits_most CHECK (most > 0)
)
"""

BOOKING_LIMITS_TEAM = "CREATE INDEX booking_limits_team ON booking_limits (team_id)"


def upgrade() -> None:
    """Make the columns and the table."""
    op.execute(BOOKING_WINDOW)
    op.execute(BOOKING_LIMITS)
    op.execute(BOOKING_LIMITS_TEAM)
