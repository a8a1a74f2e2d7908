"""Who is free when, for hosts and teams: the one predicate behind listing, reserving and booking (docs/rules.md)."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from functools import reduce
from itertools import chain

from app.domain.booking_window import ALWAYS, Bookable
from app.domain.busy import (
    Booking,
    BusyTimes,
    Reservation,
    TakenBy,
    blocked,
    buffers_only,
    calendar_ranges,
    meets,
)
from app.domain.event_type import EventType, Host, StaffedEventType
from app.domain.full_periods import full_periods
from app.domain.schedule import open_ranges, zone
from app.domain.seats import SeatedStart, seated_starts
from app.domain.slots import Grid
from app.domain.time_ranges import (
    MINUTE,
    SECOND,
    Instant,
    Range,
    common,
    holds,
    intersection,
    maximal,
    meets_any,
    merged,
    without,
)


class Refusal(IntEnum):
    """Why a time is not free. Where several hosts give several reasons, the lowest is told."""

    SEATS_FULL = 1
    BOOKED = 2
    RESERVED = 3
    CALENDAR_BUSY = 4
    NOTICE = 5
    WINDOW = 6
    """Outside the booking window."""
    LIMIT = 7
    """In a day, week, month or year that is full."""
    CLOSED = 8
    """Outside the hosts' hours, or on a date that is closed or away."""
    NOBODY = 9
    """Nobody hosts the event type."""


_REFUSAL_BY_TAKER = {
    TakenBy.BOOKING: Refusal.BOOKED,
    TakenBy.RESERVATION: Refusal.RESERVED,
    TakenBy.CALENDAR: Refusal.CALENDAR_BUSY,
    TakenBy.LIMIT: Refusal.LIMIT,
}


def earliest_start(now: Instant, notice_minutes: int) -> Instant:
    """Return the first instant at which a slot may start (docs/rules.md 8)."""
    if notice_minutes > 0:
        return now + notice_minutes * MINUTE
    return now - now % MINUTE + MINUTE


def moment(now: Instant, event_type: EventType, window_start: Instant) -> tuple[Instant, bool] | None:
    """Return what a listing depends on of the time: within one moment the same question has the same answer.

    Grids are laid by whole minutes from where notice leaves off, so a moment is a whole minute or the time between
    two; but optimized ones look at how much is left, to the millisecond. None: notice ends before the window begins.
    """
    earliest = earliest_start(now, event_type.minimum_notice)
    if earliest <= window_start:
        return None
    if event_type.optimized_slots:
        return earliest, True
    return earliest - earliest % MINUTE, earliest % MINUTE == 0


def next_moment(now: Instant, event_type: EventType) -> Instant:
    """Return when a listing may become another one, be it only because time passes.

    What it depends on of the time (`moment`), and the days of a booking window, change with a whole minute. Optimized
    slots are looked at each second: they might change with each millisecond.
    """
    step = SECOND if event_type.optimized_slots else MINUTE
    # Just after: where notice ends with a whole minute, a slot that may start in it may not a millisecond later.
    return now - (now - 1) % step + step


def hours_of(hosts: Iterable[Host], around: Range) -> dict[int, list[Range]]:
    """Return the hours of hosts by id (docs/rules.md 2 and 5); those of a team often share theirs, expanded once."""
    expanded: dict[tuple[object, ...], list[Range]] = {}
    result: dict[int, list[Range]] = {}
    for host in hosts:
        schedule, travels, absences = host.schedule, host.travels, host.person.absences
        # Hosts have schedules of their own, with ids of their own: what counts is what they say.
        said = schedule.zone, schedule.hours, schedule.overrides, travels, absences
        if said not in expanded:
            expanded[said] = open_ranges(schedule, travels, absences, around)
        result[host.id] = expanded[said]
    return result


class Availability:
    """The free time of an event type's hosts around a stretch of time, for slots of one length."""

    def __init__(
        self,
        staffed: StaffedEventType,
        busy: BusyTimes,
        *,
        length: int,
        now: Instant,
        around: Range,
        rescheduling: str | None = None,
        bookable: Bookable = ALWAYS,
    ) -> None:
        """Judge by `busy`, which must hold all that meets `around`, buffers and the periods of limits included.

        `length` is in minutes. `rescheduling` names the booking that is being moved and so left out (docs/rules.md 3).
        `bookable` are the days of the event zone that the booking window leaves (docs/rules.md 9).
        """
        self.staffed = staffed
        self.busy = busy
        self.length = length
        self.around = around
        self.bookable = bookable
        self.earliest = earliest_start(now, staffed.event_type.minimum_notice)
        self.seated = seated_starts(staffed, busy)
        self._zone = zone(staffed.zone)
        self._rescheduling = rescheduling
        host_ids = [host.id for host in staffed.hosts]
        self._taken: dict[TakenBy, dict[int, list[Range]]] = {
            taker: {host_id: [] for host_id in host_ids} for taker in TakenBy
        }
        self.calendar_open_for: dict[int, list[Range]] = {host_id: [] for host_id in host_ids}
        """In what times the calendar busy times of a host do not count."""
        self._seated_times = merged((seat.start, seat.end) for seat in self.seated.values())
        self._longest_seated = max((seat.end - seat.start for seat in self.seated.values()), default=0)
        self._shared: dict[int, dict[Instant, Instant]] = {host_id: {} for host_id in host_ids}
        """The starts with seats left of each host, and when the last one there ends."""
        self._mandatory, self._groups = staffed.mandatory, staffed.groups
        self._take_bookings()
        self._take_reservations()
        self._take_calendars()
        self.full = full_periods(staffed, busy, self._zone, around, length=length, rescheduling=rescheduling)
        self._take_full_periods()
        self._shared_starts = {host_id: sorted(seats) for host_id, seats in self._shared.items()}
        self.open = hours_of(staffed.hosts, around)
        self.free = {
            host_id: without(
                self.open[host_id], merged(chain.from_iterable(taken[host_id] for taken in self._taken.values()))
            )
            for host_id in host_ids
        }

    # What takes the hosts' time ------------------------------------------------------------------------------------

    def _take_bookings(self) -> None:
        taken = self._taken[TakenBy.BOOKING]
        for booking in self.busy.bookings:
            if self.is_moved(booking):
                for host_id in booking.host_ids & taken.keys():
                    self.calendar_open_for[host_id].append((booking.start, booking.end))
            elif booking.blocks:
                self._take(booking, taken)

    def _take_reservations(self) -> None:
        for reservation in self.busy.reservations:
            self._take(reservation, self._taken[TakenBy.RESERVATION])

    def _take(self, item: Booking | Reservation, taken: dict[int, list[Range]]) -> None:
        host_ids = item.host_ids & taken.keys()
        if not host_ids:
            return
        seat = self.partly_taken(item) if self.seated else None
        ranges = (
            [blocked(self.staffed.event_type, item)] if seat is None else buffers_only(self.staffed.event_type, item)
        )
        for host_id in host_ids:
            taken[host_id] += ranges
            if seat is not None:
                # What a calendar reports there is the class itself. Of one that is only held nobody can have reported.
                if isinstance(item, Booking):
                    self.calendar_open_for[host_id].append((item.start, item.end))
                shared = self._shared[host_id]
                shared[item.start] = max(item.end, shared.get(item.start, item.end))

    def _take_calendars(self) -> None:
        taken = self._taken[TakenBy.CALENDAR]
        for host_id, reported in self.busy.calendars.items():
            if host_id in taken:
                taken[host_id] = calendar_ranges(self.staffed.event_type, reported, self.calendar_open_for[host_id])

    def _take_full_periods(self) -> None:
        if self.full:
            times = [period.time for period in self.full]
            self._taken[TakenBy.LIMIT] = dict.fromkeys(self._taken[TakenBy.LIMIT], times)

    def is_moved(self, booking: Booking) -> bool:
        """Say whether a booking is left out because it is being moved (docs/rules.md 3 and 11)."""
        return booking.uid == self._rescheduling and not self._is_seated(booking)

    def partly_taken(self, item: Booking | Reservation) -> SeatedStart | None:
        """Return the start that a booking or reservation has a seat at, if others are left there."""
        seat = self.seated.get(item.start) if self._is_seated(item) else None
        return seat if seat is not None and seat.seats_left else None

    def _is_seated(self, item: Booking | Reservation) -> bool:
        event_type = self.staffed.event_type
        return event_type.seats is not None and item.event_type_id == event_type.id

    # Listing -------------------------------------------------------------------------------------------------------

    def starts(self, window: Range) -> list[Instant]:
        """Return where the slots start that start and end in `window` (docs/rules.md 1, 6 to 9 and 11), in order."""
        starts = self.grid.starts(self.team_stretches(self.free), (max(window[0], self.earliest), window[1]))
        if self.bookable != ALWAYS:
            starts = [start for start in starts if self.in_booking_window(start)]
        return [start for start in starts if self._has_room(start)] if self.seated else starts

    def _has_room(self, start: Instant) -> bool:
        """Say whether a start that the team is free for may be given, where some have seats taken."""
        end = start + self.length * MINUTE
        return not meets_any(self._seated_times, start, end) or not any(self.team_refusals(start))

    @property
    def grid(self) -> Grid:
        """How starts are laid."""
        event_type = self.staffed.event_type
        return Grid(
            length=self.length,
            step=event_type.slot_interval or self.length,
            offset_start=event_type.offset_start,
            optimized=event_type.optimized_slots,
            zone=self._zone,
        )

    def team_stretches(self, free: Mapping[int, Sequence[Range]]) -> list[Range]:
        """Return the team's stretches, of what each of its hosts has free (docs/rules.md 6)."""
        needs = [maximal(stretch for host in group for stretch in free[host.id]) for group in self._groups]
        if self._mandatory:
            needs.append(common([free[host.id] for host in self._mandatory]))
        if not needs:
            return []
        return reduce(lambda met, need: maximal(intersection(met, need)), needs)

    # The predicate -------------------------------------------------------------------------------------------------

    def host_refusals(self, start: Instant, host_ids: Collection[int]) -> dict[int, Refusal]:
        """Return which of the hosts are not free for a slot at `start`, and why."""
        hosts = (host for host in self.staffed.hosts if host.id in host_ids)
        return {host.id: refusal for host in hosts if (refusal := self._host_refusal(host, start))}

    def refusal(self, start: Instant) -> Refusal | None:
        """Say why a slot at `start` is not free; None if it is, on the grid or not."""
        if not self.staffed.hosts:
            return Refusal.NOBODY
        return min([*self.team_refusals(start), *self.time_refusals(start)], default=None)

    def time_refusals(self, start: Instant) -> list[Refusal]:
        """Return what refuses a start whoever hosts it: notice and booking window."""
        notice = [Refusal.NOTICE] if start < self.earliest else []
        return notice if self.in_booking_window(start) else [*notice, Refusal.WINDOW]

    def in_booking_window(self, start: Instant) -> bool:
        """Say whether a start lies on a day that the booking window leaves (docs/rules.md 9)."""
        first, last = self.bookable
        day = self._zone.day_at(start)
        return (first is None or first <= day) and (last is None or day <= last)

    def team_refusals(self, start: Instant) -> Iterator[Refusal]:
        """Tell what refuses a start for its hosts' sake, one after the other."""
        seat = self.seated.get(start)
        if seat is not None:
            if not seat.seats_left:
                yield Refusal.SEATS_FULL
                return
            yield from self._seat_refusals(seat)
        for host in self._mandatory:
            if refusal := self._host_refusal(host, start):
                yield refusal
        for group in self._groups:
            if refusal := self._group_refusal(group, start):
                yield refusal

    def _seat_refusals(self, seat: SeatedStart) -> Iterator[Refusal]:
        """Judge another seat at a start that has some taken: it needs the hosts of the first (docs/rules.md 11)."""
        hosts = [host for host in self.staffed.hosts if host.id in seat.host_ids]
        if not hosts:
            # Those of the first seat are not asked for, or do not host the event type any more.
            yield _taken_by(seat)
        for host in hosts:
            if refusal := self._host_refusal(host, seat.start):
                yield refusal

    def _group_refusal(self, group: tuple[Host, ...], start: Instant) -> Refusal | None:
        """Return why nobody of a group is free; None as soon as somebody is."""
        lowest: Refusal | None = None
        for host in group:
            refusal = self._host_refusal(host, start)
            if refusal is None:
                return None
            lowest = refusal if lowest is None else min(lowest, refusal)
        return lowest

    def _host_refusal(self, host: Host, start: Instant) -> Refusal | None:
        end = start + self.length * MINUTE
        if holds(self.free[host.id], start, end):
            shared = self.shared_elsewhere(host, start)
            return None if shared is None else _taken_by(shared)
        for taker, taken in self._taken.items():
            if meets(taken[host.id], start, end):
                return _REFUSAL_BY_TAKER[taker]
        return Refusal.CLOSED

    def shared_elsewhere(self, host: Host, start: Instant) -> SeatedStart | None:
        """Return another start with seats left that a slot would lie across, on the same host (docs/rules.md 11)."""
        starts, end = self._shared_starts[host.id], start + self.length * MINUTE
        # What began earlier by the longest of them is over.
        for other in starts[bisect_right(starts, start - self._longest_seated) : bisect_left(starts, end)]:
            if other != start and self._shared[host.id][other] > start:
                return self.seated[other]
        return None


def _taken_by(seat: SeatedStart) -> Refusal:
    return Refusal.BOOKED if seat.is_booked else Refusal.RESERVED
