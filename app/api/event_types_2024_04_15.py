"""`/v2/event-types`, the older version 2024-04-15: for clients with no, or an older, version header.

Event types come in groups, of which there is one here, one's own; a length is called `length`.
"""

from typing import Any, Literal, cast

from aiohttp import web
from pydantic import Field
from typing_extensions import TypedDict

from app.api.bodies import read_body, success
from app.api.credentials import caller_of, user_of
from app.api.event_type_answers import title_of
from app.api.event_type_bodies import UNSAID, EventTypeBody, NewEventTypeBody
from app.api.event_type_shapes import LocationData
from app.api.event_types import keeper, origin, read_query
from app.api.idempotency import created
from app.api.paths import path_id
from app.api.state import CALLER
from app.fields import EventMinutes
from app.services.event_types import KeptEventType, PersonName
from app.services.ports import DrawnUid


class OlderEventTypeBody(EventTypeBody):
    """What is to be different of an event type, whose length is called `length`."""

    length: EventMinutes = Field(UNSAID, alias="length")


class NewOlderEventTypeBody(NewEventTypeBody):
    """An event type to make, whose length is called `length`."""

    length: EventMinutes = Field(alias="length")


async def post_event_type(request: web.Request) -> web.Response:
    """Make an event type."""
    user_id, settings = user_of(request), (await read_body(request, NewOlderEventTypeBody)).settings()

    async def make(_: DrawnUid | None) -> OlderEventTypeData:
        # A slug is one's own only once, so that a second try cannot make a second one.
        return _event_type(await keeper(request).add(user_id, settings))

    return await created(request, make)


async def get_event_types(request: web.Request) -> web.Response:
    """List the event types of somebody by name, or one's own, in one group."""
    query = read_query(request)
    if query.username is None:
        found = await keeper(request).own(user_of(request), query.wanted)
    else:
        name = PersonName(query.username, query.organization_slug, query.organization_id)
        found = await keeper(request).of_person(name, query.wanted, request.get(CALLER))
    told: OlderEventTypeGroups = {"eventTypeGroups": [_group(found, origin(request))], "profiles": _profiles(found)}
    return success(told)


async def get_event_type(request: web.Request) -> web.Response:
    """Show an event type to those who have to do with it."""
    kept = await keeper(request).shown(caller_of(request), path_id(request, "eventTypeId"))
    told: OneOlderEventType = {"eventType": _event_type(kept)}
    return success(told)


async def patch_event_type(request: web.Request) -> web.Response:
    """Change an event type of one's own."""
    user_id, event_type_id = user_of(request), path_id(request, "eventTypeId")
    body = await read_body(request, OlderEventTypeBody)
    return success(_event_type(await keeper(request).change(user_id, event_type_id, body.applied_to)))


async def delete_event_type(request: web.Request) -> web.Response:
    """Remove an event type of one's own."""
    kept = await keeper(request).remove(user_of(request), path_id(request, "eventTypeId"))
    settings = kept.settings
    removed: OlderRemovedEventType = {
        "id": kept.id,
        "length": settings.length,
        "slug": settings.slug,
        "title": title_of(settings),
    }
    return success(removed)


# Answers -------------------------------------------------------------------------------------------------------------


class OlderEventTypeData(TypedDict):
    """An event type."""

    id: int
    length: int
    slug: str
    title: str
    description: str | None
    hidden: bool
    locations: list[LocationData]
    schedulingType: Literal["collective", "roundRobin", "managed"] | None
    userId: int | None
    teamId: int | None
    scheduleId: int | None
    slotInterval: int | None
    minimumBookingNotice: int
    beforeEventBuffer: int
    afterEventBuffer: int
    seatsPerTimeSlot: int | None
    requiresConfirmation: bool
    metadata: dict[str, Any]


class OneOlderEventType(TypedDict):
    """An event type that was asked for by its id."""

    eventType: OlderEventTypeData


class OlderRemovedEventType(TypedDict):
    """An event type that is gone."""

    id: int
    length: int
    slug: str
    title: str


class GroupProfile(TypedDict):
    """Whose the event types of a group are; null of nobody's."""

    slug: str | None
    name: str | None
    image: None


class Profile(GroupProfile):
    """Who keeps event types."""

    teamId: None


class GroupMetadata(TypedDict):
    """How many keep the event types of a group, and whether they can be changed."""

    membershipCount: int
    readOnly: bool


class EventTypeGroup(TypedDict):
    """The event types of one person."""

    teamId: None
    bookerUrl: str
    membershipRole: None
    profile: Profile | GroupProfile
    metadata: GroupMetadata
    eventTypes: list[OlderEventTypeData]


class OlderEventTypeGroups(TypedDict):
    """Event types in groups, of which there is one here."""

    eventTypeGroups: list[EventTypeGroup]
    profiles: list[Profile]


def _group(found: list[KeptEventType], where: str) -> EventTypeGroup:
    profiles = _profiles(found)
    return {
        "teamId": None,
        "bookerUrl": where,
        "membershipRole": None,
        "profile": profiles[0] if profiles else {"slug": None, "name": None, "image": None},
        "metadata": {"membershipCount": 1, "readOnly": False},
        "eventTypes": [_event_type(kept) for kept in found],
    }


def _profiles(found: list[KeptEventType]) -> list[Profile]:
    owner = found[0].owner if found else None
    if owner is None:
        return []
    return [{"slug": owner.username, "name": owner.name or owner.username, "image": None, "teamId": None}]


def _event_type(kept: KeptEventType) -> OlderEventTypeData:
    settings = kept.settings
    return {
        "id": kept.id,
        "length": settings.length,
        "slug": settings.slug,
        "title": title_of(settings),
        "description": settings.description,
        "hidden": settings.hidden,
        "locations": cast("list[LocationData]", list(settings.locations)),
        "schedulingType": settings.scheduling.value,
        "userId": kept.owner.id if kept.owner else None,
        "teamId": kept.team_id,
        "scheduleId": settings.schedule_id,
        "slotInterval": settings.slot_interval,
        "minimumBookingNotice": settings.minimum_notice,
        "beforeEventBuffer": settings.before_buffer,
        "afterEventBuffer": settings.after_buffer,
        "seatsPerTimeSlot": settings.seats.per_slot if settings.seats else None,
        "requiresConfirmation": settings.confirmation is not None,
        "metadata": settings.more.get("metadata", {}),
    }
