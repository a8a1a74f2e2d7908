"""The middleware around all others: measures a request, gives it an id and logs it."""

import re
from collections.abc import Awaitable, Callable
from random import getrandbits
from time import perf_counter
from typing import Final

from aiohttp import web

from app.observing.logs import REQUEST_ID, AccessLog
from app.observing.metrics import METHODS, OTHER_METHOD, observe_phases, observe_request, template
from app.observing.phases import COMPUTE, CURRENT, NAMES, Spent

REQUEST_ID_HEADER: Final = "X-Request-Id"
TIMING_WANTED: Final = "X-Holdfast-Timing"
"""A request that has this header, whatever it says, is answered with `Server-Timing`."""
SERVER_TIMING: Final = "Server-Timing"
_SANE_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
_GONE: Final = 499
"""What logs and metrics call a request whose caller went away; nobody is answered so."""


class RequestObserver:
    """Takes note of a process's requests, and of no more than somebody can get to see: listings are short."""

    def __init__(self, access_log: AccessLog, *, measured: bool) -> None:
        """Log to `access_log`; count what the metrics tell only if `measured`."""
        self._access_log = access_log
        self._measured = measured

    @web.middleware
    async def observed(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Answer a request and take note of it."""
        sent = request.headers.get(REQUEST_ID_HEADER)
        request_id = sent if sent is not None and _SANE_ID.fullmatch(sent) else _new_id()
        timing_wanted = TIMING_WANTED in request.headers
        spent = Spent() if self._measured or timing_wanted else None
        response: web.StreamResponse | None = None
        begun = perf_counter()
        of_id, of_spent = REQUEST_ID.set(request_id), CURRENT.set(spent)
        try:
            response = await handler(request)
            response.headers[REQUEST_ID_HEADER] = request_id
            if timing_wanted and spent is not None:
                response.headers[SERVER_TIMING] = _server_timing(spent, perf_counter() - begun)
            return response
        finally:
            REQUEST_ID.reset(of_id)
            CURRENT.reset(of_spent)
            if self._measured or self._access_log.wanted:
                seconds = perf_counter() - begun
                self._note(request, _GONE if response is None else response.status, seconds, request_id)
                # A stream is open for hours, in which it mostly waits.
                if self._measured and spent is not None and isinstance(response, web.Response):
                    observe_phases(spent, seconds)

    def _note(self, request: web.Request, status: int, seconds: float, request_id: str) -> None:
        resource = request.match_info.route.resource
        method = request.method if request.method in METHODS else OTHER_METHOD
        if self._measured:
            observe_request(method, resource, status, seconds)
        if self._access_log.wanted:
            self._access_log.note(method, template(resource), status, seconds, request_id)


def _new_id() -> str:
    return getrandbits(64).to_bytes(8).hex()


def _server_timing(spent: Spent, total: float) -> str:
    phases = [*zip(NAMES, spent.seconds, strict=True), (COMPUTE, spent.compute(total)), ("total", total)]
    return ", ".join(f"{name};dur={seconds * 1000:.3f}" for name, seconds in phases)
