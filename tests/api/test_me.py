"""`/v2/me`: the caller's own account."""

import asyncio
from typing import Any

import pytest

from tests.api.asking import Answer, Asking
from tests.api.world import ANA, DEE, EVE

ACME = {"x-cal-client-id": "client-of-acme", "x-cal-secret-key": "secret-of-acme"}
ANAS_ACCOUNT = {
    "id": ANA,
    "username": "ana",
    "email": "ana@example.com",
    "name": None,
    "avatarUrl": None,
    "bio": None,
    "timeFormat": 12,
    "defaultScheduleId": 101,
    "weekStart": "Sunday",
    "timeZone": "Europe/Rome",
    "locale": None,
    "metadata": {},
    "organizationId": None,
}


async def me(api: Asking, who: str = "ana", **more: Any) -> Answer:
    return await api.ask("GET", "/v2/me", token=f"cal_key_of_{who}", **more)


async def change(api: Asking, who: str = "ana", **fields: Any) -> Answer:
    return await api.ask("PATCH", "/v2/me", token=f"cal_key_of_{who}", json=fields)


@pytest.mark.parametrize("version", ["", "2024-04-15", "2024-06-11", "2024-08-13", "next"])
async def test_who_one_is(api: Asking, version: str) -> None:
    assert (await me(api, headers={"cal-api-version": version})).data == ANAS_ACCOUNT


@pytest.mark.parametrize(("who", "user_id"), [("dee", DEE), ("eve", EVE)])
async def test_members_of_an_organization_are_told_which(api: Asking, who: str, user_id: int) -> None:
    told = (await me(api, who)).data
    assert told["id"] == user_id
    assert told["organizationId"] == 90
    assert told["organization"] == {"id": 90, "isPlatform": False}


async def test_an_organization_is_nobody(api: Asking) -> None:
    assert (await api.ask("GET", "/v2/me", headers=ACME)).status == 403
    assert (await api.ask("GET", "/v2/me")).status == 401
    assert (await api.ask("PATCH", "/v2/me", json={"name": "Nobody"})).status == 401


async def test_everything_that_can_be_changed(api: Asking) -> None:
    fields: dict[str, Any] = {
        "email": "Ana.New@example.com",
        "name": "Ana",
        "timeFormat": 24,
        "weekStart": "Monday",
        "timeZone": "America/New_York",
        "locale": "pt-BR",
        "avatarUrl": "https://example.com/ana.png",
        "bio": "I am Ana.",
        "metadata": {"crm": "17", "vip": True, "score": 1.5},
    }
    assert (await change(api, **fields)).data == {**ANAS_ACCOUNT, **fields}
    assert (await me(api)).data == {**ANAS_ACCOUNT, **fields}


async def test_null_ends_what_may_be_nothing_and_leaves_the_rest(api: Asking) -> None:
    await change(api, name="Ana", bio="I am Ana.", weekStart="Monday")
    nothing: dict[str, Any] = dict.fromkeys(
        ("name", "bio", "weekStart", "email", "timeZone", "defaultScheduleId", "metadata")
    )
    assert (await change(api, **nothing)).data == {**ANAS_ACCOUNT, "weekStart": "Monday"}


async def test_another_default_schedule_is_listed_at_once(api: Asking) -> None:
    hours = [{"days": ["Monday"], "startTime": "09:00", "endTime": "12:00"}]
    await api.add(schedules=[{"id": 900, "ownerId": ANA, "timeZone": "Europe/Rome", "availability": hours}])
    assert len(await api.starts(10)) == 8
    assert (await change(api, defaultScheduleId=900)).data["defaultScheduleId"] == 900
    assert await api.starts(10) == ["07:00", "08:00", "09:00"]
    listed = (await api.ask("GET", "/v2/schedules", token="cal_key_of_ana")).data
    assert [schedule["id"] for schedule in listed if schedule["isDefault"]] == [900]


async def test_the_own_zone_counts_where_there_is_no_schedule(api: Asking) -> None:
    await api.ask("DELETE", "/v2/schedules/101", token="cal_key_of_ana")
    assert (await change(api, timeZone="UTC")).data["defaultScheduleId"] is None
    assert (await api.starts(10))[0] == "09:00"


async def test_a_default_schedule_must_be_ones_own(api: Asking) -> None:
    foreign = await change(api, defaultScheduleId=102, name="Other")
    assert (foreign.status, foreign.message) == (403, "User with ID=1 does not own schedule with ID=102")
    assert (await change(api, defaultScheduleId=999, name="Other")).status == 404
    assert (await me(api)).data == ANAS_ACCOUNT


async def test_an_address_is_one_persons(api: Asking) -> None:
    taken = await change(api, email="BEN@example.com", name="Other")
    assert (taken.status, taken.message) == (409, "Somebody else has the e-mail address BEN@example.com.")
    assert (await me(api)).data == ANAS_ACCOUNT
    assert (await change(api, email="ANA@example.com")).status == 200


async def test_of_two_who_want_an_address_one_gets_it(api: Asking) -> None:
    answers = await asyncio.gather(*(change(api, who, email="new@example.com") for who in ("ana", "ben", "clo")))
    assert sorted(answer.status for answer in answers) == [200, 409, 409]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"email": "ana"}, "email"),
        ({"email": "an a@example.com"}, "email"),
        ({"email": "a" * 250 + "@example.com"}, "email"),
        ({"name": ""}, "name"),
        ({"name": "nul\0"}, "name"),
        ({"timeFormat": 13}, "timeFormat"),
        ({"timeFormat": "12"}, "timeFormat"),
        ({"weekStart": "monday"}, "weekStart"),
        ({"timeZone": "Nowhere"}, "timeZone"),
        ({"locale": "xx"}, "locale"),
        ({"avatarUrl": "javascript:alert(1)"}, "avatarUrl"),
        ({"bio": "b" * 5_001}, "bio"),
        ({"defaultScheduleId": 0}, "defaultScheduleId"),
        ({"defaultScheduleId": 2**31}, "defaultScheduleId"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {str(n): n for n in range(51)}}, "metadata"),
        ({"metadata": {"k" * 41: "v"}}, "metadata"),
        ({"metadata": {"k": "v" * 501}}, "metadata"),
        ({"metadata": {"k": {"nested": 1}}}, "metadata"),
        ({"metadata": {"k": None}}, "metadata"),
        ({"metadata": {"k": "nul\0"}}, "metadata"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_written(api: Asking, fields: dict[str, Any], name: str) -> None:
    answer = await change(api, **{"bio": "Other", **fields})
    assert (answer.status, answer.message) == (400, "Bad Request Exception")
    assert {error["property"].partition(".")[0] for error in answer.body["error"]["details"]["errors"]} == {name}
    assert (await me(api)).data == ANAS_ACCOUNT
