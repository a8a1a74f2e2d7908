"""What an event type's owner says of it beyond the rules of its slots."""

from alembic import op

revision = "0008"
down_revision = "0007"

EVENT_TYPES = """
ALTER TABLE event_types
    ADD description text,
    ADD seats_show_attendees boolean NOT NULL DEFAULT false,
    ADD seats_show_left boolean NOT NULL DEFAULT true,
    ADD booking_fields jsonb NOT NULL DEFAULT '[]',
    ADD locations jsonb NOT NULL DEFAULT '[]',
    ADD more jsonb NOT NULL DEFAULT '{}',
    ADD CONSTRAINT event_types_booking_fields CHECK (jsonb_typeof(booking_fields) = 'array'),
    ADD CONSTRAINT event_types_locations CHECK (jsonb_typeof(locations) = 'array'),
    ADD CONSTRAINT event_types_more CHECK (jsonb_typeof(more) = 'object')
"""

COMMENTS = (
    "COMMENT ON COLUMN event_types.seats_show_attendees IS 'Whether those with a seat see who has the others'",
    "COMMENT ON COLUMN event_types.seats_show_left IS 'Whether the page of the event type says how many are left'",
    """
    COMMENT ON COLUMN event_types.booking_fields IS 'Questions to those who book, each with the type, slug and required
of the public API; the usual ones are there only where they were changed'
    """,
    "COMMENT ON COLUMN event_types.more IS 'Fields of the public API that mean nothing here, as they were sent'",
)


def upgrade() -> None:
    """Make the columns."""
    op.execute(EVENT_TYPES)
    for comment in COMMENTS:
        op.execute(comment)
