"""Paths that answer in more than one version: which one a request asks for."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from app.api.state import Handler

HEADER = "cal-api-version"


@dataclass(frozen=True, slots=True)
class Versions:
    """A path's handlers, the newest version first."""

    newest_first: tuple[tuple[str, Handler], ...]

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Answer in the version that is asked for."""
        asked = request.headers.get(HEADER, "")
        _, oldest = self.newest_first[-1]
        return await next((handler for date, handler in self.newest_first if date <= asked), oldest)(request)


def handlers_of(handler: Handler) -> list[Handler]:
    """Return what answers: a handler a version, the newest first, or the one there is."""
    return [one for _, one in handler.newest_first] if isinstance(handler, Versions) else [handler]


def by_version(versions: Mapping[str, Handler]) -> Versions:
    """Return a handler that answers in the newest version that is not newer than the one asked for.

    Versions are dates, written as 2024-06-14. Whoever asks for none of them, or for an older one, gets the oldest, as
    clients expect that were written before there were several.
    """
    return Versions(tuple(sorted(versions.items(), reverse=True)))
