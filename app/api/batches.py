"""`POST /v2/slots/reservations/batch`: keep several slots at once."""

from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from app.api.bodies import read_body, validated
from app.api.clients import client_address
from app.api.errors import RequestError, refused_item
from app.api.idempotency import created
from app.api.reservations import ReservationBody, kept_data
from app.api.state import CALLER, USE_CASES
from app.services.keep_batch import BatchItem
from app.services.keep_slots import KeptSlot
from app.services.ports import Caller, DrawnUid

MOST_ITEMS = 20


class BatchBody(BaseModel):
    """The body of a batch: bodies of POST, which are read one by one, and what to do if one is refused."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    items: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST_ITEMS)]
    mode: Literal["all-or-nothing", "best-effort"] = "all-or-nothing"

    def requests(self, caller: Caller | None, client: str) -> list[BatchItem]:
        """Return what is asked for, or why an item cannot be read."""
        return [_read(item, caller, client) for item in self.items]


def _read(item: dict[str, Any], caller: Caller | None, client: str) -> BatchItem:
    try:
        return validated(item, ReservationBody).request(caller, client)
    except RequestError as error:
        return error


async def post_batch(request: web.Request) -> web.Response:
    """Keep several slots: all or none of them, or as many as can be."""
    body = await read_body(request, BatchBody)
    wanted = body.requests(request.get(CALLER), client_address(request))
    keeper = request.app[USE_CASES].batch_keeper
    keep = keeper.all_or_nothing if body.mode == "all-or-nothing" else keeper.best_effort

    async def make(drawn: DrawnUid | None) -> dict[str, Any]:
        return {"items": [_outcome(one) for one in await keep(wanted, drawn)]}

    return await created(request, make)


def _outcome(outcome: KeptSlot | Exception) -> dict[str, Any]:
    if isinstance(outcome, KeptSlot):
        return {"status": "success", "data": kept_data(outcome)}
    return refused_item(outcome)
