"""A pod that is killed in the middle: what is left of its work, and that other pods go on."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from tests.api.asking import Answer, Asking
from tests.e2e.service import Running, serving

MIA = {"name": "Mia", "email": "mia@example.org", "timeZone": "Europe/Lisbon"}
LAPSES_S = 8.0
"""A claim that nobody finishes stands no longer, the last step of a booking included."""


@contextmanager
def doomed(api: Asking, folder: Path, port: int, method: str) -> Iterator[Running]:
    """Another pod on the same stores, which is killed when it would call a method of the store of holds."""
    stores = {"DATABASE_URL": api.urls.database, "REDIS_URL": api.urls.redis}
    with serving(folder, port, module=("tests.api.doomed_pod", method), **stores) as pod:
        yield pod


def killed_by(pod: Running, path: str, body: dict[str, Any], **headers: str) -> None:
    """Send what the pod does not survive."""
    with pytest.raises((HTTPException, OSError)):
        pod.ask("POST", path, body, **{"cal-api-version": "2024-08-13", **headers})
    assert pod.process.wait(10) == -9


def booking(start: str, **more: Any) -> dict[str, Any]:
    return {"eventTypeId": 10, "start": f"2050-09-05T{start}:00Z", "attendee": MIA, **more}


async def book(api: Asking, start: str, **more: Any) -> Answer:
    headers = more.pop("headers", {})
    return await api.ask("POST", "/v2/bookings", json=booking(start, **more), headers=headers)


async def test_between_a_bookings_commit_and_the_end_of_its_reservation(
    api: Asking, redis: Redis, tmp_path: Path, unused_tcp_port: int
) -> None:
    """The booking stands. The reservation is used up, takes what is booked anyway, and ends by itself."""
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    key = {"Idempotency-Key": "k"}
    with doomed(api, tmp_path, unused_tcp_port, "release") as pod:
        await asyncio.to_thread(killed_by, pod, "/v2/bookings", booking("10:00", reservationUid=uid), **key)
    assert "10:00" not in await api.starts(10)
    again = await book(api, "10:00", reservationUid=uid)
    assert (again.status, uid in again.message) == (409, True)
    assert (await book(api, "11:00")).status == 201
    # Whoever sent it finds out: at first that it is under way, for the pod might come back, then what was booked.
    assert (await book(api, "10:00", reservationUid=uid, headers=key)).status == 409
    connection = await asyncpg.connect(api.urls.database)
    await connection.execute("UPDATE booking_requests SET lease_until = now()")
    await connection.close()
    told = await book(api, "10:00", reservationUid=uid, headers=key)
    assert (told.status, told.data["start"][11:16]) == (201, "10:00")
    held = [key async for key in redis.scan_iter("hf:{h:1}:hold:*")]
    assert len(held) == 2, "the reservation, and the claim under which it was booked"
    assert min([await redis.pttl(key) for key in held]) <= LAPSES_S * 1_000


@pytest.mark.parametrize("reserved", [True, False])
async def test_before_a_booking_is_committed(
    api: Asking, tmp_path: Path, unused_tcp_port: int, *, reserved: bool
) -> None:
    """Nothing is booked, the reservation stands, and within seconds the slot can be booked."""
    uid = (await api.reserve(10, "10:00")).data["reservationUid"] if reserved else None
    with doomed(api, tmp_path, unused_tcp_port, "extend") as pod:
        await asyncio.to_thread(killed_by, pod, "/v2/bookings", booking("10:00", reservationUid=uid))
    died = time.monotonic()
    if uid is not None:
        assert (await api.ask("GET", f"/v2/slots/reservations/{uid}")).data["reservationUid"] == uid
    while (answer := await book(api, "10:00", reservationUid=uid)).status != 201:
        assert answer.status == 400
        assert time.monotonic() - died < LAPSES_S
    assert (await api.ask("GET", f"/v2/bookings/{answer.data['uid']}")).data["status"] == "accepted"
