"""Who calls: an API key or access token, or an OAuth client's id and secret."""

from aiohttp import web

from app.api.errors import RequestError
from app.api.state import USE_CASES
from app.services.ports import Caller

_LONGEST_SECRET = 512


async def authenticated(request: web.Request) -> Caller | None:
    """Return the caller; None without credentials, of which a lone client id or a lone secret is a case.

    Raises
    ------
    RequestError
        If the credentials are bad (401).
    """
    credentials = request.app[USE_CASES].credentials
    client_id, secret = request.headers.get("x-cal-client-id"), request.headers.get("x-cal-secret-key")
    if client_id and secret:
        client = await credentials.oauth_client(_bounded(client_id), _bounded(secret))
        if client is None:
            raise RequestError(401, "The OAuth client id or secret is wrong.")
        return client
    written = request.headers.get("Authorization")
    if not written:
        return None
    scheme, _, token = written.partition(" ")
    caller = None
    if scheme.lower() == "bearer" and token.strip():
        caller = await credentials.token_owner(_bounded(token.strip()))
    if caller is None:
        raise RequestError(401, "The API key or access token is wrong, expired or revoked.")
    return caller


def _bounded(secret: str) -> str:
    if len(secret) > _LONGEST_SECRET or "\0" in secret or not secret.isprintable():
        raise RequestError(401, "The credentials are malformed.")
    return secret
