"""`GET /v2/slots`, version 2024-09-04."""

from collections.abc import Awaitable
from functools import lru_cache

from aiohttp import ETag, web
from yarl import URL

from app.api.bodies import rendered
from app.api.errors import RequestError
from app.api.listing import writable_2024_09_04
from app.api.refusals import NO_EVENT_TYPE
from app.api.revalidation import revalidated
from app.api.slots_query import SlotsQuery, plain_parameters, read_slots_query
from app.api.state import USE_CASES
from app.api.written_listings import Written, written
from app.domain.errors import EventTypeNotFoundError
from app.observing.phases import PARSE, RENDER
from app.services.find_slots import FoundSlots, SlotFinder, SlotsQuestion
from app.services.ports import Answer

DEGRADED = "X-Holdfast-Degraded"
_LONGEST_REMEMBERED = 1_000
"""Characters of a query whose reading is remembered."""


async def get_slots(request: web.Request) -> web.Response:
    """List the slots of an event type."""
    with PARSE:
        query, question = read_question(request)
    found = await find(request.app[USE_CASES].slot_finder, question)
    with RENDER:
        listing = written(found, writable_2024_09_04, query.time_zone, query.format)
        return answered(found, listing, request.if_none_match)


def read_question(request: web.Request) -> tuple[SlotsQuery, SlotsQuestion]:
    """Read what a listing is asked for.

    Raises
    ------
    RequestError
        As `read_slots_query` and `SlotsQuery.question`.
    HoldfastError
        As `SlotsQuery.question`.
    """
    raw_query = request.rel_url.raw_query_string
    return _read(raw_query) if len(raw_query) <= _LONGEST_REMEMBERED else _read.__wrapped__(raw_query)


@lru_cache(maxsize=1_000)
def _read(raw_query: str) -> tuple[SlotsQuery, SlotsQuestion]:
    """Read a query string; widgets send the same one again and again."""
    query = read_slots_query(plain_parameters(URL(f"?{raw_query}", encoded=True).query.items()))
    return query, query.question()


async def find(finder: SlotFinder, question: SlotsQuestion) -> FoundSlots:
    """Find slots; as the peer does, a listing that misses its event type does not repeat the id.

    Raises
    ------
    RequestError
        If there is no such event type (404).
    """
    return await worded(finder.find(question))


async def worded(finding: Awaitable[FoundSlots]) -> FoundSlots:
    """Find slots; as `find`."""
    try:
        return await finding
    except EventTypeNotFoundError:
        raise no_event_type() from None


def no_event_type() -> RequestError:
    """Return the refusal of a listing that misses its event type."""
    return RequestError(404, NO_EVENT_TYPE)


def answered(found: FoundSlots, listing: Written, known: tuple[ETag, ...] | None = None) -> web.Response:
    """Return a listing; if its tag is among those that the caller knows, that it still stands."""
    # Without holds it may be wrong: nobody is to keep it for a good one, or to be told that a good one still stands.
    response = rendered(Answer(200, listing.body)) if found.without_holds else revalidated(listing, known)
    return marked(response, without_holds=found.without_holds)


def marked(response: web.Response, *, without_holds: bool) -> web.Response:
    """Return an answer about slots with the headers that say how good it is, and for how long."""
    response.headers["Cache-Control"] = "no-cache"
    if without_holds:
        response.headers[DEGRADED] = "holds"
    return response
