"""The older version."""

from typing import Any

import pytest

from tests.api.asking import Answer, Asking

WEEK = {"startTime": "2050-09-05", "endTime": "2050-09-09"}


async def available(api: Asking, **query: Any) -> Answer:
    return await api.ask("GET", "/v2/slots/available", params={**WEEK, **query}, headers={"cal-api-version": ""})


async def reserve(api: Asking, start: str, end: str, type_id: int = 10, **more: Any) -> Answer:
    body = {
        "eventTypeId": type_id,
        "slotUtcStartDate": f"2050-09-05T{start}:00.000Z",
        "slotUtcEndDate": f"2050-09-05T{end}:00.000Z",
        **more.pop("body", {}),
    }
    return await api.ask("POST", "/v2/slots/reserve", json=body, **more)


@pytest.fixture(autouse=True)
def _no_cookies(api: Asking) -> None:
    api.client.session.cookie_jar.clear()


@pytest.mark.parametrize(
    "query",
    [
        {"eventTypeId": 10},
        {"eventTypeId": 10, "eventTypeSlug": "anything"},
        {"eventTypeSlug": "call", "usernameList[]": "ana"},
        {"eventTypeSlug": "call", "usernameList": "ana"},
        {"eventTypeSlug": "call", "usernameList": "ana", "orgSlug": "acme"},
        {"usernameList": "ana,ben", "duration": 60},
    ],
)
async def test_ways_of_naming_an_event_type(api: Asking, query: dict[str, str]) -> None:
    slots = (await available(api, **query)).data["slots"]
    assert slots["2050-09-05"][0] == {"time": "2050-09-05T07:00:00.000Z"}
    assert len(slots["2050-09-09"]) == 8


async def test_usernames_one_parameter_each(api: Asking) -> None:
    path = "/v2/slots/available?startTime=2050-09-05&endTime=2050-09-05&duration=60&usernameList=ana&usernameList=ben"
    assert len((await api.ask("GET", path)).data["slots"]["2050-09-05"]) == 8


@pytest.mark.parametrize("version", ["", "2024-04-15", "2024-06-14", "2024-08-13", "2024-09-04", "next"])
async def test_any_version_header_will_do(api: Asking, version: str) -> None:
    headers = {"cal-api-version": version}
    answer = await api.ask("GET", "/v2/slots/available", params={**WEEK, "eventTypeId": "10"}, headers=headers)
    assert answer.status == 200


@pytest.mark.parametrize("slot_format", ["range", "time", "TIME"])
async def test_whichever_format_is_asked_for_names_both_ends(api: Asking, slot_format: str) -> None:
    """Also of a listing that is remembered as it was written for who asked for none."""
    rome = {"eventTypeId": 10, "timeZone": "Europe/Rome"}
    plain = {"time": "2050-09-05T09:00:00.000+02:00"}
    assert (await available(api, **rome)).data["slots"]["2050-09-05"][0] == plain
    slots = (await available(api, **rome, slotFormat=slot_format)).data["slots"]
    assert slots["2050-09-05"][0] == {
        "startTime": "2050-09-05T09:00:00.000+02:00",
        "endTime": "2050-09-05T10:00:00.000+02:00",
    }
    assert (await available(api, **rome)).data["slots"]["2050-09-05"][0] == plain


async def test_a_format_that_is_not_known_is_told(api: Asking) -> None:
    answer = await available(api, eventTypeId=10, slotFormat="long")
    assert (answer.status, answer.message) == (400, "Query parameter 'slotFormat': must be 'range' or 'time'")


async def test_booked_seats_say_by_how_many(api: Asking) -> None:
    first = {"start": "2050-09-05T07:00:00Z", "end": "2050-09-05T08:00:00Z"}
    guest = {"email": "guest@example.org"}
    await api.add(bookings=[{"uid": "class-1", "eventTypeId": 12, "userId": 1, "attendees": [guest], **first}])
    slots = (await available(api, eventTypeId=12)).data["slots"]["2050-09-05"]
    assert slots[0] == {"time": "2050-09-05T07:00:00.000Z", "attendees": 1, "bookingUid": "class-1"}
    assert slots[1] == {"time": "2050-09-05T08:00:00.000Z"}


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"routingFormResponseId": "5", "_isDryRun": "true"}, "routingFormResponseId must be 0 for dry run"),
        ({"routingFormResponseId": "0"}, "routingFormResponseId must be a positive number"),
        ({"routingFormResponseId": "-1"}, "routingFormResponseId must be a positive number"),
        ({"startTime": "soon"}, "'startTime' and 'endTime'"),
        ({"timeZone": "Nowhere"}, "timeZone"),
        ({"eventTypeId": "ten"}, "eventTypeId"),
    ],
)
async def test_a_wrong_parameter_is_told(api: Asking, query: dict[str, str], text: str) -> None:
    answer = await available(api, **{"eventTypeId": 10, **query})
    assert answer.status == 400
    assert text in answer.message


@pytest.mark.parametrize("query", [{"routingFormResponseId": "0", "_isDryRun": "true"}, {"routingFormResponseId": "7"}])
async def test_a_form_response_that_can_be(api: Asking, query: dict[str, str]) -> None:
    assert (await available(api, eventTypeId=10, **query)).status == 200


async def test_a_reservation_answers_with_the_bare_uid(api: Asking) -> None:
    answer = await reserve(api, "10:00", "11:00")
    assert answer.status == 201
    uid = answer.data
    assert isinstance(uid, str)
    assert f"uid={uid}" in answer.headers["Set-Cookie"]
    assert "10:00" not in await api.starts(10)
    shown = (await api.ask("GET", f"/v2/slots/reservations/{uid}")).data
    assert shown["slotStart"] == "2050-09-05T10:00:00.000Z"


async def test_the_cookie_is_of_no_use_to_foreign_pages(api: Asking) -> None:
    """They are neither sent nor told it (docs/security.md)."""
    answer = await reserve(api, "10:00", "11:00", headers={"Origin": "https://elsewhere.example"})
    attributes = {one.strip() for one in answer.headers["Set-Cookie"].split(";")}
    assert {"HttpOnly", "SameSite=Lax", "Max-Age=300"} <= attributes
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_somebody_else_is_refused(api: Asking) -> None:
    await reserve(api, "10:00", "11:00")
    api.client.session.cookie_jar.clear()
    assert (await reserve(api, "10:30", "11:30")).status == 422


async def test_a_browser_still_sees_its_own_start_and_may_take_it_again(api: Asking) -> None:
    uid = (await reserve(api, "10:00", "11:00")).data
    cookie = {"Cookie": f"uid={uid}"}
    listing = await api.ask("GET", "/v2/slots/available", params={**WEEK, "eventTypeId": "10"}, headers=cookie)
    assert {"time": "2050-09-05T10:00:00.000Z"} in listing.data["slots"]["2050-09-05"]
    assert (await reserve(api, "10:00", "11:00", headers=cookie)).data == uid
    assert (await reserve(api, "12:00", "13:00", headers=cookie)).data == uid
    assert "10:00" in await api.starts(10)
    assert "12:00" not in await api.starts(10)


async def test_a_cookie_of_what_has_ended_makes_a_new_one(api: Asking) -> None:
    answer = await reserve(api, "10:00", "11:00", headers={"Cookie": "uid=long-gone"})
    assert answer.status == 201
    assert answer.data != "long-gone"


async def test_a_dry_run_keeps_nothing_but_refuses_alike(api: Asking) -> None:
    assert (await reserve(api, "10:00", "11:00", body={"_isDryRun": True})).status == 201
    assert "10:00" in await api.starts(10)
    await api.reserve(10, "10:00")
    refused = await reserve(api, "10:00", "11:00", body={"_isDryRun": True})
    assert refused.status == 422
    # Whose time is taken is not for strangers.
    assert "hostIds" not in str(refused.body)


async def test_a_dry_run_knows_the_own_hold_and_what_cannot_be_reserved(api: Asking) -> None:
    uid = (await reserve(api, "10:00", "11:00")).data
    dry = {"_isDryRun": True}
    assert (await reserve(api, "10:00", "11:00", body=dry, headers={"Cookie": f"uid={uid}"})).status == 201
    assert (await reserve(api, "12:00", "13:00", 23, body=dry)).status == 400


@pytest.mark.parametrize(
    ("type_id", "start", "end", "status"),
    [
        (11, "10:00", "10:30", 201),
        (11, "10:00", "10:20", 400),
        (10, "10:00", "10:30", 400),
        (10, "10:00", "10:00", 400),
        (10, "11:00", "10:00", 400),
        (999, "10:00", "11:00", 404),
        (10, "20:00", "21:00", 422),
    ],
)
async def test_the_length_must_be_offered(api: Asking, type_id: int, start: str, end: str, status: int) -> None:
    assert (await reserve(api, start, end, type_id)).status == status


async def test_seconds_are_no_length(api: Asking) -> None:
    body = {"slotUtcEndDate": "2050-09-05T11:00:30Z"}
    assert (await reserve(api, "10:00", "11:00", body=body)).status == 400


@pytest.mark.parametrize("field", ["eventTypeId", "slotUtcStartDate", "slotUtcEndDate"])
async def test_a_wrong_field_is_named(api: Asking, field: str) -> None:
    answer = await reserve(api, "10:00", "11:00", body={field: "x"})
    assert (answer.status, answer.message) == (400, "Bad Request Exception")
    assert answer.body["error"]["details"]["errors"][0]["property"] == field


async def test_releasing(api: Asking) -> None:
    uid = (await reserve(api, "10:00", "11:00")).data
    answer = await api.ask("DELETE", "/v2/slots/selected-slot", params={"uid": uid})
    assert (answer.status, answer.body) == (200, {"status": "success"})
    assert "10:00" in await api.starts(10)
    assert (await api.ask("DELETE", "/v2/slots/selected-slot", params={"uid": "nobody's"})).status == 200
    assert (await api.ask("DELETE", "/v2/slots/selected-slot")).status == 400
