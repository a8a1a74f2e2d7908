"""`/v2/bookings` as clients know it that send no version, or an older one."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.fields import LONGEST_LINK
from tests.api.asking import Answer, Asking
from tests.api.pods import end_booking_leases
from tests.api.world import ANA

OLDER = {"cal-api-version": "2024-06-14"}
MIA = {"name": {"firstName": "Mia", "lastName": "Lee"}, "email": "mia@example.org"}


async def book(api: Asking, hour: str = "10:00", /, **more: Any) -> Answer:
    headers = {**OLDER, **more.pop("headers", {})}
    body = {
        "start": f"2050-09-05T{hour}:00Z",
        "eventTypeId": 10,
        "timeZone": "Europe/Lisbon",
        "language": "en",
        "metadata": {},
        "responses": MIA,
        **more,
    }
    return await api.ask("POST", "/v2/bookings", json=body, headers=headers)


async def reserve(api: Asking, hour: str, event_type_id: int = 10) -> str:
    """Keep a slot of an hour as a browser does, whose cookie tells from then on which."""
    start = datetime.fromisoformat(f"2050-09-05T{hour}:00Z")
    body = {
        "eventTypeId": event_type_id,
        "slotUtcStartDate": start.isoformat(),
        "slotUtcEndDate": (start + timedelta(hours=1)).isoformat(),
    }
    return str((await api.ask("POST", "/v2/slots/reserve", json=body)).data)


@pytest.fixture(autouse=True)
def _no_cookies(api: Asking) -> None:
    api.client.session.cookie_jar.clear()


async def test_a_slot_is_booked_shown_listed_and_cancelled(api: Asking) -> None:
    answer = await book(api, end="2050-09-05T11:00:00Z", responses={**MIA, "why": "x", "guests": ["g@example.org"]})
    assert answer.status == 201
    booked = answer.data
    assert (booked["startTime"], booked["endTime"]) == ("2050-09-05T10:00:00.000Z", "2050-09-05T11:00:00.000Z")
    assert (booked["status"], booked["userId"], booked["eventTypeId"]) == ("ACCEPTED", ANA, 10)
    assert [one["name"] for one in booked["attendees"]] == ["Mia Lee", ""]
    assert booked["responses"]["why"] == "x"
    assert "10:00" not in await api.starts(10)
    uid = booked["uid"]
    assert (await api.ask("GET", f"/v2/bookings/{uid}", headers=OLDER)).data == booked
    assert (await api.ask("GET", f"/v2/bookings/{uid}/reschedule", headers=OLDER)).data == booked
    listed = await api.ask("GET", "/v2/bookings", headers=OLDER, token="cal_key_of_ana")
    assert listed.data == {"bookings": [booked], "recurringInfo": [], "nextCursor": None}
    cancelled = await api.ask("POST", f"/v2/bookings/{uid}/cancel", headers=OLDER, data="null")
    assert (cancelled.status, cancelled.data["success"], cancelled.data["bookingUid"]) == (200, True, uid)
    assert "10:00" in await api.starts(10)


async def test_a_booking_is_moved_by_booking_again(api: Asking) -> None:
    uid = (await book(api)).data["uid"]
    moved = (await book(api, "12:00", rescheduleUid=uid)).data
    assert (moved["startTime"][11:16], moved["fromReschedule"]) == ("12:00", uid)
    assert (await api.ask("GET", f"/v2/bookings/{uid}", headers=OLDER)).data["rescheduled"]


async def test_a_browsers_own_reservation_is_used_up(api: Asking) -> None:
    uid = await reserve(api, "10:00")
    api.client.session.cookie_jar.clear()
    assert (await book(api)).status == 400, "somebody else's"
    booked = await book(api, headers={"Cookie": f"uid={uid}"})
    assert booked.status == 201
    assert 'uid="";' in booked.headers["Set-Cookie"]
    assert "Max-Age=0" in booked.headers["Set-Cookie"]
    assert (await api.ask("GET", f"/v2/slots/reservations/{uid}")).data is None


async def test_a_reservation_that_is_named_is_used_up(api: Asking) -> None:
    uid = await reserve(api, "10:00")
    other = await book(api, "12:00", reservedSlotUid=uid)
    assert (other.status, "keeps another slot" in other.message) == (400, True)
    api.client.session.cookie_jar.clear()
    assert (await book(api, reservedSlotUid=uid)).status == 201
    assert (await book(api, "12:00", reservedSlotUid=uid)).status == 409


@pytest.mark.parametrize(("event_type_id", "hour"), [(11, "12:00"), (30, "10:00")])
async def test_a_browsers_reservation_of_another_slot_is_as_none(api: Asking, event_type_id: int, hour: str) -> None:
    """It was not named: whoever kept one slot may book another."""
    uid = await reserve(api, "10:00", 11)
    booked = await book(api, hour, eventTypeId=event_type_id)
    assert booked.status == 201
    assert "Set-Cookie" not in booked.headers
    assert (await api.ask("GET", f"/v2/slots/reservations/{uid}")).data["reservationUid"] == uid


async def test_a_browsers_reservation_of_another_length_is_as_none(api: Asking) -> None:
    await reserve(api, "10:00", 11)
    refused = await book(api, eventTypeId=11, end="2050-09-05T10:30:00Z")
    assert (refused.status, "already has booking" in refused.message) == (400, True)


async def test_a_browsers_reservation_that_became_a_booking_is_as_none(api: Asking) -> None:
    cookie = {"Cookie": f"uid={await reserve(api, '10:00')}"}
    assert (await book(api)).status == 201
    api.client.session.cookie_jar.clear()
    again = await book(api, "12:00", headers=cookie)
    assert (again.status, "Set-Cookie" in again.headers) == (201, False)


async def test_a_booking_is_moved_to_what_its_browser_has_reserved(api: Asking) -> None:
    booked = (await book(api)).data["uid"]
    uid = await reserve(api, "12:00")
    moved = await book(api, "12:00", rescheduleUid=booked)
    assert (moved.data["fromReschedule"], "Max-Age=0" in moved.headers["Set-Cookie"]) == (booked, True)
    assert (await api.ask("GET", f"/v2/slots/reservations/{uid}")).data is None


async def test_a_booking_is_moved_to_a_reservation_that_is_named(api: Asking) -> None:
    booked = (await book(api)).data["uid"]
    uid = await reserve(api, "12:00")
    api.client.session.cookie_jar.clear()
    assert (await book(api, "12:00", rescheduleUid=booked)).status == 400, "somebody else's"
    other = await book(api, "13:00", rescheduleUid=booked, reservedSlotUid=uid)
    assert (other.status, "keeps another slot" in other.message) == (400, True)
    assert (await book(api, "12:00", rescheduleUid=booked, reservedSlotUid=uid)).status == 201


async def test_names_of_one_or_several(api: Asking) -> None:
    assert (await book(api, eventTypeId=None, eventTypeSlug="call", user="ana")).status == 201
    together = await book(api, "13:00", eventTypeId=None, user=["ana", "ben"], end="2050-09-05T13:45:00Z")
    assert together.data["endTime"][11:16] == "13:45"


async def test_what_is_empty_is_as_left_out(api: Asking) -> None:
    names = ("user", "eventTypeSlug", "language", "rescheduleUid", "rescheduledBy", "seatReferenceUid")
    responses = {**MIA, "attendeePhoneNumber": "", "rescheduleReason": ""}
    booked = (await book(api, responses=responses, reservedSlotUid="", **dict.fromkeys(names, ""))).data
    assert (booked["attendees"][0]["locale"], booked["attendees"][0]["phoneNumber"]) == ("en", None)


@pytest.mark.parametrize("told", [str, lambda link: {"value": "link", "optionValue": link}])
async def test_a_place_may_be_a_long_link(api: Asking, told: Callable[[str], object]) -> None:
    link = "https://meet.example/".ljust(LONGEST_LINK, "x")
    booked = (await book(api, responses={**MIA, "location": told(link)})).data
    assert booked["location"] == link
    assert (await api.ask("GET", f"/v2/bookings/{booked['uid']}", headers=OLDER)).data == booked
    assert (await book(api, "12:00", responses={**MIA, "location": told(link + "x")})).status == 400


async def test_any_language_will_do(api: Asking) -> None:
    booked = (await book(api, language="en-GB")).data
    assert booked["attendees"][0]["locale"] == "en-GB"
    newer = await api.ask("GET", f"/v2/bookings/{booked['uid']}", headers={"cal-api-version": "2024-08-13"})
    assert newer.data["attendees"][0]["language"] == "en-GB"


async def test_a_move_says_why_and_by_whom(api: Asking) -> None:
    uid = (await book(api)).data["uid"]
    responses = {**MIA, "rescheduleReason": "a train"}
    moved = (await book(api, "12:00", rescheduleUid=uid, rescheduledBy="mia@example.org", responses=responses)).data
    newer = (await api.ask("GET", f"/v2/bookings/{moved['uid']}", headers={"cal-api-version": "2024-08-13"})).data
    assert (newer["reschedulingReason"], newer["rescheduledByEmail"]) == ("a train", "mia@example.org")


async def test_a_dry_run_books_nothing(api: Asking) -> None:
    assert (await book(api, _isDryRun=True)).status == 201
    assert "10:00" in await api.starts(10)
    await book(api)
    assert (await book(api, _isDryRun=True)).status == 422
    uid = await reserve(api, "12:00")
    api.client.session.cookie_jar.clear()
    assert (await book(api, "12:00", _isDryRun=True)).status == 422
    assert (await book(api, "12:00", _isDryRun=True, reservedSlotUid=uid)).status == 201


async def allow(api: Asking, **settings: Any) -> None:
    """Let Ana set something of her event type 10."""
    headers = {"cal-api-version": "2024-06-14"}
    answer = await api.ask("PATCH", "/v2/event-types/10", json=settings, token="cal_key_of_ana", headers=headers)
    assert answer.status == 200, answer.body


async def test_a_dry_run_is_refused_what_is_not_allowed(api: Asking) -> None:
    await allow(api, disableGuests=True)
    guests = {**MIA, "guests": ["g@example.org"]}
    for dry in (True, False):
        assert (await book(api, responses=guests, _isDryRun=dry)).status == 400
    for dry in (True, False):
        assert (await book(api, eventTypeId=12, responses=guests, _isDryRun=dry)).status == 400, "it has seats"
    uid = (await book(api)).data["uid"]
    await allow(api, disableRescheduling={"disabled": True}, bookerActiveBookingsLimit={"maximumActiveBookings": 1})
    for dry in (True, False):
        assert (await book(api, "12:00", rescheduleUid=uid, _isDryRun=dry)).status == 400
        assert (await book(api, "12:00", _isDryRun=dry)).status == 400
    await api.ask("POST", f"/v2/bookings/{uid}/cancel", json={}, headers=OLDER)
    allowed = {"disableRescheduling": {"disabled": False}, "allowReschedulingCancelledBookings": True}
    await allow(api, bookingRequiresAuthentication=True, **allowed)
    for dry in (True, False):
        assert (await book(api, "12:00", _isDryRun=dry)).status == 401
        assert (await book(api, "12:00", rescheduleUid=uid, _isDryRun=dry)).status == 401


async def test_a_kind_of_place_is_the_owners(api: Asking) -> None:
    await allow(
        api, locations=[{"type": "link", "link": "https://meet.example/x"}, {"type": "address", "address": "1 Quay"}]
    )
    for hour, kind, told in (("10:00", "inPerson", "1 Quay"), ("11:00", "link", "https://meet.example/x")):
        said = {**MIA, "location": {"value": kind, "optionValue": ""}}
        assert (await book(api, hour, responses=said)).data["location"] == told


@pytest.mark.parametrize("pods", ["one", "a dying one first"])
async def test_a_cancellation_that_is_sent_again_is_answered_again(api: Asking, dying: Asking, pods: str) -> None:
    uid = (await book(api)).data["uid"]
    path, headers = f"/v2/bookings/{uid}/cancel", {**OLDER, "Idempotency-Key": "k"}
    first = await (api if pods == "one" else dying).ask("POST", path, json={}, headers=headers)
    await end_booking_leases(api.urls)
    again = await api.ask("POST", path, json={}, headers=headers)
    assert (first.status, again.status, again.data) == (200, 200, first.data)


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("responses.email", {"responses": {"name": "Mia"}}),
        ("responses.name", {"responses": {"name": {}, "email": "mia@example.org"}}),
        ("responses", {"responses": None}),
        ("timeZone", {"timeZone": None}),
    ],
)
async def test_what_cannot_be_read_is_told_by_field(api: Asking, field: str, more: dict[str, Any]) -> None:
    answer = await book(api, **more)
    assert answer.status == 400
    assert field in {one["property"] for one in answer.body["error"]["details"]["errors"]}


async def test_a_time_that_is_none(api: Asking) -> None:
    key = {"Idempotency-Key": "k1"}
    answer = await book(api, end="2050-09-05T09:00:00Z", headers=key)
    assert (answer.status, "'end'" in answer.message) == (400, True)
    assert (await book(api, headers=key)).status == 201, "what cannot be read uses up no key"


async def test_a_seat_is_left_by_its_own_uid(api: Asking) -> None:
    booked = (await book(api, eventTypeId=12)).data
    path = f"/v2/bookings/{booked['uid']}"
    assert (await api.ask("GET", path, headers=OLDER)).data["attendees"] == []
    assert (await api.ask("POST", f"{path}/cancel", json={}, headers=OLDER)).status == 403
    seat = {"seatReferenceUid": booked["seatReferenceUid"]}
    assert (await api.ask("POST", f"{path}/cancel", json=seat, headers=OLDER)).status == 200
