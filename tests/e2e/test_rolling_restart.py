"""Pods that are restarted one after the other, behind a real HAProxy, lose no request of clients that never stop."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.proxied import haproxy
from tests.e2e.service import Running, serving

pytestmark = pytest.mark.xdist_group("races")

CLIENTS = 4
_PAUSE_S = 0.02
"""Of each client, so that pods have time to start on a machine that does other things too."""
_DRAIN = {"HOLDFAST_DRAIN_S": "1"}
_NOTICED_S = 1.5
"""In which the proxy notices a pod that is ready, several checks long; what minReadySeconds is in Kubernetes."""
_MONDAY = datetime(2040, 3, 5, 10, tzinfo=UTC)


@dataclass
class Pod:
    """A `serve` that can be started again at its port."""

    data_dir: Path
    port: int
    options: tuple[str, ...] = ()
    _running: Running | None = None
    _stack: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        more = {"HOLDFAST_HOLDS_PER_CLIENT": "0", **_DRAIN}
        self._running = self._stack.enter_context(serving(self.data_dir, self.port, *self.options, **more))

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


class Asking:
    """Clients that list, hold and let go, each the next week as soon as it has its answers, and count what they get."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.outcomes: Counter[str] = Counter()
        self._session = session
        self._weeks = count()

    async def ask_on(self) -> None:
        while True:
            start = _MONDAY + timedelta(weeks=next(self._weeks))
            day = f"{start:%Y-%m-%d}"
            await self._ask("GET", f"/v2/slots?eventTypeId=1&start={day}&end={day}")
            body = {"eventTypeId": 1, "slotStart": start.isoformat()}
            uid = await self._ask("POST", "/v2/slots/reservations", body)
            if uid is not None:
                await self._ask("DELETE", f"/v2/slots/reservations/{uid}")
            await asyncio.sleep(_PAUSE_S)

    async def _ask(self, method: str, path: str, body: object = None) -> str | None:
        try:
            async with self._session.request(method, path, json=body) as answer:
                told = await answer.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            self.outcomes[f"{method} {error!r}"] += 1
            return None
        self.outcomes[f"{method} {answer.status}"] += 1
        return str(told["data"]["reservationUid"]) if answer.status == 201 else None


@asynccontextmanager
async def clients(port: int) -> AsyncIterator[Asking]:
    timeout = aiohttp.ClientTimeout(total=15)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", timeout=timeout) as session:
        asking = Asking(session)
        tasks = [asyncio.create_task(asking.ask_on()) for _ in range(CLIENTS)]
        try:
            yield asking
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(one) for one in ended} == {asyncio.CancelledError}


async def test_restarting_pods_one_after_the_other_loses_no_request(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    proxy_port, *ports = (unused_tcp_port_factory() for _ in range(3))
    async with AsyncExitStack() as stack:
        # The first one fills the database, the second one finds it full.
        pods = [await stack.enter_async_context(running(Pod(tmp_path, port, ("--demo",)))) for port in ports]
        stack.enter_context(haproxy(proxy_port, (f"127.0.0.1:{ports[0]}", f"127.0.0.1:{ports[1]}")))
        await asyncio.sleep(_NOTICED_S)
        asking = await stack.enter_async_context(clients(proxy_port))
        for pod in pods:
            before = asking.outcomes.total()
            await asyncio.to_thread(pod.end)
            await asyncio.to_thread(pod.start)
            await asyncio.sleep(_NOTICED_S)
            assert asking.outcomes.total() - before > 10 * CLIENTS
        assert set(asking.outcomes) == {"GET 200", "POST 201", "DELETE 200"}, asking.outcomes
