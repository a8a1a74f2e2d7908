"""Loading a world file: all of it or nothing, and what it says when it refuses."""

import asyncio
from dataclasses import asdict
from typing import Any

import pytest

from app.domain.reference import ById
from app.domain.time_ranges import DAY
from app.domain.window import asked_window
from app.fields import parse_instant
from app.services.find_slots import SlotFinder, SlotsQuestion
from app.services.ports import Calendar, EventTypes
from app.services.staffing import Staffing
from app.storage.postgres.calendar import PostgresCalendar
from app.storage.postgres.event_types import PostgresEventTypes
from app.storage.postgres.load import DatabaseNotEmptyError, LoadReport, Mode, load_world
from app.storage.postgres.pool import Connection, Pool
from app.storage.world_files.checks import WorldRefusedError
from app.storage.world_files.format import World
from app.storage.world_files.stores import WorldStores


def user(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": number, "username": f"u{number}", "email": f"u{number}@example.com", "timeZone": "UTC"} | fields


def booking(uid: str, start: str, end: str, **fields: Any) -> dict[str, Any]:
    times = {"start": f"2050-01-03T{start}Z", "end": f"2050-01-03T{end}Z"}
    return {"uid": uid, "eventTypeId": 1, "userId": 1} | times | fields


WORLD: dict[str, Any] = {
    "users": [user(1, defaultScheduleId=5), user(2)],
    "schedules": [{"id": 5, "ownerId": 1, "timeZone": "UTC", "availability": []}],
    "organizations": [{"id": 40, "slug": "acme"}],
    "teams": [{"id": 41, "slug": "sales", "parentOrganizationId": 40}],
    "memberships": [{"userId": 1, "teamId": 40}, {"userId": 1, "teamId": 41}],
    "eventTypes": [
        {"id": 2, "slug": "child", "ownerId": 1, "parentId": 1, "lengthInMinutes": 30},
        {"id": 1, "slug": "intro", "ownerId": 1, "lengthInMinutes": 30, "beforeEventBuffer": 10},
        {"id": 3, "slug": "class", "ownerId": 2, "lengthInMinutes": 60, "seatsPerTimeSlot": 5},
    ],
    "outOfOffice": [
        {"userId": 1, "start": "2050-02-01", "end": "2050-02-02"},
        {"id": 1, "userId": 1, "start": "2050-03-01", "end": "2050-03-02"},
    ],
    "apiKeys": [{"token": "cal_secret_key", "userId": 1}],
    "oauthClients": [{"id": "client", "secret": "very-secret", "organizationId": 40}],
}


async def load(database_url: str, world: dict[str, Any], mode: Mode = "empty") -> LoadReport:
    return await load_world(database_url, World.model_validate(world), mode=mode)


async def refusals(database_url: str, world: dict[str, Any], mode: Mode = "merge") -> list[str]:
    with pytest.raises(WorldRefusedError) as refused:
        await load(database_url, world, mode)
    return str(refused.value).splitlines()


async def counts(connection: Connection) -> dict[str, int]:
    tables = await connection.fetch("SELECT relname FROM pg_stat_user_tables WHERE relname <> 'alembic_version'")
    return {
        row["relname"]: await connection.fetchval(f"SELECT count(*) FROM {row['relname']}")  # noqa: S608 - our tables
        for row in tables
    }


# All or nothing ------------------------------------------------------------------------------------------------------


async def test_everything_is_written_and_counted(database_url: str, connection: Connection) -> None:
    report = await load(database_url, WORLD | {"bookings": [booking("a", "09:00", "09:30")]})
    assert {name: count for name, count in report.counts.items() if count} == {
        "users": 2,
        "schedules": 1,
        "organizations": 1,
        "teams": 1,
        "memberships": 2,
        "eventTypes": 3,
        "bookings": 1,
        "outOfOffice": 2,
        "apiKeys": 1,
        "oauthClients": 1,
    }
    assert report.overlapping_bookings == 0
    member_of = await connection.fetch("SELECT team_id, organization_id FROM memberships ORDER BY team_id NULLS FIRST")
    assert [tuple(row) for row in member_of] == [(None, 40), (41, None)]


async def test_a_database_with_data_is_left_alone(database_url: str, connection: Connection) -> None:
    await load(database_url, WORLD)
    before = await counts(connection)
    with pytest.raises(DatabaseNotEmptyError, match=r"--replace.*--merge"):
        await load(database_url, {"users": [user(9)]})
    assert await counts(connection) == before


async def test_replace_empties_everything_first(database_url: str, connection: Connection) -> None:
    await load(database_url, WORLD | {"bookings": [booking("a", "09:00", "09:30")]})
    await load(database_url, {"users": [user(9)]}, "replace")
    assert {table: count for table, count in (await counts(connection)).items() if count} == {"users": 1}


async def test_readers_are_not_kept_waiting_while_everything_is_replaced(
    database_url: str, connection: Connection
) -> None:
    await load(database_url, WORLD)
    before = await counts(connection)

    async def look(_: EventTypes) -> None:
        async with asyncio.timeout(5):
            assert await counts(connection) == before

    world = World.model_validate({"users": [user(9)]})
    await load_world(database_url, world, mode="replace", before_commit=look)
    assert (await counts(connection))["users"] == 1


async def test_a_bad_file_changes_nothing_even_with_replace(database_url: str, connection: Connection) -> None:
    await load(database_url, WORLD)
    before = await counts(connection)
    bad = {"users": [user(9, defaultScheduleId=77)]}
    assert await refusals(database_url, bad, "replace") == ["users, id 9, defaultScheduleId: there is no schedule 77"]
    assert await counts(connection) == before


async def test_many_problems_are_told_up_to_a_bound(database_url: str) -> None:
    found = await refusals(database_url, {"users": [user(n, defaultScheduleId=7) for n in range(1, 31)]})
    assert len(found) == 21
    assert found[-1] == "… and 10 more"


# Merge ---------------------------------------------------------------------------------------------------------------


async def test_a_merge_may_refer_to_what_is_there(database_url: str, connection: Connection) -> None:
    await load(database_url, WORLD)
    await load(
        database_url,
        {
            "bookings": [booking("late", "09:00", "09:30", eventTypeId=3, userId=2)],
            "memberships": [{"userId": 2, "teamId": 40}, {"userId": 2, "teamId": 41}],
            "eventTypes": [{"id": 9, "slug": "late", "teamId": 41, "lengthInMinutes": 5, "hosts": [{"userId": 2}]}],
            "outOfOffice": [{"userId": 2, "start": "2050-02-01", "end": "2050-02-02"}],
        },
        "merge",
    )
    assert await connection.fetchval("SELECT count(*) FROM memberships WHERE organization_id = 40") == 2


MERGED_TWICE = [
    ({"users": [user(1, username="x", email="x")]}, "users, id 1, id: is in the database already"),
    ({"users": [user(9, username="u1")]}, "users, id 9, username: is in the database already"),
    ({"users": [user(9, email="U1@EXAMPLE.com")]}, "users, id 9, email: is in the database already"),
    ({"organizations": [{"id": 9, "slug": "acme"}]}, "organizations, id 9, slug: is in the database already"),
    (
        {"organizations": [{"id": 41, "slug": "x"}]},
        "organizations, id 41, id: is a team's id; the two share their ids",
    ),
    (
        {"teams": [{"id": 9, "slug": "sales", "parentOrganizationId": 40}]},
        "teams, id 9, slug: is in the database already",
    ),
    (
        {"memberships": [{"userId": 1, "teamId": 40}]},
        "memberships, number 1 (userId 1, teamId 40), userId: is in the database already",
    ),
    (
        {"eventTypes": [{"id": 9, "slug": "intro", "ownerId": 1, "lengthInMinutes": 5}]},
        "eventTypes, id 9, slug: is in the database already",
    ),
    ({"bookings": [booking("a", "12:00", "13:00")]}, "bookings, uid a, uid: is in the database already"),
    (
        {"outOfOffice": [{"id": 1, "userId": 1, "start": "2050-01-01", "end": "2050-01-01"}]},
        "outOfOffice, id 1, id: is in the database already",
    ),
    (
        {"apiKeys": [{"token": "cal_secret_key", "userId": 2}]},
        "apiKeys, number 1, token: is in the database already",
    ),
    (
        {"oauthClients": [{"id": "client", "secret": "12345678", "ownerId": 1}]},
        "oauthClients, id client, id: is in the database already",
    ),
    ({"bookings": [booking("b", "12:00", "13:00", userId=9)]}, "bookings, uid b, userId: there is no user 9"),
]


@pytest.mark.parametrize(("world", "problem"), MERGED_TWICE, ids=[problem for _, problem in MERGED_TWICE])
async def test_a_merge_never_changes_what_is_there(database_url: str, world: dict[str, Any], problem: str) -> None:
    await load(database_url, WORLD | {"bookings": [booking("a", "09:00", "09:30")]})
    assert await refusals(database_url, world) == [problem]


async def test_new_ids_follow_those_of_the_file(database_url: str, connection: Connection) -> None:
    await load(database_url, WORLD | {"users": [user(1, defaultScheduleId=5), user(2), user(700)]})
    await load(database_url, {"users": [user(3)], "bookings": [booking("a", "09:00", "09:30")]}, "merge")
    new = await connection.fetchrow(
        """
        SELECT nextval('users_id_seq'), nextval('schedules_id_seq'), nextval('group_ids'),
            nextval('event_types_id_seq'), nextval('bookings_id_seq')
        """
    )
    assert new is not None
    assert tuple(new) == (701, 6, 42, 4, 2)
    assert {row["id"] for row in await connection.fetch("SELECT id FROM out_of_office")} == {1, 2}


# Bookings ------------------------------------------------------------------------------------------------------------


async def groups(connection: Connection) -> dict[str, int]:
    rows = await connection.fetch(
        "SELECT b.uid, h.overlap_group FROM booking_hosts AS h JOIN bookings AS b ON b.id = h.booking_id"
    )
    return {row["uid"]: row["overlap_group"] for row in rows}


async def imported(connection: Connection) -> set[str]:
    return {row["uid"] for row in await connection.fetch("SELECT uid FROM bookings WHERE imported")}


async def test_history_may_overlap_and_is_marked(database_url: str, connection: Connection) -> None:
    bookings = [
        booking("alone", "08:00", "08:30"),
        booking("a", "09:00", "10:00"),
        booking("by-buffer", "10:05", "10:30"),
        booking("touches", "10:40", "11:00"),
        booking("off", "09:00", "10:00", status="cancelled"),
        booking("other-host", "09:00", "10:00", userId=2),
    ]
    report = await load(database_url, WORLD | {"bookings": bookings})
    assert report.overlapping_bookings == 2
    assert await imported(connection) == {"a", "by-buffer"}
    assert await groups(connection) == {"alone": 1, "a": 2, "by-buffer": 2, "touches": 4, "other-host": 6}


async def test_seats_of_one_start_share_a_group(database_url: str, connection: Connection) -> None:
    seats = [booking(uid, "09:00", "10:00", eventTypeId=3, userId=2) for uid in ("a", "b")]
    report = await load(database_url, WORLD | {"bookings": seats})
    assert report.overlapping_bookings == 0
    assert await groups(connection) == {"a": 1, "b": 1}


async def test_a_pending_booking_that_leaves_its_time_on_offer_blocks_nothing(
    database_url: str, connection: Connection
) -> None:
    policy = {"type": "always", "blockUnconfirmedBookingsInBooker": False}
    lax = {"id": 8, "slug": "lax", "ownerId": 1, "lengthInMinutes": 30, "confirmationPolicy": policy}
    bookings = [
        booking("lax", "09:00", "10:00", eventTypeId=8, status="pending"),
        booking("strict", "09:00", "10:00", status="pending"),
    ]
    await load(database_url, WORLD | {"eventTypes": [*WORLD["eventTypes"], lax], "bookings": bookings})
    assert await groups(connection) == {"strict": 2}


async def test_a_merged_booking_joins_what_it_overlaps_into_one_group(
    database_url: str, connection: Connection
) -> None:
    there = [booking("a", "09:00", "10:00"), booking("a2", "09:30", "10:10"), booking("b", "12:00", "13:00")]
    there.append(booking("b2", "12:30", "13:30"))
    await load(database_url, WORLD | {"bookings": there})
    assert await groups(connection) == {"a": 1, "a2": 1, "b": 3, "b2": 3}
    report = await load(database_url, {"bookings": [booking("new", "09:45", "12:15")]}, "merge")
    assert report.overlapping_bookings == 1
    assert await groups(connection) == {"a": 1, "a2": 1, "b": 1, "b2": 1, "new": 1}
    assert await imported(connection) == {"a", "a2", "b", "b2", "new"}


async def test_a_merged_seat_joins_its_start(database_url: str, connection: Connection) -> None:
    seat = booking("a", "09:00", "10:00", eventTypeId=3, userId=2)
    await load(database_url, WORLD | {"bookings": [seat]})
    report = await load(database_url, {"bookings": [seat | {"uid": "b"}]}, "merge")
    assert report.overlapping_bookings == 0
    assert await groups(connection) == {"a": 1, "b": 1}


async def test_progress_is_told_to_the_end(database_url: str) -> None:
    told: list[tuple[str, int, int]] = []
    world = World.model_validate(WORLD)
    await load_world(database_url, world, on_progress=lambda name, done, total: told.append((name, done, total)))
    assert ("users", 2, 2) in told
    assert ("outOfOffice", 2, 2) in told


# The same answers ----------------------------------------------------------------------------------------------------

WEEK = [{"days": ["Monday", "Tuesday", "Wednesday", "Thursday"], "startTime": "09:00", "endTime": "17:00"}]
TEAM = {
    "users": [
        user(1, timeZone="Europe/Rome"),
        user(2, timeZone="America/New_York", travelSchedules=[{"timeZone": "Asia/Tokyo", "startDate": "2050-01-05"}]),
        user(3, timeZone="Asia/Kathmandu", defaultScheduleId=32),
    ],
    "schedules": [
        {"id": 31, "ownerId": 2, "timeZone": "America/New_York", "availability": WEEK},
        {
            "id": 32,
            "ownerId": 3,
            "timeZone": "Asia/Kathmandu",
            "availability": WEEK,
            "overrides": [{"date": "2050-01-04"}],
        },
    ],
    "teams": [{"id": 70, "slug": "team"}],
    "eventTypes": [
        {
            "id": 1,
            "slug": "any",
            "teamId": 70,
            "schedulingType": "roundRobin",
            "lengthInMinutes": 45,
            "afterEventBuffer": 15,
            "hosts": [{"userId": 1}, {"userId": 2, "groupId": "b"}, {"userId": 3, "groupId": "b"}],
        },
        {"id": 2, "slug": "class", "ownerId": 1, "lengthInMinutes": 30, "seatsPerTimeSlot": 2},
    ],
    "bookings": [
        booking("a", "09:00", "10:00"),
        booking("guest", "11:10", "11:20", userId=3, attendees=[{"email": "U1@example.com"}]),
        booking("full", "13:00", "13:30", eventTypeId=2, attendees=[{"email": "x@x"}, {"email": "y@y"}]),
        booking("half", "14:00", "14:30", eventTypeId=2, attendees=[{"email": "x@x"}]),
        booking("gone", "15:00", "15:30", status="rejected"),
        booking("long", "00:00", "08:10", userId=2),
    ],
    "busyTimes": [{"userId": 1, "start": "2050-01-04T09:15Z", "end": "2050-01-04T10:00Z"}],
    "outOfOffice": [{"userId": 3, "start": "2050-01-05", "end": "2050-01-05"}],
}


@pytest.mark.parametrize("event_type_id", [1, 2])
@pytest.mark.parametrize("rescheduling", [None, "a"])
async def test_slots_are_the_same_as_offline(
    database_url: str, pool: Pool, event_type_id: int, rescheduling: str | None
) -> None:
    world = World.model_validate(TEAM)
    await load_world(database_url, world)
    now = parse_instant("2050-01-01")
    memory = WorldStores(world, now)
    question = SlotsQuestion(
        reference=ById(event_type_id), window=asked_window(now, now + 9 * DAY), rescheduling=rescheduling
    )

    async def answer(event_types: EventTypes, calendar: Calendar) -> dict[str, Any]:
        return asdict(await SlotFinder(event_types, calendar, memory, lambda: now, Staffing(0)).find(question))

    offline = await answer(memory, memory)
    assert offline["starts"]
    assert await answer(PostgresEventTypes(pool), PostgresCalendar(pool)) == offline
