"""What all bodies of the peer's operations share: null where something is optional is as nothing said."""

from typing import Any

import pytest
from pydantic import BaseModel

from app.api.api_keys import KeyRefreshBody
from app.api.bodies import validated
from app.api.booking_bodies import AbsentBody, AttendeeBody, BookingBody, GuestBody
from app.api.bookings_2024_04_15 import OlderBookingBody
from app.api.calendars import FeedsBody
from app.api.errors import RequestError
from app.api.event_type_bodies import EventTypeBody
from app.api.event_type_parts import ConfirmationPart, HostPart, SeatsPart, WindowPart
from app.api.memberships import NewMembershipBody
from app.api.openapi_components import Generator
from app.api.organization_users import NewOrganizationUserBody
from app.api.out_of_office import NewOutOfOfficeBody
from app.api.slots_2024_04_15 import ReserveBody
from app.api.teams import NewTeamBody
from app.api.webhooks import NewWebhookBody

START, END = "2050-09-05T10:00:00Z", "2050-09-05T11:00:00Z"
MIA = {"name": "Mia", "email": "mia@example.org"}
ATTENDEE = {**MIA, "timeZone": "Europe/Lisbon"}
HOOK = {"subscriberUrl": "https://example.com/hook", "active": True, "triggers": []}


@pytest.mark.parametrize(
    ("model", "body", "optional"),
    [
        (BookingBody, {"start": START, "attendee": ATTENDEE}, ["guests", "metadata", "bookingFieldsResponses"]),
        (AttendeeBody, ATTENDEE, ["language"]),
        (GuestBody, MIA, ["language"]),
        (AbsentBody, {"host": True}, ["attendees"]),
        (OlderBookingBody, {"start": START, "timeZone": "UTC", "responses": MIA}, ["metadata", "_isDryRun"]),
        (ReserveBody, {"eventTypeId": 1, "slotUtcStartDate": START, "slotUtcEndDate": END}, ["_isDryRun"]),
        (HostPart, {"userId": 1}, ["mandatory", "priority", "weight"]),
        (SeatsPart, {"seatsPerTimeSlot": 2}, ["showAttendeeInfo", "showAvailabilityCount"]),
        (ConfirmationPart, {"type": "always"}, ["blockUnconfirmedBookingsInBooker"]),
        (WindowPart, {"type": "calendarDays", "value": 3}, ["rolling"]),
        (NewWebhookBody, HOOK, ["version"]),
        (NewMembershipBody, {"userId": 1}, ["accepted", "role", "disableImpersonation"]),
        (NewTeamBody, {"name": "Crew"}, ["autoAcceptCreator"]),
        (NewOrganizationUserBody, {"email": "mo@example.org"}, ["organizationRole", "autoAccept"]),
        (NewOutOfOfficeBody, {"start": START, "end": END}, ["reason"]),
        (KeyRefreshBody, {}, ["apiKeyDaysValid", "apiKeyNeverExpires"]),
        (FeedsBody, {"urls": ["https://example.com/feed"]}, ["readOnly"]),
    ],
)
def test_null_is_as_nothing_said(model: type[BaseModel], body: dict[str, Any], optional: list[str]) -> None:
    said = validated(body, model)
    null = validated({**body, **dict.fromkeys(optional)}, model)
    assert null == said
    assert null.model_fields_set == said.model_fields_set
    fields = model.model_json_schema(schema_generator=Generator)["properties"]
    assert all({"type": "null"} in fields[name]["anyOf"] for name in optional), "and the document says so"


def test_what_somebody_who_books_answers_may_be_null() -> None:
    body = {"start": START, "timeZone": "UTC", "responses": {**MIA, "guests": None}}
    assert validated(body, OlderBookingBody).responses.guests == []


@pytest.mark.parametrize(
    ("model", "body", "wrong"),
    [
        (BookingBody, {"start": None, "attendee": None}, ["start", "attendee"]),
        (NewWebhookBody, {**HOOK, "active": None}, ["active"]),
        (HostPart, {"userId": None}, ["userId"]),
        (EventTypeBody, {"title": None}, ["title"]),
    ],
)
def test_null_is_no_value_of_what_is_needed(model: type[BaseModel], body: dict[str, Any], wrong: list[str]) -> None:
    with pytest.raises(RequestError) as refused:
        validated(body, model)
    assert [error.property for error in refused.value.errors] == wrong
