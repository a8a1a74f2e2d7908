"""`/v2/event-types`, the older version 2024-04-15: for clients with no, or an older, version header.

Event types come in groups, of which there is one here, one's own; a length is called `length`.
"""

from typing import Any

from aiohttp import web
from pydantic import Field

from app.api.bodies import read_body, success
from app.api.credentials import caller_of, user_of
from app.api.event_type_answers import title_of
from app.api.event_type_bodies import EventTypeBody, NewEventTypeBody
from app.api.event_types import keeper, origin, read_query
from app.api.idempotency import created
from app.api.paths import path_id
from app.api.state import CALLER
from app.fields import EventMinutes
from app.services.event_types import KeptEventType, PersonName
from app.services.ports import DrawnUid


class OlderEventTypeBody(EventTypeBody):
    """The body of a PATCH."""

    length: EventMinutes = Field(0, alias="length")


class NewOlderEventTypeBody(NewEventTypeBody):
    """The body of a POST."""

    length: EventMinutes = Field(alias="length")


async def post_event_type(request: web.Request) -> web.Response:
    """Make an event type."""
    user_id, settings = user_of(request), (await read_body(request, NewOlderEventTypeBody)).settings()

    async def make(_: DrawnUid | None) -> dict[str, Any]:
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
    return success({"eventTypeGroups": [_group(found, origin(request))], "profiles": _profiles(found)})


async def get_event_type(request: web.Request) -> web.Response:
    """Show an event type to those who have to do with it."""
    kept = await keeper(request).shown(caller_of(request), path_id(request, "eventTypeId"))
    return success({"eventType": _event_type(kept)})


async def patch_event_type(request: web.Request) -> web.Response:
    """Change an event type of one's own."""
    user_id, event_type_id = user_of(request), path_id(request, "eventTypeId")
    body = await read_body(request, OlderEventTypeBody)
    return success(_event_type(await keeper(request).change(user_id, event_type_id, body.applied_to)))


async def delete_event_type(request: web.Request) -> web.Response:
    """Remove an event type of one's own."""
    kept = await keeper(request).remove(user_of(request), path_id(request, "eventTypeId"))
    settings = kept.settings
    removed = {"id": kept.id, "length": settings.length, "slug": settings.slug, "title": title_of(settings)}
    return success(removed)


def _group(found: list[KeptEventType], where: str) -> dict[str, Any]:
    profiles = _profiles(found)
    return {
        "teamId": None,
        "bookerUrl": where,
        "membershipRole": None,
        "profile": profiles[0] if profiles else {"slug": None, "name": None, "image": None},
        "metadata": {"membershipCount": 1, "readOnly": False},
        "eventTypes": [_event_type(kept) for kept in found],
    }


def _profiles(found: list[KeptEventType]) -> list[dict[str, Any]]:
    owner = found[0].owner if found else None
    if owner is None:
        return []
    return [{"slug": owner.username, "name": owner.name or owner.username, "image": None, "teamId": None}]


def _event_type(kept: KeptEventType) -> dict[str, Any]:
    settings = kept.settings
    return {
        "id": kept.id,
        "length": settings.length,
        "slug": settings.slug,
        "title": title_of(settings),
        "description": settings.description,
        "hidden": settings.hidden,
        "locations": settings.locations,
        "schedulingType": settings.scheduling.value,
        "userId": kept.owner.id if kept.owner else None,
        "teamId": kept.team_id,
        "scheduleId": settings.schedule_id,
        "slotInterval": settings.slot_interval,
        "minimumBookingNotice": settings.minimum_notice,
        "beforeEventBuffer": settings.before_buffer,
        "afterEventBuffer": settings.after_buffer,
        "seatsPerTimeSlot": settings.seats and settings.seats.per_slot,
        "requiresConfirmation": settings.confirmation is not None,
        "metadata": settings.more.get("metadata", {}),
    }
