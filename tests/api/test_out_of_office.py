"""`/v2/me/ooo` and the out-of-office entries of an organization's members."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.api.asking import Answer, Asking
from tests.api.pods import end_leases
from tests.api.world import ANA, BEN, CLO, DEE, EVE

ACME = {"x-cal-client-id": "client-of-acme", "x-cal-secret-key": "secret-of-acme"}
EVES = f"/v2/organizations/90/users/{EVE}/ooo"
MONDAY, TUESDAY, WEDNESDAY = "2050-09-05", "2050-09-06", "2050-09-07"
AWAY = {"start": f"{MONDAY}T00:00:00.000Z", "end": f"{TUESDAY}T23:59:59.999Z"}


async def ask(api: Asking, method: str, path: str = "", *, who: str = "ana", **body: Any) -> Answer:
    more = {"json": body} if body else {}
    return await api.ask(method, f"/v2/me/ooo{path}", token=f"cal_key_of_{who}", **more)


def wrong_fields(answer: Answer) -> list[str]:
    return [error["property"] for error in answer.body["error"]["details"]["errors"]]


async def test_an_entry_comes_back_as_it_was_sent(api: Asking) -> None:
    answer = await ask(api, "POST", **AWAY, notes="By the sea", reason="vacation", toUserId=BEN)
    assert answer.status == 201
    made = answer.data
    assert made == {
        **AWAY,
        "id": made["id"],
        "uuid": made["uuid"],
        "userId": ANA,
        "notes": "By the sea",
        "reason": "vacation",
        "toUserId": BEN,
    }
    assert (await ask(api, "GET")).data == [made]


async def test_an_entry_that_says_little(api: Asking) -> None:
    made = (await ask(api, "POST", **AWAY)).data
    assert made == {**AWAY, "id": made["id"], "uuid": made["uuid"], "userId": ANA, "reason": "unspecified"}


async def test_whole_dates_are_gone_from_listings_at_once(api: Asking) -> None:
    made = (await ask(api, "POST", start=f"{MONDAY}T12:00:00Z", end=f"{TUESDAY}T12:00:00Z")).data
    assert [len(await api.starts(10, day)) for day in (MONDAY, TUESDAY, WEDNESDAY)] == [0, 0, 8]
    await ask(api, "PATCH", f"/{made['id']}", start=f"{TUESDAY}T00:00:00Z", end=f"{WEDNESDAY}T00:00:00Z")
    assert [len(await api.starts(10, day)) for day in (MONDAY, TUESDAY, WEDNESDAY)] == [8, 0, 0]
    await ask(api, "DELETE", f"/{made['id']}")
    assert [len(await api.starts(10, day)) for day in (MONDAY, TUESDAY, WEDNESDAY)] == [8, 8, 8]


async def test_what_a_patch_leaves_out_stays(api: Asking) -> None:
    made = (await ask(api, "POST", **AWAY, notes="By the sea", toUserId=BEN)).data
    path = f"/{made['id']}"
    later = f"{WEDNESDAY}T00:00:00.000Z"
    assert (await ask(api, "PATCH", path, end=later)).data == {**made, "end": later}
    assert (await ask(api, "PATCH", path, reason="sick")).data == {**made, "end": later, "reason": "sick"}
    ended = (await ask(api, "PATCH", path, notes=None, toUserId=None)).data
    assert not {"notes", "toUserId"} & ended.keys()
    refused = await ask(api, "PATCH", path, start="2050-09-08T00:00:00Z")
    assert (refused.status, refused.message) == (400, "An out-of-office entry must not end before it starts.")
    assert wrong_fields(refused) == ["end"]


async def test_deleting_shows_what_it_was(api: Asking) -> None:
    made = (await ask(api, "POST", **AWAY)).data
    assert (await ask(api, "DELETE", f"/{made['id']}")).data == made
    assert (await ask(api, "DELETE", f"/{made['id']}")).status == 404


async def test_one_is_not_away_twice_from_and_to_the_same(api: Asking) -> None:
    made = (await ask(api, "POST", **AWAY)).data
    assert (await ask(api, "POST", **AWAY)).status == 409
    assert (await ask(api, "PATCH", f"/{made['id']}", **AWAY, notes="Same")).status == 200
    assert (await ask(api, "POST", who="ben", **AWAY)).status == 201


@pytest.mark.parametrize("cover", [ANA, CLO, DEE, 999])
async def test_who_cannot_cover(api: Asking, cover: int) -> None:
    """Not oneself, nobody who was only invited, no stranger, nobody at all."""
    answer = await ask(api, "POST", **AWAY, toUserId=cover)
    assert answer.status == 400
    assert "cannot cover" in answer.message
    assert wrong_fields(answer) == ["toUserId"]
    assert (await ask(api, "GET")).data == []


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"start": "soon"}, "start"),
        ({"start": 5}, "start"),
        ({"end": f"{MONDAY}T00:00:00Z", "start": f"{TUESDAY}T00:00:00Z"}, "end"),
        ({"start": None}, "start"),
        ({"reason": "bored"}, "reason"),
        ({"notes": "n" * 2_001}, "notes"),
        ({"notes": "nul\0"}, "notes"),
        ({"toUserId": 2**40}, "toUserId"),
    ],
)
async def test_a_wrong_field_is_named(api: Asking, fields: dict[str, Any], name: str) -> None:
    answer = await ask(api, "POST", **{**AWAY, **fields})
    assert (answer.status, answer.message) == (400, "Bad Request Exception")
    assert wrong_fields(answer) == [name]


async def test_entries_are_sorted_and_paged(api: Asking) -> None:
    days = {"late": "2050-09-09", "early": "2050-09-01", "middle": "2050-09-05"}
    for notes, day in days.items():
        await ask(api, "POST", start=f"{day}T00:00:00Z", end=f"{day}T23:00:00Z", notes=notes)

    async def listed(query: str) -> list[str]:
        return [entry["notes"] for entry in (await ask(api, "GET", query)).data]

    assert await listed("") == ["late", "early", "middle"]
    assert await listed("?sortStart=asc") == ["early", "middle", "late"]
    assert await listed("?sortEnd=desc") == ["late", "middle", "early"]
    assert await listed("?sortStart=asc&take=1&skip=1") == ["middle"]
    assert (await ask(api, "GET", "?sortStart=up")).status == 400
    assert (await ask(api, "GET", "?take=251")).status == 400


async def test_entries_that_count_are_bounded(api: Asking) -> None:
    over = [{"userId": ANA, "start": "2020-01-01", "end": f"2020-01-01T00:00:{n:02d}Z"} for n in range(60)]
    lately = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    ahead = [
        {"userId": ANA, "start": "2050-01-01", "end": f"2050-01-01T{n // 60:02d}:{n % 60:02d}:00Z"} for n in range(248)
    ]
    ahead.append({"userId": ANA, "start": lately, "end": lately})
    await api.add(outOfOffice=over + ahead)
    assert (await ask(api, "POST", **AWAY)).status == 201
    refused = await ask(api, "POST", start="2051-01-01", end="2051-01-02")
    assert refused.status == 400
    assert "at most 250" in refused.message
    entries = (await ask(api, "GET", "?take=250")).data
    moved = await ask(api, "PATCH", f"/{entries[0]['id']}", start="2051-01-01", end="2051-01-02")
    assert (moved.status, moved.message) == (400, refused.message)
    assert (await ask(api, "GET", "?take=250")).data == entries
    assert (await ask(api, "PATCH", f"/{entries[-1]['id']}", start="2051-01-01", end="2051-01-02")).status == 200


async def test_a_pod_that_died_after_making_one_leaves_one(dying: Asking, api: Asking, redis: Redis) -> None:
    key = {"Idempotency-Key": "dead"}
    for pod in (dying, api):
        answer = await pod.ask("POST", "/v2/me/ooo", token="cal_key_of_ana", json=AWAY, headers=key)
        await end_leases(redis)
    assert (await ask(api, "GET")).data == [answer.data]


async def test_other_peoples_entries_are_not_there(api: Asking) -> None:
    made = (await ask(api, "POST", **AWAY)).data
    for method, body in (("PATCH", {"notes": "Mine"}), ("DELETE", {})):
        assert (await ask(api, method, f"/{made['id']}", who="ben", **body)).status == 404
        assert (await ask(api, method, "/0", **body)).status == 400
    assert (await ask(api, "GET", who="ben")).data == []
    assert (await ask(api, "GET")).data == [made]


async def test_personal_routes_need_a_person(api: Asking) -> None:
    assert (await api.ask("GET", "/v2/me/ooo")).status == 401
    assert (await api.ask("GET", "/v2/me/ooo", headers=ACME)).status == 403


# Members -------------------------------------------------------------------------------------------------------------


async def test_an_organization_keeps_its_members_entries(api: Asking) -> None:
    made = (await api.ask("POST", EVES, headers=ACME, json=AWAY)).data
    assert made["userId"] == EVE
    assert await api.starts(30) == []
    assert (await api.ask("GET", EVES, headers=ACME)).data == [made]
    path = f"{EVES}/{made['id']}"
    changed = await api.ask("PATCH", path, headers=ACME, json={"start": f"{TUESDAY}T00:00:00Z"})
    assert changed.data["end"] == AWAY["end"]
    assert len(await api.starts(30)) == 8
    assert (await api.ask("DELETE", path, headers=ACME)).status == 200
    assert len(await api.starts(30, TUESDAY)) == 8


async def test_an_organization_sees_all_its_members_entries(api: Asking) -> None:
    await api.add(outOfOffice=[{"userId": user_id, **AWAY} for user_id in (ANA, DEE, EVE)])

    async def owners(**query: str) -> list[int]:
        answer = await api.ask("GET", "/v2/organizations/90/ooo", headers=ACME, params=query)
        return [entry["userId"] for entry in answer.data]

    assert await owners() == [DEE, EVE]
    assert await owners(email="EVE@example.com") == [EVE]
    assert await owners(email="ana@example.com") == []
    assert await owners(take="1", skip="1") == [EVE]


async def test_an_organization_keeps_nobody_elses_entries(api: Asking) -> None:
    anas = (await ask(api, "POST", **AWAY)).data
    assert (await api.ask("POST", f"/v2/organizations/90/users/{ANA}/ooo", headers=ACME, json=AWAY)).status == 404
    assert (await api.ask("DELETE", f"{EVES}/{anas['id']}", headers=ACME)).status == 404
    assert (await api.ask("GET", "/v2/organizations/90/ooo", token="cal_key_of_dee")).status == 403
    assert (await api.ask("GET", EVES, token="cal_key_of_dee")).status == 403
    assert (await api.ask("GET", EVES)).status == 401
