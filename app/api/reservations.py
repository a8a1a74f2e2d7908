"""`/v2/slots/reservations`, version 2024-09-04: keep a slot, show, move and end what is kept."""

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypeAliasType, TypedDict

from app.api.bodies import json_response, read_body, success
from app.api.clients import client_address
from app.api.errors import FieldError, RequestError
from app.api.idempotency import created
from app.api.instants import InstantText, utc_text
from app.api.paths import text_in_path
from app.api.refusals import rate_limit_headers
from app.api.slots_query import Usernames, several
from app.api.state import CALLER, USE_CASES
from app.domain.reference import ById, ByUsernames
from app.domain.reservation import KeptReservation, QuotaStanding
from app.fields import DATE_TIME, LONGEST_TEXT, Text, WholeNumber, instant_or_none
from app.services.keep_slots import KeptSlot, SlotRequest
from app.services.ports import Caller, DrawnUid


class ReservationBody(BaseModel):
    """The body of POST and PATCH: an event type or several usernames, a start, and perhaps lengths (minutes)."""

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)

    event_type_id: WholeNumber | None = Field(None, alias="eventTypeId")
    usernames: Usernames | None = None
    """In place of an event type: two people or more who are to meet."""
    organization_slug: Text | None = Field(None, alias="organizationSlug")
    """Where these people are to be looked for."""
    slot_start: Annotated[str, DATE_TIME] = Field(alias="slotStart")
    slot_duration: WholeNumber | None = Field(None, alias="slotDuration")
    """The length in minutes, of event types that have several."""
    reservation_duration: WholeNumber | None = Field(None, alias="reservationDuration")
    """For how many minutes to keep the slot; this needs credentials. Five if left out."""
    rescheduling: str | None = Field(None, alias="bookingUidToReschedule", max_length=LONGEST_TEXT)
    """The booking that is to be moved: it does not stand in its own way."""

    def request(self, caller: Caller | None, client: str) -> SlotRequest:
        """Return what is asked for.

        Raises
        ------
        RequestError
            If it names neither an event type nor two people (400).
        """
        return SlotRequest(
            reference=self._reference(),
            start=instant_or_none(self.slot_start),
            slot_duration=self.slot_duration,
            duration=self.reservation_duration,
            rescheduling=self.rescheduling,
            caller=caller,
            client=client,
        )

    def _reference(self) -> ById | ByUsernames:
        if self.event_type_id is not None:
            return ById(self.event_type_id)
        if self.usernames is None:
            rule = {"value_error": "must be a whole number (or give usernames, for a dynamic event)"}
            raise RequestError(400, "Bad Request Exception", (FieldError("eventTypeId", None, rule),))
        return ByUsernames(several(self.usernames), self.organization_slug)


async def post_reservation(request: web.Request) -> web.Response:
    """Keep a slot."""
    wanted = (await read_body(request, ReservationBody)).request(request.get(CALLER), client_address(request))
    standing: QuotaStanding | None = None

    async def keep(drawn: DrawnUid | None) -> KeptData:
        nonlocal standing
        kept = await request.app[USE_CASES].slot_keeper.reserve(wanted, drawn)
        standing = kept.standing
        return kept_data(kept)

    response = await created(request, keep)
    if standing is not None:
        response.headers.update(rate_limit_headers(standing))
    return response


async def patch_reservation(request: web.Request) -> web.Response:
    """Move a reservation to another slot."""
    wanted = (await read_body(request, ReservationBody)).request(request.get(CALLER), client_address(request))
    kept = await request.app[USE_CASES].slot_keeper.move(_uid(request), wanted)
    return success(kept_data(kept))


async def get_reservation(request: web.Request) -> web.Response:
    """Show a reservation; null if there is none."""
    kept = await request.app[USE_CASES].slot_keeper.reservation(_uid(request))
    return success(None if kept is None else _reservation(kept))


async def delete_reservation(request: web.Request) -> web.Response:
    """End a reservation. Whether there was one is not told."""
    await request.app[USE_CASES].slot_keeper.end(_uid(request))
    return json_response({"status": "success"})


def _uid(request: web.Request) -> str:
    return text_in_path(request, "uid")


class ClaimedData(TypedDict):
    """What a reservation keeps; `slotDuration` is in minutes, and dynamic events have no event type."""

    reservationUid: str
    eventTypeId: int | None
    slotStart: InstantText
    slotEnd: InstantText
    slotDuration: int


class ReservationData(ClaimedData):
    """A reservation."""

    reservationUntil: InstantText


FoundReservation = TypeAliasType("FoundReservation", ReservationData | None)


class KeptData(ReservationData):
    """A reservation as it is told to whoever made or moved it, with its length in minutes."""

    reservationDuration: int


def kept_data(kept: KeptSlot) -> KeptData:
    """Return a reservation as it is told to whoever made or moved it."""
    until = utc_text(kept.reservation.until)
    return {**_claimed(kept.reservation), "reservationDuration": kept.minutes, "reservationUntil": until}


def _reservation(kept: KeptReservation) -> ReservationData:
    return {**_claimed(kept), "reservationUntil": utc_text(kept.until)}


def _claimed(kept: KeptReservation) -> ClaimedData:
    claim = kept.claim
    return {
        "reservationUid": kept.uid,
        "eventTypeId": claim.event_type_id,
        "slotStart": utc_text(claim.start),
        "slotEnd": utc_text(claim.end),
        "slotDuration": kept.length,
    }
