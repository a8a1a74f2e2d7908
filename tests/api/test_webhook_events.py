"""What webhooks hear of bookings: everything that counts, once, signed, and nothing else."""

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer

from app.application.web import build
from tests.api.asking import Answer, Asking
from tests.api.world import ANA, BEN, CLO, event_type
from tests.receiver import Receiver, receiving

MIA = {"name": "Mia", "email": "mia@example.org", "timeZone": "Europe/Lisbon"}
LEE = {**MIA, "name": "Lee", "email": "lee@example.org"}
SECRET = "between the two of us"
KEY = "cal_key_of_"
ALL = [
    "BOOKING_CREATED",
    "BOOKING_REQUESTED",
    "BOOKING_CONFIRMED",
    "BOOKING_REJECTED",
    "BOOKING_RESCHEDULED",
    "BOOKING_CANCELLED",
    "BOOKING_NO_SHOW_UPDATED",
]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as started:
        yield started


async def listen(api: Asking, receiver: Receiver, who: str, path: str = "/v2/webhooks", **more: Any) -> Any:
    body = {"subscriberUrl": receiver.url, "active": True, "triggers": ALL, "secret": SECRET, **more}
    return (await api.ask("POST", path, json=body, token=KEY + who)).data


async def book(api: Asking, event_type_id: int, hour: str, **more: Any) -> Answer:
    body = {"eventTypeId": event_type_id, "start": f"2050-09-05T{hour}:00Z", "attendee": MIA, **more}
    return await api.ask("POST", "/v2/bookings", json=body)


async def act(api: Asking, uid: str, action: str, *, token: str | None = None, **body: Any) -> Answer:
    return await api.ask("POST", f"/v2/bookings/{uid}/{action}", json=body, token=token)


async def delivered(api: Asking) -> list[str]:
    """Return what was sent, by name, once nothing more is to be."""
    connection = await asyncpg.connect(api.urls.database)
    try:
        async with asyncio.timeout(5):
            while await connection.fetchval("SELECT EXISTS (SELECT FROM webhook_deliveries WHERE outcome IS NULL)"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        rows = await connection.fetch("SELECT trigger FROM webhook_deliveries WHERE outcome = 'delivered'")
    finally:
        await connection.close()
    return sorted(row["trigger"] for row in rows)


async def test_the_whole_life_of_a_booking_is_told(api: Asking, receiver: Receiver) -> None:
    await listen(api, receiver, "ana")
    first = (await book(api, 10, "10:00", metadata={"from": "here"})).data
    [created] = await receiver.got(1)
    second = (await act(api, first["uid"], "reschedule", start="2050-09-05T12:00:00Z", reschedulingReason="late")).data
    await receiver.got(2)
    await act(api, second["uid"], "mark-absent", token=KEY + "ana", attendees=[{"email": MIA["email"], "absent": True}])
    await receiver.got(3)
    await act(api, second["uid"], "cancel", cancellationReason="rain")
    _, moved, absent, cancelled = await receiver.got(4)
    assert receiver.triggers == [
        "BOOKING_CREATED", "BOOKING_RESCHEDULED", "BOOKING_NO_SHOW_UPDATED", "BOOKING_CANCELLED"
    ]  # fmt: skip
    assert all(one.is_signed_with(SECRET) for one in receiver.received)
    assert len({one.delivery for one in receiver.received}) == 4
    assert created.payload["uid"] == first["uid"]
    assert (created.payload["startTime"], created.payload["status"]) == ("2050-09-05T10:00:00.000Z", "ACCEPTED")
    assert (moved.payload["uid"], moved.payload["rescheduleUid"]) == (second["uid"], first["uid"])
    assert moved.payload["rescheduleStartTime"] == "2050-09-05T10:00:00.000Z"
    assert absent.payload["attendees"][0]["noShow"] is True
    assert (cancelled.payload["status"], cancelled.payload["cancellationReason"]) == ("CANCELLED", "rain")


async def test_what_is_told_of_a_booking(api: Asking, receiver: Receiver) -> None:
    await listen(api, receiver, "ana")
    booking = (await book(api, 10, "10:00", metadata={"from": "here"}, bookingFieldsResponses={"why": "so"})).data
    [created] = await receiver.got(1)
    assert created.headers["Content-Type"] == "application/json"
    assert created.told.keys() == {"triggerEvent", "createdAt", "payload"}
    assert created.told["createdAt"].endswith("Z")
    assert created.payload == {
        "type": "call",
        "title": "call between ana and Mia",
        "description": "",
        "startTime": "2050-09-05T10:00:00.000Z",
        "endTime": "2050-09-05T11:00:00.000Z",
        "length": 60,
        "organizer": {
            "id": ANA,
            "name": "ana",
            "email": "ana@example.com",
            "username": "ana",
            "timeZone": "Europe/Rome",
        },
        "team": {"members": []},
        "attendees": [
            {
                "name": "Mia",
                "email": "mia@example.org",
                "timeZone": "Europe/Lisbon",
                "language": {"locale": "en"},
                "noShow": False,
            }
        ],
        "location": "",
        "responses": {"why": "so"},
        "metadata": {"from": "here"},
        "eventTypeId": 10,
        "bookingId": booking["id"],
        "uid": booking["uid"],
        "iCalUID": f"{booking['uid']}@holdfast",
        "requiresConfirmation": False,
        "status": "ACCEPTED",
    }


async def test_a_booking_that_waits_is_requested_then_confirmed_or_rejected(api: Asking, receiver: Receiver) -> None:
    await api.add(eventTypes=[event_type(40, "asks", ownerId=CLO, confirmationPolicy={"type": "always"})])
    await listen(api, receiver, "clo")
    kept, refused = [(await book(api, 40, hour)).data["uid"] for hour in ("10:00", "12:00")]
    await receiver.got(2)
    await act(api, kept, "confirm", token=KEY + "clo")
    await receiver.got(4)
    await act(api, refused, "decline", token=KEY + "clo", reason="busy")
    *_, rejected = await receiver.got(5)
    assert receiver.triggers[:2] == ["BOOKING_REQUESTED"] * 2
    assert sorted(receiver.triggers[2:4]) == ["BOOKING_CONFIRMED", "BOOKING_CREATED"]
    assert (rejected.trigger, rejected.payload["rejectionReason"]) == ("BOOKING_REJECTED", "busy")


async def test_of_a_seat_only_who_sits_there_is_told(api: Asking, receiver: Receiver) -> None:
    await listen(api, receiver, "ana")
    await book(api, 12, "10:00", attendee=LEE)
    await receiver.got(1)
    seat = (await book(api, 12, "10:00")).data
    _, booked = await receiver.got(2)
    assert booked.trigger == "BOOKING_CREATED"
    assert [one["email"] for one in booked.payload["attendees"]] == [MIA["email"]]
    assert booked.payload["attendeeSeatId"] == seat["seatUid"]
    await act(api, seat["uid"], "cancel", seatUid=seat["seatUid"])
    *_, cancelled = await receiver.got(3)
    assert (cancelled.trigger, cancelled.payload["status"]) == ("BOOKING_CANCELLED", "CANCELLED")
    assert [one["email"] for one in cancelled.payload["attendees"]] == [MIA["email"]]


async def test_what_is_refused_or_sent_again_is_not_told(api: Asking, receiver: Receiver) -> None:
    await listen(api, receiver, "ana")
    headers = {"Idempotency-Key": "one"}
    body = {"eventTypeId": 10, "start": "2050-09-05T10:00:00Z", "attendee": MIA}
    answers = [await api.ask("POST", "/v2/bookings", json=body, headers=headers) for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 201]
    assert (await book(api, 10, "10:30")).status == 400
    assert (await act(api, answers[0].data["uid"], "reschedule", start="2050-09-10T10:00:00Z")).status == 400
    assert (await act(api, "nobody", "cancel")).status == 404
    assert await delivered(api) == receiver.triggers == ["BOOKING_CREATED"]


async def test_of_many_who_book_at_once_one_is_told(api: Asking, receiver: Receiver) -> None:
    await listen(api, receiver, "ana")
    await asyncio.gather(*(book(api, 10, "10:00") for _ in range(10)))
    assert await delivered(api) == receiver.triggers == ["BOOKING_CREATED"]


async def test_whose_webhooks_hear_of_a_teams_booking(api: Asking) -> None:
    """Each host's own, and the event type's."""
    async with receiving() as ana, receiving() as ben, receiving() as clo, receiving() as other:
        for receiver, who in ((ana, "ana"), (ben, "ben"), (clo, "clo")):
            await listen(api, receiver, who)
        await listen(api, other, "ana", "/v2/event-types/10/webhooks")
        await book(api, 20, "10:00")
        assert [one.payload["organizer"]["id"] for one in (*await ana.got(1), *await ben.got(1))] == [ANA, ANA]
        assert ana.received[0].payload["team"]["members"][0]["id"] == BEN
        await book(api, 10, "12:00")
        assert (await other.got(1))[0].payload["eventTypeId"] == 10
        assert [len(one.received) for one in (ben, clo)] == [1, 0]


async def test_the_webhooks_of_a_managed_event_type_hear_of_its_children(api: Asking, receiver: Receiver) -> None:
    connection = await asyncpg.connect(api.urls.database)
    await connection.execute("UPDATE memberships SET role = 'ADMIN' WHERE user_id = $1 AND team_id = 50", BEN)
    await connection.close()
    await listen(api, receiver, "ben", "/v2/teams/50/event-types/24/webhooks")
    await book(api, 25, "10:00")
    assert (await receiver.got(1))[0].payload["eventTypeId"] == 25


async def test_only_what_a_webhook_wants_is_sent_and_only_while_it_is_active(api: Asking, receiver: Receiver) -> None:
    webhook = await listen(api, receiver, "ana", triggers=["BOOKING_CANCELLED", "MEETING_ENDED"])
    uid = (await book(api, 10, "10:00")).data["uid"]
    await act(api, uid, "cancel")
    assert (await receiver.got(1))[0].trigger == "BOOKING_CANCELLED"
    await api.ask("PATCH", f"/v2/webhooks/{webhook['id']}", json={"active": False}, token=KEY + "ana")
    await act(api, (await book(api, 10, "10:00")).data["uid"], "cancel")
    assert await delivered(api) == receiver.triggers == ["BOOKING_CANCELLED"]


async def test_a_template_makes_the_body(api: Asking, receiver: Receiver) -> None:
    template = '{"text": "{{title}}, {{attendees.0.email}}", "what": "{{triggerEvent}}", "id": {{bookingId}}}'
    await listen(api, receiver, "ana", payloadTemplate=template)
    booking = (await book(api, 10, "10:00", attendee={**MIA, "name": 'M"ia'})).data
    [created] = await receiver.got(1)
    assert created.told == {
        "text": 'call between ana and M"ia, mia@example.org',
        "what": "BOOKING_CREATED",
        "id": booking["id"],
    }
    assert created.is_signed_with(SECRET)


# Reservations --------------------------------------------------------------------------------------------------------

OF_RESERVATIONS = ["RESERVATION_CREATED", "RESERVATION_RELEASED", "RESERVATION_EXPIRED"]


async def test_reservations_that_are_made_moved_and_released(api: Asking, receiver: Receiver) -> None:
    await listen(api, receiver, "ana", triggers=OF_RESERVATIONS)
    reserved = (await api.reserve(10, "10:00")).data
    [created] = await receiver.got(1)
    assert created.is_signed_with(SECRET)
    assert created.payload == {
        "reservationUid": reserved["reservationUid"],
        "eventTypeId": 10,
        "slotStart": "2050-09-05T10:00:00.000Z",
        "slotEnd": "2050-09-05T11:00:00.000Z",
        "slotDuration": 60,
        "reservationUntil": reserved["reservationUntil"],
        "hostIds": [ANA],
    }
    path = f"/v2/slots/reservations/{reserved['reservationUid']}"
    await api.ask("PATCH", path, json={"eventTypeId": 10, "slotStart": "2050-09-05T12:00:00Z"})
    _, moved = await receiver.got(2)
    assert (moved.payload["slotStart"][11:16], moved.payload["movedFrom"]["slotStart"][11:16]) == ("12:00", "10:00")
    await api.ask("DELETE", path)
    await receiver.got(3)
    assert receiver.triggers == ["RESERVATION_CREATED", "RESERVATION_CREATED", "RESERVATION_RELEASED"]
    assert await delivered(api) == sorted(receiver.triggers)  # Nothing is left that would tell of its end.


async def test_a_reservation_whose_time_is_up(api: Asking, receiver: Receiver) -> None:
    await listen(api, receiver, "ana", triggers=OF_RESERVATIONS)
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    await receiver.got(1)
    connection = await asyncpg.connect(api.urls.database)
    await connection.execute("UPDATE webhook_deliveries SET due_at = now() WHERE trigger = 'RESERVATION_EXPIRED'")
    await connection.close()
    _, expired = await receiver.got(2)
    assert (expired.trigger, expired.payload["reservationUid"]) == ("RESERVATION_EXPIRED", uid)
    assert expired.told["createdAt"] == expired.payload["reservationUntil"]


async def test_a_reservation_that_is_booked_neither_ends_nor_is_released(api: Asking, receiver: Receiver) -> None:
    await listen(api, receiver, "ana", triggers=[*OF_RESERVATIONS, "BOOKING_CREATED"])
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    await receiver.got(1)
    assert (await book(api, 10, "10:00", reservationUid=uid)).status == 201
    assert await delivered(api) == sorted(receiver.triggers) == ["BOOKING_CREATED", "RESERVATION_CREATED"]


async def test_what_another_pod_ends_does_not_expire(api: Asking, receiver: Receiver) -> None:
    """The other pod writes first: this one pauses between its writings. It stops at once, and tells what it did."""
    await listen(api, receiver, "ana", triggers=[*OF_RESERVATIONS, "BOOKING_CREATED"])
    async with TestClient(TestServer(await build(api.settings, api.urls))) as client:
        other = Asking(client, api.settings, api.urls)
        await api.reserve(10, "08:00")
        await receiver.got(1)
        booked, released = [(await api.reserve(10, hour)).data["reservationUid"] for hour in ("10:00", "12:00")]
        assert (await book(other, 10, "10:00", reservationUid=booked)).status == 201
        await other.ask("DELETE", f"/v2/slots/reservations/{released}")
    await receiver.got(5)
    connection = await asyncpg.connect(api.urls.database)
    await connection.execute("UPDATE webhook_deliveries SET due_at = now() WHERE outcome IS NULL")
    await connection.close()
    await receiver.got(6)
    assert sorted(receiver.triggers) == [
        "BOOKING_CREATED", "RESERVATION_CREATED", "RESERVATION_CREATED", "RESERVATION_CREATED", "RESERVATION_EXPIRED",
        "RESERVATION_RELEASED",
    ]  # fmt: skip


async def test_without_a_webhook_that_wants_them_nothing_is_written_of_reservations(
    api: Asking, receiver: Receiver
) -> None:
    await listen(api, receiver, "ana")
    await api.reserve(10, "10:00")
    await book(api, 10, "12:00")
    assert await delivered(api) == ["BOOKING_CREATED"]


# Logs ----------------------------------------------------------------------------------------------------------------


async def test_secrets_stay_out_of_the_logs(api: Asking, receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    receiver.statuses = [500]
    with caplog.at_level(logging.DEBUG):
        await listen(api, receiver, "ana", subscriberUrl=f"{receiver.url}/token-in-a-path")
        await book(api, 10, "10:00")
        await receiver.got(1)
        async with asyncio.timeout(5):
            while "500, again in 10 s" not in caplog.text:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert SECRET not in caplog.text
    assert "token-in-a-path" not in caplog.text
