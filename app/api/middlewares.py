"""What surrounds every handler: the error envelope, credentials, compression and CORS."""

import logging
import re
from datetime import UTC, datetime

from aiohttp import hdrs, web

from app.api.admission import ADMISSION, TURN, Turn, is_preflight, needs_turn
from app.api.bodies import LARGEST_BODY_BYTES, json_response
from app.api.credentials import authenticated
from app.api.error_shapes import ErrorEnvelope
from app.api.errors import INTERNAL_ERROR, RequestError, error_object
from app.api.instants import utc_text
from app.api.refusals import request_error
from app.api.state import CALLER, USE_CASES, Handler
from app.domain.errors import HoldfastError
from app.fields import instant_from
from app.observing.metrics import template
from app.observing.refusals import count_refusals
from app.services.errors import StoreUnavailableError

_logger = logging.getLogger(__name__)

ALLOWED = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "ETag, Idempotency-Replayed, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, "
        "Server-Timing, X-Holdfast-Degraded, X-Request-Id"
    ),
    # JSON is never to be taken for a page or a script, and addresses may hold uids.
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""On every answer: what lets pages of any origin read it, and keeps them from taking it for something else."""
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Max-Age": "86400",
}
_USUAL_HEADERS = (
    "authorization, cal-api-version, content-type, idempotency-key, if-none-match, last-event-id, "
    "x-cal-client-id, x-cal-secret-key, x-cal-platform-embed, x-holdfast-timing, x-request-id"
)

_WORTH_COMPRESSING_BYTES = 1_024
"""What is shorter fits into a packet anyway."""
_TAKES_GZIP = re.compile(
    r"(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))[01](?:\.[0-9]*)?\s*)?(?:,|$)", re.IGNORECASE
)
"""gzip among the encodings that somebody takes, unless at a quality of 0."""


@web.middleware
async def admission(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request in when its turn comes, or refuse it."""
    if not needs_turn(request):
        return await handler(request)
    turn = request[TURN] = Turn(request.app[ADMISSION])
    try:
        await turn.take()
    except RequestError as error:
        return refusal(request, error)
    try:
        return await handler(request)
    finally:
        turn.give_back()


@web.middleware
async def cors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let pages of any origin call, and answer their preflights, errors included.

    aiohttp-cors was looked at and left: it works by route, so that 404s and refusals would lack the headers that a
    widget needs to read them.
    """
    if is_preflight(request):
        asked = request.headers.get("Access-Control-Request-Headers", _USUAL_HEADERS)
        return web.Response(status=204, headers={**ALLOWED, **_PREFLIGHT, "Access-Control-Allow-Headers": asked})
    response = await handler(request)
    response.headers.update(ALLOWED)
    return response


@web.middleware
async def compression(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Compress answers of some length for those who take gzip.

    aiohttp would choose by itself, but it looks for the word alone: it sends gzip to those who refuse it (`q=0`), and
    prefers deflate, which clients disagree about. Lengths betray no secrets: no browser sends credentials by itself.
    """
    response = await handler(request)
    # Short ones have it too, and 304, which has no body: that the length decides is nothing a cache could know.
    response.headers.add(hdrs.VARY, hdrs.ACCEPT_ENCODING)
    body = response.body if isinstance(response, web.Response) else None
    if isinstance(body, bytes) and len(body) >= _WORTH_COMPRESSING_BYTES:
        taken = request.headers.get(hdrs.ACCEPT_ENCODING)
        if taken is not None and _TAKES_GZIP.search(taken):
            response.enable_compression(web.ContentCoding.gzip)
    return response


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer whatever goes wrong in the envelope."""
    try:
        return await handler(request)
    except RequestError as error:
        return _envelope(request, error)
    except StoreUnavailableError as error:
        _logger.warning("%s: %s does not answer: %r", _named(request), error.store, error.__cause__)
        return _envelope(request, request_error(error))
    except HoldfastError as error:
        count_refusals(error)
        return _envelope(request, request_error(error))
    except ConnectionResetError:
        raise  # The caller is gone; nobody reads an answer.
    except web.HTTPException as error:
        return _envelope(request, _from_aiohttp(request, error))
    except Exception:
        _logger.exception("%s failed", _named(request))
        return _envelope(request, RequestError(500, INTERNAL_ERROR))


def _named(request: web.Request) -> str:
    """Name a request in a log, where paths, which have uids, do not belong."""
    return f"{request.method} {template(request.match_info.route.resource)}"


def _from_aiohttp(request: web.Request, error: web.HTTPException) -> RequestError:
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return RequestError(413, f"The body is larger than {LARGEST_BODY_BYTES} bytes.")
    if isinstance(error, web.HTTPNotFound | web.HTTPMethodNotAllowed):
        return RequestError(404, f"Cannot {request.method} {request.path}")
    return RequestError(error.status, error.reason)


_CHANGES_NO_RULES = ("/v2/slots/", "/api/v2/slots/")
"""Reservations are in the store of holds, which is asked anew each time."""


@web.middleware
async def changes(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let listings know of whatever a request may have changed in the database before its caller does."""
    if request.method in {"GET", "HEAD", "OPTIONS"} or request.path.startswith(_CHANGES_NO_RULES):
        return await handler(request)
    try:
        return await handler(request)
    finally:
        request.app[USE_CASES].written()


@web.middleware
async def credentials(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who calls; bad credentials end the request."""
    if request.path.startswith(("/v2/", "/api/v2/")):
        caller = await authenticated(request)
        if caller is not None:
            request[CALLER] = caller
    return await handler(request)


def refusal(request: web.BaseRequest, error: RequestError) -> web.Response:
    """Return the answer to a request that no middleware sees."""
    response = _envelope(request, error)
    response.headers.update(ALLOWED)
    return response


def _envelope(request: web.BaseRequest, error: RequestError) -> web.Response:
    envelope: ErrorEnvelope = {
        "status": "error",
        "timestamp": utc_text(instant_from(datetime.now(UTC))),
        "path": request.path_qs,
        "error": error_object(error),
    }
    response = json_response(envelope, status=error.status)
    response.headers.update(error.headers)
    if error.retry_after_s is not None:
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response
