"""Who belongs to teams and organizations."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.api.asking import Answer, Asking
from tests.api.pods import end_leases
from tests.api.world import ANA, BEN, CLO, DEE, EVE, hours

ACME = {"x-cal-client-id": "client-of-acme", "x-cal-secret-key": "secret-of-acme"}
BOSS, CHIEF = 6, 7
TEAM, BRANCH, ORGANIZATION = "/teams/50", "/organizations/90/teams/51", "/organizations/90"


async def ask(api: Asking, method: str, path: str, *, who: str = "boss", **body: Any) -> Answer:
    more: dict[str, Any] = {"json": body} if body else {}
    group, _, rest = path.partition("#")
    return await api.ask(method, f"/v2{group}/memberships{rest}", token=f"cal_key_of_{who}", **more)


async def acme(api: Asking, method: str, path: str, **body: Any) -> Answer:
    """Ask as the organization's OAuth client."""
    more: dict[str, Any] = {"json": body} if body else {}
    return await api.ask(method, f"/v2{path}", headers=ACME, **more)


async def ids(api: Asking, path: str, who: str = "boss") -> dict[int, int]:
    """Membership ids by user."""
    return {one["userId"]: one["id"] for one in (await ask(api, "GET", path, who=who)).data}


@pytest.fixture(autouse=True)
async def _those_who_run_it(api: Asking) -> None:
    """The boss owns team 50 and the organization; the chief is admin of both."""
    people = ((BOSS, "boss", "OWNER"), (CHIEF, "chief", "ADMIN"))
    await api.add(
        users=[{"id": i, "username": n, "email": f"{n}@example.com", "timeZone": "UTC"} for i, n, _ in people],
        memberships=[{"userId": i, "teamId": group, "role": role} for i, _, role in people for group in (50, 90)],
        apiKeys=[{"token": f"cal_key_of_{name}", "userId": user_id} for user_id, name, _ in people],
    )


# Looking -------------------------------------------------------------------------------------------------------------


async def test_a_membership_is_told_with_its_member(api: Asking) -> None:
    found = (await ask(api, "GET", TEAM)).data
    assert [one["userId"] for one in found] == [ANA, BEN, CLO, BOSS, CHIEF]
    assert found[0] == {
        "id": found[0]["id"],
        "userId": ANA,
        "teamId": 50,
        "accepted": True,
        "role": "MEMBER",
        "disableImpersonation": False,
        "user": {
            "avatarUrl": None,
            "username": "ana",
            "name": None,
            "email": "ana@example.com",
            "bio": None,
            "metadata": {},
        },
    }
    assert (await ask(api, "GET", f"{TEAM}#/{found[0]['id']}")).data == found[0]


async def test_an_invitation_shows_nobodys_address_nor_life(api: Asking) -> None:
    about = {"bio": "I paint", "metadata": {"customer": "7"}}
    assert (await api.ask("PATCH", "/v2/me", token="cal_key_of_clo", json=about)).status == 200
    (invited,) = [one for one in (await ask(api, "GET", TEAM)).data if one["userId"] == CLO]
    shown = invited["user"]
    assert (invited["accepted"], shown["email"], shown["bio"], shown["metadata"]) == (False, None, None, {})
    await ask(api, "PATCH", f"{TEAM}#/{invited['id']}", who="clo", accepted=True)
    shown = (await ask(api, "GET", f"{TEAM}#/{invited['id']}")).data["user"]
    assert (shown["bio"], shown["metadata"]) == ("I paint", {"customer": "7"})


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("take=2", [ANA, BEN]),
        ("take=2&skip=1", [BEN, CLO]),
        ("emails=BEN@example.com,boss@example.com", [BEN, BOSS]),
        ("emails=ben@example.com&emails=ana@example.com", [ANA, BEN]),
        ("emails=clo@example.com", []),
    ],
)
async def test_parts_of_a_list(api: Asking, query: str, found: list[int]) -> None:
    assert [one["userId"] for one in (await ask(api, "GET", f"{TEAM}#?{query}")).data] == found


@pytest.mark.parametrize("query", ["take=0", "take=251", "skip=-1", "emails=" + ",".join("a" * 21), "emails="])
async def test_lists_that_cannot_be(api: Asking, query: str) -> None:
    assert (await ask(api, "GET", f"{TEAM}#?{query}")).status == 400


@pytest.mark.parametrize("group", [TEAM, ORGANIZATION, BRANCH])
@pytest.mark.parametrize("who", ["ana", "eve"])
async def test_only_who_runs_it_sees_all_members(api: Asking, group: str, who: str) -> None:
    assert (await ask(api, "GET", group, who=who)).status == 403
    assert (await ask(api, "POST", group, who=who, userId=DEE)).status == 403
    assert (await api.ask("GET", f"/v2{group}/memberships")).status == 401


async def test_everybody_sees_their_own(api: Asking) -> None:
    found = await ids(api, TEAM)
    assert (await ask(api, "GET", f"{TEAM}#/{found[ANA]}", who="ana")).data["userId"] == ANA
    assert (await ask(api, "GET", f"{TEAM}#/{found[BEN]}", who="ana")).status == 403
    assert (await ask(api, "GET", f"{TEAM}#/9999", who="ana")).status == 403
    assert (await ask(api, "GET", f"{TEAM}#/9999")).status == 404
    assert (await ask(api, "GET", f"{ORGANIZATION}#/{found[ANA]}")).status == 404


# Taking in -----------------------------------------------------------------------------------------------------------


async def test_strangers_are_invited_and_accept_themselves(api: Asking) -> None:
    made = await ask(api, "POST", BRANCH, userId=DEE, accepted=True, role="ADMIN", disableImpersonation=True)
    assert made.status == 201
    invited = (made.data["accepted"], made.data["role"], made.data["disableImpersonation"])
    assert invited == (True, "ADMIN", True), "the boss runs the organization that Dee belongs to"
    elsewhere = await ask(api, "POST", TEAM, userId=DEE, accepted=True)
    assert elsewhere.data["accepted"] is False, "the team is none of the organization's"
    stranger = (await ask(api, "POST", ORGANIZATION, userId=ANA, accepted=True)).data
    assert (stranger["accepted"], stranger["user"]["email"], stranger["attributes"]) == (False, None, [])
    path = f"{ORGANIZATION}#/{stranger['id']}"
    assert (await ask(api, "PATCH", path, accepted=True)).status == 403
    assert (await ask(api, "PATCH", path, who="ana", role="ADMIN")).status == 403
    assert (await ask(api, "PATCH", path, who="ana", accepted=True)).data["user"]["email"] == "ana@example.com"


async def test_who_belongs_to_an_organization_has_a_name_in_it(api: Asking) -> None:
    """Another Ana has that name there already."""
    stranger = (await ask(api, "POST", ORGANIZATION, userId=BEN)).data
    assert (await api.slots(username="ben", eventTypeSlug="buffered", organizationSlug="acme")).status == 404
    await ask(api, "PATCH", f"{ORGANIZATION}#/{stranger['id']}", who="ben", accepted=True)
    assert (await api.slots(username="ben", eventTypeSlug="buffered", organizationSlug="acme")).status == 200
    second = (await ask(api, "POST", ORGANIZATION, userId=ANA)).data
    await ask(api, "PATCH", f"{ORGANIZATION}#/{second['id']}", who="ana", accepted=True)
    names = {user["profile"]["username"] for user in (await acme(api, "GET", f"{ORGANIZATION}/users")).data}
    assert {"ana", "ben"} < names
    assert any(name.startswith("ana-") for name in names if name)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"userId": ANA}, 409),
        ({"userId": CLO}, 409),
        ({"userId": 999}, 404),
        ({}, 400),
        ({"userId": "1"}, 400),
        ({"userId": 2**40}, 400),
        ({"userId": DEE, "role": "KING"}, 400),
        ({"userId": DEE, "accepted": "yes"}, 400),
    ],
)
async def test_who_cannot_be_taken_in(api: Asking, body: dict[str, Any], status: int) -> None:
    answer = await api.ask("POST", "/v2/teams/50/memberships", token="cal_key_of_boss", json=body)
    assert answer.status == status


async def test_a_pod_that_died_after_taking_somebody_in_leaves_one(api: Asking, dying: Asking, redis: Redis) -> None:
    more: dict[str, Any] = {"json": {"userId": DEE}, "headers": {"Idempotency-Key": "k"}, "token": "cal_key_of_boss"}
    first = await dying.ask("POST", "/v2/teams/50/memberships", **more)
    await end_leases(redis)
    assert (await api.ask("POST", "/v2/teams/50/memberships", **more)).data == first.data


async def test_a_client_takes_in_who_belongs_to_its_organization(api: Asking) -> None:
    made = await acme(api, "POST", f"{BRANCH}/memberships", userId=DEE, accepted=True)
    assert (made.status, made.data["accepted"]) == (201, True)
    assert (await acme(api, "POST", f"{ORGANIZATION}/memberships", userId=ANA, role="OWNER")).status == 403
    assert (await acme(api, "POST", f"{TEAM}/memberships", userId=DEE)).status == 403


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_a_team_of_nobody_is_not_an_organizations(api: Asking, method: str) -> None:
    membership_id = (await ids(api, TEAM))[ANA]
    body = {"role": "ADMIN"} if method == "PATCH" else {}
    assert (await ask(api, method, f"/organizations/90/teams/50#/{membership_id}", **body)).status == 404
    assert (await ask(api, "POST", "/organizations/90/teams/50", userId=DEE)).status == 404


async def test_who_accepts_is_among_all_members_of_an_event_type_at_once(api: Asking) -> None:
    everybody = {"id": 60, "slug": "all", "lengthInMinutes": 60, "teamId": 50, "schedulingType": "collective"}
    guest = {"email": "guest@example.org"}
    times = {"start": "2050-09-05T07:00:00Z", "end": "2050-09-05T08:00:00Z"}
    await api.add(
        eventTypes=[{**everybody, "assignAllTeamMembers": True}],
        schedules=[{**hours(300, BOSS), "isDefault": True}, {**hours(301, CHIEF), "isDefault": True}],
        bookings=[{"uid": "b", "eventTypeId": 14, "userId": CLO, "attendees": [guest], **times}],
    )
    assert (await api.starts(60))[0] == "07:00"
    path = f"{TEAM}#/{(await ids(api, TEAM))[CLO]}"
    assert (await ask(api, "PATCH", path, who="clo", accepted=True)).status == 200
    assert (await api.starts(60))[0] == "08:00"
    assert (await ask(api, "PATCH", path, who="clo", accepted=False)).status == 200
    assert (await api.starts(60))[0] == "07:00"


async def test_many_who_bear_one_name_join_at_once(api: Asking) -> None:
    """Another Ana has that name there; every one after her gets an ending."""
    invited = (await ask(api, "POST", ORGANIZATION, userId=ANA)).data["id"]
    new = [{"email": f"a{number}@example.com", "username": "anna"} for number in range(3)]
    answers = await asyncio.gather(
        ask(api, "PATCH", f"{ORGANIZATION}#/{invited}", who="ana", accepted=True),
        *(acme(api, "POST", f"{ORGANIZATION}/users", **one) for one in new),
    )
    assert sorted(answer.status for answer in answers) == [200, 201, 409, 409]


async def test_who_joins_a_team_gets_their_own_of_what_is_assigned_to_all(api: Asking) -> None:
    """Clo has a "rare" event type already."""
    managed = {"lengthInMinutes": 30, "schedulingType": "managed", "assignAllTeamMembers": True}
    for slug in ("weekly", "rare"):
        body = {"title": slug, "slug": slug, **managed}
        made = await api.ask("POST", "/v2/teams/50/event-types", token="cal_key_of_boss", json=body)
        assert made.status == 201
    assert (await api.slots(username="clo", eventTypeSlug="weekly")).status == 404
    path = f"{TEAM}#/{(await ids(api, TEAM))[CLO]}"
    assert (await ask(api, "PATCH", path, who="clo", accepted=True)).status == 200
    assert (await api.slots(username="clo", eventTypeSlug="weekly")).status == 200
    assert (await api.slots(eventTypeId=14)).status == 200
    assert (await ask(api, "DELETE", path, who="clo")).status == 200
    assert (await api.slots(username="clo", eventTypeSlug="weekly")).status == 404


async def test_the_invited_find_their_invitation(api: Asking) -> None:
    for path in (TEAM, ORGANIZATION):
        await ask(api, "POST", path, userId=EVE)
    assert [one["userId"] for one in (await ask(api, "GET", TEAM, who="eve")).data] == [EVE]
    (invitation,) = (await ask(api, "GET", TEAM, who="clo")).data
    assert (await ask(api, "PATCH", f"{TEAM}#/{invitation['id']}", who="clo", accepted=True)).status == 200
    assert (await ask(api, "GET", TEAM, who="clo")).status == 403


async def test_a_team_of_an_organization_takes_in_its_people_alone(api: Asking) -> None:
    assert (await ask(api, "POST", BRANCH, userId=BEN)).status == 422
    assert (await ask(api, "POST", "/teams/51", userId=BEN)).status == 422
    assert (await ask(api, "POST", BRANCH, userId=DEE)).status == 201
    await api.add(memberships=[{"userId": BEN, "teamId": 51, "accepted": False}])
    path = f"{BRANCH}#/{(await ids(api, BRANCH))[BEN]}"
    assert (await ask(api, "PATCH", path, who="ben", accepted=True)).status == 422


async def test_a_managed_user_is_a_mere_member_of_an_organization(api: Asking) -> None:
    """Their client is an admin there, and acts as them."""
    body = {"email": "alice@example.com", "name": "Alice"}
    made = (await acme(api, "POST", "/oauth-clients/client-of-acme/users", **body)).data["user"]["id"]
    path = f"{ORGANIZATION}#/{(await ids(api, ORGANIZATION))[made]}"
    for role in ("OWNER", "ADMIN"):
        assert (await ask(api, "PATCH", path, role=role)).status == 403
    assert (await ask(api, "PATCH", path, disableImpersonation=True)).status == 200
    assert (await ask(api, "DELETE", path)).status == 200
    assert (await ask(api, "POST", ORGANIZATION, userId=made, role="ADMIN")).status == 403
    assert (await ask(api, "POST", ORGANIZATION, userId=made, accepted=True)).status == 201
    assert (await ask(api, "POST", TEAM, userId=made, role="ADMIN")).status == 201


# Roles ---------------------------------------------------------------------------------------------------------------


async def test_only_an_owner_makes_and_removes_owners(api: Asking) -> None:
    found = await ids(api, TEAM)
    ana, boss = f"{TEAM}#/{found[ANA]}", f"{TEAM}#/{found[BOSS]}"
    assert (await ask(api, "PATCH", ana, who="chief", role="ADMIN")).data["role"] == "ADMIN"
    assert (await ask(api, "PATCH", ana, who="chief", role="OWNER")).status == 403
    assert (await ask(api, "POST", TEAM, who="chief", userId=DEE, role="OWNER")).status == 403
    assert (await ask(api, "PATCH", boss, who="chief", role="MEMBER")).status == 403
    assert (await ask(api, "DELETE", boss, who="chief")).status == 403
    assert (await ask(api, "PATCH", ana, who="boss", role="OWNER")).data["role"] == "OWNER"
    assert (await ask(api, "DELETE", boss, who="ana")).status == 200
    assert (await ask(api, "GET", TEAM, who="boss")).status == 403


@pytest.mark.parametrize("group", [TEAM, ORGANIZATION])
async def test_the_last_owner_stays(api: Asking, group: str) -> None:
    path = f"{group}#/{(await ids(api, group))[BOSS]}"
    assert (await ask(api, "DELETE", path)).status == 409
    assert (await ask(api, "PATCH", path, role="ADMIN")).status == 409
    assert (await ask(api, "PATCH", path, accepted=False)).status == 409
    assert (await ask(api, "PATCH", path, disableImpersonation=True)).data["disableImpersonation"] is True


async def test_of_owners_who_leave_all_at_once_one_stays(api: Asking) -> None:
    found = await ids(api, TEAM)
    owners = {BOSS: "boss", CHIEF: "chief", ANA: "ana", BEN: "ben"}
    for user_id in owners:
        await ask(api, "PATCH", f"{TEAM}#/{found[user_id]}", role="OWNER")
    leave = (ask(api, "DELETE", f"{TEAM}#/{found[user_id]}", who=who) for user_id, who in owners.items())
    assert sorted(answer.status for answer in await asyncio.gather(*leave)) == [200, 200, 200, 409]


async def test_who_runs_an_organization_is_not_above_its_owner(api: Asking) -> None:
    found = await ids(api, ORGANIZATION)
    await ask(api, "PATCH", f"{ORGANIZATION}#/{found[DEE]}", role="OWNER")
    boss = f"{ORGANIZATION}#/{found[BOSS]}"
    assert (await ask(api, "DELETE", boss, who="chief")).status == 403
    assert (await ask(api, "PATCH", boss, who="chief", accepted=False)).status == 403
    assert (await acme(api, "DELETE", f"{ORGANIZATION}/memberships/{found[BOSS]}")).status == 403
    assert (await ask(api, "DELETE", boss, who="dee")).status == 200


async def test_who_runs_an_organization_speaks_for_its_members_there_alone(api: Asking) -> None:
    """Dee is a member of the organization, and runs another one."""
    await api.add(
        organizations=[{"id": 91, "slug": "umbra"}],
        memberships=[
            {"userId": DEE, "teamId": 91, "role": "ADMIN"},
            {"userId": DEE, "teamId": 50},
            {"userId": EVE, "teamId": 91, "accepted": False},
        ],
    )
    elsewhere = await ids(api, "/organizations/91", who="dee")
    for method, body in (("GET", {}), ("PATCH", {"disableImpersonation": True}), ("DELETE", {})):
        path = f"/organizations/91#/{elsewhere[DEE]}"
        assert (await ask(api, method, path, who="chief", **body)).status == 403
        in_team = f"/teams/50/memberships/{(await ids(api, TEAM))[DEE]}"
        assert (await acme(api, method, in_team, **body)).status == 403
    invitation = f"/organizations/91#/{elsewhere[EVE]}"
    assert (await ask(api, "PATCH", invitation, who="chief", accepted=True)).status == 403
    assert (await ask(api, "PATCH", invitation, who="eve", accepted=True)).status == 200


# Leaving -------------------------------------------------------------------------------------------------------------


async def test_who_leaves_a_team_hosts_its_event_types_no_more(api: Asking) -> None:
    assert (await api.reserve(21, "07:00")).status == 201
    assert (await api.reserve(21, "07:00")).status == 201
    membership_id = (await ids(api, TEAM))[BEN]
    assert (await ask(api, "DELETE", f"{TEAM}#/{membership_id}", who="ben")).data["userId"] == BEN
    assert (await api.reserve(21, "08:00")).status == 201
    assert (await api.reserve(21, "08:00")).status == 422
    assert "08:00" not in await api.starts(21)
    assert len(await api.starts(13)) > 0
    assert BEN not in await ids(api, TEAM)


async def test_who_leaves_an_organization_leaves_its_teams_and_its_names(api: Asking) -> None:
    membership = (await acme(api, "POST", f"{ORGANIZATION}/memberships", userId=EVE, accepted=True)).data
    assert EVE in await ids(api, BRANCH)
    assert (await acme(api, "DELETE", f"{ORGANIZATION}/memberships/{membership['id']}")).status == 200
    assert EVE not in await ids(api, BRANCH)
    assert (await api.slots(username="ana", eventTypeSlug="call", organizationSlug="acme")).status == 404
    assert (await api.slots(username="eve", eventTypeSlug="call")).status == 200
    assert len(await api.starts(31)) == 8


async def test_an_invitation_that_is_given_back_is_gone(api: Asking) -> None:
    membership_id = (await ids(api, TEAM))[CLO]
    assert (await ask(api, "DELETE", f"{TEAM}#/{membership_id}", who="clo")).status == 200
    assert (await ask(api, "DELETE", f"{TEAM}#/{membership_id}", who="clo")).status == 403
