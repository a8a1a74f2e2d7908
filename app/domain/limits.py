"""How much of an event type, or of a team's, may be booked in a day, week, month or year (docs/rules.md 10).

A period that is full is busy time of all hosts. Periods are local to the event zone and complete, and a week begins on
Sunday.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from app.domain.schedule import LocalDay, Zone, date_of, day_of
from app.domain.time_ranges import MINUTE, Instant, Range


class Period(Enum):
    """What a limit is for; the values are the public API's."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"

    def around(self, day: LocalDay) -> tuple[LocalDay, LocalDay]:
        """Return the first day of the period that holds a day, and the first day after it."""
        today = date_of(day)
        match self:
            case Period.DAY:
                return day, day + 1
            case Period.WEEK:
                sunday = day - today.isoweekday() % 7
                return sunday, sunday + 7
            case Period.MONTH:
                first = day_of(today.replace(day=1))
                return first, first + monthrange(today.year, today.month)[1]
            case Period.YEAR:
                return day_of(date(today.year, 1, 1)), day_of(date(today.year, 12, 31)) + 1


class Counts(Enum):
    """What a limit counts."""

    BOOKINGS = "bookings"
    MINUTES = "minutes"
    TEAM_BOOKINGS = "teamBookings"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many bookings, or minutes of bookings, in a period."""

    period: Period
    most: int


@dataclass(frozen=True, slots=True)
class FullPeriod:
    """A period that takes no other booking, and the limit that says so."""

    time: Range
    limit: Limit
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingLimits:
    """The limits of an event type: its own by number and by minutes, and its team's by number."""

    count: tuple[Limit, ...] = ()
    duration: tuple[Limit, ...] = ()
    team_count: tuple[Limit, ...] = ()
    team_id: int | None = None
    """Whose limit the team's is."""
    team_event_type_ids: frozenset[int] = frozenset()
    """Whose bookings count for the team's limit."""

    @property
    def all(self) -> tuple[Limit, ...]:
        """Every one of them."""
        return self.count + self.duration + self.team_count


NO_LIMITS = BookingLimits()


@dataclass(frozen=True, slots=True)
class Counted:
    """A booking or reservation, or several at one start of a seated type, as a limit counts it."""

    start: Instant
    end: Instant

    @property
    def minutes(self) -> int:
        """How long it is."""
        return (self.end - self.start) // MINUTE


def reach(limits: Iterable[Limit], where: Zone, around: Range) -> Range:
    """Return a stretch of time, extended to the whole periods of limits that it touches."""
    starts, ends = [around[0]], [around[1]]
    for limit in limits:
        first, _ = limit.period.around(where.day_at(around[0]))
        _, after = limit.period.around(where.day_at(around[1]))
        starts.append(where.instant_of(first, 0))
        ends.append(where.instant_of(after, 0))
    return min(starts), max(ends)


def full_by_count(
    limits: Iterable[Limit],
    counted: Sequence[Counted],
    where: Zone,
    around: Range,
    counts: Counts = Counts.BOOKINGS,
) -> list[FullPeriod]:
    """Return the periods that hold as many bookings as their limit."""
    days = [(where.day_at(one.start), 1) for one in counted]
    return [
        FullPeriod(time, limit, counts) for limit in limits for time in _full(limit, days, where, around, another=1)
    ]


def full_by_duration(
    limits: Iterable[Limit], counted: Sequence[Counted], where: Zone, around: Range, length: int
) -> list[FullPeriod]:
    """Return the periods in which another booking of `length` minutes would be too much."""
    days = [(where.day_at(one.start), one.minutes) for one in counted]
    return [
        FullPeriod(time, limit, Counts.MINUTES)
        for limit in limits
        for time in _full(limit, days, where, around, another=length)
    ]


def _full(
    limit: Limit, amounts: Iterable[tuple[LocalDay, int]], where: Zone, around: Range, *, another: int
) -> Iterator[Range]:
    """Return the periods in `around` in which `another` amount would be more than the limit."""
    used: dict[LocalDay, int] = {}
    for day, amount in amounts:
        first, _ = limit.period.around(day)
        used[first] = used.get(first, 0) + amount
    day, last = where.day_at(around[0]), where.day_at(around[1])
    while day <= last:
        first, after = limit.period.around(day)
        if used.get(first, 0) + another > limit.most:
            yield where.instant_of(first, 0), where.instant_of(after, 0)
        day = after
