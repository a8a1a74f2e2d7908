"""A schedule as its owner keeps it, and what nobody may write into one.

`schedule` reads whatever stands in a database, in any order and over each other. What somebody writes is held to more:
hours that mean nothing, or twice the same time, are somebody's mistake and not their wish.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from itertools import pairwise

from app.domain.schedule import (
    LAST_MINUTE,
    MINUTES_PER_DAY,
    OFFICE_HOURS,
    WEEKDAYS,
    Override,
    WeeklyHours,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleDraft:
    """What a new schedule says."""

    name: str
    zone: str
    is_default: bool
    hours: tuple[WeeklyHours, ...] = OFFICE_HOURS
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleChange:
    """What is to be different about a schedule; None: nothing. Hours and overrides replace all that there are."""

    name: str | None = None
    zone: str | None = None
    hours: tuple[WeeklyHours, ...] | None = None
    overrides: tuple[Override, ...] | None = None
    becomes_default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedSchedule:
    """A schedule with all that its owner may know of it."""

    id: int
    owner_id: int
    name: str
    zone: str
    is_default: bool
    """Whether it is the one that its owner's hours come from where nothing names another (docs/rules.md 2)."""
    is_last: bool
    """Whether its owner has no other."""
    hours: tuple[WeeklyHours, ...]
    overrides: tuple[Override, ...]


def clock(minute: int) -> str:
    """Return a minute of the day as 09:00; the day's end is 24:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def hours_problem(hours: Iterable[WeeklyHours]) -> str | None:
    """Say what is wrong with weekly hours: a stretch without time, or two that overlap on a day of the week."""
    by_weekday: dict[Hashable, list[tuple[int, int]]] = defaultdict(list)
    for stretch in hours:
        start, end = stretch.start_minute, stretch.end_minute
        if not _has_time(start, end):
            return f"{_written(start, end)} must end after it starts; the end of the day is 24:00"
        for weekday in sorted(stretch.weekdays):
            by_weekday[WEEKDAYS[weekday - 1]].append((start, end))
    return _overlap(by_weekday)


def overrides_problem(overrides: Iterable[Override]) -> str | None:
    """Say what is wrong with overrides: hours that end before they start, or two that contradict each other."""
    by_date: dict[Hashable, list[tuple[int, int]]] = defaultdict(list)
    closed = set[Hashable]()
    for override in overrides:
        start, end = override.start_minute, override.end_minute
        if start is None or end is None or start == end:
            closed.add(override.date)
        elif not _has_time(start, end):
            return f"{_written(start, end)} on {override.date} must not end before it starts"
        else:
            by_date[override.date].append((start, end))
    for date in by_date:
        if date in closed:
            return f"{date} is closed by one override and has hours by another"
    return _overlap(by_date)


def _has_time(start: int, end: int) -> bool:
    return start < _midnight_or(end) and start != end


def _overlap(by_day: dict[Hashable, list[tuple[int, int]]]) -> str | None:
    for day, stretches in by_day.items():
        stretches.sort()
        for one, other in pairwise(stretches):
            if other[0] < _midnight_or(one[1]):
                return f"{_written(*one)} and {_written(*other)} overlap on {day}"
    return None


def _midnight_or(end: int) -> int:
    """Return an end as it is meant: 23:59 is midnight too (docs/rules.md 2)."""
    return MINUTES_PER_DAY if end == LAST_MINUTE else end


def _written(start: int, end: int) -> str:
    return f"{clock(start)} to {clock(end)}"
