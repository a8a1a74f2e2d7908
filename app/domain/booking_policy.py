"""What the owner of an event type allows to be done about its bookings."""

from dataclasses import dataclass
from enum import Enum, auto

from app.domain.time_ranges import MINUTE, Instant


class Disallowed(Enum):
    """What is not allowed."""

    BOOKING_UNKNOWN = auto()
    """Booking without saying who one is."""
    BOOKING_OTHERS = auto()
    """Booking by others than who owns or runs the event type."""
    BOOKING_MORE = auto()
    """Having so many bookings to come."""
    GUESTS = auto()
    CANCELLING = auto()
    MOVING = auto()
    MOVING_SO_LATE = auto()
    MOVING_PAST = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingPolicy:
    """What is allowed about the bookings of an event type: by everybody alike, but for who may book at all."""

    only_by_owners: bool = False
    """Whether only who owns or runs the event type may book it."""
    most_of_booker: int | None = None
    """How many bookings to come one address may have."""
    guests: bool = True
    cancelling: bool = True
    moving: bool = True
    moving_notice: int = 0
    """How many minutes before its start a booking can still be moved."""
    moving_past: bool = False
    moving_cancelled: bool = False
    """Whether one that was cancelled can still be moved, to be booked again elsewhere."""
    title_pattern: str | None = None
    """What bookings are called, with names of what is put in between braces; None: the usual."""

    def moving_refusal(self, start: Instant, end: Instant, now: Instant) -> Disallowed | None:
        """Return why a booking of that time cannot be moved now; None if it can."""
        if not self.moving:
            return Disallowed.MOVING
        if end <= now and not self.moving_past:
            return Disallowed.MOVING_PAST
        if start > now > start - self.moving_notice * MINUTE:
            return Disallowed.MOVING_SO_LATE
        return None


NO_POLICY = BookingPolicy()
"""Of what has no event type."""
