"""What the use cases of bookings need from the outside, and what can go wrong in them."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from app.domain.booking import Attendee, BookedHost, BookingRecord, NewBooking, SeatedBooking
from app.domain.booking_policy import BookingPolicy
from app.domain.busy import Booking
from app.domain.time_ranges import Instant, Range
from app.domain.webhook import Event
from app.services.booking_errors import (
    BookingNotFoundError,
    BookingOverError,
    BookingRefusedError,
    NotBookableError,
)
from app.services.errors import NotReservableError, SlotRefusedError
from app.services.ports import Caller


class BookingTransaction(Protocol):
    """Changes to bookings that are made together or not at all.

    Every method raises StoreUnavailableError if the store does not answer in time.
    """

    async def seats_at(self, event_type_id: int, start: Instant) -> tuple[SeatedBooking, ...]:
        """Return the bookings of a seated type that take seats at a start, in the order they were made."""

    async def has_seat(self, seat_uid: str) -> bool:
        """Say whether a seat is taken, in a booking that is not over."""

    async def accepted_bookings(self, event_type_ids: Collection[int], around: Range) -> tuple[Booking, ...]:
        """Return the accepted bookings of event types that start in `around`, whoever hosts them."""

    async def to_come(self, event_type_id: int, email: str, now: Instant) -> int:
        """Return in how many bookings of an event type somebody takes part, by their address, that are not over.

        Those do not count to which another brings them along.
        """

    async def add(self, booking: NewBooking) -> BookingRecord:
        """Make a booking.

        Raises
        ------
        TimeTakenError
            If it blocks, and one of its hosts has another booking there that it may not lie across, or is gone by now.
        ReservationUsedError
            If its reservation has become a booking already.
        """

    async def add_attendees(
        self, booking_id: int, attendees: Collection[Attendee], reservation_uid: str | None = None
    ) -> BookingRecord:
        """Let further people take part in a booking.

        Raises
        ------
        ReservationUsedError
            If the reservation has become a booking already.
        """

    async def lock(self, uid: str) -> BookingRecord | None:
        """Return a booking as it is now, and keep everybody else from changing it until this is over."""

    async def remove_attendee(self, attendee_id: int) -> None:
        """Take an attendee off a booking."""

    async def cancel(self, booking_id: int, *, reason: str | None, by: str | None) -> None:
        """Cancel a booking, which takes no time from then on."""

    async def reject(self, booking_id: int, *, reason: str | None) -> None:
        """Turn a pending booking down, which takes no time from then on."""

    async def accept(self, booking_id: int, overlap_group: int | None) -> None:
        """Let a pending booking stand, and lie across those of an overlap group.

        Raises
        ------
        TimeTakenError
            If it did not block, and one of its hosts has another booking there by now.
        """

    async def give_to(self, booking_id: int, host_id: int, instead_of: int, under: str | None) -> None:
        """Put a host in the place of another, and remember it `under` the uid that was drawn for the request.

        Raises
        ------
        TimeTakenError
            If the host has another booking there.
        """

    async def given(self, under: str) -> BookedHost | None:
        """As `Bookings.given`."""

    async def relocate(self, booking_id: int, location: str) -> None:
        """Let a booking take place elsewhere."""

    async def mark_absent(self, booking_id: int, *, host: bool | None, attendees: Mapping[str, bool]) -> None:
        """Note who did not come; attendees by e-mail, whatever its case."""

    async def tell(self, event: Event) -> None:
        """Let webhooks hear of what is done here; they do if it counts, and only then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingQuestion:
    """Which bookings somebody wants to see. What is None, or empty, does not matter."""

    caller: Caller | None = None
    """Who hosts them, or runs the teams that they belong to."""
    statuses: frozenset[str] = frozenset()
    """Of "upcoming", "past", "cancelled", "unconfirmed"; several: any of them."""
    attendee_email: str | None = None
    attendee_name: str | None = None
    uid: str | None = None
    event_type_ids: tuple[int, ...] = ()
    team_ids: tuple[int, ...] = ()
    organization_id: int | None = None
    user_ids: tuple[int, ...] = ()
    """Who hosts them."""
    after_start: Instant | None = None
    before_end: Instant | None = None
    created_after: Instant | None = None
    created_before: Instant | None = None
    updated_after: Instant | None = None
    updated_before: Instant | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    """By "start", "end", "created" or "updated", one after the other; True: the last one first."""
    take: int = 100
    skip: int = 0


@dataclass(frozen=True, slots=True)
class FoundBookings:
    """Some of the bookings that were asked for, and how many there are in all."""

    bookings: tuple[BookingRecord, ...]
    total: int


class Bookings(Protocol):
    """Keeps bookings, for good.

    Every method raises StoreUnavailableError if the store does not answer in time.
    """

    def changing(self, locks: Collection[str] = ()) -> AbstractAsyncContextManager[BookingTransaction]:
        """Change bookings together. What was done counts when the block has ended without an error.

        Nobody else is in such a block with one of the same `locks` meanwhile. The store ends a block that does nothing
        for `IDLE_MS`, so that it cannot count later than that after its last step.
        """

    async def find(self, uid: str) -> BookingRecord | None:
        """Return a booking."""

    async def find_by_seat(self, seat_uid: str) -> BookingRecord | None:
        """Return the booking that a seat belongs to."""

    async def is_used(self, reservation_uid: str) -> bool:
        """Say whether a reservation has become a booking."""

    async def given(self, under: str) -> BookedHost | None:
        """Return to whom a request gave a booking, by the uid that was drawn for it; None: to nobody."""

    async def policy(self, event_type_id: int | None) -> BookingPolicy:
        """Return what is allowed about the bookings of an event type."""

    async def asked_for(self, question: BookingQuestion, now: Instant) -> FoundBookings:
        """Return the bookings that somebody wants to see."""


IDLE_MS = 3_000
"""How long a change of bookings may do nothing."""


@contextmanager
def booking_refusals() -> Iterator[None]:
    """Say that a slot cannot be booked, where a claim says that it cannot be reserved.

    Raises
    ------
    BookingRefusedError, NotBookableError
        In place of the errors of claims.
    """
    try:
        yield
    except NotReservableError as error:
        raise NotBookableError(error.event_type_id) from None
    except SlotRefusedError as error:
        raise BookingRefusedError(error.refusal, error.event_type_id, error.start, error.host_ids) from None


def found(booking: BookingRecord | None, uid: str) -> BookingRecord:
    """Return a booking that was looked for.

    Raises
    ------
    BookingNotFoundError
        If there is none.
    """
    if booking is None:
        raise BookingNotFoundError(uid)
    return booking


def refuse_over(booking: BookingRecord) -> None:
    """Refuse to change a booking of which nothing can become any more.

    Raises
    ------
    BookingOverError
        If it was cancelled, rejected or moved.
    """
    if booking.is_over:
        raise BookingOverError(booking.uid, booking.status, moved=booking.rescheduled_to_uid is not None)


def seat_of(booking: BookingRecord, seat_uid: str) -> Attendee:
    """Return who has a seat.

    Raises
    ------
    BookingNotFoundError
        If the booking has no such seat.
    """
    seat = next((one for one in booking.attendees if one.seat_uid == seat_uid), None)
    if seat is None:
        raise BookingNotFoundError(seat_uid)
    return seat
