"""Use case: book another slot in the place of a booking, or of one seat of it."""

from dataclasses import dataclass

from app.domain import booking_event
from app.domain.booking import Attendee, BookingRecord, NewBooking
from app.domain.booking_policy import BookingPolicy, Disallowed
from app.domain.busy import BookingStatus
from app.domain.errors import EventTypeNotFoundError, HoldfastError
from app.domain.event_type import StaffedEventType, staff
from app.domain.reference import ById, ByUserIds
from app.domain.reservation import Claim
from app.domain.seats import seats_wanted
from app.domain.time_ranges import Instant
from app.services.allow_bookings import counted_booker, refuse_booker, refuse_more
from app.services.book_slots import Made, in_order
from app.services.booking_errors import (
    BookingChangedError,
    BookingNotFoundError,
    BookingOverError,
    BookingRefusedError,
    NotAllowedError,
    OneSeatReservedError,
    ReservationUsedError,
    SeatUidNeededError,
)
from app.services.bookings import Bookings, BookingTransaction, booking_refusals, found, refuse_over, seat_of
from app.services.cancel_bookings import is_last, leave_seat
from app.services.claim_reserved import ClaimedSlot, ReservedSlots
from app.services.claim_slots import SlotClaimer, WantedSlot
from app.services.commit_bookings import BookingCommitter, add
from app.services.keep_slots import is_uid, new_uid
from app.services.ports import Caller, Clock, DrawnUid, EventTypes
from app.services.run_bookings import BookingRunners


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
    reservation_uid: str | None = None
    """Of a reservation that was made in the place of the booking."""
    caller: Caller | None = None


class BookingMover:
    """Moves bookings. The old one goes only with the new one standing."""

    def __init__(
        self,
        event_types: EventTypes,
        claimer: SlotClaimer,
        reserved_slots: ReservedSlots,
        bookings: Bookings,
        committer: BookingCommitter,
        runners: BookingRunners,
        clock: Clock,
    ) -> None:
        """Work on these ports; `runners` knows who may move all seats of a booking."""
        self._event_types = event_types
        self._claimer = claimer
        self._reserved_slots = reserved_slots
        self._bookings = bookings
        self._committer = committer
        self._runners = runners
        self._clock = clock

    async def move(self, request: MoveRequest, drawn: DrawnUid | None = None) -> Made:
        """Move a booking, which keeps its length, or a seat, which keeps its uid. Refused, nothing has changed.

        Who runs a seated booking may move it with all its seats: it joins nobody at its new start.

        Raises
        ------
        BookingNotFoundError
            If there is no such booking or seat.
        BookingOverError, BookingChangedError
            If it was cancelled, rejected or moved before, or somebody joins it at the same moment.
        SeatUidNeededError
            If it has seats, and the caller neither says which nor runs it.
        NotAllowedError
            If the event type's owner does not allow it.
        BookingRefusedError, NotBookableError
            If the new slot is not free.
        OtherSlotReservedError, OneSeatReservedError, ReservedForMoveError, ReservationUsedError
            If the reservation keeps another slot, or one seat where several move, was made to move another booking, or
            has become a booking already.
        StoreUnavailableError
            If a store is away.
        """
        drawn = DrawnUid(new_uid()) if drawn is None else drawn
        made = await self._made_before(request, drawn)
        if made is None:
            try:
                return await self._moved(request, drawn.uid)
            except (
                BookingChangedError,
                BookingNotFoundError,
                BookingOverError,
                BookingRefusedError,
                NotAllowedError,
                ReservationUsedError,
            ) as error:
                # What is in the way may be what an earlier try has done since.
                made = await self._made_before(request, drawn)
                if made is None:
                    raise await self._as_told(error, request) from None
        await self._reserved_slots.use_up_late(request.reservation_uid, self._bookings)
        return made

    async def _as_told(self, error: HoldfastError, request: MoveRequest) -> HoldfastError:
        """Return what is said of a refusal.

        Without a key nobody knows of an earlier try, in a pod that died before it ended the reservation: it has moved
        the booking, or the seat out of it.
        """
        uid = request.reservation_uid
        is_used = uid is not None and await self._reserved_slots.use_up_late(uid, self._bookings)
        if uid is not None and is_used and isinstance(error, BookingRefusedError):
            return ReservationUsedError(uid)
        return error

    async def _moved(self, request: MoveRequest, uid: str) -> Made:
        old = found(await self._bookings.find(request.uid), request.uid)
        policy = await self._bookings.policy(old.event_type_id)
        moves_all = await self._moves_all(request, old)
        seat = _movable(old, request, policy, moves_all=moves_all)
        await self._refuse_disallowed(request, old, policy)
        if seat is not None and old.start == request.start:
            return Made(old, seat.seat_uid)  # It is there already.
        staffed = staff(await self._event_types.find(reference_of(old)))
        if old.is_over:
            # Who moves a booking that was cancelled makes a new one.
            await refuse_booker(request.caller, staffed, policy, self._runners)
        slot = await self._claim(request, old, seat, staffed)
        async with self._committer.under(
            slot.claim,
            slot.wanted,
            limited=slot.reserved is None or old.seated,
            seats_left_at=old.start if old.seated else None,
            moves_all=moves_all,
            booker=counted_booker(policy, _booker(old)) if old.is_over else None,
        ) as changes:
            was_over, old = old.is_over, found(await changes.lock(old.uid), request.uid)
            seat = _movable(old, request, policy, moves_all=moves_all)
            if old.is_over != was_over or _seats(old, seat, staffed) > slot.wanted.seats:
                raise BookingChangedError(old.uid)  # Cancelled meanwhile, or joined.
            await _retire(changes, old, seat, request)
            booking = self._new_booking(request, old, seat, staffed, slot.claim, uid)
            if old.is_over:
                await refuse_more(changes, policy, old.event_type_id, _booker(old), self._clock())
            record = await add(changes, booking, slot.wanted, join=seat is not None)
            seat_uid = None if seat is None else seat.seat_uid
            await changes.tell(booking_event.moved(record, old, seat_uid))
        await self._reserved_slots.use_up(slot.reserved)
        return Made(record, seat_uid)

    async def check(self, request: MoveRequest) -> None:
        """Refuse what cannot be moved, or is not allowed to be, whether or not the slot is free.

        Raises
        ------
        HoldfastError
            As `move`.
        """
        old = found(await self._bookings.find(request.uid), request.uid)
        policy = await self._bookings.policy(old.event_type_id)
        _ = _movable(old, request, policy, moves_all=await self._moves_all(request, old))
        await self._refuse_disallowed(request, old, policy)
        if old.is_over:
            staffed = staff(await self._event_types.find(reference_of(old)))
            await refuse_booker(request.caller, staffed, policy, self._runners)
            async with self._bookings.changing() as changes:
                await refuse_more(changes, policy, old.event_type_id, _booker(old), self._clock())

    async def _moves_all(self, request: MoveRequest, old: BookingRecord) -> bool:
        return not old.seated or (request.seat_uid is None and await self._runners.runs(request.caller, old))

    async def _refuse_disallowed(self, request: MoveRequest, old: BookingRecord, policy: BookingPolicy) -> None:
        disallowed = policy.moving_refusal(old.start, old.end, self._clock())
        # Who gives the time may give another at short notice.
        late_by_host = disallowed is Disallowed.MOVING_SO_LATE and await self._runners.runs(request.caller, old)
        if disallowed is not None and not late_by_host:
            raise NotAllowedError(disallowed, old.event_type_id)

    async def _made_before(self, request: MoveRequest, drawn: DrawnUid) -> Made | None:
        """Return what an earlier try at the same request made."""
        if not drawn.perhaps_kept:
            return None
        if request.seat_uid is None:
            made = await self._bookings.find(drawn.uid)
            return None if made is None else Made(made)
        there = await self._bookings.find_by_seat(request.seat_uid)
        is_moved = there is not None and there.start == request.start and not there.is_over
        return Made(there, request.seat_uid) if there is not None and is_moved else None

    async def _claim(
        self, request: MoveRequest, old: BookingRecord, seat: Attendee | None, staffed: StaffedEventType
    ) -> ClaimedSlot:
        """Claim what is reserved or else, if it is free, what is wanted.

        A class goes on without the seat that moves, and so counts for limits still, unless that is its last one.
        """
        seats = _seats(old, seat, staffed)
        if request.reservation_uid is not None and seats > 1:
            raise OneSeatReservedError(request.reservation_uid)
        slot = await self._reserved_slots.claim(
            request.reservation_uid, staffed, request.start, old.length, instead_of=old.uid
        )
        if slot is not None:
            return slot
        rescheduling = old.uid if seat is None or is_last(old, seat) else None
        wanted = WantedSlot(
            staffed=staffed,
            start=request.start,
            length=old.length,
            rescheduling=rescheduling,
            own=None,
            seats=seats,
        )
        try:
            with booking_refusals():
                claimed = await self._claimer.claim(wanted, new_uid())
        except BookingRefusedError as error:
            # Whoever has a booking's uid need not know whose time is taken.
            raise BookingRefusedError(error.refusal, error.event_type_id, error.start) from None
        return ClaimedSlot(wanted, claimed.claim)

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
        said = old if seat is None else old.seen_from_seat(seat.seat_uid)
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
            seated=old.seated,
            # Seen by who has a seat, it may be named after nobody.
            title=old.title_of_seats if old.seated else old.title,
            description=said.description,
            location=said.location,
            metadata=said.metadata,
            responses=said.responses,
            attendees=said.attendees,
            reservation_uid=request.reservation_uid if is_uid(request.reservation_uid) else None,
            # Of a seat that moves, the others who sit there need not know.
            rescheduled_from=old.id if seat is None else None,
            rescheduling_reason=request.reason if seat is None else None,
            rescheduled_by=request.by if seat is None else None,
        )


def _booker(booking: BookingRecord) -> str:
    """Return the address of who booked; imported bookings may have no attendee."""
    return booking.attendees[0].email if booking.attendees else ""


def _seats(old: BookingRecord, seat: Attendee | None, staffed: StaffedEventType) -> int:
    """Return how many seats move."""
    if not old.seated:
        return 1
    moving = old.attendees if seat is None else (seat,)
    return seats_wanted([one.email for one in moving], staffed.host_emails)


def _movable(
    booking: BookingRecord, request: MoveRequest, policy: BookingPolicy, *, moves_all: bool
) -> Attendee | None:
    """Return the seat that is to be moved, None where all of the booking is; or refuse to move it."""
    is_cancelled = booking.status is BookingStatus.CANCELLED and booking.rescheduled_to_uid is None
    if not (policy.moving_cancelled and is_cancelled and not booking.seated):
        refuse_over(booking)
    if moves_all:
        return None
    if request.seat_uid is None:
        raise SeatUidNeededError(booking.uid)
    return seat_of(booking, request.seat_uid)


async def _retire(changes: BookingTransaction, old: BookingRecord, seat: Attendee | None, request: MoveRequest) -> None:
    """Take the old booking, or the seat in it, out of the way of the new one."""
    by = old.email_of(request.caller.user_id) if request.caller is not None else None
    if old.is_over:
        return  # It was cancelled before, and stays so.
    if seat is None:
        await changes.cancel(old.id, reason=None, by=by)
    else:
        await leave_seat(changes, old, seat, reason=None, by=by)


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
