"""OAuth clients."""

from typing import Any

import asyncpg
import pytest

from tests.api.asking import Answer, Asking

BOSS = 6
NEW: dict[str, Any] = {"name": "Shop", "redirectUris": ["https://shop.example/back"], "permissions": ["*"]}


async def ask(api: Asking, method: str, path: str = "", *, who: str = "ben", **body: Any) -> Answer:
    more: dict[str, Any] = {"json": body} if body else {}
    return await api.ask(method, f"/v2/oauth-clients{path}", token=f"cal_key_of_{who}", **more)


async def add_boss(api: Asking) -> None:
    """Add somebody who runs the organization."""
    boss = {"id": BOSS, "username": "boss", "email": "boss@example.com", "timeZone": "UTC"}
    keys = [{"token": "cal_key_of_boss", "userId": BOSS}]
    await api.add(users=[boss], memberships=[{"userId": BOSS, "teamId": 90, "role": "ADMIN"}], apiKeys=keys)


async def test_a_client_comes_back_as_it_was_sent_but_for_its_secret(api: Asking) -> None:
    made = await ask(api, "POST", **NEW, logo="https://shop.example/logo.png", areEmailsEnabled=True)
    assert made.status == 201
    client_id, secret = made.data["clientId"], made.data["clientSecret"]
    shown = (await ask(api, "GET", f"/{client_id}")).data
    assert shown == {
        "id": client_id,
        "name": "Shop",
        "secret": "********",
        "organizationId": None,
        "createdAt": shown["createdAt"],
        "logo": "https://shop.example/logo.png",
        "redirectUris": ["https://shop.example/back"],
        "permissions": shown["permissions"],
        "areEmailsEnabled": True,
        "areDefaultEventTypesEnabled": False,
        "areCalendarEventsEnabled": True,
    }
    assert len(shown["permissions"]) == 10
    assert (await ask(api, "GET")).data == [shown]
    headers = {"x-cal-client-id": client_id, "x-cal-secret-key": secret}
    assert (await api.ask("GET", "/v2/teams", headers=headers)).status == 200


async def test_a_secret_is_nowhere_but_in_the_answer(api: Asking) -> None:
    secret = (await ask(api, "POST", **NEW)).data["clientSecret"]
    connection = await asyncpg.connect(api.urls.database)
    rows = await connection.fetch("SELECT oauth_clients::text FROM oauth_clients")
    await connection.close()
    assert not any(secret in row[0] for row in rows)


async def test_what_a_patch_leaves_out_stays(api: Asking) -> None:
    client_id = (await ask(api, "POST", **NEW)).data["clientId"]
    before = (await ask(api, "GET", f"/{client_id}")).data
    changed = (await ask(api, "PATCH", f"/{client_id}", name="Store", bookingRedirectUri="https://s.example")).data
    assert changed == {**before, "name": "Store", "bookingRedirectUri": "https://s.example"}


async def test_a_deleted_client_opens_nothing(api: Asking) -> None:
    made = (await ask(api, "POST", **NEW)).data
    path = f"/{made['clientId']}"
    assert (await ask(api, "DELETE", path)).data["id"] == made["clientId"]
    assert (await ask(api, "GET", path)).status == 404
    headers = {"x-cal-client-id": made["clientId"], "x-cal-secret-key": made["clientSecret"]}
    assert (await api.ask("GET", "/v2/teams", headers=headers)).status == 401


async def test_the_users_of_an_organizations_client_become_the_organizations(api: Asking) -> None:
    await add_boss(api)
    body = {"email": "alice@example.com", "name": "Alice"}
    secret = {"x-cal-secret-key": "secret-of-acme"}
    made = (await api.ask("POST", "/v2/oauth-clients/client-of-acme/users", json=body, headers=secret)).data["user"]
    assert (await ask(api, "DELETE", "/client-of-acme", who="boss")).status == 200
    path = f"/v2/organizations/90/users/{made['id']}"
    assert (await api.ask("DELETE", path, token="cal_key_of_boss")).status == 200
    connection = await asyncpg.connect(api.urls.database)
    assert not await connection.fetchval("SELECT count(*) FROM users WHERE id = $1", made["id"])
    await connection.close()


async def test_who_runs_an_organization_runs_its_clients(api: Asking) -> None:
    await add_boss(api)
    assert [client["id"] for client in (await ask(api, "GET", who="boss")).data] == ["client-of-acme"]
    made = (await ask(api, "POST", who="boss", **NEW)).data
    assert (await ask(api, "GET", f"/{made['clientId']}", who="boss")).data["organizationId"] == 90


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_others_clients_are_not_there(api: Asking, method: str) -> None:
    body = {"name": "Mine"} if method == "PATCH" else {}
    for client_id in ("client-of-ana", "client-of-acme", "%00", "%ff", "x" * 300):
        assert (await ask(api, method, f"/{client_id}", **body)).status == 404
    assert (await ask(api, "GET", "/client-of-ana", who="ana")).data["name"] is None
    assert (await ask(api, "GET", "/client-of-acme", who="dee")).status == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "a", "redirectUris": []}, "permissions"),
        ({**NEW, "permissions": ["FLY"]}, "permissions.0"),
        ({**NEW, "redirectUris": ["u"] * 101}, "redirectUris"),
        ({**NEW, "redirectUris": "u"}, "redirectUris"),
        ({**NEW, "name": ""}, "name"),
    ],
)
async def test_what_is_wrong_with_a_client(api: Asking, body: dict[str, Any], field: str) -> None:
    answer = await ask(api, "POST", **body)
    assert answer.status == 400
    assert [error["property"] for error in answer.body["error"]["details"]["errors"]] == [field]


async def test_a_client_needs_a_person(api: Asking) -> None:
    assert (await api.ask("POST", "/v2/oauth-clients", json=NEW)).status == 401
    acme = {"x-cal-client-id": "client-of-acme", "x-cal-secret-key": "secret-of-acme"}
    assert (await api.ask("POST", "/v2/oauth-clients", json=NEW, headers=acme)).status == 403


async def test_neither_a_token_nor_a_client_makes_clients(api: Asking) -> None:
    """Both end, or live for an hour; what they could make would stay."""
    made = (await ask(api, "POST", **NEW)).data
    client = {"x-cal-client-id": made["clientId"], "x-cal-secret-key": made["clientSecret"]}
    body = {"email": "alice@example.com", "name": "Alice"}
    users = f"/v2/oauth-clients/{made['clientId']}/users"
    token = (await api.ask("POST", users, json=body, headers=client)).data["accessToken"]
    for who in ({"headers": client}, {"token": token}):
        assert (await api.ask("POST", "/v2/oauth-clients", json=NEW, **who)).status == 403
        assert (await api.ask("GET", "/v2/oauth-clients", **who)).status == 403
        for method, changes in (("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
            path = f"/v2/oauth-clients/{made['clientId']}"
            assert (await api.ask(method, path, json=changes, **who)).status == 403
