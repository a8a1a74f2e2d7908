"""What the owner of an event type allows to be done about its bookings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from app.domain.time_ranges import MINUTE, Instant


class Disallowed(Enum):
    """What is not allowed."""

    BOOKING_UNKNOWN = auto()
    """Booking without saying who one is."""
    BOOKING_OTHERS = auto()
    """Booking by others than who owns, runs or hosts the event type."""
    BOOKING_MORE = auto()
    """Having so many bookings to come."""
    GUESTS = auto()
    CANCELLING = auto()
    MOVING = auto()
    MOVING_SO_LATE = auto()
    MOVING_PAST = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingPolicy:
    """What is allowed about the bookings of an event type, by everybody alike where nothing else is said."""

    only_by_owners: bool = False
    """Whether only who owns, runs or hosts the event type may book it."""
    most_of_booker: int | None = None
    """How many bookings to come one address may have."""
    guests: bool = True
    cancelling: bool = True
    moving: bool = True
    moving_notice: int = 0
    """How many minutes before its start a booking can still be moved by others than those who run it."""
    moving_past: bool = False
    moving_cancelled: bool = False
    """Whether one that was cancelled can still be moved, to be booked again elsewhere."""
    places: Mapping[str, str] = field(default_factory=dict)
    """Where the owner meets people, by kind of place."""
    usual_place: str | None = None
    """Where they meet if nobody says; None: who books is asked."""
    title_pattern: str | None = None
    """What bookings are called, with names of what is put in between braces; None: the usual."""

    def place(self, kind: str | None) -> str | None:
        """Return where that is, the kind alone if the owner does not say; without a kind where people usually meet."""
        return self.usual_place if kind is None else self.places.get(kind, kind)

    def moving_refusal(self, start: Instant, end: Instant, now: Instant) -> Disallowed | None:
        """Return why a booking of that time cannot be moved now; None if it can."""
        if not self.moving:
            return Disallowed.MOVING
        if end <= now and not self.moving_past:
            return Disallowed.MOVING_PAST
        if start > now > start - self.moving_notice * MINUTE:
            return Disallowed.MOVING_SO_LATE
        return None


def integration(name: str) -> str:
    """Return the place that a service for video calls is."""
    return f"integrations:{name}"


NO_POLICY = BookingPolicy()
"""Of what has no event type."""
