"""`/v2/schedules`, version 2024-04-15."""

from typing import Any

import pytest

from tests.api.asking import Answer, Asking
from tests.api.world import ANA

MORNING = {"days": [1, 0], "startTime": "2024-05-01T09:00:00.000Z", "endTime": "2024-05-01T12:00:00.000Z"}
NINE_TO_FIVE = {"start": "1970-01-01T09:00:00.000Z", "end": "1970-01-01T17:00:00.000Z"}


async def ask(api: Asking, method: str, path: str = "", version: str = "2024-04-15", **body: Any) -> Answer:
    headers = {"cal-api-version": version}
    more = {"json": body} if body else {}
    return await api.ask(method, f"/v2/schedules{path}", token="cal_key_of_ana", headers=headers, **more)


@pytest.mark.parametrize("version", ["", "2024-04-15", "2024-06-01"])
async def test_a_schedule_for_an_editor(api: Asking, version: str) -> None:
    assert (await ask(api, "GET", "/101", version)).data == {
        "id": 101,
        "userId": ANA,
        "name": "Working hours",
        "isManaged": False,
        "workingHours": [{"userId": ANA, "days": [1, 2, 3, 4, 5], "startTime": 540, "endTime": 1_020}],
        "schedule": [
            {
                "id": 1,
                "userId": ANA,
                "eventTypeId": None,
                "scheduleId": 101,
                "days": [1, 2, 3, 4, 5],
                "startTime": "1970-01-01T09:00:00.000Z",
                "endTime": "1970-01-01T17:00:00.000Z",
                "date": None,
            }
        ],
        "availability": [[], *([[NINE_TO_FIVE]] * 5), []],
        "timeZone": "Europe/Rome",
        "dateOverrides": [],
        "isDefault": True,
        "isLastSchedule": True,
        "readOnly": False,
    }


async def test_newer_versions_get_the_newer_answer(api: Asking) -> None:
    assert "ownerId" in (await ask(api, "GET", "/101", "2024-08-13")).data
    assert "ownerId" in (await ask(api, "GET", "", "2024-06-11")).data[0]


async def test_a_new_schedule_may_be_the_default(api: Asking) -> None:
    answer = await ask(api, "POST", name="Mornings", timeZone="UTC", isDefault=True, availabilities=[MORNING])
    assert answer.status == 201
    made = answer.data
    assert made["workingHours"] == [{"userId": ANA, "days": [0, 1], "startTime": 540, "endTime": 720}]
    assert (await ask(api, "GET", "/default")).data == made
    assert [schedule["isLastSchedule"] for schedule in (await ask(api, "GET")).data] == [False, False]
    assert await api.starts(10) == ["09:00", "10:00", "11:00"]


@pytest.mark.parametrize("availabilities", [{}, {"availabilities": []}])
async def test_no_hours_are_office_hours(api: Asking, availabilities: dict[str, Any]) -> None:
    made = (await ask(api, "POST", name="Usual", timeZone="UTC", isDefault=False, **availabilities)).data
    assert made["availability"] == [[], *([[NINE_TO_FIVE]] * 5), []]


async def test_a_changed_week(api: Asking) -> None:
    late = {"start": "2024-05-01T22:00:00.000Z", "end": "2024-05-02T00:00:00.000Z"}
    week = [[], [late], [NINE_TO_FIVE, late], [], [], [], []]
    changed = (await ask(api, "PATCH", "/101", name="Late", schedule=week)).data
    assert changed["schedule"]["name"] == "Late"
    assert [row["days"] for row in changed["schedule"]["availability"]] == [[1, 2], [2]]
    assert (changed["isDefault"], changed["prevDefaultId"], changed["currentDefaultId"]) == (True, 101, 101)
    shown = (await ask(api, "GET", "/101")).data
    assert shown["availability"][1] == [{"start": "1970-01-01T22:00:00.000Z", "end": "1970-01-01T23:59:59.999Z"}]
    assert await api.starts(10) == ["20:00", "21:00"]


async def test_what_an_editor_was_shown_it_may_send_back(api: Asking) -> None:
    week = (await ask(api, "GET", "/101")).data["availability"]
    await ask(api, "PATCH", "/101", schedule=week)
    assert (await ask(api, "GET", "/101")).data["availability"] == week
    assert len(await api.starts(10)) == 8


async def test_changed_dates(api: Asking) -> None:
    evening = {"start": "2050-09-05T18:00:00.000Z", "end": "2050-09-05T20:00:00.000Z"}
    closed = {"start": "2050-09-06T00:00:00.000Z", "end": "2050-09-06T00:00:00.000Z"}
    await ask(api, "PATCH", "/101", dateOverrides=[evening, closed])
    assert (await ask(api, "GET", "/101")).data["dateOverrides"] == [{"ranges": [evening]}, {"ranges": [closed]}]
    assert await api.starts(10) == ["16:00", "17:00"]
    assert await api.starts(10, "2050-09-06") == []
    assert len(await api.starts(10, "2050-09-07")) == 8


async def test_another_default(api: Asking) -> None:
    made = (await ask(api, "POST", name="Other", timeZone="UTC", isDefault=False)).data
    changed = (await ask(api, "PATCH", f"/{made['id']}", isDefault=True)).data
    assert (changed["prevDefaultId"], changed["currentDefaultId"]) == (101, made["id"])


async def test_deleting(api: Asking) -> None:
    assert (await ask(api, "DELETE", "/101")).body == {"status": "success"}
    assert (await ask(api, "GET")).data == []
    assert (await ask(api, "GET", "/default")).data is None


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"availabilities": [{**MORNING, "days": ["Monday"]}]}, "availabilities.0.days.0"),
        ({"availabilities": [{**MORNING, "days": [7]}]}, "availabilities.0.days.0"),
        ({"availabilities": [{**MORNING, "startTime": "10:00"}]}, "availabilities.0.startTime"),
        ({"availabilities": [{**MORNING, "startTime": 9}]}, "availabilities.0.startTime"),
        ({"availabilities": [MORNING, MORNING]}, "availabilities"),
    ],
)
async def test_a_wrong_field_of_a_new_schedule_is_named(api: Asking, fields: dict[str, Any], name: str) -> None:
    answer = await ask(api, "POST", name="Wrong", timeZone="UTC", isDefault=False, **fields)
    assert (answer.status, answer.message) == (400, "Bad Request Exception")
    assert [error["property"] for error in answer.body["error"]["details"]["errors"]] == [name]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"schedule": [[NINE_TO_FIVE]]}, "schedule"),
        ({"schedule": [[NINE_TO_FIVE, NINE_TO_FIVE], [], [], [], [], [], []]}, "schedule"),
        ({"schedule": [[NINE_TO_FIVE] * 25, [], [], [], [], [], []]}, "schedule.0"),
        ({"dateOverrides": [{"start": "2050-09-05T18:00:00Z", "end": "2050-09-05T17:00:00Z"}]}, "dateOverrides"),
        ({"dateOverrides": [{"start": "soon", "end": "later"}]}, "dateOverrides.0.start"),
    ],
)
async def test_a_wrong_field_of_a_change_is_named(api: Asking, fields: dict[str, Any], name: str) -> None:
    answer = await ask(api, "PATCH", "/101", **fields)
    assert (answer.status, answer.message) == (400, "Bad Request Exception")
    assert answer.body["error"]["details"]["errors"][0]["property"] == name
    assert len(await api.starts(10)) == 8
