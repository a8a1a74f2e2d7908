"""Which rows came from Cal.com, so that a later import knows what it may change and take away."""

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = (
    "users",
    "schedules",
    "organizations",
    "profiles",
    "teams",
    "memberships",
    "event_types",
    "out_of_office",
    "credentials",
    "bookings",
)


def upgrade() -> None:
    """Make the columns."""
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ADD from_calcom boolean NOT NULL DEFAULT false")
        op.execute(f"COMMENT ON COLUMN {table}.from_calcom IS 'Whether import-calcom brought it and may take it away'")
