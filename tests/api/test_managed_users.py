"""The users of OAuth clients, and their tokens."""

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.api.asking import Answer, Asking
from tests.api.world import ANA, BEN, WEEKDAYS

ACME, OF_ANA = "client-of-acme", "client-of-ana"
SECRETS = {ACME: "secret-of-acme", OF_ANA: "secret-of-ana"}
MINUTE_MS, DAY_MS = 60_000, 24 * 60 * 60_000


async def ask(api: Asking, method: str, path: str = "/users", *, client: str = ACME, **body: Any) -> Answer:
    more: dict[str, Any] = {"json": body} if body else {}
    headers = {"x-cal-secret-key": SECRETS[client], "cal-api-version": ""}
    return await api.ask(method, f"/v2/oauth-clients/{client}{path}", headers=headers, **more)


async def create(api: Asking, *, client: str = ACME, **fields: Any) -> Answer:
    return await ask(api, "POST", client=client, **{"email": "alice@example.com", "name": "Alice Smith", **fields})


async def exchange(api: Asking, token: str, *, client: str = ACME) -> Answer:
    headers = {"x-cal-secret-key": SECRETS[client]}
    return await api.ask("POST", f"/v2/oauth/{client}/refresh", json={"refreshToken": token}, headers=headers)


async def status(api: Asking, token: str) -> int:
    """What a token opens."""
    return (await api.ask("GET", "/v2/schedules", token=token)).status


async def run(api: Asking, statement: str) -> None:
    connection = await asyncpg.connect(api.urls.database)
    await connection.execute(statement)
    await connection.close()


async def test_names_are_made_and_make_way(api: Asking) -> None:
    """These addresses all make the same name."""
    addresses = [f"a{first}b{second}c@example.com" for first in ".-_+" for second in ".-_"]
    answers = await asyncio.gather(*(create(api, client=OF_ANA, email=address) for address in addresses))
    assert len({answer.data["user"]["username"] for answer in answers}) == len(addresses)


# Users ---------------------------------------------------------------------------------------------------------------


async def test_a_user_comes_back_as_they_were_sent(api: Asking) -> None:
    sent: dict[str, Any] = {
        "timeFormat": 24,
        "weekStart": "Monday",
        "timeZone": "America/New_York",
        "locale": "en",
        "avatarUrl": "https://example.com/alice.png",
        "bio": "I sell",
        "metadata": {"customer": "7"},
    }
    answer = await create(api, **sent)
    assert answer.status == 201
    user = answer.data["user"]
    assert user == {
        **sent,
        "id": user["id"],
        "email": "alice+client-of-acme@example.com",
        "username": "alice-client-of-acme-example-com",
        "name": "Alice Smith",
        "createdDate": user["createdDate"],
        "defaultScheduleId": user["defaultScheduleId"],
    }
    assert (await ask(api, "GET", f"/users/{user['id']}")).data == user
    assert (await ask(api, "GET")).data == [user]


async def test_a_zone_brings_office_hours_in_it(api: Asking) -> None:
    made = (await create(api, timeZone="America/New_York")).data
    (schedule,) = (await api.ask("GET", "/v2/schedules", token=made["accessToken"])).data
    assert (schedule["timeZone"], schedule["isDefault"]) == ("America/New_York", True)
    assert schedule["availability"] == [{"days": WEEKDAYS, "startTime": "09:00", "endTime": "17:00"}]
    assert made["user"]["defaultScheduleId"] == schedule["id"]
    without = (await create(api, email="bob@example.com")).data
    assert (without["user"]["timeZone"], without["user"]["defaultScheduleId"]) == ("Europe/London", None)
    assert (await api.ask("GET", "/v2/schedules", token=without["accessToken"])).data == []


async def test_each_client_may_have_one_of_the_same_address(api: Asking) -> None:
    assert (await create(api)).status == 201
    assert (await create(api)).status == 409
    assert (await create(api, email="ALICE@example.com")).status == 409
    assert (await create(api, client=OF_ANA)).status == 201


async def test_a_user_of_an_organizations_client_belongs_to_it(api: Asking) -> None:
    """So that whoever runs it may write their schedules, and take them into teams at once."""
    headers = {"x-cal-client-id": ACME, "x-cal-secret-key": SECRETS[ACME]}
    user_id = (await create(api, timeZone="Europe/Rome")).data["user"]["id"]
    schedules = await api.ask("GET", f"/v2/organizations/90/users/{user_id}/schedules", headers=headers)
    assert len(schedules.data) == 1
    body = {"userId": user_id, "accepted": True}
    joined = await api.ask("POST", "/v2/organizations/90/teams/51/memberships", headers=headers, json=body)
    assert joined.data["accepted"] is True
    assert (await api.ask("GET", "/v2/organizations/90/users", headers=headers)).data[-1]["id"] == user_id


async def test_default_event_types_can_be_held_at_once(api: Asking) -> None:
    await run(api, """UPDATE oauth_clients SET details = '{"areDefaultEventTypesEnabled": true}'""")
    made = (await create(api, client=OF_ANA, timeZone="UTC")).data
    for slug in ("thirty-minutes", "sixty-minutes"):
        found = await api.slots(username=made["user"]["username"], eventTypeSlug=slug)
        assert found.data["2050-09-05"][0] == {"start": "2050-09-05T09:00:00.000Z"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["alice", "bob"]),
        ("?limit=1", ["alice"]),
        ("?offset=1", ["bob"]),
        ("?emails=bob@example.com", ["bob"]),
        ("?emails=BOB%2Bclient-of-acme@example.com,alice@example.com", ["alice", "bob"]),
        ("?emails=ana@example.com", []),
    ],
)
async def test_parts_of_a_list(api: Asking, query: str, found: list[str]) -> None:
    for name in ("alice", "bob"):
        await create(api, email=f"{name}@example.com", name=name)
    assert [user["name"] for user in (await ask(api, "GET", f"/users{query}")).data] == found


@pytest.mark.parametrize("query", ["limit=0", "limit=251", "offset=-1", "emails=" + ",".join("a" * 21)])
async def test_lists_that_cannot_be(api: Asking, query: str) -> None:
    assert (await ask(api, "GET", f"/users?{query}")).status == 400


async def test_what_a_patch_leaves_out_stays(api: Asking) -> None:
    before = (await create(api, bio="I sell", metadata={"a": "1"})).data["user"]
    path = f"/users/{before['id']}"
    changed = (await ask(api, "PATCH", path, email="al@example.com", timeZone="Asia/Tokyo")).data
    assert changed == {**before, "email": "al+client-of-acme@example.com", "timeZone": "Asia/Tokyo"}
    assert (await ask(api, "PATCH", path, defaultScheduleId=101)).status == 403
    await create(api, email="bob@example.com")
    assert (await ask(api, "PATCH", path, email="bob@example.com")).status == 409


async def test_a_deleted_user_is_gone_with_their_tokens(api: Asking) -> None:
    made = (await create(api)).data
    assert (await ask(api, "DELETE", f"/users/{made['user']['id']}")).data == made["user"]
    assert (await ask(api, "GET", f"/users/{made['user']['id']}")).status == 404
    assert await status(api, made["accessToken"]) == 401
    assert (await create(api)).status == 201


async def test_who_has_bookings_ahead_is_not_deleted(api: Asking) -> None:
    user_id = (await create(api)).data["user"]["id"]
    times = {"start": "2050-09-05T07:00:00Z", "end": "2050-09-05T08:00:00Z"}
    guest = [{"email": "guest@example.org"}]
    types = [{"id": 70, "slug": "alices", "lengthInMinutes": 60, "ownerId": user_id}]
    await api.add(
        eventTypes=types, bookings=[{"uid": "b", "eventTypeId": 70, "userId": user_id, "attendees": guest, **times}]
    )
    assert (await ask(api, "DELETE", f"/users/{user_id}")).status == 409
    assert (await ask(api, "GET", f"/users/{user_id}")).status == 200


async def test_who_is_deleted_leaves_no_team_without_an_owner(api: Asking) -> None:
    made = (await create(api)).data
    token, user_id = made["accessToken"], made["user"]["id"]
    alone = (await api.ask("POST", "/v2/teams", token=token, json={"name": "alone"})).data["id"]
    shared = (await api.ask("POST", "/v2/teams", token=token, json={"name": "shared"})).data["id"]
    await api.add(memberships=[{"userId": ANA, "teamId": shared}])
    assert (await ask(api, "DELETE", f"/users/{user_id}")).status == 409
    await api.add(memberships=[{"userId": BEN, "teamId": shared, "role": "OWNER"}])
    assert (await ask(api, "DELETE", f"/users/{user_id}")).status == 200
    connection = await asyncpg.connect(api.urls.database)
    assert not await connection.fetchval("SELECT count(*) FROM teams WHERE id = $1", alone)
    assert await connection.fetchval("SELECT count(*) FROM teams WHERE id = $1", shared)
    await connection.close()


async def test_bookings_that_others_hosted_too_stay_theirs(api: Asking) -> None:
    user_id = (await create(api, timeZone="Europe/Rome")).data["user"]["id"]
    await api.add(memberships=[{"userId": user_id, "teamId": 50}])
    hosts = [{"userId": user_id}, {"userId": ANA}]
    both = {"id": 80, "slug": "we", "lengthInMinutes": 60, "teamId": 50, "schedulingType": "collective"}
    own = {"id": 81, "slug": "mine", "lengthInMinutes": 60, "ownerId": user_id}
    await api.add(eventTypes=[{**both, "hosts": hosts}, own])
    uids = []
    for event_type_id, hour in ((80, "09"), (81, "11")):
        body = {
            "eventTypeId": event_type_id,
            "start": f"2050-09-05T{hour}:00:00Z",
            "attendee": {"name": "Mia", "email": "mia@example.org", "timeZone": "UTC"},
        }
        uids.append((await api.ask("POST", "/v2/bookings", json=body)).data["uid"])
    await run(api, "UPDATE bookings SET starts_at = starts_at - interval '40 years'")
    await run(api, "UPDATE bookings SET ends_at = ends_at - interval '40 years'")
    assert (await ask(api, "DELETE", f"/users/{user_id}")).status == 200
    left = (await api.ask("GET", "/v2/bookings", token="cal_key_of_ana")).data
    assert [(one["uid"], [host["id"] for host in one["hosts"]]) for one in left] == [(uids[0], [ANA])]
    assert (await api.ask("GET", f"/v2/bookings/{uids[1]}")).status == 404


async def invite(api: Asking, user_id: int) -> Answer:
    path = "/v2/organizations/90/memberships"
    return await api.ask("POST", path, json={"userId": user_id}, token="cal_key_of_ana")


@pytest.fixture
async def someone(api: Asking) -> dict[str, Any]:
    """Ana owns the organization; whom her client has made is invited to it, and has a key."""
    await api.add(memberships=[{"userId": ANA, "teamId": 90, "role": "OWNER"}])
    made: dict[str, Any] = (await create(api, client=OF_ANA)).data
    await api.add(apiKeys=[{"token": "cal_key_of_alice", "userId": made["user"]["id"]}])
    return made


@pytest.mark.parametrize("earlier", range(3))
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v2/teams", {"name": "t"}),
        ("POST", "/v2/oauth-clients", {"name": "Shop", "redirectUris": [], "permissions": []}),
        ("PATCH", "/v2/organizations/90/memberships/INVITED", {"accepted": True}),
        ("GET", "/v2/me", None),
    ],
)
async def test_who_is_deleted_beside_what_they_do_is_gone(
    api: Asking, someone: dict[str, Any], earlier: int, method: str, path: str, body: object
) -> None:
    """Whatever they ask at the same moment is done before, or finds nobody: no caller, or no member any more (403)."""
    user_id = someone["user"]["id"]
    path = path.replace("INVITED", str((await invite(api, user_id)).data["id"]))
    asked = [api.ask(method, path, json=body, token="cal_key_of_alice") for _ in range(3)]
    deleting = ask(api, "DELETE", f"/users/{user_id}", client=OF_ANA)
    answers = await asyncio.gather(*asked[:earlier], deleting, *asked[earlier:])
    assert answers[earlier].status == 200
    assert {answer.status for answer in answers} <= {200, 201, 401, 403, 404}
    assert (await api.ask("GET", "/v2/me", token="cal_key_of_alice")).status == 401


async def test_who_is_deleted_beside_what_others_do_is_gone(api: Asking, someone: dict[str, Any]) -> None:
    user_id = someone["user"]["id"]
    asked = [invite(api, user_id), ask(api, "GET", f"/users/{user_id}", client=OF_ANA)]
    deleting = ask(api, "DELETE", f"/users/{user_id}", client=OF_ANA)
    answers = await asyncio.gather(*asked, deleting, invite(api, user_id))
    assert answers[2].status == 200
    assert {answer.status for answer in answers} <= {200, 201, 404, 409}


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_a_client_acts_for_its_own_users_alone(api: Asking, method: str) -> None:
    theirs = (await create(api, client=OF_ANA)).data["user"]["id"]
    body = {"name": "Mine"} if method == "PATCH" else {}
    for user_id in (theirs, ANA, 9_999):
        assert (await ask(api, method, f"/users/{user_id}", **body)).status == 404
        assert (await ask(api, "POST", f"/users/{user_id}/force-refresh")).status == 404


@pytest.mark.parametrize("headers", [{}, {"x-cal-secret-key": "wrong"}, {"x-cal-secret-key": "secret-of-ana"}])
async def test_a_client_proves_itself(api: Asking, headers: dict[str, str]) -> None:
    for method, path in (
        ("GET", "oauth-clients/client-of-acme/users"),
        ("POST", "oauth-clients/client-of-acme/users"),
        ("DELETE", "oauth-clients/client-of-acme/users/1"),
        ("POST", "oauth-clients/client-of-acme/users/1/force-refresh"),
        ("POST", "oauth/client-of-acme/refresh"),
        ("GET", "oauth-clients/nobody/users"),
    ):
        assert (await api.ask(method, f"/v2/{path}", headers=headers)).status == 401


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"email": "alice"}, "email"),
        ({"name": ""}, "name"),
        ({"timeFormat": 13}, "timeFormat"),
        ({"weekStart": "Someday"}, "weekStart"),
        ({"timeZone": "Mars"}, "timeZone"),
        ({"locale": "tlh"}, "locale"),
        ({"metadata": {"k" * 41: "v"}}, "metadata"),
    ],
)
async def test_what_is_wrong_with_a_user(api: Asking, fields: dict[str, Any], field: str) -> None:
    answer = await create(api, **fields)
    assert answer.status == 400
    assert all(error["property"].startswith(field) for error in answer.body["error"]["details"]["errors"])
    assert (await ask(api, "GET")).data == []


# Tokens --------------------------------------------------------------------------------------------------------------


async def test_an_access_token_lives_an_hour_and_a_refresh_token_a_year(api: Asking) -> None:
    made = (await create(api)).data
    from_access_to_refresh = made["refreshTokenExpiresAt"] - made["accessTokenExpiresAt"]
    assert from_access_to_refresh == 365 * DAY_MS - 60 * MINUTE_MS
    assert await status(api, made["accessToken"]) == 200
    await run(api, "UPDATE credentials SET expires_at = now() WHERE kind = 'access_token'")
    assert await status(api, made["accessToken"]) == 401
    renewed = (await exchange(api, made["refreshToken"])).data
    assert await status(api, renewed["accessToken"]) == 200


async def test_a_refresh_token_opens_nothing_by_itself(api: Asking) -> None:
    made = (await create(api)).data
    assert await status(api, made["refreshToken"]) == 401
    assert (await exchange(api, made["accessToken"])).status == 401


async def test_the_old_pair_ends_with_the_new_one(api: Asking) -> None:
    made = (await create(api)).data
    renewed = (await exchange(api, made["refreshToken"])).data
    assert renewed.keys() == {"accessToken", "refreshToken", "accessTokenExpiresAt", "refreshTokenExpiresAt"}
    assert await status(api, made["accessToken"]) == 401
    assert (await exchange(api, made["refreshToken"])).status == 401
    forced = (await ask(api, "POST", f"/users/{made['user']['id']}/force-refresh")).data
    assert await status(api, renewed["accessToken"]) == 401
    assert (await exchange(api, renewed["refreshToken"])).status == 401
    assert await status(api, forced["accessToken"]) == 200


async def test_of_many_who_use_one_refresh_token_one_gets_a_pair(api: Asking) -> None:
    token = (await create(api)).data["refreshToken"]
    answers = await asyncio.gather(*(exchange(api, token) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [401] * 7


async def test_renewals_from_both_sides_do_not_wait_for_each_other(api: Asking) -> None:
    made = (await create(api)).data
    path = f"/users/{made['user']['id']}/force-refresh"
    answers = await asyncio.gather(
        *(ask(api, "POST", path) for _ in range(4)), *(exchange(api, made["refreshToken"]) for _ in range(4))
    )
    assert {answer.status for answer in answers} <= {200, 401}


async def test_another_clients_refresh_token_is_none(api: Asking) -> None:
    token = (await create(api)).data["refreshToken"]
    assert (await exchange(api, token, client=OF_ANA)).status == 401
    assert (await exchange(api, token)).status == 200


async def test_an_expired_refresh_token_is_none(api: Asking) -> None:
    token = (await create(api)).data["refreshToken"]
    await run(api, "UPDATE credentials SET expires_at = now() WHERE kind = 'refresh_token'")
    assert (await exchange(api, token)).status == 401


async def test_tokens_end_with_their_client_and_users_stay(api: Asking) -> None:
    made = (await create(api, client=OF_ANA)).data
    assert (await api.ask("DELETE", f"/v2/oauth-clients/{OF_ANA}", token="cal_key_of_ana")).status == 200
    assert await status(api, made["accessToken"]) == 401
    taken = (await api.ask("POST", "/v2/teams", token="cal_key_of_ana", json={"name": "Sales"})).data["id"]
    body = {"userId": made["user"]["id"]}
    path = f"/v2/teams/{taken}/memberships"
    assert (await api.ask("POST", path, token="cal_key_of_ana", json=body)).status == 201


async def test_secrets_are_kept_as_hashes(api: Asking) -> None:
    made = (await create(api)).data
    connection = await asyncpg.connect(api.urls.database)
    rows = await connection.fetch("SELECT credentials::text FROM credentials")
    await connection.close()
    assert not any(made[token] in row[0] for row in rows for token in ("accessToken", "refreshToken"))
