"""Instants as the public API writes them: ISO 8601 with milliseconds, UTC or the asker's zone (docs/rules.md 12)."""

from collections.abc import Iterable, Sequence
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

    def texts(self, day: LocalDay, instants: Iterable[Instant]) -> list[str]:
        """Return instants of a local day; its date and offset are read once, as a listing has many starts a day.

        Others are written as well, if slower: the end of a day's last slot may lie in the next one.
        """
        whole = self._whole(day)
        if whole is None:
            return list(map(self.text, instants))
        midnight, date, suffix = whole
        # Where clocks went back over midnight, what lies after it may be of this day too.
        return [
            date + clock + suffix if (clock := _WHOLE_MINUTES.get(instant - midnight)) else self.text(instant)
            for instant in instants
        ]

    def joined(self, day: LocalDay, instants: Sequence[Instant], before: str, after: str) -> str:
        """Return the `texts` of a local day, of which there are some, in one: each between two others, with commas."""
        whole = self._whole(day)
        if whole is not None:
            midnight, date, suffix = whole
            opening, closing = before + date, suffix + after
            try:
                clocks = [_WHOLE_MINUTES[instant - midnight] for instant in instants]
                return opening + f"{closing},{opening}".join(clocks) + closing
            except KeyError:
                pass  # Seconds, or the next day's.
        return ",".join(before + text + after for text in self.texts(day, instants))

    def _whole(self, day: LocalDay) -> tuple[Instant, str, str] | None:
        """Return when a day begins, its date and its offset, which all its whole minutes share.

        None where clocks change that day.
        """
        offset = self._local.offset_on(day)
        return None if offset is None else (day * DAY - offset, date_text(day), self._suffix(offset))

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
