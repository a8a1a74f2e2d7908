# ruff: noqa: S608 - statements that are put together of what stands here.
"""Pods that remember answer as one that does not: their own changes at once, others' within a tenth of a second."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import asyncpg
import pytest
from aiohttp.test_utils import TestClient
from pydantic import SecretStr

from app.application.stores import StoreUrls
from app.application.worlds import load
from app.settings import Settings
from app.storage.postgres import changes
from app.storage.world_files.reading import world_of
from tests.api.asking import Answer, Asking
from tests.api.pods import pod
from tests.api.world import ANA, BEN, CLO, DEE, EVE, WORLD, event_type
from tests.proxy import Proxy

TOLD_S = 0.1
"""When others' changes must be seen (docs/rules.md, promise 4)."""


def booking(uid: str, type_id: int, user_id: int, hour: int, **more: Any) -> dict[str, Any]:
    times = {"start": f"2050-09-05T{hour:02}:00:00Z", "end": f"2050-09-05T{hour + 1:02}:00:00Z"}
    return {"uid": uid, "eventTypeId": type_id, "userId": user_id, **times, **more}


def hours_of(schedule: dict[str, Any], start: str, end: str) -> dict[str, Any]:
    return {**schedule, "availability": [{**schedule["availability"][0], "startTime": start, "endTime": end}]}


HOURS = {BEN: ("08:00", "16:00"), CLO: ("11:00", "19:00")}

MUCH: dict[str, Any] = {
    **WORLD,
    # Hours of their own, so that it shows who is asked for.
    "schedules": [hours_of(one, *HOURS.get(one["ownerId"], ("09:00", "17:00"))) for one in WORLD["schedules"]],
    "teams": [
        {**WORLD["teams"][0], "bookingLimitsCount": {"day": 3}, "includeManagedEventsInLimits": True},
        WORLD["teams"][1],
    ],
    "eventTypes": [
        *WORLD["eventTypes"],
        event_type(32, "plain", ownerId=CLO),
        event_type(33, "everybody", teamId=50, schedulingType="collective", assignAllTeamMembers=True),
    ],
    "bookings": [
        booking("call", 10, ANA, 8),
        booking("class", 12, ANA, 10, attendees=[{"email": "mia@example.org"}]),
        booking("both", 20, ANA, 12, attendees=[{"email": "ben@example.com"}]),
        booking("rare", 14, CLO, 8),
        booking("pair", 31, EVE, 9),
    ],
    "busyTimes": [{"userId": DEE, "start": "2050-09-06T08:00:00Z", "end": "2050-09-06T10:00:00Z"}],
    "outOfOffice": [{"id": 7, "userId": EVE, "start": "2050-09-07", "end": "2050-09-07"}],
}

BY_NAME: tuple[dict[str, str], ...] = (
    {"eventTypeSlug": "call", "username": "ana"},
    {"eventTypeSlug": "call", "username": "ana", "organizationSlug": "acme"},
    {"eventTypeSlug": "both", "teamSlug": "crew"},
    {"eventTypeSlug": "both", "teamSlug": "crew", "organizationSlug": "acme"},
    {"usernames": "ana,ben"},
    {"usernames": "dora,ana", "organizationSlug": "acme"},
)
QUESTIONS: tuple[dict[str, str], ...] = (
    *({"eventTypeId": str(one["id"])} for one in MUCH["eventTypes"]),
    *BY_NAME,
)


@pytest.fixture
async def world(client: TestClient[Any, Any], settings: Settings, urls: StoreUrls) -> Asking:
    """A service that remembers, with something of everything in its world."""
    await load(settings, urls, world_of(MUCH), "replace")
    return Asking(client, settings, urls)


@pytest.fixture(scope="module")
async def forgetful(settings: Settings, urls: StoreUrls) -> AsyncIterator[Asking]:
    """A pod that remembers nothing."""
    async with pod(settings.model_copy(update={"remembered_items": 0}), urls) as asking:
        yield asking


@pytest.fixture
async def database(world: Asking) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(world.urls.database)
    yield connection
    await connection.close()


async def told(asking: Asking) -> list[tuple[int, Any]]:
    """Ask everything."""

    def read(answer: Answer) -> tuple[int, Any]:
        return answer.status, answer.body["data"] if answer.status == 200 else answer.message

    return [read(answer) for answer in await asyncio.gather(*(asking.slots(**question) for question in QUESTIONS))]


CHANGED = "UPDATE bookings SET status = 'cancelled' WHERE uid = "
ATTENDS = "INSERT INTO booking_attendees (booking_id, position, email)"
STATEMENTS = (
    f"UPDATE users SET default_schedule_id = NULL WHERE id = {BEN}; DELETE FROM schedules WHERE owner_id = {BEN}",
    f"UPDATE users SET username = 'anna' WHERE id = {ANA}",
    f"UPDATE users SET allow_dynamic_booking = false WHERE id = {BEN}",
    f"UPDATE users SET email = 'mia@example.org' WHERE id = {CLO}",
    f"UPDATE users SET email = 'benjamin@example.com' WHERE id = {BEN}; {CHANGED}'both' RETURNING 1",
    f"DELETE FROM users WHERE id = {DEE}",
    f"""
    SET search_path = ''; UPDATE public.users SET allow_dynamic_booking = false WHERE id = {BEN}; RESET search_path
    """,
    f"UPDATE profiles SET username = 'anna' WHERE user_id = {EVE}",
    f"INSERT INTO profiles (user_id, organization_id, username) VALUES ({ANA}, 90, 'annika')",
    f"DELETE FROM profiles WHERE user_id = {DEE}",
    "UPDATE organizations SET slug = 'apex'",
    "DELETE FROM organizations",
    "UPDATE teams SET slug = 'gang' WHERE id = 50",
    f"DELETE FROM memberships WHERE user_id = {BEN}",
    f"UPDATE memberships SET accepted = true WHERE user_id = {CLO}",
    f"INSERT INTO travel_schedules VALUES ({ANA}, 9, 'Asia/Tokyo', '2050-09-01', '2050-09-30')",
    f"INSERT INTO out_of_office (user_id, starts_at, ends_at) VALUES ({BEN}, '2050-09-06Z', '2050-09-06Z')",
    "UPDATE out_of_office SET starts_at = '2050-09-06Z'",
    "DELETE FROM out_of_office",
    "UPDATE schedules SET time_zone = 'Europe/London' WHERE id = 101",
    f"""
    UPDATE users SET default_schedule_id = NULL WHERE id = {CLO};
    UPDATE schedules SET owner_id = {CLO}, is_default = true WHERE id = 105
    """,
    "UPDATE schedule_hours SET start_minute = 600 WHERE schedule_id = 102",
    "INSERT INTO schedule_hours VALUES (101, 9, '{1}', 1200, 1260)",
    "DELETE FROM schedule_hours WHERE schedule_id = 103",
    "INSERT INTO schedule_overrides VALUES (104, 9, '2050-09-06')",
    "UPDATE event_types SET length_minutes = 20 WHERE id = 10",
    "UPDATE event_types SET slug = 'ring' WHERE id = 10",
    "DELETE FROM event_types WHERE id = 10",
    "UPDATE event_types SET team_id = 51, slug = 'everybody51' WHERE id = 33",
    f"INSERT INTO event_type_hosts (event_type_id, position, user_id, mandatory) VALUES (20, 9, {CLO}, true)",
    f"DELETE FROM event_type_hosts WHERE user_id = {BEN}",
    "UPDATE event_type_hosts SET schedule_id = 105 WHERE event_type_id = 20",
    f"DELETE FROM event_type_assignees WHERE user_id = {BEN}",
    "INSERT INTO booking_limits VALUES (10, NULL, 'bookings', 'day', 1)",
    "UPDATE booking_limits SET most = 1 WHERE team_id = 50",
    "UPDATE booking_limits SET most = 9 WHERE event_type_id = 14",
    "DELETE FROM booking_limits WHERE event_type_id = 14",
    f"INSERT INTO busy_times (user_id, starts_at, ends_at) VALUES ({ANA}, '2050-09-08 07:00Z', '2050-09-08 09:00Z')",
    "UPDATE busy_times SET ends_at = '2050-09-06 12:00Z'",
    "DELETE FROM busy_times",
    f"{CHANGED}'call'",
    f"{CHANGED}'both'",
    f"{CHANGED}'rare'",
    f"{CHANGED}'class'",
    "UPDATE bookings SET event_type_id = NULL WHERE uid = 'rare'",
    "UPDATE bookings SET starts_at = starts_at + interval '1 h', ends_at = ends_at + interval '1 h' WHERE uid = 'call'",
    "DELETE FROM bookings WHERE uid = 'both'",
    f"""
    INSERT INTO bookings (uid, event_type_id, user_id, starts_at, ends_at, status, before_buffer_minutes,
        after_buffer_minutes)
    VALUES ('new', 10, {ANA}, '2050-09-06 08:00Z', '2050-09-06 09:00Z', 'accepted', 0, 0)
    """,
    f"""
    INSERT INTO booking_hosts
    SELECT id, {BEN}, tstzrange(starts_at, ends_at), id FROM bookings WHERE uid = 'call'
    """,
    f"{ATTENDS} SELECT id, 9, 'BEN@example.com' FROM bookings WHERE uid = 'call'",
    f"{ATTENDS} SELECT id, 9, 'x@example.org' FROM bookings WHERE uid = 'class'",
    "UPDATE booking_attendees SET email = 'clo@example.com' WHERE email = 'mia@example.org'",
    "DELETE FROM booking_attendees WHERE email = 'ben@example.com'",
    "TRUNCATE bookings CASCADE",
    "TRUNCATE busy_times",
)


@pytest.mark.parametrize("statement", STATEMENTS)
async def test_straight_sql_is_seen(world: Asking, forgetful: Asking, database: Any, statement: str) -> None:
    before = await told(world)
    assert await told(world) == before
    await database.execute(statement)
    await asyncio.sleep(TOLD_S / 2)
    after = await told(forgetful)
    assert after != before, "this statement changes no answer, and shows nothing"
    assert await told(world) == after


async def test_much_at_once_is_seen(world: Asking, forgetful: Asking, database: Any) -> None:
    before = await told(world)
    insert = """
        INSERT INTO busy_times (user_id, starts_at, ends_at)
        SELECT id, '2050-09-06 07:00Z', '2050-09-06 09:00Z' FROM users
    """
    people = "INSERT INTO users (username, email, time_zone) SELECT n, n, 'UTC' FROM generate_series(1, 2000) AS n"
    await database.execute(f"{people}; {insert}")
    await asyncio.sleep(TOLD_S / 2)
    assert await told(world) == await told(forgetful) != before


async def test_what_is_not_committed_is_not_seen_and_then_it_is(
    world: Asking, forgetful: Asking, database: Any
) -> None:
    before = await told(world)
    async with database.transaction():
        await database.execute(f"{CHANGED}'call'")
        await asyncio.sleep(TOLD_S)
        assert await told(world) == before
    await asyncio.sleep(TOLD_S / 2)
    assert await told(world) == await told(forgetful) != before


async def test_a_pod_sees_what_it_wrote_at_once_and_another_soon(world: Asking, forgetful: Asking) -> None:
    async with pod(world.settings, world.urls) as other:
        for number in range(8):
            start = f"2050-09-0{6 + number // 4}T{7 + 2 * (number % 4):02}:00:00Z"
            await other.slots(eventTypeId="13")
            assert start[:19] in str((await world.slots(eventTypeId="13")).data)
            attendee = {"name": "Mia", "email": "mia@example.org", "timeZone": "UTC"}
            body = {"eventTypeId": 13, "start": start, "attendee": attendee}
            booked = await world.ask("POST", "/v2/bookings", json=body)
            assert booked.status == 201
            assert start[:19] not in str((await world.slots(eventTypeId="13")).data)
            await asyncio.sleep(TOLD_S / 2)
            assert (await other.slots(eventTypeId="13")).data == (await forgetful.slots(eventTypeId="13")).data


async def test_changed_hours_are_seen_at_once(world: Asking, forgetful: Asking) -> None:
    for zone in ("Europe/London", "Asia/Tokyo", "UTC", "Europe/Rome"):
        await told(world)
        changed = await world.ask(
            "PATCH",
            "/v2/schedules/101",
            token="cal_key_of_ana",
            json={"timeZone": zone},
            headers={"cal-api-version": "2024-06-11"},
        )
        assert changed.status == 200
        assert await told(world) == await told(forgetful)


async def test_asked_again_nothing_is_read_from_the_database(world: Asking, database: Any) -> None:
    await told(world)
    await asyncio.sleep(0.5)  # By now it listens, if this is the first thing that it was asked.
    await told(world)
    await database.execute("BEGIN; LOCK TABLE event_types, bookings, busy_times IN ACCESS EXCLUSIVE MODE")
    found = [await world.slots(eventTypeId=one) for one in ("10", "13", "21")]
    await database.execute("ROLLBACK")
    assert [answer.status for answer in found] == [200, 200, 200]


# When changes cannot be heard ----------------------------------------------------------------------------------------


@pytest.fixture
async def hearing(world: Asking, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Asking, Proxy]]:
    """A pod that hears of changes through a connection that can be cut."""
    monkeypatch.setattr(changes, "_ANSWER_S", 0.3)
    monkeypatch.setattr(changes, "_PAUSE_S", 0.1)
    parts = urlsplit(world.urls.database)
    where = dict(parse_qsl(parts.query))
    socket = f"{where['host']}/.s.PGSQL.{where['port']}"
    async with Proxy(lambda: asyncio.open_unix_connection(socket)).running() as proxy:
        url = f"postgresql://{parts.netloc.split('@')[0]}@127.0.0.1:{proxy.port}{parts.path}?sslmode=disable"
        settings = world.settings.model_copy(update={"listen_url": SecretStr(url)})
        async with pod(settings, world.urls) as asking:
            yield asking, proxy


async def test_cut_off_nothing_is_remembered_until_all_is_well_again(
    hearing: tuple[Asking, Proxy], forgetful: Asking, database: Any
) -> None:
    pod, proxy = hearing
    there = await told(pod)
    proxy.cut()
    await database.execute("UPDATE schedules SET time_zone = 'Europe/London' WHERE id = 101")
    await asyncio.sleep(TOLD_S / 2)
    away = await told(forgetful)
    assert await told(pod) == away != there
    await database.execute("UPDATE schedules SET time_zone = 'Europe/Rome' WHERE id = 101")
    proxy.mend()
    await asyncio.sleep(0.2)
    assert await told(pod) == there
    await database.execute("UPDATE schedules SET time_zone = 'Europe/London' WHERE id = 101")
    await asyncio.sleep(TOLD_S / 2)
    assert await told(pod) == away


async def test_a_silent_connection_is_not_believed(
    hearing: tuple[Asking, Proxy], forgetful: Asking, database: Any
) -> None:
    pod, proxy = hearing
    there = await told(pod)
    proxy.pause_s = 5
    await database.execute("UPDATE schedules SET time_zone = 'Europe/London' WHERE id = 101")
    await asyncio.sleep(TOLD_S / 2)
    assert await told(pod) == await told(forgetful) != there


async def test_whoever_is_told_nothing_of_others_remembers_nothing(
    hearing: tuple[Asking, Proxy], database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As behind a pooler that lends a connection for a transaction: LISTEN succeeds there, and hears nothing."""
    monkeypatch.setattr(changes, "_CHANNEL", "somewhere_else")
    monkeypatch.setattr(changes.PostgresChanges, "_hear", lambda *_: None)
    pod, _ = hearing
    there = await told(pod)
    await database.execute("UPDATE schedules SET time_zone = 'Europe/London' WHERE id = 101")
    assert await told(pod) != there
