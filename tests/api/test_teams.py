"""Teams, on their own and of organizations."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.api.asking import Answer, Asking
from tests.api.pods import end_leases
from tests.api.world import ANA, BEN

ACME = {"x-cal-client-id": "client-of-acme", "x-cal-secret-key": "secret-of-acme"}
BOSS = 6
DETAILS: dict[str, Any] = {
    "logoUrl": "https://example.com/logo.png",
    "bio": "We sell",
    "hideBranding": True,
    "metadata": {"region": "eu", "size": 5, "open": True},
    "timeZone": "Europe/Rome",
    "weekStart": "Monday",
}


async def ask(api: Asking, method: str, path: str = "/teams", *, who: str = "ana", **body: Any) -> Answer:
    more: dict[str, Any] = {"json": body} if body else {}
    return await api.ask(method, f"/v2{path}", token=f"cal_key_of_{who}", **more)


async def acme(api: Asking, method: str, path: str = "", **body: Any) -> Answer:
    """Ask as the organization's OAuth client."""
    more: dict[str, Any] = {"json": body} if body else {}
    return await api.ask(method, f"/v2/organizations/90/teams{path}", headers=ACME, **more)


async def add_boss(api: Asking) -> None:
    """Add somebody who runs the organization."""
    boss = {"id": BOSS, "username": "boss", "email": "boss@example.com", "timeZone": "UTC"}
    keys = [{"token": "cal_key_of_boss", "userId": BOSS}]
    await api.add(users=[boss], memberships=[{"userId": BOSS, "teamId": 90, "role": "ADMIN"}], apiKeys=keys)


# One's own -----------------------------------------------------------------------------------------------------------


async def test_a_team_comes_back_as_it_was_sent(api: Asking) -> None:
    answer = await ask(api, "POST", name="Sales", slug="sales", **DETAILS)
    assert answer.status == 201
    team = {"id": answer.data["id"], "name": "Sales", "slug": "sales", "isOrganization": False, **DETAILS}
    assert answer.data == team
    assert (await ask(api, "GET", f"/teams/{team['id']}")).data == team
    assert (await ask(api, "GET")).data[-1] == team


async def test_whoever_makes_a_team_owns_it(api: Asking) -> None:
    team_id = (await ask(api, "POST", name="Sales")).data["id"]
    (mine,) = (await ask(api, "GET", f"/teams/{team_id}/memberships")).data
    assert (mine["userId"], mine["role"], mine["accepted"]) == (ANA, "OWNER", True)


async def test_a_slug_is_made_of_the_name(api: Asking) -> None:
    first = (await ask(api, "POST", name="Équipe d'été")).data["slug"]
    second = (await ask(api, "POST", name="Équipe d'été")).data["slug"]
    assert first == "equipe-d-ete"
    assert second.startswith("equipe-d-ete-")
    assert (await ask(api, "POST", name="東京")).data["slug"] == "team"


async def test_a_slug_that_was_asked_for_must_be_free(api: Asking) -> None:
    assert (await ask(api, "POST", name="Crew", slug="crew")).status == 409
    team_id = (await ask(api, "POST", name="Other", slug="other")).data["id"]
    assert (await ask(api, "PATCH", f"/teams/{team_id}", slug="crew")).status == 409
    assert (await acme(api, "POST", name="Other", slug="other")).status == 201


async def test_what_a_patch_leaves_out_stays(api: Asking) -> None:
    before = (await ask(api, "POST", name="Sales", **DETAILS)).data
    changed = (await ask(api, "PATCH", f"/teams/{before['id']}", bio="We buy", slug="buyers")).data
    assert changed == {**before, "bio": "We buy", "slug": "buyers"}
    assert (await ask(api, "PATCH", f"/teams/{before['id']}", name="Buyers", bio=None)).data["bio"] == "We buy"


async def test_a_team_is_listed_for_its_accepted_members(api: Asking) -> None:
    ids = [[team["id"] for team in (await ask(api, "GET", who=who)).data] for who in ("ana", "clo", "eve")]
    assert ids == [[50], [], [51]]
    assert (await ask(api, "GET", "/teams?take=1&skip=1")).data == []


@pytest.mark.parametrize(("who", "status"), [("ana", 200), ("clo", 403), ("eve", 403)])
async def test_members_look_and_strangers_and_the_invited_do_not(api: Asking, who: str, status: int) -> None:
    assert (await ask(api, "GET", "/teams/50", who=who)).status == status


async def test_members_change_nothing_and_only_owners_end_a_team(api: Asking) -> None:
    assert (await ask(api, "PATCH", "/teams/50", name="Mine")).status == 403
    assert (await ask(api, "DELETE", "/teams/50")).status == 403
    await add_boss(api)
    await api.add(memberships=[{"userId": BOSS, "teamId": 50, "role": "ADMIN"}])
    assert (await ask(api, "PATCH", "/teams/50", who="boss", name="Ours")).data["name"] == "Ours"
    assert (await ask(api, "DELETE", "/teams/50", who="boss")).status == 403


async def test_a_team_goes_with_its_event_types_and_its_bookings_stay(api: Asking) -> None:
    await add_boss(api)
    booking = {"uid": "b", "eventTypeId": 20, "userId": ANA, "attendees": [{"email": "guest@example.org"}]}
    times = {"start": "2050-09-05T07:00:00Z", "end": "2050-09-05T08:00:00Z"}
    await api.add(memberships=[{"userId": BOSS, "teamId": 50, "role": "OWNER"}], bookings=[{**booking, **times}])
    assert (await ask(api, "DELETE", "/teams/50", who="boss")).data["slug"] == "crew"
    assert (await ask(api, "GET", "/teams/50", who="boss")).status == 403
    assert (await api.slots(eventTypeId=20)).status == 404
    assert "07:00" not in await api.starts(10)


@pytest.mark.parametrize(
    "limits", [{"PER_DAY": 1}, '{"PER_DAY": 1}'], ids=["an object", "a text, as in the peer's schema"]
)
async def test_a_teams_limit_holds_for_all_its_event_types(api: Asking, limits: object) -> None:
    await add_boss(api)
    booking = {"uid": "b", "eventTypeId": 20, "userId": ANA, "attendees": [{"email": "guest@example.org"}]}
    times = {"start": "2050-09-05T07:00:00Z", "end": "2050-09-05T08:00:00Z"}
    await api.add(memberships=[{"userId": BOSS, "teamId": 50, "role": "OWNER"}], bookings=[{**booking, **times}])
    assert len(await api.starts(20)) == 7
    assert (await ask(api, "PATCH", "/teams/50", who="boss", bookingLimits=limits)).status == 200
    assert await api.starts(20) == []
    assert (await ask(api, "PATCH", "/teams/50", who="boss", bookingLimits={})).status == 200
    assert len(await api.starts(20)) == 7


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a\0"}, "name"),
        ({"name": "a", "slug": "Not Kebab"}, "slug"),
        ({"name": "a", "timeZone": "Mars/Base"}, "timeZone"),
        ({"name": "a", "weekStart": "Someday"}, "weekStart"),
        ({"name": "a", "metadata": {str(i): "" for i in range(51)}}, "metadata"),
        ({"name": "a", "metadata": {"k": "v" * 501}}, "metadata"),
        ({"name": "a", "isPrivate": "yes"}, "isPrivate"),
        ({"name": "a", "logoUrl": "x" * 2_001}, "logoUrl"),
    ],
)
async def test_what_is_wrong_with_a_team(api: Asking, body: dict[str, Any], field: str) -> None:
    answer = await api.ask("POST", "/v2/teams", token="cal_key_of_ana", json=body)
    assert answer.status == 400
    assert any(error["property"].startswith(field) for error in answer.body["error"]["details"]["errors"])


@pytest.mark.parametrize("limits", ["{", "[]", {"PER_DAY": 0}, {"PER_HOUR": 1}, {"PER_DAY": "many"}])
async def test_limits_that_mean_nothing(api: Asking, limits: object) -> None:
    team_id = (await ask(api, "POST", name="Sales")).data["id"]
    assert (await ask(api, "PATCH", f"/teams/{team_id}", bookingLimits=limits)).status == 400


async def test_a_team_needs_a_person(api: Asking) -> None:
    assert (await api.ask("POST", "/v2/teams", json={"name": "a"})).status == 401
    assert (await api.ask("POST", "/v2/teams", json={"name": "a"}, headers=ACME)).status == 403
    assert (await api.ask("GET", "/v2/teams/x", token="cal_key_of_ana")).status == 400


async def test_a_pod_that_died_after_making_one_leaves_one(api: Asking, dying: Asking, redis: Redis) -> None:
    more: dict[str, Any] = {"json": {"name": "Sales"}, "headers": {"Idempotency-Key": "k"}, "token": "cal_key_of_ana"}
    first = await dying.ask("POST", "/v2/teams", **more)
    await end_leases(redis)
    assert (await api.ask("POST", "/v2/teams", **more)).data == first.data
    assert len((await ask(api, "GET")).data) == 2


async def test_of_two_who_want_one_slug_one_gets_it(api: Asking) -> None:
    answers = await asyncio.gather(*(ask(api, "POST", name="Sales", slug="sales") for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [201] + [409] * 7


# Of an organization --------------------------------------------------------------------------------------------------


async def test_who_runs_an_organization_keeps_its_teams(api: Asking) -> None:
    await add_boss(api)
    made = (await ask(api, "POST", "/organizations/90/teams", who="boss", name="Support")).data
    assert (made["parentId"], made["slug"]) == (90, "support")
    assert [team["id"] for team in (await acme(api, "GET")).data] == [51, made["id"]]
    assert [t["id"] for t in (await ask(api, "GET", "/organizations/90/teams/me", who="boss")).data] == [made["id"]]
    assert (await acme(api, "PATCH", f"/{made['id']}", bio="Helps")).data["bio"] == "Helps"
    assert (await acme(api, "GET", f"/{made['id']}")).data["bio"] == "Helps"
    assert (await acme(api, "DELETE", f"/{made['id']}")).data["id"] == made["id"]
    assert (await acme(api, "GET", f"/{made['id']}")).status == 403


async def test_a_team_that_a_client_makes_has_no_members_yet(api: Asking) -> None:
    team_id = (await acme(api, "POST", name="Support")).data["id"]
    assert (await acme(api, "GET", f"/{team_id}/memberships")).data == []


async def test_members_of_an_organization_see_its_teams_and_strangers_do_not(api: Asking) -> None:
    paths = [("dee", 200), ("ben", 403)]
    for who, status in paths:
        assert (await ask(api, "GET", "/organizations/90/teams", who=who)).status == status
        assert (await ask(api, "POST", "/organizations/90/teams", who=who, name="x")).status == 403


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_a_team_of_nobody_is_not_an_organizations(api: Asking, method: str) -> None:
    team_id = (await ask(api, "POST", name="Mine")).data["id"]
    body = {"name": "x"} if method == "PATCH" else {}
    assert (await ask(api, method, f"/organizations/90/teams/{team_id}", **body)).status == 404
    assert (await acme(api, method, f"/{team_id}", **body)).status == 403


async def test_ben_is_no_admin_of_his_own_making(api: Asking) -> None:
    assert (await ask(api, "PATCH", "/organizations/90/teams/51", who="ben", name="x")).status == 403
    assert BEN not in {member["userId"] for member in (await acme(api, "GET", "/51/memberships")).data}
