"""The web application over given use cases."""

from functools import cache
from ipaddress import IPv4Network, IPv6Network

import orjson
from aiohttp import web
from aiohttp.typedefs import Middleware

from app.api.bodies import LARGEST_BODY_BYTES
from app.api.clients import TRUSTED_PROXIES
from app.api.middlewares import changes, compression, cors, credentials, errors
from app.api.openapi import DOCUMENT, openapi_document
from app.api.operations import OPERATIONS
from app.api.routes import ROUTES, add_routes
from app.api.site import add_site
from app.api.state import USE_CASES, UseCases
from app.api.streams import STREAMS, StreamLimits, Streams
from app.api.under_way import UNDER_WAY, UnderWay, under_way
from app.observing.logs import AccessLog
from app.observing.requests import ACCESS_LOG, observed


def web_application(
    use_cases: UseCases,
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = (),
    *,
    stream_limits: StreamLimits = StreamLimits(),  # noqa: B008 - a value
    page_usernames: tuple[str, ...] = (),
    access_log: AccessLog | None = None,
    more: tuple[Middleware, ...] = (),
    page_usernames: tuple[str, ...] = (),
) -> web.Application:
    """Return a fresh application; `more` middlewares stand around what it does by itself."""
    app = web.Application(
        middlewares=[observed, *more, under_way, cors, compression, errors, credentials, changes],
        client_max_size=LARGEST_BODY_BYTES,
    )
    app[USE_CASES] = use_cases
    app[TRUSTED_PROXIES] = trusted_proxies
    app[UNDER_WAY] = UnderWay()
    app[STREAMS] = Streams(stream_limits)
    app[UNDER_WAY].when_stopping(app[STREAMS].end)
    app.cleanup_ctx.append(app[STREAMS].swept)
    app[ACCESS_LOG] = AccessLog("text") if access_log is None else access_log
    app[DOCUMENT] = document_text()
    add_routes(app)
    add_site(app, page_usernames)
    return app


@cache
def document_text() -> bytes:
    """Return how the service describes itself, made once a process."""
    return orjson.dumps(openapi_document(ROUTES, OPERATIONS), option=orjson.OPT_INDENT_2)
