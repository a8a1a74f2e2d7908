"""Use case: book another slot in the place of a booking, or of one seat of it."""

import secrets
from dataclasses import dataclass

from app.domain import booking_event
from app.domain.booking import Attendee, BookingRecord, NewBooking
from app.domain.busy import BookingStatus
from app.domain.errors import EventTypeNotFoundError
from app.domain.event_type import StaffedEventType, staff
from app.domain.reference import ById, ByUserIds
from app.domain.reservation import Claim
from app.domain.time_ranges import Instant
from app.services.book_slots import Made, in_order
from app.services.bookings import (
    Bookings,
    BookingTransaction,
    SeatUidNeededError,
    found,
    refuse_over,
    seat_of,
)
from app.services.cancel_bookings import leave_seat
from app.services.claim_slots import SlotClaimer, WantedSlot
from app.services.commit_bookings import BookingCommitter, add, booking_refusals
from app.services.keep_slots import new_uid
from app.services.ports import Caller, Clock, DrawnUid, EventTypes


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRequest:
    """Where to a booking is to be moved, and why."""

    uid: str
    start: Instant
    seat_uid: str | None = None
    """On seated types: whose seat moves."""
    reason: str | None = None
    by: str | None = None
    """E-mail of who moves it, as they say."""
    caller: Caller | None = None


class BookingMover:
    """Moves bookings. The old one goes only with the new one standing."""

    def __init__(
        self,
        event_types: EventTypes,
        claimer: SlotClaimer,
        bookings: Bookings,
        committer: BookingCommitter,
        clock: Clock,
    ) -> None:
        """Work on these ports."""
        self._event_types = event_types
        self._claimer = claimer
        self._bookings = bookings
        self._committer = committer
        self._clock = clock

    async def move(self, request: MoveRequest, drawn: DrawnUid | None = None) -> Made:
        """Move a booking, which keeps its length, or a seat, which keeps its uid. Refused, nothing has changed.

        Raises
        ------
        BookingNotFoundError
            If there is no such booking or seat.
        BookingOverError
            If it was cancelled, rejected or moved before.
        SeatUidNeededError
            If it is a seated booking, of which only seats move.
        BookingRefusedError, NotBookableError
            If the new slot is not free.
        StoreUnavailableError
            If a store is away.
        """
        drawn = DrawnUid(new_uid()) if drawn is None else drawn
        made = await self._bookings.find(drawn.uid) if drawn.perhaps_kept else None
        if made is not None:
            return Made(made)
        old = found(await self._bookings.find(request.uid), request.uid)
        seat = _movable(old, request)
        if seat is not None and old.start == request.start:
            return Made(old, seat.seat_uid)  # It is there already.
        staffed = staff(await self._event_types.find(reference_of(old)))
        wanted = WantedSlot(staffed=staffed, start=request.start, length=old.length, rescheduling=old.uid, own=None)
        claim = await self._claim(wanted)
        async with self._committer.under(claim, wanted) as changes:
            old = found(await changes.lock(old.uid), request.uid)
            seat = _movable(old, request)
            await _retire(changes, old, seat, request)
            booking = self._new_booking(request, old, seat, staffed, claim, drawn.uid)
            record = await add(changes, booking, wanted)
            seat_uid = None if seat is None else seat.seat_uid
            await changes.tell(booking_event.moved(record, old, seat_uid))
        return Made(record, seat_uid)

    async def _claim(self, wanted: WantedSlot) -> Claim:
        with booking_refusals():
            return (await self._claimer.claim(wanted, secrets.token_urlsafe(12), new_uid())).claim

    def _new_booking(
        self,
        request: MoveRequest,
        old: BookingRecord,
        seat: Attendee | None,
        staffed: StaffedEventType,
        claim: Claim,
        uid: str,
    ) -> NewBooking:
        confirmation = staffed.event_type.confirmation
        # Whoever has to confirm it need not where they move it themselves. What `by` says proves nothing.
        by_host = request.caller is not None and request.caller.user_id in old.host_ids
        pending = confirmation is not None and confirmation.is_needed(request.start, self._clock()) and not by_host
        return NewBooking(
            uid=uid,
            event_type_id=old.event_type_id,
            host_ids=in_order(staffed, claim),
            start=claim.start,
            end=claim.end,
            before_buffer=claim.before_buffer,
            after_buffer=claim.after_buffer,
            status=BookingStatus.PENDING if pending else BookingStatus.ACCEPTED,
            blocks=not pending or confirmation is None or confirmation.pending_blocks,
            title=old.title,
            description=old.description,
            location=old.location,
            metadata=old.metadata,
            responses=old.responses,
            attendees=old.attendees if seat is None else (seat,),
            rescheduled_from=old.id if seat is None else None,
            rescheduling_reason=request.reason,
            rescheduled_by=request.by,
        )


def _movable(booking: BookingRecord, request: MoveRequest) -> Attendee | None:
    """Return the seat that is to be moved, None where all of the booking is; or refuse to move it."""
    refuse_over(booking)
    if booking.seats is None:
        return None
    if request.seat_uid is None:
        raise SeatUidNeededError(booking.uid)
    return seat_of(booking, request.seat_uid)


async def _retire(changes: BookingTransaction, old: BookingRecord, seat: Attendee | None, request: MoveRequest) -> None:
    """Take the old booking, or the seat in it, out of the way of the new one."""
    if seat is None:
        await changes.cancel(old.id, reason=None, by=request.by)
    else:
        await leave_seat(changes, old, seat, reason=None, by=request.by)


def reference_of(booking: BookingRecord) -> ById | ByUserIds:
    """Return what a booking is of; without an event type, the people who host it together.

    Raises
    ------
    EventTypeNotFoundError
        If its event type is gone.
    """
    if booking.event_type_id is not None:
        return ById(booking.event_type_id)
    if len(booking.host_ids) < 2:
        raise EventTypeNotFoundError
    return ByUserIds(booking.host_ids)
