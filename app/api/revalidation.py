"""Answers that callers keep and ask about again: `ETag`, `If-None-Match` and 304."""

from aiohttp import ETag, web

from app.api.bodies import rendered
from app.api.written_listings import Written
from app.services.ports import Answer

TAG = "ETag"
KNOWN = "If-None-Match"

_ANY = "*"


def revalidated(written: Written, known: tuple[ETag, ...] | None) -> web.Response:
    """Return a JSON answer with its tag; if it is among those that the caller knows, that it still stands (304)."""
    body, tag = written
    unchanged = any(one.value in (tag, _ANY) for one in known or ())
    response = web.Response(status=304) if unchanged else rendered(Answer(200, body))
    # Weak: compressed or not, the answer is the same, but not its bytes, as a strong tag would say.
    response.headers[TAG] = f'W/"{tag}"'
    return response
