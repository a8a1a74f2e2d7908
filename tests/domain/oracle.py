"""A slow, plain reading of docs/rules.md (1 to 11), which `app.domain` is compared with.

It knows nothing of how the domain does it: time is a set of minutes, and a clock is something that one looks at minute
by minute. Nothing of `app.domain` is used but its values, which say what the question is.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count, islice, pairwise, product
from zoneinfo import ZoneInfo

from app.domain.booking_window import DateRange, DaysAhead
from app.domain.busy import Booking, BookingStatus, BusyTimes, Reservation
from app.domain.event_type import EventType, Host
from app.domain.limits import Period
from app.domain.schedule import Absence, Schedule, Travel
from app.domain.schedule import zone as zone_named
from app.domain.slots import Grid

MILLISECONDS = 60_000
"""Of a minute: instants are in milliseconds, the oracle's time is in minutes since 1970."""
DAY = 1_440


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of an event type. Instants are in milliseconds."""

    event_type: EventType
    hosts: tuple[Host, ...]
    all_host_ids: frozenset[int]
    """Of everybody who hosts it, asked for or not."""
    host_emails: frozenset[str]
    """Of the same."""
    zone: str
    busy: BusyTimes
    length: int
    now: int
    window: tuple[int, int]
    rescheduling: str | None = None

    @property
    def items(self) -> list[Booking | Reservation]:
        """Bookings in the order they were made, then reservations."""
        return [*self.busy.bookings, *self.busy.reservations]


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


def date_shown(zone: str, instant: int) -> date:
    """Return the date that clocks show at an instant."""
    return datetime.fromtimestamp(instant // 1_000, ZoneInfo(zone)).date()


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


# Rules 3, 4 and 11: busy time ----------------------------------------------------------------------------------------


def busy_minutes(question: Question, host_id: int) -> set[int]:
    """Return the minutes at which bookings, reservations and calendars let no slot of the type asked for lie."""
    asked = question.event_type
    taken: set[int] = set()
    calendars_may_be_busy: set[int] = set()
    for item in question.items:
        time = _minutes(item.start, item.end)
        if host_id not in item.host_ids:
            continue
        if item.uid == question.rescheduling and not _is_seat(question, item):
            calendars_may_be_busy |= time
        elif _counts(item):
            around = _minutes(
                item.start, item.end, item.before_buffer + asked.after_buffer, item.after_buffer + asked.before_buffer
            )
            shared = _is_seat(question, item) and _seats_are_left(question, item.start)
            taken |= around - time if shared else around
            calendars_may_be_busy |= time if shared and isinstance(item, Booking) else set()
    for start, end in question.busy.calendars.get(host_id, ()):
        for minute in _minutes(start, end) - calendars_may_be_busy:
            taken.update(range(minute - asked.after_buffer, minute + 1 + asked.before_buffer))
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


# Rule 11: seats ------------------------------------------------------------------------------------------------------


def sitting(question: Question, start: int) -> list[Booking | Reservation]:
    """Return what has seats at a start, the first one first."""
    return [item for item in question.items if item.start == start and _is_seat(question, item) and _counts(item)]


def seats_taken(question: Question, start: int) -> int:
    """Count the guests of bookings at a start, and its reservations."""
    there = sitting(question, start)
    guests = [email for item in there if isinstance(item, Booking) for email in item.attendee_emails]
    held = [item for item in there if isinstance(item, Reservation)]
    return len([email for email in guests if email.lower() not in question.host_emails]) + len(held)


def _is_seat(question: Question, item: Booking | Reservation) -> bool:
    return question.event_type.seats is not None and item.event_type_id == question.event_type.id


def _seats_are_left(question: Question, start: int) -> bool:
    return seats_taken(question, start) < (question.event_type.seats or 0)


def _has_hosts(question: Question, free: Mapping[int, set[int]], start: int) -> bool:
    """Say whether those are free whom a start needs: everybody who has to be, or the hosts of its first seat."""
    able = {host.id for host in question.hosts if _is_able(question, host, free[host.id], start)}
    there = sitting(question, start)
    if there:
        needed = there[0].host_ids & {host.id for host in question.hosts}
        return _seats_are_left(question, start) and bool(needed) and needed <= able
    groups = {host.group for host in question.hosts if not host.mandatory}
    return all(host.id in able for host in question.hosts if host.mandatory) and all(
        any(host.id in able for host in question.hosts if not host.mandatory and host.group == group)
        for group in groups
    )


def _is_able(question: Question, host: Host, free: set[int], start: int) -> bool:
    slot = _minutes(start, start + question.length * MILLISECONDS)
    across = [
        item
        for item in question.items
        if host.id in item.host_ids and _is_seat(question, item) and _counts(item) and item.start != start
        if _seats_are_left(question, item.start) and slot & _minutes(item.start, item.end)
    ]
    return slot <= free and not across


# Rule 10: limits -----------------------------------------------------------------------------------------------------


def full_minutes(question: Question) -> set[int]:
    """Return the minutes of the days that lie in a period that is full."""
    limits = question.event_type.limits
    own = appointments(question, {question.event_type.id})
    teams = appointments(question, limits.team_event_type_ids, question.all_host_ids)
    result: set[int] = set()
    for day in _dates_around(question.window):
        full = [
            *(len(_in_period(own, limit.period, day)) >= limit.most for limit in limits.count),
            *(sum(_in_period(own, limit.period, day)) + question.length > limit.most for limit in limits.duration),
            *(len(_in_period(teams, limit.period, day)) >= limit.most for limit in limits.team_count),
        ]
        if any(full):
            tomorrow = day + timedelta(days=1)
            result.update(range(instant_minute(question.zone, day, 0), instant_minute(question.zone, tomorrow, 0)))
    return result


def appointments(
    question: Question, event_type_ids: Collection[int | None], host_ids: Collection[int] | None = None
) -> list[tuple[date, int]]:
    """Return the local date and the minutes of what limits count: bookings of any, or some, hosts, and reservations.

    Each counts once, however it became known. So do the seats that are held at one start, unless it is booked.
    """

    def are_counted(item: Booking | Reservation) -> bool:
        accepted = isinstance(item, Reservation) or item.status is BookingStatus.ACCEPTED
        of_these = item.event_type_id in event_type_ids and (host_ids is None or item.host_ids & set(host_ids))
        return accepted and bool(of_these) and item.uid != question.rescheduling

    busy = question.busy
    bookings = {one.uid: one for one in (*busy.limited, *busy.bookings) if are_counted(one)}
    found = filter(are_counted, (*busy.limited_reservations, *busy.reservations))
    # One that is being moved counts as both.
    reservations = {(one.uid, one.event_type_id, one.start, one.end, one.host_ids): one for one in found}
    times = [(one.start, one.end) for one in bookings.values()]
    times += [(one.start, one.end) for one in reservations.values() if not one.seated]
    booked = {(one.event_type_id, one.start) for one in bookings.values()}
    held: dict[tuple[int | None, int], int] = {}
    for one in reservations.values():
        place = one.event_type_id, one.start
        if one.seated and place not in booked:
            held[place] = max(one.end, held.get(place, one.end))
    times += [(start, end) for (_, start), end in held.items()]
    return [(date_shown(question.zone, start), (end - start) // MILLISECONDS) for start, end in times]


def _in_period(counted: list[tuple[date, int]], period: Period, day: date) -> list[int]:
    """Return the minutes of each that starts in the period that holds a day."""
    return [minutes for other, minutes in counted if _same(period, other, day)]


def _same(period: Period, one: date, other: date) -> bool:
    match period:
        case Period.DAY:
            return one == other
        case Period.WEEK:
            return _sunday_of(one) == _sunday_of(other)
        case Period.MONTH:
            return (one.year, one.month) == (other.year, other.month)
        case Period.YEAR:
            return one.year == other.year


def _sunday_of(day: date) -> date:
    while day.isoweekday() != 7:
        day -= timedelta(days=1)
    return day


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


# Rule 9: the booking window ------------------------------------------------------------------------------------------


def bookable_days(question: Question) -> tuple[date, date]:
    """Return the first and the last day of the event zone that the booking window leaves."""
    window = question.event_type.booking_window
    match window:
        case None:
            return date.min, date.max
        case DateRange():
            return window.first, window.last
        case DaysAhead(rolling=True):
            counted = [day for day in days_with_slots(question) if _is_counted(window, day)]
            return date.min, counted[window.days - 1] if len(counted) >= window.days else date.max
        case DaysAhead():
            today = date_shown(question.zone, question.now)
            after = (today + timedelta(days=number) for number in count(1))
            return date.min, [today, *islice((day for day in after if _is_counted(window, day)), window.days)][-1]


def days_with_slots(question: Question) -> list[date]:
    """Return the days that have a slot under all other rules, in a listing from now to the window's end."""
    no_window = replace(question.event_type, booking_window=None)
    from_now = replace(question, window=(question.now, question.window[1]), event_type=no_window)
    return sorted({date_shown(question.zone, start) for start in listed(from_now)})


def _is_counted(window: DaysAhead, day: date) -> bool:
    return not window.business or day.isoweekday() <= 5


# Everything together -------------------------------------------------------------------------------------------------


def listed(question: Question) -> list[int]:
    """Return the starts that should be listed."""
    event_type = question.event_type
    full = full_minutes(question)
    free = {host.id: _open_minutes(question, host) - busy_minutes(question, host.id) - full for host in question.hosts}
    stretches = team_stretches(question.hosts, {host_id: runs(minutes) for host_id, minutes in free.items()})
    grid = Grid(
        length=question.length,
        step=event_type.slot_interval or question.length,
        offset_start=event_type.offset_start,
        optimized=event_type.optimized_slots,
        zone=zone_named(question.zone),
    )
    starts = grid_starts(
        grid,
        [(begin * MILLISECONDS, end * MILLISECONDS) for begin, end in stretches],
        (max(question.window[0], _earliest(question)), question.window[1]),
    )
    first, last = bookable_days(question)
    in_booking_window = [start for start in starts if first <= date_shown(question.zone, start) <= last]
    return [start for start in in_booking_window if _has_hosts(question, free, start)]


def _open_minutes(question: Question, host: Host) -> set[int]:
    days = _dates_around(question.window)
    return open_minutes(host.schedule, days[0], days[-1], travels=host.travels, absences=host.person.absences)


def _dates_around(window: tuple[int, int]) -> list[date]:
    first, last = (datetime.fromtimestamp(instant // 1_000, UTC).date() for instant in window)
    return [first + timedelta(days=number) for number in range(-3, (last - first).days + 4)]


def _earliest(question: Question) -> int:
    notice = question.event_type.minimum_notice
    if notice:
        return question.now + notice * MILLISECONDS
    return (question.now // MILLISECONDS + 1) * MILLISECONDS
