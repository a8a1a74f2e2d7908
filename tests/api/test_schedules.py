"""`/v2/schedules` and the schedules of members, version 2024-06-11."""

import asyncio
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from tests.api.asking import Answer, Asking
from tests.api.pods import end_leases
from tests.api.world import ANA, BEN, CLO, DEE, EVE, WEEKDAYS

ACME = {"x-cal-client-id": "client-of-acme", "x-cal-secret-key": "secret-of-acme"}
BOSS = 6
NINE_TO_FIVE = {"days": WEEKDAYS, "startTime": "09:00", "endTime": "17:00"}
MORNING = {"days": ["Monday"], "startTime": "09:00", "endTime": "12:00"}
AFTERNOON = {"days": ["Monday"], "startTime": "13:00", "endTime": "17:00"}
MONDAY, TUESDAY = "2050-09-05", "2050-09-06"


async def ask(api: Asking, method: str, path: str = "", *, who: str = "ana", **body: Any) -> Answer:
    headers = {"cal-api-version": "2024-06-11"}
    more = {"json": body} if body else {}
    return await api.ask(method, f"/v2/schedules{path}", token=f"cal_key_of_{who}", headers=headers, **more)


async def create(api: Asking, **fields: Any) -> Answer:
    return await ask(api, "POST", **{"name": "Catch up", "timeZone": "Europe/Rome", "isDefault": False, **fields})


async def change(api: Asking, schedule_id: int = 101, **fields: Any) -> Answer:
    return await ask(api, "PATCH", f"/{schedule_id}", **fields)


async def defaults(api: Asking, who: str = "ana") -> list[int]:
    return [schedule["id"] for schedule in (await ask(api, "GET", who=who)).data if schedule["isDefault"]]


async def named_and_marked(api: Asking) -> list[int | None]:
    """What Ana's row names as the default, then every schedule that is marked as one."""
    connection = await asyncpg.connect(api.urls.database)
    named = await connection.fetchval("SELECT default_schedule_id FROM users WHERE id = $1", ANA)
    marked = await connection.fetch("SELECT id FROM schedules WHERE owner_id = $1 AND is_default", ANA)
    await connection.close()
    return [named, *(row["id"] for row in marked)]


# One's own -----------------------------------------------------------------------------------------------------------


async def test_a_schedule_without_hours_has_office_hours(api: Asking) -> None:
    answer = await create(api)
    assert answer.status == 201
    assert answer.data == {
        "id": answer.data["id"],
        "ownerId": ANA,
        "name": "Catch up",
        "timeZone": "Europe/Rome",
        "availability": [NINE_TO_FIVE],
        "isDefault": False,
        "overrides": [],
    }


async def test_a_schedule_comes_back_as_it_was_sent(api: Asking) -> None:
    hours = [MORNING, {"days": ["Saturday", "Sunday"], "startTime": "20:00", "endTime": "24:00"}]
    overrides = [
        {"date": MONDAY, "startTime": "10:00", "endTime": "11:00"},
        {"date": MONDAY, "startTime": "12:00", "endTime": "12:30"},
        {"date": TUESDAY, "startTime": "00:00", "endTime": "00:00"},
    ]
    made = (await create(api, availability=hours, overrides=overrides)).data
    assert (made["availability"], made["overrides"]) == (hours, overrides)
    assert (await ask(api, "GET", f"/{made['id']}")).data == made
    assert (await ask(api, "GET")).data[-1] == made


async def test_an_override_without_times_closes_its_date(api: Asking) -> None:
    changed = (await change(api, overrides=[{"date": MONDAY}])).data
    assert changed["overrides"] == [{"date": MONDAY, "startTime": "00:00", "endTime": "00:00"}]
    assert await api.starts(10) == []


async def test_what_a_patch_leaves_out_stays(api: Asking) -> None:
    before = (await ask(api, "GET", "/101")).data
    assert (await change(api, name="Renamed")).data == {**before, "name": "Renamed"}
    assert (await change(api, timeZone="Asia/Tokyo")).data == {**before, "name": "Renamed", "timeZone": "Asia/Tokyo"}
    assert (await change(api, availability=[], overrides=[])).data["availability"] == []


async def test_the_default_is_one_and_the_same_everywhere(api: Asking) -> None:
    assert await defaults(api) == [101]
    made = (await create(api, isDefault=True)).data
    assert made["isDefault"] is True
    assert await defaults(api) == [made["id"]]
    assert (await ask(api, "GET", "/default")).data == made
    assert (await change(api, isDefault=True)).data["isDefault"] is True
    assert await defaults(api) == [101]


async def test_a_default_ends_only_where_another_begins(api: Asking) -> None:
    assert (await change(api, isDefault=False)).data["isDefault"] is True


async def test_the_first_one_left_becomes_the_default(api: Asking) -> None:
    second, third = [(await create(api)).data["id"] for _ in range(2)]
    assert (await ask(api, "DELETE", "/101")).body == {"status": "success"}
    assert await defaults(api) == [second]
    await ask(api, "DELETE", f"/{third}")
    assert await defaults(api) == [second]


async def test_without_any_schedule_office_hours_hold_and_the_next_one_is_the_default(api: Asking) -> None:
    await ask(api, "DELETE", "/101")
    assert (await ask(api, "GET")).data == []
    assert (await ask(api, "GET", "/default")).data is None
    assert len(await api.starts(10)) == 8
    made = (await create(api, availability=[MORNING])).data
    assert made["isDefault"] is True
    assert await api.starts(10) == ["07:00", "08:00", "09:00"]


async def test_many_first_schedules_at_once_make_one_default(api: Asking) -> None:
    await ask(api, "DELETE", "/101")
    made = await asyncio.gather(*(create(api, isDefault=index % 2 == 0) for index in range(6)))
    assert [answer.status for answer in made] == [201] * 6
    assert await named_and_marked(api) == (await defaults(api)) * 2


async def test_a_name_and_a_mark_say_which_the_default_is(api: Asking) -> None:
    """They agree after every write, whatever a world file said before."""
    made = (await create(api, isDefault=True)).data["id"]
    assert await named_and_marked(api) == [made, made]
    await change(api, 101, isDefault=True)
    assert await named_and_marked(api) == [101, 101]
    await ask(api, "DELETE", "/101")
    assert await named_and_marked(api) == [made, made]
    await ask(api, "DELETE", f"/{made}")
    assert await named_and_marked(api) == [None]


async def test_a_request_that_is_sent_again_makes_one_schedule(api: Asking) -> None:
    body = {"name": "Once", "timeZone": "Europe/Rome", "isDefault": False}
    key = {"Idempotency-Key": "once"}
    answers = [await api.ask("POST", "/v2/schedules", token="cal_key_of_ana", json=body, headers=key) for _ in range(2)]
    assert answers[0].data == answers[1].data
    assert len((await ask(api, "GET")).data) == 2


async def test_a_pod_that_died_after_making_one_leaves_one(dying: Asking, api: Asking, redis: Redis) -> None:
    body = {"name": "Once", "timeZone": "Europe/Rome", "isDefault": False}
    key = {"Idempotency-Key": "dead"}
    for pod in (dying, api):
        answer = await pod.ask("POST", "/v2/schedules", token="cal_key_of_ana", json=body, headers=key)
        await end_leases(redis)
    assert answer.status == 201
    assert len((await ask(api, "GET")).data) == 2


# What listings make of it --------------------------------------------------------------------------------------------


async def test_new_hours_are_listed_at_once(api: Asking) -> None:
    assert len(await api.starts(10)) == 8
    await change(api, availability=[MORNING])
    assert await api.starts(10) == ["07:00", "08:00", "09:00"]
    await change(api, timeZone="UTC")
    assert await api.starts(10) == ["09:00", "10:00", "11:00"]
    await change(api, availability=[])
    assert await api.starts(10) == []


async def test_overrides_are_listed_at_once(api: Asking) -> None:
    await change(api, overrides=[{"date": MONDAY, "startTime": "18:00", "endTime": "23:59"}])
    assert await api.starts(10) == ["16:00", "17:00", "18:00", "19:00", "20:00", "21:00"]
    assert len(await api.starts(10, TUESDAY)) == 8
    await change(api, overrides=[{"date": MONDAY, "startTime": "10:00", "endTime": "10:00"}])
    assert await api.starts(10) == []
    await change(api, overrides=[])
    assert len(await api.starts(10)) == 8


async def test_a_new_default_is_listed_at_once(api: Asking) -> None:
    await create(api, availability=[AFTERNOON], isDefault=False)
    assert len(await api.starts(10)) == 8
    made = (await create(api, availability=[MORNING], isDefault=True)).data
    assert await api.starts(10) == ["07:00", "08:00", "09:00"]
    await ask(api, "DELETE", f"/{made['id']}")
    assert len(await api.starts(10)) == 8


async def test_changed_hours_follow_their_owners_travel(api: Asking) -> None:
    """The travel stays as it was: on its dates new hours are Tokyo's."""
    travel = {"timeZone": "Asia/Tokyo", "startDate": TUESDAY, "endDate": TUESDAY}
    nomad = {"id": 7, "username": "nomad", "email": "nomad@example.com", "timeZone": "UTC"}
    await api.add(
        users=[{**nomad, "travelSchedules": [travel]}],
        eventTypes=[{"id": 40, "slug": "call", "lengthInMinutes": 60, "ownerId": 7}],
        apiKeys=[{"token": "cal_key_of_nomad", "userId": 7}],
    )
    both_days = {**MORNING, "days": ["Monday", "Tuesday"]}
    await create(api, who="nomad", timeZone="UTC", availability=[both_days])
    assert await api.starts(40) == ["09:00", "10:00", "11:00"]
    assert await api.starts(40, TUESDAY) == ["00:00", "01:00", "02:00"]


# Bad input -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "name", "text"),
    [
        ({"timeZone": "Europe/Atlantis"}, "timeZone", "not a time zone"),
        ({"name": ""}, "name", "at least 1 character"),
        ({"name": "n" * 256}, "name", "at most 255"),
        ({"name": "nul\0"}, "name", "NUL"),
        ({"isDefault": "perhaps"}, "isDefault", "boolean"),
        ({"availability": "always"}, "availability", "list"),
        ({"availability": [{**MORNING, "startTime": "9:00"}]}, "availability.0.startTime", "09:00"),
        ({"availability": [{**MORNING, "startTime": "09:60"}]}, "availability.0.startTime", "00:00 to 24:00"),
        ({"availability": [{**MORNING, "endTime": 12}]}, "availability.0.endTime", "09:00"),
        ({"availability": [{**MORNING, "days": ["Moonday"]}]}, "availability.0.days.0", "'Monday'"),
        ({"availability": [{**MORNING, "days": []}]}, "availability.0.days", "at least 1"),
        ({"availability": [{**MORNING, "endTime": "09:00"}]}, "availability", "must end after it starts"),
        ({"availability": [{**MORNING, "endTime": "00:00"}]}, "availability", "the end of the day is 24:00"),
        ({"availability": [MORNING, {**MORNING, "startTime": "11:00"}]}, "availability", "overlap on Monday"),
        ({"availability": [MORNING] * 169}, "availability", "at most 168"),
        ({"overrides": [{"date": "2050-02-30"}]}, "overrides.0.date", "day is out of range"),
        ({"overrides": [{"date": "0001-01-01"}]}, "overrides.0.date", "1900 to 9998"),
        ({"overrides": [{"date": "2050-09-05T10:00:00Z"}]}, "overrides.0.date", "must be a date"),
        ({"overrides": [{"date": MONDAY, "startTime": "10:00"}]}, "overrides.0", "both startTime and endTime"),
        ({"overrides": [{"date": MONDAY, "startTime": "10:00", "endTime": "09:00"}]}, "overrides", "before it starts"),
        ({"overrides": [{"date": MONDAY}] * 733}, "overrides", "at most 732"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_written(
    api: Asking, fields: dict[str, Any], name: str, text: str
) -> None:
    before = (await ask(api, "GET")).data
    for answer in (await create(api, **fields), await change(api, **{"name": "Other", **fields})):
        assert (answer.status, answer.message) == (400, "Bad Request Exception")
        (error,) = answer.body["error"]["details"]["errors"]
        assert error["property"] == name
        assert text in next(iter(error["constraints"].values()))
    assert (await ask(api, "GET")).data == before


@pytest.mark.parametrize("name", ["name", "timeZone", "isDefault"])
async def test_a_missing_field_is_named(api: Asking, name: str) -> None:
    answer = await create(api, **{name: None})
    assert [error["property"] for error in answer.body["error"]["details"]["errors"]] == [name]


async def test_schedules_are_bounded_however_many_come_at_once(api: Asking) -> None:
    await api.add(
        schedules=[{"id": 1_000 + n, "ownerId": ANA, "timeZone": "UTC", "availability": []} for n in range(98)]
    )
    made = sorted(await asyncio.gather(*(create(api) for _ in range(5))), key=lambda answer: answer.status)
    assert [answer.status for answer in made] == [201, 400, 400, 400, 400]
    assert made[-1].message == "A person may have at most 100 schedules. Delete one, or change one that there is."


# Whose ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_other_peoples_schedules(api: Asking, method: str) -> None:
    body = {"name": "Mine now"} if method == "PATCH" else {}
    foreign = await ask(api, method, "/102", **body)
    assert (foreign.status, foreign.message) == (403, "User with ID=1 does not own schedule with ID=102")
    unknown = await ask(api, method, "/999", **body)
    assert (unknown.status, unknown.message) == (404, "Schedule with ID=999 does not exist.")
    assert (await ask(api, method, "/0", **body)).status == 400
    assert (await ask(api, method, "/99999999999", **body)).status == 400
    assert (await ask(api, "GET", "/102", who="ben")).data["name"] == "Working hours"


async def test_personal_routes_need_a_person(api: Asking) -> None:
    assert (await api.ask("GET", "/v2/schedules")).status == 401
    assert (await api.ask("GET", "/v2/schedules", headers=ACME)).status == 403


# Members -------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def boss(api: Asking) -> str:
    """The key of an admin of both the crew and Acme."""
    await api.add(
        users=[{"id": BOSS, "username": "boss", "email": "boss@example.com", "timeZone": "UTC"}],
        memberships=[{"userId": BOSS, "teamId": group, "role": "ADMIN"} for group in (50, 90)],
        apiKeys=[{"token": "cal_key_of_boss", "userId": BOSS}],
    )
    return "cal_key_of_boss"


def owners(answer: Answer) -> list[int]:
    return [schedule["ownerId"] for schedule in answer.data]


async def test_schedules_of_a_team(api: Asking, boss: str) -> None:
    path = "/v2/teams/50/schedules"
    assert owners(await api.ask("GET", path, token=boss)) == [ANA, BEN]
    assert owners(await api.ask("GET", path, token=boss, params={"take": 1, "skip": 1})) == [BEN]
    assert (await api.ask("GET", path, token="cal_key_of_ana")).status == 403
    assert (await api.ask("GET", path, token="cal_key_of_clo")).status == 403
    assert (await api.ask("GET", path)).status == 401


@pytest.mark.parametrize(
    "query", [{"take": 0}, {"take": 251}, {"take": "all"}, {"skip": -1}, {"skip": 2**40}, {"eventTypeId": 2**40}]
)
async def test_a_wrong_page_is_told(api: Asking, boss: str, query: dict[str, Any]) -> None:
    answer = await api.ask("GET", "/v2/teams/50/schedules", token=boss, params=query)
    assert answer.status == 400
    assert next(iter(query)) in answer.message


async def test_schedules_of_an_organization_and_its_teams(api: Asking, boss: str) -> None:
    path = "/v2/organizations/90"
    assert owners(await api.ask("GET", f"{path}/schedules", headers=ACME)) == [DEE, EVE]
    assert owners(await api.ask("GET", f"{path}/schedules", token=boss)) == [DEE, EVE]
    assert owners(await api.ask("GET", f"{path}/teams/51/schedules", token=boss)) == [EVE]
    of_type = {"eventTypeId": 31}
    assert owners(await api.ask("GET", f"{path}/teams/51/schedules", headers=ACME, params=of_type)) == [EVE]
    of_type = {"eventTypeId": 10}
    assert owners(await api.ask("GET", f"{path}/teams/51/schedules", headers=ACME, params=of_type)) == []
    assert owners(await api.ask("GET", f"{path}/teams/51/users/{EVE}/schedules", headers=ACME)) == [EVE]
    assert owners(await api.ask("GET", f"{path}/teams/51/users/{DEE}/schedules", headers=ACME)) == []
    assert (await api.ask("GET", f"{path}/teams/50/schedules", token=boss)).status == 404
    assert (await api.ask("GET", f"{path}/teams/50/schedules", headers=ACME)).status == 403
    assert (await api.ask("GET", f"{path}/schedules", token="cal_key_of_dee")).status == 403
    assert (await api.ask("GET", "/v2/organizations/99/schedules", token=boss)).status == 403


async def test_schedules_of_an_event_type_are_those_of_whoever_hosts_it(api: Asking, boss: str) -> None:
    everybody = {"lengthInMinutes": 60, "teamId": 50, "assignAllTeamMembers": True}
    await api.add(
        eventTypes=[
            {"id": 70, "slug": "all", "schedulingType": "collective", **everybody},
            {"id": 71, "slug": "each", "schedulingType": "managed", **everybody},
            {"id": 72, "slug": "her", "schedulingType": "managed", **everybody, "hosts": [{"userId": ANA}]},
        ],
        memberships=[{"userId": DEE, "teamId": 50}],
    )
    for event_type_id, hosts in ((23, [ANA, BEN]), (70, [ANA, BEN, DEE]), (71, [ANA, BEN, DEE]), (72, [ANA]), (24, [])):
        query = {"eventTypeId": event_type_id}
        assert owners(await api.ask("GET", "/v2/teams/50/schedules", token=boss, params=query)) == hosts


async def test_an_organization_keeps_its_members_schedules(api: Asking) -> None:
    path = f"/v2/organizations/90/users/{EVE}/schedules"
    body = {"name": "Mornings", "timeZone": "Europe/Rome", "isDefault": True, "availability": [MORNING]}
    made = (await api.ask("POST", path, headers=ACME, json=body)).data
    assert made["ownerId"] == EVE
    assert await api.starts(30) == ["07:00", "08:00", "09:00"]
    assert (await api.ask("GET", f"{path}/{made['id']}", headers=ACME)).data == made
    assert owners(await api.ask("GET", path, headers=ACME)) == [EVE, EVE]
    renamed = await api.ask("PATCH", f"{path}/{made['id']}", headers=ACME, json={"name": "Early"})
    assert renamed.data == {**made, "name": "Early"}
    assert (await api.ask("DELETE", f"{path}/{made['id']}", headers=ACME)).status == 200
    assert len(await api.starts(30)) == 8


async def test_an_organization_keeps_nobody_elses_schedules(api: Asking) -> None:
    path = "/v2/organizations/90/users"
    assert (await api.ask("GET", f"{path}/{ANA}/schedules", headers=ACME)).status == 404
    assert (await api.ask("GET", f"{path}/{EVE}/schedules/104", headers=ACME)).status == 403
    assert (await api.ask("GET", f"{path}/{EVE}/schedules", token="cal_key_of_eve")).status == 403
    assert (await api.ask("GET", f"{path}/{CLO}/schedules")).status == 401
