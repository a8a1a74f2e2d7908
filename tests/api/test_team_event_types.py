"""Event types of teams, by the teams' own path and by their organization's."""

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.api.asking import Answer, Asking
from tests.api.pods import until_waiting
from tests.api.world import ANA, BEN, CLO, EVE

CREW = "/v2/teams/50/event-types"
BRANCH = "/v2/organizations/90/teams/51/event-types"
NEW = {"lengthInMinutes": 60, "title": "Talk", "slug": "talk", "schedulingType": "collective"}
FAY = 6
BOSS = "cal_key_of_fay"
"""Owns the crew, and runs acme."""


@pytest.fixture
async def api(api: Asking) -> Asking:
    await api.add(
        users=[{"id": FAY, "username": "fay", "email": "fay@example.com", "timeZone": "Europe/Rome"}],
        memberships=[{"userId": FAY, "teamId": 50, "role": "OWNER"}, {"userId": FAY, "teamId": 90, "role": "ADMIN"}],
        apiKeys=[{"token": BOSS, "userId": FAY}],
    )
    return api


def hosts(*user_ids: int, **more: Any) -> list[dict[str, Any]]:
    return [{"userId": user_id, **more} for user_id in user_ids]


async def post(api: Asking, path: str = CREW, token: str | None = BOSS, **body: Any) -> Answer:
    return await api.ask("POST", path, token=token, json={**NEW, **body})


async def patch(api: Asking, event_type_id: int, path: str = CREW, token: str | None = BOSS, **body: Any) -> Answer:
    return await api.ask("PATCH", f"{path}/{event_type_id}", token=token, json=body)


async def get(api: Asking, path: str, token: str | None = BOSS, **query: Any) -> Answer:
    return await api.ask("GET", path, token=token, params=query)


def wrong_fields(answer: Answer) -> list[str]:
    assert answer.status == 400, answer.body
    return [one["property"] for one in answer.body["error"]["details"]["errors"]]


async def test_a_new_event_type_has_its_hosts_and_team(api: Asking) -> None:
    given: list[dict[str, Any]] = [
        {"userId": BEN, "mandatory": True, "priority": "highest", "weight": 50, "groupId": "a"},
        {"userId": ANA},
    ]
    answer = await post(api, schedulingType="roundRobin", hosts=given, rrHostSubsetEnabled=True)
    assert answer.status == 201
    made = answer.data
    assert (made["teamId"], made["team"]["slug"], made["ownerId"], made["parentEventTypeId"]) == (
        50,
        "crew",
        None,
        None,
    )
    assert made["schedulingType"] == "roundRobin"
    assert made["rrHostSubsetEnabled"] is True
    assert made["hosts"] == [
        {**given[0], "name": "ben", "username": "ben", "avatarUrl": None},
        {
            "userId": ANA,
            "name": "ana",
            "username": "ana",
            "avatarUrl": None,
            "mandatory": False,
            "priority": "medium",
            "weight": 100,
            "groupId": None,
        },
    ]
    assert (await get(api, f"{CREW}/{made['id']}")).data == made
    assert (await patch(api, made["id"])).data == made


async def test_all_hosts_of_a_collective_one_are_needed(api: Asking) -> None:
    made = (await post(api, hosts=hosts(ANA, BEN))).data
    assert [host["mandatory"] for host in made["hosts"]] == [True, True]
    await api.reserve(10, "10:00")
    assert "10:00" not in await api.starts(made["id"])
    await patch(api, made["id"], hosts=hosts(BEN))
    assert "10:00" in await api.starts(made["id"])
    await patch(api, made["id"], schedulingType="roundRobin", hosts=hosts(ANA, BEN))
    assert "10:00" in await api.starts(made["id"])


async def test_all_members_may_host_or_some_but_not_both(api: Asking) -> None:
    made = (await post(api, assignAllTeamMembers=True)).data
    assert [host["userId"] for host in made["hosts"]] == [ANA, BEN, FAY]
    changed = (await patch(api, made["id"], hosts=hosts(ANA))).data
    assert changed["assignAllTeamMembers"] is False
    assert [host["userId"] for host in changed["hosts"]] == [ANA]
    changed = (await patch(api, made["id"], assignAllTeamMembers=True)).data
    assert [host["userId"] for host in changed["hosts"]] == [ANA, BEN, FAY]


async def test_hosts_that_are_named_end_an_older_way_of_staffing(api: Asking) -> None:
    assert [host["userId"] for host in (await get(api, f"{CREW}/23")).data["hosts"]] == [ANA, BEN]
    assert (await patch(api, 23, title="Still assigned")).status == 200
    assert (await api.reserve(23, "10:00")).status == 400
    assert [host["userId"] for host in (await patch(api, 23, hosts=hosts(BEN))).data["hosts"]] == [BEN]
    assert (await api.reserve(23, "10:00")).status == 201


async def test_only_who_is_new_is_looked_at(api: Asking) -> None:
    """Who hosts already, though they have not accepted, or whose schedule it has, bars no change of something else."""
    assert (await patch(api, 22, title="Led by Ana")).data["title"] == "Led by Ana"
    kept = hosts(ANA, mandatory=True) + hosts(CLO)
    assert [host["userId"] for host in (await patch(api, 22, hosts=kept)).data["hosts"]] == [ANA, CLO]
    assert wrong_fields(await patch(api, 22, hosts=[*kept, *hosts(EVE)])) == ["hosts"]
    await api.add(eventTypes=[{"id": 40, "slug": "eves", "teamId": 50, "lengthInMinutes": 60, "scheduleId": EVE + 100}])
    assert (await patch(api, 40, title="By Eve's hours")).data["scheduleId"] == EVE + 100
    assert wrong_fields(await patch(api, 20, scheduleId=EVE + 100)) == ["scheduleId"]


async def test_what_is_wrong_is_named_and_nothing_is_made(api: Asking) -> None:
    before = (await get(api, CREW)).data
    for stranger in (CLO, EVE, 9_999):
        assert wrong_fields(await post(api, hosts=hosts(ANA, stranger))) == ["hosts"]
    assert wrong_fields(await post(api, assignAllTeamMembers=True, hosts=hosts(ANA))) == ["assignAllTeamMembers"]
    assert wrong_fields(await post(api, slug="both")) == ["slug"]
    assert wrong_fields(await post(api, scheduleId=EVE + 100)) == ["scheduleId"]
    assert wrong_fields(await post(api, schedulingType="managed", scheduleId=ANA + 100)) == ["scheduleId"]
    assert (await get(api, CREW)).data == before


@pytest.mark.parametrize("name", NEW)
async def test_a_new_event_type_says_at_least_what_it_is_and_how_it_is_shared(api: Asking, name: str) -> None:
    body = {other: value for other, value in NEW.items() if other != name}
    assert wrong_fields(await api.ask("POST", CREW, token=BOSS, json=body)) == [name]


async def test_a_members_schedule_may_be_the_teams(api: Asking) -> None:
    assert (await post(api, hosts=hosts(ANA), scheduleId=BEN + 100)).data["scheduleId"] == BEN + 100


async def test_another_scheduling_type_needs_hosts_and_managed_ones_stay(api: Asking) -> None:
    assert wrong_fields(await patch(api, 20, schedulingType="roundRobin")) == ["hosts"]
    assert wrong_fields(await patch(api, 20, schedulingType="managed", hosts=hosts(ANA))) == ["schedulingType"]
    assert wrong_fields(await patch(api, 24, schedulingType="collective", hosts=hosts(ANA))) == ["schedulingType"]


async def test_only_who_runs_the_team_writes(api: Asking) -> None:
    for token in ("cal_key_of_ana", "cal_key_of_clo", "cal_key_of_dee"):
        assert (await post(api, token=token)).status == 403
        assert (await patch(api, 20, token=token)).status == 403
        assert (await api.ask("DELETE", f"{CREW}/20", token=token)).status == 403


async def test_strangers_list_a_team_without_what_is_hidden_and_members_see_all(api: Asking) -> None:
    await patch(api, 20, hidden=True)

    async def ids(token: str | None, **query: Any) -> list[int]:
        return [one["id"] for one in (await get(api, CREW, token, **query)).data]

    assert await ids(None) == await ids("cal_key_of_dee") == [21, 22, 23, 24, 26]
    assert await ids("cal_key_of_ben") == [20, 21, 22, 23, 24, 26]
    assert await ids("cal_key_of_ben", sortCreatedAt="desc", take=2, skip=1) == [24, 23]
    assert await ids(None, eventSlug="either") == [21]


async def test_strangers_see_no_private_places(api: Asking) -> None:
    place = {"type": "phone", "phone": "+391234"}
    await patch(api, 20, locations=[place])
    for token, seen in ((None, {"type": "phone"}), ("cal_key_of_dee", {"type": "phone"}), ("cal_key_of_ana", place)):
        (told,) = (await get(api, CREW, token, eventSlug="both")).data
        assert told["locations"] == [seen]


async def test_one_event_type_is_shown_to_members(api: Asking) -> None:
    assert (await get(api, f"{CREW}/20", "cal_key_of_ben")).data["slug"] == "both"
    assert (await get(api, f"{CREW}/20", "cal_key_of_dee")).status == 403
    assert (await get(api, f"{CREW}/20", None)).status == 401
    assert (await get(api, f"{CREW}/31")).status == 404
    assert (await get(api, f"{CREW}/10")).status == 404


async def test_hosts_may_be_limited(api: Asking) -> None:
    (told,) = (await get(api, CREW, eventSlug="both", hostsLimit=1)).data
    assert [host["userId"] for host in told["hosts"]] == [ANA]


async def test_a_removed_event_type_is_gone(api: Asking) -> None:
    assert (await api.ask("DELETE", f"{CREW}/20", token=BOSS)).data["slug"] == "both"
    assert (await get(api, f"{CREW}/20")).status == 404
    assert (await api.ask("DELETE", f"{CREW}/20", token=BOSS)).status == 404
    assert (await api.ask("DELETE", f"{CREW}/31", token=BOSS)).status == 404


async def test_an_organization_keeps_its_teams_event_types(api: Asking) -> None:
    made = (await post(api, BRANCH, hosts=hosts(EVE))).data
    assert made["teamId"] == 51
    assert (await patch(api, made["id"], BRANCH, title="Renamed")).data["title"] == "Renamed"
    assert [one["id"] for one in (await get(api, BRANCH)).data] == [31, made["id"]]
    assert (await get(api, f"{BRANCH}/{made['id']}", "cal_key_of_eve")).data["title"] == "Renamed"
    assert (await api.ask("DELETE", f"{BRANCH}/{made['id']}", token=BOSS)).status == 200
    assert (await get(api, BRANCH, None)).status == 403
    assert (await get(api, BRANCH, "cal_key_of_ana")).status == 403


async def test_an_organizations_client_acts_for_it(api: Asking) -> None:
    secrets = {"x-cal-client-id": "client-of-acme", "x-cal-secret-key": "secret-of-acme"}
    answer = await api.ask("POST", BRANCH, headers=secrets, json={**NEW, "hosts": hosts(EVE)})
    assert answer.status == 201
    assert (await api.ask("POST", CREW, headers=secrets, json=NEW)).status == 403


async def test_a_team_of_another_organization_is_not_found(api: Asking) -> None:
    path = "/v2/organizations/90/teams/50/event-types"
    assert (await post(api, path)).status == 404
    assert (await get(api, path)).status == 404
    assert (await get(api, "/v2/teams/9999/event-types", None)).status == 404


async def test_all_event_types_of_an_organizations_teams(api: Asking) -> None:
    path = "/v2/organizations/90/teams/event-types"
    made = (await post(api, BRANCH, hosts=hosts(EVE), hidden=True)).data
    assert [one["id"] for one in (await get(api, path)).data] == [31, made["id"]]
    place = {"type": "link", "link": "https://meet.example/private"}
    await patch(api, 31, BRANCH, locations=[place], destinationCalendar={"integration": "x", "externalId": "secret"})
    [of_dee] = (await get(api, path, "cal_key_of_dee")).data
    assert (of_dee["id"], of_dee["locations"]) == (31, [{"type": "link"}])
    assert "secret" not in str(of_dee), "she is not in the team"
    assert "secret" in str((await get(api, path)).data)
    [of_eve] = (await get(api, path, "cal_key_of_eve")).data
    assert of_eve["locations"] == [place], "she is in the team"
    assert [one["id"] for one in (await get(api, path, take=1, skip=1)).data] == [made["id"]]
    assert (await get(api, path, "cal_key_of_ana")).status == 403
    assert (await get(api, path, None)).status == 401


async def test_hosts_keep_their_own_schedules_of_which_no_answer_tells(
    api: Asking, database: asyncpg.Connection
) -> None:
    await database.execute(
        "UPDATE event_type_hosts SET schedule_id = 102 WHERE event_type_id = 20 AND user_id = $1", BEN
    )
    await patch(api, 20, hosts=hosts(BEN, ANA))
    rows = await database.fetch(
        "SELECT user_id, schedule_id FROM event_type_hosts WHERE event_type_id = 20 ORDER BY position"
    )
    assert [tuple(row) for row in rows] == [(BEN, 102), (ANA, None)]


async def test_who_leaves_a_team_while_its_hosts_change_hosts_no_more(
    api: Asking, database: asyncpg.Connection
) -> None:
    leaving = await asyncpg.connect(api.urls.database)
    async with leaving.transaction():
        # As who leaves does.
        await leaving.execute("SELECT FROM teams WHERE id = 50 FOR NO KEY UPDATE")
        changing = asyncio.create_task(patch(api, 20, hosts=hosts(BEN, ANA)))
        await until_waiting(database, "transactionid")
        await leaving.execute("DELETE FROM memberships WHERE team_id = 50 AND user_id = $1", BEN)
        await leaving.execute("DELETE FROM event_type_hosts WHERE user_id = $1", BEN)
    await leaving.close()
    assert wrong_fields(await changing) == ["hosts"]


# Managed ones --------------------------------------------------------------------------------------------------------


async def managed(api: Asking, **more: Any) -> list[dict[str, Any]]:
    answer = await post(api, schedulingType="managed", **{"hosts": hosts(ANA, BEN), **more})
    assert answer.status == 201, answer.body
    family: list[dict[str, Any]] = answer.data
    return family


async def test_every_host_of_a_managed_one_gets_a_child_with_slots_of_its_own(api: Asking) -> None:
    parent, of_ana, of_ben = await managed(api, bookingLimitsCount={"day": 3})
    assert [child["ownerId"] for child in (of_ana, of_ben)] == [ANA, BEN]
    for child in (of_ana, of_ben):
        assert (child["parentEventTypeId"], child["teamId"], child["schedulingType"]) == (parent["id"], 50, None)
        assert (child["slug"], child["bookingLimitsCount"]) == ("talk", {"day": 3})
        assert await api.starts(child["id"]) != []
    assert (await api.slots(eventTypeId=parent["id"])).status == 400
    assert (await api.slots(eventTypeSlug="talk", username="ben")).data != {}


async def test_children_follow_their_parent_but_keep_their_schedules(api: Asking) -> None:
    parent, of_ana, _ = await managed(api)
    own = {"cal-api-version": "2024-06-14"}
    await api.ask(
        "PATCH",
        f"/v2/event-types/{of_ana['id']}",
        token="cal_key_of_ana",
        headers=own,
        json={"scheduleId": ANA + 100},
    )
    family = (await patch(api, parent["id"], lengthInMinutes=240, bookingLimitsCount={"day": 1})).data
    assert [one["lengthInMinutes"] for one in family] == [240, 240, 240]
    assert [one["scheduleId"] for one in family] == [None, ANA + 100, None]
    assert await api.starts(of_ana["id"]) == ["07:00", "11:00"]
    await api.reserve(of_ana["id"], "07:00")
    assert await api.starts(of_ana["id"]) == []


async def test_children_come_and_go_with_the_hosts(api: Asking) -> None:
    parent, of_ana, of_ben = await managed(api)
    family = (await patch(api, parent["id"], hosts=hosts(BEN, FAY))).data
    assert [one["ownerId"] for one in family] == [None, BEN, FAY]
    assert family[1]["id"] == of_ben["id"]
    assert (await api.slots(eventTypeId=of_ana["id"])).status == 404
    await api.ask("DELETE", f"{CREW}/{parent['id']}", token=BOSS)
    assert (await api.slots(eventTypeId=of_ben["id"])).status == 404


async def test_children_that_came_without_hosts_stay(api: Asking) -> None:
    """Files and Cal.com know a managed one's people only by their children."""
    assert [host["userId"] for host in (await get(api, f"{CREW}/24")).data["hosts"]] == [BEN]
    await patch(api, 24, title="Anew")
    assert (await get(api, "/v2/event-types/25", "cal_key_of_ben")).data["title"] == "Anew"
    await patch(api, 24, hosts=hosts(ANA))
    assert (await get(api, "/v2/event-types/25", "cal_key_of_ben")).status == 404


async def test_a_managed_one_that_nobody_hosts_any_more_has_no_children(api: Asking) -> None:
    parent, *_ = await managed(api)
    assert (await patch(api, parent["id"], hosts=[])).data == [{**parent, "hosts": []}]


async def test_a_managed_one_may_be_everybodys(api: Asking) -> None:
    parent, *children = await managed(api, hosts=None, assignAllTeamMembers=True)
    assert parent["assignAllTeamMembers"] is True
    assert [child["ownerId"] for child in children] == [ANA, BEN, FAY]


async def test_a_host_who_has_the_slug_already_stops_all_of_it(api: Asking) -> None:
    before = (await get(api, CREW)).data
    assert wrong_fields(await post(api, schedulingType="managed", hosts=hosts(ANA, BEN), slug="call")) == ["slug"]
    assert (await get(api, CREW)).data == before
    parent, *_ = await managed(api)
    assert wrong_fields(await patch(api, parent["id"], slug="call")) == ["slug"]
    assert (await get(api, f"{CREW}/{parent['id']}")).data["slug"] == "talk"


async def test_a_child_is_no_event_type_of_the_team(api: Asking) -> None:
    _, of_ana, _ = await managed(api)
    assert (await get(api, f"{CREW}/{of_ana['id']}")).status == 404
    assert of_ana["id"] not in [one["id"] for one in (await get(api, CREW)).data]


async def test_who_has_nothing_to_do_with_a_child_does_not_see_it(api: Asking) -> None:
    _, of_ana, _ = await managed(api)
    own = {"cal-api-version": "2024-06-14"}
    path = f"/v2/event-types/{of_ana['id']}"
    assert (await api.ask("GET", path, token=BOSS, headers=own)).status == 200
    assert (await api.ask("GET", path, token="cal_key_of_dee", headers=own)).status == 404
