"""The variable parts of paths."""

from aiohttp import web

from app.api.errors import bad_request
from app.fields import LONGEST_TEXT, MAX_ID


def text_in_path(request: web.Request, name: str) -> str:
    """Return a uid or slug. What none can be is looked up all the same, and not found."""
    return request.match_info[name].encode("utf-8", "replace").decode()[: LONGEST_TEXT + 1]


def number_in_path(request: web.Request, name: str) -> int:
    """Return an id; one that is larger than any is looked up all the same, and not found.

    Raises
    ------
    RequestError
        If it is no number (400).
    """
    written = request.match_info[name]
    if not (written.isascii() and written.isdecimal()):
        raise bad_request(f"'{written[:64]}' in the path must be a number.")
    return min(int(written[:20]), MAX_ID + 1)
