"""Event types of teams: `/v2/teams/{teamId}/event-types`, and the same under `/v2/organizations/{orgId}`."""

from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.api.bodies import read_body, success
from app.api.credentials import caller_of
from app.api.event_type_answers import removed_event_type, team_event_type
from app.api.event_type_bodies import NewTeamEventTypeBody, TeamEventTypeBody
from app.api.event_type_shapes import Family
from app.api.idempotency import created
from app.api.paths import path_id
from app.api.slots_query import QueryNumber, plain_parameters, query_error
from app.api.state import CALLER, USE_CASES
from app.domain.event_type import SchedulingType
from app.fields import MAX_ID, Text
from app.services.event_types import KeptEventType, Wanted
from app.services.ports import DrawnUid
from app.services.team_event_types import TeamEventTypeKeeper, TeamPlace

LARGEST_PAGE = 250


class TeamEventTypesQuery(BaseModel):
    """Which of a team's event types are asked for; other parameters are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    slug: Text | None = Field(None, alias="eventSlug")
    most_hosts: Annotated[QueryNumber, Field(ge=0, le=MAX_ID)] | None = Field(None, alias="hostsLimit")
    order: Literal["asc", "desc"] = Field("asc", alias="sortCreatedAt")
    take: Annotated[QueryNumber, Field(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE
    skip: Annotated[QueryNumber, Field(ge=0, le=MAX_ID)] = 0

    @property
    def wanted(self) -> Wanted:
        """Which of them."""
        return Wanted(slug=self.slug, newest_first=self.order == "desc", take=self.take, skip=self.skip)


def read_query(request: web.Request) -> TeamEventTypesQuery:
    """Read which event types are asked for.

    Raises
    ------
    RequestError
        If a parameter is wrong (400).
    """
    try:
        return TeamEventTypesQuery.model_validate(plain_parameters(request.query.items()))
    except ValidationError as error:
        raise query_error(error) from None


async def post_event_type(request: web.Request) -> web.Response:
    """Make an event type; a managed one is told with its children."""
    caller, place = caller_of(request), _place(request)
    settings = (await read_body(request, NewTeamEventTypeBody)).settings()

    async def make(_: DrawnUid | None) -> Family:
        # A slug is a team's only once, so that a second try cannot make a second one.
        return _family(await _keeper(request).add(caller, place, settings))

    return await created(request, make)


async def get_event_types(request: web.Request) -> web.Response:
    """List a team's event types."""
    query = read_query(request)
    found = await _keeper(request).listed(request.get(CALLER), _place(request), query.wanted)
    return success([team_event_type(kept, query.most_hosts) for kept in found])


async def get_organization_event_types(request: web.Request) -> web.Response:
    """List the event types of an organization's teams."""
    query, organization_id = read_query(request), path_id(request, "orgId")
    found = await _keeper(request).of_organization(caller_of(request), organization_id, query.wanted)
    return success([team_event_type(kept, query.most_hosts) for kept in found])


async def get_event_type(request: web.Request) -> web.Response:
    """Show an event type."""
    event_type_id = path_id(request, "eventTypeId")
    return success(team_event_type(await _keeper(request).shown(caller_of(request), _place(request), event_type_id)))


async def patch_event_type(request: web.Request) -> web.Response:
    """Change an event type; a managed one is told with its children."""
    caller, place, event_type_id = caller_of(request), _place(request), path_id(request, "eventTypeId")
    body = await read_body(request, TeamEventTypeBody)
    return success(_family(await _keeper(request).change(caller, place, event_type_id, body.applied_to)))


async def delete_event_type(request: web.Request) -> web.Response:
    """Remove an event type."""
    caller, event_type_id = caller_of(request), path_id(request, "eventTypeId")
    return success(removed_event_type(await _keeper(request).remove(caller, _place(request), event_type_id)))


def _family(kept: list[KeptEventType]) -> Family:
    """Return one event type, or a managed one and its children as a list."""
    told = [team_event_type(one) for one in kept]
    return told if kept[0].settings.scheduling is SchedulingType.MANAGED else told[0]


def _place(request: web.Request) -> TeamPlace:
    organization_id = path_id(request, "orgId") if "orgId" in request.match_info else None
    return TeamPlace(path_id(request, "teamId"), organization_id)


def _keeper(request: web.Request) -> TeamEventTypeKeeper:
    return request.app[USE_CASES].team_event_type_keeper
