"""Paths that answer in more than one version: which one a request asks for."""

from collections.abc import Mapping

from aiohttp import web

from app.api.state import Handler

HEADER = "cal-api-version"


def by_version(versions: Mapping[str, Handler]) -> Handler:
    """Return a handler that answers in the newest version that is not newer than the one asked for.

    Versions are dates, written as 2024-06-14. Whoever asks for none of them, or for an older one, gets the oldest, as
    clients expect that were written before there were several.
    """
    dates = sorted(versions, reverse=True)

    async def answer(request: web.Request) -> web.StreamResponse:
        asked = request.headers.get(HEADER, "")
        return await versions[next((date for date in dates if date <= asked), dates[-1])](request)

    return answer
