"""The web application over given use cases."""

from ipaddress import IPv4Network, IPv6Network

from aiohttp import web

from app.api.bodies import LARGEST_BODY_BYTES
from app.api.clients import TRUSTED_PROXIES
from app.api.middlewares import cors, credentials, errors
from app.api.routes import add_routes
from app.api.state import USE_CASES, UseCases
from app.api.under_way import UNDER_WAY, UnderWay, under_way


def web_application(
    use_cases: UseCases, trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
) -> web.Application:
    """Return a fresh application."""
    app = web.Application(middlewares=[under_way, cors, errors, credentials], client_max_size=LARGEST_BODY_BYTES)
    app[USE_CASES] = use_cases
    app[TRUSTED_PROXIES] = trusted_proxies
    app[UNDER_WAY] = UnderWay()
    add_routes(app)
    return app
