"""`/v2/webhooks` and those of event types: who may keep which, and what one may say."""

import asyncio
from typing import Any

import asyncpg
import pytest

from app.services.webhooks import MOST_WEBHOOKS
from tests.api.asking import Answer, Asking
from tests.api.pods import end_booking_leases, pod
from tests.api.world import ANA

URL = "https://example.com/hook"
HOOK: dict[str, Any] = {"subscriberUrl": URL, "active": True, "triggers": ["BOOKING_CREATED", "MEETING_ENDED"]}
OWN, OF_TYPE, OF_TEAM = "/v2/webhooks", "/v2/event-types/10/webhooks", "/v2/teams/50/event-types/20/webhooks"
KEY = "cal_key_of_"


async def make(api: Asking, path: str = OWN, who: str = "ana", /, **more: Any) -> Answer:
    return await api.ask("POST", path, json={**HOOK, **more}, token=KEY + who)


async def ask(api: Asking, method: str, path: str, who: str = "ana", **body: Any) -> Answer:
    return await api.ask(method, path, token=KEY + who, json=body or None)


@pytest.fixture
async def run_by_ana(api: Asking) -> Asking:
    """With Ana as an admin of team 50, of which Ben stays a member."""
    connection = await asyncpg.connect(api.urls.database)
    await connection.execute("UPDATE memberships SET role = 'ADMIN' WHERE user_id = $1 AND team_id = 50", ANA)
    await connection.close()
    return api


# Keeping -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "whose"), [(OWN, {"userId": ANA}), (OF_TYPE, {"eventTypeId": 10}), (OF_TEAM, {"eventTypeId": 20})]
)
async def test_a_webhook_is_made_shown_changed_and_deleted(
    run_by_ana: Asking, path: str, whose: dict[str, int]
) -> None:
    api = run_by_ana
    made = await make(api, path, secret="s", payloadTemplate="{{title}}", version="2021-10-20")
    shown = made.data
    assert made.status == 201
    assert shown == {"id": shown["id"], **whose, **HOOK, "secret": "s", "payloadTemplate": "{{title}}"}
    one = f"{path}/{shown['id']}"
    assert (await ask(api, "GET", one)).data == shown
    assert (await ask(api, "GET", path)).data == [shown]
    changed = {**shown, "subscriberUrl": "http://example.org/", "active": False, "triggers": []}
    del changed["secret"]
    patch: dict[str, Any] = {"subscriberUrl": "http://example.org/", "active": False, "triggers": [], "secret": None}
    assert (await ask(api, "PATCH", one, **patch)).data == changed
    assert (await ask(api, "DELETE", one)).data == changed
    assert [(await ask(api, method, one)).status for method in ("GET", "PATCH", "DELETE")] == [404, 404, 404]
    assert (await ask(api, "GET", path)).data == []


async def test_what_is_not_said(api: Asking) -> None:
    shown = (await make(api)).data
    assert shown == {"id": shown["id"], "userId": ANA, **HOOK, "payloadTemplate": ""}
    assert (await ask(api, "PATCH", f"{OWN}/{shown['id']}", nothing=1)).data == shown


@pytest.mark.parametrize("path", [OWN, OF_TYPE])
async def test_one_address_hears_once_of_one_owner(api: Asking, path: str) -> None:
    assert (await make(api, path)).status == 201
    assert (await make(api, path)).status == 409
    other = (await make(api, path, subscriberUrl=f"{URL}/other")).data["id"]
    assert (await ask(api, "PATCH", f"{path}/{other}", subscriberUrl=URL)).status == 409


async def test_lists_come_in_pages(api: Asking) -> None:
    ids = [(await make(api, subscriberUrl=f"{URL}/{n}")).data["id"] for n in range(3)]
    page = await api.ask("GET", OWN, params={"take": 1, "skip": 1}, token=KEY + "ana")
    assert [one["id"] for one in page.data] == ids[1:2]
    assert (await api.ask("GET", OWN, params={"take": 0}, token=KEY + "ana")).status == 400


async def test_all_webhooks_of_an_event_type_are_deleted(api: Asking) -> None:
    kept = (await make(api)).data
    for n in range(2):
        await make(api, OF_TYPE, subscriberUrl=f"{URL}/{n}")
    assert (await ask(api, "DELETE", OF_TYPE)).data == "2 webhooks deleted"
    assert (await ask(api, "GET", OF_TYPE)).data == []
    assert (await ask(api, "GET", OWN)).data == [kept]
    assert (await ask(api, "DELETE", OWN)).status == 404


async def test_there_are_only_so_many(api: Asking) -> None:
    answers = await asyncio.gather(*(make(api, subscriberUrl=f"{URL}/{n}") for n in range(MOST_WEBHOOKS + 2)))
    assert sorted(answer.status for answer in answers) == [201] * MOST_WEBHOOKS + [400, 400]


async def test_a_request_that_is_sent_again_makes_one_webhook(api: Asking, dying: Asking) -> None:
    headers = {"Idempotency-Key": "one"}
    first = await dying.ask("POST", OWN, json=HOOK, token=KEY + "ana", headers=headers)
    await end_booking_leases(api.urls)
    again = await api.ask("POST", OWN, json=HOOK, token=KEY + "ana", headers=headers)
    assert (again.status, again.data) == (201, first.data)
    assert (await ask(api, "GET", OWN)).data == [first.data]


# Who -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [OWN, OF_TYPE, OF_TEAM])
async def test_strangers_keep_none(api: Asking, path: str) -> None:
    assert (await api.ask("POST", path, json=HOOK)).status == 401
    assert (await api.ask("GET", path)).status == 401


async def test_webhooks_are_their_owners_alone(api: Asking) -> None:
    own, of_type = (await make(api)).data["id"], (await make(api, OF_TYPE)).data["id"]
    for method in ("GET", "PATCH", "DELETE"):
        assert (await ask(api, method, f"{OWN}/{own}", "ben")).status == 403
        assert (await ask(api, method, f"{OWN}/{of_type}")).status == 403
        assert (await ask(api, method, f"/v2/event-types/11/webhooks/{of_type}")).status == 403
        assert (await ask(api, method, f"{OF_TYPE}/{of_type}", "ben")).status == 403
    assert (await ask(api, "GET", OWN, "ben")).data == []
    assert len((await ask(api, "GET", OWN)).data) == 1


@pytest.mark.parametrize(
    ("path", "who", "status"),
    [
        (OF_TYPE, "ben", 403),
        ("/v2/event-types/999/webhooks", "ana", 404),
        ("/v2/event-types/99999999999/webhooks", "ana", 400),
        ("/v2/event-types/x/webhooks", "ana", 400),
        (OF_TEAM, "ben", 403),
        (OF_TEAM, "eve", 403),
        ("/v2/event-types/20/webhooks", "ana", 201),
        ("/v2/teams/50/event-types/10/webhooks", "ana", 404),
        ("/v2/teams/51/event-types/20/webhooks", "ana", 404),
    ],
)
async def test_who_keeps_the_webhooks_of_an_event_type(run_by_ana: Asking, path: str, who: str, status: int) -> None:
    assert (await make(run_by_ana, path, who)).status == status


async def test_an_organizations_client_keeps_those_of_its_teams_but_none_of_its_own(api: Asking) -> None:
    headers = {"x-cal-client-id": "client-of-acme", "x-cal-secret-key": "secret-of-acme"}
    path = "/v2/teams/51/event-types/31/webhooks"
    assert (await api.ask("POST", path, json=HOOK, headers=headers)).status == 201
    assert (await api.ask("POST", OWN, json=HOOK, headers=headers)).status == 403


@pytest.mark.parametrize("webhook_id", ["999", "99999999999", "0", "cl-uuid", "-1"])
async def test_what_is_not_there(api: Asking, webhook_id: str) -> None:
    answer = await ask(api, "GET", f"{OWN}/{webhook_id}")
    assert (answer.status, webhook_id[:3] in answer.message or webhook_id == "99999999999") == (404, True)


# What ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subscriberUrl", None),
        ("subscriberUrl", ""),
        ("subscriberUrl", "example.com/hook"),
        ("subscriberUrl", "ftp://example.com/hook"),
        ("subscriberUrl", "file:///etc/passwd"),
        ("subscriberUrl", "https:///hook"),
        ("subscriberUrl", "https://example.com:99999/"),
        ("subscriberUrl", "https://[::1/"),
        ("subscriberUrl", "https://exa mple.com/"),
        ("subscriberUrl", "https://example.com/\n"),
        ("subscriberUrl", "https://example.com/\0"),
        ("subscriberUrl", "https://example.com/" + "é" * 1_000),
        ("subscriberUrl", 7),
        ("active", None),
        ("active", "true"),
        ("triggers", None),
        ("triggers", "BOOKING_CREATED"),
        ("triggers.1", ["BOOKING_CREATED", "BOOKING_EATEN"]),
        ("triggers", ["BOOKING_CREATED"] * 1_000),
        ("payloadTemplate", "{{#each attendees}}"),
        ("payloadTemplate", "x" * 10_001),
        ("payloadTemplate", "{{title}}" * 51),
        ("payloadTemplate", "\0"),
        ("secret", "x" * 513),
        ("secret", "\0"),
        ("version", "1999-01-01"),
    ],
)
async def test_a_wrong_field_is_named(api: Asking, field: str, value: Any) -> None:
    body = {**HOOK, field.partition(".")[0]: value}
    answer = await api.ask(
        "POST", OWN, json={name: one for name, one in body.items() if one is not None}, token=KEY + "ana"
    )
    assert (answer.status, [one["property"] for one in answer.body["error"]["details"]["errors"]]) == (400, [field])
    if value is not None:
        webhook = (await make(api)).data
        assert (await ask(api, "PATCH", f"{OWN}/{webhook['id']}", **body)).status == 400
        assert (await ask(api, "GET", OWN)).data == [webhook]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/hook",
        "http://localhost:8080/",
        "http://LOCALHOST./",
        "http://db.localhost/",
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fd00::1]/",
        "http://100.64.0.1/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
    ],
)
async def test_private_addresses_are_refused_unless_allowed(api: Asking, url: str) -> None:
    async with pod(api.settings.model_copy(update={"webhook_private_addresses": False}), api.urls) as careful:
        answer = await make(careful, OWN, "ana", subscriberUrl=url)
        assert (answer.status, answer.body["error"]["details"]["errors"][0]["property"]) == (400, "subscriberUrl")
        public = (await make(careful)).data["id"]
        assert (await ask(careful, "PATCH", f"{OWN}/{public}", subscriberUrl=url)).status == 400
    assert (await make(api, OWN, "ana", subscriberUrl=url)).status == 201


async def test_an_event_types_webhooks_go_with_it(api: Asking) -> None:
    await make(api, OF_TYPE)
    connection = await asyncpg.connect(api.urls.database)
    await connection.execute("DELETE FROM event_types WHERE id = 10")
    assert await connection.fetchval("SELECT count(*) FROM webhooks") == 0
    await connection.close()
    assert (await make(api, OF_TYPE)).status == 404
