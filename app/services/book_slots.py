"""Use case: book a slot, one that was reserved or straight away."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.domain import booking_event
from app.domain.booking import Attendee, BookingRecord, Called, NewBooking, newcomers, title
from app.domain.booking_policy import BookingPolicy, Disallowed
from app.domain.busy import BookingStatus
from app.domain.errors import HoldfastError
from app.domain.event_type import StaffedEventType, staff
from app.domain.reference import EventTypeReference
from app.domain.reservation import Claim
from app.domain.time_ranges import Instant
from app.services.allow_bookings import counted_booker, refuse_booker, refuse_more
from app.services.booking_errors import (
    BookingRefusedError,
    NotAllowedError,
    NotForSeatsError,
    ReservationUsedError,
    TimeTakenError,
)
from app.services.bookings import Bookings, booking_refusals
from app.services.claim_reserved import ClaimedSlot, ReservedSlots
from app.services.claim_slots import SlotClaimer, WantedSlot
from app.services.commit_bookings import BookingCommitter, add
from app.services.keep_slots import is_uid, new_uid
from app.services.ports import Caller, Clock, DrawnUid, EventTypes, Ties
from app.services.run_bookings import BookingRunners


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRequest:
    """A slot that somebody wants booked."""

    reference: EventTypeReference
    start: Instant
    attendee: Attendee
    guests: tuple[Attendee, ...] = ()
    length: int | None = None
    """Minutes; None: the reservation's or, without one, the event type's own length."""
    reservation_uid: str | None = None
    location: str | None = None
    """Where to meet, as who books says."""
    kind_of_place: str | None = None
    """Which of the event type's own places it is to be instead."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    responses: Mapping[str, Any] = field(default_factory=dict)
    caller: Caller | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A booking as it was just made."""

    booking: BookingRecord
    seat_uid: str | None = None
    """On seated types: the seat that was taken in it."""


class SlotBooker:
    """Books slots."""

    def __init__(
        self,
        event_types: EventTypes,
        ties: Ties,
        claimer: SlotClaimer,
        reserved_slots: ReservedSlots,
        bookings: Bookings,
        committer: BookingCommitter,
        runners: BookingRunners,
        clock: Clock,
    ) -> None:
        """Work on these ports; `runners` knows who may book where only owners may."""
        self._event_types = event_types
        self._ties = ties
        self._claimer = claimer
        self._reserved_slots = reserved_slots
        self._bookings = bookings
        self._committer = committer
        self._runners = runners
        self._clock = clock

    async def book(self, request: BookingRequest, drawn: DrawnUid | None = None) -> Made:
        """Book a slot, under a uid that was drawn beforehand or else under a new one.

        A live reservation is used up by it; of two that book with the same one the second is refused. One whose time
        is up is as none: the slot may still be free. What an earlier try made under the drawn uid is returned as it is.

        Raises
        ------
        HoldfastError
            What `EventTypes.find`, `staff` and `EventType.length_asked` raise.
        OtherSlotReservedError, ReservedForMoveError, ReservationUsedError
            If the reservation is of another slot, is there to move a booking, or has become a booking already.
        NotForSeatsError
            If guests were to sit at a seated event type.
        NotAllowedError
            If the event type's owner does not allow it.
        BookingRefusedError
            If the slot is not free.
        NotBookableError
            If the event type's slots cannot be booked.
        StoreUnavailableError
            If a store is away.
        """
        drawn = DrawnUid(new_uid()) if drawn is None else drawn
        made = await self._made_before(drawn)
        if made is None:
            staffed = staff(await self._event_types.find(request.reference))
            policy = await self._policy(request.caller, staffed, with_guests=bool(request.guests))
            try:
                return await self._booked(request, staffed, policy, drawn.uid)
            except (BookingRefusedError, NotAllowedError, ReservationUsedError) as error:
                # What is in the way may be what an earlier try has made since.
                made = await self._made_before(drawn)
                if made is None:
                    raise await self._as_told(error, request, staffed) from None
        await self._reserved_slots.use_up_late(request.reservation_uid, self._bookings)
        return made

    async def _as_told(self, error: HoldfastError, request: BookingRequest, staffed: StaffedEventType) -> HoldfastError:
        """Return what is said of a refusal: who is not free only to those with a tie to the event type."""
        uid = request.reservation_uid
        if uid is not None and await self._reserved_slots.use_up_late(uid, self._bookings):
            return ReservationUsedError(uid)
        if isinstance(error, BookingRefusedError) and error.host_ids and not await self._has_tie(request, staffed):
            return BookingRefusedError(error.refusal, error.event_type_id, error.start)
        return error

    async def check(self, request: BookingRequest) -> None:
        """Refuse what the event type's owner does not allow, whether or not the slot is free.

        Raises
        ------
        HoldfastError
            As `book`.
        """
        staffed = staff(await self._event_types.find(request.reference))
        policy = await self._policy(request.caller, staffed, with_guests=bool(request.guests))
        async with self._bookings.changing() as changes:
            await refuse_more(changes, policy, staffed.event_type.id, request.attendee.email, self._clock())

    async def _policy(self, caller: Caller | None, staffed: StaffedEventType, *, with_guests: bool) -> BookingPolicy:
        """Return what is allowed; refuse who or what is not."""
        if with_guests and staffed.event_type.seats is not None:
            raise NotForSeatsError
        policy = await self._bookings.policy(staffed.event_type.id)
        if with_guests and not policy.guests:
            raise NotAllowedError(Disallowed.GUESTS, staffed.event_type.id)
        await refuse_booker(caller, staffed, policy, self._runners)
        return policy

    async def _booked(
        self, request: BookingRequest, staffed: StaffedEventType, policy: BookingPolicy, uid: str
    ) -> Made:
        slot = await self._claim(request, staffed)
        booking = _new_booking(request, slot, policy, uid, self._clock())
        # What is reserved was judged when it was reserved.
        async with self._committer.under(
            slot.claim,
            slot.wanted,
            limited=slot.reserved is None,
            booker=counted_booker(policy, request.attendee.email),
        ) as changes:
            await refuse_more(changes, policy, booking.event_type_id, request.attendee.email, self._clock())
            if booking.seated and await changes.has_seat(uid):
                raise TimeTakenError  # Another try at the same request has taken this very seat.
            record = await add(changes, booking, slot.wanted)
            await changes.tell(booking_event.booked(record, booking.attendees[0].seat_uid))
        await self._reserved_slots.use_up(slot.reserved)
        return Made(record, booking.attendees[0].seat_uid)

    async def _claim(self, request: BookingRequest, staffed: StaffedEventType) -> ClaimedSlot:
        """Claim what is reserved or else, if it is free, what is wanted."""
        slot = await self._reserved_slots.claim(request.reservation_uid, staffed, request.start, request.length)
        if slot is not None:
            return slot
        length = staffed.event_type.length_asked(request.length)
        wanted = WantedSlot(staffed=staffed, start=request.start, length=length, rescheduling=None, own=None)
        with booking_refusals():
            claimed = await self._claimer.claim(wanted, new_uid())
        return ClaimedSlot(wanted, claimed.claim)

    async def _made_before(self, drawn: DrawnUid) -> Made | None:
        """Return what an earlier try at the same request made."""
        if not drawn.perhaps_kept:
            return None
        booking = await self._bookings.find(drawn.uid)
        if booking is not None:
            return Made(booking)
        booking = await self._bookings.find_by_seat(drawn.uid)
        return None if booking is None else Made(booking, drawn.uid)

    async def _has_tie(self, request: BookingRequest, staffed: StaffedEventType) -> bool:
        event_type_id = staffed.event_type.id
        if request.caller is None:
            return False
        if event_type_id is None:
            return request.caller.user_id in staffed.all_host_ids
        return await self._ties.has_tie(request.caller, event_type_id)


def _new_booking(
    request: BookingRequest, slot: ClaimedSlot, policy: BookingPolicy, uid: str, now: Instant
) -> NewBooking:
    staffed, event_type, claim = slot.wanted.staffed, slot.wanted.staffed.event_type, slot.claim
    host_ids = in_order(staffed, claim)
    pending = event_type.confirmation is not None and event_type.confirmation.is_needed(request.start, now)
    place = policy.place(request.kind_of_place)
    booking = NewBooking(
        uid=uid,
        event_type_id=event_type.id,
        host_ids=host_ids,
        start=claim.start,
        end=claim.end,
        before_buffer=claim.before_buffer,
        after_buffer=claim.after_buffer,
        status=BookingStatus.PENDING if pending else BookingStatus.ACCEPTED,
        blocks=not pending or event_type.confirmation is None or event_type.confirmation.pending_blocks,
        seated=event_type.seats is not None,
        title=title(
            Called(
                event_type=event_type.title,
                host=_host_name(staffed, host_ids[0]),
                attendee=request.attendee.name,
                place=request.location or place or "",
                minutes=slot.wanted.length,
            ),
            policy.title_pattern,
        ),
        attendees=(request.attendee, *newcomers(request.guests, [request.attendee])),
        location=request.location or place,
        metadata=request.metadata,
        responses=request.responses,
        reservation_uid=request.reservation_uid if is_uid(request.reservation_uid) else None,
    )
    return _of_a_seat(booking, request, event_type.title, policy) if booking.seated else booking


def _of_a_seat(booking: NewBooking, request: BookingRequest, event_title: str, policy: BookingPolicy) -> NewBooking:
    """Return a booking of one seat: what its attendee says is not the others' business, nor is their uid."""
    # Where the owner's place is chosen, that is kept with the seat too: others choose another.
    chosen = request.location or (request.kind_of_place and policy.place(request.kind_of_place))
    responses = {**booking.responses, "location": chosen} if chosen else booking.responses
    attendee = replace(booking.attendees[0], seat_uid=booking.uid, metadata=booking.metadata, responses=responses)
    return replace(
        booking,
        uid=new_uid(),
        title=event_title,
        attendees=(attendee,),
        location=policy.usual_place,
        metadata={},
        responses={},
    )


def in_order(staffed: StaffedEventType, claim: Claim) -> tuple[int, ...]:
    """Return the hosts of a claim: those that every slot needs first, then in the order of the event type."""
    order = [*staffed.mandatory, *(host for group in staffed.groups for host in group)]
    position = {host.id: number for number, host in enumerate(order)}
    return tuple(sorted(claim.host_ids, key=lambda host_id: position.get(host_id, len(position))))


def _host_name(staffed: StaffedEventType, host_id: int) -> str:
    person = next((host.person for host in staffed.hosts if host.id == host_id), None)
    return "a host" if person is None else person.name or person.username
