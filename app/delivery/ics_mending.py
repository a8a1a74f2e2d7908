"""What calendars write and the library would misread: mended before it works out what recurs."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import MINYEAR, UTC, date, datetime, timedelta
from typing import Any

from icalendar import vDDDTypes
from recurring_ical_events.adapters.event import EventAdapter

from app.domain.time_ranges import Range

_LONGEST = timedelta(days=400 * 366)
"""An event that goes on for longer goes on beyond any horizon, and its end might be no date that there is."""
_OF_SERIES = {"RRULE", "RDATE", "RECURRENCE-ID"}
"""What makes a difference to when other instances are."""


def mend(calendar: Any, around: Range) -> None:
    """Let each event be one of its own, whole days be days, and no event reach to where dates end."""
    first, last = (datetime.fromtimestamp(instant / 1_000, UTC).year for instant in around)
    events = calendar.walk("VEVENT")
    _tell_apart(event for event in events if "RECURRENCE-ID" not in event)
    for event in events:
        _shorten(event)
        _let_days_be_days(event)
        _cut(event, first - 1, last + 1)


def _tell_apart(events: Iterable[Any]) -> None:
    """Take their UID from events that share one, which the library takes for one event and drops but one of them.

    Of several revisions the latest counts. Exceptions stay with the event that recurs.
    """
    by_uid = defaultdict(list)
    for event in events:
        by_uid[str(event.get("UID", ""))].append(event)
    for uid, same in by_uid.items():
        last = max(map(_sequence, same))
        latest = [event for event in same if not uid or _sequence(event) == last]
        keeps_it = next((event for event in latest if "RRULE" in event), latest[0])
        for event in latest:
            if event is not keeps_it:
                event.pop("UID", None)


def _sequence(event: Any) -> int:
    return int(event.get("SEQUENCE", 0))  # Which revision it is.


def _shorten(event: Any) -> None:
    if "DURATION" in event and event["DURATION"].dt > _LONGEST:
        event["DURATION"] = vDDDTypes(_LONGEST)


def _let_days_be_days(event: Any) -> None:
    """Let an event of whole days that would end before it has begun take its first day, as calendars show it."""
    start = event["DTSTART"].dt
    if isinstance(start, datetime):
        return
    end = event["DTEND"].dt if "DTEND" in event else start + event["DURATION"].dt if "DURATION" in event else None
    # A moment instead of a date at its end is left to the library.
    if end is not None and not isinstance(end, datetime) and end <= start:
        event.pop("DTEND", None)
        event.pop("DURATION", None)


def _cut(event: Any, first: int, last: int) -> None:
    """Keep an event to some years; only its end if it recurs, since instances are counted from its beginning."""
    start = event["DTSTART"].dt
    if start.year > last:
        _set(event, _within(start, first, last), None)
        return
    end = EventAdapter(event).raw_end
    first = MINYEAR if event.keys() & _OF_SERIES else first
    cut_start, cut_end = _within(start, first, last), _within(end, first, last)
    if (cut_start, cut_end) != (start, end):
        _set(event, cut_start, cut_end)


def _within(moment: date, first: int, last: int) -> date:
    """Move a moment before or after some years to just there."""
    if first <= moment.year <= last:
        return moment
    return moment.replace(year=first if moment.year < first else last + 1, month=1, day=1)


def _set(event: Any, start: date, end: date | None) -> None:
    event.pop("DURATION", None)
    event.pop("DTEND", None)
    event["DTSTART"] = vDDDTypes(start)
    if end is not None:
        event["DTEND"] = vDDDTypes(end)
