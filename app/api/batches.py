"""`POST /v2/slots/reservations/batch`: keep several slots at once."""

from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from typing_extensions import TypedDict

from app.api.bodies import read_body, validated
from app.api.clients import client_address
from app.api.error_shapes import RefusedItem
from app.api.errors import RequestError
from app.api.idempotency import created
from app.api.refusals import refused_item
from app.api.reservations import KeptData, ReservationBody, kept_data
from app.api.state import CALLER, USE_CASES
from app.services.keep_batch import BatchItem
from app.services.keep_slots import KeptSlot
from app.services.ports import Caller, DrawnUid

MOST_ITEMS = 20

_Unread = Annotated[dict[str, Any], BeforeValidator(lambda item: item, json_schema_input_type=ReservationBody)]
"""The body of a POST that is read by itself, so that a wrong one spoils no other."""


class BatchBody(BaseModel):
    """The body of a batch: bodies of POST, which are read one by one, and what to do if one is refused."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    items: Annotated[list[_Unread], Field(min_length=1, max_length=MOST_ITEMS)]
    mode: Literal["all-or-nothing", "best-effort"] = "all-or-nothing"

    def requests(self, caller: Caller | None, client: str) -> list[BatchItem]:
        """Return what is asked for, or why an item cannot be read."""
        return [_read(item, caller, client) for item in self.items]


def _read(item: dict[str, Any], caller: Caller | None, client: str) -> BatchItem:
    try:
        return validated(item, ReservationBody).request(caller, client)
    except RequestError as error:
        return error


class KeptItem(TypedDict):
    """An item of a batch that is kept."""

    status: Literal["success"]
    data: KeptData


class BatchData(TypedDict):
    """What became of each item, in the order they were sent."""

    items: list[KeptItem | RefusedItem]


async def post_batch(request: web.Request) -> web.Response:
    """Keep several slots: all or none of them, or as many as can be."""
    body = await read_body(request, BatchBody)
    wanted = body.requests(request.get(CALLER), client_address(request))
    keeper = request.app[USE_CASES].batch_keeper
    keep = keeper.all_or_nothing if body.mode == "all-or-nothing" else keeper.best_effort

    async def make(drawn: DrawnUid | None) -> BatchData:
        return {"items": [_outcome(one) for one in await keep(wanted, drawn)]}

    return await created(request, make)


def _outcome(outcome: KeptSlot | Exception) -> KeptItem | RefusedItem:
    if isinstance(outcome, KeptSlot):
        return {"status": "success", "data": kept_data(outcome)}
    return refused_item(outcome)
