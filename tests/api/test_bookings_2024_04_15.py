"""`/v2/bookings` as clients know it that send no version, or an older one."""

from typing import Any

import pytest

from tests.api.asking import Answer, Asking
from tests.api.world import ANA

OLDER = {"cal-api-version": "2024-06-14"}
MIA = {"name": {"firstName": "Mia", "lastName": "Lee"}, "email": "mia@example.org"}


async def book(api: Asking, hour: str = "10:00", /, **more: Any) -> Answer:
    body = {
        "start": f"2050-09-05T{hour}:00Z",
        "eventTypeId": 10,
        "timeZone": "Europe/Lisbon",
        "language": "en",
        "metadata": {},
        "responses": MIA,
        **more,
    }
    return await api.ask("POST", "/v2/bookings", json=body, headers=OLDER)


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
    reserve = {
        "eventTypeId": 10,
        "slotUtcStartDate": "2050-09-05T10:00:00Z",
        "slotUtcEndDate": "2050-09-05T11:00:00Z",
    }
    uid = (await api.ask("POST", "/v2/slots/reserve", json=reserve)).data
    api.client.session.cookie_jar.clear()
    assert (await book(api)).status == 400, "somebody else's"
    assert (await book(api, reservedSlotUid=uid)).status == 201
    await api.ask("POST", "/v2/slots/reserve", json={**reserve, "eventTypeId": 30})
    answer = await book(api, eventTypeId=30)
    api.client.session.cookie_jar.clear()
    assert answer.status == 201


async def test_names_of_one_or_several(api: Asking) -> None:
    assert (await book(api, eventTypeId=None, eventTypeSlug="call", user="ana")).status == 201
    together = await book(api, "13:00", eventTypeId=None, user=["ana", "ben"], end="2050-09-05T13:45:00Z")
    assert together.data["endTime"][11:16] == "13:45"


async def test_a_dry_run_books_nothing(api: Asking) -> None:
    assert (await book(api, _isDryRun=True)).status == 201
    assert "10:00" in await api.starts(10)
    await book(api)
    assert (await book(api, _isDryRun=True)).status == 422


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
    answer = await book(api, end="2050-09-05T09:00:00Z")
    assert (answer.status, "'end'" in answer.message) == (400, True)


async def test_a_seat_is_left_by_its_own_uid(api: Asking) -> None:
    booked = (await book(api, eventTypeId=12)).data
    path = f"/v2/bookings/{booked['uid']}"
    assert (await api.ask("GET", path, headers=OLDER)).data["attendees"] == []
    assert (await api.ask("POST", f"{path}/cancel", json={}, headers=OLDER)).status == 403
    seat = {"seatReferenceUid": booked["seatReferenceUid"]}
    assert (await api.ask("POST", f"{path}/cancel", json=seat, headers=OLDER)).status == 200
