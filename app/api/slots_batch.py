"""`POST /v2/slots/batch`: several listings at once."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

import orjson
from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from typing_extensions import TypedDict

from app.api.bodies import read_body, success
from app.api.error_shapes import RefusedItem
from app.api.errors import RequestError, bad_request
from app.api.listing import Listing, writable_2024_09_04
from app.api.refusals import refused_item
from app.api.slots import marked, no_event_type
from app.api.slots_query import SlotsQuery, read_slots_query
from app.api.state import USE_CASES
from app.api.written_listings import written
from app.domain.errors import EventTypeNotFoundError, HoldfastError
from app.domain.time_ranges import DAY
from app.fields import WholeNumber
from app.services.errors import BatchTooLongError
from app.services.find_batch import BatchQuestion
from app.services.find_slots import FoundSlots

MOST_ITEMS = 100
MOST_DAYS = 10 * 366
"""Of all windows together: ten times a listing's."""
MOST_BYTES = 16 * 1024 * 1024
"""Of all answers together: where a slot begins each minute, days alone bound little."""
LONGEST_TIMEOUT_MS = 10_000

_Unread = Annotated[dict[str, Any], BeforeValidator(lambda item: item, json_schema_input_type=SlotsQuery)]
"""The parameters of a listing, which are read by themselves, so that wrong ones spoil no other."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """An item as it is answered, written already."""

    item: orjson.Fragment
    without_holds: bool


_Item = BatchQuestion[_Listed] | Exception


class SlotsBatchBody(BaseModel):
    """The body of a batch: the parameters of listings, which are read one by one, and how long they may take."""

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)

    items: Annotated[list[_Unread], Field(min_length=1, max_length=MOST_ITEMS)]
    """Each as `GET /v2/slots` takes them; all their windows together may have 3660 days."""
    timeout_ms: Annotated[WholeNumber, Field(ge=1, le=LONGEST_TIMEOUT_MS)] = Field(4_000, alias="timeoutMs")
    """Milliseconds after which what is not ready is refused."""

    def questions(self) -> list[_Item]:
        """Return what is asked, or why an item cannot be read. Answers are refused that are too long together.

        Raises
        ------
        RequestError
            If the items ask for too many days together (400).
        """
        room = _Room(MOST_BYTES)
        items = [_read(item, room) for item in self.items]
        windows = [item.question.window for item in items if isinstance(item, BatchQuestion)]
        if sum(end - start for start, end in windows) > MOST_DAYS * DAY:
            raise bad_request(f"The time ranges of a batch are too long: at most {MOST_DAYS} days together.")
        return items


@dataclass(slots=True)
class _Room:
    """How much the answers of a batch may yet be."""

    bytes: int

    def take(self, number: int) -> None:
        """Take some of it.

        Raises
        ------
        BatchTooLongError
            If there is not so much left.
        """
        if number > self.bytes:
            raise BatchTooLongError
        self.bytes -= number


def _read(item: dict[str, Any], room: _Room) -> _Item:
    # Some clients send null where they have nothing to say.
    said = {name: value for name, value in item.items() if value is not None}
    try:
        query = read_slots_query(said)
        return BatchQuestion(query.question(), partial(_listed, query, room))
    except (RequestError, HoldfastError) as refusal:
        return refusal


class ListedItem(TypedDict):
    """An item of a batch that is answered."""

    status: Literal["success"]
    data: Listing


class SlotsBatchData(TypedDict):
    """What became of each item, in the order they were sent."""

    items: list[ListedItem | RefusedItem]


async def post_slots_batch(request: web.Request) -> web.Response:
    """List the slots of several questions at once, each item as `GET /v2/slots` answers it.

    An item that is wrong, or not ready in time, is refused by itself: look at each one's `status`.
    """
    body = await read_body(request, SlotsBatchBody)
    outcomes = await request.app[USE_CASES].batch_finder.find(body.questions(), body.timeout_ms / 1_000)
    answer = success({"items": [_told(one) for one in outcomes]})
    return marked(answer, without_holds=any(isinstance(one, _Listed) and one.without_holds for one in outcomes))


def _listed(query: SlotsQuery, room: _Room, found: FoundSlots) -> _Listed:
    listing = written(found, writable_2024_09_04, query.time_zone, query.format)
    room.take(len(listing.body))
    return _Listed(orjson.Fragment(listing.body), found.without_holds)


def _told(outcome: _Listed | Exception) -> orjson.Fragment | RefusedItem:
    if isinstance(outcome, _Listed):
        return outcome.item
    return refused_item(no_event_type() if isinstance(outcome, EventTypeNotFoundError) else outcome)
