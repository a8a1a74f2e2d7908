"""`/v2/slots/reservations`."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.asking import Answer, Asking
from tests.api.world import event_type

BOOKED = "Can't reserve a slot if the event is already booked."
RESERVED = "This time slot is already reserved by another user. Please choose a different time."
NEEDS_CREDENTIALS = (
    "reservationDuration can only be used for authenticated requests - use access token, api key or OAuth credentials"
)
NEEDS_A_TIE = (
    "authenticated user is not owner of event type, does not have memberships in common with owner of the event type, "
    "nor does belong to event type's team or org."
)


def minutes_from_now(until: str) -> float:
    return (datetime.fromisoformat(until) - datetime.now(UTC)) / timedelta(minutes=1)


async def booked(api: Asking, host_id: int, start: str, end: str, *, type_id: int = 10, **more: Any) -> None:
    day = "2050-09-05T"
    booking = {"uid": f"b-{host_id}-{start}", "eventTypeId": type_id, "userId": host_id, **more}
    await api.add(bookings=[{**booking, "start": f"{day}{start}:00Z", "end": f"{day}{end}:00Z"}])


# Making ------------------------------------------------------------------------------------------------------------


async def test_a_reservation_takes_its_start_from_everybody_for_five_minutes(api: Asking) -> None:
    answer = await api.reserve(10, "10:00")
    assert answer.status == 201
    uid, until = answer.data["reservationUid"], answer.data["reservationUntil"]
    assert answer.data == {
        "reservationUid": uid,
        "eventTypeId": 10,
        "slotStart": "2050-09-05T10:00:00.000Z",
        "slotEnd": "2050-09-05T11:00:00.000Z",
        "slotDuration": 60,
        "reservationDuration": 5,
        "reservationUntil": until,
    }
    assert 4.9 < minutes_from_now(until) <= 5
    assert "10:00" not in await api.starts(10)
    shown = await api.ask("GET", f"/v2/slots/reservations/{uid}")
    assert shown.data == {key: value for key, value in answer.data.items() if key != "reservationDuration"}


@pytest.mark.parametrize("start", ["10:15", "09:45", "10:10", "10:00"])
async def test_what_overlaps_it_is_refused(api: Asking, start: str) -> None:
    await api.reserve(10, "10:00")
    answer = await api.reserve(10, start)
    assert (answer.status, answer.message) == (422, RESERVED)
    assert answer.body["error"]["code"] == "UnprocessableEntityException"
    assert answer.body["error"]["details"] == {
        "message": RESERVED,
        "error": "Unprocessable Entity",
        "statusCode": 422,
    }
    assert answer.body["path"] == "/v2/slots/reservations"


@pytest.mark.parametrize("start", ["09:00", "11:00", "11:07"])
async def test_what_only_touches_it_is_not(api: Asking, start: str) -> None:
    await api.reserve(10, "10:00")
    assert (await api.reserve(10, start)).status == 201


async def test_a_hold_of_one_type_is_seen_by_the_hosts_others(api: Asking) -> None:
    await api.reserve(10, "10:00")
    assert "10:00" not in await api.starts(11)
    assert (await api.reserve(11, "10:45")).message == RESERVED


async def test_buffers_keep_neighbours_away(api: Asking) -> None:
    """Half an hour after each, a quarter before: the next start is 45 minutes after an end."""
    await api.reserve(13, "10:00")
    assert (await api.reserve(13, "11:10")).status == 422
    assert (await api.reserve(13, "11:15")).status == 201


@pytest.mark.parametrize(
    ("start", "text"),
    [
        ("2020-09-07T10:00:00Z", "in the past"),
        ("2050-09-05T03:00:00Z", "outside the working hours"),
        ("2050-09-05T14:30:00Z", "outside the working hours"),
        ("2050-09-10T10:00:00Z", "outside the working hours"),
    ],
)
async def test_what_is_never_offered_is_refused_by_rule(api: Asking, start: str, text: str) -> None:
    answer = await api.reserve(10, start)
    assert answer.status == 422
    assert text in answer.message


async def test_any_minute_and_any_offset_will_do(api: Asking) -> None:
    answer = await api.reserve(10, "2050-09-05T12:07:00+02:00")
    assert answer.data["slotStart"] == "2050-09-05T10:07:00.000Z"


async def test_a_length_that_is_offered(api: Asking) -> None:
    answer = await api.reserve(11, "10:00", slotDuration=30.0)
    assert (answer.data["slotDuration"], answer.data["slotEnd"]) == (30, "2050-09-05T10:30:00.000Z")


async def test_the_types_own_length_that_is_none_of_its_options(api: Asking) -> None:
    """It is listed when it is asked for, and what is listed can be kept."""
    await api.add(eventTypes=[event_type(28, "odd", ownerId=1, lengthInMinutesOptions=[15, 30])])
    assert (await api.slots(eventTypeId=28, duration=60)).data["2050-09-05"][0]["start"] == "2050-09-05T07:00:00.000Z"
    assert (await api.reserve(28, "10:00", slotDuration=60)).data["slotEnd"] == "2050-09-05T11:00:00.000Z"


async def test_a_length_that_is_not(api: Asking) -> None:
    assert (await api.reserve(11, "10:00", slotDuration=20)).message == (
        "Provided 'slotDuration' is not one of the possible lengths for the event type. "
        "The possible lengths for this variable length event type are: 15, 30, 60"
    )
    assert (await api.reserve(10, "10:00", slotDuration=30)).message == (
        "You passed 'slotDuration' but this event type is not a variable length event type."
    )


@pytest.mark.parametrize(("status", "answer"), [("accepted", 422), ("pending", 422), ("awaiting_host", 422)])
async def test_a_booking_is_in_the_way(api: Asking, status: str, answer: int) -> None:
    await booked(api, 1, "10:00", "11:00", status=status)
    refused = await api.reserve(10, "10:30")
    assert (refused.status, refused.message) == (answer, BOOKED)
    assert (await api.reserve(10, "11:00")).status == 201


@pytest.mark.parametrize("status", ["cancelled", "rejected"])
async def test_one_that_does_not_stand_is_not(api: Asking, status: str) -> None:
    await booked(api, 1, "10:00", "11:00", status=status)
    assert (await api.reserve(10, "10:00")).status == 201


async def test_a_refused_reservation_leaves_nothing_behind(api: Asking) -> None:
    await booked(api, 1, "10:00", "11:00")
    assert (await api.reserve(10, "09:30")).status == 422
    assert (await api.reserve(10, "09:00")).status == 201


async def test_a_connected_calendar_is_in_the_way(api: Asking) -> None:
    await api.add(busyTimes=[{"userId": 1, "start": "2050-09-05T10:00:00Z", "end": "2050-09-05T10:05:00Z"}])
    answer = await api.reserve(10, "10:00")
    assert answer.status == 422
    assert "calendar" in answer.message


async def test_the_booking_that_is_moved_is_not_in_the_way(api: Asking) -> None:
    await booked(api, 1, "10:00", "11:00")
    answer = await api.reserve(10, "10:30", bookingUidToReschedule="b-1-10:00")
    assert answer.status == 201


# Teams and seats ---------------------------------------------------------------------------------------------------


async def test_a_collective_reservation_takes_all_its_hosts(api: Asking) -> None:
    assert (await api.reserve(20, "10:00")).status == 201
    assert "10:00" not in await api.starts(10)
    assert (await api.reserve(13, "10:00")).message == RESERVED


async def test_one_taken_host_refuses_a_collective_and_frees_the_others(api: Asking) -> None:
    await api.reserve(13, "10:00")
    assert (await api.reserve(20, "10:00")).message == RESERVED
    assert (await api.reserve(10, "10:00")).status == 201


async def test_round_robin_takes_one_free_host_at_a_time(api: Asking) -> None:
    assert (await api.reserve(21, "10:00")).status == 201
    assert "10:00" in await api.starts(21)
    assert (await api.reserve(21, "10:00")).status == 201
    assert "10:00" not in await api.starts(21)
    assert (await api.reserve(21, "10:00")).message == RESERVED


async def test_round_robin_passes_over_a_booked_host(api: Asking) -> None:
    await booked(api, 1, "10:00", "11:00")
    assert (await api.reserve(21, "10:00")).status == 201
    assert (await api.reserve(13, "10:00")).message == RESERVED
    assert (await api.reserve(21, "10:00")).status == 422


async def test_round_robin_goes_to_whom_has_fewer(api: Asking) -> None:
    """Ana has a booking of the type this month, so the next one is Ben's; hers then, as each has one."""
    await booked(api, 1, "07:00", "08:00", type_id=21)
    await api.reserve(21, "10:00")
    assert (await api.reserve(13, "10:00")).message == RESERVED
    assert (await api.reserve(10, "10:00")).status == 201


async def test_a_mandatory_host_is_in_every_slot(api: Asking) -> None:
    assert (await api.reserve(22, "10:00")).status == 201
    assert (await api.reserve(22, "10:00")).status == 422
    assert "10:00" not in await api.starts(10)


async def test_an_event_type_without_hosts_of_its_own_is_not_reserved(api: Asking) -> None:
    answer = await api.reserve(23, "10:00")
    assert answer.status == 400
    assert "hosts" in answer.message
    await booked(api, 1, "10:00", "11:00")
    assert (await api.reserve(23, "10:00")).message == BOOKED


async def test_a_template_is_not_reserved(api: Asking) -> None:
    assert (await api.reserve(24, "10:00")).status == 400


async def test_seats_go_until_none_is_left(api: Asking) -> None:
    assert [(await api.reserve(12, "10:00")).status for _ in range(3)] == [201, 201, 422]
    assert (await api.reserve(12, "10:00")).message == (
        "Booking with id=12 at 2050-09-05T10:00:00.000Z has no more seats left."
    )
    assert "10:00" not in await api.starts(12)


async def test_seats_of_bookings_and_holds_add_up(api: Asking) -> None:
    await booked(api, 1, "10:00", "11:00", type_id=12, attendees=[{"email": "guest@example.org"}])
    assert [(await api.reserve(12, "10:00")).status for _ in range(2)] == [201, 422]


async def test_a_start_across_a_seated_one_is_refused(api: Asking) -> None:
    await api.reserve(12, "10:00")
    assert (await api.reserve(12, "10:30")).message == RESERVED
    assert (await api.reserve(10, "10:30")).message == RESERVED


async def test_of_many_who_want_the_last_seat_one_gets_it(api: Asking) -> None:
    await booked(api, 1, "10:00", "11:00", type_id=12, attendees=[{"email": "guest@example.org"}])
    answers = await asyncio.gather(*(api.reserve(12, "10:00") for _ in range(20)))
    assert sorted(answer.status for answer in answers) == [201] + [422] * 19


async def test_of_many_who_want_one_slot_one_gets_it(api: Asking) -> None:
    answers = await asyncio.gather(*(api.reserve(10, f"10:{minute:02d}") for minute in range(50)))
    assert sorted(answer.status for answer in answers) == [201] + [422] * 49


async def test_of_many_who_want_a_team_one_gets_it(api: Asking) -> None:
    both = [api.reserve(20, "10:00") for _ in range(10)]
    alone = [api.reserve(type_id, "10:30") for type_id in (10, 13) for _ in range(5)]
    answers = await asyncio.gather(*both, *alone)
    won = [answer.data["eventTypeId"] for answer in answers if answer.status == 201]
    assert won in ([20], [10, 13]), won


async def test_a_dynamic_event_takes_everybody(api: Asking) -> None:
    body = {"usernames": "ana,ben", "slotStart": "2050-09-05T10:00:00Z"}
    answer = await api.ask("POST", "/v2/slots/reservations", json=body)
    assert answer.status == 201
    assert (answer.data["eventTypeId"], answer.data["slotDuration"]) == (None, 30)
    assert (await api.reserve(10, "10:00")).message == RESERVED
    assert (await api.reserve(13, "10:00")).message == RESERVED
    listing = (await api.slots(usernames="ana,ben")).data
    assert "2050-09-05T10:00:00.000Z" not in [slot["start"] for slot in listing["2050-09-05"]]


async def test_a_dynamic_event_of_an_organization(api: Asking) -> None:
    body = {
        "usernames": ["dora", "ana"],
        "organizationSlug": "acme",
        "slotStart": "2050-09-05T10:00:00Z",
        "slotDuration": 45,
    }
    answer = await api.ask("POST", "/v2/slots/reservations", json=body)
    assert answer.data["slotEnd"] == "2050-09-05T10:45:00.000Z"
    assert (await api.reserve(30, "10:00")).message == RESERVED


async def test_an_event_type_that_nobody_hosts_is_not_reserved(api: Asking) -> None:
    nobody = {"id": 27, "slug": "nobody", "teamId": 50, "schedulingType": "roundRobin", "lengthInMinutes": 30}
    await api.add(eventTypes=[nobody])
    assert (await api.reserve(27, "10:00")).status == 400
    assert (await api.slots(eventTypeId=27)).data == {}


# Limits and booking windows -----------------------------------------------------------------------------------------


async def test_a_full_day_takes_no_other_reservation(api: Asking) -> None:
    """One a day, two hours a week."""
    assert (await api.reserve(14, "10:00")).status == 201
    assert await api.starts(14) == []
    refused = await api.reserve(14, "13:00")
    assert refused.status == 422
    assert "limits" in refused.message
    assert (await api.reserve(14, "2050-09-06T10:00:00Z")).status == 201
    assert (await api.reserve(14, "2050-09-07T10:00:00Z")).status == 422
    assert (await api.reserve(14, "2050-09-12T10:00:00Z")).status == 201


async def test_moving_within_a_full_day(api: Asking) -> None:
    uid = (await api.reserve(14, "10:00")).data["reservationUid"]
    assert (await moved(api, uid, "13:00", 14)).status == 200


async def test_of_many_who_want_the_only_one_of_a_day_one_gets_it(api: Asking) -> None:
    """Their times do not overlap: what they compete for is the limit."""
    starts = [f"2050-09-05T{hour:02d}:00:00Z" for hour in range(7, 15)] * 3
    answers = await asyncio.gather(*(api.reserve(14, start) for start in starts))
    assert sorted(answer.status for answer in answers) == [201] + [422] * 23


async def test_outside_the_booking_window(api: Asking) -> None:
    assert (await api.slots(eventTypeId=15)).data.keys() == {"2050-09-06", "2050-09-07"}
    refused = await api.reserve(15, "10:00")
    assert refused.status == 422
    assert "booking window" in refused.message
    assert (await api.reserve(15, "2050-09-06T10:00:00Z")).status == 201


# Showing, moving, ending -------------------------------------------------------------------------------------------


async def moved(api: Asking, uid: str, start: str, event_type_id: int = 10, **more: Any) -> Answer:
    body = {"eventTypeId": event_type_id, "slotStart": f"2050-09-05T{start}:00Z", **more}
    return await api.ask("PATCH", f"/v2/slots/reservations/{uid}", json=body)


async def test_an_unknown_reservation(api: Asking) -> None:
    for uid in ("nobody's", "x" * 2_000, "%00", "%ED%A0%80"):
        path = f"/v2/slots/reservations/{uid}"
        assert (await api.ask("GET", path)).data is None
        assert (await api.ask("DELETE", path)).status == 200
        body = {"eventTypeId": 10, "slotStart": "2050-09-05T10:00:00Z"}
        assert (await api.ask("PATCH", path, json=body)).status == 404
    assert (await moved(api, "nobody's", "10:00")).message == "Slot with uid=nobody's not found"


async def test_a_move_frees_the_old_start_and_keeps_the_uid(api: Asking) -> None:
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    answer = await moved(api, uid, "13:00")
    assert answer.status == 200
    assert answer.data["reservationUid"] == uid
    assert answer.data["reservationDuration"] == 5
    assert await api.starts(10) == ["07:00", "08:00", "09:00", "10:00", "11:00", "12:00", "14:00"]


@pytest.mark.parametrize("start", ["10:00", "10:30", "09:15"])
async def test_a_move_does_not_stumble_over_itself(api: Asking, start: str) -> None:
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    assert (await moved(api, uid, start)).status == 200


async def test_a_move_to_another_event_type(api: Asking) -> None:
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    assert (await moved(api, uid, "10:00", 13)).data["eventTypeId"] == 13
    assert (await api.reserve(10, "10:00")).status == 201


async def test_a_move_to_a_dynamic_event_and_back(api: Asking) -> None:
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    path = f"/v2/slots/reservations/{uid}"
    both = {"usernames": ["ana", "ben"], "slotStart": "2050-09-05T10:30:00Z", "slotDuration": 45}
    answer = await api.ask("PATCH", path, json=both)
    assert answer.status == 200
    assert (answer.data["reservationUid"], answer.data["eventTypeId"]) == (uid, None)
    assert (answer.data["slotStart"], answer.data["slotEnd"]) == (
        "2050-09-05T10:30:00.000Z",
        "2050-09-05T11:15:00.000Z",
    )
    # Ana's own time went along, and Ben's is taken too.
    assert (await api.reserve(10, "09:30")).status == 201
    assert (await api.reserve(13, "10:30")).message == RESERVED
    assert (await moved(api, uid, "12:00")).data["eventTypeId"] == 10
    assert (await api.reserve(13, "10:30")).status == 201


async def test_a_move_to_a_dynamic_event_that_cannot_be(api: Asking) -> None:
    """One name twice is no two people; and Ben is not free."""
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    path = f"/v2/slots/reservations/{uid}"
    await api.reserve(13, "12:00")
    alone = {"usernames": "ana,ana", "slotStart": "2050-09-05T12:00:00Z"}
    assert (await api.ask("PATCH", path, json=alone)).message == "The array must contain at least 2 elements."
    refused = await api.ask("PATCH", path, json={**alone, "usernames": "ana,ben"})
    assert (refused.status, refused.message) == (422, RESERVED)
    assert (await api.ask("GET", path)).data["slotStart"] == "2050-09-05T10:00:00.000Z"


async def test_a_move_onto_the_booking_that_is_moved(api: Asking) -> None:
    """That one alone is not in the way, and only of moves that name it."""
    await booked(api, 1, "10:00", "11:00")
    await booked(api, 1, "12:00", "13:00")
    uid = (await api.reserve(10, "14:00")).data["reservationUid"]
    assert (await moved(api, uid, "10:30")).message == BOOKED
    assert (await moved(api, uid, "12:00", bookingUidToReschedule="b-1-10:00")).message == BOOKED
    answer = await moved(api, uid, "10:30", bookingUidToReschedule="b-1-10:00")
    assert (answer.status, answer.data["slotStart"]) == (200, "2050-09-05T10:30:00.000Z")
    assert (await moved(api, uid, "10:00")).message == BOOKED


async def test_a_refused_move_leaves_the_old_one_untouched(api: Asking) -> None:
    first = (await api.reserve(10, "10:00")).data
    await api.reserve(10, "12:00")
    await booked(api, 1, "14:00", "15:00")
    for start, text in (("12:30", RESERVED), ("11:30", RESERVED), ("14:00", BOOKED)):
        assert (await moved(api, first["reservationUid"], start)).message == text
    shown = (await api.ask("GET", f"/v2/slots/reservations/{first['reservationUid']}")).data
    assert shown["slotStart"] == first["slotStart"]
    assert shown["reservationUntil"] == first["reservationUntil"]


@pytest.mark.parametrize(
    "starts",
    [
        pytest.param(["07:00", "08:00", "09:00", "11:00", "12:00"], id="apart"),
        pytest.param(["10:00", "10:00", "10:00"], id="kept longer"),
        pytest.param(["12:00", "12:00"], id="same start"),
        pytest.param(["12:00", "12:15", "11:45"], id="across each other"),
    ],
)
async def test_moves_of_one_reservation_at_once_come_one_after_the_other(api: Asking, starts: list[str]) -> None:
    """Whichever comes last stands; none stumbles over another's hold, which is its own too."""
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    answers = await asyncio.gather(*(moved(api, uid, start) for start in starts))
    assert [answer.status for answer in answers] == [200] * len(starts), [answer.body for answer in answers]
    assert len(await api.starts(10)) < 8
    assert (await api.ask("DELETE", f"/v2/slots/reservations/{uid}")).status == 200
    assert len(await api.starts(10)) == 8


async def test_a_released_start_is_free_at_once(api: Asking) -> None:
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    answer = await api.ask("DELETE", f"/v2/slots/reservations/{uid}")
    assert (answer.status, answer.body) == (200, {"status": "success"})
    assert "10:00" in await api.starts(10)
    assert (await moved(api, uid, "11:00")).status == 404


# Who may say how long ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event_type_id", "who", "status"),
    [
        (10, "ana", 201),
        (10, "ben", 201),
        (10, "clo", 403),
        (10, "dee", 403),
        (20, "ana", 201),
        (20, "clo", 403),
        (20, "dee", 403),
        (31, "eve", 201),
        (31, "dee", 201),
        (31, "ana", 403),
        (30, "dee", 201),
    ],
)
async def test_a_tie_to_the_event_type_is_needed(api: Asking, event_type_id: int, who: str, status: int) -> None:
    """Owner; shares a team; only invited; stranger; team member; organization member; colleague in an organization."""
    answer = await api.reserve(event_type_id, "10:00", token=f"cal_key_of_{who}", reservationDuration=10)
    assert answer.status == status, answer.body
    if status == 201:
        assert answer.data["reservationDuration"] == 10
        assert 9.9 < minutes_from_now(answer.data["reservationUntil"]) <= 10
    else:
        assert answer.message == NEEDS_A_TIE


async def test_credentials_are_needed(api: Asking) -> None:
    answer = await api.reserve(10, "10:00", reservationDuration=10)
    assert (answer.status, answer.message) == (401, NEEDS_CREDENTIALS)
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    assert (await moved(api, uid, "11:00", reservationDuration=10)).status == 401


@pytest.mark.parametrize(
    ("client_id", "secret", "event_type_id", "status"),
    [
        ("client-of-ana", "secret-of-ana", 10, 201),
        ("client-of-ana", "secret-of-ana", 31, 403),
        ("client-of-acme", "secret-of-acme", 31, 201),
        ("client-of-acme", "secret-of-acme", 30, 201),
        ("client-of-acme", "secret-of-acme", 10, 403),
        ("client-of-ana", "secret-of-acme", 10, 401),
        ("nobody", "secret-of-ana", 10, 401),
        ("client-of-ana", None, 10, 401),
        (None, "secret-of-ana", 10, 401),
    ],
)
async def test_oauth_clients(
    api: Asking, client_id: str | None, secret: str | None, event_type_id: int, status: int
) -> None:
    pair = {"x-cal-client-id": client_id, "x-cal-secret-key": secret}
    headers = {name: value for name, value in pair.items() if value is not None}
    body = {"eventTypeId": event_type_id, "slotStart": "2050-09-05T10:00:00Z", "reservationDuration": 10}
    answer = await api.ask("POST", "/v2/slots/reservations", json=body, headers=headers)
    assert answer.status == status, answer.body


@pytest.mark.parametrize(
    "written",
    ["Bearer cal_wrong", "Bearer cal_key_expired", "Bearer ", "Basic YTpi", "cal_key_of_ana", "Bearer " + "x" * 900],
)
async def test_bad_credentials_are_401_everywhere(api: Asking, written: str) -> None:
    headers = {"Authorization": written}
    listing = {"eventTypeId": 10, "start": "2050-09-05", "end": "2050-09-05"}
    assert (await api.ask("GET", "/v2/slots", params=listing, headers=headers)).status == 401
    body = {"eventTypeId": 10, "slotStart": "2050-09-05T10:00:00Z"}
    answer = await api.ask("POST", "/v2/slots/reservations", json=body, headers=headers)
    assert (answer.status, answer.body["error"]["code"]) == (401, "UnauthorizedException")


async def test_a_lone_client_id_is_no_credentials(api: Asking) -> None:
    body = {"eventTypeId": 10, "slotStart": "2050-09-05T10:00:00Z"}
    headers = {"x-cal-client-id": "client-of-ana"}
    assert (await api.ask("POST", "/v2/slots/reservations", json=body, headers=headers)).status == 201


@pytest.mark.parametrize("minutes", [0, -5, 1_441, 10_000_000_000_000])
async def test_a_term_out_of_bounds(api: Asking, minutes: int) -> None:
    answer = await api.reserve(10, "10:00", token="cal_key_of_ana", reservationDuration=minutes)
    assert answer.status == 400
    assert "1440" in answer.message


async def test_the_order_of_refusals(api: Asking) -> None:
    """Credentials, event type, tie, date, length, seats, booked, reserved: the first that applies is told."""
    tokens = {"token": "cal_key_of_clo"}
    assert (await api.reserve(999, "xT", reservationDuration=10)).status == 401
    assert (await api.reserve(999, "xT", reservationDuration=10, **tokens)).message == (
        "Event Type with ID=999 not found"
    )
    assert (await api.reserve(10, "xT", reservationDuration=10, **tokens)).status == 403
    assert "slotStart" in (await api.reserve(10, "xT", slotDuration=7)).message
    await booked(api, 1, "10:00", "11:00")
    assert "slotDuration" in (await api.reserve(10, "10:00", slotDuration=7)).message
    await api.reserve(10, "11:00")
    assert (await api.reserve(10, "10:30")).message == BOOKED


# Bodies ------------------------------------------------------------------------------------------------------------

DEEP = "[" * 1_000 + "]" * 1_000


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("{", 400),
        ("null", 400),
        ("[]", 400),
        ('"text"', 400),
        (DEEP, 400),
        ('{"eventTypeId": 10, "slotStart": ' + DEEP + "}", 400),
        ("[" * 100_000, 413),
        ('{"eventTypeId": 10, "slotStart": "2050-09-05T10:00:00Z", "x": "' + "y" * 1_000_000 + '"}', 413),
        ("\xff\xfe", 400),
        ('{"eventTypeId": NaN}', 400),
        ('{"eventTypeId": 1e400, "slotStart": "2050-09-05T10:00:00Z"}', 400),
        ('{"eventTypeId": 10, "slotStart": "\\ud800"}', 400),
        ('{"eventTypeId": 10, "slotStart": "2050-09-05T10:00:00Z\\u0000"}', 400),
        ('{"usernames": ["a\\u0000", "b"], "slotStart": "2050-09-05T10:00:00Z"}', 400),
    ],
)
async def test_what_is_no_body_is_told(api: Asking, body: str, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await api.ask("POST", "/v2/slots/reservations", data=body.encode("latin-1"), headers=headers)
    assert answer.status == status, answer.body
    assert answer.message


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_is_not_encoded_as_it_says(api: Asking, encoding: str) -> None:
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    answer = await api.ask("POST", "/v2/slots/reservations", data=b"garbage!!", headers=headers)
    assert answer.status == 400
    assert "encoded" in answer.message


async def test_fields_have_the_apis_names_alone(api: Asking) -> None:
    body = {"event_type_id": 10, "slot_start": "2050-09-05T10:00:00Z"}
    assert (await api.ask("POST", "/v2/slots/reservations", json=body)).status == 400


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("eventTypeId", None),
        ("eventTypeId", "10"),
        ("eventTypeId", 10.5),
        ("eventTypeId", True),
        ("eventTypeId", [10]),
        ("slotStart", None),
        ("slotStart", 1_795_230_000_000),
        ("slotStart", {}),
        ("slotDuration", "30"),
        ("slotDuration", 30.5),
        ("slotDuration", False),
        ("reservationDuration", "10"),
        ("reservationDuration", 1.5),
        # It is kept with the hold, once for each host.
        ("bookingUidToReschedule", "b" * 256),
    ],
)
async def test_a_wrong_field_is_named(api: Asking, field: str, value: object) -> None:
    body = {"eventTypeId": 10, "slotStart": "2050-09-05T10:00:00Z", field: value}
    answer = await api.ask("POST", "/v2/slots/reservations", json=body, token="cal_key_of_ana")
    assert (answer.status, answer.message) == (400, "Bad Request Exception")
    errors = answer.body["error"]["details"]["errors"]
    assert len(errors) == 1
    assert errors[0].keys() == {"property", "value", "constraints"}
    assert errors[0]["property"] == field


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"slotStart": "2050-09-05T10:00:00Z"}, ["eventTypeId"]),
        ({"slotStart": "2050-09-05T10:00:00Z", "organizationSlug": "acme"}, ["eventTypeId"]),
        ({"slotStart": "2050-09-05T10:00:00Z", "usernames": None}, ["eventTypeId"]),
        ({"slotStart": "2050-09-05T10:00:00Z", "usernames": 7}, ["usernames"]),
        ({"eventTypeId": 10}, ["slotStart"]),
    ],
)
async def test_what_is_missing_is_named(api: Asking, body: dict[str, Any], named: list[str]) -> None:
    """People who are named amiss were still meant: no event type is wanted beside them."""
    answer = await api.ask("POST", "/v2/slots/reservations", json=body)
    assert (answer.status, answer.message) == (400, "Bad Request Exception")
    assert [one["property"] for one in answer.body["error"]["details"]["errors"]] == named


async def test_unknown_fields_are_dropped_and_whole_floats_are_whole(api: Asking) -> None:
    body = {"eventTypeId": 10.0, "slotStart": "2050-09-05T10:00:00Z", "reservationDuration": 10.0, "colour": [DEEP]}
    answer = await api.ask("POST", "/v2/slots/reservations", json=body, token="cal_key_of_ana")
    assert (answer.status, answer.data["eventTypeId"]) == (201, 10)


@pytest.mark.parametrize(
    "start",
    ["tomorrow", "", "2050-13-05T10:00:00Z", "2050-09-05T10:00:60Z", "10000-01-01T00:00:00Z", "9999-12-31T23:59:00Z"],
)
async def test_what_is_no_instant(api: Asking, start: str) -> None:
    body = {"eventTypeId": 10, "slotStart": start}
    answer = await api.ask("POST", "/v2/slots/reservations", json=body)
    assert answer.status == 400
    assert "slotStart" in answer.message


@pytest.mark.parametrize("type_id", [999, -1, 0, 2**31, 2**63, 10**30])
async def test_an_unknown_event_type(api: Asking, type_id: int) -> None:
    answer = await api.reserve(type_id, "10:00")
    assert answer.status == 404
    assert answer.message.startswith("Event Type with ID=")


# Who is in the way ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("token", "told"), [("cal_key_of_ana", [2]), ("cal_key_of_dee", None), (None, None)])
async def test_which_host_is_not_free_is_told_to_callers_with_a_tie(
    api: Asking, token: str | None, told: list[int] | None
) -> None:
    """Ben's time is held; Ana and Ben together are asked for."""
    assert (await api.reserve(13, "10:00")).status == 201
    refused = await api.reserve(20, "10:00", token=token)
    assert refused.status == 422
    assert "already reserved" in refused.message
    assert refused.body["error"]["details"].get("hostIds") == told


async def test_a_round_robin_names_all_who_are_not_free(api: Asking) -> None:
    for _ in range(2):
        assert (await api.reserve(21, "10:00")).status == 201
    refused = await api.reserve(21, "10:00", token="cal_key_of_ben")
    assert refused.body["error"]["details"]["hostIds"] == [1, 2]
