"""Instants as the public API writes them: ISO 8601 with milliseconds, UTC or the asker's zone (docs/rules.md 12)."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated

from pydantic import WithJsonSchema

from app.domain.schedule import LocalDay, Zone, date_of
from app.domain.time_ranges import DAY, MINUTE, Instant
from app.fields import CLOCK, DATE_TIME

InstantText = Annotated[str, DATE_TIME]
DateText = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
ClockText = Annotated[str, CLOCK]

_CLOCK = tuple(f"T{minute // 60:02d}:{minute % 60:02d}" for minute in range(1_440))
_WHOLE_MINUTES = {minute * MINUTE: f"{clock}:00.000" for minute, clock in enumerate(_CLOCK)}
"""By time since midnight."""
_WRITTEN_Z = frozenset({"UTC", "GMT"})


@lru_cache(maxsize=4_096)
def date_text(day: LocalDay) -> str:
    """Return a day as 2050-09-05."""
    return date_of(day).isoformat()


def utc_text(instant: Instant) -> str:
    """Return an instant as 2050-09-05T07:00:00.000Z."""
    return _text(instant, date_text(instant // DAY), "Z")


class Writer:
    """Writes instants in a zone."""

    def __init__(self, local: Zone) -> None:
        """Write in this zone."""
        self._local = local
        self._ends_in_z = local.name in _WRITTEN_Z

    def text(self, instant: Instant) -> str:
        """Return an instant as 2050-09-05T09:00:00.000+02:00."""
        offset = self._local.offset_at(instant)
        shown = instant + offset
        return _text(shown, date_text(shown // DAY), self._suffix(offset))

    def texts(self, day: LocalDay, instants: Sequence[Instant]) -> list[str]:
        """Return instants of a local day; its date and offset are read once, as a listing has many starts a day.

        Others are written as well, if slower: the end of a day's last slot may lie in the next one.
        """
        parts = self._parts(day, instants)
        if parts is None:
            return list(map(self.text, instants))
        date, clocks, suffix = parts
        return [date + clock + suffix for clock in clocks]

    def joined(self, day: LocalDay, instants: Sequence[Instant], before: str, after: str) -> str:
        """Return the texts of instants of a local day, each with something before and after it, and commas between."""
        parts = self._parts(day, instants)
        if parts is None:
            return ",".join(before + self.text(instant) + after for instant in instants)
        date, clocks, suffix = parts
        before, after = before + date, suffix + after
        return before + f"{after},{before}".join(clocks) + after

    def _parts(self, day: LocalDay, instants: Sequence[Instant]) -> tuple[str, list[str], str] | None:
        """Return a day's date, what clocks show at each of its instants, and its offset.

        None where that is to be looked up for each: where clocks change that day, and where there are seconds.
        """
        offset = self._local.offset_on(day)
        if offset is None:
            return None
        midnight = day * DAY - offset
        try:
            clocks = [_WHOLE_MINUTES[instant - midnight] for instant in instants]
        except KeyError:
            # Or where clocks went back over midnight: what lies after it may be of this day too.
            return None
        return date_text(day), clocks, self._suffix(offset)

    def _suffix(self, offset: int) -> str:
        return "Z" if self._ends_in_z else _offset_text(offset)


def _text(shown: Instant, date: str, suffix: str) -> str:
    rest = shown % MINUTE
    seconds = f":{rest // 1_000:02d}.{rest % 1_000:03d}" if rest else ":00.000"
    return date + _CLOCK[shown % DAY // MINUTE] + seconds + suffix


@lru_cache(maxsize=256)
def _offset_text(offset: int) -> str:
    minutes = abs(offset) // MINUTE
    return f"{'-' if offset < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
