"""Which attendees came from Cal.com: people book seats here, and bring guests, in bookings that came from there."""

from alembic import op

revision = "0013"
down_revision = "0012"

# Guests are never imported. Of other attendees nobody knows; they go with their booking, as they did until now.
IMPORTED = """
UPDATE booking_attendees AS a SET from_calcom = true
FROM bookings AS b
WHERE b.id = a.booking_id AND b.from_calcom AND NOT a.guest
"""


def upgrade() -> None:
    """Make the column."""
    op.execute("ALTER TABLE booking_attendees ADD from_calcom boolean NOT NULL DEFAULT false")
    op.execute(
        "COMMENT ON COLUMN booking_attendees.from_calcom IS 'Whether import-calcom brought it and may take it away'"
    )
    op.execute(IMPORTED)
