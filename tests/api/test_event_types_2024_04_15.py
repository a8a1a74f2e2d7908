"""`/v2/event-types` for clients with no version header, or an older one."""

from typing import Any

from tests.api.asking import Answer, Asking
from tests.api.world import ANA

PATH = "/v2/event-types"
OWNER = "cal_key_of_ana"
NEW = {"length": 30, "title": "Chat", "slug": "chat"}


async def ask(api: Asking, method: str, path: str = "", token: str | None = OWNER, **more: Any) -> Answer:
    return await api.ask(method, PATH + path, token=token, headers={"cal-api-version": ""}, **more)


async def test_ones_own_come_in_a_group_but_in_newer_versions_plainly(api: Asking) -> None:
    async def listed(version: str) -> Any:
        return (await api.ask("GET", PATH, token="cal_key_of_ana", headers={"cal-api-version": version})).data

    for version in ("", "2024-04-15", "2024-06-11"):
        (group,) = (await listed(version))["eventTypeGroups"]
        assert group["profile"]["slug"] == "ana"
        assert [(one["id"], one["length"]) for one in group["eventTypes"]] == [(10, 60), (11, 15), (12, 60)]
    for version in ("2024-06-14", "2024-08-13", "2024-09-04"):
        assert [one["lengthInMinutes"] for one in await listed(version)] == [60, 15, 60]


async def test_somebody_without_any_has_an_empty_group(api: Asking) -> None:
    (group,) = (await ask(api, "GET", token="cal_key_of_dee")).data["eventTypeGroups"]
    assert group["eventTypes"] == []


async def test_by_name_anybody_may_look(api: Asking) -> None:
    (group,) = (await ask(api, "GET", token=None, params={"username": "ben"})).data["eventTypeGroups"]
    assert [one["slug"] for one in group["eventTypes"]] == ["buffered", "templated"]
    assert (await ask(api, "GET", token=None)).status == 401


async def test_an_event_types_way(api: Asking) -> None:
    answer = await ask(api, "POST", json={**NEW, "description": "Short", "hidden": True})
    assert answer.status == 201
    made = answer.data
    assert {**made, **NEW, "description": "Short", "hidden": True, "userId": ANA} == made
    assert (await ask(api, "GET", f"/{made['id']}")).data == {"eventType": made}
    changed = (await ask(api, "PATCH", f"/{made['id']}", json={"length": 60.0})).data
    assert changed == {**made, "length": 60}
    assert len(await api.starts(made["id"])) == 8
    assert (await ask(api, "DELETE", f"/{made['id']}")).data == {**NEW, "length": 60, "id": made["id"]}
    assert (await ask(api, "GET", f"/{made['id']}")).status == 404


async def test_a_length_is_called_so(api: Asking) -> None:
    answer = await ask(api, "POST", json={"lengthInMinutes": 30, "title": "Chat", "slug": "chat"})
    assert answer.status == 400
    assert [one["property"] for one in answer.body["error"]["details"]["errors"]] == ["length"]
