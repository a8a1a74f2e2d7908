"""Use case: cancel a booking, or one seat of it."""

from app.domain import booking_event
from app.domain.booking import Attendee, BookingRecord
from app.domain.booking_policy import Disallowed
from app.domain.busy import BookingStatus
from app.services.booking_errors import NotAllowedError, SeatUidNeededError
from app.services.bookings import Bookings, BookingTransaction, found, refuse_over, seat_of
from app.services.ports import Caller
from app.services.run_bookings import BookingRunners


class BookingCanceller:
    """Cancels bookings. Needs no store of holds."""

    def __init__(self, bookings: Bookings, runners: BookingRunners) -> None:
        """Work on this port; `runners` knows who may cancel a seated booking as a whole."""
        self._bookings = bookings
        self._runners = runners

    async def cancel(
        self, uid: str, *, seat_uid: str | None, reason: str | None, caller: Caller | None, again: bool = False
    ) -> BookingRecord:
        """Cancel a booking: its uid is enough, but where it has seats, whose uid listings show to everybody.

        Asked `again`, since nobody knows what became of it, one that is cancelled is fine, or one without the seat.

        Raises
        ------
        BookingNotFoundError
            If there is no such booking or seat.
        BookingOverError
            If it was cancelled or rejected before.
        NotAllowedError
            If the event type's owner does not allow it.
        SeatUidNeededError
            If it has seats, and the caller neither says which nor runs it.
        StoreUnavailableError
            If the store is away.
        """
        booking = found(await self._bookings.find(uid), uid)
        if not booking.is_over and not (await self._bookings.policy(booking.event_type_id)).cancelling:
            raise NotAllowedError(Disallowed.CANCELLING, booking.event_type_id)
        # Before the change begins: whoever is in one must not wait for the store to be asked on another connection.
        may_cancel_all = not booking.seated or (seat_uid is None and await self._runners.runs(caller, booking))
        async with self._bookings.changing() as changes:
            booking = found(await changes.lock(uid), uid)
            if again and _is_done(booking, seat_uid):
                return booking
            refuse_over(booking)
            by = None if caller is None else booking.email_of(caller.user_id)
            seat = None if seat_uid is None else seat_of(booking, seat_uid)
            if seat is not None:
                await leave_seat(changes, booking, seat, reason=reason, by=by)
            elif may_cancel_all:
                await changes.cancel(booking.id, reason=reason, by=by)
            else:
                raise SeatUidNeededError(uid)
            booking = found(await changes.lock(uid), uid)
            await changes.tell(booking_event.cancelled(booking, seat, reason=reason, by=by))
            return booking


def _is_done(booking: BookingRecord, seat_uid: str | None) -> bool:
    if booking.status is BookingStatus.CANCELLED:
        return True
    return seat_uid is not None and all(one.seat_uid != seat_uid for one in booking.attendees)


def is_last(booking: BookingRecord, seat: Attendee) -> bool:
    """Say whether a booking has no other attendee; imported ones may have no seat's uid, and count all the same."""
    return all(one.id == seat.id for one in booking.attendees)


async def leave_seat(
    changes: BookingTransaction, booking: BookingRecord, seat: Attendee, *, reason: str | None, by: str | None
) -> None:
    """Take somebody's seat away; a booking whose last one it was is cancelled."""
    if is_last(booking, seat):
        await changes.cancel(booking.id, reason=reason, by=by)
    elif seat.id is not None:
        await changes.remove_attendee(seat.id)
