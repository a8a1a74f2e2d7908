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

ACCESS_LOG: Final = web.AppKey("ACCESS_LOG", AccessLog)


@web.middleware
async def observed(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer a request and take note of it."""
    sent = request.headers.get(REQUEST_ID_HEADER)
    request_id = sent if sent is not None and _SANE_ID.fullmatch(sent) else _new_id()
    spent, status, begun = Spent(), _GONE, perf_counter()
    response: web.StreamResponse | None = None
    of_id, of_spent = REQUEST_ID.set(request_id), CURRENT.set(spent)
    try:
        response = await handler(request)
        status = response.status
        response.headers[REQUEST_ID_HEADER] = request_id
        if TIMING_WANTED in request.headers:
            response.headers[SERVER_TIMING] = _server_timing(spent, perf_counter() - begun)
        return response
    finally:
        REQUEST_ID.reset(of_id)
        CURRENT.reset(of_spent)
        seconds = perf_counter() - begun
        _note(request, status, seconds, request_id)
        # A stream is open for hours, in which it mostly waits.
        if isinstance(response, web.Response):
            observe_phases(spent, seconds)


def _note(request: web.Request, status: int, seconds: float, request_id: str) -> None:
    resource = request.match_info.route.resource
    method = request.method if request.method in METHODS else OTHER_METHOD
    observe_request(method, resource, status, seconds)
    access_log = request.app[ACCESS_LOG]
    if access_log.wanted:
        access_log.note(method, template(resource), status, seconds, request_id)


def _new_id() -> str:
    return f"{getrandbits(64):016x}"


def _server_timing(spent: Spent, total: float) -> str:
    phases = [*zip(NAMES, spent.seconds, strict=True), (COMPUTE, spent.compute(total)), ("total", total)]
    return ", ".join(f"{name};dur={seconds * 1000:.3f}" for name, seconds in phases)
