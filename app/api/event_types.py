"""`/v2/event-types`, version 2024-06-14: one's own event types, and other people's to look at."""

from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.api.bodies import read_body, success
from app.api.credentials import caller_of, user_of
from app.api.errors import bad_request
from app.api.event_type_answers import (
    dynamic_event_type,
    own_event_type,
    removed_event_type,
    shown_event_type,
)
from app.api.event_type_bodies import EventTypeBody, NewEventTypeBody
from app.api.event_type_shapes import EventTypeData
from app.api.idempotency import created
from app.api.paths import path_id
from app.api.slots_query import QueryNumber, Usernames, plain_parameters, query_error, several
from app.api.state import CALLER, USE_CASES
from app.fields import MAX_ID, Text
from app.services.event_types import EventTypeKeeper, PersonName, Wanted
from app.services.ports import DrawnUid

QueryId = Annotated[QueryNumber, Field(ge=1, le=MAX_ID)]


class EventTypesQuery(BaseModel):
    """Whose event types are asked for; other parameters are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    username: Text | None = None
    slug: Text | None = Field(None, alias="eventSlug")
    usernames: Usernames | None = None
    organization_slug: Text | None = Field(None, alias="orgSlug")
    organization_id: QueryId | None = Field(None, alias="orgId")
    order: Literal["asc", "desc"] = Field("asc", alias="sortCreatedAt")

    @property
    def wanted(self) -> Wanted:
        """Which of them."""
        return Wanted(slug=self.slug, newest_first=self.order == "desc")


def read_query(request: web.Request) -> EventTypesQuery:
    """Read whose event types are asked for.

    Raises
    ------
    RequestError
        If a parameter is wrong, or a slug comes without whose it is (400).
    """
    try:
        query = EventTypesQuery.model_validate(plain_parameters(request.query.items()))
    except ValidationError as error:
        raise query_error(error) from None
    if query.slug is not None and query.username is None:
        raise bad_request("Query parameter 'eventSlug' needs 'username' too: several people may have the same slug.")
    return query


async def post_event_type(request: web.Request) -> web.Response:
    """Make an event type."""
    user_id, settings = user_of(request), (await read_body(request, NewEventTypeBody)).settings()

    async def make(_: DrawnUid | None) -> EventTypeData:
        # A slug is one's own only once, so that a second try cannot make a second one.
        return own_event_type(await keeper(request).add(user_id, settings), origin(request))

    return await created(request, make)


async def get_event_types(request: web.Request) -> web.Response:
    """List the event types of somebody by name, the one of several people, or one's own."""
    query = read_query(request)
    if query.username is not None:
        name = PersonName(query.username, query.organization_slug, query.organization_id)
        found = await keeper(request).of_person(name, query.wanted, request.get(CALLER))
    elif query.usernames is not None:
        return success([await _dynamic(request, query.usernames, query.organization_slug)])
    else:
        found = await keeper(request).own(user_of(request), query.wanted)
    return success([own_event_type(kept, origin(request)) for kept in found])


async def _dynamic(request: web.Request, usernames: list[str], organization_slug: str | None) -> EventTypeData:
    return dynamic_event_type(await keeper(request).together(several(usernames), organization_slug), origin(request))


async def get_event_type(request: web.Request) -> web.Response:
    """Show an event type to those who have to do with it."""
    kept = await keeper(request).shown(caller_of(request), path_id(request, "eventTypeId"))
    return success(shown_event_type(kept, origin(request)))


async def patch_event_type(request: web.Request) -> web.Response:
    """Change an event type of one's own."""
    user_id, event_type_id = user_of(request), path_id(request, "eventTypeId")
    body = await read_body(request, EventTypeBody)
    kept = await keeper(request).change(user_id, event_type_id, body.applied_to)
    return success(own_event_type(kept, origin(request)))


async def delete_event_type(request: web.Request) -> web.Response:
    """Remove an event type of one's own."""
    kept = await keeper(request).remove(user_of(request), path_id(request, "eventTypeId"))
    return success(removed_event_type(kept))


def keeper(request: web.Request) -> EventTypeKeeper:
    """Return who keeps people's event types."""
    return request.app[USE_CASES].event_type_keeper


def origin(request: web.Request) -> str:
    """Return where this service is, as the caller has it."""
    # Not by `request.url`, which some headers that no browser sends have no origin for.
    return f"{request.scheme}://{request.host.encode('ascii', 'replace').decode()}"
