"""The server below the middlewares: what it refuses by itself is in the envelope too, and slow clients cost nothing.

aiohttp has no hook for this (aio-libs/aiohttp#3287), so its connection is replaced by one of ours. It ends idle
connections, but waits without end for the rest of a head, and for whoever does not read.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from typing_extensions import override

from app.api.errors import INTERNAL_ERROR, RequestError, bad_request
from app.api.middlewares import refusal
from app.observing.metrics import SHED

_logger = logging.getLogger(__name__)

_UNREADABLE = "The request is no HTTP that can be read: its first line, its headers or its chunks are wrong."
_TOO_LONG = "The request's first line or one of its headers is too long."
_UNKNOWN_EXPECTATION = "The only expectation that can be met is 100-continue."
_OF_THE_CALLER = (HttpProcessingError, web.RequestPayloadError)
"""Errors in what was sent. Anybody can cause them, so they are worth a line in the log, not a traceback."""


_SIGNS_OF_LIFE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 60_000}
"""Linux would miss a client that vanished after two hours; other systems lack some of these."""
_MADE_ROOM = 20
"""When there is no room, one in so many connections is closed, so that not each newcomer has to look for one."""
_SHED = SHED.labels("connections")


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections a process has, and how long one lasts that nobody uses as intended."""

    most: int
    client_s: float
    """Seconds in which a head must arrive once it began, and an answer must be taken in."""
    idle_s: float
    """Seconds without a request."""


class Server(web.Server):
    """Makes the connections of an application; `of_app` is the server that aiohttp would use."""

    def __init__(self, of_app: web.Server, limits: ConnectionLimits, **options: Any) -> None:
        super().__init__(
            _expectations_refused(of_app.request_handler),
            request_factory=of_app.request_factory,
            keepalive_timeout=limits.idle_s,
            lingering_time=limits.client_s,
            **options,
        )
        self.limits = limits
        self._leaving: set[web.RequestHandler] = set()
        """Closed to make room, and not gone yet."""

    @override
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)

    def has_room_for(self, newcomer: "_Connection") -> bool:
        """Say whether there is room for a connection, closing some that have been idle the longest if need be."""
        self._leaving.intersection_update(self._connections)
        if len(self._connections) - len(self._leaving) <= self.limits.most:
            return True
        idle = (
            connection
            for connection in self._connections
            if isinstance(connection, _Connection) and connection is not newcomer and connection.is_idle
        )
        ended = nsmallest(1 + self.limits.most // _MADE_ROOM, idle, key=_Connection.idle_until)
        for connection in ended:
            connection.force_close()
        self._leaving.update(ended)
        return bool(ended)


def _expectations_refused(handler: Callable[[Any], Awaitable[web.StreamResponse]]) -> Any:
    """Return the handler; aiohttp looks at the header `Expect` before any middleware."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPExpectationFailed:
            return refusal(request, RequestError(417, _UNKNOWN_EXPECTATION))

    return handle


class _Connection(web.RequestHandler):
    """Says what is wrong with requests that cannot be read, and ends by itself where a client does not go on."""

    __slots__ = ("_head_end", "_limits", "_write_end")

    def __init__(self, server: Server, **options: Any) -> None:
        super().__init__(server, **options)
        self._limits = server.limits
        self._head_end: asyncio.TimerHandle | None = None
        self._write_end: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no request is under way; part of one may have arrived."""
        return self._waiter is not None and not self._waiter.done()

    def idle_until(self) -> float:
        """Return when it ends if it stays idle, by the event loop's clock."""
        return self._next_keepalive_close_time

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        _notice_vanishing(transport.get_extra_info("socket"))
        if isinstance(self._manager, Server) and not self._manager.has_room_for(self):
            _SHED.inc()
            self._abort()

    @override
    def connection_lost(self, exc: BaseException | None) -> None:
        self._call_off_head_end()
        self._call_off_write_end()
        super().connection_lost(exc)

    # Heads that trickle in ------------------------------------------------------------------------------------------

    @override
    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self.is_idle:
            self._call_off_head_end()
        elif self._head_end is None:
            self._head_end = self._loop.call_later(self._limits.client_s, self._abort)

    def _call_off_head_end(self) -> None:
        if self._head_end is not None:
            self._head_end.cancel()
            self._head_end = None

    # Answers that nobody reads --------------------------------------------------------------------------------------

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_end = self._loop.call_later(self._limits.client_s, self._abort)

    @override
    def resume_writing(self) -> None:
        self._call_off_write_end()
        super().resume_writing()

    def _call_off_write_end(self) -> None:
        if self._write_end is not None:
            self._write_end.cancel()
            self._write_end = None

    @override
    async def start(self) -> None:
        await super().start()
        self._end_unread()

    @override
    def force_close(self) -> None:
        self._end_unread()
        super().force_close()

    def _end_unread(self) -> None:
        """Bound the time in which a transport that is being closed waits for its answers to be read."""
        if self.transport is not None and self.transport.get_write_buffer_size():
            self._loop.call_later(self._limits.client_s, self.transport.abort)

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    # What cannot be read --------------------------------------------------------------------------------------------

    @override
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if isinstance(exc, ConnectionError):
            raise exc  # The caller is gone; nobody reads an answer.
        if isinstance(exc, HttpProcessingError):
            self.log_exception(exc_info=exc)
            error = bad_request(_TOO_LONG if isinstance(exc, LineTooLong) else _UNREADABLE)
        else:
            super().handle_error(request, status, exc, message)  # For its words in the log.
            error = RequestError(500, INTERNAL_ERROR)
        response = refusal(request, error)
        response.force_close()
        return response

    @override
    def log_exception(self, *args: Any, **more: Any) -> None:
        error = more.get("exc_info")
        if isinstance(error, _OF_THE_CALLER):
            _logger.info("somebody sent what cannot be read: %s", type(error).__name__)
        else:
            super().log_exception(*args, **more)


def _notice_vanishing(connected: socket.socket | None) -> None:
    """Let the system find out, within a minute or so, that a client is gone without a word."""
    if connected is None or connected.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    # It may have been closed already.
    with suppress(OSError):
        for name, value in _SIGNS_OF_LIFE.items():
            if hasattr(socket, name):
                connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
