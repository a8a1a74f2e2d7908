"""World files as people write them, and the command that answers their questions without a server."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.__main__ import main
from app.storage.world_files.reading import WorldFileError, read_world, world_of

ANA = {"id": 1, "username": "ana", "email": "ana@example.com", "timeZone": "UTC"}
BEN = {"id": 2, "username": "ben", "email": "ben@example.com", "timeZone": "UTC"}
CALL = {"id": 10, "slug": "call", "ownerId": 1, "lengthInMinutes": 240}
MONDAY = {"eventTypeId": 10, "start": "2050-09-05", "end": "2050-09-05"}
WORLD = {"now": "2050-09-01T00:00:00Z", "users": [ANA], "eventTypes": [CALL], "queries": [MONDAY]}
ANSWER = {
    "status": "success",
    "data": {"2050-09-05": [{"start": "2050-09-05T09:00:00.000Z"}, {"start": "2050-09-05T13:00:00.000Z"}]},
}


def slots(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["slots", *arguments], input=given)


def answers(world: dict[str, Any]) -> list[dict[str, Any]]:
    result = slots("-", given=json.dumps(world))
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)["answers"]
    return found


def test_explanations() -> None:
    """What a file's owner asks is answered in full: the booking is named."""
    booked = {"uid": "b1", "eventTypeId": 10, "userId": 1, "start": "2050-09-05T10:00Z", "end": "2050-09-05T11:00Z"}
    world = {
        **WORLD,
        "bookings": [booked],
        "queries": [{**MONDAY, "name": "day"}, {**MONDAY, "at": "2050-09-05T09:00Z"}],
    }
    result = slots("--explain", "-", given=json.dumps(world))
    day, start = json.loads(result.stdout)["answers"]
    counts = {"candidates": 3, "listed": 1, "taken": {"booking": 1, "grid": 1}}
    assert day == {"status": "success", "data": {"2050-09-05": counts}}
    [reason] = start["data"]["hosts"][0]["reasons"]
    assert (reason["kind"], reason["bookingUid"]) == ("booking", "b1")


# Reading -----------------------------------------------------------------------------------------------------------


def test_a_json_file_with_comments(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    user = {**ANA, "// why": "the first one"}
    file.write_text(json.dumps({"//": "a comment", **WORLD, "users": [user]}))
    assert json.loads(slots(str(file)).stdout) == {"answers": [ANSWER]}


@pytest.mark.parametrize("ending", ["yaml", "yml"])
def test_a_yaml_file_reads_as_json_would(tmp_path: Path, ending: str) -> None:
    """Neither 2050-09-05 nor 10:30 is anything but text in it, and `no` is a name."""
    file = tmp_path / f"world.{ending}"
    file.write_text(
        """
        users:
          - {id: 1, username: no, email: no@example.com, timeZone: UTC, defaultScheduleId: 5}
        schedules:
          - id: 5
            ownerId: 1
            timeZone: UTC
            isDefault: true
            availability: [{days: [Monday], startTime: 10:30, endTime: 11:30}]
            overrides: [{date: 2050-09-06, startTime: 12:00, endTime: 24:00}]
        """
    )
    world = read_world(file)
    assert world.users[0].username == "no"
    assert world.schedules[0].availability[0].start_time == 630
    assert str(world.schedules[0].overrides[0].date) == "2050-09-06"
    assert world.schedules[0].overrides[0].end_time == 1_440


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "a world file is an object of lists"),
        ({"people": []}, "people: is not a field that is known here"),
        ({"users": {}}, "users: "),
        ({"users": [{**ANA, "colour": "red"}]}, "users[0] (id 1), colour: is not a field that is known here"),
        ({"users": [ANA, {"id": 2}]}, "users[1] (id 2), username: "),
        ({"users": [{**ANA, "timeZone": "Mars"}]}, "users[0] (id 1), timeZone: 'Mars' is not a time zone"),
        ({"users": [{**ANA, "id": 2**31}]}, "users[0] (id 2147483648), id: "),
        ({"users": [{**ANA, "id": "1"}]}, "users[0] (id 1), id: must be a whole number"),
        ({"users": [{**ANA, "username": "a\0"}]}, "users[0] (id 1), username: must not contain a NUL"),
        ({"users": [{**ANA, "username": "\ud800"}]}, "users[0] (id 1), username: "),
        ({"eventTypes": [{**CALL, "lengthInMinutes": 0}]}, "eventTypes[0] (id 10), lengthInMinutes: "),
        ({"eventTypes": [{**CALL, "lengthInMinutes": 10.5}]}, "lengthInMinutes: must be a whole number"),
        ({"eventTypes": [{**CALL, "teamId": 5}]}, "either an ownerId or a teamId"),
        (
            {"schedules": [{"id": 1, "ownerId": 1, "timeZone": "UTC", "availability": [{"days": ["Mon"]}]}]},
            "schedules[0] (id 1), availability.0.days",
        ),
        (
            {"bookings": [{"uid": "b", "eventTypeId": 1, "userId": 1, "start": "2050-09-05", "end": "2050-09-04"}]},
            "bookings[0] (uid b): must end after it starts",
        ),
        (
            {"outOfOffice": [{"userId": 1, "start": "10000-01-01", "end": "2050-09-04"}]},
            "outOfOffice[0], start: ",
        ),
        (
            {"busyTimes": [{"userId": 1, "start": 5_000_000_000, "end": "2050-09-04"}]},
            "busyTimes[0], start: must be a date or a date and time, as text",
        ),
        (
            {
                "schedules": [
                    {
                        "id": 1,
                        "ownerId": 1,
                        "timeZone": "UTC",
                        "availability": [],
                        "overrides": [{"date": "0001-01-01T00:00:00+14:00"}],
                    }
                ]
            },
            "overrides.0.date: must lie in the years 1900 to 9998",
        ),
        ({"users": [{**ANA, "allowDynamicBooking": "yes"}]}, "users[0] (id 1), allowDynamicBooking: "),
        (
            {"eventTypes": [{**CALL, "bookingWindow": {"type": "range", "value": 3}}]},
            "eventTypes[0] (id 10), bookingWindow.value: must be two dates",
        ),
        (
            {"eventTypes": [{**CALL, "bookingWindow": {"type": "calendarDays", "value": -1}}]},
            "bookingWindow.value: must be a number of days, from 0 to 36600",
        ),
        *(
            (
                {"eventTypes": [{**CALL, "bookingWindow": {"type": "businessDays", "value": value}}]},
                "bookingWindow.value: must be a number of days, from 0 to 36600",
            )
            for value in (30.5, True, "30", 1e300, None)
        ),
        ({"apiKeys": [{"token": "key_of_ana", "userId": 1}]}, "apiKeys[0], token: "),
        ({"oauthClients": [{"id": "c", "secret": "", "ownerId": 1}]}, "oauthClients[0] (id c), secret: "),
        (
            {
                "reservations": [
                    {
                        "uid": "r",
                        "eventTypeId": 1,
                        "slotStart": "2050-09-05T09:00Z",
                        "slotEnd": "2050-09-05T10:00Z",
                        "reservationUntil": "2050-09-05",
                        "hostIds": [],
                    }
                ]
            },
            "reservations[0] (uid r), hostIds: ",
        ),
    ],
)
def test_what_is_wrong_is_named_by_list_item_and_field(document: object, told: str) -> None:
    with pytest.raises(WorldFileError) as refused:
        world_of(document)
    assert told in str(refused.value)


def test_whole_floats_are_whole_numbers_days_too() -> None:
    window = {"type": "calendarDays", "value": 30.0}
    world = world_of({"eventTypes": [{**CALL, "lengthInMinutes": 240.0, "bookingWindow": window}]})
    [kept] = world.event_types
    assert (kept.length_in_minutes, kept.booking_window and kept.booking_window.value) == (240, 30)


def test_a_key_and_a_secret_may_be_short() -> None:
    key = {"token": "cal_1", "userId": 1}
    client = {"id": "c", "secret": "s", "ownerId": 1}
    world = world_of({"users": [ANA], "apiKeys": [key], "oauthClients": [client]})
    assert (world.api_keys[0].token, world.oauth_clients[0].secret) == ("cal_1", "s")


@pytest.mark.parametrize("text", ["", "{", "nonsense", '{"users": [}', "[" * 100_000])
def test_what_is_no_json_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "world.json"
    file.write_text(text)
    result = slots(str(file))
    assert result.exit_code == 1
    assert "not JSON" in result.output


NESTED = '{"queries": [{"eventTypeId": ' + "[" * 900 + "]" * 900 + "}]}"


@pytest.mark.parametrize("line", [NESTED, '{"users": ' + '{"a":' * 500 + "1" + "}" * 501])
def test_a_line_that_is_nested_too_deep_does_not_end_the_others(line: str) -> None:
    result = slots("-", given="\n".join([line, json.dumps(WORLD)]))
    wrong, right = map(json.loads, result.stdout.splitlines())
    assert "levels deep" in wrong["error"]
    assert right == {"answers": [ANSWER]}


@pytest.mark.parametrize("text", ["a: &a [*a]", "[" * 2_000 + "]" * 2_000, "users: [{id: " + "9" * 5_000 + "}]"])
def test_odd_yaml_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "world.yaml"
    file.write_text(text)
    result = slots(str(file))
    assert (result.exit_code, result.exc_info and result.exc_info[0]) == (1, SystemExit)
    assert result.output.startswith("Error: ")


def test_what_is_no_yaml_is_told(tmp_path: Path) -> None:
    file = tmp_path / "world.yaml"
    file.write_text("users: [")
    assert "not YAML" in slots(str(file)).output


REPEATED = {
    "a list": ("yaml", "users: []\nteams: []\nusers: []\n", 3, "users"),
    "a field": ("yaml", "eventTypes:\n  - slug: call\n    slug: talk\n", 3, "slug"),
    "a field of a line": ("yaml", "eventTypes: [{slug: call, slug: talk}]", 1, "slug"),
    "a field in quotes": ("yaml", "eventTypes:\n  - slug: call\n    'slug': talk\n", 3, "slug"),
    "a list of JSON": ("json", '{"users": [],\n"teams": [],\n"users": []}', 3, "users"),
    "a field of JSON": ("json", '{"eventTypes": [{"slug": "call",\n"hosts": [{}],\n"slug" : "talk"}]}', 3, "slug"),
    "a field spelt otherwise": ("json", '{"eventTypes": [{"slug": "call",\n"s\\u006cug": "talk"}]}', 2, "slug"),
}


@pytest.mark.parametrize(("ending", "text", "line", "key"), REPEATED.values(), ids=REPEATED.keys())
def test_a_key_that_stands_twice_is_named_with_its_line(
    tmp_path: Path, ending: str, text: str, line: int, key: str
) -> None:
    """Of two that were meant one would be lost, silently."""
    file = tmp_path / f"world.{ending}"
    file.write_text(text)
    result = slots(str(file))
    assert (result.exit_code, result.output) == (1, f'Error: {file}: line {line}: the key "{key}" stands there twice\n')


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_what_only_looks_like_a_key_may_stand_twice(tmp_path: Path, ending: str) -> None:
    """Comments, texts, and keys of the same name in different places."""
    odd = {**ANA, "name": 'an "id": {', "username": "id"}
    text = json.dumps({**WORLD, "users": [odd, {**BEN, "name": "\\"}]})
    file = tmp_path / f"world.{ending}"
    file.write_text('{"//": "one", "// two": {"id": 1},\n"//": "three",' + text[1:])
    assert json.loads(slots(str(file)).stdout) == {"answers": [ANSWER]}


# Answering ---------------------------------------------------------------------------------------------------------


def test_a_line_a_world_a_line_of_answers() -> None:
    lines = [json.dumps(WORLD), "", "nonsense", json.dumps({**WORLD, "queries": []})]
    result = slots("-", given="\n".join(lines))
    assert result.exit_code == 1
    first, wrong, last = map(json.loads, result.stdout.splitlines())
    assert first == {"answers": [ANSWER]}
    assert "not JSON" in wrong["error"]
    assert last == {"answers": []}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({**MONDAY, "eventTypeId": 99}, "NotFoundException"),
        ({**MONDAY, "duration": 7}, "BadRequestException"),
        ({"eventTypeId": 10}, "BadRequestException"),
        ({**MONDAY, "colour": "red"}, "BadRequestException"),
    ],
)
def test_a_wrong_query_is_answered_as_the_service_would(query: dict[str, Any], code: str) -> None:
    wrong, right = answers({**WORLD, "queries": [query, {**MONDAY, "name": "by its name"}]})
    assert (wrong["status"], wrong["error"]["code"]) == ("error", code)
    assert right == ANSWER


def test_null_in_a_query_says_nothing() -> None:
    """But what is not known is still told, that somebody may see how it is written."""
    optional = ("timeZone", "duration", "format", "usernames", "rrHostSubsetIds", "reservationUid", "username")
    plain, unknown = answers({**WORLD, "queries": [{**MONDAY, **dict.fromkeys(optional)}, {**MONDAY, "colour": None}]})
    assert plain == ANSWER
    assert "'colour' is not known here" in unknown["error"]["message"]


def test_a_reference_that_leads_nowhere_is_told() -> None:
    result = slots("-", given=json.dumps({**WORLD, "eventTypes": [{**CALL, "scheduleId": 77}]}))
    assert result.exit_code == 1
    told = json.loads(result.stdout)["error"]
    assert "eventTypes" in told
    assert "scheduleId" in told


def test_limits_of_nothing_are_none() -> None:
    (answer,) = answers({**WORLD, "eventTypes": [{**CALL, "bookingLimitsCount": {"day": 0}}]})
    assert answer == ANSWER


# Seats and a subset of hosts ---------------------------------------------------------------------------------------


def seated(*emails: str, **query: object) -> dict[str, Any]:
    """The starts of a round robin of Ana and Ben with two seats, where Ben has a booking at nine; by hour."""
    both = {**CALL, "teamId": 5, "schedulingType": "roundRobin", "seatsPerTimeSlot": 2, "rrHostSubsetEnabled": True}
    del both["ownerId"]
    booking = {"uid": "b", "eventTypeId": 10, "userId": 2, "attendees": [{"email": email} for email in emails]}
    world = {
        **WORLD,
        "users": [ANA, BEN],
        "teams": [{"id": 5, "slug": "crew"}],
        "eventTypes": [{**both, "hosts": [{"userId": 1}, {"userId": 2}]}],
        "bookings": [{**booking, "start": "2050-09-05T09:00:00Z", "end": "2050-09-05T13:00:00Z"}],
        "queries": [{**MONDAY, **query}],
    }
    (answer,) = answers(world)
    found: dict[str, Any] = {slot["start"][11:13]: slot for slot in answer["data"]["2050-09-05"]}
    return found


def test_a_host_who_is_not_asked_for_is_no_guest() -> None:
    emails = ("guest@example.org", "ana@example.com")
    assert seated(*emails)["09"]["seatsRemaining"] == 1
    assert seated(*emails, rrHostSubsetIds=[2])["09"]["seatsRemaining"] == 1


def test_a_seat_with_a_host_who_is_not_asked_for_is_not_listed() -> None:
    assert "09" in seated("guest@example.org")
    assert "09" in seated("guest@example.org", rrHostSubsetIds=[2])
    assert "09" not in seated("guest@example.org", rrHostSubsetIds=[1])
