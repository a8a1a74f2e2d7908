"""`/v2/bookings`, version 2024-08-13: slots become bookings, and bookings change, end and move."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import asyncpg
import pytest
from icalendar import Calendar
from redis.asyncio import Redis

from app.fields import LONGEST_LINK
from tests.api.asking import Answer, Asking
from tests.api.pods import end_booking_leases, locked, until_waiting
from tests.api.world import ANA, BEN, CLO, DEE, event_type, hours, person

MIA = {"name": "Mia", "email": "mia@example.org", "timeZone": "Europe/Lisbon"}
LONG_LINK = "https://meet.example/".ljust(LONGEST_LINK, "x")
"""As those of some video calls are."""
TAKEN = "User either already has booking at this time or is not available"
KEY = "cal_key_of_"


async def book(api: Asking, event_type_id: int, hour: str, /, *, token: str | None = None, **more: Any) -> Answer:
    """Book at an hour and minute (UTC) of Monday, 2050-09-05, or at any other instant."""
    headers = more.pop("headers", {})
    instant = hour if "T" in hour else f"2050-09-05T{hour}:00Z"
    body = {"eventTypeId": event_type_id, "start": instant, "attendee": MIA, **more}
    body = {name: value for name, value in body.items() if value is not None}
    return await api.ask("POST", "/v2/bookings", json=body, token=token, headers=headers)


async def act(api: Asking, uid: str, action: str, *, token: str | None = None, **body: Any) -> Answer:
    return await api.ask("POST", f"/v2/bookings/{uid}/{action}", json=body, token=token)


async def shown(api: Asking, uid: str, token: str | None = None) -> Any:
    return (await api.ask("GET", f"/v2/bookings/{uid}", token=token)).data


# Booking -----------------------------------------------------------------------------------------------------------


async def test_a_slot_is_booked_and_gone(api: Asking) -> None:
    answer = await book(api, 10, "10:00", metadata={"from": "here"}, bookingFieldsResponses={"why": ["a", 1]})
    assert answer.status == 201
    data = dict(answer.data)
    assert data.pop("id") > 0
    uid = data.pop("uid")
    assert data.pop("icsUid") == f"{uid}@holdfast"
    assert data.pop("createdAt") == data.pop("updatedAt")
    assert data == {
        "title": "call between ana and Mia",
        "description": "",
        "hosts": [
            {
                "id": ANA,
                "name": "ana",
                "email": "ana@example.com",
                "displayEmail": "ana@example.com",
                "username": "ana",
                "timeZone": "Europe/Rome",
            }
        ],
        "status": "accepted",
        "start": "2050-09-05T10:00:00.000Z",
        "end": "2050-09-05T11:00:00.000Z",
        "duration": 60,
        "eventTypeId": 10,
        "eventType": {"id": 10, "slug": "call"},
        "location": "",
        "absentHost": False,
        "metadata": {"from": "here"},
        "attendees": [
            {
                "name": "Mia",
                "email": "mia@example.org",
                "displayEmail": "mia@example.org",
                "timeZone": "Europe/Lisbon",
                "language": "en",
                "absent": False,
            }
        ],
        "guests": [],
        "bookingFieldsResponses": {"why": ["a", 1]},
    }
    assert "10:00" not in await api.starts(10)
    assert await shown(api, uid) == answer.data


@pytest.mark.parametrize("start", ["10:00", "09:15", "10:45"])
async def test_what_is_taken_cannot_be_booked(api: Asking, start: str) -> None:
    await book(api, 10, "10:00")
    answer = await book(api, 10, start)
    assert answer.status == 400
    assert TAKEN in answer.message


async def test_what_is_held_by_another_cannot_be_booked(api: Asking) -> None:
    await api.reserve(10, "10:00")
    answer = await book(api, 10, "10:00")
    assert (answer.status, TAKEN in answer.message) == (400, True)
    assert "already reserved by another user" in answer.message


@pytest.mark.parametrize(
    ("start", "why"),
    [
        ("06:00", "working hours"),
        ("2050-09-10T10:00:00Z", "day off"),
        ("2020-09-07T10:00:00Z", "minimum booking notice"),
    ],
)
async def test_what_is_not_on_offer_cannot_be_booked(api: Asking, start: str, why: str) -> None:
    answer = await book(api, 10, start)
    assert (answer.status, TAKEN in answer.message, why in answer.message) == (400, True, True)


async def test_of_many_at_once_one_books(api: Asking) -> None:
    answers = await asyncio.gather(*(book(api, 10, "10:00") for _ in range(20)))
    assert sorted(answer.status for answer in answers) == [201] + [400] * 19
    assert all(TAKEN in answer.message for answer in answers if answer.status == 400)


@pytest.mark.parametrize(
    "names",
    [
        {"eventTypeId": None, "eventTypeSlug": "call", "username": "ana"},
        {"eventTypeId": None, "eventTypeSlug": "call", "username": "ana", "organizationSlug": "acme"},
        {"eventTypeId": None, "eventTypeSlug": "both", "teamSlug": "crew"},
        {"eventTypeId": None, "eventTypeSlug": "both", "teamSlug": "crew", "organizationSlug": "acme"},
    ],
)
async def test_an_event_type_is_named_in_every_way(api: Asking, names: dict[str, Any]) -> None:
    assert (await book(api, 0, "10:00", **names)).status == 201


async def test_a_length_that_is_offered(api: Asking) -> None:
    assert (await book(api, 11, "10:00", lengthInMinutes=30)).data["duration"] == 30
    assert (await book(api, 11, "12:00", lengthInMinutes=45)).status == 400
    assert (await book(api, 10, "12:00", lengthInMinutes=60.0)).status == 201
    assert (await book(api, 10, "14:00", lengthInMinutes=30)).status == 400


async def test_guests_come_along(api: Asking) -> None:
    data = (await book(api, 10, "10:00", guests=["gus@example.org"])).data
    assert data["guests"] == ["gus@example.org"]
    assert [one["email"] for one in data["attendees"]] == ["mia@example.org", "gus@example.org"]


async def test_a_guests_address_that_is_a_hosts_refuses_nothing_but_hides_their_slots(api: Asking) -> None:
    reserved = (await api.reserve(13, "10:00")).data["reservationUid"]
    assert (await book(api, 10, "10:00", guests=["BEN@example.com"])).status == 201
    assert "10:00" not in await api.starts(25)
    assert (await book(api, 13, "10:00", reservationUid=reserved)).status == 201


@pytest.mark.parametrize(
    ("location", "told", "url"),
    [
        ({"type": "link"}, "link", None),
        ({"type": "link", "link": "https://meet.example/x"}, "https://meet.example/x", "https://meet.example/x"),
        ({"type": "attendeeAddress", "address": "1 Quay"}, "1 Quay", None),
        ({"type": "attendeePhone", "phone": "+3512"}, "+3512", None),
        ({"type": "integration", "integration": "zoom"}, "integrations:zoom", None),
        ({"type": "attendeeDefined", "location": LONG_LINK}, LONG_LINK, LONG_LINK),
        ("https://meet.example/x", "https://meet.example/x", "https://meet.example/x"),
        (LONG_LINK, LONG_LINK, LONG_LINK),
    ],
)
async def test_locations(api: Asking, location: object, told: str, url: str | None) -> None:
    booked = (await book(api, 10, "10:00", location=location)).data
    assert (booked["location"], booked.get("meetingUrl")) == (told, url)
    assert await shown(api, booked["uid"]) == booked


async def test_a_link_is_often_said_without_its_scheme(api: Asking) -> None:
    link = "meet.example:8443/x"
    assert (await book(api, 10, "10:00", location={"type": "link", "link": link})).data["location"] == link


async def test_a_meeting_url_is_one_of_the_web(api: Asking) -> None:
    assert (await book(api, 10, "10:00", meetingUrl="javascript:alert(1)")).status == 400


async def test_a_meeting_url_is_a_location(api: Asking) -> None:
    assert (await book(api, 10, "10:00", meetingUrl=LONG_LINK)).data["location"] == LONG_LINK


@pytest.mark.parametrize(
    ("location", "field"),
    [
        ({"type": "attendeePhone"}, "location.phone"),
        ({"type": "attendeeAddress", "address": ""}, "location.address"),
        ({"type": "phone", "phone": ""}, "location.phone"),
        ({"type": "nope"}, "location"),
        ("", "location"),
    ],
)
async def test_what_is_wrong_with_a_place_is_told_as_it_was_sent(api: Asking, location: object, field: str) -> None:
    refused = await book(api, 10, "10:00", location=location)
    assert [one["property"] for one in refused.body["error"]["details"]["errors"]] == [field]


OWNERS_PLACES = [
    {"type": "address", "address": "1 Quay", "public": True},
    {"type": "link", "link": "https://meet.example/own"},
    {"type": "address", "address": "2 Quay"},
    {"type": "attendeePhone"},
]


@pytest.mark.parametrize(
    ("location", "told"),
    [
        (None, "1 Quay"),
        ({"type": "address"}, "1 Quay"),
        ({"type": "link"}, "https://meet.example/own"),
        ({"type": "phone"}, "phone"),
        ({"type": "attendeePhone", "phone": "+3512"}, "+3512"),
        ("3 Quay", "3 Quay"),
    ],
)
async def test_it_is_where_the_owner_says(api: Asking, location: object, told: str) -> None:
    await allow(api, locations=OWNERS_PLACES, customName="at {Location}")
    booked = (await book(api, 10, "10:00", location=location)).data
    assert (booked["location"], booked["title"]) == (told, f"at {told}")


async def test_who_books_says_where_if_that_is_usual(api: Asking) -> None:
    await allow(api, locations=OWNERS_PLACES[::-1])
    assert (await book(api, 10, "10:00")).data["location"] == ""


async def test_a_class_meets_where_the_owner_says(api: Asking) -> None:
    headers = {"cal-api-version": "2024-06-14"}
    body = {"locations": OWNERS_PLACES}
    await api.ask("PATCH", "/v2/event-types/12", json=body, token=KEY + "ana", headers=headers)
    seat = (await book(api, 12, "10:00", location={"type": "attendeePhone", "phone": "+3512"})).data
    assert (seat["location"], seat["attendees"][0]["bookingFieldsResponses"]) == ("1 Quay", {"location": "+3512"})
    seat = (await book(api, 12, "10:00", location={"type": "link"})).data
    assert seat["attendees"][0]["bookingFieldsResponses"] == {"location": "https://meet.example/own"}
    assert (await shown(api, seat["uid"]))["location"] == "", "its uid is in listings"


@pytest.mark.parametrize(
    "location",
    [
        {"type": "nope"},
        {"type": "attendeePhone"},
        {"type": "attendeeAddress", "phone": "+3512"},
        {"type": "attendeeDefined"},
        {"type": "integration"},
        {"type": "link", "link": "javascript:alert(1)"},
        {"type": "link", "link": " JavaScript:alert(1)"},
        {"type": "link", "link": "data:text/html,x"},
        {"type": "link", "link": "com.app.x:9javascript"},
    ],
)
async def test_a_place_that_is_none_is_refused(api: Asking, location: object) -> None:
    assert (await book(api, 10, "10:00", location=location)).status == 400
    uid = (await book(api, 10, "10:00")).data["uid"]
    path = f"/v2/bookings/{uid}/location"
    for place in (location, {"type": "address"}, {"type": "link", "link": ""}, {"type": "organizersDefaultApp"}):
        assert (await api.ask("PATCH", path, json={"location": place}, token=KEY + "ana")).status == 400


@pytest.mark.parametrize("name", ["location", "meetingUrl"])
@pytest.mark.parametrize("place", ["", LONG_LINK + "x"])
async def test_a_location_that_is_empty_or_too_long_is_refused(api: Asking, name: str, place: str) -> None:
    assert (await book(api, 10, "10:00", **{name: place})).status == 400


# Teams -------------------------------------------------------------------------------------------------------------


async def test_a_collective_booking_takes_all_hosts(api: Asking) -> None:
    data = (await book(api, 20, "10:00")).data
    assert [host["id"] for host in data["hosts"]] == [ANA, BEN]
    assert "10:00" not in await api.starts(10)
    assert "10:00" not in await api.starts(25)


async def test_round_robin_bookings_go_from_host_to_host_until_none_is_free(api: Asking) -> None:
    booked = [await book(api, 21, "10:00") for _ in range(3)]
    assert sorted(answer.data["hosts"][0]["id"] for answer in booked[:2]) == [ANA, BEN]
    assert booked[2].status == 400


async def test_a_mandatory_host_comes_first(api: Asking) -> None:
    hosts = (await book(api, 22, "10:00")).data["hosts"]
    assert hosts[0]["id"] == ANA
    assert hosts[1]["id"] in (BEN, CLO)


async def test_people_who_have_no_event_type_in_common_are_booked_together(api: Asking) -> None:
    data = (await book(api, 0, "10:00", eventTypeId=None, usernames=["ana", "ben"], lengthInMinutes=45)).data
    assert (data["duration"], data["eventType"], len(data["hosts"])) == (45, {"id": 0, "slug": "dynamic"}, 2)
    assert "10:00" not in await api.starts(10)


async def test_what_is_only_listed_is_not_booked(api: Asking) -> None:
    answer = await book(api, 23, "10:00")
    assert (answer.status, "no hosts of its own" in answer.message) == (400, True)


# Reservations ------------------------------------------------------------------------------------------------------


async def test_a_reservation_becomes_a_booking(api: Asking, redis: Redis) -> None:
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    assert (await book(api, 10, "10:00", reservationUid=uid)).status == 201
    assert (await api.ask("GET", f"/v2/slots/reservations/{uid}")).data is None
    assert await redis.keys("hf:{h:1}:hold:*") == []


async def test_a_reservation_becomes_one_booking_only(api: Asking) -> None:
    """Even where another host, or another seat, would be free."""
    for type_id, starts in ((21, "10:00"), (12, "13:00")):
        uid = (await api.reserve(type_id, starts)).data["reservationUid"]
        answers = await asyncio.gather(*(book(api, type_id, starts, reservationUid=uid) for _ in range(8)))
        assert sum(answer.status == 201 for answer in answers) == 1, [answer.body for answer in answers]
        assert {answer.status for answer in answers} <= {201, 409, 400}
        again = await book(api, type_id, starts, reservationUid=uid)
        assert (again.status, uid in again.message) == (409, True)


async def test_booking_with_a_reservation_is_on_its_hosts(api: Asking) -> None:
    uid = (await api.reserve(21, "10:00")).data["reservationUid"]
    other = (await book(api, 21, "10:00")).data["hosts"][0]["id"]
    assert (await book(api, 21, "10:00", reservationUid=uid)).data["hosts"][0]["id"] == {ANA: BEN, BEN: ANA}[other]


async def test_booking_with_a_reservation_takes_its_length(api: Asking) -> None:
    uid = (await api.reserve(11, "10:00", slotDuration=30)).data["reservationUid"]
    assert (await book(api, 11, "10:00", reservationUid=uid)).data["duration"] == 30


@pytest.mark.parametrize(
    ("type_id", "start", "more"), [(10, "11:00", {}), (11, "10:00", {}), (10, "10:00", {"lengthInMinutes": 30})]
)
async def test_a_reservation_of_another_slot_is_refused(
    api: Asking, type_id: int, start: str, more: dict[str, Any]
) -> None:
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    answer = await book(api, type_id, start, reservationUid=uid, **more)
    assert (answer.status, "keeps another slot" in answer.message) == (400, True)
    assert (await api.ask("GET", f"/v2/slots/reservations/{uid}")).data["reservationUid"] == uid


async def test_a_reservation_whose_time_is_up_is_as_none(api: Asking) -> None:
    gone, other = "0b8f5c3e-55a5-4c3c-9a53-95c9d4e7d4a1", "9d0b5a86-1f0c-4a7e-8f4c-0f2d51e3c1b2"
    assert (await book(api, 10, "10:00", reservationUid=gone)).status == 201
    assert (await book(api, 10, "12:00", reservationUid=gone)).status == 409, "it is used up all the same"
    taken = await book(api, 10, "10:00", reservationUid=other)
    assert (taken.status, TAKEN in taken.message) == (400, True)


async def test_the_database_refuses_a_second_booking_whatever_redis_lost(api: Asking, redis: Redis) -> None:
    first = (await api.reserve(10, "10:00")).data["reservationUid"]
    await redis.flushall()
    second = (await api.reserve(10, "10:30")).data["reservationUid"]
    assert (await book(api, 10, "10:00", reservationUid=first)).status == 400, "the second one holds it"
    assert (await book(api, 10, "10:30", reservationUid=second)).status == 201


async def test_a_live_reservation_meets_a_booking_that_redis_knew_nothing_of(api: Asking, redis: Redis) -> None:
    held = (await api.reserve(20, "10:00")).data["reservationUid"]
    hidden = {key: await redis.dump(key) or b"" for key in await redis.keys("hf:*")}
    await redis.flushall()
    assert (await book(api, 10, "10:30")).status == 201
    for key, value in hidden.items():
        await redis.restore(key, 60_000, value, replace=True)
    answer = await book(api, 20, "10:00", reservationUid=held)
    assert (answer.status, TAKEN in answer.message) == (400, True)


# Limits ------------------------------------------------------------------------------------------------------------


async def test_limits_hold_at_once(api: Asking) -> None:
    answers = await asyncio.gather(*(book(api, 14, f"{hour:02}:00") for hour in range(7, 15)))
    assert sorted(answer.status for answer in answers) == [201] + [400] * 7


async def test_limits_hold_in_the_database_whatever_redis_lost(api: Asking, redis: Redis) -> None:
    async def forget() -> None:
        for _ in range(40):
            await redis.flushall()
            await asyncio.sleep(0.002)

    *answers, _ = await asyncio.gather(*(book(api, 14, f"{hour:02}:00") for hour in range(7, 15)), forget())
    assert sum(answer.status == 201 for answer in answers if answer is not None) <= 1
    assert len(await api.starts(14)) in (0, 8)


async def test_a_booking_blocks_as_it_was_booked_whatever_its_buffers_are_now(api: Asking) -> None:
    """So that what is listed can be held, and what is held can be booked."""
    await book(api, 13, "10:00")
    newer = {"cal-api-version": "2024-06-14"}
    body = {"beforeEventBuffer": 0, "afterEventBuffer": 0}
    assert (await api.ask("PATCH", "/v2/event-types/13", json=body, token=KEY + "ben", headers=newer)).status == 200
    starts = await api.starts(13)
    assert ("10:30" in starts, "11:00" in starts) == (False, True)
    held = (await api.reserve(13, "11:00")).data["reservationUid"]
    assert (await book(api, 13, "11:00", reservationUid=held)).status == 201


async def test_a_word_that_is_no_uid_uses_nothing_up(api: Asking) -> None:
    for start in ("10:00", "12:00"):
        assert (await book(api, 10, start, reservationUid="undefined")).status == 201


# Seats -------------------------------------------------------------------------------------------------------------


async def test_seats_of_a_start_are_one_booking(api: Asking) -> None:
    first, second = [(await book(api, 12, "10:00", metadata={"n": n})).data for n in (1, 2)]
    assert first["uid"] == second["uid"]
    assert first["seatUid"] != second["seatUid"]
    assert [one["seatUid"] for one in second["attendees"]] == [second["seatUid"]], "others are not shown"
    assert second["attendees"][0]["metadata"] == {"n": 2}
    full = await book(api, 12, "10:00")
    assert (full.status, "no more seats left" in full.message) == (400, True)


async def test_of_many_who_want_the_last_seats_as_many_get_one(api: Asking) -> None:
    answers = await asyncio.gather(*(book(api, 12, "10:00") for _ in range(12)))
    assert sorted(answer.status for answer in answers) == [201] * 2 + [400] * 10
    assert len({answer.data["uid"] for answer in answers if answer.status == 201}) == 1


async def test_a_seat_is_left_by_its_own_uid_and_not_by_the_bookings(api: Asking) -> None:
    first, second = [(await book(api, 12, "10:00")).data for _ in range(2)]
    uid = first["uid"]
    for body in ({}, {"seatUid": "other"}):
        assert (await act(api, uid, "cancel", **body)).status in (403, 404)
    assert (await act(api, uid, "cancel", token=KEY + "clo")).status == 403
    left = (await act(api, uid, "cancel", seatUid=first["seatUid"])).data
    assert (left["status"], left["updatedAt"] > second["updatedAt"]) == ("accepted", True)
    assert (await act(api, uid, "cancel", seatUid=first["seatUid"])).status == 404
    assert (await act(api, uid, "cancel", seatUid=second["seatUid"])).data["status"] == "cancelled"
    assert "10:00" in await api.starts(12)


async def test_who_runs_a_class_sees_who_comes_and_may_cancel_it(api: Asking) -> None:
    booked = (await book(api, 12, "10:00")).data
    uid = booked["uid"]
    assert (await shown(api, uid))["attendees"] == []
    assert len((await shown(api, uid, KEY + "ana"))["attendees"]) == 1
    by_seat = (await api.ask("GET", f"/v2/bookings/by-seat/{booked['seatUid']}")).data
    assert [one["seatUid"] for one in by_seat["attendees"]] == [booked["seatUid"]]
    assert (await act(api, uid, "cancel", token=KEY + "ana")).data["status"] == "cancelled"


async def test_a_seat_moves_alone_and_keeps_its_uid(api: Asking) -> None:
    first, second = [(await book(api, 12, "10:00")).data for _ in range(2)]
    assert (await act(api, first["uid"], "reschedule", start="2050-09-05T12:00:00Z")).status == 403
    body = {"start": "2050-09-05T12:00:00Z", "seatUid": first["seatUid"]}
    moved = await act(api, first["uid"], "reschedule", **body)
    assert (moved.status, moved.data["seatUid"], moved.data["start"][11:16]) == (201, first["seatUid"], "12:00")
    assert moved.data["uid"] != first["uid"]
    seats = await seats_left(api)
    assert (seats["10:00"], seats["12:00"]) == (1, 1)
    body = {"start": "2050-09-05T12:00:00Z", "seatUid": second["seatUid"]}
    assert (await act(api, second["uid"], "reschedule", **body)).data["uid"] == moved.data["uid"]
    assert (await shown(api, first["uid"]))["status"] == "cancelled"


async def test_who_runs_a_class_moves_it_with_all_its_seats(api: Asking) -> None:
    await api.add(eventTypes=[event_type(44, "big", ownerId=ANA, seatsPerTimeSlot=3)])
    seats = [(await book(api, 44, "10:00")).data for _ in range(2)]
    uid = seats[0]["uid"]
    there = (await book(api, 44, "12:00")).data["uid"]
    move = {"start": "2050-09-05T12:00:00Z"}
    for token in (None, KEY + "clo"):
        assert (await act(api, uid, "reschedule", token=token, **move)).status == 403
    moved = (await act(api, uid, "reschedule", token=KEY + "ana", reschedulingReason="ill", **move)).data
    assert [one["seatUid"] for one in moved["attendees"]] == [seat["seatUid"] for seat in seats]
    assert (moved["rescheduledFromUid"], moved["reschedulingReason"]) == (uid, "ill")
    assert moved["uid"] not in (uid, there), "it joins nobody"
    old = await shown(api, uid, KEY + "ana")
    assert (old["status"], old["rescheduledToUid"]) == ("cancelled", moved["uid"])
    assert (await seats_left(api, 44))["10:00"] == 3
    assert "12:00" not in await api.starts(44), "all seats are taken"
    found = (await api.ask("GET", f"/v2/bookings/by-seat/{seats[1]['seatUid']}")).data
    assert (found["uid"], found["attendees"][0]["seatUid"]) == (moved["uid"], seats[1]["seatUid"])


async def test_a_class_that_moves_does_not_count_against_itself(api: Asking) -> None:
    await api.add(eventTypes=[event_type(44, "big", ownerId=ANA, seatsPerTimeSlot=3, bookingLimitsCount={"day": 2})])
    uid, _, _ = [(await book(api, 44, hour)).data["uid"] for hour in ("10:00", "10:00", "14:00")]
    move = {"start": "2050-09-05T12:00:00Z"}
    assert (await act(api, uid, "reschedule", token=KEY + "ana", **move)).status == 201


async def test_nobody_gets_a_hold_of_the_seats_to_which_a_class_moves(
    api: Asking, database: asyncpg.Connection
) -> None:
    await api.add(eventTypes=[event_type(44, "big", ownerId=ANA, seatsPerTimeSlot=3)])
    uid, _, _ = [(await book(api, 44, "10:00")).data["uid"] for _ in range(3)]
    async with locked(api.urls, "booking_attendees"):
        moving = asyncio.create_task(act(api, uid, "reschedule", token=KEY + "ana", start="2050-09-05T12:00:00Z"))
        await until_waiting(database, "relation")
        assert (await api.reserve(44, "12:00")).status == 422
    assert (await moving).status == 201


async def test_a_class_that_somebody_joins_while_it_moves_is_looked_at_again(
    api: Asking, database: asyncpg.Connection
) -> None:
    """Its new start has been claimed for fewer seats."""
    uid = (await book(api, 12, "10:00")).data["uid"]
    async with locked(api.urls, "booking_attendees"):
        joining = asyncio.create_task(book(api, 12, "10:00"))
        await until_waiting(database, "relation")
        moving = asyncio.create_task(act(api, uid, "reschedule", token=KEY + "ana", start="2050-09-05T12:00:00Z"))
        await until_waiting(database, "advisory")
    assert ((await joining).status, (await moving).status) == (201, 409)


@pytest.mark.parametrize("taken", ["booked", "held"])
async def test_a_class_is_not_moved_to_where_too_few_seats_are_left(api: Asking, taken: str) -> None:
    seats = [(await book(api, 12, "10:00")).data for _ in range(2)]
    held = (await api.reserve(12, "12:00")).data["reservationUid"]
    if taken == "booked":
        await book(api, 12, "12:00", reservationUid=held)
    move = {"start": "2050-09-05T12:00:00Z"}
    refused = await act(api, seats[0]["uid"], "reschedule", token=KEY + "ana", **move)
    assert (refused.status, "seats left" in refused.message) == (400, True)
    assert (await shown(api, seats[0]["uid"], KEY + "ana"))["status"] == "accepted"
    assert (await seats_left(api))["12:00"] == 1, "nothing stays claimed"


async def test_a_reservation_keeps_no_seats_for_a_class(api: Asking) -> None:
    uid, _ = [(await book(api, 12, "10:00")).data["uid"] for _ in range(2)]
    held = (await api.reserve(12, "12:00")).data["reservationUid"]
    move = {"start": "2050-09-05T12:00:00Z", "reservationUid": held}
    refused = await act(api, uid, "reschedule", token=KEY + "ana", **move)
    assert (refused.status, held in refused.message) == (400, True)


async def test_a_seat_that_moves_back_is_found_where_it_is(api: Asking) -> None:
    first, _ = [(await book(api, 12, "10:00")).data for _ in range(2)]
    seat = {"seatUid": first["seatUid"]}
    away = (await act(api, first["uid"], "reschedule", start="2050-09-05T12:00:00Z", **seat)).data
    back = (await act(api, away["uid"], "reschedule", start="2050-09-05T10:00:00Z", **seat)).data
    found = (await api.ask("GET", f"/v2/bookings/by-seat/{first['seatUid']}")).data
    assert (found["uid"], found["status"]) == (back["uid"], "accepted") == (first["uid"], "accepted")


async def test_what_the_first_attendee_of_a_class_says_is_not_the_others_business(api: Asking) -> None:
    secret = {**MIA, "name": "Secret Name"}
    phone = {"type": "attendeePhone", "phone": "+351999"}
    first = (await book(api, 12, "10:00", attendee=secret, location=phone)).data
    assert first["attendees"][0]["bookingFieldsResponses"] == {"location": "+351999"}
    body = {"start": "2050-09-05T12:00:00Z", "seatUid": first["seatUid"], "reschedulingReason": "my operation"}
    moved = (await act(api, first["uid"], "reschedule", rescheduledBy="mia.private@example.org", **body)).data
    for uid in (first["uid"], moved["uid"]):
        for told in (await shown(api, uid), (await api.ask("GET", f"/v2/bookings/{uid}/calendar-links")).data):
            for private in ("Secret", "351999", "operation", "mia"):
                assert private not in str(told)


async def test_what_an_imported_class_says_of_its_first_attendee_is_told_to_those_who_run_it(
    api: Asking, database: asyncpg.Connection
) -> None:
    """Cal.com puts all of it on the booking, whose uid listings show, and names the booking after that attendee."""
    first, second = [(await book(api, 12, "10:00")).data for _ in range(2)]
    await database.execute(
        """
        UPDATE bookings
        SET title = 'class between Ana and Secret', description = 'Secret', metadata = '{"a": "Secret"}',
            responses = '{"a": "Secret"}', from_calcom = true
        WHERE uid = $1
        """,
        first["uid"],
    )
    older = {"cal-api-version": "2024-04-15"}
    move = {"start": "2050-09-05T12:00:00Z", "seatUid": second["seatUid"]}
    moved = (await act(api, first["uid"], "reschedule", **move)).data
    assert "Secret" in str(await shown(api, first["uid"], KEY + "ana"))
    told = [
        moved,
        await shown(api, moved["uid"], KEY + "ana"),
        await shown(api, first["uid"]),
        (await api.ask("GET", f"/v2/bookings/{first['uid']}/calendar-links")).data,
        (await api.ask("GET", f"/v2/bookings/by-seat/{first['seatUid']}")).data,
        (await api.ask("GET", f"/v2/bookings/{first['uid']}", headers=older)).data,
        (await api.ask("GET", f"/v2/bookings/{first['seatUid']}", headers=older)).data,
    ]
    for answer in told:
        assert "Secret" not in str(answer)
    whole = {"start": "2050-09-05T14:00:00Z"}
    there = (await act(api, first["uid"], "reschedule", token=KEY + "ana", **whole)).data
    assert "Secret" in str(there), "to those who run it"
    for path in (there["uid"], f"{there['uid']}/calendar-links", f"by-seat/{first['seatUid']}"):
        assert "Secret" not in str((await api.ask("GET", f"/v2/bookings/{path}")).data)
    assert [moved["title"], told[2]["title"], told[4]["title"]] == ["class", "class", "class"]


async def test_where_a_class_meets_is_told_to_those_who_come(api: Asking) -> None:
    """Everybody may know its uid, which listings show."""
    seat = (await book(api, 12, "10:00")).data
    uid, told = seat["uid"], {"location": "https://meet.example/secret"}
    moved_there = await api.ask("PATCH", f"/v2/bookings/{uid}/location", json=told, token=KEY + "ana")
    assert moved_there.status == 200
    older = {"cal-api-version": "2024-04-15"}
    public = [f"/v2/bookings/{uid}", f"/v2/bookings/{uid}/calendar-links"]
    for path in public:
        assert "secret" in str((await api.ask("GET", path, token=KEY + "ana")).data)
    for path in (*public, f"/v2/bookings/by-seat/{seat['seatUid']}"):
        assert ("secret" in str((await api.ask("GET", path)).data)) == ("by-seat" in path)
    for known, sees in ((uid, False), (seat["seatUid"], True)):
        shown_older = (await api.ask("GET", f"/v2/bookings/{known}", headers=older)).data
        assert ("secret" in str(shown_older)) == sees


@pytest.mark.parametrize("changed", ["deleted", "seats switched off"])
async def test_a_class_stays_one_whatever_becomes_of_its_event_type(api: Asking, changed: str) -> None:
    uid = (await book(api, 12, "10:00")).data["uid"]
    method, body = ("DELETE", None) if changed == "deleted" else ("PATCH", {"seats": {"disabled": True}})
    newer = {"cal-api-version": "2024-06-14"}
    assert (await api.ask(method, "/v2/event-types/12", json=body, token=KEY + "ana", headers=newer)).status == 200
    assert (await shown(api, uid))["attendees"] == []
    assert (await act(api, uid, "cancel")).status == 403


async def test_a_booking_stays_one_when_its_event_type_gets_seats(api: Asking) -> None:
    uid = (await book(api, 10, "10:00")).data["uid"]
    newer = {"cal-api-version": "2024-06-14"}
    body = {"seats": {"seatsPerTimeSlot": 3, "showAttendeeInfo": True, "showAvailabilityCount": True}}
    assert (await api.ask("PATCH", "/v2/event-types/10", json=body, token=KEY + "ana", headers=newer)).status == 200
    # Its uid, with which anybody may see and cancel it, is still nobody else's business.
    assert (await slot_at_ten(api, 10)) == {**AT_TEN, "seatsBooked": 1, "seatsRemaining": 2, "seatsTotal": 3}
    joined = (await book(api, 10, "10:00", attendee={**MIA, "email": "joe@example.org"})).data
    assert joined["uid"] != uid
    assert (await slot_at_ten(api, 10))["bookingUid"] == joined["uid"]
    assert len((await shown(api, uid))["attendees"]) == 1
    assert (await book(api, 10, "10:00")).status == 201
    assert (await book(api, 10, "10:00")).status == 400
    assert (await act(api, uid, "cancel")).data["status"] == "cancelled"


AT_TEN = {"start": "2050-09-05T10:00:00.000Z"}


async def slot_at_ten(api: Asking, event_type_id: int) -> Any:
    slots = (await api.slots(eventTypeId=event_type_id, end="2050-09-05")).data["2050-09-05"]
    return next(slot for slot in slots if slot["start"] == AT_TEN["start"])


async def test_who_gives_the_address_of_a_host_takes_no_seat_and_comes_once(api: Asking) -> None:
    """The hosts of a class need no seat, and nobody can prove to be one; what is shown as free stays free."""
    ana = {"name": "Ana", "email": "ANA@example.com", "timeZone": "UTC"}
    joined = [(await book(api, 12, "12:00", attendee=ana)).status for _ in range(3)]
    assert joined == [201, 400, 400]
    assert (await seats_left(api))["12:00"] == 2
    assert [(await book(api, 12, "12:00")).status for _ in range(3)] == [201, 201, 400]


async def test_whoever_joins_a_class_and_leaves_it_ends_it_for_nobody_else(api: Asking) -> None:
    """Attendees whom a file brought may have no seat's uid."""
    mia = {"email": "old@example.org", "name": "Old", "timeZone": "UTC"}
    at_ten = {"start": "2050-09-05T10:00:00Z", "end": "2050-09-05T11:00:00Z"}
    await api.add(bookings=[{"uid": "class", "userId": ANA, "eventTypeId": 12, **at_ten, "attendees": [mia]}])
    joined = (await book(api, 12, "10:00")).data
    assert joined["uid"] == "class"
    assert (await act(api, "class", "cancel", seatUid=joined["seatUid"])).data["status"] == "accepted"


async def test_seats_that_are_swapped_between_two_starts_wait_for_nobody(api: Asking) -> None:
    await api.add(eventTypes=[event_type(44, "big", ownerId=CLO, seatsPerTimeSlot=20)])
    seats = [(hour, (await book(api, 44, f"{hour}:00")).data) for hour in ("08", "10") for _ in range(4)]
    moves = (
        act(api, seat["uid"], "reschedule", start=f"2050-09-05T{to}:00:00Z", seatUid=seat["seatUid"])
        for (hour, seat) in seats
        for to in ({"08": "10", "10": "08"}[hour],)
    )
    assert [answer.status for answer in await asyncio.gather(*moves)] == [201] * 8


async def test_moving_one_seat_of_several_obeys_the_limits(api: Asking) -> None:
    await api.add(eventTypes=[event_type(44, "one", ownerId=CLO, seatsPerTimeSlot=3, bookingLimitsCount={"day": 1})])
    attendees = [{"email": f"a{n}@example.org", "name": "A", "timeZone": "UTC", "seatUid": f"s{n}"} for n in (1, 2)]
    at_ten = {"start": "2050-09-05T10:00:00Z", "end": "2050-09-05T11:00:00Z"}
    await api.add(bookings=[{"uid": "one", "userId": CLO, "eventTypeId": 44, **at_ten, "attendees": attendees}])
    move = {"start": "2050-09-05T12:00:00Z", "seatUid": "s1"}
    assert (await act(api, "one", "reschedule", **move)).status == 400
    await act(api, "one", "cancel", seatUid="s2")
    assert (await act(api, "one", "reschedule", **move)).status == 201


async def test_a_class_that_goes_on_is_not_left_out_of_the_limits(api: Asking) -> None:
    """Whoever says that they move it: its uid is in listings."""
    await api.add(eventTypes=[event_type(44, "one", ownerId=CLO, seatsPerTimeSlot=3, bookingLimitsCount={"day": 1})])
    attendees = [{"email": f"a{n}@example.org", "name": "A", "timeZone": "UTC", "seatUid": f"s{n}"} for n in (1, 2)]
    at_ten = {"start": "2050-09-05T10:00:00Z", "end": "2050-09-05T11:00:00Z"}
    await api.add(bookings=[{"uid": "one", "userId": CLO, "eventTypeId": 44, **at_ten, "attendees": attendees}])
    held = (await api.reserve(44, "12:00", bookingUidToReschedule="one")).data["reservationUid"]
    move = {"start": "2050-09-05T12:00:00Z", "seatUid": "s1", "reservationUid": held}
    assert (await act(api, "one", "reschedule", **move)).status == 400
    await act(api, "one", "cancel", seatUid="s2")
    assert (await act(api, "one", "reschedule", **move)).status == 201


async def test_a_reservation_moves_only_the_booking_that_it_was_made_for(api: Asking) -> None:
    """Its time was judged without that one."""
    await api.add(eventTypes=[event_type(44, "one", ownerId=CLO, bookingLimitsCount={"day": 1})])
    first, second = [(await book(api, 44, f"2050-09-0{day}T10:00:00Z")).data["uid"] for day in (5, 6)]
    held = (await api.reserve(44, "12:00", bookingUidToReschedule=first)).data["reservationUid"]
    move = {"start": "2050-09-05T12:00:00Z", "reservationUid": held}
    refused = await act(api, second, "reschedule", **move)
    assert (refused.status, first in refused.message) == (400, True)
    assert (await act(api, first, "reschedule", **move)).status == 201


async def test_no_more_seats_are_confirmed_than_there_are(api: Asking) -> None:
    offers = event_type(46, "pc", ownerId=CLO, seatsPerTimeSlot=3, confirmationPolicy=OFFERS)
    await api.add(eventTypes=[offers])
    uids = [(await book(api, 46, "10:00")).data["uid"] for _ in range(4)]
    confirmed = [(await act(api, uid, "confirm", token=KEY + "clo")).status for uid in uids]
    assert confirmed == [200, 200, 200, 400]


async def test_a_seat_that_is_held_is_not_confirmed_away(api: Asking) -> None:
    offers = event_type(46, "pc", ownerId=CLO, seatsPerTimeSlot=3, confirmationPolicy=OFFERS)
    await api.add(eventTypes=[offers])
    uids = [(await book(api, 46, "10:00")).data["uid"] for _ in range(2)]
    assert (await act(api, uids[0], "confirm", token=KEY + "clo")).status == 200
    assert [(await api.reserve(46, "10:00")).status for _ in range(2)] == [201, 201]
    assert (await act(api, uids[1], "confirm", token=KEY + "clo")).status == 400


async def test_an_ordinary_booking_that_moves_to_a_class_needs_a_seat_for_each(api: Asking) -> None:
    """It is from before the type had seats, and stays one of its own."""
    guests = ["g1@example.org", "g2@example.org"]
    uid = (await book(api, 10, "10:00", guests=guests)).data["uid"]
    newer = {"cal-api-version": "2024-06-14"}
    body = {"seats": {"seatsPerTimeSlot": 4, "showAttendeeInfo": True, "showAvailabilityCount": True}}
    assert (await api.ask("PATCH", "/v2/event-types/10", json=body, token=KEY + "ana", headers=newer)).status == 200
    seats = [(await book(api, 10, "12:00")).data for _ in range(2)]
    assert (await act(api, uid, "reschedule", start="2050-09-05T12:00:00Z")).status == 400
    await act(api, seats[0]["uid"], "cancel", seatUid=seats[0]["seatUid"])
    moved = (await act(api, uid, "reschedule", start="2050-09-05T12:00:00Z")).data
    assert (len(moved["attendees"]), moved["uid"] != seats[1]["uid"]) == (3, True)
    assert (await book(api, 10, "12:00")).status == 400


async def seats_left(api: Asking, event_type_id: int = 12) -> dict[str, int]:
    slots = (await api.slots(eventTypeId=event_type_id, end="2050-09-05")).data["2050-09-05"]
    return {slot["start"][11:16]: slot["seatsRemaining"] for slot in slots}


async def test_nobody_is_brought_along_to_a_seat(api: Asking) -> None:
    answer = await book(api, 12, "10:00", guests=["gus@example.org"])
    assert (answer.status, "has seats" in answer.message) == (400, True)


# Cancelling --------------------------------------------------------------------------------------------------------


async def test_a_booking_is_cancelled_once_and_its_slot_is_back(api: Asking) -> None:
    uid = (await book(api, 10, "10:00")).data["uid"]
    cancelled = await act(api, uid, "cancel", cancellationReason="ill")
    assert (cancelled.status, cancelled.data["status"], cancelled.data["cancellationReason"]) == (
        200,
        "cancelled",
        "ill",
    )
    assert "10:00" in await api.starts(10)
    again = await act(api, uid, "cancel")
    assert (again.status, "cancelled" in again.message) == (400, True)
    assert (await act(api, "unknown", "cancel")).status == 404
    assert (await book(api, 10, "10:00")).status == 201


async def test_who_cancelled_is_told_of_hosts(api: Asking) -> None:
    uid = (await book(api, 10, "10:00")).data["uid"]
    assert (await act(api, uid, "cancel", token=KEY + "ana")).data["cancelledByEmail"] == "ana@example.com"


# Rescheduling ------------------------------------------------------------------------------------------------------


async def test_a_booking_moves(api: Asking) -> None:
    old = (await book(api, 10, "10:00", metadata={"a": 1}, guests=["gus@example.org"])).data
    answer = await act(api, old["uid"], "reschedule", start="2050-09-05T10:30:00Z", reschedulingReason="late")
    assert answer.status == 201
    new = answer.data
    assert (new["start"][11:16], new["rescheduledFromUid"], new["reschedulingReason"]) == ("10:30", old["uid"], "late")
    assert (new["metadata"], new["guests"], new["title"]) == (old["metadata"], old["guests"], old["title"])
    before = await shown(api, old["uid"])
    assert (before["status"], before["rescheduledToUid"]) == ("cancelled", new["uid"])
    starts = await api.starts(10)
    assert ("10:00" in starts, "09:00" in starts) == (False, True)
    again = await act(api, old["uid"], "reschedule", start="2050-09-05T14:00:00Z")
    assert (again.status, "rescheduled" in again.message) == (400, True)


async def test_a_move_into_taken_time_changes_nothing(api: Asking) -> None:
    old = (await book(api, 10, "10:00")).data
    await book(api, 10, "12:00")
    answer = await act(api, old["uid"], "reschedule", start="2050-09-05T12:30:00Z")
    assert (answer.status, TAKEN in answer.message) == (400, True)
    assert await shown(api, old["uid"]) == old


async def test_a_booking_that_is_moved_many_times_at_once_moves_once(api: Asking) -> None:
    uid = (await book(api, 10, "10:00")).data["uid"]
    moves = (act(api, uid, "reschedule", start=f"2050-09-05T{hour:02}:00:00Z") for hour in (7, 8, 11, 12, 13, 14))
    answers = await asyncio.gather(*moves)
    assert sorted(answer.status for answer in answers) == [201] + [400] * 5
    assert len(await api.starts(10)) == 7


async def test_a_dynamic_booking_moves(api: Asking) -> None:
    old = (await book(api, 0, "10:00", eventTypeId=None, usernames=["ana", "ben"])).data
    new = (await act(api, old["uid"], "reschedule", start="2050-09-05T12:00:00Z")).data
    assert ([host["id"] for host in new["hosts"]], new["duration"]) == ([ANA, BEN], 30)


async def test_a_slot_is_reserved_for_a_move_and_moved_to(api: Asking) -> None:
    """What is reserved in the place of a booking becomes no booking beside it: that would pass the limits."""
    uid = (await book(api, 14, "10:00")).data["uid"]
    assert (await api.reserve(14, "12:00")).status == 422
    held = (await api.reserve(14, "12:00", bookingUidToReschedule=uid)).data["reservationUid"]
    beside = await book(api, 14, "12:00", reservationUid=held)
    assert (beside.status, uid in beside.message) == (400, True)
    elsewhere = await act(api, uid, "reschedule", start="2050-09-05T13:00:00Z", reservationUid=held)
    assert (elsewhere.status, "keeps another slot" in elsewhere.message) == (400, True)
    moved = await act(api, uid, "reschedule", start="2050-09-05T12:00:00Z", reservationUid=held)
    assert (moved.status, moved.data["start"][11:16]) == (201, "12:00")
    assert (await api.ask("GET", f"/v2/slots/reservations/{held}")).data is None


async def test_who_is_not_free_for_a_move_is_not_told_to_strangers(api: Asking) -> None:
    uid = (await book(api, 20, "10:00")).data["uid"]
    await book(api, 25, "12:00")
    await api.reserve(10, "14:00")
    for hour in (12, 14):
        answer = await act(api, uid, "reschedule", start=f"2050-09-05T{hour}:00:00Z")
        assert answer.status == 400
        assert "hostIds" not in answer.body["error"]["details"]


# Confirming --------------------------------------------------------------------------------------------------------

OFFERS = {"type": "always", "blockUnconfirmedBookingsInBooker": False}
ASKS = {"type": "always", "blockUnconfirmedBookingsInBooker": True}
LATE = {"type": "time", "noticeThreshold": {"unit": "hours", "count": 4}}


@pytest.fixture
async def asking(api: Asking) -> Asking:
    """With event types of Clo's whose bookings must be confirmed."""
    await api.add(
        eventTypes=[
            event_type(40, "asks", ownerId=CLO, confirmationPolicy={"type": "always"}),
            event_type(41, "offers", ownerId=CLO, confirmationPolicy=OFFERS),
            event_type(42, "few", ownerId=CLO, bookingLimitsCount={"day": 1}, confirmationPolicy=OFFERS),
            event_type(43, "late", ownerId=CLO, confirmationPolicy=LATE),
        ]
    )
    return api


async def test_a_pending_booking_keeps_its_time_until_it_is_declined(asking: Asking) -> None:
    booked = (await book(asking, 40, "10:00")).data
    assert booked["status"] == "pending"
    assert "10:00" not in await asking.starts(40)
    assert (await act(asking, booked["uid"], "decline")).status == 401
    assert (await act(asking, booked["uid"], "decline", token=KEY + "ana")).status == 403
    declined = (await act(asking, booked["uid"], "decline", token=KEY + "clo", reason="away")).data
    assert (declined["status"], declined["cancellationReason"]) == ("rejected", "away")
    assert "10:00" in await asking.starts(40)
    assert (await act(asking, booked["uid"], "confirm", token=KEY + "clo")).status == 400


async def test_a_pending_booking_is_confirmed_once(asking: Asking) -> None:
    uid = (await book(asking, 40, "10:00")).data["uid"]
    assert (await act(asking, uid, "confirm", token=KEY + "clo")).data["status"] == "accepted"
    assert (await act(asking, uid, "confirm", token=KEY + "clo")).status == 400
    assert "10:00" not in await asking.starts(40)


async def test_of_pending_bookings_that_leave_their_time_on_offer_one_is_confirmed(asking: Asking) -> None:
    uids = [(await book(asking, 41, start)).data["uid"] for start in ("10:00", "10:00", "10:30")]
    assert "10:00" in await asking.starts(41)
    answers = await asyncio.gather(*(act(asking, uid, "confirm", token=KEY + "clo") for uid in uids))
    assert sorted(answer.status for answer in answers) == [200, 400, 400]
    assert all(TAKEN in answer.message for answer in answers if answer.status == 400)
    assert "10:00" not in await asking.starts(41)


async def test_what_is_held_meanwhile_is_not_confirmed(asking: Asking) -> None:
    uid = (await book(asking, 41, "10:00")).data["uid"]
    await asking.reserve(40, "10:30")
    assert (await act(asking, uid, "confirm", token=KEY + "clo")).status == 400
    assert (await shown(asking, uid))["status"] == "pending"


async def test_confirming_obeys_the_limits(asking: Asking) -> None:
    uids = [(await book(asking, 42, start)).data["uid"] for start in ("10:00", "12:00", "14:00")]
    answers = await asyncio.gather(*(act(asking, uid, "confirm", token=KEY + "clo") for uid in uids))
    assert sorted(answer.status for answer in answers) == [200, 400, 400]


async def test_confirming_counts_what_is_held_meanwhile(api: Asking) -> None:
    await api.add(
        teams=[{"id": 60, "slug": "lim", "bookingLimitsCount": {"day": 1}}],
        memberships=[{"userId": 4, "teamId": 60, "role": "ADMIN"}],
        eventTypes=[
            event_type(
                48, "q", teamId=60, schedulingType="collective", hosts=[{"userId": CLO}], confirmationPolicy=OFFERS
            ),
            event_type(49, "r", teamId=60, schedulingType="collective", hosts=[{"userId": CLO}]),
        ],
    )
    pending = (await book(api, 48, "10:00")).data["uid"]
    held = (await api.reserve(49, "12:00")).data["reservationUid"]
    assert (await act(api, pending, "confirm", token=KEY + "dee")).status == 400
    assert (await book(api, 49, "12:00", reservationUid=held)).status == 201


async def test_seats_are_not_confirmed(api: Asking) -> None:
    body = {
        "title": "Both",
        "slug": "both-of-them",
        "lengthInMinutes": 30,
        "seats": {"seatsPerTimeSlot": 3, "showAttendeeInfo": True, "showAvailabilityCount": True},
        "confirmationPolicy": {"type": "always", "blockUnconfirmedBookingsInBooker": True},
    }
    newer = {"cal-api-version": "2024-06-14"}
    answer = await api.ask("POST", "/v2/event-types", json=body, token=KEY + "ana", headers=newer)
    assert (answer.status, "without confirmation" in answer.message) == (400, True)


async def test_pending_seats_that_a_file_made_possible_are_confirmed_one_by_one(api: Asking) -> None:
    await api.add(eventTypes=[event_type(46, "pc", ownerId=CLO, seatsPerTimeSlot=3, confirmationPolicy=OFFERS)])
    first, second = [(await book(api, 46, "10:00")).data for _ in range(2)]
    assert first["uid"] != second["uid"]
    for one in (first, second):
        assert (await act(api, one["uid"], "confirm", token=KEY + "clo")).status == 200
    assert (await book(api, 46, "10:00")).data["status"] == "pending"


async def test_a_host_gets_no_second_booking_that_a_file_made_to_lie_across(api: Asking) -> None:
    """Those that overlap on a host in a file are one group, within which the database lets them."""
    hosts = [{"userId": ANA}, {"userId": BEN}]
    await api.add(eventTypes=[event_type(147, "ana-and-ben", teamId=50, schedulingType="collective", hosts=hosts)])
    at_ten = {"start": "2050-09-05T10:00:00Z", "end": "2050-09-05T11:00:00Z", "userId": ANA}
    mia = {"attendees": [{"email": "mia@example.org", "name": "Mia"}]}
    bookings = [{"uid": "one", "eventTypeId": 21, **at_ten, **mia}, {"uid": "two", "eventTypeId": 147, **at_ten, **mia}]
    await api.add(bookings=bookings)
    connection = await asyncpg.connect(api.urls.database)
    # As an import of several hosts does.
    await connection.execute(
        """INSERT INTO booking_hosts (booking_id, host_id, busy_range, overlap_group)
        SELECT h.booking_id, $1, h.busy_range, h.overlap_group
        FROM booking_hosts AS h JOIN bookings AS b ON b.id = h.booking_id WHERE b.uid = 'two'""",
        BEN,
    )
    await connection.close()
    assert (await act(api, "one", f"reassign/{BEN}", token=KEY + "ana")).status == 400
    assert [host["id"] for host in (await shown(api, "one"))["hosts"]] == [ANA]


async def test_bookings_of_one_start_are_confirmed_at_once(api: Asking) -> None:
    """Those of different hosts do not wait for each other, and so not in a circle."""
    hosts = [{"userId": one} for one in (ANA, BEN, CLO, DEE)]
    asks = {"teamId": 50, "schedulingType": "roundRobin", "confirmationPolicy": {"type": "always"}}
    await api.add(eventTypes=[{**event_type(148, "asks-any"), **asks, "hosts": hosts}])
    for _ in range(5):
        booked = [(await book(api, 148, "10:00")).data for _ in hosts]
        answers = await asyncio.gather(
            *(act(api, one["uid"], "confirm", token=KEY + one["hosts"][0]["username"]) for one in booked)
        )
        assert [answer.status for answer in answers] == [200] * 4
        for one in booked:
            await act(api, one["uid"], "cancel")


async def test_what_has_its_seats_is_confirmed_though_there_are_fewer_by_now(api: Asking) -> None:
    await api.add(eventTypes=[event_type(46, "pc", ownerId=CLO, seatsPerTimeSlot=3, confirmationPolicy=ASKS)])
    uids = [(await book(api, 46, "10:00")).data["uid"] for _ in range(3)]
    connection = await asyncpg.connect(api.urls.database)
    assert await connection.execute("UPDATE event_types SET seats = 2 WHERE id = 46") == "UPDATE 1"
    await connection.close()
    for uid in dict.fromkeys(uids):
        assert (await act(api, uid, "confirm", token=KEY + "clo")).status == 200


async def test_a_booking_that_takes_no_time_goes_to_another_host_too(api: Asking) -> None:
    """A file's has no time of its host to give away."""
    hosts = [{"userId": ANA}, {"userId": BEN}]
    offers = {"teamId": 50, "schedulingType": "roundRobin", "confirmationPolicy": OFFERS, "hosts": hosts}
    at_ten = {"start": "2050-09-05T10:00:00Z", "end": "2050-09-05T11:00:00Z", "status": "pending", "userId": ANA}
    await api.add(
        eventTypes=[{**event_type(149, "offers-any"), **offers}],
        bookings=[{"uid": "offered", "eventTypeId": 149, **at_ten}],
    )
    assert (await act(api, "offered", f"reassign/{BEN}", token=KEY + "ana")).status == 200
    assert [host["id"] for host in (await shown(api, "offered"))["hosts"]] == [BEN]


async def test_enough_notice_needs_no_confirmation(asking: Asking) -> None:
    assert (await book(asking, 43, "10:00")).data["status"] == "accepted"


# Running -----------------------------------------------------------------------------------------------------------


async def test_a_round_robin_booking_goes_to_another_host(api: Asking) -> None:
    booked = (await book(api, 21, "10:00")).data
    host = booked["hosts"][0]["id"]
    other = {ANA: BEN, BEN: ANA}[host]
    assert (await act(api, booked["uid"], "reassign", token=KEY + "eve")).status == 403
    given = (await act(api, booked["uid"], "reassign", token=KEY + "ana" if host == ANA else KEY + "ben")).data
    assert (given["bookingUid"], given["reassignedTo"]["id"]) == (booked["uid"], other)
    assert [one["id"] for one in (await shown(api, booked["uid"]))["hosts"]] == [other]
    await book(api, 10 if host == ANA else 25, "10:00")
    taken = await act(api, booked["uid"], f"reassign/{host}", token=KEY + ("ana" if other == ANA else "ben"))
    assert (taken.status, TAKEN in taken.message) == (400, True)
    nobody = await act(api, booked["uid"], f"reassign/{CLO}", token=KEY + ("ana" if other == ANA else "ben"))
    assert nobody.status == 400


async def test_of_two_who_give_a_booking_away_at_once_one_does(api: Asking) -> None:
    three = [{"userId": user_id} for user_id in (ANA, BEN, CLO)]
    await api.add(
        eventTypes=[event_type(45, "three", teamId=50, schedulingType="roundRobin", hosts=three)],
        memberships=[{"userId": 4, "teamId": 50, "role": "ADMIN"}],
    )
    booked = (await book(api, 45, "10:00")).data
    others = {ANA, BEN, CLO} - {booked["hosts"][0]["id"]}
    answers = await asyncio.gather(*(act(api, booked["uid"], f"reassign/{n}", token=KEY + "dee") for n in others))
    assert sorted(answer.status for answer in answers) in ([200, 409], [200, 400], [200, 200])
    hosts = [host["id"] for host in (await shown(api, booked["uid"]))["hosts"]]
    assert len(hosts) == 1
    assert hosts[0] in others


async def test_who_did_not_come_is_noted(api: Asking) -> None:
    uid = (await book(api, 10, "10:00", guests=["gus@example.org"])).data["uid"]
    unknown = await act(
        api, uid, "mark-absent", token=KEY + "ana", host=True, attendees=[{"email": "x@example.org", "absent": True}]
    )
    assert unknown.status == 404
    assert not (await shown(api, uid))["absentHost"]
    body = {"host": True, "attendees": [{"email": "MIA@example.org", "absent": True}]}
    data = (await act(api, uid, "mark-absent", token=KEY + "ana", **body)).data
    assert (data["absentHost"], [one["absent"] for one in data["attendees"]]) == (True, [True, False])


async def test_people_are_added_by_who_runs_it(api: Asking) -> None:
    uid = (await book(api, 10, "10:00")).data["uid"]
    added = await act(api, uid, "attendees", token=KEY + "ana", **{**MIA, "name": "Jo", "email": "jo@example.org"})
    assert (added.status, added.data["name"]) == (201, "Jo")
    guests = await act(api, uid, "guests", token=KEY + "ana", guests=[{"email": "gus@example.org"}])
    assert (guests.status, guests.data["guests"]) == (200, ["gus@example.org"])
    listed = (await api.ask("GET", f"/v2/bookings/{uid}/attendees", token=KEY + "ana")).data
    assert [one["name"] for one in listed] == ["Mia", "Jo", ""]
    one = await api.ask("GET", f"/v2/bookings/{uid}/attendees/{listed[1]['id']}", token=KEY + "ana")
    assert one.data["email"] == "jo@example.org"
    assert (await api.ask("GET", f"/v2/bookings/{uid}/attendees/999", token=KEY + "ana")).status == 404
    assert (await api.ask("GET", f"/v2/bookings/{uid}/attendees")).status == 401
    assert (await act(api, uid, "guests", guests=[{"email": "gus@example.org"}])).status == 401
    many = [{"email": f"g{n}@example.org"} for n in range(11)]
    assert (await act(api, uid, "guests", token=KEY + "ana", guests=many)).status == 400


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ({"type": "attendeeAddress", "address": "2 Quay"}, "2 Quay"),
        ({"type": "link", "link": LONG_LINK}, LONG_LINK),
        (LONG_LINK, LONG_LINK),
        ("https://meet.example/x", "https://meet.example/x"),
    ],
)
async def test_a_booking_takes_place_elsewhere(api: Asking, location: object, told: str) -> None:
    uid = (await book(api, 10, "10:00")).data["uid"]
    body = {"location": location}
    answer = await api.ask("PATCH", f"/v2/bookings/{uid}/location", json=body, token=KEY + "ana")
    assert answer.data["location"] == told


async def test_links_enter_a_booking_into_calendars(api: Asking) -> None:
    uid = (await book(api, 10, "10:00", attendee={**MIA, "name": "Mia, \n; Zoë\rATTACH:x"})).data["uid"]
    links = {one["label"]: one["link"] for one in (await api.ask("GET", f"/v2/bookings/{uid}/calendar-links")).data}
    assert "dates=20500905T100000Z%2F20500905T110000Z" in links["Google Calendar"]
    ics = unquote(links["ICS"].removeprefix("data:text/calendar,"), errors="strict")
    assert "SUMMARY:call between ana and Mia\\, \\n\\; Zoë\\nATTACH:x\r\n" in ics
    [event] = Calendar.from_ical(ics).walk("VEVENT")
    times = [datetime(2050, 9, 5, hour, tzinfo=UTC) for hour in (10, 11)]
    assert [event.decoded(name) for name in ("dtstart", "dtend")] == times
    assert event["uid"] == f"{uid}@holdfast"


# Listing -----------------------------------------------------------------------------------------------------------


async def listed(api: Asking, token: str, **query: Any) -> list[str]:
    """The hours of the bookings that are listed."""
    answer = await api.ask("GET", "/v2/bookings", token=token, params=query)
    return [one["start"][11:13] for one in answer.data]


async def test_bookings_are_listed_for_those_who_host_them(api: Asking) -> None:
    """Not for those who have an attendee's address: anybody may say that it is theirs."""
    await book(api, 10, "10:00", attendee={**MIA, "email": "clo@example.com"})
    await book(api, 20, "12:00")
    assert await listed(api, KEY + "ana", sortStart="asc") == ["10", "12"]
    assert await listed(api, KEY + "ben") == ["12"]
    assert await listed(api, KEY + "clo") == []
    assert await listed(api, KEY + "eve") == []
    assert (await api.ask("GET", "/v2/bookings")).status == 401


async def test_bookings_are_listed_by_what_is_asked_for(api: Asking) -> None:
    uids = [(await book(api, 10, f"{hour}:00")).data["uid"] for hour in ("08", "10", "12")]
    await act(api, uids[0], "cancel")
    ana = KEY + "ana"
    assert await listed(api, ana, sortStart="desc") == ["12", "10", "08"]
    assert await listed(api, ana, status="upcoming", sortStart="asc") == ["10", "12"]
    assert await listed(api, ana, status="cancelled") == ["08"]
    assert await listed(api, ana, status="cancelled,upcoming", sortStart="asc") == ["08", "10", "12"]
    assert await listed(api, ana, status="past") == []
    assert await listed(api, ana, status="recurring") == []
    assert await listed(api, ana, bookingUid=uids[1]) == ["10"]
    assert await listed(
        api, ana, attendeeEmail="MIA@example.org", afterStart="2050-09-05T09:00:00Z", sortStart="asc"
    ) == [
        "10",
        "12",
    ]
    assert await listed(api, ana, attendeeName="mi", beforeEnd="2050-09-05T11:00:00Z", sortStart="asc") == ["08", "10"]
    assert await listed(api, ana, eventTypeIds="10,11", sortStart="asc", take=1, skip=1) == ["10"]
    assert await listed(api, ana, eventTypeId=11) == []
    assert await listed(api, ana, teamId=50) == []


async def test_those_who_run_a_team_or_organization_list_its_bookings(api: Asking) -> None:
    await api.add(
        users=[person(6, "fay")],
        schedules=[hours(106, 6)],
        memberships=[
            {"userId": 6, "teamId": 50, "role": "ADMIN"},
            {"userId": 6, "teamId": 90, "role": "ADMIN"},
        ],
        apiKeys=[{"token": KEY + "fay", "userId": 6}],
    )
    await book(api, 20, "10:00")
    await book(api, 31, "12:00")
    await book(api, 30, "13:00")
    fay = KEY + "fay"

    async def hours_of(path: str, token: str = fay, **query: str) -> list[str] | int:
        answer = await api.ask("GET", f"/v2/{path}/bookings", token=token, params={"sortStart": "asc", **query})
        return [one["start"][11:13] for one in answer.data] if answer.status == 200 else answer.status

    assert await hours_of("teams/50") == ["10"]
    assert await hours_of("organizations/90") == ["12", "13"]
    assert await hours_of("organizations/90", userIds="1,4") == ["12"]
    assert await hours_of("organizations/90", userIds="1") == [], "ana has no booking of it"
    assert await hours_of("organizations/90", userIds="x") == 400
    assert await hours_of("organizations/90/teams/51") == ["12"]
    assert await hours_of("organizations/90/users/5") == ["12", "13"]
    assert await hours_of("organizations/90/users/4") == ["12"]
    assert await listed(api, fay, sortStart="asc") == ["10"], "her own: those of the team that she runs"
    assert await hours_of("organizations/90/teams/50") == 404
    assert await hours_of("organizations/90/users/1") == 404
    for path in ("teams/50", "organizations/90", "organizations/90/users/5"):
        assert await hours_of(path, KEY + "eve") == 403


async def test_a_teams_bookings_are_not_those_of_its_hosts_other_organizations(api: Asking) -> None:
    """Dee hosts for a team of one organization, and belongs to another as well."""
    await api.add(
        users=[person(6, "fay")],
        schedules=[hours(106, 6)],
        organizations=[{"id": 91, "slug": "umbra"}],
        memberships=[{"userId": DEE, "teamId": 91}, {"userId": 6, "teamId": 91, "role": "ADMIN"}],
        eventTypes=[event_type(70, "dees", ownerId=DEE)],
        apiKeys=[{"token": KEY + "fay", "userId": 6}],
    )
    teams = (await book(api, 31, "12:00")).data
    own = (await book(api, 70, "10:00")).data
    for path in ("organizations/91", f"organizations/91/users/{DEE}"):
        found = (await api.ask("GET", f"/v2/{path}/bookings", token=KEY + "fay")).data
        assert [one["uid"] for one in found] == [own["uid"]]
    absent = {"host": True}
    assert (await act(api, teams["uid"], "mark-absent", token=KEY + "fay", **absent)).status == 403
    assert (await act(api, teams["uid"], "mark-absent", token=KEY + "dee", **absent)).status == 200
    assert (await act(api, own["uid"], "mark-absent", token=KEY + "fay", **absent)).status == 200


async def test_a_reservation_of_a_host_who_is_gone_cannot_be_booked(api: Asking) -> None:
    secret = {"x-cal-secret-key": "secret-of-ana"}
    users = "/v2/oauth-clients/client-of-ana/users"
    body = {"email": "fay@example.com", "name": "Fay", "timeZone": "Europe/Rome"}
    fay = (await api.ask("POST", users, json=body, headers=secret)).data["user"]["id"]
    hosts = [{"userId": fay, "priority": 4}, {"userId": BEN, "priority": 1}]
    await api.add(
        memberships=[{"userId": fay, "teamId": 50}],
        eventTypes=[event_type(70, "any", teamId=50, schedulingType="roundRobin", hosts=hosts)],
    )
    uid = (await api.reserve(70, "09:00")).data["reservationUid"]
    assert (await api.ask("DELETE", f"{users}/{fay}", headers=secret)).status == 200
    refused = await book(api, 70, "09:00", reservationUid=uid)
    assert (refused.status, refused.message.startswith(TAKEN)) == (400, True)
    assert (await book(api, 70, "09:00")).status == 201


async def test_pages_say_where_they_lie(api: Asking) -> None:
    for hour in ("08", "10", "12"):
        await book(api, 10, f"{hour}:00")
    answer = await api.ask("GET", "/v2/bookings", token=KEY + "ana", params={"take": "2", "skip": "2"})
    assert answer.body["pagination"] == {
        "totalItems": 3,
        "remainingItems": 0,
        "returnedItems": 1,
        "itemsPerPage": 2,
        "currentPage": 2,
        "totalPages": 2,
        "hasNextPage": False,
        "hasPreviousPage": True,
    }


@pytest.mark.parametrize("name", ["eventTypeId", "eventTypeIds", "teamId", "teamIds", "teamsIds"])
@pytest.mark.parametrize("number", ["2147483648", "-149469551289532896"])
async def test_ids_that_no_database_has_are_refused(api: Asking, name: str, number: str) -> None:
    answer = await api.ask("GET", "/v2/bookings", token=KEY + "ana", params={name: number})
    assert (answer.status, name in answer.message) == (400, True)


@pytest.mark.parametrize(
    "query",
    [
        {"eventTypeIds": "99999999999"},
        {"teamId": "2147483648"},
        {"take": "0"},
        {"take": "251"},
        {"skip": "-1"},
        {"status": "odd"},
        {"afterStart": "x"},
        {"sortEnd": "up"},
    ],
)
async def test_a_list_that_makes_no_sense(api: Asking, query: dict[str, str]) -> None:
    answer = await api.ask("GET", "/v2/bookings", token=KEY + "ana", params=query)
    assert (answer.status, next(iter(query)) in answer.message) == (400, True)


# What owners allow -------------------------------------------------------------------------------------------------


async def allow(api: Asking, **settings: Any) -> None:
    """Let Ana set something of her event type 10."""
    headers = {"cal-api-version": "2024-06-14"}
    answer = await api.ask("PATCH", "/v2/event-types/10", json=settings, token=KEY + "ana", headers=headers)
    assert answer.status == 200, answer.body


async def test_only_who_owns_an_event_type_books_it_where_that_is_said(api: Asking) -> None:
    await allow(api, bookingRequiresAuthentication=True)
    answers = [await book(api, 10, "10:00", token=token) for token in (None, KEY + "clo", KEY + "ana")]
    assert [answer.status for answer in answers] == [401, 403, 201]
    await act(api, answers[-1].data["uid"], "cancel")
    await allow(api, allowReschedulingCancelledBookings=True)
    again = [
        await act(api, answers[-1].data["uid"], "reschedule", token=token, start="2050-09-05T13:00:00Z")
        for token in (None, KEY + "clo", KEY + "ana")
    ]
    assert [answer.status for answer in again] == [401, 403, 201]
    assert (await api.reserve(10, "12:00")).status == 201, "a slot may be kept by anybody"


async def test_a_teams_event_type_is_booked_by_who_hosts_or_runs_it(api: Asking, database: asyncpg.Connection) -> None:
    await database.execute(
        """
        UPDATE event_types SET more = '{"bookingRequiresAuthentication": true}' WHERE id IN (21, 31);
        UPDATE memberships SET accepted = true, role = 'ADMIN' WHERE user_id = 3 AND team_id = 50;
        """
    )
    tries = [(21, "dee"), (21, "ben"), (21, "clo"), (31, "ana")]
    answers = [await book(api, type_id, f"{8 + n:02}:00", token=KEY + who) for n, (type_id, who) in enumerate(tries)]
    assert [answer.status for answer in answers] == [403, 201, 201, 403]
    client = {"x-cal-client-id": "client-of-acme", "x-cal-secret-key": "secret-of-acme"}
    assert (await book(api, 31, "13:00", headers=client)).status == 201, "its organization's client"


async def test_guests_are_not_brought_along_where_that_is_said(api: Asking) -> None:
    await allow(api, disableGuests=True)
    refused = await book(api, 10, "10:00", guests=["gus@example.org"])
    assert (refused.status, "guest" in refused.message) == (400, True)
    assert (await book(api, 10, "10:00")).status == 201


async def test_nobody_cancels_or_moves_where_that_is_said(api: Asking) -> None:
    uid = (await book(api, 10, "10:00")).data["uid"]
    await allow(api, disableCancelling={"disabled": True}, disableRescheduling={"disabled": True})
    for token in (None, KEY + "ana"):
        assert (await act(api, uid, "cancel", token=token)).status == 400
        assert (await act(api, uid, "reschedule", token=token, start="2050-09-05T12:00:00Z")).status == 400
    assert (await shown(api, uid))["status"] == "accepted"
    await allow(api, disableCancelling={"disabled": False}, disableRescheduling={"disabled": False})
    moved = await act(api, uid, "reschedule", start="2050-09-05T12:00:00Z")
    assert (await act(api, moved.data["uid"], "cancel")).status == 200


async def test_a_booking_is_moved_only_as_long_before_its_start_as_is_said(api: Asking) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=30)
    times = {"start": soon.isoformat(), "end": (soon + timedelta(hours=1)).isoformat()}
    await api.add(bookings=[{"uid": "soon", "userId": ANA, "eventTypeId": 10, **times}])
    move = {"start": "2050-09-05T12:00:00Z"}
    await api.add(bookings=[{"uid": "too", "userId": ANA, "eventTypeId": 10, **times}])
    await allow(api, disableRescheduling={"minutesBefore": 60})
    assert (await act(api, "soon", "reschedule", **move)).status == 403
    assert (await act(api, "soon", "reschedule", token=KEY + "ana", **move)).status == 201, "a host may"
    await allow(api, disableRescheduling={"minutesBefore": 10})
    assert (await act(api, "too", "reschedule", start="2050-09-05T14:00:00Z")).status == 201


async def test_past_and_cancelled_bookings_are_moved_where_that_is_said(api: Asking) -> None:
    past = {"start": "2020-09-07T10:00:00Z", "end": "2020-09-07T11:00:00Z"}
    await api.add(bookings=[{"uid": "past", "userId": ANA, "eventTypeId": 10, **past}])
    off = (await book(api, 10, "10:00")).data["uid"]
    await act(api, off, "cancel", cancellationReason="ill")
    moves = [("past", "12:00"), (off, "13:00")]
    for uid, hour in moves:
        assert (await act(api, uid, "reschedule", start=f"2050-09-05T{hour}:00Z")).status == 400
    await allow(api, allowReschedulingPastBookings=True, allowReschedulingCancelledBookings=True)
    for uid, hour in moves:
        moved = await act(api, uid, "reschedule", start=f"2050-09-05T{hour}:00Z")
        assert (moved.status, moved.data["rescheduledFromUid"]) == (201, uid)
        assert (await act(api, uid, "reschedule", start="2050-09-05T09:00:00Z")).status == 400, "it was moved"
    assert (await shown(api, off))["cancellationReason"] == "ill"


async def test_an_address_has_as_many_bookings_to_come_as_is_said(api: Asking) -> None:
    past = {"start": "2020-09-07T10:00:00Z", "end": "2020-09-07T11:00:00Z"}
    mia = {"email": "mia@example.org", "name": "Mia"}
    await api.add(bookings=[{"uid": "past", "userId": ANA, "eventTypeId": 10, **past, "attendees": [mia]}])
    await allow(api, bookerActiveBookingsLimit={"maximumActiveBookings": 2})
    at_once = await asyncio.gather(*(book(api, 10, f"{hour}:00") for hour in ("09", "10", "11", "12")))
    assert sorted(answer.status for answer in at_once) == [201, 201, 400, 400]
    other = {**MIA, "email": "joe@example.org"}
    along = await book(api, 10, "13:00", attendee=other, guests=["mia@example.org"])
    assert along.status == 201, "who is brought along has not booked"
    kept = next(answer.data["uid"] for answer in at_once if answer.status == 201)
    await act(api, kept, "cancel")
    again = {**MIA, "email": "MIA@example.org"}
    assert [(await book(api, 10, hour, attendee=again)).status for hour in ("14:00", "15:00")] == [201, 400]


async def test_an_address_that_books_several_hosts_at_once_is_counted(
    api: Asking, database: asyncpg.Connection
) -> None:
    await database.execute(
        """UPDATE event_types SET more = '{"bookerActiveBookingsLimit": {"maximumActiveBookings": 1}}' WHERE id = 21"""
    )
    spellings = iter(["mia@example.org", "MIA@example.org"])
    first, second = await told_at_once(
        api, database, lambda: book(api, 21, "10:00", attendee={**MIA, "email": next(spellings)})
    )
    assert (first.status, second.status) == (201, 400)


async def test_tries_of_one_request_do_not_count_each_other(api: Asking, database: asyncpg.Connection) -> None:
    await database.execute(
        """UPDATE event_types SET more = '{"bookerActiveBookingsLimit": {"maximumActiveBookings": 1}}' WHERE id = 21"""
    )
    key = {"Idempotency-Key": "k"}
    first, second = await told_at_once(api, database, lambda: book(api, 21, "10:00", headers=key))
    assert (first.status, second.status, second.data) == (201, 201, first.data)


async def test_bookings_that_were_cancelled_count_again_when_they_are_moved(api: Asking) -> None:
    await allow(
        api,
        bookerActiveBookingsLimit={"maximumActiveBookings": 1},
        allowReschedulingCancelledBookings=True,
    )
    uids = []
    for _ in range(2):
        uids.append((await book(api, 10, "10:00")).data["uid"])
        await act(api, uids[-1], "cancel")
    moves = [(await act(api, uid, "reschedule", start=f"2050-09-05T1{n}:00:00Z")).status for n, uid in enumerate(uids)]
    assert moves == [201, 400]


async def test_bookings_are_called_as_is_said(api: Asking) -> None:
    await allow(api, customName="{Event type title}: {Scheduler first name} + {Organiser}, {Event duration} {odd}")
    answer = await book(api, 10, "10:00", attendee={**MIA, "name": "Mia {HOST} Lee"})
    assert answer.data["title"] == "call: Mia + ana, 60 mins {odd}"


# Again and again ---------------------------------------------------------------------------------------------------


async def test_a_request_that_is_sent_again_gets_the_first_answer(api: Asking) -> None:
    headers = {"Idempotency-Key": "k1"}
    first, again = [await book(api, 21, "10:00", headers=headers) for _ in range(2)]
    assert (first.status, again.status, again.headers.get("Idempotency-Replayed")) == (201, 201, "true")
    assert again.body == first.body
    other = await book(api, 21, "11:00", headers=headers)
    assert other.status == 422
    assert len((await api.ask("GET", "/v2/bookings", token=KEY + "ana", params={"teamId": 50})).data) <= 1


async def test_requests_of_one_key_at_once_make_one_booking(api: Asking) -> None:
    answers = await asyncio.gather(*(book(api, 12, "10:00", headers={"Idempotency-Key": "k2"}) for _ in range(6)))
    assert {answer.status for answer in answers} <= {201, 409}
    assert (await seats_left(api))["10:00"] == 1


DECISIONS: dict[str, tuple[int, dict[str, Any]]] = {
    "cancel": (10, {"cancellationReason": "ill"}),
    "confirm": (45, {}),
    "decline": (45, {"reason": "ill"}),
    "mark-absent": (10, {"host": True}),
    f"reassign/{BEN}": (21, {}),
    "reassign": (21, {}),
    "attendees": (10, {**MIA, "email": "jo@example.org"}),
    "guests": (10, {"guests": [{"email": "Gus@example.org"}, {"email": "gus@example.org"}]}),
}
"""What is decided about a booking of what type, and with what body."""


@pytest.mark.parametrize("decision", DECISIONS)
async def test_what_is_decided_about_a_booking_is_decided_once(api: Asking, dying: Asking, decision: str) -> None:
    """Whether the answer got lost, or the pod died before it could write it down."""
    await api.add(eventTypes=[event_type(45, "asks", ownerId=ANA, confirmationPolicy={"type": "always"})])
    type_id, body = DECISIONS[decision]
    for pod in (api, dying):
        uid = await _booked_with_ana(api, type_id)
        path, headers = f"/v2/bookings/{uid}/{decision}", {"Idempotency-Key": uid}
        first = await pod.ask("POST", path, json=body, headers=headers, token=KEY + "ana")
        assert first.status in (200, 201), first.body
        await end_booking_leases(api.urls)
        again = await api.ask("POST", path, json=body, headers=headers, token=KEY + "ana")
        first.data.pop("updatedAt", None), again.data.pop("updatedAt", None)
        assert (again.status, again.data) == (first.status, first.data)
        assert (again.headers.get("Idempotency-Replayed") == "true") == (pod is api)
        assert (await shown(api, uid, KEY + "ana"))["status"] == first.data.get("status", "accepted")
        await act(api, uid, "cancel")


async def test_a_booking_that_was_given_on_since_is_not_taken_back(api: Asking, dying: Asking) -> None:
    hosts = [{"userId": user_id} for user_id in (ANA, BEN, CLO)]
    await api.add(eventTypes=[event_type(44, "three", teamId=50, schedulingType="roundRobin", hosts=hosts)])
    names = {ANA: "ana", BEN: "ben", CLO: "clo"}
    booked = (await book(api, 44, "10:00")).data
    first = booked["hosts"][0]["id"]
    second, third = (user_id for user_id in names if user_id != first)
    path, headers = f"/v2/bookings/{booked['uid']}/reassign", {"Idempotency-Key": "k"}
    given = await dying.ask("POST", f"{path}/{second}", json={}, headers=headers, token=KEY + names[first])
    assert given.status == 200
    assert (await act(api, booked["uid"], f"reassign/{third}", token=KEY + names[second])).status == 200
    await end_booking_leases(api.urls)
    again = await api.ask("POST", f"{path}/{second}", json={}, headers=headers, token=KEY + names[first])
    assert (again.status, again.data) == (200, given.data)
    assert (await shown(api, booked["uid"]))["hosts"][0]["id"] == third


async def test_a_seat_that_was_left_in_a_pod_that_died_is_left(api: Asking, dying: Asking) -> None:
    first, _ = [(await book(api, 12, "10:00")).data for _ in range(2)]
    path, headers, body = f"/v2/bookings/{first['uid']}/cancel", {"Idempotency-Key": "k"}, {"seatUid": first["seatUid"]}
    assert (await dying.ask("POST", path, json=body, headers=headers)).status == 200
    await end_booking_leases(api.urls)
    again = await api.ask("POST", path, json=body, headers=headers)
    assert (again.status, again.data["status"]) == (200, "accepted")


async def _booked_with_ana(api: Asking, type_id: int) -> str:
    """Book with whom a round robin gives it to, and let that be Ana."""
    data = (await book(api, type_id, "10:00")).data
    if data["hosts"][0]["id"] == BEN:
        await act(api, data["uid"], f"reassign/{ANA}", token=KEY + "ana")
    uid: str = data["uid"]
    return uid


async def test_whoever_takes_part_already_is_not_added_again(api: Asking) -> None:
    along = ["gus@example.org", "MIA@example.org", "Gus@example.org"]
    uid = (await book(api, 10, "10:00", guests=along)).data["uid"]
    guests = [{"email": email} for email in ("gus@EXAMPLE.org", "new@example.org", "new@example.org")]
    told = (await act(api, uid, "guests", token=KEY + "ana", guests=guests)).data
    assert told["guests"] == ["gus@example.org", "new@example.org"]
    again = await act(api, uid, "attendees", token=KEY + "ana", **{**MIA, "name": "Another"})
    assert (again.status, again.data["name"]) == (201, "Mia")
    assert len((await shown(api, uid))["attendees"]) == 3


async def test_a_seat_that_was_moved_by_a_pod_that_died_is_not_moved_again(dying: Asking, api: Asking) -> None:
    first, _ = [(await book(api, 12, "10:00")).data for _ in range(2)]
    await book(api, 12, "12:00")
    path = f"/v2/bookings/{first['uid']}/reschedule"
    body = {"start": "2050-09-05T12:00:00Z", "seatUid": first["seatUid"]}
    headers = {"Idempotency-Key": "move"}
    moved = await dying.ask("POST", path, json=body, headers=headers)
    assert moved.status == 201
    await end_booking_leases(api.urls)
    again = await api.ask("POST", path, json=body, headers=headers)
    assert (again.status, again.data) == (201, moved.data)


async def test_a_booking_that_was_made_by_a_pod_that_died_is_not_made_again(dying: Asking, api: Asking) -> None:
    for type_id, start in ((21, "10:00"), (12, "13:00")):
        headers = {"Idempotency-Key": f"k{type_id}"}
        first = await book(dying, type_id, start, headers=headers)
        assert first.status == 201
        await end_booking_leases(api.urls)
        again = await book(api, type_id, start, headers=headers)
        assert (again.status, again.data["uid"], again.data.get("seatUid")) == (
            201,
            first.data["uid"],
            first.data.get("seatUid"),
        )


async def told_at_once(
    api: Asking, database: asyncpg.Connection, ask: Callable[[], Coroutine[Any, Any, Answer]]
) -> tuple[Answer, Answer]:
    """Let a second try look for what the first one made before that is written."""
    async with locked(api.urls, "booking_attendees"):
        first = asyncio.create_task(ask())
        await until_waiting(database, "relation")
        await database.execute("UPDATE booking_requests SET lease_until = now()")
        second = asyncio.create_task(ask())
        await until_waiting(database, "advisory")
    return await asyncio.gather(first, second)


@pytest.mark.parametrize("type_id", [12, 46])
async def test_tries_of_one_request_that_are_written_at_once_take_one_seat(
    api: Asking, database: asyncpg.Connection, type_id: int
) -> None:
    """Before it is confirmed, a booking of 46 keeps no seat from others."""
    await api.add(eventTypes=[event_type(46, "pc", ownerId=CLO, seatsPerTimeSlot=3, confirmationPolicy=OFFERS)])
    headers = {"Idempotency-Key": "k"}
    first, second = await told_at_once(api, database, lambda: book(api, type_id, "13:00", headers=headers))
    assert (first.status, second.status, second.data) == (201, 201, first.data)
    assert await database.fetchval("SELECT count(*) FROM booking_attendees") == 1


async def test_tries_of_one_move_that_are_written_at_once_are_one(api: Asking, database: asyncpg.Connection) -> None:
    seat, _ = [(await book(api, 12, "10:00")).data for _ in range(2)]
    path, headers = f"/v2/bookings/{seat['uid']}/reschedule", {"Idempotency-Key": "k"}
    body = {"start": "2050-09-05T12:00:00Z", "seatUid": seat["seatUid"]}
    first, second = await told_at_once(api, database, lambda: api.ask("POST", path, json=body, headers=headers))
    assert (first.status, second.status, second.data) == (201, 201, first.data)


# Bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("start", {"start": None}),
        ("start", {"start": "soon"}),
        ("start", {"start": 5}),
        ("attendee", {"attendee": None}),
        ("attendee.timeZone", {"attendee": {**MIA, "timeZone": None}}),
        ("attendee.timeZone", {"attendee": {**MIA, "timeZone": "Mars/Base"}}),
        ("attendee.email", {"attendee": {**MIA, "email": "nobody"}}),
        ("attendee.name", {"attendee": {**MIA, "name": ""}}),
        ("attendee.name", {"attendee": {**MIA, "name": "a\0b"}}),
        ("attendee.language", {"attendee": {**MIA, "language": "tlh"}}),
        ("guests.0", {"guests": ["x"]}),
        ("guests", {"guests": ["a@b.c"] * 31}),
        ("lengthInMinutes", {"lengthInMinutes": 1.5}),
        ("metadata", {"metadata": {f"k{n}": n for n in range(51)}}),
        ("metadata", {"metadata": {"k": "v" * 501}}),
        ("metadata", {"metadata": {"k" * 41: "v"}}),
        ("bookingFieldsResponses", {"bookingFieldsResponses": {"a": ["\0"]}}),
        ("body", {"recurrenceCount": 3}),
        ("body", {"instant": True}),
    ],
)
async def test_what_cannot_be_read_is_told_by_field(api: Asking, field: str, body: dict[str, Any]) -> None:
    answer = await book(api, 10, "10:00", **body)
    assert answer.status == 400
    assert field in {one["property"] for one in answer.body["error"]["details"]["errors"]}
    assert "10:00" in await api.starts(10)


async def test_no_event_type(api: Asking) -> None:
    assert (await book(api, 99, "10:00")).status == 404
    assert (await book(api, 24, "10:00")).status == 400
    assert (await book(api, 0, "10:00", eventTypeId=None)).status == 400
