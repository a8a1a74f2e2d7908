"""Which periods are full for an event type: what its limits count, and which of them are reached (docs/rules.md 10)."""

from collections.abc import Collection, Iterable
from typing import TypeVar

from app.domain.busy import Booking, BusyTimes, Reservation
from app.domain.event_type import StaffedEventType
from app.domain.limits import Counted, Counts, FullPeriod, full_by_count, full_by_duration
from app.domain.schedule import Zone
from app.domain.time_ranges import Instant, Range

Item = TypeVar("Item", Booking, Reservation)


def full_periods(
    staffed: StaffedEventType, busy: BusyTimes, where: Zone, around: Range, *, length: int, rescheduling: str | None
) -> list[FullPeriod]:
    """Return the periods in `around` that take no other booking of `length` minutes."""
    limits = staffed.event_type.limits
    if not limits.all:
        return []
    bookings = [booking for booking in busy.limited if booking.uid != rescheduling]
    reservations = {one.uid: one for one in (*busy.reservations, *busy.limited_reservations)}.values()
    own = {staffed.event_type.id}
    of_type = _counted(_of_types(bookings, own), _of_types(reservations, own))
    team, hosts = limits.team_event_type_ids, staffed.all_host_ids
    of_team = _counted(_hosted_by(_of_types(bookings, team), hosts), _hosted_by(_of_types(reservations, team), hosts))
    return [
        *full_by_count(limits.count, of_type, where, around),
        *full_by_duration(limits.duration, of_type, where, around, length),
        *full_by_count(limits.team_count, of_team, where, around, Counts.TEAM_BOOKINGS),
    ]


def _counted(bookings: Iterable[Booking], reservations: Iterable[Reservation]) -> list[Counted]:
    """Count each booking, and live reservations as bookings; but a further seat at a start counts with the first.

    Only seats share a type, a start and a host.
    """
    counted: list[Counted] = []
    hosts_at: dict[tuple[int | None, Instant], frozenset[int]] = {}
    for booking in bookings:
        counted.append(Counted(booking.start, booking.end))
        place = booking.event_type_id, booking.start
        hosts_at[place] = hosts_at.get(place, frozenset()) | booking.host_ids
    for reservation in reservations:
        place = reservation.event_type_id, reservation.start
        there = hosts_at.get(place, frozenset())
        if there.isdisjoint(reservation.host_ids):
            counted.append(Counted(reservation.start, reservation.end))
        hosts_at[place] = there | reservation.host_ids
    return counted


def _of_types(items: Iterable[Item], event_type_ids: Collection[int | None]) -> list[Item]:
    return [item for item in items if item.event_type_id in event_type_ids]


def _hosted_by(items: Iterable[Item], host_ids: frozenset[int]) -> list[Item]:
    return [item for item in items if item.host_ids & host_ids]
