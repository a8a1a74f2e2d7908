"""The older version, 2024-04-15: `/v2/slots/available`, `/v2/slots/reserve`, `/v2/slots/selected-slot`.

A browser is known by the cookie `uid`, the reservation it made last: that one does not hide its start from itself, and
another reserve moves it.
"""

from typing import Annotated, TypeVar

import orjson
from aiohttp import hdrs, web
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from typing_extensions import TypeAliasType, TypedDict

from app.api.bodies import Body, json_response, read_body, success
from app.api.clients import client_address
from app.api.errors import bad_request
from app.api.idempotency import created
from app.api.listing import OlderListing, listing_2024_04_15
from app.api.slots import answered, find
from app.api.slots_query import (
    HostIds,
    QueryInstant,
    QueryNumber,
    SlotFormat,
    Usernames,
    named_event_type,
    plain_parameters,
    query_error,
)
from app.api.state import CALLER, USE_CASES
from app.api.written_listings import written
from app.domain.reference import ById
from app.domain.reservation import DEFAULT_DURATION_MINUTES
from app.domain.time_ranges import MINUTE
from app.domain.window import asked_window
from app.fields import LONGEST_TEXT, IsoInstant, Text, WholeNumber, ZoneName
from app.services.errors import ReservationNotFoundError
from app.services.find_slots import FoundSlots, SlotsQuestion
from app.services.keep_slots import SlotRequest
from app.services.ports import Caller, DrawnUid

COOKIE = "uid"

Query = TypeVar("Query", bound=BaseModel)


class AvailableQuery(BaseModel):
    """The parameters of a listing; others are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    start: QueryInstant = Field(alias="startTime")
    end: QueryInstant = Field(alias="endTime")
    event_type_id: QueryNumber | None = Field(None, alias="eventTypeId")
    event_type_slug: Text | None = Field(None, alias="eventTypeSlug")
    usernames: Usernames | None = Field(None, alias="usernameList")
    organization_slug: Text | None = Field(None, alias="orgSlug")
    time_zone: ZoneName | None = Field(None, alias="timeZone")
    duration: QueryNumber | None = None
    format: SlotFormat | None = Field(None, alias="slotFormat")
    rescheduling: str | None = Field(None, alias="rescheduleUid")
    subset: HostIds = Field(default_factory=list, alias="rrHostSubsetIds")
    form_response_id: QueryNumber | None = Field(None, alias="routingFormResponseId")
    dry_run: bool = Field(False, alias="_isDryRun")

    def question(self, own_reservation: str | None) -> SlotsQuestion:
        """Return what the parameters ask.

        Raises
        ------
        RequestError
            If they name no event type, or a routing form's response that cannot be (400).
        WindowTooLongError
            If they ask for too many days.
        """
        self._check_form_response()
        one = self.usernames is not None and len(self.usernames) == 1
        return SlotsQuestion(
            reference=named_event_type(
                event_type_id=self.event_type_id,
                slug=self.event_type_slug,
                username=self.usernames[0] if self.usernames and one else None,
                team_slug=None,
                usernames=self.usernames,
                organization_slug=self.organization_slug,
            ),
            window=asked_window(self.start, self.end),
            duration=self.duration,
            rescheduling=self.rescheduling,
            subset=frozenset(self.subset),
            own_reservation=own_reservation,
        )

    def _check_form_response(self) -> None:
        if self.form_response_id is None:
            return
        if self.dry_run and self.form_response_id != 0:
            raise bad_request("routingFormResponseId must be 0 for dry run")
        if not self.dry_run and self.form_response_id <= 0:
            raise bad_request("routingFormResponseId must be a positive number")


class ReserveBody(Body):
    """The body of a reservation: an event type and from when to when."""

    event_type_id: WholeNumber = Field(alias="eventTypeId")
    start: IsoInstant = Field(alias="slotUtcStartDate")
    end: IsoInstant = Field(alias="slotUtcEndDate")
    dry_run: bool = Field(False, alias="_isDryRun")

    def request(self, caller: Caller | None, client: str) -> SlotRequest:
        """Return what is asked for.

        Raises
        ------
        RequestError
            If it is not some whole minutes long (400).
        """
        length, rest = divmod(self.end - self.start, MINUTE)
        if length <= 0 or rest:
            raise bad_request("'slotUtcEndDate' must lie whole minutes after 'slotUtcStartDate'.")
        return SlotRequest(
            reference=ById(self.event_type_id), start=self.start, length=length, caller=caller, client=client
        )


class ReserveQuery(BaseModel):
    """The parameter of a reservation, which its body may have too."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    dry_run: bool = Field(False, alias="_isDryRun")


class SelectedSlotQuery(BaseModel):
    """Which reservation to end."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    uid: Annotated[str, Field(min_length=1)]


ReservationUid = TypeAliasType("ReservationUid", str)


class AvailableTimes(TypedDict):
    """A listing."""

    slots: OlderListing


async def get_available(request: web.Request) -> web.Response:
    """List the slots of an event type."""
    query = _read(request, AvailableQuery)
    found = await find(request.app[USE_CASES].slot_finder, query.question(own_reservation(request)))
    # Only who names no format is told starts alone: as with the peer, `time` gives ends like `range`.
    listing = written(found, available_times, query.time_zone, "time" if query.format is None else "range")
    response = answered(found, listing, request.if_none_match)
    response.headers.add(hdrs.VARY, hdrs.COOKIE)  # It has the browser's own reservation.
    return response


def available_times(found: FoundSlots, time_zone: str | None, slot_format: str) -> AvailableTimes:
    """Return a listing as this version wraps it."""
    return {"slots": listing_2024_04_15(found, time_zone, slot_format)}


async def post_reserve(request: web.Request) -> web.Response:
    """Keep a slot for five minutes; the answer's data is the bare uid."""
    body = await read_body(request, ReserveBody)
    wanted = body.request(request.get(CALLER), client_address(request))
    if body.dry_run or _read(request, ReserveQuery).dry_run:
        # It keeps nothing, so there is nothing to be done only once.
        return success(await request.app[USE_CASES].slot_keeper.rehearse(wanted, own_reservation(request)), status=201)
    response = await created(request, lambda drawn: _reserved(request, wanted, drawn))
    uid = orjson.loads(response.text or "")["data"]
    response.set_cookie(COOKIE, uid, max_age=DEFAULT_DURATION_MINUTES * 60, httponly=True, samesite="Lax")
    return response


async def _reserved(request: web.Request, wanted: SlotRequest, drawn: DrawnUid | None) -> str:
    keeper = request.app[USE_CASES].slot_keeper
    own = own_reservation(request)
    if own is not None:
        try:
            return (await keeper.move(own, wanted)).reservation.uid
        except ReservationNotFoundError:
            pass  # It has ended; the browser's next one is a new one.
    return (await keeper.reserve(wanted, drawn)).reservation.uid


async def delete_selected_slot(request: web.Request) -> web.Response:
    """End a reservation. Whether there was one is not told."""
    uid = _read(request, SelectedSlotQuery).uid
    await request.app[USE_CASES].slot_keeper.end(uid.encode("utf-8", "replace").decode()[: LONGEST_TEXT + 1])
    return json_response({"status": "success"})


def _read(request: web.Request, model: type[Query]) -> Query:
    try:
        return model.model_validate(plain_parameters(request.query.items()))
    except ValidationError as error:
        raise query_error(error, window=("startTime", "endTime")) from None


def own_reservation(request: web.Request) -> str | None:
    """Return the uid of the reservation that a browser has of its own, by its cookie."""
    uid = request.cookies.get(COOKIE)
    return uid if uid and len(uid) <= LONGEST_TEXT and uid.isprintable() else None
