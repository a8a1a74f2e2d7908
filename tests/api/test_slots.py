"""`GET /v2/slots`."""

import pytest

from app.api.slots_query import read_slots_query
from app.domain.reference import ByUsernames
from tests.api.asking import Asking
from tests.api.world import ANA, event_type

EIGHT = ["07:00", "08:00", "09:00", "10:00", "11:00", "12:00", "13:00", "14:00"]


# Which event type --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        {"eventTypeId": 10},
        {"eventTypeId": "10.0"},
        {"eventTypeSlug": "call", "username": "ana"},
        {"eventTypeSlug": "call", "username": "ana", "organizationSlug": "acme"},
        {"eventTypeId": 20},
        {"eventTypeSlug": "both", "teamSlug": "crew"},
        {"eventTypeSlug": "both", "teamSlug": "crew", "organizationSlug": "acme"},
        {"usernames": "ana,ben", "duration": 60},
        {"usernames": "dora,ana", "organizationSlug": "acme", "duration": 60},
        {"eventTypeId": 25},
        {"eventTypeSlug": "templated", "username": "ben"},
        {"eventTypeId": 23},
    ],
)
async def test_every_way_of_naming_an_event_type(api: Asking, query: dict[str, str]) -> None:
    listing = (await api.slots(**query)).data
    assert list(listing) == [f"2050-09-0{day}" for day in range(5, 10)]
    assert [slot["start"][11:16] for slot in listing["2050-09-05"]] == EIGHT


async def test_the_organization_decides_between_people_of_one_name(api: Asking) -> None:
    outside = {"eventTypeSlug": "call", "username": "ana"}
    assert (await api.reserve(30, "07:00")).status == 201
    assert len((await api.slots(**outside)).data["2050-09-05"]) == 8
    assert len((await api.slots(**outside, organizationSlug="acme")).data["2050-09-05"]) == 7


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ({"eventTypeId": 999}, 404, "Event Type not found"),
        ({"eventTypeId": 99999999999999999999}, 404, "Event Type not found"),
        ({"eventTypeId": -1}, 404, "Event Type not found"),
        ({"eventTypeSlug": "none", "username": "ana"}, 404, "Event Type not found"),
        ({"eventTypeSlug": "call", "username": "nobody"}, 404, "User with username nobody not found"),
        ({"eventTypeSlug": "call", "username": "dee"}, 404, "User with username dee not found"),
        ({"eventTypeSlug": "both", "teamSlug": "none"}, 404, "Team with slug none not found"),
        (
            {"eventTypeSlug": "call", "username": "ana", "organizationSlug": "none"},
            404,
            "Organization with slug none not found",
        ),
        ({"usernames": "ana,nobody"}, 404, "User with username nobody not found"),
        ({"usernames": "ana"}, 400, "The array must contain at least 2 elements."),
        ({"usernames": "ana,ana"}, 400, "The array must contain at least 2 elements."),
        ({"eventTypeId": 24}, 400, "managed event type"),
        ({}, 400, "No event type is named"),
        ({"eventTypeSlug": "call"}, 400, "No event type is named"),
        ({"username": "ana"}, 400, "No event type is named"),
    ],
)
async def test_what_names_nothing_is_told(api: Asking, query: dict[str, str], status: int, text: str) -> None:
    answer = await api.slots(**query)
    assert (answer.status, text in answer.message) == (status, True), answer.body


async def test_somebody_who_does_not_allow_dynamic_booking(api: Asking) -> None:
    fay = {"id": 6, "username": "fay", "email": "fay@example.com", "timeZone": "UTC", "allowDynamicBooking": False}
    await api.add(users=[fay])
    answer = await api.slots(usernames="ana,fay")
    assert answer.status == 401
    assert "fay" in answer.message


# The other parameters ----------------------------------------------------------------------------------------------


async def test_a_zone_changes_how_starts_are_written(api: Asking) -> None:
    listing = (await api.slots(eventTypeId=10, timeZone="asia/tokyo", start="2050-09-05", end="2050-09-05")).data
    assert listing["2050-09-05"][0] == {"start": "2050-09-05T16:00:00.000+09:00"}


@pytest.mark.parametrize("name", ["format", "slotFormat"])
async def test_the_range_format_has_ends(api: Asking, name: str) -> None:
    listing = (await api.slots(eventTypeId=10, **{name: "Range"})).data
    assert listing["2050-09-05"][0] == {"start": "2050-09-05T07:00:00.000Z", "end": "2050-09-05T08:00:00.000Z"}


async def test_a_length_that_is_offered(api: Asking) -> None:
    listing = (await api.slots(eventTypeId=11, duration="30", format="range")).data
    assert listing["2050-09-05"][1] == {"start": "2050-09-05T07:30:00.000Z", "end": "2050-09-05T08:00:00.000Z"}


@pytest.mark.parametrize(
    "written", ["2050-09-05", "2050-09-05T00:00:00Z", "2050-09-05T00:00:00.000Z", "2050-09-05T00:00:00+00:00"]
)
async def test_spellings_of_an_instant(api: Asking, written: str) -> None:
    assert list((await api.slots(eventTypeId=10, start=written, end=written)).data) == ["2050-09-05"]


async def test_a_plus_that_was_not_escaped(api: Asking) -> None:
    answer = await api.ask("GET", "/v2/slots?eventTypeId=10&start=2050-09-05T00:00:00 00:00&end=2050-09-05")
    assert list(answer.data) == ["2050-09-05"]


async def test_an_end_before_the_start_gives_nothing(api: Asking) -> None:
    assert (await api.slots(eventTypeId=10, start="2050-09-09", end="2050-09-05")).data == {}


async def test_a_saturday_gives_nothing(api: Asking) -> None:
    assert (await api.slots(eventTypeId=10, start="2050-09-10", end="2050-09-10")).data == {}


async def test_only_some_round_robin_hosts(api: Asking) -> None:
    assert (await api.reserve(10, "07:00")).status == 201
    for host, first in ((1, "08:00"), (2, "07:00")):
        listing = (await api.slots(eventTypeId=26, **{"rrHostSubsetIds[]": host})).data
        assert listing["2050-09-05"][0]["start"][11:16] == first


@pytest.mark.parametrize(("day", "start"), [("1900-01-01", "00:00"), ("9998-12-31", "23:59")])
@pytest.mark.parametrize("period", ["day", "week", "month", "year"])
async def test_the_ends_of_time(api: Asking, day: str, start: str, period: str) -> None:
    """What reaches furthest: a week with a day's buffers, in whatever period a limit has."""
    limits = {"bookingLimitsCount": {period: 1}, "bookingLimitsDuration": {period: 100_000}}
    far = event_type(40, "far", 10_080, ownerId=ANA, beforeEventBuffer=1_440, afterEventBuffer=1_440, **limits)
    await api.add(eventTypes=[far])
    assert (await api.slots(eventTypeId=40, start=day, end=day)).data == {}
    assert (await api.reserve(40, f"{day}T{start}:00Z")).status == 422


@pytest.mark.parametrize("start", ["1899-12-31", "9999-01-01"])
async def test_beyond_the_ends_of_time(api: Asking, start: str) -> None:
    assert (await api.slots(eventTypeId=10, start=start, end=start)).status == 400
    assert (await api.reserve(10, f"{start}T10:00:00Z")).status == 400


@pytest.mark.parametrize("name", ["limit", "take", "skip", "_isDryRun", "_silentCalendarFailures"])
async def test_what_clients_send_along_is_ignored(api: Asking, name: str) -> None:
    assert (await api.slots(eventTypeId=10, **{name: "1"})).status == 200


async def test_calendars_to_load_are_ignored(api: Asking) -> None:
    answer = await api.ask(
        "GET", "/v2/slots/?eventTypeId=10&start=2050-09-05&end=2050-09-05&calendarsToLoad[0][credentialId]=1"
    )
    assert answer.status == 200


RANGE = "Invalid time range given - check the 'start' and 'end' query parameters."


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"start": "yesterday"}, RANGE),
        ({"start": ""}, RANGE),
        ({"end": "2050-09-31"}, RANGE),
        ({"end": "2050-09-05T23:59:60Z"}, RANGE),
        ({"end": "10000-01-01"}, RANGE),
        ({"end": "+012050-09-05"}, RANGE),
        ({"start": "2050-09-05T25:00:00Z"}, RANGE),
        ({"start": "1795230000000"}, RANGE),
        ({"start": "2050-01-01", "end": "2051-01-02"}, "366"),
        ({"timeZone": "Mars/Olympus"}, "timeZone"),
        ({"timeZone": ""}, "timeZone"),
        ({"timeZone": "../../etc/passwd"}, "timeZone"),
        ({"timeZone": "Europe/Rome\0"}, "timeZone"),
        ({"duration": "abc"}, "duration"),
        ({"duration": "10.5"}, "duration"),
        ({"duration": "nan"}, "duration"),
        ({"duration": "inf"}, "duration"),
        ({"duration": "1e400"}, "duration"),
        ({"duration": "30"}, "30 is not offered"),
        ({"duration": "-60"}, "-60 is not offered"),
        ({"duration": "99999999999999999999"}, "not offered"),
        ({"format": "list"}, "format"),
        ({"eventTypeId": "ten"}, "eventTypeId"),
        ({"eventTypeId": ""}, "eventTypeId"),
        ({"rrHostSubsetIds[]": "x"}, "rrHostSubsetIds"),
        ({"colour": "red"}, "'colour'"),
        ({"event_type_id": "10"}, "'event_type_id'"),
        ({"eventTypeId": "0_1"}, "eventTypeId"),
    ],
)
async def test_a_wrong_parameter_is_told(api: Asking, query: dict[str, str], text: str) -> None:
    answer = await api.slots(**{"eventTypeId": 10, **query})
    assert answer.status == 400, answer.body
    assert text in answer.message


async def test_a_length_that_is_not_offered_is_told_those_that_are(api: Asking) -> None:
    """The event type's own among them, be it no option."""
    await api.add(eventTypes=[event_type(28, "odd", ownerId=1, lengthInMinutesOptions=[15, 30])])
    assert (await api.slots(eventTypeId=28, duration=45)).message == (
        "A length of 45 minutes is not offered. The lengths of this event type are: 15, 30, 60"
    )


def test_whoever_is_named_twice_is_asked_for_once() -> None:
    """So that strangers cannot ask for the same people in ever new ways."""
    query = {"start": "2050-09-05", "end": "2050-09-05", "usernames": "ana,ben,ana"}
    assert read_slots_query(query).question().reference == ByUsernames(("ana", "ben"))


@pytest.mark.parametrize("missing", ["start", "end"])
async def test_a_window_is_required(api: Asking, missing: str) -> None:
    params = {"eventTypeId": "10", "start": "2050-09-05", "end": "2050-09-05"}
    del params[missing]
    answer = await api.ask("GET", "/v2/slots", params=params)
    assert (answer.status, answer.message) == (400, RANGE)


async def test_a_parameter_given_twice_is_told(api: Asking) -> None:
    answer = await api.ask("GET", "/v2/slots?eventTypeId=10&eventTypeId=11&start=2050-09-05&end=2050-09-05")
    assert answer.status == 400


@pytest.mark.parametrize("slug", ["call%00", "%ED%A0%80", "%FF", "x" * 5000, "' OR 1=1 --", "%F0%9F%98%80"])
async def test_odd_text_names_nothing_and_breaks_nothing(api: Asking, slug: str) -> None:
    for name in ("eventTypeSlug", "username", "teamSlug", "organizationSlug"):
        others = {"eventTypeSlug": "call", "username": "ana"}
        others.pop(name, None)
        query = "&".join(f"{key}={value}" for key, value in others.items())
        path = f"/v2/slots?start=2050-09-05&end=2050-09-05&{query}&{name}={slug}"
        assert (await api.ask("GET", path)).status in {200, 400, 404, 431}


@pytest.mark.parametrize("uid", ["", "1234", "no-such-booking", "x" * 3_000, "\0"])
async def test_an_unknown_booking_to_reschedule_changes_nothing(api: Asking, uid: str) -> None:
    listing = (await api.slots(eventTypeId=10, bookingUidToReschedule=uid)).data
    assert len(listing["2050-09-05"]) == 8


async def test_the_booking_that_is_moved_does_not_block(api: Asking) -> None:
    booking = {"uid": "b1", "eventTypeId": 10, "userId": 1}
    await api.add(bookings=[{**booking, "start": "2050-09-05T07:00:00Z", "end": "2050-09-05T08:00:00Z"}])
    assert await api.starts(10) == EIGHT[1:]
    listing = (await api.slots(eventTypeId=10, bookingUidToReschedule="b1")).data
    assert len(listing["2050-09-05"]) == 8


async def test_seats_are_counted(api: Asking) -> None:
    first = {"start": "2050-09-05T07:00:00Z", "end": "2050-09-05T08:00:00Z"}
    guest = {"email": "guest@example.org", "name": "Guest"}
    await api.add(bookings=[{"uid": "class-1", "eventTypeId": 12, "userId": 1, "attendees": [guest], **first}])
    await api.reserve(12, "09:00")
    slots = (await api.slots(eventTypeId=12)).data["2050-09-05"]
    assert slots[0] == {
        "start": "2050-09-05T07:00:00.000Z",
        "seatsBooked": 1,
        "seatsRemaining": 1,
        "seatsTotal": 2,
        "bookingUid": "class-1",
    }
    assert slots[1] == {
        "start": "2050-09-05T08:00:00.000Z",
        "seatsBooked": 0,
        "seatsRemaining": 2,
        "seatsTotal": 2,
    }
    assert slots[2]["seatsBooked"] == 1
    assert "bookingUid" not in slots[2]


# The own reservation -------------------------------------------------------------------------------------------------


async def test_the_holder_still_sees_the_own_start(api: Asking) -> None:
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    day = {"eventTypeId": 10, "start": "2050-09-05", "end": "2050-09-05"}
    others, own = (await api.slots(**day)).data, (await api.slots(**day, reservationUid=uid)).data
    assert {"start": "2050-09-05T10:00:00.000Z"} not in others["2050-09-05"]
    assert {"start": "2050-09-05T10:00:00.000Z"} in own["2050-09-05"]
    query = {"eventTypeId": 10, "at": "2050-09-05T10:00:00Z", "reservationUid": uid}
    assert (await api.ask("GET", "/v2/slots/explain", params=query)).data["free"] is True


async def test_the_own_seat_and_the_own_place_in_a_limit_are_left_out(api: Asking) -> None:
    seat = (await api.reserve(12, "10:00")).data["reservationUid"]
    [slot] = (await api.slots(eventTypeId=12, start="2050-09-05T10:00Z", end="2050-09-05T11:00Z")).data["2050-09-05"]
    assert slot["seatsBooked"] == 1
    own = {"eventTypeId": 12, "start": "2050-09-05T10:00Z", "end": "2050-09-05T11:00Z", "reservationUid": seat}
    [slot] = (await api.slots(**own)).data["2050-09-05"]
    assert slot["seatsBooked"] == 0
    only = (await api.reserve(14, "10:00")).data["reservationUid"]
    assert await api.starts(14) == []
    day = {"eventTypeId": 14, "start": "2050-09-05", "end": "2050-09-05"}
    assert len((await api.slots(**day, reservationUid=only)).data["2050-09-05"]) == 8


@pytest.mark.parametrize("uid", ["nobody's", "x" * 255])
async def test_an_unknown_own_reservation_changes_nothing(api: Asking, uid: str) -> None:
    await api.reserve(10, "10:00")
    day = {"eventTypeId": 10, "start": "2050-09-05", "end": "2050-09-05"}
    assert (await api.slots(**day, reservationUid=uid)).data == (await api.slots(**day)).data
