"""Importing a Cal.com database: what is taken, what is left out, and what a second import changes."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import time
from functools import partial
from pathlib import Path
from traceback import format_exception
from typing import Any

import asyncpg
import pytest
from typing_extensions import override

from app.api.listing import listing_2024_09_04
from app.api.slots import find
from app.api.slots_query import read_slots_query
from app.application.offline import answers
from app.fields import instant_from
from app.import_report import NOT_TAKEN
from app.services.find_slots import SlotFinder
from app.services.staffing import Staffing
from app.storage.calcom.reading import COUNTS, CalcomReader
from app.storage.calcom.report import Findings
from app.storage.calcom.source import NotCalcomError, SourceUnavailableError, open_source
from app.storage.embedded import EmbeddedUrls
from app.storage.postgres.calcom import ImportReport, import_calcom
from app.storage.postgres.calendar import PostgresCalendar
from app.storage.postgres.credentials import PostgresCredentials
from app.storage.postgres.event_types import PostgresEventTypes
from app.storage.postgres.load import load_world
from app.storage.postgres.mirror import Changes, MadeHereError
from app.storage.postgres.pool import Connection, Pool
from app.storage.world_files.checks import WorldRefusedError
from app.storage.world_files.format import Booking, World
from app.storage.world_files.reading import world_of
from app.storage.world_files.stores import WorldStores
from tests.api.world import ANA, BEN, DEE, WORLD
from tests.e2e.service import run
from tests.storage.calcom_database import DDL, insert, write_booking, write_key, write_world
from tests.storage.conftest import TestServer
from tests.test_golden import OURS, PLAIN, golden_worlds


@pytest.fixture
async def calcom_url(postgres_server: TestServer) -> str:
    """A Cal.com database without data."""
    url = postgres_server.url_of(await postgres_server.create("template0"))
    connection = await asyncpg.connect(url)
    await connection.execute(DDL)
    await connection.close()
    return url


@pytest.fixture
async def calcom(calcom_url: str) -> AsyncIterator[Connection]:
    """A connection to it."""
    opened = await asyncpg.connect(calcom_url)
    yield opened
    await opened.close()


class Importing:
    """Imports from one database into another, as often as a test likes."""

    def __init__(self, source_url: str, database_url: str) -> None:
        self.source_url = source_url
        self.database_url = database_url
        self.findings = Findings()

    async def run(self) -> ImportReport:
        async with open_source(self.source_url) as source:
            reader = CalcomReader(source)
            self.findings = reader.findings
            return await import_calcom(self.database_url, reader)

    @property
    def left_out(self) -> dict[str, list[str]]:
        return {name: tally.examples for name, tally in self.findings.left_out.items()}


@pytest.fixture
def importing(calcom_url: str, database_url: str) -> Importing:
    return Importing(calcom_url, database_url)


def booking(uid: str, start: str = "10:00", end: str = "11:00", **fields: Any) -> Booking:
    times = {"start": f"2050-09-05T{start}:00Z", "end": f"2050-09-05T{end}:00Z"}
    return Booking.model_validate({"uid": uid, "eventTypeId": 10, "userId": ANA, **times, **fields})


async def column(connection: Connection, query: str) -> list[Any]:
    return [row[0] for row in await connection.fetch(query)]


def changed(report: ImportReport) -> dict[str, Changes]:
    return {name: changes for name, changes in report.changes.items() if changes != Changes()}


# The same answers ----------------------------------------------------------------------------------------------------


def _golden() -> Iterator[dict[str, Any]]:
    """Yield worlds that Cal.com's tables can hold: a few of every kind, those with the most in them."""
    for name, number in ((PLAIN, 6), (OURS, 6)):
        worlds = [item["world"] for item in golden_worlds(name)]
        fit = [world for world in worlds if not world.get("reservations") and not world.get("busyTimes")]
        yield from sorted(fit, key=lambda world: len(str(world)))[-number:]


@pytest.mark.parametrize("document", list(_golden()), ids=lambda world: f"now {world['now']}")
async def test_an_imported_world_lists_what_the_same_file_lists(
    calcom: Connection, importing: Importing, pool: Pool, document: dict[str, Any]
) -> None:
    world = world_of(document)
    await write_world(calcom, world)
    report = await importing.run()
    assert importing.left_out == {}
    assert report.counts["eventTypes"] == len(world.event_types)
    assert world.now is not None
    now = instant_from(world.now)
    finder = SlotFinder(
        PostgresEventTypes(pool), PostgresCalendar(pool), WorldStores(world, now), lambda: now, Staffing(0)
    )
    for parameters, answer in zip(world.queries, await answers(world), strict=True):
        if answer["status"] == "success":
            query = read_slots_query({name: value for name, value in parameters.items() if name != "name"})
            found = await find(finder, query.question())
            assert listing_2024_09_04(found, query.time_zone, query.format) == answer["data"]


OWN_COLUMNS = {
    "users": "from_calcom, uid, created_at",
    "schedules": "from_calcom, uid, made",
    "schedule_hours": "",
    "schedule_overrides": "",
    "organizations": "from_calcom",
    "profiles": "from_calcom, id",
    "teams": "from_calcom, uid",
    "memberships": "from_calcom, uid, id",
    "event_types": "from_calcom, uid",
    "event_type_hosts": "",
    "event_type_assignees": "",
    "booking_limits": "",
}
"""What is each database's own, by table."""


async def test_all_rows_are_those_that_the_same_file_makes(
    calcom: Connection, importing: Importing, connection: Connection, postgres_server: TestServer
) -> None:
    """Column by column, but for what only one of the two knows."""
    document = {name: items for name, items in WORLD.items() if name not in ("oauthClients", "apiKeys")}
    named = [{**one, "name": one["slug"]} for one in document["teams"]]
    titled = [{**one, "title": one["slug"]} for one in document["eventTypes"]]
    organizations = [{**one, "name": one["slug"], "timeZone": "UTC"} for one in document["organizations"]]
    world = world_of({**document, "teams": named, "eventTypes": titled, "organizations": organizations})
    await write_world(calcom, world)
    await importing.run()
    loaded = await asyncpg.connect(url := postgres_server.url_of(await postgres_server.create()))
    await load_world(url, world)
    for table, own in OWN_COLUMNS.items():
        query = f"SELECT to_jsonb(t) - '{{{own}}}'::text[] FROM {table} AS t ORDER BY 1"  # noqa: S608 - our own tables
        assert await column(connection, query) == await column(loaded, query), table
    await loaded.close()


# What is taken -------------------------------------------------------------------------------------------------------


async def test_keys_go_on_working(calcom: Connection, importing: Importing, pool: Pool) -> None:
    await write_world(calcom, world_of(WORLD))
    report = await importing.run()
    assert report.counts["apiKeys"] == len(WORLD["apiKeys"])
    credentials = PostgresCredentials(pool)
    caller = await credentials.token_owner("cal_key_of_ben")
    assert caller is not None
    assert caller.user_id == BEN
    assert await credentials.token_owner("cal_key_expired") is None


async def test_people_and_absences_keep_what_was_said_of_them(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    absence = {"userId": ANA, "start": "2050-01-01", "end": "2050-01-02"}
    await write_world(calcom, world_of({**WORLD, "outOfOffice": [absence]}))
    await calcom.execute(
        """
        UPDATE users SET bio = 'I am Ana', "avatarUrl" = 'https://example.com/ana.png', locale = 'it',
            "timeFormat" = 24, "weekStart" = 'Monday' WHERE id = 1;
        UPDATE users SET "avatarUrl" = '/api/avatar/ben.png', "timeFormat" = NULL, "weekStart" = 'Someday' WHERE id = 2;
        UPDATE "OutOfOfficeEntry" SET notes = 'at sea';
        """
    )
    await importing.run()
    shown = "SELECT bio, avatar_url, locale, time_format, week_start FROM users WHERE id IN (1, 2) ORDER BY id"
    assert [tuple(row) for row in await connection.fetch(shown)] == [
        ("I am Ana", "https://example.com/ana.png", "it", 24, "Monday"),
        (None, None, None, 12, "Sunday"),
    ]
    assert await column(connection, "SELECT notes FROM out_of_office") == ["at sea"]
    assert importing.findings.unmatched["users", "a picture that only Cal.com serves"].examples == ["id 2"]
    assert changed(await importing.run()) == {}


PLACES = [
    ({"type": "inPerson", "address": "Via Roma 1"}, {"type": "address", "address": "Via Roma 1", "public": False}),
    (
        {"type": "link", "link": "https://meet.example.com", "displayLocationPublicly": True},
        {"type": "link", "link": "https://meet.example.com", "public": True},
    ),
    ({"type": "userPhone", "hostPhoneNumber": "+39"}, {"type": "phone", "phone": "+39", "public": False}),
    ({"type": "phone"}, {"type": "attendeePhone"}),
    ({"type": "attendeeInPerson"}, {"type": "attendeeAddress"}),
    ({"type": "somewhereElse"}, {"type": "attendeeDefined"}),
    ({"type": "conferencing"}, {"type": "organizersDefaultApp"}),
    ({"type": "integrations:daily"}, {"type": "integration", "integration": "cal-video"}),
    ({"type": "integrations:google:meet"}, {"type": "integration", "integration": "google-meet"}),
    ({"type": "integrations:huddle01"}, {"type": "integration", "integration": "huddle"}),
    ({"type": "integrations:office365_video"}, {"type": "integration", "integration": "office365-video"}),
    ({"type": "inPerson", "address": ""}, None),
]
QUESTIONS = [
    ({"name": "name", "type": "name", "required": True, "editable": "system"}, None),
    ({"name": "title", "type": "text", "required": True, "hidden": True, "editable": "system-but-optional"}, None),
    (
        {"name": "notes", "type": "textarea", "label": "Why?", "required": True, "editable": "system-but-optional"},
        {"type": "textarea", "slug": "notes", "label": "Why?", "required": True},
    ),
    ({"name": "attendeePhoneNumber", "type": "phone", "hidden": True, "editable": "system-but-optional"}, None),
    (
        {
            "name": "size",
            "type": "select",
            "label": "Size",
            "options": [{"label": "S", "value": "s"}],
            "editable": "user",
        },
        {"type": "select", "slug": "size", "label": "Size", "required": False, "options": ["S"]},
    ),
    (
        {"name": "odd", "type": "text", "required": True, "placeholder": "?", "hidden": "yes"},
        {"type": "text", "slug": "odd", "label": "odd", "required": True, "placeholder": "?"},
    ),
    ({"name": "where", "type": "radioInput", "label": "Where"}, None),
    ({"name": "none", "type": "radio", "label": "No options"}, None),
]


async def test_event_types_keep_what_was_said_of_them(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    await write_world(calcom, world_of(WORLD))
    await calcom.execute(
        """
        UPDATE "EventType"
        SET description = 'A class', locations = $1, "bookingFields" = $2, "disableGuests" = true,
            "successRedirectUrl" = 'https://example.com/thanks', "seatsShowAttendees" = true,
            "seatsShowAvailabilityCount" = false, "disableCancelling" = true, "minimumRescheduleNotice" = 60,
            "allowReschedulingPastBookings" = true, "allowReschedulingCancelledBookings" = true,
            "bookingRequiresAuthentication" = true, "maxActiveBookingsPerBooker" = 3, "eventName" = 'Class of {HOST}'
        WHERE id = 12
        """,
        json.dumps([place for place, _ in PLACES]),
        json.dumps([question for question, _ in QUESTIONS]),
    )
    await calcom.execute("""UPDATE "EventType" SET locations = '{"not": "a list"}' WHERE id = 10""")
    await importing.run()
    row = await connection.fetchrow("SELECT * FROM event_types WHERE id = 12")
    assert row is not None
    assert (row["description"], row["seats_show_attendees"], row["seats_show_left"]) == ("A class", True, False)
    assert json.loads(row["locations"]) == [place for _, place in PLACES if place]
    assert json.loads(row["booking_fields"]) == [question for _, question in QUESTIONS if question]
    assert json.loads(row["more"]) == {
        "allowReschedulingCancelledBookings": True,
        "allowReschedulingPastBookings": True,
        "bookerActiveBookingsLimit": {"maximumActiveBookings": 3},
        "bookingRequiresAuthentication": True,
        "customName": "Class of {HOST}",
        "disableCancelling": {"disabled": True},
        "disableGuests": True,
        "disableRescheduling": {"minutesBefore": 60},
        "successRedirectUrl": "https://example.com/thanks",
    }
    for what in ("a place of a kind unknown here", "a question to those who book of a kind unknown here"):
        assert importing.findings.unmatched["eventTypes", what].examples == ["id 12"]
    assert changed(await importing.run()) == {}


async def test_bookings_keep_what_was_said_of_them(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    await write_world(calcom, world_of(WORLD))
    attendees = [{"email": "x@example.com", "name": "X", "timeZone": "Asia/Tokyo", "seatUid": "seat"}]
    more = {
        "location": "integrations:daily",
        "description": "about x",
        "metadata": '{"a": 1}',
        "responses": '{"notes": "b"}',
        "cancellationReason": "ill",
    }
    await write_booking(calcom, booking("first", status="cancelled", attendees=attendees), **more)
    await write_booking(calcom, booking("second"), fromReschedule="first")
    await importing.run()
    row = await connection.fetchrow("SELECT * FROM bookings WHERE uid = 'first'")
    assert row is not None
    assert (row["title"], row["description"], row["location"]) == ("a call", "about x", "integrations:daily")
    assert (row["metadata"], row["responses"], row["cancellation_reason"]) == ('{"a": 1}', '{"notes": "b"}', "ill")
    assert row["created_at"].isoformat() == "2049-12-01T00:00:00+00:00"
    attendee = await connection.fetchrow("SELECT * FROM booking_attendees")
    assert attendee is not None
    assert (attendee["email"], attendee["time_zone"], attendee["seat_uid"]) == ("x@example.com", "Asia/Tokyo", "seat")
    assert attendee["language"] == "en"
    assert await column(connection, "SELECT rescheduled_from FROM bookings WHERE uid = 'second'") == [row["id"]]


async def test_a_booking_without_its_event_type_still_takes_its_hosts_time(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    await write_world(calcom, world_of(WORLD))
    await write_booking(calcom, booking("gone"))
    await write_booking(calcom, booking("broken", "13:00", "14:00", eventTypeId=13, userId=BEN))
    await calcom.execute('DELETE FROM "EventType" WHERE id = 10; UPDATE "EventType" SET length = 0 WHERE id = 13')
    await importing.run()
    assert await column(connection, "SELECT event_type_id FROM bookings") == [None, None]
    assert await column(connection, "SELECT host_id FROM booking_hosts ORDER BY 1") == [ANA, BEN]
    note = ("bookings", "its event type was left out: taken without it")
    assert importing.findings.unmatched[note].examples == ["uid broken"]


async def test_history_may_overlap_and_is_marked(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    await write_world(calcom, world_of(WORLD))
    for uid, start, end in (("a", "10:00", "11:00"), ("b", "10:30", "11:30"), ("c", "12:00", "13:00")):
        await write_booking(calcom, booking(uid, start, end))
    report = await importing.run()
    assert report.overlapping_bookings == 2
    assert await column(connection, "SELECT uid FROM bookings WHERE imported ORDER BY 1") == ["a", "b"]
    assert (await importing.run()).overlapping_bookings == 0


async def test_all_hosts_of_a_teams_booking_are_booked_for_good(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    """Cal.com keeps those but the first among the attendees, after who booked, who may be one of them."""
    guest, ben = {"email": "x@example.com"}, {"email": "Ben@example.com"}
    await write_world(calcom, world_of(WORLD))
    await write_booking(calcom, booking("team", eventTypeId=20, attendees=[guest, ben]))
    await write_booking(calcom, booking("off", "11:00", "12:00", eventTypeId=20, attendees=[guest, ben]))
    await write_booking(calcom, booking("by-ben", "12:00", "13:00", eventTypeId=20, attendees=[ben]))
    await write_booking(calcom, booking("ana-alone", "14:00", "15:00", attendees=[guest, ben]))
    await write_booking(calcom, booking("across", "10:30", "11:30", eventTypeId=13, userId=BEN))
    await calcom.execute("""UPDATE "Booking" SET status = 'cancelled' WHERE uid = 'off'""")
    report = await importing.run()
    hosts = """
        SELECT b.uid || ' ' || h.host_id || CASE WHEN busy_range IS NULL THEN '' ELSE ' busy' END
        FROM booking_hosts AS h JOIN bookings AS b ON b.id = h.booking_id ORDER BY 1
    """
    assert await column(connection, hosts) == [
        "across 2 busy",
        "ana-alone 1 busy",
        "by-ben 1 busy",
        "off 2",
        "team 1 busy",
        "team 2 busy",
    ]
    attending = "SELECT b.uid || ' ' || email FROM booking_attendees JOIN bookings AS b ON b.id = booking_id ORDER BY 1"
    assert await column(connection, attending) == [
        "ana-alone Ben@example.com",
        "ana-alone x@example.com",
        "by-ben Ben@example.com",
        "off x@example.com",
        "team x@example.com",
    ]
    assert report.overlapping_bookings == 2
    assert changed(await importing.run()) == {}
    await calcom.execute("""UPDATE "Booking" SET status = 'cancelled' WHERE uid = 'team'""")
    await importing.run()
    assert "team 2" in await column(connection, hosts)


async def test_all_of_a_groups_booking_are_booked_for_good(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    """Those whose names stood in the link, of whom each may have another in an organization; guests are none."""
    attendees = [{"email": f"{name}@example.com"} for name in ("x", "ben", "clo", "dee")]
    await write_world(calcom, world_of(WORLD))
    await write_booking(calcom, booking("group", attendees=attendees), dynamicGroupSlugRef="ana+ben+dora")
    await calcom.execute("""UPDATE "Booking" SET "eventTypeId" = NULL""")
    await importing.run()
    assert await column(connection, "SELECT host_id FROM booking_hosts ORDER BY 1") == [ANA, BEN, DEE]
    assert await column(connection, "SELECT email FROM booking_attendees ORDER BY position") == [
        "x@example.com",
        "clo@example.com",
    ]
    assert changed(await importing.run()) == {}


async def test_people_and_teams_without_a_name_of_their_own_get_one(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    for number, username, organization in ((1, None, None), (2, "ana", 9), (3, "ana", None)):
        await insert(calcom, "users", id=number, username=username, organizationId=organization, email=f"{number}@x")
    await insert(calcom, "Team", id=9, name="Org", slug="acme", isOrganization=True)
    await insert(calcom, "Profile", userId=2, organizationId=9, username="ana")
    await insert(calcom, "Team", id=10, name="Not published")
    await insert(calcom, "Team", id=11, name="One", slug="one")
    await insert(calcom, "Team", id=12, name="Another", slug="one")
    await importing.run()
    assert await column(connection, "SELECT username FROM users ORDER BY id") == ["user:1", "user:2", "ana"]
    assert await column(connection, "SELECT username FROM profiles") == ["ana"]
    assert await column(connection, "SELECT slug FROM teams ORDER BY id") == ["team:10", "one", "team:12"]
    assert sum(tally.count for tally in importing.findings.unmatched.values()) == 4


async def test_many_bookings_come_some_at_a_time(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    """More than two batches; each on its own half hour, but for the last, which overlaps one of the first batch."""
    await write_world(calcom, world_of(WORLD))
    await calcom.execute(
        """
        INSERT INTO "Booking" (uid, "userId", "eventTypeId", title, "startTime", "endTime")
        SELECT 'b' || n, 1, 10, 'a call', timestamp '2050-01-01' + n * interval '30 minutes',
            timestamp '2050-01-01' + (n + 1) * interval '30 minutes'
        FROM generate_series(1, 4500) AS n;
        INSERT INTO "Booking" (uid, "userId", "eventTypeId", title, "startTime", "endTime")
        VALUES ('last', 1, 10, 'a call', '2050-01-01 00:40', '2050-01-01 00:50');
        """
    )
    report = await importing.run()
    assert report.counts["bookings"] == 4_501
    assert await column(connection, "SELECT count(DISTINCT overlap_group) FROM booking_hosts") == [4_500]
    assert (await importing.run()).changes["bookings"] == Changes()


# What is left out ----------------------------------------------------------------------------------------------------


async def test_what_makes_no_sense_is_left_out_with_what_needs_it(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    await write_world(calcom, world_of(WORLD))
    await write_booking(calcom, booking("of-dee", userId=DEE))
    await write_booking(calcom, booking("backwards"))
    await write_booking(calcom, booking("nobodys"))
    await calcom.execute(
        """
        UPDATE "Booking" SET "endTime" = "startTime" WHERE uid = 'backwards';
        UPDATE "Booking" SET "userId" = NULL WHERE uid = 'nobodys';
        UPDATE users SET "timeZone" = 'Mars/Olympus' WHERE username = 'dee';
        UPDATE "EventType" SET "userId" = NULL WHERE id = 12;
        """
    )
    await insert(calcom, "ApiKey", id="odd", hashedKey="not a hash", userId=ANA)
    await importing.run()
    assert importing.left_out == {
        "users": ["id 4, timeZone: 'Mars/Olympus' is not a time zone; use an IANA name such as Europe/Rome"],
        "schedules": ["id 104, ownerId: there is no user 4"],
        "profiles": ["number 1 (userId 4, organizationId 90), userId: there is no user 4"],
        "memberships": ["number 5 (userId 4, teamId 90), userId: there is no user 4"],
        "eventTypes": [
            "id 12: an event type has either an ownerId or a teamId",
        ],
        "apiKeys": [
            "userId 1, hashedKey: must be a SHA-256 in lower-case hexadecimal",
            "of user 4, who was left out",
        ],
        "bookings": [
            "uid of-dee: its user 4 was left out",
            "uid backwards: must end after it starts",
            "uid nobodys, userId: must be a whole number",
        ],
    }
    assert 4 not in await column(connection, "SELECT id FROM users")
    assert DEE not in await column(connection, "SELECT user_id FROM event_type_hosts WHERE event_type_id = 31")
    note = importing.findings.unmatched["eventTypes", "a host who was left out: the others host it"]
    assert note.examples == ["id 31"]


async def test_what_can_do_without_a_schedule_is_not_left_out_with_it(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    absence = {"userId": ANA, "start": "2050-01-01", "end": "2050-01-02", "toUserId": DEE}
    await write_world(calcom, world_of({**WORLD, "outOfOffice": [absence]}))
    await write_booking(calcom, booking("a"))
    await calcom.execute(
        """
        UPDATE users SET "defaultScheduleId" = 101 WHERE id = 1;
        UPDATE "EventType" SET "scheduleId" = 101 WHERE id = 10;
        UPDATE "Host" SET "scheduleId" = 101 WHERE "eventTypeId" = 31;
        UPDATE "Schedule" SET "timeZone" = 'GMT+5:30' WHERE id = 101;
        UPDATE users SET "timeZone" = 'Mars/Olympus' WHERE username = 'dee';
        """
    )
    await importing.run()
    assert ANA in await column(connection, "SELECT id FROM users WHERE default_schedule_id IS NULL")
    assert await column(connection, "SELECT uid FROM bookings WHERE event_type_id = 10") == ["a"]
    assert await column(connection, "SELECT schedule_id FROM event_types WHERE id = 10") == [None]
    assert set(await column(connection, "SELECT schedule_id FROM event_type_hosts WHERE event_type_id = 31")) == {None}
    assert await column(connection, "SELECT to_user_id FROM out_of_office") == [None]
    noted = {(name, what.partition(":")[0]) for name, what in importing.findings.unmatched}
    assert noted == {
        ("users", "a default schedule that was left out"),
        ("eventTypes", "a schedule that was left out"),
        ("eventTypes", "a host who was left out"),
        ("eventTypes", "a host's schedule that was left out"),
        ("outOfOffice", "a stand-in who was left out"),
    }


async def test_an_attendees_odd_zone_does_not_lose_the_booking(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    await write_world(calcom, world_of(WORLD))
    await write_booking(calcom, booking("a", attendees=[{"email": "x@example.com"}]))
    await calcom.execute("""UPDATE "Attendee" SET "timeZone" = 'Mars'""")
    await importing.run()
    assert await column(connection, "SELECT time_zone FROM booking_attendees") == [None]


async def test_what_has_no_counterpart_is_counted(calcom: Connection, importing: Importing) -> None:
    await write_world(calcom, world_of(WORLD))
    for table in COUNTS.keys() - {"Availability", "UserHolidaySettings", "Payment"}:
        await insert(calcom, table, id=1 if table in ("Workflow", "Credential", "HashedLink", "SelectedSlots") else "1")
    await insert(calcom, "Availability", userId=ANA, days=[1], startTime=time(9), endTime=time(17))
    await insert(calcom, "UserHolidaySettings", countryCode="IT")
    await calcom.execute(
        """DROP TABLE "Payment"; UPDATE "EventType" SET "recurringEvent" = '{"freq": 2}' WHERE id = 11"""
    )
    await importing.run()
    assert importing.findings.not_taken == dict.fromkeys(COUNTS.keys() - {"Payment"}, 1)
    repeats = importing.findings.unmatched["eventTypes", "repeats: each booking stands alone here"]
    assert (repeats.count, repeats.examples) == (1, ["id 11"])


def test_the_report_has_words_for_all_that_is_counted() -> None:
    assert NOT_TAKEN.keys() == COUNTS.keys()


# Again ---------------------------------------------------------------------------------------------------------------


async def test_a_second_import_changes_nothing(calcom: Connection, importing: Importing) -> None:
    world = world_of({**WORLD, "bookings": []})
    await write_world(calcom, world)
    await write_booking(calcom, booking("a", attendees=[{"email": "x@example.com"}]), metadata='{"a": 1.50}')
    first = await importing.run()
    assert first.changes["users"] == Changes(added=5)
    assert first.changes["bookings"] == Changes(added=1)
    again = await importing.run()
    assert changed(again) == {}
    assert again.counts == first.counts


async def test_a_second_import_follows_what_changed(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    await write_world(calcom, world_of(WORLD))
    await write_booking(calcom, booking("moved", attendees=[{"email": "x@example.com"}, {"email": "y@example.com"}]))
    await write_booking(calcom, booking("off", "12:00", "13:00"))
    await write_booking(calcom, booking("same", "14:00", "15:00"))
    await importing.run()
    ids = await column(connection, "SELECT id FROM bookings ORDER BY uid")
    await calcom.execute(
        """
        UPDATE "Booking" SET "endTime" = "endTime" + interval '30 minutes' WHERE uid = 'moved';
        UPDATE "Booking" SET status = 'cancelled' WHERE uid = 'off';
        DELETE FROM "Attendee" WHERE email = 'y@example.com';
        UPDATE "EventType" SET length = 45 WHERE id = 10;
        UPDATE "Availability" SET "startTime" = '10:00' WHERE "scheduleId" = 101;
        """
    )
    await write_booking(calcom, booking("new", "16:00", "17:00"))
    report = await importing.run()
    assert changed(report) == {"eventTypes": Changes(changed=1), "bookings": Changes(added=1, changed=2)}
    assert await column(connection, "SELECT id FROM bookings WHERE uid <> 'new' ORDER BY uid") == ids
    assert await column(connection, "SELECT email FROM booking_attendees") == ["x@example.com"]
    assert await column(connection, "SELECT length_minutes FROM event_types WHERE id = 10") == [45]
    assert await column(connection, "SELECT start_minute FROM schedule_hours WHERE schedule_id = 101") == [600]
    ranges = "SELECT b.uid || upper(busy_range)::text FROM booking_hosts JOIN bookings AS b ON b.id = booking_id"
    assert len(await column(connection, ranges)) == 3


async def test_bookings_here_wait_only_where_times_change(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    """Seen at the end of the one transaction, just before it commits."""

    class Watching(CalcomReader):
        barred = False

        @override
        async def count_not_taken(self) -> None:
            query = """
                SELECT EXISTS (
                    SELECT FROM pg_locks
                    WHERE relation = 'booking_hosts'::regclass AND mode = 'ShareRowExclusiveLock' AND granted
                )
            """
            self.barred = await connection.fetchval(query)
            assert await column(connection, "SELECT uid FROM bookings FOR UPDATE SKIP LOCKED") == []

    async def bars() -> bool:
        async with open_source(importing.source_url) as source:
            reader = Watching(source)
            await import_calcom(importing.database_url, reader)
            return reader.barred

    await write_world(calcom, world_of(WORLD))
    await write_booking(calcom, booking("a"))
    assert await bars()
    await calcom.execute("""UPDATE "Booking" SET title = 'another'""")
    assert not await bars()
    await calcom.execute("""UPDATE "Booking" SET "endTime" = "endTime" + interval '1 hour'""")
    assert await bars()


async def test_names_may_pass_from_one_to_another(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    await write_world(calcom, world_of(WORLD))
    await importing.run()
    await calcom.execute(
        """
        UPDATE users SET username = CASE id WHEN 1 THEN 'ben' ELSE 'ana' END WHERE id IN (1, 2);
        UPDATE users SET email = 'nobody' WHERE id = 1;
        UPDATE users SET email = 'ana@example.com' WHERE id = 2;
        UPDATE users SET email = 'ben@example.com' WHERE id = 1;
        UPDATE "EventType" SET slug = 'was-call' WHERE id = 10;
        UPDATE "EventType" SET slug = 'call' WHERE id = 11;
        """
    )
    await importing.run()
    people = await connection.fetch("SELECT username, email FROM users WHERE id IN (1, 2) ORDER BY id")
    assert [tuple(row) for row in people] == [("ben", "ben@example.com"), ("ana", "ana@example.com")]
    assert await column(connection, "SELECT slug FROM event_types WHERE id IN (10, 11) ORDER BY id") == [
        "was-call",
        "call",
    ]


async def test_what_is_gone_there_goes_here(calcom: Connection, importing: Importing, connection: Connection) -> None:
    absence = {"userId": ANA, "start": "2050-01-01", "end": "2050-01-02"}
    await write_world(calcom, world_of({**WORLD, "outOfOffice": [absence]}))
    await write_booking(calcom, booking("bens", userId=BEN, eventTypeId=13))
    await write_booking(calcom, booking("anas"))
    await importing.run()
    await calcom.execute(
        """
        DELETE FROM users WHERE username = 'ben';
        DELETE FROM "OutOfOfficeEntry";
        DELETE FROM "ApiKey" WHERE "userId" = 1;
        DELETE FROM "EventType" WHERE id = 10;
        DELETE FROM "Team" WHERE id = 51;
        INSERT INTO users (id, username, email) VALUES (6, 'ben', 'ben@example.com');
        """
    )
    report = await importing.run()
    assert report.staying_user_ids == ()
    assert await column(connection, "SELECT id FROM users ORDER BY id") == [1, 3, 4, 5, 6]
    assert await column(connection, "SELECT uid FROM bookings") == ["anas"]
    assert await column(connection, "SELECT id FROM out_of_office") == []
    assert await column(connection, "SELECT id FROM teams") == [50]
    assert await column(connection, "SELECT id FROM event_types WHERE id IN (10, 13, 31)") == []
    assert ANA not in await column(connection, "SELECT user_id FROM credentials")


async def test_who_is_gone_and_hosted_with_others_goes(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    attendees = [{"email": "x@example.com"}, {"email": "ben@example.com"}]
    await write_world(calcom, world_of(WORLD))
    await write_booking(calcom, booking("team", eventTypeId=20, attendees=attendees))
    await importing.run()
    await calcom.execute("DELETE FROM users WHERE username = 'ben'")
    assert (await importing.run()).staying_user_ids == ()
    assert BEN not in await column(connection, "SELECT id FROM users")
    assert await column(connection, "SELECT host_id FROM booking_hosts") == [ANA]
    assert len(await column(connection, "SELECT email FROM booking_attendees")) == 2


async def test_what_can_no_longer_be_read_stays_as_it_was(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    """A typing error there takes nothing away here; what hangs on it goes on following."""
    await write_world(calcom, world_of(WORLD))
    await write_booking(calcom, booking("a"))
    await write_booking(calcom, booking("of-dee", "12:00", "13:00", eventTypeId=13, userId=DEE))
    await importing.run()
    before = await column(connection, "SELECT id FROM users ORDER BY 1")
    await connection.execute("INSERT INTO event_types (slug, owner_id, length_minutes) VALUES ('made-here', 4, 30)")
    await calcom.execute(
        """
        UPDATE users SET "timeZone" = 'Mars/Olympus' WHERE id = 4;
        UPDATE "Schedule" SET "timeZone" = 'GMT+5:30' WHERE id = 101;
        UPDATE "EventType" SET length = 0 WHERE id = 10;
        UPDATE "EventType" SET length = 45 WHERE id = 31;
        UPDATE "Booking" SET "endTime" = "startTime" WHERE uid = 'a';
        UPDATE "Booking" SET status = 'cancelled' WHERE uid = 'of-dee';
        UPDATE "Team" SET "timeZone" = 'Nowhere' WHERE id = 90;
        """
    )
    report = await importing.run()
    assert {name for name, changes in changed(report).items() if changes.deleted} == set()
    assert report.staying_user_ids == ()
    assert await column(connection, "SELECT id FROM users ORDER BY 1") == before
    assert await column(connection, "SELECT time_zone FROM schedules WHERE id = 101") != ["GMT+5:30"]
    assert await column(connection, "SELECT length_minutes FROM event_types WHERE id IN (10, 31) ORDER BY id") == [
        60,
        45,
    ]
    assert DEE in await column(connection, "SELECT user_id FROM event_type_hosts WHERE event_type_id = 31")
    assert await column(connection, "SELECT uid || status FROM bookings ORDER BY 1") == [
        "aaccepted",
        "of-deecancelled",
    ]
    assert "made-here" in await column(connection, "SELECT slug FROM event_types")


async def test_what_was_made_here_stays(
    calcom: Connection, importing: Importing, connection: Connection, pool: Pool
) -> None:
    await write_world(calcom, world_of(WORLD))
    await importing.run()
    await load_world(
        importing.database_url,
        World.model_validate(
            {
                "eventTypes": [{"id": 900, "slug": "here", "ownerId": ANA, "lengthInMinutes": 60}],
                "bookings": [booking("made-here", eventTypeId=900), booking("of-ben", eventTypeId=13, userId=BEN)],
            }
        ),
        mode="merge",
    )
    await calcom.execute("DELETE FROM users WHERE username = 'ben'")
    await write_booking(calcom, booking("there", "10:30", "11:30"))
    report = await importing.run()
    assert report.staying_user_ids == (BEN,)
    assert report.overlapping_bookings == 1
    assert await column(connection, "SELECT uid FROM bookings ORDER BY 1") == ["made-here", "of-ben", "there"]
    assert 900 in await column(connection, "SELECT id FROM event_types")
    assert (await PostgresCredentials(pool).token_owner("cal_key_of_ben")) is None


async def test_what_was_changed_here_is_as_there_again(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    await write_world(calcom, world_of(WORLD))
    await write_booking(calcom, booking("a"))
    await importing.run()
    await connection.execute(
        """
        UPDATE event_types SET length_minutes = 5 WHERE id = 10;
        UPDATE bookings SET status = 'cancelled';
        DELETE FROM booking_hosts;
        """
    )
    await importing.run()
    assert await column(connection, "SELECT length_minutes FROM event_types WHERE id = 10") == [60]
    assert await column(connection, "SELECT status FROM bookings") == ["accepted"]
    assert await column(connection, "SELECT host_id FROM booking_hosts") == [ANA]


async def test_what_is_made_on_both_sides_gets_different_ids(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    """Else the first that gets an id here would bar every import after it."""
    await write_world(calcom, world_of(WORLD))
    await importing.run()
    made_here = [
        "INSERT INTO users (username, email, time_zone) VALUES ('here', 'here@example.com', 'UTC') RETURNING id",
        "INSERT INTO schedules (owner_id, name, time_zone) VALUES (1, 'here', 'UTC') RETURNING id",
        "INSERT INTO event_types (slug, owner_id, length_minutes) VALUES ('here', 1, 30) RETURNING id",
        "INSERT INTO teams (slug) VALUES ('here') RETURNING id",
        "INSERT INTO out_of_office (user_id, starts_at, ends_at) VALUES (1, now(), now()) RETURNING id",
    ]
    before = [await connection.fetchval(statement) for statement in made_here]
    assert min(before) > 1_000_000_000
    for table in ("users", "Schedule", "EventType", "Team", "OutOfOfficeEntry"):
        await calcom.execute(
            f"""SELECT setval(pg_get_serial_sequence('"{table}"', 'id'), (SELECT max(id) FROM "{table}"))"""  # noqa: S608 - our own names
        )
    await insert(calcom, "users", username="there", email="there@example.com")
    await insert(calcom, "Schedule", userId=ANA, name="there")
    await insert(calcom, "EventType", userId=ANA, title="there", slug="there", length=30)
    await insert(calcom, "Team", name="there", slug="there")
    assert changed(await importing.run()).keys() == {"users", "schedules", "eventTypes", "teams"}
    made = "INSERT INTO schedules (owner_id, name, time_zone) VALUES (1, 'again', 'UTC') RETURNING id"
    assert await connection.fetchval(made) == before[1] + 1


async def test_a_seat_booked_here_stays_in_an_imported_class(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    """Also where Cal.com's next one would stand in its place, and where one goes that stood before it."""
    first, gone, new = ({"email": f"{name}@example.com", "seatUid": name} for name in ("first", "gone", "new"))
    await write_world(calcom, world_of(WORLD))
    await write_booking(calcom, booking("class", eventTypeId=12, attendees=[gone, first]))
    await importing.run()
    await connection.execute(
        """
        INSERT INTO booking_attendees (booking_id, position, email, seat_uid)
        SELECT id, 2, 'here@example.com', 'here' FROM bookings
        """
    )
    assert changed(await importing.run()) == {}
    await calcom.execute("""DELETE FROM "Attendee" WHERE email = 'gone@example.com'""")
    await importing.run()
    seats = "SELECT seat_uid || ' ' || email FROM booking_attendees ORDER BY seat_uid"
    assert await column(connection, seats) == ["first first@example.com", "here here@example.com"]
    [there] = await column(calcom, """SELECT id FROM "Booking" """)
    for seat in (gone, new):
        attendee = await insert(calcom, "Attendee", bookingId=there, email=seat["email"], name="", timeZone="UTC")
        await insert(calcom, "BookingSeat", referenceUid=seat["seatUid"], bookingId=there, attendeeId=attendee)
    await importing.run()
    assert await column(connection, seats) == [
        "first first@example.com",
        "gone gone@example.com",
        "here here@example.com",
        "new new@example.com",
    ]


async def test_a_revoked_key_stays_revoked(calcom: Connection, importing: Importing, pool: Pool) -> None:
    await write_world(calcom, world_of({"users": WORLD["users"][:1], "schedules": WORLD["schedules"][:1]}))
    await write_key(calcom, "cal_of_ana", ANA)
    await importing.run()
    credentials = PostgresCredentials(pool)
    [key] = await credentials.list_all()
    await credentials.revoke(key.id)
    await importing.run()
    assert await credentials.token_owner("cal_of_ana") is None


# Refusals ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("here", "message"),
    [
        (
            {"users": [{"id": ANA, "username": "x", "email": "x", "timeZone": "UTC"}]},
            "users here already have 1, and those did not come from Cal",
        ),
        ({"organizations": [{"id": 50, "slug": "x"}]}, "organizations here already have 50,"),
        ({"teams": [{"id": 50, "slug": "x"}]}, "teams here already have 50,"),
    ],
)
async def test_nothing_made_here_is_overwritten(
    calcom: Connection, importing: Importing, connection: Connection, here: dict[str, Any], message: str
) -> None:
    await write_world(calcom, world_of(WORLD))
    await load_world(importing.database_url, world_of(here))
    with pytest.raises(MadeHereError, match=message):
        await importing.run()
    assert await column(connection, "SELECT count(*) FROM event_types") == [0]


async def test_a_name_that_was_given_here_is_told(calcom: Connection, importing: Importing) -> None:
    await write_world(calcom, world_of(WORLD))
    person = {"id": 99, "username": "ana", "email": "other@example.com", "timeZone": "UTC"}
    await load_world(importing.database_url, world_of({"users": [person]}))
    with pytest.raises(WorldRefusedError, match=r"users, .*username.*\(ana\) already exists"):
        await importing.run()


async def test_a_uid_of_a_booking_made_here_is_told(
    calcom: Connection, importing: Importing, connection: Connection
) -> None:
    await write_world(calcom, world_of(WORLD))
    await importing.run()
    await load_world(importing.database_url, World(bookings=(booking("a"),)), mode="merge")
    await write_booking(calcom, booking("a", "12:00", "13:00"))
    with pytest.raises(MadeHereError, match="bookings here already have a,"):
        await importing.run()
    assert await column(connection, "SELECT starts_at::time::text FROM bookings") == ["10:00:00"]


async def test_another_database_is_told_apart(database_url: str) -> None:
    with pytest.raises(NotCalcomError, match=r"no Cal.com database.*missing: table TravelSchedule, table Schedule,"):
        async with open_source(database_url):
            pass


async def test_a_version_without_a_column_is_told(calcom: Connection, calcom_url: str) -> None:
    await calcom.execute('ALTER TABLE "Team" DROP "isOrganization"; ALTER TABLE "Booking" DROP "fromReschedule"')
    with pytest.raises(NotCalcomError, match=r"missing: column Team.isOrganization, column Booking.fromReschedule\."):
        async with open_source(calcom_url):
            pass


async def test_newer_and_older_columns_may_lack(calcom: Connection, importing: Importing) -> None:
    await write_world(calcom, world_of(WORLD))
    await calcom.execute(
        """
        ALTER TABLE "EventType" DROP "showOptimizedSlots", DROP "rrHostSubsetEnabled", DROP "isRRWeightsEnabled";
        ALTER TABLE "Host" DROP "groupId", DROP priority, DROP weight, DROP "scheduleId", DROP "createdAt";
        ALTER TABLE "Team" DROP "bookingLimits", DROP "includeManagedEventsInLimits";
        ALTER TABLE "BookingSeat" DROP data, DROP metadata;
        ALTER TABLE "Booking" DROP "dynamicGroupSlugRef";
        ALTER TABLE users DROP bio, DROP "avatarUrl", DROP locale, DROP "timeFormat", DROP "weekStart";
        ALTER TABLE "EventType" DROP description, DROP locations, DROP "bookingFields", DROP "disableGuests",
            DROP "successRedirectUrl", DROP "seatsShowAttendees", DROP "seatsShowAvailabilityCount";
        ALTER TABLE "OutOfOfficeEntry" DROP notes;
        """
    )
    assert (await importing.run()).counts["eventTypes"] == len(WORLD["eventTypes"])


@pytest.mark.parametrize("change", [("/test_", "/no_such_"), ("postgresql://", "mysql://")])
async def test_a_wrong_url_is_told(calcom_url: str, change: tuple[str, str]) -> None:
    with pytest.raises(SourceUnavailableError, match=r"cannot read Cal\.com's database: .*Check the URL of --from"):
        async with open_source(calcom_url.replace(*change)):
            pass


@pytest.mark.parametrize("password", ["s3/cret", "s3#cret", "s3?cret", "[s3cret"])
async def test_a_url_that_cannot_be_read_is_told_without_its_password(password: str) -> None:
    url = f"postgresql://calcom:{password}@127.0.0.1:1/calendso"
    with pytest.raises(SourceUnavailableError, match=r"the URL cannot be read: .*percent-encoded") as refused:
        async with open_source(url):
            pass
    assert "s3" not in "".join(format_exception(refused.value))


async def test_the_url_may_be_prismas(calcom: Connection, calcom_url: str) -> None:
    await calcom.execute('CREATE SCHEMA other; ALTER TABLE "Webhook" SET SCHEMA other')
    joint = "&" if "?" in calcom_url else "?"
    async with open_source(f"{calcom_url}{joint}connection_limit=5&schema=public"):
        pass
    with pytest.raises(NotCalcomError):
        async with open_source(f"{calcom_url}{joint}schema=other"):
            pass


async def test_the_source_is_one_snapshot_and_cannot_be_written(calcom: Connection, calcom_url: str) -> None:
    async with open_source(calcom_url) as source:
        before = await source.fetchval("SELECT count(*) FROM users")
        await insert(calcom, "users", email="late@example.com")
        assert await source.fetchval("SELECT count(*) FROM users") == before
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await source.execute("DELETE FROM users")


# The command ---------------------------------------------------------------------------------------------------------


async def test_the_command_says_what_it_did(
    calcom: Connection, calcom_url: str, database_url: str, servers: EmbeddedUrls, tmp_path: Path
) -> None:
    await write_world(calcom, world_of(WORLD))
    await write_booking(calcom, booking("a"))
    await insert(calcom, "Webhook", id="w")
    await calcom.execute(
        """UPDATE users SET username = NULL WHERE id = 2; UPDATE "EventType" SET length = 0 WHERE id = 12"""
    )
    stores = {"DATABASE_URL": database_url, "REDIS_URL": servers.redis_url or ""}
    command = partial(run, tmp_path, "import-calcom", **stores)
    refused = await asyncio.to_thread(command, "--from", database_url)
    assert refused.returncode == 1
    assert "Error: this is no Cal.com database that can be read; missing: table TravelSchedule" in refused.stderr
    done = await asyncio.to_thread(command, CALCOM_DATABASE_URL=calcom_url)
    assert done.stderr == ""
    counts = "users 5, schedules 5, organizations 1, profiles 2, teams 2, memberships 5, eventTypes 14, bookings 1"
    assert done.stdout.splitlines() == [
        f"Taken from Cal.com: {counts}, apiKeys 6.",
        f"Added here: {counts}, apiKeys 6.",
        "Changed here: nothing.",
        "Deleted here: nothing.",
        "Left out, because it makes no sense or needs what was left out; what came of it earlier stays as it was:",
        "  eventTypes 1 (id 12, lengthInMinutes: Input should be greater than or equal to 1)",
        "Without a counterpart here:",
        "  users, no username, or somebody else's in another organization: called user:ID here: 1 (id 2)",
        "  webhooks: 1",
    ]
