"""Calendar feeds: which events take their owner's time, and what may be wrong with a feed (docs/rules.md 3)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from app.domain.schedule import Zone, day_of
from app.domain.time_ranges import DAY, Instant, Range, overlaps

_DAYS_BACK = 1
_DAYS_AHEAD = 400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class FeedFault(StrEnum):
    """Why a feed cannot be read."""

    UNREACHABLE = "unreachable"
    PRIVATE_ADDRESS = "privateAddress"
    """It leads into the service's own network."""
    BAD_STATUS = "badStatus"
    TOO_MANY_REDIRECTS = "tooManyRedirects"
    TOO_SLOW = "tooSlow"
    TOO_LARGE = "tooLarge"
    NOT_A_CALENDAR = "notACalendar"
    """Or a calendar with an event that cannot be understood, which might be a time that is taken."""
    TOO_MUCH = "tooMuch"
    """More events than are kept, or recurrences that take too long to work out."""
    INTERNAL = "internal"
    """It was not read, through no fault of its own."""


@dataclass(frozen=True, slots=True)
class FeedProblem:
    """What was wrong when a feed was read."""

    fault: FeedFault
    status: int | None = None
    """What was answered, where that is the fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarFeed:
    """A feed as it is kept."""

    id: int
    url: str = field(repr=False)
    """It often holds a secret, so it does not show in logs."""
    name: str | None
    refreshed_at: Instant
    """When its busy times were last what it said."""
    closes: bool
    """Whether it could not be read for so long that its owner counts as busy throughout."""
    problem: FeedProblem | None
    """Of the last try; None: it was read."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An event of a calendar, or one instance of an event that recurs.

    Its moments are dates (whole days), datetimes of a zone, or datetimes of no zone: wall-clock times wherever its
    reader is.
    """

    start: date
    end: date
    transparent: bool = False
    cancelled: bool = False


def horizon(now: Instant) -> Range:
    """Return the stretch in which the events of feeds are looked at."""
    return now - _DAYS_BACK * DAY, now + _DAYS_AHEAD * DAY


def busy_times(occurrences: Iterable[Occurrence], where: Zone, around: Range) -> set[Range]:
    """Return the times that occurrences take and that overlap a stretch; those without a zone are in `where`.

    What overlaps stays apart, because a booking that is moved frees the busy times within it, each by itself.
    """
    taken = {
        (_instant(one.start, where), _instant(one.end, where))
        for one in occurrences
        if not one.transparent and not one.cancelled
    }
    return {time for time in taken if time[0] < time[1] and overlaps(time, around)}


def _instant(moment: date, where: Zone) -> Instant:
    if not isinstance(moment, datetime):
        return where.instant_of(day_of(moment), 0)
    if moment.tzinfo is not None:
        return (moment - _EPOCH) // _MILLISECOND
    rest = moment.second * 1_000 + moment.microsecond // 1_000
    return where.instant_of(day_of(moment.date()), moment.hour * 60 + moment.minute) + rest
