"""What bookings made through the API say, which reservations became one, and which requests were answered."""

from alembic import op

revision = "0006"
down_revision = "0005"

BOOKINGS = """
ALTER TABLE bookings
    ADD title text,
    ADD description text,
    ADD location text,
    ADD metadata jsonb NOT NULL DEFAULT '{}',
    ADD responses jsonb NOT NULL DEFAULT '{}',
    ADD cancellation_reason text,
    ADD cancelled_by text,
    ADD rescheduling_reason text,
    ADD rescheduled_by text,
    ADD rescheduled_from bigint REFERENCES bookings ON DELETE SET NULL,
    ADD seated boolean NOT NULL DEFAULT false,
    ADD host_absent boolean NOT NULL DEFAULT false,
    ADD updated_at timestamptz NOT NULL DEFAULT now()
"""

SEATED = """
UPDATE bookings SET seated = true
FROM event_types
WHERE event_types.id = bookings.event_type_id AND event_types.seats IS NOT NULL
"""

BOOKINGS_INDEXES = (
    "CREATE INDEX bookings_rescheduled_from ON bookings (rescheduled_from)",
    # Lists of a person's bookings.
    "CREATE INDEX bookings_user_starts ON bookings (user_id, starts_at)",
)

# A seat is cancelled and moved by its own uid, which so must lead to one seat. Imported history may lack it.
ATTENDEES = """
ALTER TABLE booking_attendees
    ADD id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT booking_attendees_id_key UNIQUE,
    ADD language text,
    ADD phone_number text,
    ADD absent boolean NOT NULL DEFAULT false,
    ADD guest boolean NOT NULL DEFAULT false,
    ADD metadata jsonb NOT NULL DEFAULT '{}',
    ADD responses jsonb NOT NULL DEFAULT '{}'
"""

SEAT_UID = "CREATE INDEX booking_attendees_seat_uid ON booking_attendees (seat_uid)"

# Who hosted a booking is told after it was cancelled too; then it has no range, and so bars nobody.
HOSTS = "ALTER TABLE booking_hosts ALTER busy_range DROP NOT NULL"

# A reservation becomes one booking, or one seat of one, and no second.
CONSUMED = """
CREATE TABLE consumed_reservations (
    uid text PRIMARY KEY,
    booking_id bigint NOT NULL REFERENCES bookings ON DELETE CASCADE
)
"""

CONSUMED_BOOKING = "CREATE INDEX consumed_reservations_booking ON consumed_reservations (booking_id)"

# Requests to book that came with an Idempotency-Key, of which only the hash is kept.
REQUESTS = """
CREATE TABLE booking_requests (
    key_hash bytea PRIMARY KEY,
    body_digest text NOT NULL,
    uid text NOT NULL,
    attempt text NOT NULL,
    tries integer NOT NULL,
    lease_until timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    status smallint,
    answer bytea,
    CONSTRAINT booking_requests_answered CHECK ((status IS NULL) = (answer IS NULL))
)
"""

REQUESTS_EXPIRY = "CREATE INDEX booking_requests_expiry ON booking_requests (expires_at)"

COMMENTS = (
    "COMMENT ON COLUMN bookings.seated IS 'As booked: whether its uid is known to everybody, and seats have their own'",
    "COMMENT ON COLUMN bookings.rescheduled_from IS 'The booking that this one took the place of'",
    "COMMENT ON COLUMN bookings.responses IS 'What was answered to the event type''s own questions'",
    "COMMENT ON COLUMN booking_requests.uid IS 'Drawn before anything was booked under it'",
    "COMMENT ON COLUMN booking_attendees.guest IS 'Brought along by another attendee'",
    """
    COMMENT ON TABLE booking_hosts IS 'Assigned hosts of bookings. Only those that block have a range: neither cancelled
nor rejected, nor pending and leaving their time on offer'
    """,
)


def upgrade() -> None:
    """Make the columns and the table."""
    op.execute(BOOKINGS)
    op.execute(SEATED)
    for index in BOOKINGS_INDEXES:
        op.execute(index)
    op.execute(ATTENDEES)
    op.execute(SEAT_UID)
    op.execute(HOSTS)
    op.execute(CONSUMED)
    op.execute(CONSUMED_BOOKING)
    op.execute(REQUESTS)
    op.execute(REQUESTS_EXPIRY)
    for comment in COMMENTS:
        op.execute(comment)
