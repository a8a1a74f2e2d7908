"""The web application over given use cases."""

from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Network, IPv6Network

import orjson
from aiohttp import web
from aiohttp.typedefs import Middleware

from app.api.admission import ADMISSION, Admission
from app.api.bodies import CLIENT_S, LARGEST_BODY_BYTES
from app.api.clients import TRUSTED_PROXIES
from app.api.middlewares import admission, changes, compression, cors, credentials, errors
from app.api.openapi import DOCUMENT, openapi_document
from app.api.operations import OPERATIONS
from app.api.routes import ROUTES, add_routes
from app.api.site import PageOwners, add_site
from app.api.state import USE_CASES, UseCases
from app.api.streams import STREAMS, StreamLimits, Streams
from app.api.under_way import UNDER_WAY, RequestsUnderWay, under_way
from app.observing.logs import AccessLog
from app.observing.requests import RequestObserver


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """How much of its callers a process takes upon itself."""

    requests_at_once: int = 1_000
    """Requests worked on at once, at most: fewer while the process does not keep up."""
    turn_wait_s: float = 0.5
    """Seconds that the others wait for their turn."""
    client_s: float = 10.0
    """Seconds in which a body must arrive."""


def web_application(
    use_cases: UseCases,
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = (),
    *,
    load_limits: LoadLimits = LoadLimits(),
    stream_limits: StreamLimits = StreamLimits(),  # noqa: B008 - a value
    page_owners: PageOwners = PageOwners(),  # noqa: B008 - a value
    access_log: AccessLog | None = None,
    measured: bool = True,
    more: tuple[Middleware, ...] = (),
) -> web.Application:
    """Return a fresh application, `measured` for the metrics or not.

    The `more` middlewares stand around what it does by itself.
    """
    observer = RequestObserver(AccessLog("text") if access_log is None else access_log, measured=measured)
    app = web.Application(
        middlewares=[observer.observed, *more, under_way, admission, cors, compression, errors, credentials, changes],
        client_max_size=LARGEST_BODY_BYTES,
    )
    app[USE_CASES] = use_cases
    app[TRUSTED_PROXIES] = trusted_proxies
    app[UNDER_WAY] = RequestsUnderWay()
    app[STREAMS] = Streams(stream_limits)
    app[UNDER_WAY].when_stopping(app[STREAMS].end)
    app.cleanup_ctx.append(app[STREAMS].swept)
    app[CLIENT_S] = load_limits.client_s
    app[ADMISSION] = Admission(load_limits.requests_at_once, load_limits.turn_wait_s)
    app.cleanup_ctx.append(app[ADMISSION].adapting)
    app[DOCUMENT] = document_text()
    add_routes(app)
    add_site(app, page_owners)
    return app


@cache
def document_text() -> bytes:
    """Return how the service describes itself, made once a process."""
    return orjson.dumps(openapi_document(ROUTES, OPERATIONS), option=orjson.OPT_INDENT_2)
