"""Quotas against hoarding, and how long a reservation without credentials lasts in all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

import orjson
import pytest
from redis.asyncio import Redis

from tests.api.asking import Answer, Asking
from tests.api.pods import pod

HOURS = ("07", "08", "09", "10", "11", "12", "13", "14")


@asynccontextmanager
async def bounded(api: Asking, **settings: Any) -> AsyncIterator[Asking]:
    """A pod with settings of its own."""
    async with pod(api.settings.model_copy(update=settings), api.urls) as asking:
        yield asking


async def reserved(pod: Asking, *hours: str, **more: Any) -> list[Answer]:
    return [await pod.reserve(10, f"{hour}:00", **more) for hour in hours]


async def test_a_client_without_credentials_keeps_so_many_at_once(api: Asking) -> None:
    async with bounded(api, holds_per_client=2) as pod:
        first, second, third = await reserved(pod, *HOURS[:3])
        assert [first.status, second.status, third.status] == [201, 201, 429]
        assert [answer.headers["RateLimit-Remaining"] for answer in (first, second, third)] == ["1", "0", "0"]
        assert {answer.headers["RateLimit-Limit"] for answer in (first, second, third)} == {"2"}
        assert 200 < int(third.headers["Retry-After"]) <= 300
        assert third.headers["Retry-After"] == third.headers["RateLimit-Reset"]
        assert "at most 2 at once" in third.message
        # One that is released makes room for another.
        await pod.ask("DELETE", f"/v2/slots/reservations/{first.data['reservationUid']}")
        assert [answer.status for answer in await reserved(pod, *HOURS[2:4])] == [201, 429]


async def test_the_older_version_and_batches_count_too(api: Asking) -> None:
    async with bounded(api, holds_per_client=1) as pod:
        body = {
            "eventTypeId": 10,
            "slotUtcStartDate": "2050-09-05T10:00:00Z",
            "slotUtcEndDate": "2050-09-05T11:00:00Z",
        }
        assert (await pod.ask("POST", "/v2/slots/reserve", json=body)).status == 201
        items = [{"eventTypeId": 10, "slotStart": "2050-09-05T12:00:00Z"}]
        assert (await pod.ask("POST", "/v2/slots/reservations/batch", json={"items": items})).status == 429


async def test_credentials_lift_the_quota(api: Asking) -> None:
    async with bounded(api, holds_per_client=1, holds_per_event_type=1) as pod:
        answers = await reserved(pod, *HOURS[:3], token="cal_key_of_ana")
        assert [answer.status for answer in answers] == [201, 201, 201]
        assert "RateLimit-Limit" not in answers[0].headers


async def test_what_was_refused_counts_for_nothing(api: Asking) -> None:
    async with bounded(api, holds_per_client=2) as pod:
        assert (await pod.reserve(10, "10:00")).status == 201
        for _ in range(5):
            assert (await pod.reserve(10, "10:30")).status == 422
        assert (await pod.reserve(10, "12:00")).status == 201


async def test_a_move_needs_no_further_place(api: Asking) -> None:
    async with bounded(api, holds_per_client=1) as pod:
        uid = (await pod.reserve(10, "10:00")).data["reservationUid"]
        for hour in ("12", "13"):
            body = {"eventTypeId": 10, "slotStart": f"2050-09-05T{hour}:00:00Z"}
            assert (await pod.ask("PATCH", f"/v2/slots/reservations/{uid}", json=body)).status == 200
        assert (await pod.reserve(10, "07:00")).status == 429
        await pod.ask("DELETE", f"/v2/slots/reservations/{uid}")
        assert (await pod.reserve(10, "07:00")).status == 201


async def test_all_strangers_together_keep_so_many_of_an_event_type(api: Asking) -> None:
    async with bounded(api, holds_per_event_type=1) as pod:
        assert [answer.status for answer in await reserved(pod, *HOURS[:2])] == [201, 429]
        assert (await pod.reserve(13, "12:00")).status == 201


async def test_without_a_quota_there_is_none(api: Asking) -> None:
    async with bounded(api, holds_per_client=0) as pod:
        answers = await reserved(pod, *HOURS)
        assert {answer.status for answer in answers} == {201}
        assert "RateLimit-Limit" not in answers[0].headers


# Whose address it is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trusted", "senders", "statuses"),
    [
        ((), ("198.51.100.1", "198.51.100.2"), [201, 429]),
        (("127.0.0.1",), ("198.51.100.1", "198.51.100.2"), [201, 201]),
        (("127.0.0.1",), ("198.51.100.1", "198.51.100.1"), [201, 429]),
        # What stands left of what a trusted proxy heard, anybody may have written.
        (("127.0.0.1",), ("203.0.113.1, 198.51.100.1", "203.0.113.2, 198.51.100.1"), [201, 429]),
        (("127.0.0.1", "10.0.0.0/8"), ("198.51.100.1, 10.1.2.3", "198.51.100.2, 10.1.2.4"), [201, 201]),
        (("127.0.0.1",), ("2001:db8::1", "2001:db8::2"), [201, 429]),
        (("127.0.0.1",), ("2001:db8:0:1::1", "2001:db8:0:2::1"), [201, 201]),
        (("127.0.0.1",), ("nobody", "somebody"), [201, 429]),
    ],
)
async def test_forwarded_addresses_are_believed_from_trusted_proxies_alone(
    api: Asking, trusted: tuple[str, ...], senders: tuple[str, str], statuses: list[int]
) -> None:
    networks = tuple(ip_network(one) for one in trusted)
    async with bounded(api, holds_per_client=1, trusted_proxies=networks) as pod:
        answers = []
        for sender, hour in zip(senders, HOURS, strict=False):
            body = {"eventTypeId": 10, "slotStart": f"2050-09-05T{hour}:00:00Z"}
            headers = {"X-Forwarded-For": sender}
            answers.append(await pod.ask("POST", "/v2/slots/reservations", json=body, headers=headers))
        assert [answer.status for answer in answers] == statuses


# Renewing ------------------------------------------------------------------------------------------------------------


async def test_a_renewal_cannot_keep_a_slot_for_ever(api: Asking, redis: Redis) -> None:
    """Seven minutes in all: the first five, then what is left of them, however often it is asked."""
    async with bounded(api, renewal_max_minutes=7) as pod:
        made = (await pod.reserve(10, "10:00")).data
        path = f"/v2/slots/reservations/{made['reservationUid']}"
        body = {"eventTypeId": 10, "slotStart": "2050-09-05T10:00:00Z"}
        await backdate(redis, made["reservationUid"], minutes=4)
        renewed = (await pod.ask("PATCH", path, json=body)).data
        assert renewed["reservationDuration"] == 3
        again = (await pod.ask("PATCH", path, json={**body, "slotStart": "2050-09-05T12:00:00Z"})).data
        assert again["reservationUntil"] == renewed["reservationUntil"]
        # Whoever may say how long it is kept may also keep it on.
        owner = (await pod.ask("PATCH", path, json=body, token="cal_key_of_ana")).data
        assert owner["reservationDuration"] == 5


async def test_a_stranger_who_moves_what_was_kept_for_longer_does_not_lose_it(api: Asking, redis: Redis) -> None:
    """One that its owner kept for two hours, of which strangers get but one: it is not kept on, but not lost either."""
    async with bounded(api, renewal_max_minutes=60) as pod:
        made = (await pod.reserve(10, "10:00", token="cal_key_of_ana", reservationDuration=120)).data
        path = f"/v2/slots/reservations/{made['reservationUid']}"
        await backdate(redis, made["reservationUid"], minutes=61)
        moved = (await pod.ask("PATCH", path, json={"eventTypeId": 10, "slotStart": "2050-09-05T12:00:00Z"})).data
        assert moved["reservationDuration"] == 5
        assert (await pod.ask("GET", path)).data["slotStart"] == "2050-09-05T12:00:00.000Z"
        assert "12:00" not in await pod.starts(10)
        # What is left of it now is the most that is left.
        again = (await pod.ask("PATCH", path, json={"eventTypeId": 10, "slotStart": "2050-09-05T10:00:00Z"})).data
        assert again["reservationUntil"] == moved["reservationUntil"]


async def backdate(redis: Redis, uid: str, *, minutes: int) -> None:
    """Tell the store that a reservation was made some minutes earlier, and so ends as much earlier."""
    key = f"hf:reservation:{uid}"
    record = orjson.loads(await redis.hget(key, "record") or b"")
    for name in ("firstAt", "until"):
        record[name] -= minutes * 60_000
    await redis.hset(key, "record", orjson.dumps(record))
