"""`/v2/bookings`, the older version 2024-04-15: for clients with no, or an older, version header.

Bookings have `startTime` and `endTime`, statuses are in capitals, and whoever books answers all questions, their own
name and address too, under `responses`.
"""

from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any, NotRequired

from aiohttp import web
from pydantic import AliasPath, BeforeValidator, Field
from typing_extensions import TypedDict

from app.api.bodies import Body, read_body, success
from app.api.booking_bodies import MOST_GUESTS, PhoneNumber, Reason
from app.api.bookings import decided, read_bookings_query, seen_by_caller
from app.api.credentials import user_of
from app.api.errors import bad_request
from app.api.idempotency import created, is_again
from app.api.instants import InstantText, utc_text
from app.api.paths import text_in_path
from app.api.slots_2024_04_15 import COOKIE, own_reservation
from app.api.slots_query import Usernames, named_event_type
from app.api.state import CALLER, USE_CASES
from app.domain.booking import Attendee, BookingRecord
from app.domain.reference import EventTypeReference
from app.domain.time_ranges import MINUTE
from app.fields import Email, IsoInstant, KeptObject, Place, Text, WholeNumber, ZoneName
from app.services.book_slots import BookingRequest, Made
from app.services.booking_errors import OtherSlotReservedError, ReservedForMoveError
from app.services.bookings import found
from app.services.keep_slots import SlotRequest
from app.services.move_bookings import MoveRequest
from app.services.ports import Caller, DrawnUid


def _full_name(value: object) -> object:
    """Read {"firstName": "Mia", "lastName": "Lee"} as Mia Lee."""
    if isinstance(value, dict):
        return " ".join(str(value[part]) for part in ("firstName", "lastName") if value.get(part))
    return value


def _place(value: object) -> object:
    """Read {"value": "attendeeInPerson", "optionValue": "1 Quay"} as 1 Quay."""
    if isinstance(value, dict):
        return value.get("optionValue") or value.get("value") or None
    return value or None


_OWNERS_PLACES = {"inPerson": "address", "link": "link", "userPhone": "phone"}
"""Kinds of places that booking pages name without saying more: the event type's owner has such a place."""


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


def _or_empty(schema: dict[str, Any]) -> None:
    schema["anyOf"].append({"const": ""})


EmptyIsNone = (BeforeValidator(_none_if_empty), Field(json_schema_extra=_or_empty))
"""For texts that booking pages send empty where there is nothing to say."""


class Responses(Body):
    """What whoever books answers; what is none of these is kept."""

    name: Annotated[Text, BeforeValidator(_full_name)]
    email: Email
    guests: Annotated[list[Email], Field(max_length=MOST_GUESTS)] = Field(default_factory=list)
    location: Annotated[Place | None, BeforeValidator(_place)] = None
    phone_number: Annotated[PhoneNumber | None, *EmptyIsNone] = Field(None, alias="attendeePhoneNumber")
    rescheduling_reason: Annotated[Reason | None, *EmptyIsNone] = Field(None, alias="rescheduleReason")


class OlderBookingBody(Body):
    """A slot to book, and who comes; with `rescheduleUid`, in the place of a booking."""

    start: IsoInstant
    end: IsoInstant | None = None
    event_type_id: WholeNumber | None = Field(None, alias="eventTypeId")
    event_type_slug: Annotated[Text | None, *EmptyIsNone] = Field(None, alias="eventTypeSlug")
    user: Annotated[Usernames | None, *EmptyIsNone] = None
    time_zone: ZoneName = Field(alias="timeZone")
    language: Annotated[Text | None, *EmptyIsNone] = None
    """Any: pages send the one that they are in."""
    metadata: KeptObject = Field(default_factory=dict)
    responses: Responses
    answers: KeptObject = Field(validation_alias=AliasPath("responses"))
    """The same, as they were sent."""
    rescheduling: Annotated[Text | None, *EmptyIsNone] = Field(None, alias="rescheduleUid")
    rescheduled_by: Annotated[Text | None, *EmptyIsNone] = Field(None, alias="rescheduledBy")
    seat_uid: Annotated[Text | None, *EmptyIsNone] = Field(None, alias="seatReferenceUid")
    reservation_uid: Annotated[Text | None, *EmptyIsNone] = Field(None, alias="reservedSlotUid")
    dry_run: bool = Field(False, alias="_isDryRun")

    @property
    def length(self) -> int | None:
        """How long, in minutes; None: as long as the event type says.

        Raises
        ------
        RequestError
            If it is not some whole minutes (400).
        """
        if self.end is None:
            return None
        minutes, rest = divmod(self.end - self.start, MINUTE)
        if minutes <= 0 or rest:
            raise bad_request("'end' must lie whole minutes after 'start'.")
        return minutes

    @property
    def reference(self) -> EventTypeReference:
        """Which event type.

        Raises
        ------
        RequestError
            If none is named (400).
        """
        several = self.user if self.user is not None and len(self.user) > 1 else None
        return named_event_type(
            event_type_id=self.event_type_id,
            slug=self.event_type_slug,
            username=None if several or not self.user else self.user[0],
            team_slug=None,
            usernames=several,
            organization_slug=None,
        )

    def request(self, caller: Caller | None) -> BookingRequest | MoveRequest:
        """Return what is asked for.

        Raises
        ------
        RequestError
            If it is no slot of any event type (400).
        """
        if self.rescheduling is None:
            return self._booking(caller)
        return MoveRequest(
            uid=self.rescheduling,
            start=self.start,
            seat_uid=self.seat_uid,
            reason=self.responses.rescheduling_reason,
            by=self.rescheduled_by,
            reservation_uid=self.reservation_uid,
            caller=caller,
        )

    def _booking(self, caller: Caller | None) -> BookingRequest:
        said = self.responses
        attendee = Attendee(
            name=said.name,
            email=said.email,
            zone=self.time_zone,
            language=self.language or "en",
            phone_number=said.phone_number,
        )
        return BookingRequest(
            reference=self.reference,
            start=self.start,
            attendee=attendee,
            guests=tuple(Attendee(email=email, name="", zone=self.time_zone, guest=True) for email in said.guests),
            length=self.length,
            reservation_uid=self.reservation_uid,
            location=None if said.location in _OWNERS_PLACES else said.location,
            kind_of_place=_OWNERS_PLACES.get(said.location or ""),
            metadata=self.metadata,
            responses=self.answers,
            caller=caller,
        )


async def post_booking(request: web.Request) -> web.Response:
    """Book a slot, or move a booking to it."""
    body = await read_body(request, OlderBookingBody)
    wanted = body.request(request.get(CALLER))
    if body.dry_run:
        # It books nothing, so there is nothing to be done only once.
        slot = SlotRequest(
            reference=body.reference, start=body.start, length=body.length, rescheduling=body.rescheduling
        )
        if isinstance(wanted, MoveRequest):
            await request.app[USE_CASES].booking_mover.check(wanted)
        else:
            await request.app[USE_CASES].slot_booker.check(wanted)
        await request.app[USE_CASES].slot_keeper.rehearse(slot, body.reservation_uid or own_reservation(request))
        return success({}, status=201)
    own_is_used = False

    async def make(drawn: DrawnUid | None) -> OlderBooking:
        nonlocal own_is_used
        own = None if wanted.reservation_uid else await _live_own_reservation(request)
        if own is not None:
            # It was not named: one that keeps another slot is as none.
            with suppress(OtherSlotReservedError, ReservedForMoveError):
                made = await _made(request, replace(wanted, reservation_uid=own), drawn)
                # Not by what was made before, or is there already.
                own_is_used = await _live_own_reservation(request) is None
                return _booking_made(made)
        return _booking_made(await _made(request, wanted, drawn))

    response = await created(request, make, request.app[USE_CASES].booking_answerer)
    if own_is_used:
        response.del_cookie(COOKIE, httponly=True, samesite="Lax")
    return response


async def _live_own_reservation(request: web.Request) -> str | None:
    uid = own_reservation(request)
    kept = None if uid is None else await request.app[USE_CASES].slot_keeper.reservation(uid)
    return None if kept is None else kept.uid


async def _made(request: web.Request, wanted: BookingRequest | MoveRequest, drawn: DrawnUid | None) -> Made:
    if isinstance(wanted, MoveRequest):
        return await request.app[USE_CASES].booking_mover.move(wanted, drawn)
    return await request.app[USE_CASES].slot_booker.book(wanted, drawn)


async def get_bookings(request: web.Request) -> web.Response:
    """List the bookings of whoever asks."""
    query = read_bookings_query(request)
    page = await request.app[USE_CASES].bookings.asked_for(
        query.question(Caller(user_of(request))), request.app[USE_CASES].clock()
    )
    told: OlderBookings = {
        "bookings": [_booking(await seen_by_caller(request, booking)) for booking in page.bookings],
        "recurringInfo": [],
        "nextCursor": None,
    }
    return success(told)


async def get_booking(request: web.Request) -> web.Response:
    """Show a booking."""
    uid = text_in_path(request, "uid")
    booking = await request.app[USE_CASES].bookings.find(uid) or await request.app[USE_CASES].bookings.find_by_seat(uid)
    return success(_booking(found(booking, uid).seen_from_seat(uid), seat_uid=uid))


class OlderCancelBody(Body):
    """Why a booking is cancelled, and which seat of it."""

    seat_uid: Text | None = Field(None, alias="seatReferenceUid")
    reason: Reason | None = Field(None, alias="cancellationReason")


async def post_cancel(request: web.Request) -> web.Response:
    """Cancel a booking, or a seat."""
    body, uid = await read_body(request, OlderCancelBody), text_in_path(request, "uid")

    async def cancel(drawn: DrawnUid | None) -> Cancelled:
        booking = await request.app[USE_CASES].booking_canceller.cancel(
            uid, seat_uid=body.seat_uid, reason=body.reason, caller=request.get(CALLER), again=is_again(drawn)
        )
        return {
            "success": True,
            "message": "The booking is cancelled.",
            "bookingId": booking.id,
            "bookingUid": booking.uid,
            "onlyRemovedAttendee": not booking.is_over,
        }

    return await decided(request, cancel)


# Answers -------------------------------------------------------------------------------------------------------------


class OlderHost(TypedDict):
    """Who hosts a booking."""

    id: int
    name: str | None
    email: str
    username: str
    timeZone: str


class OlderEventType(TypedDict):
    """What was booked; of dynamic events nothing that has an id."""

    id: int | None
    slug: str | None


class OlderAttendee(TypedDict):
    """Who attends a booking."""

    id: int | None
    bookingId: int
    name: str
    email: str
    timeZone: str | None
    locale: str | None
    phoneNumber: str | None


class OlderBooking(TypedDict):
    """A booking; with `seatReferenceUid` for whoever knows a seat of it."""

    id: int
    uid: str
    userId: int
    user: OlderHost
    eventTypeId: int | None
    eventType: OlderEventType
    title: str
    description: str | None
    startTime: InstantText
    endTime: InstantText
    status: str
    attendees: list[OlderAttendee]
    location: str | None
    metadata: dict[str, Any]
    responses: dict[str, Any]
    cancellationReason: str | None
    rescheduled: bool
    fromReschedule: str | None
    recurringEventId: None
    paid: bool
    createdAt: InstantText
    updatedAt: InstantText
    seatReferenceUid: NotRequired[str]


class NoBooking(TypedDict):
    """What a dry run books."""


class OlderBookings(TypedDict):
    """A part of a list of bookings. None here recur."""

    bookings: list[OlderBooking]
    recurringInfo: list[Any]
    nextCursor: None


class Cancelled(TypedDict):
    """What was cancelled: a booking, or one seat of it."""

    success: bool
    message: str
    bookingId: int
    bookingUid: str
    onlyRemovedAttendee: bool


def _booking_made(made: Made) -> OlderBooking:
    return _booking(made.booking.seen_from_seat(made.seat_uid), seat_uid=made.seat_uid)


def _booking(booking: BookingRecord, *, seat_uid: str | None = None) -> OlderBooking:
    """Return a booking; of a seated one that is seen from a seat, also which."""
    host = booking.hosts[0]
    told: OlderBooking = {
        "id": booking.id,
        "uid": booking.uid,
        "userId": host.id,
        "user": {
            "id": host.id,
            "name": host.name,
            "email": host.email,
            "username": host.username,
            "timeZone": host.zone,
        },
        "eventTypeId": booking.event_type_id,
        "eventType": {"id": booking.event_type_id, "slug": booking.event_type_slug},
        "title": booking.title,
        "description": booking.description,
        "startTime": utc_text(booking.start),
        "endTime": utc_text(booking.end),
        "status": booking.status.value.upper(),
        "attendees": [_attendee(one, booking) for one in booking.attendees],
        "location": booking.location,
        "metadata": dict(booking.metadata),
        "responses": dict(booking.responses),
        "cancellationReason": booking.cancellation_reason,
        "rescheduled": booking.rescheduled_to_uid is not None,
        "fromReschedule": booking.rescheduled_from_uid,
        "recurringEventId": None,
        "paid": False,
        "createdAt": utc_text(booking.created_at),
        "updatedAt": utc_text(booking.updated_at),
    }
    if seat_uid is not None and booking.seated:
        told["seatReferenceUid"] = seat_uid
    return told


def _attendee(attendee: Attendee, booking: BookingRecord) -> OlderAttendee:
    return {
        "id": attendee.id,
        "bookingId": booking.id,
        "name": attendee.name,
        "email": attendee.email,
        "timeZone": attendee.zone,
        "locale": attendee.language,
        "phoneNumber": attendee.phone_number,
    }
