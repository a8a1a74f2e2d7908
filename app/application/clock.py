"""The one clock."""

from datetime import UTC, datetime

from app.domain.time_ranges import Instant
from app.fields import instant_from


def now() -> Instant:
    """Read the clock, here and nowhere else."""
    return instant_from(datetime.now(UTC))
