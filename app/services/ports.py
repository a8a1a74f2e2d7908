"""What the use cases need from the outside, as protocols that adapters fulfil."""

from collections.abc import Collection
from typing import Protocol

from app.domain.busy import BusyTimes, Reservation
from app.domain.event_type import EventTypeRules
from app.domain.reference import EventTypeReference
from app.domain.time_ranges import Instant, Range


class Clock(Protocol):
    """Tells the time."""

    def __call__(self) -> Instant:
        """Return now."""


class EventTypes(Protocol):
    """Knows event types and the people who host them."""

    async def find(self, reference: EventTypeReference) -> EventTypeRules:
        """Return what a reference names.

        Raises
        ------
        OrganizationNotFoundError, TeamNotFoundError, UserNotFoundError, EventTypeNotFoundError
            If it names nothing.
        DynamicBookingDisallowedError
            If it is a dynamic event with somebody who does not allow that.
        """


class Calendar(Protocol):
    """Knows what takes people's time for good: bookings and connected calendars."""

    async def busy_times(self, host_ids: Collection[int], around: Range, seated_type_id: int | None) -> BusyTimes:
        """Return the bookings and calendar busy times of hosts that may meet `around`, buffers included.

        With `seated_type_id` also the bookings of that event type there, whoever hosts them.
        """


class Holds(Protocol):
    """Knows the live reservations."""

    async def live(self, host_ids: Collection[int], around: Range) -> tuple[Reservation, ...]:
        """Return the live reservations of hosts whose buffered time may meet `around`."""
