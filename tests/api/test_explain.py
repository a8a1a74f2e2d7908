"""`GET /v2/slots/explain`: what is told to whom."""

from typing import Any

import pytest

from app.api.explain import explanation
from app.domain.busy import Reservation
from app.domain.explain import HostExplained, Reason, Rule, StartExplained
from app.domain.seats import SeatedStart
from app.services.explain_slots import Explained
from app.services.find_slots import Looked
from tests.api.asking import Answer, Asking
from tests.api.world import ANA, BEN, event_type
from tests.domain.builders import availability, host, staffed

BOOKED = {
    "uid": "b1",
    "eventTypeId": 10,
    "userId": ANA,
    "start": "2050-09-05T10:00:00Z",
    "end": "2050-09-05T11:00:00Z",
    "attendees": [{"name": "Guest", "email": "guest@example.org"}],
}


async def explain(api: Asking, *, token: str | None = None, **query: Any) -> Answer:
    return await api.ask("GET", "/v2/slots/explain", params={"eventTypeId": 10, **query}, token=token)


async def monday(api: Asking, **query: Any) -> Any:
    return (await explain(api, start="2050-09-05", end="2050-09-05", **query)).data["2050-09-05"]


async def test_a_start_with_all_there_is_to_know(api: Asking) -> None:
    """But for the booking's uid: who knows that may end it. Only a file of one's own tells it (`test_world_files`)."""
    await api.add(bookings=[BOOKED])
    found = (await explain(api, at="2050-09-05T10:30:00Z", timeZone="Europe/Rome", token="cal_key_of_ana")).data
    assert found == {
        "start": "2050-09-05T12:30:00.000+02:00",
        "end": "2050-09-05T13:30:00.000+02:00",
        "free": False,
        "listed": False,
        "reasons": [],
        "hosts": [
            {
                "hostId": ANA,
                "needed": True,
                "groupId": None,
                "free": False,
                "reasons": [
                    {
                        "kind": "booking",
                        "start": "2050-09-05T12:00:00.000+02:00",
                        "end": "2050-09-05T13:00:00.000+02:00",
                    }
                ],
            }
        ],
    }


@pytest.mark.parametrize("token", [None, "cal_key_of_dee"])
async def test_strangers_are_told_the_kind_alone_and_once(api: Asking, token: str | None) -> None:
    """Dee has no team with Ana."""
    short = {**BOOKED, "eventTypeId": 11, "start": "2050-09-05T11:00:00Z", "end": "2050-09-05T11:15:00Z", "uid": "b2"}
    await api.add(bookings=[BOOKED, short])
    found = (await explain(api, at="2050-09-05T10:30:00Z", token=token)).data
    assert found["hosts"][0]["reasons"] == [{"kind": "booking"}]


@pytest.mark.parametrize("token", ["cal_key_of_ana", "cal_key_of_ben"])
async def test_a_reservation_is_told_until_when_and_never_by_its_uid(api: Asking, token: str) -> None:
    """Ben has a team with Ana. Whoever knows a reservation's uid may end it."""
    kept = (await api.reserve(10, "10:00")).data
    told = await explain(api, at="2050-09-05T10:00:00Z", token=token)
    [reason] = told.data["hosts"][0]["reasons"]
    assert (reason["kind"], reason["reservationUntil"]) == ("reservation", kept["reservationUntil"])
    assert kept["reservationUid"] not in str(told.body)
    stranger = await explain(api, at="2050-09-05T10:00:00Z")
    assert stranger.data["hosts"][0]["reasons"] == [{"kind": "reservation"}]


async def test_each_host_of_a_team(api: Asking) -> None:
    """Either of two; Ana is booked, Ben is free, so the start is free."""
    await api.add(bookings=[BOOKED])
    found = (await explain(api, eventTypeId=21, at="2050-09-05T10:00:00Z")).data
    assert (found["free"], found["listed"]) == (True, True)
    assert [(one["hostId"], one["needed"], one["free"]) for one in found["hosts"]] == [
        (ANA, False, False),
        (BEN, False, True),
    ]


async def test_rules_of_the_event_type_are_nobodys_secret(api: Asking) -> None:
    early = (await explain(api, at="2020-09-07T10:00:00Z")).data["reasons"]
    assert [one["kind"] for one in early] == ["notice"]
    assert early[0]["earliest"].startswith("20")
    outside = (await explain(api, eventTypeId=15, at="2050-09-05T10:00:00Z")).data["reasons"]
    assert outside == [{"kind": "bookingWindow", "firstDate": "2050-09-06", "lastDate": "2050-09-07"}]
    assert (await api.reserve(14, "10:00")).status == 201
    full = (await explain(api, eventTypeId=14, at="2050-09-05T13:00:00Z")).data["hosts"][0]["reasons"]
    day = {"start": "2050-09-04T22:00:00.000Z", "end": "2050-09-05T22:00:00.000Z"}
    assert full == [{"kind": "limit", **day, "period": "day", "counts": "bookings", "most": 1}]
    for _ in range(2):
        assert (await api.reserve(12, "10:00")).status == 201
    seats = (await explain(api, eventTypeId=12, at="2050-09-05T10:00:00Z")).data["reasons"]
    assert [(one["kind"], one["seatsBooked"], one["seatsTotal"]) for one in seats] == [("seats", 2, 2)]


OF_THE_EVENT_TYPE = {Rule.LIMIT, Rule.SEATS, Rule.NOTICE, Rule.BOOKING_WINDOW}
TAKEN = Reservation(uid="r", event_type_id=10, host_ids=frozenset({1}), start=0, end=1, until=2)


@pytest.mark.parametrize("rule", [rule for rule in Rule if rule not in OF_THE_EVENT_TYPE])
@pytest.mark.parametrize("of", [None, Rule.BOOKING, Rule.CALENDAR])
def test_strangers_learn_no_details_of_any_rule(rule: Rule, of: Rule | None) -> None:
    """Whatever a reason carries, only its kind is told."""
    seat = SeatedStart(
        start=0,
        end=1,
        seats_taken=1,
        seats_total=1,
        host_ids=frozenset(),
        booking_uid="b",
        is_booked=True,
        attendees=1,
    )
    reason = Reason(rule=rule, time=(0, 1), of=of, item=TAKEN, seat=seat)
    told: Any = explanation(explained(reason, names_others=False), None)
    kinds = {"kind"} if of is None else {"kind", "of"}
    assert told["reasons"][0].keys() == told["hosts"][0]["reasons"][0].keys() == kinds
    named: Any = explanation(explained(reason, names_others=True), None)
    assert named["reasons"][0].keys() > kinds


def explained(reason: Reason, *, names_others: bool) -> Explained:
    judged = availability(staffed(host()))
    start = StartExplained(
        start=0,
        end=1,
        free=False,
        listed=False,
        reasons=(reason,),
        hosts=(HostExplained(host=host(), needed=True, reasons=(reason,)),),
    )
    looked = Looked(judged, without_holds=False)
    return Explained(looked=looked, found=start, names_others=names_others, names_bookings=False)


async def test_who_names_others_beside_themselves_is_not_told_what_takes_their_time(api: Asking) -> None:
    await api.reserve(10, "10:00")
    query = {"eventTypeId": None, "usernames": "ana,ben", "at": "2050-09-05T10:00:00Z"}
    told = []
    for token in ("cal_key_of_ana", "cal_key_of_clo", None):
        params = {name: value for name, value in query.items() if value}
        found = await api.ask("GET", "/v2/slots/explain", params=params, token=token)
        told.append(found.data["hosts"][0]["reasons"][0].keys())
    assert told == [{"kind"}, {"kind"}, {"kind"}]


async def test_a_slot_that_ends_after_the_window_is_judged_to_its_end(api: Asking) -> None:
    await api.add(bookings=[BOOKED])
    window = {"start": "2050-09-05T09:00:00Z", "end": "2050-09-05T09:45:00Z"}
    found = (await explain(api, **window, at="2050-09-05T09:30:00Z")).data
    assert found["hosts"][0]["reasons"] == [{"kind": "booking"}]


async def test_the_booking_that_is_moved_is_not_in_the_way(api: Asking) -> None:
    await api.add(bookings=[BOOKED])
    found = (await explain(api, at="2050-09-05T10:00:00Z", bookingUidToReschedule="b1")).data
    assert (found["free"], found["hosts"][0]["reasons"]) == (True, [])


async def test_seats_are_told_as_taken_and_in_all(api: Asking) -> None:
    crowded = {**BOOKED, "eventTypeId": 12, "attendees": [{"email": f"guest{n}@example.org"} for n in range(3)]}
    await api.add(bookings=[crowded])
    [reason] = (await explain(api, eventTypeId=12, at="2050-09-05T10:00:00Z")).data["reasons"]
    assert (reason["seatsBooked"], reason["seatsTotal"]) == (3, 2)


async def test_counts_by_date(api: Asking) -> None:
    await api.add(bookings=[BOOKED])
    found = (await explain(api, start="2050-09-03", end="2050-09-05")).data
    assert found == {
        "2050-09-03": {"candidates": 0, "listed": 0, "taken": {}},
        "2050-09-04": {"candidates": 0, "listed": 0, "taken": {}},
        "2050-09-05": {"candidates": 8, "listed": 7, "taken": {"booking": 1}},
    }


@pytest.mark.parametrize("type_id", [10, 11, 12, 13, 14, 15, 20, 21, 22, 23, 26])
async def test_as_many_are_listed_as_the_listing_has(api: Asking, type_id: int) -> None:
    await api.add(bookings=[BOOKED])
    await api.reserve(type_id, "11:00")
    window: dict[str, Any] = {
        "eventTypeId": type_id,
        "start": "2050-09-05",
        "end": "2050-09-09",
        "timeZone": "Asia/Tokyo",
    }
    counted = (await explain(api, **window)).data
    listed = (await api.slots(**window)).data
    assert {day: one["listed"] for day, one in counted.items() if one["listed"]} == {
        day: len(starts) for day, starts in listed.items()
    }


async def test_the_longest_slot_fits_around_the_start(api: Asking) -> None:
    always = {"id": 300, "ownerId": ANA, "timeZone": "UTC", "availability": [ALL_DAY]}
    await api.add(schedules=[always], eventTypes=[event_type(40, "week", 10_080, ownerId=ANA, scheduleId=300)])
    found = (await explain(api, eventTypeId=40, at="2050-09-11T00:00:00Z")).data
    assert (found["free"], found["reasons"]) == (True, [{"kind": "grid"}])


ALL_DAY = {
    "days": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "startTime": "00:00",
    "endTime": "24:00",
}


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({}, "time range"),
        ({"start": "2050-09-05"}, "time range"),
        ({"at": "noon"}, "'at'"),
        ({"at": "2050-09-05T24:61:00Z", "start": "2050-09-05", "end": "2050-09-05"}, "'at'"),
        ({"at": "2050-09-06T10:00:00Z", "start": "2050-09-05", "end": "2050-09-05"}, "between 'start' and 'end'"),
        ({"at": "2050-09-05T10:00:00Z", "start": "2050-09-05"}, "time range"),
        ({"at": "2050-09-05T10:00:00Z", "colour": "red"}, "'colour'"),
        ({"at": "9998-12-31T10:00:00Z"}, "time range"),
    ],
)
async def test_bad_questions(api: Asking, query: dict[str, str], says: str) -> None:
    answer = await explain(api, **query)
    assert answer.status == 400
    assert says in answer.message


async def test_an_unknown_event_type(api: Asking) -> None:
    answer = await explain(api, eventTypeId=999, at="2050-09-05T10:00:00Z")
    assert answer.status == 404


async def test_at_may_not_be_repeated(api: Asking) -> None:
    answer = await api.ask("GET", "/v2/slots/explain?eventTypeId=10&at=2050-09-05T10:00:00Z&at=2050-09-05T11:00:00Z")
    assert answer.status == 400


# The picture of a window ---------------------------------------------------------------------------------------------


async def picture(api: Asking, *, token: str | None = None, **query: Any) -> Any:
    window = {"start": "2050-09-05", "end": "2050-09-05", "eventTypeId": 10}
    return (await api.ask("GET", "/v2/slots/explain/times", params={**window, **query}, token=token)).data


async def test_a_day_with_all_there_is_to_know(api: Asking) -> None:
    await api.add(bookings=[BOOKED])
    kept = (await api.reserve(10, "12:00")).data
    found = await picture(api, token="cal_key_of_ana", timeZone="Europe/Rome")
    assert [one["start"][11:16] for one in found["offered"]] == ["09:00", "10:00", "11:00", "13:00", "15:00", "16:00"]
    assert found["reasons"] == []
    [ana] = found["hosts"]
    assert (ana["hostId"], ana["groupId"]) == (ANA, None)
    assert ana["open"] == [{"start": "2050-09-05T09:00:00.000+02:00", "end": "2050-09-05T17:00:00.000+02:00"}]
    assert [(one["kind"], one["start"][11:16], one["end"][11:16]) for one in ana["reasons"]] == [
        ("booking", "12:00", "13:00"),
        ("reservation", "14:00", "15:00"),
    ]
    assert kept["reservationUid"] not in str(found)


async def test_buffers_are_told_apart_from_what_they_belong_to(api: Asking) -> None:
    await api.reserve(13, "10:00")
    [ben] = (await picture(api, eventTypeId=13, token="cal_key_of_ben"))["hosts"]
    told = [(one["kind"], one.get("of"), one["start"][11:16], one["end"][11:16]) for one in ben["reasons"]]
    assert told == [
        ("reservation", None, "10:00", "10:30"),
        ("buffer", "reservation", "09:15", "10:00"),
        ("buffer", "reservation", "10:30", "11:15"),
    ]


@pytest.mark.parametrize("token", [None, "cal_key_of_dee"])
async def test_strangers_see_the_rules_of_the_event_type_and_no_hosts(api: Asking, token: str | None) -> None:
    assert (await api.reserve(14, "10:00")).status == 201
    found = await picture(api, eventTypeId=14, token=token)
    assert (found["offered"], found["hosts"]) == ([], None)
    assert [(one["kind"], one["counts"]) for one in found["reasons"]] == [("limit", "bookings")]
