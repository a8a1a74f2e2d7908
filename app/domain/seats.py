"""Starts of a seated event type that somebody already has a seat at (docs/rules.md 11)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from app.domain.busy import Booking, BusyTimes, Reservation
from app.domain.event_type import StaffedEventType
from app.domain.time_ranges import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatedStart:
    """A start with taken seats, and who hosts it."""

    start: Instant
    end: Instant
    seats_taken: int
    seats_total: int
    host_ids: frozenset[int]
    """The hosts of the first seat, which the next ones share."""
    booking_uid: str | None
    """The first seated booking's, if there is one. Whoever has an ordinary one's, from before the type had seats, may
    see and cancel it."""
    is_booked: bool
    """Whether there is any booking, not only reservations."""
    attendees: int
    """Seats taken by bookings alone."""

    @property
    def seats_left(self) -> int:
        """How many may still be taken, never below none."""
        return max(0, self.seats_total - self.seats_taken)


def seated_starts(staffed: StaffedEventType, busy: BusyTimes) -> dict[Instant, SeatedStart]:
    """Group the bookings and live reservations of a seated type by start; nothing for a type without seats."""
    event_type = staffed.event_type
    if event_type.seats is None:
        return {}
    by_start: dict[Instant, list[Booking | Reservation]] = {}
    items: tuple[Booking | Reservation, ...] = (*busy.bookings, *busy.reservations)
    for item in items:
        if item.event_type_id == event_type.id and (isinstance(item, Reservation) or item.blocks):
            by_start.setdefault(item.start, []).append(item)
    return {start: _seated_start(items, event_type.seats, staffed.host_emails) for start, items in by_start.items()}


def _seated_start(items: list[Booking | Reservation], seats: int, host_emails: frozenset[str]) -> SeatedStart:
    bookings = [item for item in items if isinstance(item, Booking)]
    attendees = sum(seats_of(booking.attendee_emails, host_emails) for booking in bookings)
    return SeatedStart(
        start=items[0].start,
        end=max(item.end for item in items),
        seats_taken=attendees + len(items) - len(bookings),
        seats_total=seats,
        host_ids=items[0].host_ids,
        booking_uid=next((booking.uid for booking in bookings if booking.seated), None),
        is_booked=bool(bookings),
        attendees=attendees,
    )


def seats_of(emails: Iterable[str], host_emails: Collection[str]) -> int:
    """Return how many of a booking's attendees take a seat: the type's hosts do not (docs/rules.md 11)."""
    return sum(email.lower() not in host_emails for email in emails)


def seats_wanted(emails: Iterable[str], host_emails: Collection[str]) -> int:
    """Return how many seats must be left for a further booking: one at least, as for a claim."""
    return max(1, seats_of(emails, host_emails))
