"""Bookings of a person are found by their end alone: a plan made once cannot tell which of two indexes reads less."""

from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Drop the index by start, which reads all that is past; lists of a person's bookings use either."""
    op.execute("DROP INDEX bookings_user_starts")
