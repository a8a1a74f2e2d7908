"""When a host works: weekly hours, overrides, travel and absences, and the zones they are written in.

This is the only code that turns wall-clock times into instants. The rule for clock changes, stated once (docs/rules.md
2): a wall-clock time in a gap moves forward by the gap, and one that occurs twice is the first of the two.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo, available_timezones

from app.domain.errors import UnknownTimeZoneError
from app.domain.time_ranges import DAY, MINUTE, SECOND, Instant, Range, merged

LocalDay: TypeAlias = int
"""A calendar date as the number of days since 1970-01-01."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""ISO days of the week in English, from the first on."""

MINUTES_PER_DAY = 24 * 60
LAST_MINUTE = MINUTES_PER_DAY - 1
"""23:59, which as the end of a stretch means midnight."""

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_LAST_DAY = date.max.toordinal() - _EPOCH_ORDINAL - 2
"""Zones are asked about no later day: `datetime` ends with the year 9999."""
_FIRST_DAY = date.min.toordinal() - _EPOCH_ORDINAL + 2
_KEPT_DAYS = 4_096
"""How many days of a zone are remembered: some eleven years."""
_NOT_A_ZONE = frozenset({"Factory", "localtime", "posixrules"})


def day_of(calendar_date: date) -> LocalDay:
    """Return the number of a calendar date."""
    return calendar_date.toordinal() - _EPOCH_ORDINAL


def date_of(day: LocalDay) -> date:
    """Return the calendar date of a day's number."""
    return date.fromordinal(day + _EPOCH_ORDINAL)


class Zone:
    """A time zone that answers in instants. It remembers the days it was asked about, within a bound."""

    def __init__(self, name: str) -> None:
        """Open the zone `name`, an IANA name in the spelling of the database."""
        self.name = name
        self._info = ZoneInfo(name)
        self._by_utc_day: dict[int, int | None] = {}
        self._by_local_day: dict[LocalDay, int | None] = {}

    def offset_at(self, instant: Instant) -> int:
        """Return what local time is ahead of UTC at an instant, in milliseconds."""
        day = instant // DAY
        try:
            offset = self._by_utc_day[day]
        except KeyError:
            starts, ends = self._offset_read(day * DAY), self._offset_read((day + 1) * DAY)
            offset = _remember(self._by_utc_day, day, starts if starts == ends else None)
        return self._offset_read(instant) if offset is None else offset

    def instant_of(self, day: LocalDay, minute: int) -> Instant:
        """Return the instant at which local clocks show `minute` of `day` (1440: the midnight that ends it)."""
        offset = self.offset_on(day)
        if offset is None:
            offset = self._wall_offset(day + minute // MINUTES_PER_DAY, minute % MINUTES_PER_DAY)
        return day * DAY + minute * MINUTE - offset

    def times_of(self, day: LocalDay, stretches: Iterable[tuple[int, int]]) -> list[Range]:
        """Return stretches of a day's minutes as ranges of time."""
        offset = self.offset_on(day)
        if offset is None:
            return [(self.instant_of(day, start), self.instant_of(day, end)) for start, end in stretches]
        midnight = day * DAY - offset
        return [(midnight + start * MINUTE, midnight + end * MINUTE) for start, end in stretches]

    def offset_on(self, day: LocalDay) -> int | None:
        """Return what local time is ahead of UTC from the midnight that begins a day to the one that ends it.

        None where clocks change.
        """
        try:
            return self._by_local_day[day]
        except KeyError:
            starts, ends = self._wall_offset(day, 0), self._wall_offset(day + 1, 0)
            return _remember(self._by_local_day, day, starts if starts == ends else None)

    def day_at(self, instant: Instant) -> LocalDay:
        """Return the local calendar day of an instant."""
        return (instant + self.offset_at(instant)) // DAY

    def _offset_read(self, instant: Instant) -> int:
        seconds = min(max(instant // SECOND, _FIRST_DAY * 86_400), _LAST_DAY * 86_400)
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        return _milliseconds(moment.astimezone(self._info).utcoffset())

    def _wall_offset(self, day: LocalDay, minute: int) -> int:
        # fold=0 is the rule of this module: in a gap the offset from before it, of two the first one.
        wall = datetime.combine(date_of(min(max(day, _FIRST_DAY), _LAST_DAY)), datetime.min.time())
        return _milliseconds((wall + timedelta(minutes=minute)).replace(tzinfo=self._info).utcoffset())


def _milliseconds(offset: timedelta | None) -> int:
    return 0 if offset is None else (offset.days * 86_400 + offset.seconds) * SECOND


def _remember(known: dict[int, int | None], day: int, offset: int | None) -> int | None:
    if len(known) >= _KEPT_DAYS:
        known.clear()
    known[day] = offset
    return offset


@lru_cache(maxsize=1)
def _zone_names() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones() if name not in _NOT_A_ZONE}


@lru_cache(maxsize=1_024)
def _zone(name: str) -> Zone:
    return Zone(name)


def zone(name: str) -> Zone:
    """Return the zone of an IANA name, in any case of letters.

    Raises
    ------
    UnknownTimeZoneError
        If there is no such zone.
    """
    known = _zone_names().get(name.lower())
    if known is None:
        raise UnknownTimeZoneError(name)
    return _zone(known)


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """One stretch of working hours on some days of the week."""

    weekdays: frozenset[int]
    """ISO days of the week: Monday is 1."""
    start_minute: int
    end_minute: int


OFFICE_HOURS = (WeeklyHours(frozenset(range(1, 6)), 9 * 60, 17 * 60),)
"""Monday to Friday, nine to five: the hours of whoever has named none."""


@dataclass(frozen=True, slots=True)
class Override:
    """Hours that replace a date's weekly hours; without minutes, or with equal ones, they close the date."""

    date: date
    start_minute: int | None = None
    end_minute: int | None = None


@dataclass(frozen=True, slots=True)
class Travel:
    """Dates on which a user's default schedule is read in another zone."""

    zone: str
    first: date
    last: date | None = None
    """The last such date; none: for good."""


@dataclass(frozen=True, slots=True)
class Absence:
    """Dates on which a user is out of office, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Schedule:
    """A named set of hours. Equal schedules offer equal hours."""

    id: int | None
    zone: str
    hours: tuple[WeeklyHours, ...] = ()
    overrides: tuple[Override, ...] = ()
    by_weekday: tuple[tuple[tuple[int, int], ...], ...] = field(init=False, repr=False, compare=False)
    """Minutes of each ISO day of the week (index 0: Monday), derived."""
    by_day: dict[LocalDay, tuple[tuple[int, int], ...]] = field(init=False, repr=False, compare=False)
    """Minutes of each overridden date, derived."""

    def __post_init__(self) -> None:
        """Derive the tables that expansion reads."""
        weekdays: list[list[tuple[int, int]]] = [[] for _ in range(7)]
        for hours in self.hours:
            for weekday in hours.weekdays:
                weekdays[weekday - 1] += _stretch(hours.start_minute, hours.end_minute)
        days: dict[LocalDay, list[tuple[int, int]]] = {}
        for override in self.overrides:
            stretches = days.setdefault(day_of(override.date), [])
            if override.start_minute is not None and override.end_minute is not None:
                stretches += _stretch(override.start_minute, override.end_minute)
        object.__setattr__(self, "by_weekday", tuple(tuple(stretches) for stretches in weekdays))
        object.__setattr__(self, "by_day", {day: tuple(stretches) for day, stretches in days.items()})


def without_closed_dates(schedule: Schedule) -> Schedule:
    """Return the schedule with weekly hours where its overrides close a date."""
    return replace(schedule, overrides=tuple(o for o in schedule.overrides if schedule.by_day[day_of(o.date)]))


def _stretch(start_minute: int, end_minute: int) -> list[tuple[int, int]]:
    """Return one stretch of a date's minutes as a list, or none where it ends before it starts (docs/rules.md 2)."""
    end = MINUTES_PER_DAY if end_minute >= LAST_MINUTE else end_minute
    return [(start_minute, end)] if start_minute < end and start_minute != end_minute else []


def office_hours(zone_name: str) -> Schedule:
    """Return the hours of a user without any schedule: Monday to Friday, nine to five in their own zone."""
    return Schedule(None, zone_name, OFFICE_HOURS)


def open_ranges(
    schedule: Schedule, travels: Iterable[Travel], absences: Iterable[Absence], window: Range
) -> list[Range]:
    """Expand a schedule into merged ranges (docs/rules.md 2 and 5).

    Inside `window` nothing is missing; the caller cuts off what lies outside.
    """
    # A date's hours begin at most 14 hours before and, where a zone skipped a day, end at most 60 hours after the
    # midnight that UTC has for it.
    first, last = window[0] // DAY - 2, (window[1] + 14 * 60 * MINUTE) // DAY
    away = [(day_of(absence.first), day_of(absence.last)) for absence in absences]
    journeys = [(day_of(t.first), None if t.last is None else day_of(t.last), zone(t.zone)) for t in travels]
    home = zone(schedule.zone)
    by_weekday, by_day = schedule.by_weekday, schedule.by_day
    result: list[Range] = []
    for day in range(first, last + 1):
        # 1970-01-01 was a Thursday, the fourth day of an ISO week.
        stretches = by_day[day] if day in by_day else by_weekday[(day + 3) % 7]
        if not stretches or (away and any(start <= day <= end for start, end in away)):
            continue
        where = _zone_on(day, journeys) if journeys else None
        result += (where or home).times_of(day, stretches)
    return merged(result)


def _zone_on(day: LocalDay, journeys: list[tuple[LocalDay, LocalDay | None, Zone]]) -> Zone | None:
    for first, last, there in journeys:
        if first <= day and (last is None or day <= last):
            return there
    return None


def month_around(instant: Instant, where: Zone) -> Range:
    """Return the calendar month that an instant lies in, by the clocks of a zone."""
    today = date_of(where.day_at(instant))
    first = today.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return where.instant_of(day_of(first), 0), where.instant_of(day_of(following), 0)
