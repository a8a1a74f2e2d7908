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
    # One that is being moved counts as what it is and as what it becomes: nobody knows yet which of them stays.
    found = (*busy.reservations, *busy.limited_reservations)
    reservations = {(one.uid, one.event_type_id, one.start, one.end, one.host_ids): one for one in found}.values()
    own = {staffed.event_type.id}
    of_type = _counted(_of_types(bookings, own), _of_types(reservations, own))
    team, hosts = limits.team_event_type_ids, staffed.all_host_ids
    of_team = _counted(_hosted_by(_of_types(bookings, team), hosts), _hosted_by(_of_types(reservations, team), hosts))
    return [
        *full_by_count(limits.count, of_type, where, around),
        *full_by_duration(limits.duration, of_type, where, around, length),
        *full_by_count(limits.team_count, of_team, where, around, Counts.TEAM_BOOKINGS),
    ]


def _counted(bookings: Collection[Booking], reservations: Iterable[Reservation]) -> list[Counted]:
    """Count each booking, and live reservations as bookings; but seats at one start once, with its booking.

    Seats of several lengths count as the longest.
    """
    counted = [Counted(booking.start, booking.end) for booking in bookings]
    booked = {(booking.event_type_id, booking.start) for booking in bookings}
    seated: dict[tuple[int | None, Instant], Instant] = {}
    for one in reservations:
        place = one.event_type_id, one.start
        if not one.seated:
            counted.append(Counted(one.start, one.end))
        elif place not in booked:
            seated[place] = max(one.end, seated.get(place, one.end))
    return counted + [Counted(start, end) for (_, start), end in seated.items()]


def _of_types(items: Iterable[Item], event_type_ids: Collection[int | None]) -> list[Item]:
    return [item for item in items if item.event_type_id in event_type_ids]


def _hosted_by(items: Iterable[Item], host_ids: frozenset[int]) -> list[Item]:
    return [item for item in items if item.host_ids & host_ids]
