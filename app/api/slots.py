"""`GET /v2/slots`, version 2024-09-04."""

from aiohttp import web

from app.api.bodies import success
from app.api.errors import RequestError
from app.api.listing import listing_2024_09_04
from app.api.refusals import NO_EVENT_TYPE
from app.api.slots_query import plain_parameters, read_slots_query
from app.api.state import USE_CASES
from app.domain.errors import EventTypeNotFoundError
from app.services.find_slots import FoundSlots, SlotFinder, SlotsQuestion

DEGRADED = "X-Holdfast-Degraded"


async def get_slots(request: web.Request) -> web.Response:
    """List the slots of an event type."""
    query = read_slots_query(plain_parameters(request.query.items()))
    found = await find(request.app[USE_CASES].slot_finder, query.question())
    return answered(found, listing_2024_09_04(found, query.time_zone, query.format))


async def find(finder: SlotFinder, question: SlotsQuestion) -> FoundSlots:
    """Find slots; as the peer does, a listing that misses its event type does not repeat the id.

    Raises
    ------
    RequestError
        If there is no such event type (404).
    """
    try:
        return await finder.find(question)
    except EventTypeNotFoundError:
        raise RequestError(404, NO_EVENT_TYPE) from None


def answered(found: FoundSlots, data: object) -> web.Response:
    """Return a listing."""
    return marked(success(data), without_holds=found.without_holds)


def marked(response: web.Response, *, without_holds: bool) -> web.Response:
    """Return an answer about slots with the headers that say how good it is, and for how long."""
    response.headers["Cache-Control"] = "no-cache"
    if without_holds:
        response.headers[DEGRADED] = "holds"
    return response
