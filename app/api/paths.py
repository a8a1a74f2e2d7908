"""What the parts of a path name."""

import re

from aiohttp import web

from app.api.credentials import caller_of, user_of
from app.api.errors import bad_request
from app.api.state import USE_CASES
from app.fields import LONGEST_TEXT, MAX_ID, storable
from app.services.errors import OAuthClientNotFoundError

_DIGITS = re.compile(r"[0-9]{1,10}", re.ASCII)


def path_id(request: web.Request, name: str) -> int:
    """Return the id that a part of the path gives.

    Raises
    ------
    RequestError
        If it is none (400).
    """
    written = request.match_info[name]
    if not _DIGITS.fullmatch(written) or not 1 <= int(written) <= MAX_ID:
        raise bad_request(f"'{name}' in the path must be a whole number from 1 to {MAX_ID}.")
    return int(written)


def text_in_path(request: web.Request, name: str) -> str:
    """Return a uid or slug. What none can be is looked up all the same, and not found."""
    return request.match_info[name].encode("utf-8", "replace").decode()[: LONGEST_TEXT + 1]


async def owner_of(request: web.Request) -> int:
    """Return the id of the user whom a path is about: the caller or, where it names one, an organization's member.

    Raises
    ------
    RequestError
        If nobody says who they are (401), it is about the caller and that is no person (403), or an id is none (400).
    RoleNeededError, UserIdNotFoundError
        If it is about a member, as `MemberAccess.check_member`.
    """
    if "userId" not in request.match_info:
        return user_of(request)
    user_id = path_id(request, "userId")
    access = request.app[USE_CASES].member_access
    await access.check_member(caller_of(request), path_id(request, "orgId"), user_id)
    return user_id


def client_id_of(request: web.Request) -> str:
    """Return the id of the OAuth client that a path names; what no id can be is found nowhere.

    Raises
    ------
    OAuthClientNotFoundError
        If it is text that nothing is kept under.
    """
    client_id = request.match_info["clientId"]
    try:
        return storable(client_id)
    except ValueError:
        raise OAuthClientNotFoundError("") from None
