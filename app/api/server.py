"""The server below the middlewares: what it refuses by itself is in the envelope too.

aiohttp has no hook for this (aio-libs/aiohttp#3287), so its connection is replaced by one of ours.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from typing_extensions import override

from app.api.errors import INTERNAL_ERROR, RequestError, bad_request
from app.api.middlewares import refusal

_logger = logging.getLogger(__name__)

_UNREADABLE = "The request is no HTTP that can be read: its first line, its headers or its chunks are wrong."
_TOO_LONG = "The request's first line or one of its headers is too long."
_UNKNOWN_EXPECTATION = "The only expectation that can be met is 100-continue."
_OF_THE_CALLER = (HttpProcessingError, web.RequestPayloadError)
"""Errors in what was sent. Anybody can cause them, so they are worth a line in the log, not a traceback."""


class Server(web.Server):
    """Makes the connections of an application; `of_app` is the server that aiohttp would use."""

    def __init__(self, of_app: web.Server, **options: Any) -> None:
        super().__init__(
            _expectations_refused(of_app.request_handler), request_factory=of_app.request_factory, **options
        )

    @override
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


def _expectations_refused(handler: Callable[[Any], Awaitable[web.StreamResponse]]) -> Any:
    """Return the handler; aiohttp looks at the header `Expect` before any middleware."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPExpectationFailed:
            return refusal(request, RequestError(417, _UNKNOWN_EXPECTATION))

    return handle


class _Connection(web.RequestHandler):
    """Says what is wrong with requests that cannot be read."""

    __slots__ = ()

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
