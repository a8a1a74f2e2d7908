"""`/v2/bookings`, version 2024-08-13: book slots, and what becomes of bookings."""

from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BeforeValidator, Field

from app.api.bodies import json_response, read_body, success
from app.api.booking_answers import (
    attendee_data,
    booked_attendee_data,
    booking_data,
    calendar_links,
    host_data,
    pagination,
)
from app.api.booking_bodies import (
    AbsentBody,
    AttendeeBody,
    BookingBody,
    CancelBody,
    GuestsBody,
    LocationBody,
    ReasonBody,
    RescheduleBody,
)
from app.api.booking_shapes import BookedAttendee, BookingData, BookingsPage, Reassigned
from app.api.credentials import caller_of, user_of
from app.api.idempotency import Make, created, done, is_again
from app.api.pages import LARGEST_PAGE, PageQuery, read_page
from app.api.paths import owner_of, path_id, text_in_path
from app.api.slots_query import MOST_NAMES, QueryInstant, QueryNumber
from app.api.state import CALLER, USE_CASES
from app.domain.booking import Attendee, BookingRecord
from app.fields import MAX_ID, Text
from app.services.book_slots import Made
from app.services.booking_errors import AttendeeNotFoundError
from app.services.bookings import BookingQuestion, found
from app.services.ports import Caller, DrawnUid

# Making --------------------------------------------------------------------------------------------------------------


async def post_booking(request: web.Request) -> web.Response:
    """Book a slot."""
    wanted = (await read_body(request, BookingBody)).request(request.get(CALLER))

    async def book(drawn: DrawnUid | None) -> BookingData:
        return _made(await request.app[USE_CASES].slot_booker.book(wanted, drawn))

    return await created(request, book, request.app[USE_CASES].booking_answerer)


async def post_reschedule(request: web.Request) -> web.Response:
    """Book another slot in the place of a booking."""
    body = await read_body(request, RescheduleBody)
    wanted = body.request(text_in_path(request, "uid"), request.get(CALLER))

    async def move(drawn: DrawnUid | None) -> BookingData:
        made = await request.app[USE_CASES].booking_mover.move(wanted, drawn)
        return await _data(request, made.booking, made.seat_uid)

    return await created(request, move, request.app[USE_CASES].booking_answerer)


def _made(made: Made) -> BookingData:
    return booking_data(made.booking, seat_uid=made.seat_uid)


# Showing -------------------------------------------------------------------------------------------------------------


async def get_booking(request: web.Request) -> web.Response:
    """Show a booking; who has seats there only to those who run it."""
    uid = text_in_path(request, "uid")
    return await _shown(request, found(await request.app[USE_CASES].bookings.find(uid), uid))


async def get_booking_by_seat(request: web.Request) -> web.Response:
    """Show the booking that a seat belongs to."""
    seat_uid = text_in_path(request, "seatUid")
    booking = found(await request.app[USE_CASES].bookings.find_by_seat(seat_uid), seat_uid)
    return await _shown(request, booking, seat_uid)


async def _shown(request: web.Request, booking: BookingRecord, seat_uid: str | None = None) -> web.Response:
    return success(await _data(request, booking, seat_uid))


async def _data(request: web.Request, booking: BookingRecord, seat_uid: str | None = None) -> BookingData:
    """Return a booking as the caller may see it, who has shown to know a seat's uid or not."""
    runs = await request.app[USE_CASES].booking_runners.runs(request.get(CALLER), booking)
    return booking_data(booking, seat_uid=seat_uid, all_seats=runs)


async def get_calendar_links(request: web.Request) -> web.Response:
    """Return links by which people enter a booking into their calendars."""
    uid = text_in_path(request, "uid")
    booking = found(await request.app[USE_CASES].bookings.find(uid), uid)
    return success(calendar_links(await seen_by_caller(request, booking)))


async def get_attendees(request: web.Request) -> web.Response:
    """Show who attends a booking."""
    booking = await _run_by_caller(request)
    return success([attendee_data(attendee) for attendee in booking.attendees])


async def get_attendee(request: web.Request) -> web.Response:
    """Show one who attends a booking."""
    booking = await _run_by_caller(request)
    return success(booked_attendee_data(_attendee(booking, path_id(request, "attendeeId")), booking))


async def _run_by_caller(request: web.Request) -> BookingRecord:
    """Return the booking that a path names, to those who run it."""
    caller, uid = caller_of(request), text_in_path(request, "uid")
    booking = found(await request.app[USE_CASES].bookings.find(uid), uid)
    await request.app[USE_CASES].booking_runners.refuse_others(caller, booking)
    return booking


def _attendee(booking: BookingRecord, attendee_id: int) -> Attendee:
    for attendee in booking.attendees:
        if attendee.id == attendee_id:
            return attendee
    raise AttendeeNotFoundError(booking.uid, str(attendee_id))


# Listing -------------------------------------------------------------------------------------------------------------


def _split(value: object) -> object:
    """Read "a,b" and ["a", "b"] alike."""
    parts = value if isinstance(value, list) else [value]
    return [one for part in parts for one in str(part).split(",") if one]


Direction = Literal["asc", "desc"]
Statuses = Annotated[
    list[Literal["upcoming", "recurring", "past", "cancelled", "unconfirmed"]], BeforeValidator(_split)
]
QueryId = Annotated[QueryNumber, Field(ge=1, le=MAX_ID)]
QueryIds = Annotated[list[QueryId], BeforeValidator(_split), Field(max_length=MOST_NAMES)]


class BookingsQuery(PageQuery):
    """Which bookings to list, in which order; parameters that mean nothing here are let pass."""

    status: Statuses = Field(default_factory=list)
    attendee_email: Text | None = Field(None, alias="attendeeEmail")
    attendee_name: Text | None = Field(None, alias="attendeeName")
    uid: Text | None = Field(None, alias="bookingUid")
    event_type_ids: QueryIds = Field(default_factory=list, alias="eventTypeIds")
    event_type_id: QueryId | None = Field(None, alias="eventTypeId")
    team_ids: QueryIds = Field(default_factory=list, alias="teamIds")
    teams_ids: QueryIds = Field(default_factory=list, alias="teamsIds")
    """The same, as the peer's documents spell it."""
    team_id: QueryId | None = Field(None, alias="teamId")
    after_start: QueryInstant | None = Field(None, alias="afterStart")
    before_end: QueryInstant | None = Field(None, alias="beforeEnd")
    created_after: QueryInstant | None = Field(None, alias="afterCreatedAt")
    created_before: QueryInstant | None = Field(None, alias="beforeCreatedAt")
    updated_after: QueryInstant | None = Field(None, alias="afterUpdatedAt")
    updated_before: QueryInstant | None = Field(None, alias="beforeUpdatedAt")
    sort_start: Direction | None = Field(None, alias="sortStart")
    sort_end: Direction | None = Field(None, alias="sortEnd")
    sort_created: Direction | None = Field(None, alias="sortCreated")
    sort_updated: Direction | None = Field(None, alias="sortUpdatedAt")
    take: Annotated[QueryNumber, Field(ge=1, le=LARGEST_PAGE)] = 100

    def question(self, caller: Caller | None, **within: Any) -> BookingQuestion:
        """Return what is asked for: a caller's own bookings, or those within an organization, teams or people."""
        event_types = [*self.event_type_ids, *([] if self.event_type_id is None else [self.event_type_id])]
        teams = [
            *self.team_ids, *self.teams_ids, *([] if self.team_id is None else [self.team_id])
        ]  # fmt: skip
        sort = {
            "start": self.sort_start,
            "end": self.sort_end,
            "created": self.sort_created,
            "updated": self.sort_updated,
        }
        return BookingQuestion(
            caller=caller,
            # None are made here that recur.
            statuses=frozenset(self.status),
            attendee_email=self.attendee_email,
            attendee_name=self.attendee_name,
            uid=self.uid,
            event_type_ids=tuple(event_types),
            after_start=self.after_start,
            before_end=self.before_end,
            created_after=self.created_after,
            created_before=self.created_before,
            updated_after=self.updated_after,
            updated_before=self.updated_before,
            sort=tuple((name, direction == "desc") for name, direction in sort.items() if direction),
            take=self.take,
            skip=self.skip,
            **{"team_ids": tuple(teams), **within},
        )


class OrganizationBookingsQuery(BookingsQuery):
    """Which of an organization's bookings to list."""

    user_ids: QueryIds = Field(default_factory=list, alias="userIds")
    """Who hosts them; nobody named: anybody."""


def read_bookings_query(request: web.Request) -> BookingsQuery:
    """Read the parameters of a list of bookings.

    Raises
    ------
    RequestError
        If one is wrong (400).
    """
    return read_page(request, BookingsQuery)


async def get_bookings(request: web.Request) -> web.Response:
    """List the bookings of whoever asks: those they host, and those of teams that they run."""
    caller = Caller(user_of(request))
    return await listed(request, read_bookings_query(request).question(caller))


async def get_team_bookings(request: web.Request) -> web.Response:
    """List the bookings of a team's event types, to those who run it."""
    team_id = path_id(request, "teamId")
    organization_id = path_id(request, "orgId") if "orgId" in request.match_info else None
    await request.app[USE_CASES].member_access.check_team(caller_of(request), team_id, organization_id)
    return await listed(request, read_bookings_query(request).question(None, team_ids=(team_id,)))


async def get_organization_bookings(request: web.Request) -> web.Response:
    """List the bookings of an organization's teams and of its members' own event types, to those who run it."""
    organization_id = path_id(request, "orgId")
    await request.app[USE_CASES].member_access.check_organization(caller_of(request), organization_id)
    query = read_page(request, OrganizationBookingsQuery)
    question = query.question(None, organization_id=organization_id, user_ids=tuple(query.user_ids))
    return await listed(request, question)


async def get_member_bookings(request: web.Request) -> web.Response:
    """List the bookings of an organization that a member hosts, to those who run it."""
    user_id, organization_id = await owner_of(request), path_id(request, "orgId")
    question = read_bookings_query(request).question(None, organization_id=organization_id, user_ids=(user_id,))
    return await listed(request, question)


async def listed(request: web.Request, question: BookingQuestion) -> web.Response:
    """Answer with a page of bookings. Whoever may see the list may see who has seats."""
    page = await request.app[USE_CASES].bookings.asked_for(question, request.app[USE_CASES].clock())
    bookings = [booking_data(await seen_by_caller(request, booking), all_seats=True) for booking in page.bookings]
    place = pagination(total=page.total, returned=len(bookings), take=question.take, skip=question.skip)
    answer: BookingsPage = {"status": "success", "data": bookings, "pagination": place}
    return json_response(answer)


async def seen_by_caller(request: web.Request, booking: BookingRecord) -> BookingRecord:
    """Return a booking as the caller may see it: of a seated one all only to those who run it."""
    if not booking.seated or await request.app[USE_CASES].booking_runners.runs(request.get(CALLER), booking):
        return booking
    return booking.seen_from_seat(None)


# Changing ------------------------------------------------------------------------------------------------------------


async def post_cancel(request: web.Request) -> web.Response:
    """Cancel a booking, or a seat."""
    body, caller, uid = await read_body(request, CancelBody), request.get(CALLER), text_in_path(request, "uid")

    async def cancel(drawn: DrawnUid | None) -> BookingData:
        booking = await request.app[USE_CASES].booking_canceller.cancel(
            uid, seat_uid=body.seat_uid, reason=body.reason, caller=caller, again=is_again(drawn)
        )
        return await _data(request, booking)

    return await decided(request, cancel)


async def post_confirm(request: web.Request) -> web.Response:
    """Let a pending booking stand."""
    caller, uid = caller_of(request), text_in_path(request, "uid")

    async def confirm(drawn: DrawnUid | None) -> BookingData:
        decider = request.app[USE_CASES].booking_decider
        return booking_data(await decider.confirm(uid, caller, again=is_again(drawn)), all_seats=True)

    return await decided(request, confirm)


async def post_decline(request: web.Request) -> web.Response:
    """Turn a pending booking down."""
    caller, body, uid = caller_of(request), await read_body(request, ReasonBody), text_in_path(request, "uid")

    async def decline(drawn: DrawnUid | None) -> BookingData:
        decider = request.app[USE_CASES].booking_decider
        return booking_data(await decider.decline(uid, caller, body.reason, again=is_again(drawn)), all_seats=True)

    return await decided(request, decline)


async def post_mark_absent(request: web.Request) -> web.Response:
    """Note who did not come."""
    caller, body, uid = caller_of(request), await read_body(request, AbsentBody), text_in_path(request, "uid")

    async def mark_absent(_: DrawnUid | None) -> BookingData:
        booking = await request.app[USE_CASES].booking_decider.mark_absent(
            uid,
            caller,
            host=body.host,
            attendees={attendee.email: attendee.absent for attendee in body.attendees},
        )
        return booking_data(booking, all_seats=True)

    return await decided(request, mark_absent)


async def post_reassign(request: web.Request) -> web.Response:
    """Give a round-robin booking to another host, to whichever is free or to the one that the path names."""
    caller, body, uid = caller_of(request), await read_body(request, ReasonBody), text_in_path(request, "uid")
    named = path_id(request, "userId") if "userId" in request.match_info else None

    async def reassign(drawn: DrawnUid | None) -> Reassigned:
        decider = request.app[USE_CASES].booking_decider
        host = host_data(await decider.reassign(uid, caller, named, drawn))
        told: Reassigned = {
            "bookingUid": uid,
            "reassignedTo": {
                "id": host["id"],
                "name": host["name"],
                "email": host["email"],
                "displayEmail": host["displayEmail"],
            },
        }
        if named is not None:
            told["reason"] = body.reason or ""
        return told

    return await decided(request, reassign)


async def decided(request: web.Request, decide: Make, *, status: int = 200) -> web.Response:
    """Answer what is decided about a booking, once where the request has a key."""
    return await done(request, decide, request.app[USE_CASES].booking_answerer, status=status)


async def patch_location(request: web.Request) -> web.Response:
    """Say where a booking takes place."""
    caller, body = caller_of(request), await read_body(request, LocationBody)
    booking = await request.app[USE_CASES].booking_decider.relocate(text_in_path(request, "uid"), caller, body.text)
    return success(booking_data(booking, all_seats=True))


async def post_attendee(request: web.Request) -> web.Response:
    """Let somebody else take part too."""
    caller, body, uid = caller_of(request), await read_body(request, AttendeeBody), text_in_path(request, "uid")

    async def add(_: DrawnUid | None) -> BookedAttendee:
        booking = await request.app[USE_CASES].booking_decider.add(uid, caller, [body.attendee()])
        address = body.email.lower()
        return booked_attendee_data(next(one for one in booking.attendees if one.email.lower() == address), booking)

    return await decided(request, add, status=201)


async def post_guests(request: web.Request) -> web.Response:
    """Let guests take part too."""
    caller, body, uid = caller_of(request), await read_body(request, GuestsBody), text_in_path(request, "uid")

    async def add(_: DrawnUid | None) -> BookingData:
        guests = [guest.attendee() for guest in body.guests]
        return booking_data(await request.app[USE_CASES].booking_decider.add(uid, caller, guests))

    return await decided(request, add)
