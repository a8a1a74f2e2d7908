"""The pages for people, from the package `app.web`: a fixed table, so that no path that is asked for reaches a disk."""

from functools import cache, partial
from hashlib import blake2b
from importlib.resources import files

from aiohttp import web

FILES = {
    "/docs": "docs.html",
    "/docs.css": "docs.css",
    "/docs.js": "docs.js",
    "/docs_schema.js": "docs_schema.js",
    "/explain": "explain.html",
    "/explain.css": "explain.css",
    "/explain.js": "explain.js",
    "/explain_time.js": "explain_time.js",
    "/explain_words.js": "explain_words.js",
}
"""Paths, and the files that answer them."""

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def add_pages(app: web.Application) -> None:
    """Add the pages."""
    for path, name in FILES.items():
        app.router.add_get(path, partial(_file, name))


async def _file(name: str, request: web.Request) -> web.Response:
    body, tag = _read(name)
    known = request.if_none_match or ()
    headers = {**_HEADERS, "ETag": f'W/"{tag}"'}
    if any(one.value in (tag, "*") for one in known):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, headers=headers, content_type=_TYPES[name.rpartition(".")[2]], charset="utf-8")


@cache
def _read(name: str) -> tuple[bytes, str]:
    """Return a file and its tag, read once a process."""
    body = files("app.web").joinpath(name).read_bytes()
    return body, blake2b(body, digest_size=12).hexdigest()
