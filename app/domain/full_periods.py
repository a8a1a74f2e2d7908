"""Which periods are full for an event type: what its limits count, and which of them are reached (docs/rules.md 10)."""

from collections.abc import Collection, Iterable
from typing import TypeVar

from app.domain.busy import Booking, BusyTimes, Reservation
from app.domain.event_type import StaffedEventType
from app.domain.limits import Counted, full_by_count, full_by_duration
from app.domain.schedule import Zone
from app.domain.time_ranges import Range

Item = TypeVar("Item", Booking, Reservation)


def full_periods(
    staffed: StaffedEventType, busy: BusyTimes, where: Zone, around: Range, *, length: int, rescheduling: str | None
) -> list[Range]:
    """Return the periods in `around` that take no other booking of `length` minutes."""
    limits = staffed.event_type.limits
    if not limits.all:
        return []
    bookings = [booking for booking in busy.limited if booking.uid != rescheduling]
    own = _counted(staffed, _of_types(bookings, {staffed.event_type.id}), busy.reservations)
    return [
        *full_by_count(limits.count, own, where, around),
        *full_by_duration(limits.duration, own, where, around, length),
        *full_by_count(limits.team_count, _of_team(staffed, bookings, busy.reservations), where, around),
    ]


def _counted(staffed: StaffedEventType, bookings: list[Booking], reservations: Iterable[Reservation]) -> list[Counted]:
    """Count bookings, and live reservations as bookings; on a seated type those at one start are one."""
    event_type = staffed.event_type
    reserved = _of_types(reservations, {event_type.id})
    if event_type.seats is not None:
        booked = {booking.start for booking in bookings}
        reserved = list({r.start: r for r in reserved if r.start not in booked}.values())
    return [Counted(b.start, b.end) for b in bookings] + [Counted(r.start, r.end) for r in reserved]


def _of_team(staffed: StaffedEventType, bookings: list[Booking], reservations: Iterable[Reservation]) -> list[Counted]:
    """Count what the team's event types take of anybody who hosts the one asked for."""
    types, hosts = staffed.event_type.limits.team_event_type_ids, {host.id for host in staffed.hosts}
    booked = [Counted(b.start, b.end) for b in _of_types(bookings, types) if b.host_ids & hosts]
    # A start of a seated type counts once, however many hold a seat of it; others have a start to themselves on a host.
    reserved = {(r.event_type_id, r.start, r.host_ids): r for r in _of_types(reservations, types) if r.host_ids & hosts}
    return booked + [Counted(r.start, r.end) for r in reserved.values()]


def _of_types(items: Iterable[Item], event_type_ids: Collection[int | None]) -> list[Item]:
    return [item for item in items if item.event_type_id in event_type_ids]
