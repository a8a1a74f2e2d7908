"""Pods that are restarted one after the other, behind a real HAProxy, while clients never stop.

No request is lost, every booking that was acknowledged is there once, and open pages miss no change of their listing.
"""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import orjson
import pytest

from app.storage.embedded import EmbeddedServers
from tests.e2e.proxied import haproxy
from tests.e2e.service import Running, serving

pytestmark = pytest.mark.xdist_group("races")

CLIENTS = 4
PAGES = 6
_PAUSE_S = 0.02
"""Of each client, so that pods have time to start on a machine that does other things too."""
_BOOKED_AT_ONCE = 3
_SETTINGS = {"HOLDFAST_HOLDS_PER_CLIENT": "0", "HOLDFAST_STREAMS_PER_CLIENT": "0", "HOLDFAST_DRAIN_S": "1"}
_NOTICED_S = 1.5
"""In which the proxy notices a pod that is ready, several checks long; what minReadySeconds is in Kubernetes."""
_TOLD_S = 15.0
"""In which every page is back, and shows what it was told."""
_MONDAY = datetime(2040, 3, 5, 10, tzinfo=UTC)
ADA, BEN = 1, 2
"""Event types of one person each: clients come and go with the one, pages watch the other."""
_WATCHED = f"eventTypeId={BEN}&start=2040-03-05&end=2040-04-13"
_V2 = {"cal-api-version": "2024-08-13"}
_ATTENDEE = {"name": "Mia", "email": "mia@example.org", "timeZone": "UTC"}


@dataclass
class Pod:
    """A `serve` that can be started again at its port."""

    data_dir: Path
    port: int
    options: tuple[str, ...] = ()
    _running: Running | None = None
    _stack: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        self._running = self._stack.enter_context(serving(self.data_dir, self.port, *self.options, **_SETTINGS))

    def end(self) -> None:
        assert self._running is not None
        assert self._running.end(signal.SIGTERM) == 0
        self._stack.close()


@asynccontextmanager
async def running(pod: Pod) -> AsyncIterator[Pod]:
    await asyncio.to_thread(pod.start)
    try:
        yield pod
    finally:
        await asyncio.to_thread(pod.end)


# Clients -------------------------------------------------------------------------------------------------------------


class Asking:
    """Clients that list, open a stream, hold, let go and book, each the next week as soon as it has its answers.

    They count what they get.
    """

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.outcomes: Counter[str] = Counter()
        self.booked: Counter[tuple[int, datetime]] = Counter()
        """What was acknowledged: event types and starts."""
        self.is_over = False
        self._session = session
        self._weeks = count()

    async def ask_on(self) -> None:
        while not self.is_over:
            start = _MONDAY + timedelta(weeks=next(self._weeks))
            listing = f"eventTypeId={ADA}&start={start:%Y-%m-%d}&end={start:%Y-%m-%d}"
            await self._ask("GET", f"/v2/slots?{listing}")
            await self._look(f"/v2/slots/stream?{listing}")
            held = await self._ask(
                "POST", "/v2/slots/reservations", {"eventTypeId": ADA, "slotStart": start.isoformat()}
            )
            if held is not None:
                await self._ask("DELETE", f"/v2/slots/reservations/{held['reservationUid']}")
            await self._book(ADA, start + timedelta(hours=4))
            await asyncio.sleep(_PAUSE_S)

    async def book_what_is_watched(self) -> None:
        """Book some of what pages show."""
        told = await self._ask("GET", f"/v2/slots?{_WATCHED}")
        for start in sorted(_starts(told or {}))[:_BOOKED_AT_ONCE]:
            await self._book(BEN, datetime.fromisoformat(start))

    async def _book(self, event_type_id: int, start: datetime) -> None:
        body = {"eventTypeId": event_type_id, "start": start.isoformat(), "attendee": _ATTENDEE}
        if await self._ask("POST", "/v2/bookings", body) is not None:
            self.booked[event_type_id, start] += 1

    async def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any] | None:
        """Return the data of a good answer."""
        try:
            async with self._session.request(method, path, json=body, headers=_V2) as answer:
                told = await answer.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            self.outcomes[f"{method} {error!r}"] += 1
            return None
        self.outcomes[f"{method} {answer.status}"] += 1
        return dict(told.get("data", {})) if answer.ok else None

    async def _look(self, path: str) -> None:
        """Open a stream and read until something is told, as somebody does who comes just now."""
        try:
            async with self._session.get(path) as stream:
                if stream.status == 200:
                    await stream.content.readuntil(b"\ndata: ")
        except (aiohttp.ClientError, asyncio.IncompleteReadError, TimeoutError) as error:
            self.outcomes[f"stream {error!r}"] += 1
        else:
            self.outcomes[f"stream {stream.status}"] += 1


def _starts(days: dict[str, list[dict[str, str]]]) -> frozenset[str]:
    return frozenset(slot["start"] for slots in days.values() for slot in slots)


class OpenPage:
    """What a browser's EventSource does: it reads, and when a stream ends it comes back and says what it knows."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.opened = 0
        self.shown: frozenset[str] | None = None
        self._session = session
        self._id = ""
        self._retry_s = 0.0

    async def read_on(self) -> None:
        while True:
            known = {"Last-Event-ID": self._id} if self._id else {}
            async with self._session.get(f"/v2/slots/stream?{_WATCHED}", headers=known, timeout=_ENDLESS) as stream:
                # After any other answer it would not come back any more.
                assert stream.status == 200, await stream.text()
                self.opened += 1
                async for line in stream.content:
                    self._take(*line.decode().rstrip("\n").split(": ", 1))
            await asyncio.sleep(self._retry_s)

    def _take(self, name: str, value: str = "") -> None:
        if name == "retry":
            self._retry_s = int(value) / 1_000
        elif name == "id":
            assert value != self._id, "what it knew was told again"
            self._id = value
        elif name == "data":
            told = _starts(orjson.loads(value)["data"])
            assert self.shown is None or told < self.shown, "what is booked came back"
            self.shown = told


_ENDLESS = aiohttp.ClientTimeout(total=None)


@asynccontextmanager
async def asked_on(asking: Asking) -> AsyncIterator[None]:
    """Ask while the block runs; what was begun then is answered before it ends."""
    asked = asyncio.gather(*(asking.ask_on() for _ in range(CLIENTS)))
    try:
        yield
    finally:
        asking.is_over = True
        await asked


@asynccontextmanager
async def kept_open(pages: Iterable[OpenPage]) -> AsyncIterator[None]:
    """Read on while the block runs."""
    tasks = [asyncio.create_task(page.read_on()) for page in pages]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [one for one in ended if not isinstance(one, asyncio.CancelledError)] == []


# Restarting ----------------------------------------------------------------------------------------------------------


async def test_restarting_pods_one_after_the_other_loses_nothing(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    proxy_port, *ports = (unused_tcp_port_factory() for _ in range(3))
    async with AsyncExitStack() as stack:
        # The first one fills the database, the second one finds it full.
        pods = [await stack.enter_async_context(running(Pod(tmp_path, port, ("--demo",)))) for port in ports]
        stack.enter_context(haproxy(proxy_port, (f"127.0.0.1:{ports[0]}", f"127.0.0.1:{ports[1]}")))
        await asyncio.sleep(_NOTICED_S)
        timeout = aiohttp.ClientTimeout(total=15)
        session = aiohttp.ClientSession(f"http://127.0.0.1:{proxy_port}", timeout=timeout)
        asking, pages = Asking(await stack.enter_async_context(session)), [OpenPage(session) for _ in range(PAGES)]
        async with kept_open(pages), asked_on(asking):
            for pod in pods:
                await _until_shown(pages, session)
                before = asking.outcomes.total()
                await asyncio.to_thread(pod.end)
                # Pages that were the pod's are away by now, and nothing happens later that they would be told anyway.
                await asking.book_what_is_watched()
                await asyncio.to_thread(pod.start)
                await asyncio.gather(_until_shown(pages, session), asyncio.sleep(_NOTICED_S))
                assert asking.outcomes.total() - before > 10 * CLIENTS
        assert set(asking.outcomes) == {"GET 200", "stream 200", "POST 201", "DELETE 200"}, asking.outcomes
        assert all(page.opened > 1 for page in pages)
        assert await _bookings(tmp_path) == asking.booked
        assert Counter(event_type_id for event_type_id, _ in asking.booked)[BEN] == len(pods) * _BOOKED_AT_ONCE


async def _until_shown(pages: Iterable[OpenPage], session: aiohttp.ClientSession) -> None:
    """Wait until every page shows what is free."""
    async with session.get(f"/v2/slots?{_WATCHED}") as answer:
        free = _starts((await answer.json())["data"])
    async with asyncio.timeout(_TOLD_S):
        while any(page.shown != free for page in pages):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


async def _bookings(data_dir: Path) -> Counter[tuple[int, datetime]]:
    """Return what the database has."""
    servers = await asyncio.to_thread(EmbeddedServers.use, data_dir, postgres=True, valkey=False)
    try:
        connection = await asyncpg.connect(servers.urls.database_url)
        rows = await connection.fetch("SELECT event_type_id, starts_at FROM bookings WHERE status = 'accepted'")
        await connection.close()
    finally:
        await asyncio.to_thread(servers.release)
    return Counter((row["event_type_id"], row["starts_at"]) for row in rows)
