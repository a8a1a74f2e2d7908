"""Why a start is not on offer: by rule and by host for one start, or counted by rule for every date.

The answer to "is it free?" stays that of `availability`; this module only says what that answer comes from.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import chain

from app.domain.answer import by_day
from app.domain.availability import Availability, Refusal, hours_of
from app.domain.busy import Booking, Reservation, blocked, buffers_only, calendar_blocked, calendar_times
from app.domain.event_type import Host
from app.domain.limits import FullPeriod
from app.domain.schedule import LocalDay, Zone, without_closed_dates
from app.domain.seats import SeatedStart
from app.domain.time_ranges import MINUTE, Instant, Range, holds, merged, overlaps, without


class Rule(Enum):
    """What keeps a start off the list; the values are the public API's."""

    NOBODY = "nobody"
    """Nobody hosts the event type."""
    OUTSIDE_HOURS = "outsideHours"
    DATE_CLOSED = "dateClosed"
    """An override closes the date."""
    OUT_OF_OFFICE = "outOfOffice"
    BOOKING = "booking"
    RESERVATION = "reservation"
    CALENDAR = "calendar"
    BUFFER = "buffer"
    LIMIT = "limit"
    SEATS = "seats"
    """All seats of the start are taken."""
    NOTICE = "notice"
    BOOKING_WINDOW = "bookingWindow"
    ASKED_WINDOW = "askedWindow"
    """The slot ends after the time that was asked about."""
    GRID = "grid"
    """The time is free, but starts are offered at other minutes."""
    ONLY_FIRST = "onlyFirstSlot"
    """An earlier start of the date is the only one shown."""


_OF_OTHER_SEATS = {Refusal.BOOKED: Rule.BOOKING, Refusal.RESERVED: Rule.RESERVATION}
"""What refuses a start that lies across another one, of which seats are left."""
_RULES = {Refusal.NOTICE: Rule.NOTICE, Refusal.WINDOW: Rule.BOOKING_WINDOW}
"""What refuses a start whoever hosts it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing that forbids a start."""

    rule: Rule
    time: Range | None = None
    """When it is, without buffers."""
    of: Rule | None = None
    """Of a buffer: what it belongs to."""
    item: Booking | Reservation | None = None
    """The booking or reservation that it is, or whose buffer."""
    full: FullPeriod | None = None
    """The period that a limit closes."""
    seat: SeatedStart | None = None
    """The start whose seats are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostExplained:
    """What forbids a start to one host; nothing, if they are free for it."""

    host: Host
    needed: bool
    """Whether nobody can take their place: they are mandatory, or have the first seat's guest."""
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartExplained:
    """Whether a start is free and listed, and what is in its way."""

    start: Instant
    end: Instant
    free: bool
    listed: bool
    reasons: tuple[Reason, ...]
    """What forbids it whoever hosts it."""
    hosts: tuple[HostExplained, ...]


@dataclass(slots=True)
class DayExplained:
    """How many starts a date could have by the hosts' hours alone, and what became of them.

    Each start that is not listed is counted once, by the first rule that takes it away. A listing may have starts that
    the hours alone do not give, because the grid begins anew after a booking; those count as candidates too.
    """

    candidates: int = 0
    listed: int = 0
    taken: Counter[Rule] = field(default_factory=Counter)


# One start -----------------------------------------------------------------------------------------------------------


def explain_start(availability: Availability, start: Instant, window: Range, asker: Zone) -> StartExplained:
    """Say what forbids a start, or that it is free; `availability` must reach around the slot and `window`."""
    listed = start in listed_starts(availability, window, asker)
    free = availability.refusal(start) is None
    times, seat = host_times(availability), availability.seated.get(start)
    reasons = tuple(_team_reasons(availability, start))
    if free and not listed:
        reasons += (Reason(rule=_unlisted(availability, start, window)),)
    return StartExplained(
        start=start,
        end=_end(availability, start),
        free=free,
        listed=listed,
        reasons=reasons,
        hosts=tuple(
            HostExplained(
                host=host,
                needed=host.mandatory or (seat is not None and host.id in seat.host_ids),
                reasons=tuple(_host_reasons(availability, times[host.id], start)),
            )
            for host in availability.staffed.hosts
        ),
    )


def _end(availability: Availability, start: Instant) -> Instant:
    return start + availability.length * MINUTE


def listed_starts(availability: Availability, window: Range, asker: Zone) -> set[Instant]:
    """Return the listed starts."""
    only_first = availability.staffed.event_type.only_first_slot
    listing = by_day(availability.starts(window), asker, only_first=only_first)
    return {start for starts in listing.values() for start in starts}


def _unlisted(availability: Availability, start: Instant, window: Range) -> Rule:
    """Return why a start that is free is not listed."""
    starts = availability.starts((window[0], max(window[1], _end(availability, start))))
    if start not in starts:
        return Rule.GRID
    return Rule.ONLY_FIRST if start in availability.starts(window) else Rule.ASKED_WINDOW


def _team_reasons(availability: Availability, start: Instant) -> Iterator[Reason]:
    if not availability.staffed.hosts:
        yield Reason(rule=Rule.NOBODY)
    seat = availability.seated.get(start)
    if seat is not None:
        yield from _seat_reasons(availability, seat)
    for refusal in availability.time_refusals(start):
        yield Reason(rule=_RULES[refusal])


def _seat_reasons(availability: Availability, seat: SeatedStart) -> Iterator[Reason]:
    """Return what forbids another seat at a start, apart from what its hosts have."""
    time = seat.start, seat.end
    if not seat.seats_left:
        yield Reason(rule=Rule.SEATS, time=time, seat=seat)
    elif seat.host_ids.isdisjoint(host.id for host in availability.staffed.hosts):
        there = ((rule, item) for rule, item in _all_items(availability) if availability.partly_taken(item) is seat)
        yield from (Reason(rule=rule, time=time, item=item) for rule, item in there)


# One host ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HostTimes:
    """What opens and takes a host's time."""

    lifted: list[Range]
    """Hours as if no date were closed."""
    kept: list[Range]
    """Those, less the dates that overrides close."""
    opened: list[Range]
    """Those, less absences."""
    items: list["_Item"]
    """What takes it."""
    reported: list[Range]
    """By connected calendars."""
    closed: list[Range] = field(init=False)
    away: list[Range] = field(init=False)
    _by_begin: list[tuple[Instant, int]] = field(init=False)
    """When items begin to matter, and their numbers."""
    _longest: int = field(init=False)

    def __post_init__(self) -> None:
        """Derive what is looked at for many starts."""
        object.__setattr__(self, "closed", without(self.lifted, self.kept))
        object.__setattr__(self, "away", without(self.kept, self.opened))
        begins = sorted((item.reach[0], number) for number, item in enumerate(self.items))
        object.__setattr__(self, "_by_begin", begins)
        longest = max((item.reach[1] - item.reach[0] for item in self.items), default=0)
        object.__setattr__(self, "_longest", longest)

    def near(self, slot: Range) -> "list[_Item]":
        """Return the items that may meet a slot, in their order."""
        begin = bisect_left(self._by_begin, (slot[0] - self._longest, 0))
        end = bisect_left(self._by_begin, (slot[1], 0))
        return [self.items[number] for number in sorted(number for _, number in self._by_begin[begin:end])]


@dataclass(frozen=True, slots=True)
class _Item:
    """A booking or reservation that takes hosts' time."""

    rule: Rule
    item: Booking | Reservation
    blocked: list[Range]
    """Where slots cannot lie because of it."""

    @property
    def time(self) -> Range:
        return self.item.start, self.item.end

    @property
    def reach(self) -> Range:
        """From the first to the last moment at which it matters."""
        ranges = [self.time, *self.blocked]
        return min(begin for begin, _ in ranges), max(end for _, end in ranges)


def host_times(availability: Availability) -> dict[int, HostTimes]:
    """Return what opens and takes the time of each host, by id."""
    hosts = availability.staffed.hosts
    items: dict[int, list[_Item]] = {host.id: [] for host in hosts}
    for rule, item in _all_items(availability):
        taking = _Item(rule, item, blocked_by(availability, item))
        for host_id in item.host_ids & items.keys():
            items[host_id].append(taking)
    there = [replace(host, person=replace(host.person, absences=())) for host in hosts]
    kept = hours_of(there, availability.around)
    unclosed = [replace(host, schedule=without_closed_dates(host.schedule)) for host in there]
    lifted = hours_of(unclosed, availability.around)
    calendars, open_for = availability.busy.calendars, availability.calendar_open_for
    return {
        host.id: HostTimes(
            lifted=lifted[host.id],
            kept=kept[host.id],
            opened=availability.open[host.id],
            items=items[host.id],
            reported=calendar_times(calendars.get(host.id, ()), open_for[host.id]),
        )
        for host in hosts
    }


def _all_items(availability: Availability) -> Iterator[tuple[Rule, Booking | Reservation]]:
    """Return the bookings and reservations that take their hosts' time."""
    for booking in availability.busy.bookings:
        if booking.blocks and not availability.is_moved(booking):
            yield Rule.BOOKING, booking
    for reservation in availability.busy.reservations:
        yield Rule.RESERVATION, reservation


def _host_reasons(availability: Availability, times: HostTimes, start: Instant) -> Iterator[Reason]:
    """Return everything that keeps a host from a slot at `start`."""
    slot = start, _end(availability, start)
    yield from _closed(times, slot)
    yield from _taken(availability, times, slot)
    yield from _reported(availability, times, slot)
    yield from (
        Reason(rule=Rule.LIMIT, time=one.time, full=one) for one in availability.full if overlaps(one.time, slot)
    )


def _closed(times: HostTimes, slot: Range) -> Iterator[Reason]:
    if not holds(times.lifted, *slot):
        yield Reason(rule=Rule.OUTSIDE_HOURS)
    for rule, ranges in ((Rule.DATE_CLOSED, times.closed), (Rule.OUT_OF_OFFICE, times.away)):
        yield from (Reason(rule=rule, time=time) for time in ranges if overlaps(time, slot))


def _taken(availability: Availability, times: HostTimes, slot: Range) -> Iterator[Reason]:
    for taking in times.near(slot):
        rule, item, time = taking.rule, taking.item, taking.time
        across, partly_taken = overlaps(time, slot), availability.partly_taken(item) is not None
        # At a start with seats left another seat is welcome; a slot across it is not.
        if across and not (partly_taken and item.start == slot[0]):
            yield Reason(rule=rule, time=time, item=item)
        # Such a start blocks its buffers besides.
        if (partly_taken or not across) and any(overlaps(one, slot) for one in taking.blocked):
            yield Reason(rule=Rule.BUFFER, time=time, of=rule, item=item)


def blocked_by(availability: Availability, item: Booking | Reservation) -> list[Range]:
    """Return where slots cannot lie because of a booking or reservation; of a start with seats left its buffers."""
    event_type = availability.staffed.event_type
    if availability.partly_taken(item) is None:
        return [blocked(event_type, item)]
    return buffers_only(event_type, item)


def _reported(availability: Availability, times: HostTimes, slot: Range) -> Iterator[Reason]:
    for time in times.reported:
        if overlaps(time, slot):
            yield Reason(rule=Rule.CALENDAR, time=time)
        elif overlaps(calendar_blocked(availability.staffed.event_type, time), slot):
            yield Reason(rule=Rule.BUFFER, time=time, of=Rule.CALENDAR)


# Every date ----------------------------------------------------------------------------------------------------------

_STAGES = (
    Rule.OUTSIDE_HOURS,
    Rule.DATE_CLOSED,
    Rule.OUT_OF_OFFICE,
    Rule.BOOKING,
    Rule.RESERVATION,
    Rule.CALENDAR,
    Rule.BUFFER,
    Rule.LIMIT,
)
"""Rules that take hosts' time, in the order in which `_stages` lets them."""


def explain_days(availability: Availability, window: Range, asker: Zone) -> dict[LocalDay, DayExplained]:
    """Count for every date of the window, in the asker's zone, the possible starts and what took them away."""
    listed, offered = listed_starts(availability, window, asker), set(availability.starts(window))
    times = host_times(availability)
    stages = _team_stages(availability, times)
    possible = availability.grid.starts(stages[0][1], window)
    days = {number: DayExplained() for number in range(asker.day_at(window[0]), asker.day_at(window[1]) + 1)}
    for start in sorted({*possible, *offered}):
        # Clocks that are set back at midnight show a date that was over once more.
        day = days.setdefault(asker.day_at(start), DayExplained())
        day.candidates += 1
        if start in listed:
            day.listed += 1
        else:
            free = Rule.ONLY_FIRST if start in offered else Rule.GRID
            day.taken[_first_rule(availability, times, start, stages) or free] += 1
    return dict(sorted(days.items()))


def _first_rule(
    availability: Availability,
    times: dict[int, HostTimes],
    start: Instant,
    stages: list[tuple[Rule, list[Range]]],
) -> Rule | None:
    """Return the first rule that takes a start away; None if it is free."""
    seat = availability.seated.get(start)
    if seat is not None and not seat.seats_left:
        return Rule.SEATS
    end = _end(availability, start)
    for rule, left in stages:
        if not holds(left, start, end):
            return rule
    for refusal in availability.time_refusals(start):
        return _RULES[refusal]
    if availability.seated and any(availability.team_refusals(start)):
        return _first_seat_rule(availability, times, start)
    return None


def _first_seat_rule(availability: Availability, times: dict[int, HostTimes], start: Instant) -> Rule:
    """Return what forbids a start that the team is free for: its seats' hosts are not, or sit at another start."""
    seat = availability.seated.get(start)
    if seat is None:
        return _OF_OTHER_SEATS[min(availability.team_refusals(start))]
    of_hosts = (
        _host_reasons(availability, of_host, start) for host_id, of_host in times.items() if host_id in seat.host_ids
    )
    return next(chain(_seat_reasons(availability, seat), *of_hosts)).rule


def _team_stages(availability: Availability, times: dict[int, HostTimes]) -> list[tuple[Rule, list[Range]]]:
    """Return what is left of the team's time after each rule."""
    stages = {host_id: _stages(availability, host_id, of_host) for host_id, of_host in times.items()}
    return [
        (rule, availability.team_stretches({host_id: left[number] for host_id, left in stages.items()}))
        for number, rule in enumerate(_STAGES)
    ]


def _stages(availability: Availability, host_id: int, times: HostTimes) -> list[list[Range]]:
    """Return what is left of a host's time after each of `_STAGES`."""
    own: dict[Rule, list[Range]] = {Rule.BOOKING: [], Rule.RESERVATION: [], Rule.CALENDAR: times.reported}
    blocked_times: list[Range] = []
    for taking in times.items:
        if availability.partly_taken(taking.item) is None:
            own[taking.rule].append(taking.time)
        blocked_times += taking.blocked
    blocked_times += (calendar_blocked(availability.staffed.event_type, time) for time in times.reported)
    left = [times.lifted, times.kept, times.opened]
    taken: list[Range] = []
    for ranges in own.values():
        taken += ranges
        left.append(without(times.opened, merged(taken)))
    return [*left, without(times.opened, merged(taken + blocked_times)), availability.free[host_id]]
