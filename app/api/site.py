"""What people see: a fixed table of paths and the files under `app/web` that answer them.

The files are read once, when the application is made; no part of a request ever becomes a path. These routes are no
part of the API: they are outside `/v2` and its OpenAPI document.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.resources import files

from aiohttp import ETag, web

from app.api.bodies import json_response

_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}

FILES = {
    "/": "index.html",
    "/example.html": "example.html",
    "/docs": "docs.html",
    "/docs.css": "docs.css",
    "/docs.js": "docs.js",
    "/docs_schema.js": "docs_schema.js",
    "/explain": "explain.html",
    "/explain.css": "explain.css",
    "/explain.js": "explain.js",
    "/explain_time.js": "explain_time.js",
    "/explain_words.js": "explain_words.js",
    "/site/icon.svg": "icon.svg",
    "/site/page.css": "page.css",
    "/site/page.js": "page.js",
    "/widget.js": "widget.js",
    "/widget/api.js": "widget/api.js",
    "/widget/calendar.js": "widget/calendar.js",
    "/widget/countdown.js": "widget/countdown.js",
    "/widget/dom.js": "widget/dom.js",
    "/widget/live.js": "widget/live.js",
    "/widget/pauses.js": "widget/pauses.js",
    "/widget/styles.js": "widget/styles.js",
    "/widget/zones.js": "widget/zones.js",
}
"""The file that answers each path, relative to `app/web`."""

_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class PageOwners:
    """Whose event types the page at `/` offers."""

    usernames: tuple[str, ...] = ()
    team_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Page:
    """A file as it is sent."""

    body: bytes
    content_type: str
    tag: str

    async def answer(self, request: web.Request) -> web.Response:
        """Return the file, or that the one the caller keeps still stands (304)."""
        if any(known.value in (self.tag, "*") for known in request.if_none_match or ()):
            response = web.Response(status=304)
        else:
            response = web.Response(body=self.body, content_type=self.content_type, charset="utf-8")
        response.headers.update(_HEADERS)
        # Weak: compressed or not, it is the same file, but not the same bytes.
        response.etag = ETag(self.tag, is_weak=True)
        return response


def add_site(app: web.Application, owners: PageOwners) -> None:
    """Add a route for each file, and one that says whose event types the page at `/` offers."""
    for path, page in _pages().items():
        app.router.add_get(path, page.answer)

    async def get_offered(_: web.Request) -> web.Response:
        return json_response({"usernames": owners.usernames, "teamIds": owners.team_ids})

    app.router.add_get("/site/offered.json", get_offered)


@cache
def _pages() -> dict[str, _Page]:
    return {path: _read(name) for path, name in FILES.items()}


def _read(name: str) -> _Page:
    body = files("app.web").joinpath(name).read_bytes()
    return _Page(body, _TYPES[name.rpartition(".")[2]], blake2b(body, digest_size=16).hexdigest())
