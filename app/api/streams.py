"""Streams of events: how many may be open, and how one is written and ended. None has an end of its own."""

import asyncio
import random
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter

from app.api.clients import client_address
from app.api.errors import RequestError
from app.api.middlewares import ALLOWED
from app.api.refusals import RETRY_AFTER_S
from app.api.state import CALLER
from app.observing.logs import REQUEST_ID
from app.observing.metrics import OPEN_STREAMS, SHED
from app.observing.requests import REQUEST_ID_HEADER

MEDIA_TYPE = "text/event-stream"
LAST_EVENT_ID = "Last-Event-ID"
HEARTBEAT_S: Final = 15.0
"""How long a stream says nothing: proxies end connections on which nothing moves."""
TAKEN_S: Final = 10.0
"""How long a reader may leave unread what the system does not take any more."""
_SWEEP_S = 1.0
"""After which it is noticed that a reader has gone."""
_UNREAD_BYTES = 64 * 1024
"""What the system takes for a reader who does not read."""
_COME_BACK_MS = range(1_000, 5_000)
"""When clients come back whose stream ended: not all of them at once."""
_SHED, _SHED_OF_CLIENT = SHED.labels("streams"), SHED.labels("client_streams")


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How many streams a process has open."""

    most: int = 5_000
    most_of_a_client: int = 100
    """Of one network address without credentials; 0: any number."""


class Streams:
    """The open streams of one process."""

    def __init__(self, limits: StreamLimits) -> None:
        """Begin with none."""
        self._limits = limits
        self._open: dict[Callable[[], None], web.Request] = {}
        self._by_client = Counter[str]()
        self._stopping = False

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self._open)

    @contextmanager
    def place(self, request: web.Request, end: Callable[[], None]) -> Iterator[None]:
        """Have a place among the open streams while the block runs; `end` is called when it is to end.

        Raises
        ------
        RequestError
            If there is none (503), or the client has as many as it may (429).
        """
        client = "" if CALLER in request else client_address(request)
        self._refuse_too_many(client)
        self._open[end] = request
        self._by_client[client] += 1
        try:
            with OPEN_STREAMS.track_inprogress():
                yield
        finally:
            del self._open[end]
            self._by_client[client] -= 1
            if not self._by_client[client]:
                del self._by_client[client]

    def _refuse_too_many(self, client: str) -> None:
        if self._stopping or len(self._open) >= self._limits.most:
            _SHED.inc()
            raise RequestError(503, "No more streams can be opened here now.", retry_after_s=RETRY_AFTER_S)
        most = self._limits.most_of_a_client
        if client and most and self._by_client[client] >= most:
            _SHED_OF_CLIENT.inc()
            text = f"Too many streams are open without credentials: at most {most} at once."
            raise RequestError(429, text, retry_after_s=RETRY_AFTER_S)

    def end(self) -> None:
        """End all, and let none begin any more."""
        self._stopping = True
        for end in self._open:
            end()

    @asynccontextmanager
    async def swept(self, _: web.Application) -> AsyncIterator[None]:
        """While the block runs, end the streams of readers who have gone, which a handler only sees when it writes."""
        sweeping = asyncio.create_task(self._sweep())
        try:
            yield
        finally:
            sweeping.cancel()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            for end, request in self._open.items():
                if request.transport is None or request.transport.is_closing():
                    end()


STREAMS = web.AppKey("STREAMS", Streams)


class EventStream:
    """A stream that has begun; what is written to it is whole events or comments."""

    def __init__(
        self, transport: asyncio.Transport, response: web.StreamResponse, writer: AbstractStreamWriter
    ) -> None:
        """Write what belongs to `response` through `writer`, which leads to `transport`."""
        self.response = response
        self._writer = writer
        self._transport = transport

    @classmethod
    async def begin(cls, request: web.Request, headers: Mapping[str, str]) -> "EventStream":
        """Answer that a stream begins.

        Raises
        ------
        ConnectionResetError
            If the caller is gone.
        """
        transport = request.transport
        if transport is None:
            raise ConnectionResetError
        # Nothing of it is kept here for long: what is not taken at once makes the next word wait.
        transport.set_write_buffer_limits(high=0)
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNREAD_BYTES)
        # The middlewares that let pages of any origin read answers, and name the request, come too late for this one;
        # nginx waits for more unless told otherwise.
        own = {hdrs.CACHE_CONTROL: "no-cache", "X-Accel-Buffering": "no", hdrs.CONTENT_TYPE: MEDIA_TYPE}
        request_id = REQUEST_ID.get()
        if request_id is not None:
            own[REQUEST_ID_HEADER] = request_id
        response = web.StreamResponse(headers={**ALLOWED, **own, **headers})
        response.force_close()
        writer = await response.prepare(request)
        if writer is None:
            raise ConnectionResetError
        return cls(transport, response, writer)

    async def say_when_to_come_back(self) -> None:
        """Tell the client how long to wait before it opens another stream in the place of this one."""
        await self.write(b"retry: %d\n\n" % random.choice(_COME_BACK_MS))  # noqa: S311 - no secret

    async def write(self, text: bytes) -> None:
        """Write, and wait until the system has taken it; a reader who does not read is cut off.

        Raises
        ------
        ConnectionResetError
            If the reader is gone.
        """
        try:
            async with asyncio.timeout(TAKEN_S):
                await self._writer.write(text)
                await self._writer.drain()
        except TimeoutError:
            self._transport.abort()
            raise ConnectionResetError from None
