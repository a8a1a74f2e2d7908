"""Instants and the database's timestamps: the one place where the two meet."""

from datetime import UTC, datetime, timedelta

from app.domain.time_ranges import Instant
from app.fields import instant_from

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = instant_from(datetime.min.replace(tzinfo=UTC))
_LAST = instant_from(datetime.max.replace(tzinfo=UTC))


def timestamp_of(instant: Instant) -> datetime:
    """Return an instant as an aware datetime; beyond the years 1 to 9999 the nearest one there is."""
    return _EPOCH + timedelta(milliseconds=min(max(instant, _FIRST), _LAST))
