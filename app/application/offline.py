"""Answers without any server."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from app.api.errors import RequestError, error_object
from app.api.explain import Explanation, explanation
from app.api.listing import Listing, listing_2024_09_04
from app.api.refusals import request_error
from app.api.slots import find
from app.api.slots_query import read_explain_query, read_slots_query
from app.application.clock import now
from app.domain.errors import HoldfastError
from app.domain.schedule import zone
from app.fields import instant_from
from app.services.explain_slots import SlotExplainer
from app.services.find_slots import SlotFinder
from app.services.staffing import Staffing
from app.storage.world_files.checks import KnownIds, WorldRefusedError, problems
from app.storage.world_files.format import World
from app.storage.world_files.stores import WorldStores


async def answers(world: World, *, explain: bool = False) -> list[dict[str, Any]]:
    """Answer the queries of a world file, by its own clock, as `GET /v2/slots`, or its `/explain`, would.

    Raises
    ------
    WorldRefusedError
        If the file does not make sense.
    """
    found = problems(world, KnownIds())
    if found:
        raise WorldRefusedError(found)
    instant = now() if world.now is None else instant_from(world.now)
    stores = WorldStores(world, instant)
    finder = SlotFinder(stores, stores, stores, lambda: instant, Staffing(0))
    answer = partial(_explanation, SlotExplainer(finder, ties=None)) if explain else partial(_listing, finder)
    return [await _answer(answer, query) for query in world.queries]


async def _listing(finder: SlotFinder, parameters: dict[str, Any]) -> Listing:
    query = read_slots_query(parameters)
    return listing_2024_09_04(await find(finder, query.question()), query.time_zone, query.format)


async def _explanation(explainer: SlotExplainer, parameters: dict[str, Any]) -> Explanation:
    query = read_explain_query(parameters)
    asker = zone(query.time_zone or "UTC")
    explained = await explainer.explain(query.question(), asker, at=query.at, caller=None)
    return explanation(explained, query.time_zone)


async def _answer(answer: Callable[[dict[str, Any]], Awaitable[object]], parameters: dict[str, Any]) -> dict[str, Any]:
    try:
        data = await answer({name: value for name, value in parameters.items() if name != "name"})
    except RequestError as error:
        return {"status": "error", "error": error_object(error)}
    except HoldfastError as error:
        return {"status": "error", "error": error_object(request_error(error))}
    return {"status": "success", "data": data}
