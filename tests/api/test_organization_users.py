"""The people of organizations."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.api.asking import Answer, Asking
from tests.api.pods import end_leases
from tests.api.world import ANA, DEE, EVE

ACME = {"x-cal-client-id": "client-of-acme", "x-cal-secret-key": "secret-of-acme"}
PATH = "/v2/organizations/90/users"
BOSS = 6


async def acme(api: Asking, method: str, path: str = "", **body: Any) -> Answer:
    """Ask as the organization's OAuth client."""
    more: dict[str, Any] = {"json": body} if body else {}
    return await api.ask(method, f"{PATH}{path}", headers=ACME, **more)


async def add_boss(api: Asking) -> None:
    """Add the organization's owner."""
    await api.add(
        users=[{"id": BOSS, "username": "boss", "email": "boss@example.com", "timeZone": "UTC"}],
        memberships=[{"userId": BOSS, "teamId": 90, "role": "OWNER"}],
        apiKeys=[{"token": "cal_key_of_boss", "userId": BOSS}],
    )


async def test_somebody_new_comes_back_as_they_were_sent(api: Asking) -> None:
    sent: dict[str, Any] = {
        "bio": "I sell",
        "avatarUrl": "https://example.com/a.png",
        "timeZone": "Asia/Tokyo",
        "timeFormat": 24,
        "locale": "ja",
        "metadata": {"desk": "4"},
        "brandColor": "#ffffff",
        "hideBranding": True,
        "theme": "dark",
    }
    answer = await acme(api, "POST", email="fay.new@example.com", weekday="Monday", **sent)
    assert answer.status == 201
    user = answer.data
    assert user == {
        **sent,
        "id": user["id"],
        "username": "fay-new",
        "name": None,
        "email": "fay.new@example.com",
        "weekStart": "Monday",
        "defaultScheduleId": None,
        "createdDate": user["createdDate"],
        "darkBrandColor": None,
        "appTheme": None,
        "allowDynamicBooking": True,
        "profile": {
            "id": user["profile"]["id"],
            "organizationId": 90,
            "userId": user["id"],
            "username": "fay-new",
        },
    }
    assert (await acme(api, "GET")).data[-1] == user


async def test_names_are_the_organizations_own(api: Asking) -> None:
    made = (await acme(api, "POST", email="ben2@example.com", username="ben")).data
    assert made["profile"]["username"] == "ben"
    assert made["username"].startswith("ben-")
    again = await acme(api, "POST", email="ben3@example.com", username="ben")
    assert (again.status, again.message) == (409, "A user with the username ben already exists.")
    taken = await acme(api, "POST", email="ANA@example.com", username="nan")
    assert taken.status == 409
    assert len((await acme(api, "GET", "?emails=ben3@example.com")).data) == 0


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [DEE, EVE]),
        ("?take=1&skip=1", [EVE]),
        ("?emails=eve@example.com", [EVE]),
        ("?emails=ana@example.com", []),
        ("?teamIds=51", [EVE]),
        ("?teamIds=50,51", [EVE]),
        ("?teamIds=50", []),
    ],
)
async def test_parts_of_a_list(api: Asking, query: str, found: list[int]) -> None:
    assert [user["id"] for user in (await acme(api, "GET", query)).data] == found


@pytest.mark.parametrize("query", ["take=1001", "teamIds=x", "assignedOptionIds=a", "emails=" + ",".join("a" * 21)])
async def test_lists_that_cannot_be(api: Asking, query: str) -> None:
    assert (await acme(api, "GET", f"?{query}")).status == 400


async def test_what_a_patch_leaves_out_stays(api: Asking) -> None:
    before = (await acme(api, "POST", email="fay@example.com", bio="I sell", theme="dark")).data
    path = f"/{before['id']}"
    changed = (await acme(api, "PATCH", path, timeZone="Asia/Tokyo", brandColor="#000000")).data
    assert changed == {**before, "timeZone": "Asia/Tokyo", "brandColor": "#000000"}
    renamed = (await acme(api, "PATCH", path, username="fay-b", email="fay.b@example.com", name="Fay")).data
    assert (renamed["profile"]["username"], renamed["email"], renamed["name"]) == ("fay-b", "fay.b@example.com", "Fay")
    assert (await acme(api, "PATCH", path, email="ana@example.com")).status == 409
    assert (await acme(api, "PATCH", path, username="dora")).status == 409


async def test_a_new_zone_or_default_schedule_is_listed_at_once(api: Asking) -> None:
    later = {"days": ["Monday"], "startTime": "13:00", "endTime": "15:00"}
    await api.add(schedules=[{"id": 200, "ownerId": EVE, "timeZone": "Europe/Rome", "availability": [later]}])
    assert len(await api.starts(30)) == 8
    assert (await acme(api, "PATCH", f"/{EVE}", defaultScheduleId=200)).data["defaultScheduleId"] == 200
    assert await api.starts(30) == ["11:00", "12:00"]
    assert (await acme(api, "PATCH", f"/{EVE}", defaultScheduleId=101)).status == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b.c\0"}, "email"),
        ({"email": "a@example.com", "username": "Not Kebab"}, "username"),
        ({"email": "a@example.com", "timeZone": "Mars"}, "timeZone"),
        ({"email": "a@example.com", "timeFormat": 13}, "timeFormat"),
        ({"email": "a@example.com", "organizationRole": "KING"}, "organizationRole"),
    ],
)
async def test_what_is_wrong_with_somebody(api: Asking, body: dict[str, Any], field: str) -> None:
    answer = await api.ask("POST", PATH, json=body, headers=ACME)
    assert answer.status == 400
    assert [error["property"] for error in answer.body["error"]["details"]["errors"]] == [field]


async def test_names_that_nobody_asked_for_make_way(api: Asking) -> None:
    addresses = [f"jane@{domain}.example" for domain in "abc"]
    answers = await asyncio.gather(*(acme(api, "POST", email=address) for address in addresses))
    names = [answer.data["profile"]["username"] for answer in answers]
    assert len(set(names)) == 3
    assert all(name.startswith("jane") for name in names)


async def test_who_has_not_accepted_does_not_belong_to_it(api: Asking) -> None:
    await add_boss(api)
    made = (await acme(api, "POST", email="fay@example.com", username="fay", autoAccept=False)).data
    assert (made["username"], made["profile"]["id"], made["profile"]["username"]) == ("fay", None, None)
    await api.add(apiKeys=[{"token": "cal_key_of_fay", "userId": made["id"]}])
    assert (await api.ask("GET", "/v2/me", token="cal_key_of_fay")).data["organizationId"] is None
    assert (await api.ask("GET", "/v2/organizations/90/teams", token="cal_key_of_fay")).status == 403
    path = "/v2/organizations/90/memberships"
    (invitation,) = (await api.ask("GET", path, token="cal_key_of_fay")).data
    path = f"{path}/{invitation['id']}"
    assert (await api.ask("PATCH", path, json={"accepted": True}, token="cal_key_of_fay")).status == 200
    (shown,) = (await acme(api, "GET", "?emails=fay@example.com")).data
    assert shown["profile"]["username"] == "fay"


@pytest.mark.parametrize("more", [{}, {"autoAccept": False}])
async def test_an_account_that_the_organization_made_can_be_ended_outside_of_it(
    api: Asking, more: dict[str, Any]
) -> None:
    await add_boss(api)
    made = (await acme(api, "POST", email="fay@example.com", **more)).data
    path = "/v2/organizations/90/memberships"
    found = (await api.ask("GET", path, token="cal_key_of_boss")).data
    (membership_id,) = [one["id"] for one in found if one["userId"] == made["id"]]
    assert (await api.ask("DELETE", f"{path}/{membership_id}", token="cal_key_of_boss")).status == 200
    assert (await acme(api, "DELETE", f"/{made['id']}")).data["id"] == made["id"]
    assert (await acme(api, "DELETE", f"/{made['id']}")).status == 404
    assert (await acme(api, "POST", email="fay@example.com")).status == 201


async def test_a_profile_makes_a_member(api: Asking) -> None:
    assert (await api.ask("GET", "/v2/organizations/90/teams", token="cal_key_of_eve")).status == 200


@pytest.mark.parametrize("who", ["ana", "dee"])
async def test_only_who_runs_the_organization_may(api: Asking, who: str) -> None:
    token = f"cal_key_of_{who}"
    answers = [
        await api.ask("GET", PATH, token=token),
        await api.ask("POST", PATH, token=token, json={"email": "fay@example.com"}),
        await api.ask("PATCH", f"{PATH}/{EVE}", token=token, json={"bio": "x"}),
        await api.ask("DELETE", f"{PATH}/{EVE}", token=token),
    ]
    assert [answer.status for answer in answers] == [403] * 4
    assert (await api.ask("GET", PATH)).status == 401


async def test_other_organizations_people_are_not_there(api: Asking) -> None:
    assert (await acme(api, "PATCH", f"/{ANA}", bio="x")).status == 404
    assert (await acme(api, "DELETE", f"/{ANA}")).status == 404


async def test_nobody_but_an_owner_makes_or_touches_owners(api: Asking) -> None:
    await add_boss(api)
    owner: dict[str, Any] = {"email": "fay@example.com", "organizationRole": "OWNER"}
    assert (await acme(api, "POST", **owner)).status == 403
    assert (await acme(api, "PATCH", f"/{BOSS}", email="mine@example.com")).status == 403
    assert (await acme(api, "DELETE", f"/{BOSS}")).status == 403
    assert (await api.ask("DELETE", f"{PATH}/{BOSS}", token="cal_key_of_boss")).status == 409
    assert (await api.ask("POST", PATH, token="cal_key_of_boss", json=owner)).status == 201
    assert (await api.ask("DELETE", f"{PATH}/{BOSS}", token="cal_key_of_boss")).status == 200


async def test_an_account_that_the_organization_made_ends_with_it(api: Asking) -> None:
    made = (await acme(api, "POST", email="fay@example.com")).data
    assert (await acme(api, "DELETE", f"/{made['id']}")).data == made
    assert (await acme(api, "POST", email="fay@example.com")).status == 201


async def test_the_address_of_an_account_of_somebodys_own_is_theirs(api: Asking) -> None:
    assert (await acme(api, "PATCH", f"/{DEE}", email="mine@example.com")).status == 403
    assert (await acme(api, "PATCH", f"/{DEE}", email="dee@example.com", bio="hello")).data["bio"] == "hello"


async def test_an_account_of_somebodys_own_goes_on(api: Asking) -> None:
    assert (await acme(api, "DELETE", f"/{EVE}")).data["id"] == EVE
    assert (await acme(api, "GET", "?emails=eve@example.com")).data == []
    assert (await api.slots(username="eve", eventTypeSlug="call")).status == 200


async def test_who_has_bookings_ahead_is_not_deleted(api: Asking) -> None:
    user_id = (await acme(api, "POST", email="fay@example.com")).data["id"]
    guest = {"email": "guest@example.org"}
    past = {"uid": "past", "start": "2020-09-07T07:00:00Z", "end": "2020-09-07T08:00:00Z"}
    ahead = {"uid": "ahead", "start": "2050-09-05T07:00:00Z", "end": "2050-09-05T08:00:00Z"}
    types = [{"id": 70, "slug": "fays", "lengthInMinutes": 60, "ownerId": user_id}]
    own = {"eventTypeId": 70, "userId": user_id, "attendees": [guest]}
    await api.add(eventTypes=types, bookings=[{**past, **own}, {**ahead, **own}])
    assert (await acme(api, "DELETE", f"/{user_id}")).status == 409
    assert len((await acme(api, "GET", "?emails=fay@example.com")).data) == 1


async def test_who_has_only_past_bookings_is_deleted_with_them(api: Asking) -> None:
    user_id = (await acme(api, "POST", email="fay@example.com")).data["id"]
    past = {"uid": "past", "start": "2020-09-07T07:00:00Z", "end": "2020-09-07T08:00:00Z"}
    types = [{"id": 70, "slug": "fays", "lengthInMinutes": 60, "ownerId": user_id}]
    booking = {**past, "eventTypeId": 70, "userId": user_id, "attendees": [{"email": "guest@example.org"}]}
    await api.add(eventTypes=types, bookings=[booking])
    assert (await acme(api, "DELETE", f"/{user_id}")).status == 200
    assert (await api.slots(eventTypeId=70)).status == 404


async def test_a_pod_that_died_after_making_an_account_leaves_one(api: Asking, dying: Asking, redis: Redis) -> None:
    more: dict[str, Any] = {"json": {"email": "fay@example.com"}, "headers": {"Idempotency-Key": "k", **ACME}}
    first = await dying.ask("POST", PATH, **more)
    await end_leases(redis)
    assert (await api.ask("POST", PATH, **more)).data == first.data
