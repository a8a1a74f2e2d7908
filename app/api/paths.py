"""What the parts of a path name."""

import re

from aiohttp import web

from app.api.errors import bad_request
from app.fields import MAX_ID

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
