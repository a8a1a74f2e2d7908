"""Instants as the public API writes them: ISO 8601 with milliseconds, UTC or the asker's zone (docs/rules.md 12)."""

from collections.abc import Callable
from typing import Annotated

from pydantic import WithJsonSchema

from app.domain.schedule import LocalDay, Zone, date_of, zone
from app.domain.time_ranges import DAY, MINUTE, Instant
from app.fields import CLOCK, DATE_TIME

InstantText = Annotated[str, DATE_TIME]
DateText = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
ClockText = Annotated[str, CLOCK]

_CLOCK = tuple(f"T{minute // 60:02d}:{minute % 60:02d}" for minute in range(1_440))
_WRITTEN_Z = frozenset({"UTC", "GMT"})


def date_text(day: LocalDay) -> str:
    """Return a day as 2050-09-05."""
    return date_of(day).isoformat()


def utc_text(instant: Instant) -> str:
    """Return an instant as 2050-09-05T07:00:00.000Z."""
    return _text(instant, date_text(instant // DAY), "Z")


def writer(asker: Zone | None) -> Callable[[Instant], str]:
    """Return a function that writes instants in a zone; None is UTC.

    It remembers the dates it has written, so that a month of slots formats some thirty dates and not hundreds.
    """
    local = asker or zone("UTC")
    dates: dict[LocalDay, str] = {}
    suffixes: dict[int, str] = {}
    ends_in_z = local.name in _WRITTEN_Z

    def write(instant: Instant) -> str:
        offset = local.offset_at(instant)
        shown = instant + offset
        day = shown // DAY
        date = dates.get(day)
        if date is None:
            date = dates[day] = date_text(day)
        suffix = suffixes.get(offset)
        if suffix is None:
            suffix = suffixes[offset] = "Z" if ends_in_z else _offset_text(offset)
        return _text(shown, date, suffix)

    return write


def _text(shown: Instant, date: str, suffix: str) -> str:
    rest = shown % MINUTE
    seconds = f":{rest // 1_000:02d}.{rest % 1_000:03d}" if rest else ":00.000"
    return date + _CLOCK[shown % DAY // MINUTE] + seconds + suffix


def _offset_text(offset: int) -> str:
    minutes = abs(offset) // MINUTE
    return f"{'-' if offset < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
