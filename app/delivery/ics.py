"""Reading iCalendar (RFC 5545): from a feed's bytes to the times that its events take.

A feed may hold a recurrence that takes hours to work out, so this is run as a process of its own, which can be ended:
`python -m app.delivery.ics ZONE START END < FEED` prints a `Told`. Threads were looked at and left: they cannot be
ended, and hold up the event loop while they compute.
"""

import os
import re
import resource
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import recurring_ical_events
from icalendar import Calendar
from typing_extensions import TypedDict

from app.delivery.ics_mending import mend
from app.domain.calendar_feed import FeedFault, Occurrence, busy_times
from app.domain.errors import UnknownTimeZoneError
from app.domain.schedule import Zone, zone
from app.domain.time_ranges import Instant, Range
from app.services.calendar_feeds import MOST_BUSY_TIMES

LONGEST_S = 10
"""Seconds of a processor that a feed may take to be read."""
LARGEST_BYTES = 256 << 20
"""Of memory, where the system can bound it; 4 MB of ordinary events take some 130."""
NICENESS = 10
"""Listings come first."""
_LONGEST_NAME = 255
_BEGINNING = re.compile(r"^BEGIN:VCALENDAR[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
"""A line of its own: anybody may write these words in the text of an event."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Told(TypedDict, total=False):
    """What the process prints: a fault, or the rest."""

    fault: str
    name: str | None
    busy: list[list[Instant]]


class NotACalendarError(Exception):
    """Some bytes are no iCalendar, or end too soon."""


def told_of(feed: bytes, where: Zone, around: Range) -> Told:
    """Return what a feed says of a stretch; what names no zone, there or for the whole feed, is in `where`."""
    try:
        calendars = _calendars(feed)
        busy = {time for one in calendars for time in _busy(one, where, around)}
    except MemoryError:
        return {"fault": FeedFault.TOO_MUCH}
    except Exception:  # noqa: BLE001 - bytes of strangers may make the libraries raise anything
        return {"fault": FeedFault.NOT_A_CALENDAR}
    if len(busy) > MOST_BUSY_TIMES:
        return {"fault": FeedFault.TOO_MUCH}
    return {"name": _name(calendars[0]), "busy": [list(time) for time in sorted(busy)]}


def _calendars(feed: bytes) -> list[Any]:
    text = feed.decode("utf-8-sig", errors="replace")
    calendars = [one for one in Calendar.from_ical(text, multiple=True) if one.name == "VCALENDAR"]
    # One that was cut off is left out by the library, which would free the time of its events.
    if not calendars or len(calendars) != len(_BEGINNING.findall(text)):
        raise NotACalendarError
    return calendars


def _busy(calendar: Any, owners: Zone, around: Range) -> set[Range]:
    where = _own_zone(calendar)
    # Names that only their maker knows the libraries would stumble over, and spellings that are not the database's.
    calendar.pop("X-WR-TIMEZONE", None)
    if where is not None:
        calendar.add("X-WR-TIMEZONE", where.name)
    mend(calendar, around)
    return busy_times(_occurrences(calendar, around), where or owners, around)


def _own_zone(calendar: Any) -> Zone | None:
    try:
        return zone(str(calendar.get("X-WR-TIMEZONE", "")).strip())
    except UnknownTimeZoneError:
        return None


def _occurrences(calendar: Any, around: Range) -> Iterator[Occurrence]:
    # A day more on both sides: wall-clock times of no zone are found by UTC's.
    start, end = (_EPOCH + timedelta(milliseconds=instant) for instant in around)
    day = timedelta(days=1)
    for event in recurring_ical_events.of(calendar).between(start - day, end + day):
        yield Occurrence(
            start=event.start,
            end=event.end,
            transparent=_word(event, "TRANSP") == "TRANSPARENT",
            cancelled=_word(event, "STATUS") == "CANCELLED",
        )
    for published in calendar.walk("VFREEBUSY"):
        yield from _periods(published)


def _periods(published: Any) -> Iterator[Occurrence]:
    """Return the periods of a component that tells when somebody is busy without telling of events."""
    periods = published.get("FREEBUSY", [])
    for one in periods if isinstance(periods, list) else [periods]:
        free = one.params.get("FBTYPE", "BUSY").upper() == "FREE"
        yield Occurrence(start=one.start, end=one.end, transparent=free)


def _word(event: Any, name: str) -> str:
    return str(event.get(name, "")).strip().upper()


def _name(calendar: Any) -> str | None:
    written = str(calendar.get("X-WR-CALNAME", calendar.get("NAME", ""))).replace("\0", "").strip()
    return written.encode(errors="ignore").decode()[:_LONGEST_NAME] or None


def _keep_to_bounds() -> None:
    """Bound what this process takes, whether or not anybody is there any more to end it."""
    os.nice(NICENESS)
    _bound(resource.RLIMIT_CPU, LONGEST_S)
    if sys.platform == "linux":
        _bound(resource.RLIMIT_AS, LARGEST_BYTES)


def _bound(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    # Whoever runs the service may have bounded it more, which nobody can undo.
    bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (bound, bound))


def _say_no_more() -> None:
    """Let nothing that is said from here on reach the log: the libraries would say what they cannot read."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stderr.fileno())


def main() -> None:
    """Read a feed from standard input."""
    _keep_to_bounds()
    name, start, end = sys.argv[1:]
    where, around = zone(name), (int(start), int(end))
    _say_no_more()
    told = told_of(sys.stdin.buffer.read(), where, around)
    sys.stdout.buffer.write(orjson.dumps(told))


if __name__ == "__main__":
    main()
