"""Requests under way: a process that is asked to stop waits for them, and closes their connections after them."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import web

from app.api.state import Handler


class RequestsUnderWay:
    """Counts the requests of one process."""

    def __init__(self) -> None:
        """Begin with none."""
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()
        self._stopping = False
        self._to_end: list[Callable[[], None]] = []

    def when_stopping(self, end: Callable[[], None]) -> None:
        """Call `end` when the process is asked to stop, to end what would go on without end."""
        self._to_end.append(end)

    @property
    def stopping(self) -> bool:
        """Whether the process was asked to stop."""
        return self._stopping

    def stop(self) -> None:
        """From now on end connections after their requests."""
        self._stopping = True

    async def finished(self, timeout_s: float) -> bool:
        """Wait, ending connections after their requests, until none is under way; False if it takes longer.

        aiohttp has a wait of its own, but by then it no longer reads from connections: a request whose body is still
        arriving would never end.
        """
        self.stop()
        for end in self._to_end:
            end()
        try:
            async with asyncio.timeout(timeout_s):
                await self._none.wait()
        except TimeoutError:
            return False
        return True

    @contextmanager
    def set_aside(self) -> Iterator[None]:
        """Leave a request out of the count while the block runs: one that goes on without end, and ends when told."""
        self._leave()
        try:
            yield
        finally:
            self._enter()

    async def counted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request and count it meanwhile."""
        self._enter()
        try:
            response = await handler(request)
        finally:
            self._leave()
        if self._stopping:
            response.force_close()
        return response

    def _enter(self) -> None:
        self._count += 1
        self._none.clear()

    def _leave(self) -> None:
        self._count -= 1
        if not self._count:
            self._none.set()


UNDER_WAY = web.AppKey("UNDER_WAY", RequestsUnderWay)


@web.middleware
async def under_way(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count the requests under way."""
    return await request.app[UNDER_WAY].counted(request, handler)
