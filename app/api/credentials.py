"""Who calls: an API key or access token, or an OAuth client's id and secret."""

from aiohttp import web

from app.api.errors import RequestError
from app.api.state import CALLER, USE_CASES
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


def caller_of(request: web.Request) -> Caller:
    """Return who calls a route that strangers may not.

    Raises
    ------
    RequestError
        If nobody says who they are (401).
    """
    caller: Caller | None = request.get(CALLER)
    if caller is None:
        raise RequestError(
            401,
            "This needs credentials: send an API key or access token as 'Authorization: Bearer ...', or an OAuth "
            "client's id and secret as 'x-cal-client-id' and 'x-cal-secret-key'.",
        )
    return caller


def user_of(request: web.Request) -> int:
    """Return the id of the user who calls a route that is about themselves.

    Raises
    ------
    RequestError
        If nobody says who they are (401), or an organization calls, which is no person (403).
    """
    user_id = caller_of(request).user_id
    if user_id is None:
        raise RequestError(403, "This is about a person: send their API key or access token, not an OAuth client's.")
    return user_id


def key_holder_of(request: web.Request) -> int:
    """Return the id of the user who calls, by an API key, a route that gives out secrets which last.

    Whoever holds an access token, or a client's secret, for somebody must not gain more by it than was given.

    Raises
    ------
    RequestError
        As `user_of`; also if it is not an API key that says who they are (403).
    """
    user_id = user_of(request)
    if not caller_of(request).by_api_key:
        raise RequestError(403, "Send your API key: an access token, or a client's secret, does not open this.")
    return user_id


def _bounded(secret: str) -> str:
    if len(secret) > _LONGEST_SECRET or "\0" in secret or not secret.isprintable():
        raise RequestError(401, "The credentials are malformed.")
    return secret
