"""Why a start is not on offer: by rule and by host for one start, or counted by rule for every date.

The answer to "is it free?" stays that of `availability`; this module only says what that answer comes from.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from app.domain.answer import by_day
from app.domain.availability import Availability, Refusal
from app.domain.busy import Booking, Reservation, blocked, buffers_only, calendar_blocked, calendar_times
from app.domain.event_type import Host
from app.domain.limits import FullPeriod
from app.domain.schedule import LocalDay, Zone, open_ranges, without_closed_dates
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


_RULES = {
    Refusal.SEATS_FULL: Rule.SEATS,
    Refusal.BOOKED: Rule.BOOKING,
    Refusal.RESERVED: Rule.RESERVATION,
    Refusal.NOTICE: Rule.NOTICE,
    Refusal.WINDOW: Rule.BOOKING_WINDOW,
}
"""What refuses a start that some host, or team of hosts, is free for."""


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
    listed = start in _listed(availability, window, asker)
    free = availability.refusal(start) is None
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
            HostExplained(host=host, reasons=tuple(host_reasons(availability, host, start)))
            for host in availability.staffed.hosts
        ),
    )


def _end(availability: Availability, start: Instant) -> Instant:
    return start + availability.length * MINUTE


def _listed(availability: Availability, window: Range, asker: Zone) -> set[Instant]:
    """Return the listed starts."""
    only_first = availability.staffed.event_type.only_first_slot
    listing = by_day(availability.slots(window), asker, only_first=only_first)
    return {slot.start for slots in listing.values() for slot in slots}


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
    if seat is not None and not seat.seats_left:
        yield Reason(rule=Rule.SEATS, time=(seat.start, seat.end), seat=seat)
    elif seat is not None and seat.host_ids.isdisjoint(host.id for host in availability.staffed.hosts):
        yield Reason(rule=_rule_of(seat), time=(seat.start, seat.end), seat=seat)
    for refusal in availability.time_refusals(start):
        yield Reason(rule=_RULES[refusal])


def _rule_of(seat: SeatedStart) -> Rule:
    return Rule.RESERVATION if seat.booking_uid is None else Rule.BOOKING


# One host ------------------------------------------------------------------------------------------------------------


def host_reasons(availability: Availability, host: Host, start: Instant) -> list[Reason]:
    """Return everything that keeps a host from a slot at `start`."""
    slot = start, _end(availability, start)
    return [
        *_closed(availability, host, slot),
        *_taken(availability, host, slot),
        *_reported(availability, host, slot),
        *(Reason(rule=Rule.LIMIT, time=one.time, full=one) for one in availability.full if overlaps(one.time, slot)),
    ]


def _hours(availability: Availability, host: Host) -> tuple[list[Range], list[Range], list[Range]]:
    """Return a host's hours as if no date were closed, less the dates that overrides close, less absences too."""
    lifted = without_closed_dates(host.schedule)
    return (
        open_ranges(lifted, host.travels, (), availability.around),
        open_ranges(host.schedule, host.travels, (), availability.around),
        availability.open[host.id],
    )


def _closed(availability: Availability, host: Host, slot: Range) -> Iterator[Reason]:
    lifted, kept, opened = _hours(availability, host)
    if not holds(lifted, *slot):
        yield Reason(rule=Rule.OUTSIDE_HOURS)
    for rule, closed in ((Rule.DATE_CLOSED, without(lifted, kept)), (Rule.OUT_OF_OFFICE, without(kept, opened))):
        yield from (Reason(rule=rule, time=time) for time in closed if overlaps(time, slot))


def _taken(availability: Availability, host: Host, slot: Range) -> Iterator[Reason]:
    for rule, item in _items(availability, host):
        time = item.start, item.end
        partly_taken = availability.partly_taken(item) is not None
        ranges = _blocked(availability, item)
        # At a start with seats left another seat is welcome; a slot across it is not.
        if overlaps(time, slot) and not (partly_taken and item.start == slot[0]):
            yield Reason(rule=rule, time=time, item=item)
        elif any(overlaps(one, slot) for one in ranges):
            yield Reason(rule=Rule.BUFFER, time=time, of=rule, item=item)


def _items(availability: Availability, host: Host) -> Iterator[tuple[Rule, Booking | Reservation]]:
    """Return the bookings and reservations that take a host's time."""
    for booking in availability.busy.bookings:
        if host.id in booking.host_ids and booking.blocks and not availability.is_moved(booking):
            yield Rule.BOOKING, booking
    for reservation in availability.busy.reservations:
        if host.id in reservation.host_ids:
            yield Rule.RESERVATION, reservation


def _blocked(availability: Availability, item: Booking | Reservation) -> list[Range]:
    event_type = availability.staffed.event_type
    if availability.partly_taken(item) is None:
        return [blocked(event_type, item)]
    return buffers_only(event_type, item)


def _reported(availability: Availability, host: Host, slot: Range) -> Iterator[Reason]:
    for time in _calendar(availability, host):
        if overlaps(time, slot):
            yield Reason(rule=Rule.CALENDAR, time=time)
        elif overlaps(calendar_blocked(availability.staffed.event_type, time), slot):
            yield Reason(rule=Rule.BUFFER, time=time, of=Rule.CALENDAR)


def _calendar(availability: Availability, host: Host) -> list[Range]:
    reported = availability.busy.calendars.get(host.id, ())
    return calendar_times(reported, availability.calendar_open_for[host.id])


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
    listed, offered = _listed(availability, window, asker), set(availability.starts(window))
    stages = _team_stages(availability)
    possible = availability.grid.starts(stages[0][1], window)
    days = {number: DayExplained() for number in range(asker.day_at(window[0]), asker.day_at(window[1]) + 1)}
    for start in sorted({*possible, *offered}):
        day = days[asker.day_at(start)]
        day.candidates += 1
        if start in listed:
            day.listed += 1
        else:
            free = Rule.ONLY_FIRST if start in offered else Rule.GRID
            day.taken[_first_rule(availability, start, stages) or free] += 1
    return days


def _first_rule(availability: Availability, start: Instant, stages: list[tuple[Rule, list[Range]]]) -> Rule | None:
    """Return the first rule that takes a start away; None if it is free."""
    seat = availability.seated.get(start)
    if seat is not None and not seat.seats_left:
        return Rule.SEATS
    end = _end(availability, start)
    for rule, left in stages:
        if not holds(left, start, end):
            return rule
    refusals = availability.time_refusals(start)
    if availability.seated and not refusals:
        refusals = availability.team_refusals(start)
    return _RULES[min(refusals)] if refusals else None


def _team_stages(availability: Availability) -> list[tuple[Rule, list[Range]]]:
    """Return what is left of the team's time after each rule."""
    stages = {host.id: _stages(availability, host) for host in availability.staffed.hosts}
    return [
        (rule, availability.team_stretches({host_id: left[number] for host_id, left in stages.items()}))
        for number, rule in enumerate(_STAGES)
    ]


def _stages(availability: Availability, host: Host) -> list[list[Range]]:
    """Return what is left of a host's time after each of `_STAGES`."""
    hours = _hours(availability, host)
    items = list(_items(availability, host))
    own = {Rule.BOOKING: [], Rule.RESERVATION: [], Rule.CALENDAR: _calendar(availability, host)}
    for rule, item in items:
        if availability.partly_taken(item) is None:
            own[rule].append((item.start, item.end))
    left = [*hours]
    taken: list[Range] = []
    for ranges in own.values():
        taken += ranges
        left.append(without(hours[-1], merged(taken)))
    taken += (one for _, item in items for one in _blocked(availability, item))
    taken += (calendar_blocked(availability.staffed.event_type, time) for time in own[Rule.CALENDAR])
    return [*left, without(hours[-1], merged(taken)), availability.free[host.id]]
