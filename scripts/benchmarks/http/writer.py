"""Somebody who writes to a host's calendar every ten milliseconds, through another pod."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, cast

import aiohttp

from scripts.benchmarks.http.world import BUSY, ZONE, host_token

EVERY_S = 0.01
_LANES = 4
"""Writers that take turns: what takes longer than its turn must not keep the next one."""
_ATTENDEE = {"name": "Guest", "email": "guest@example.org", "timeZone": ZONE}

Kind = Literal["holds", "bookings"]
_Undo = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Written:
    """How many writes there were."""

    number: int = 0
    failed: int = 0


@contextmanager
def writing(url: str, kind: Kind, starts: list[str]) -> Iterator[Written]:
    """Make and end holds or bookings in turns during the block; each of the starts is free before and after."""
    written, stop = Written(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_write(url, kind, starts, written, stop)))
    thread.start()
    try:
        yield written
    finally:
        stop.set()
        thread.join()


async def _write(url: str, kind: Kind, starts: list[str], written: Written, stop: threading.Event) -> None:
    clock = asyncio.get_running_loop().time
    async with aiohttp.ClientSession(url) as session:
        make = {"holds": _hold, "bookings": _booking}[kind]
        began = clock()

        async def lane(number: int) -> None:
            own, undo, turn = starts[number::_LANES], cast("_Undo | None", None), 0
            while undo is not None or not stop.is_set():
                await asyncio.sleep(max(0.0, began + (turn * _LANES + number) * EVERY_S - clock()))
                try:
                    if undo is not None:
                        before, undo = undo, None
                        await before()
                    else:
                        undo = await make(session, own[turn % len(own)])
                    written.number += 1
                except aiohttp.ClientError:
                    written.failed += 1
                turn += 1

        await asyncio.gather(*map(lane, range(_LANES)))


async def _hold(session: aiohttp.ClientSession, start: str) -> _Undo:
    headers = {"cal-api-version": "2024-09-04"}
    body = {"eventTypeId": BUSY, "slotStart": start}
    data = await _sent(session, "POST", "/v2/slots/reservations", body, headers)

    async def release() -> None:
        await _sent(session, "DELETE", f"/v2/slots/reservations/{data['reservationUid']}", None, headers)

    return release


async def _booking(session: aiohttp.ClientSession, start: str) -> _Undo:
    headers = {"cal-api-version": "2024-08-13", "Authorization": f"Bearer {host_token(BUSY)}"}
    body = {"eventTypeId": BUSY, "start": start, "attendee": _ATTENDEE}
    data = await _sent(session, "POST", "/v2/bookings", body, headers)

    async def cancel() -> None:
        await _sent(session, "POST", f"/v2/bookings/{data['uid']}/cancel", {}, headers)

    return cancel


async def _sent(
    session: aiohttp.ClientSession, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]
) -> Any:
    async with session.request(method, path, json=body, headers=headers, raise_for_status=True) as answer:
        return (await answer.json()).get("data")
