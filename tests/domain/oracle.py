"""A slow, plain reading of docs/rules.md (1 to 8), which `app.domain` is compared with.

It knows nothing of how the domain does it: time is a set of minutes, and a clock is something that one looks at minute
by minute. Nothing of `app.domain` is used but its values, which say what the question is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise, product
from zoneinfo import ZoneInfo

from app.domain.busy import Booking, BookingStatus, BusyTimes, Reservation
from app.domain.event_type import EventType, Host
from app.domain.schedule import Absence, Schedule, Travel
from app.domain.schedule import zone as zone_named
from app.domain.slots import Grid

MILLISECONDS = 60_000
"""Of a minute: instants are in milliseconds, the oracle's time is in minutes since 1970."""
DAY = 1_440

# Clocks --------------------------------------------------------------------------------------------------------------


@cache
def _shown(zone: str, utc_day: int) -> dict[int, int]:
    """Look at a zone's clock in each minute of a UTC day: what it shows, and the first minute that shows it."""
    seen: dict[int, int] = {}
    there = ZoneInfo(zone)
    for minute in range(utc_day * DAY, (utc_day + 1) * DAY):
        clock = datetime.fromtimestamp(minute * 60, there)
        seen.setdefault(_wall(clock.date(), clock.hour * 60 + clock.minute), minute)
    return seen


def _wall(day: date, minute: int) -> int:
    return (day - date(1970, 1, 1)).days * DAY + minute


def instant_minute(zone: str, day: date, minute: int) -> int:
    """Return the minute at which clocks show this; in a gap, as much later as the last time before the gap was."""
    wall = _wall(day, minute)
    for back in range(2 * DAY):
        for utc_day in range((wall - back) // DAY - 1, (wall - back) // DAY + 2):
            if wall - back in _shown(zone, utc_day):
                return _shown(zone, utc_day)[wall - back] + back
    raise AssertionError("no zone skips two days")


def shown(zone: str, minute: int) -> int:
    """Return what clocks show at a minute, as minutes from the start of 1970 to that date and time."""
    clock = datetime.fromtimestamp(minute * 60, ZoneInfo(zone))
    return _wall(clock.date(), clock.hour * 60 + clock.minute)


def minute_of_hour(zone: str, minute: int) -> int:
    """Return the minute hand's place."""
    return datetime.fromtimestamp(minute * 60, ZoneInfo(zone)).minute


# Rules 2 and 5: open time --------------------------------------------------------------------------------------------


def open_minutes(
    schedule: Schedule, first: date, last: date, *, travels: Iterable[Travel] = (), absences: Iterable[Absence] = ()
) -> set[int]:
    """Return the minutes at which the hours of some dates, both included, are open."""
    result: set[int] = set()
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if any(absence.first <= day <= absence.last for absence in absences):
            continue
        zone = _zone_of(schedule, travels, day)
        for start, end in _stretches(schedule, day):
            result.update(range(instant_minute(zone, day, start), _end_minute(zone, day, end)))
    return result


def _zone_of(schedule: Schedule, travels: Iterable[Travel], day: date) -> str:
    fitting = [one.zone for one in travels if one.first <= day and (one.last is None or day <= one.last)]
    return fitting[0] if fitting else schedule.zone


def _stretches(schedule: Schedule, day: date) -> Iterator[tuple[int, int]]:
    overrides = [one for one in schedule.overrides if one.date == day]
    if overrides:
        pairs = [(one.start_minute, one.end_minute) for one in overrides]
    else:
        pairs = [(one.start_minute, one.end_minute) for one in schedule.hours if day.isoweekday() in one.weekdays]
    for start, end in pairs:
        if start is not None and end is not None and start < end:
            yield start, DAY if end == DAY - 1 else end


def _end_minute(zone: str, day: date, end: int) -> int:
    return instant_minute(zone, day + timedelta(days=1), 0) if end == DAY else instant_minute(zone, day, end)


# Rules 3 and 4: busy time --------------------------------------------------------------------------------------------


def busy_minutes(event_type: EventType, host_id: int, busy: BusyTimes, rescheduling: str | None) -> set[int]:
    """Return the minutes at which no slot of the type asked for may lie."""
    taken: set[int] = set()
    items: list[Booking | Reservation] = [*busy.bookings, *busy.reservations]
    for item in items:
        if host_id in item.host_ids and item.uid != rescheduling and _counts(item):
            before = item.before_buffer + event_type.after_buffer
            after = item.after_buffer + event_type.before_buffer
            taken |= _minutes(item.start, item.end, before, after)
    moved = {
        minute
        for item in busy.bookings
        if item.uid == rescheduling and host_id in item.host_ids
        for minute in _minutes(item.start, item.end)
    }
    reported = {minute for start, end in busy.calendars.get(host_id, ()) for minute in _minutes(start, end)} - moved
    for minute in reported:
        taken.update(range(minute - event_type.after_buffer, minute + 1 + event_type.before_buffer))
    return taken


def _counts(item: Booking | Reservation) -> bool:
    if isinstance(item, Reservation):
        return True
    if item.status is BookingStatus.PENDING:
        return item.blocks_while_pending
    return item.status not in (BookingStatus.CANCELLED, BookingStatus.REJECTED)


def _minutes(start: int, end: int, before: int = 0, after: int = 0) -> set[int]:
    assert start % MILLISECONDS == end % MILLISECONDS == 0, "the oracle knows whole minutes"
    return set(range(start // MILLISECONDS - before, end // MILLISECONDS + after))


# Rule 6: teams -------------------------------------------------------------------------------------------------------


def runs(minutes: set[int]) -> list[tuple[int, int]]:
    """Return the longest stretches of minutes that follow each other."""
    ordered = sorted(minutes)
    breaks = [(one, two) for one, two in pairwise(ordered) if two > one + 1]
    begins = [*ordered[:1], *(two for _, two in breaks)]
    ends = [*(one + 1 for one, _ in breaks), *(last + 1 for last in ordered[-1:])]
    return list(zip(begins, ends, strict=True))


def team_stretches(hosts: Sequence[Host], free: Mapping[int, list[tuple[int, int]]]) -> list[tuple[int, int]]:
    """Try each free stretch of each mandatory host with each of one host of each group; drop what lies in another."""
    groups = {host.group for host in hosts if not host.mandatory}
    needs = [free[host.id] for host in hosts if host.mandatory]
    needs += [
        [one for host in hosts if not host.mandatory and host.group == group for one in free[host.id]]
        for group in groups
    ]
    common = {(max(begin for begin, _ in some), min(end for _, end in some)) for some in product(*needs)}
    real = [one for one in common if one[0] < one[1]]
    return sorted(
        one for one in real if not any(one != other and other[0] <= one[0] and one[1] <= other[1] for other in real)
    )


# Rules 7, 8 and 1: the grid ------------------------------------------------------------------------------------------


def grid_starts(grid: Grid, stretches: Iterable[tuple[int, int]], window: tuple[int, int]) -> list[int]:
    """Lay starts into stretches (rule 7); instants in milliseconds, like those of `Grid.starts`."""
    unit = max(number for number in (60, 30, 20, 15, 10, 5, 1) if grid.step % number == 0)
    given: set[int] = set()
    offered: set[int] = set()
    for begin, end in sorted(stretches):
        beginning, cut_end = max(begin, window[0]), min(end, window[1])
        if beginning >= cut_end:
            continue
        minute = beginning // MILLISECONDS
        spare = (cut_end - beginning) // MILLISECONDS % unit
        start = (minute + _skipped(grid, minute, unit, spare) + grid.offset_start) * MILLISECONDS
        step = grid.step * MILLISECONDS
        near = [one for one in given if one < start < one + step]
        if near:
            start = max(near) + step
        while start + grid.length * MILLISECONDS <= min(end, window[1] + 1_000):
            given.add(start)
            if start >= beginning:
                offered.add(start)
            start += step
    return sorted(offered)


def _skipped(grid: Grid, minute: int, unit: int, spare: int) -> int:
    def to_next(number: int, first: int) -> int:
        return next(n for n in range(first, 500) if minute_of_hour(grid.zone.name, minute + n) % number == 0)

    whole = to_next(unit, 0)
    if not grid.optimized or whole == 0:
        return whole
    return next((n for n in (whole, to_next(15, 1), to_next(5, 1)) if n <= spare), 0)


# Everything together -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of an event type without seats. Instants are in milliseconds."""

    event_type: EventType
    hosts: tuple[Host, ...]
    zone: str
    busy: BusyTimes
    length: int
    now: int
    window: tuple[int, int]
    rescheduling: str | None = None


def listed(question: Question) -> list[int]:
    """Return the starts that should be listed."""
    event_type = question.event_type
    free = {host.id: runs(_free_minutes(question, host)) for host in question.hosts}
    stretches = [(begin * MILLISECONDS, end * MILLISECONDS) for begin, end in team_stretches(question.hosts, free)]
    grid = Grid(
        length=question.length,
        step=event_type.slot_interval or question.length,
        offset_start=event_type.offset_start,
        optimized=event_type.optimized_slots,
        zone=zone_named(question.zone),
    )
    return grid_starts(grid, stretches, (max(question.window[0], _earliest(question)), question.window[1]))


def _free_minutes(question: Question, host: Host) -> set[int]:
    first, last = (datetime.fromtimestamp(instant // 1_000, UTC).date() for instant in question.window)
    around = first - timedelta(days=3), last + timedelta(days=3)
    opened = open_minutes(host.schedule, *around, travels=host.travels, absences=host.person.absences)
    return opened - busy_minutes(question.event_type, host.id, question.busy, question.rescheduling)


def _earliest(question: Question) -> int:
    notice = question.event_type.minimum_notice
    if notice:
        return question.now + notice * MILLISECONDS
    return (question.now // MILLISECONDS + 1) * MILLISECONDS
