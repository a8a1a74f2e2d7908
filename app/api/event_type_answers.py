"""Event types as they are told, version 2024-06-14."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.api.event_type_parts import PRIORITIES, USUAL_FIELDS
from app.domain.booking_window import BookingWindow, DateRange
from app.domain.event_type import EventTypeRules, HostEntry, Person, SchedulingType
from app.domain.event_type_settings import ConfirmationPolicy, EventTypeSettings, Seats
from app.domain.limits import Limit
from app.services.event_types import KeptEventType, Somebody, SomeTeam

NOT_SET = {"disabled": True}
"""How the API says, and hears, that something is not set."""

_USUAL_FIELDS: dict[str, dict[str, Any]] = {
    "name": {"type": "name", "required": True},
    "email": {"type": "email", "required": True},
    "title": {"type": "text", "required": True, "hidden": True},
    "location": {"type": "radioInput", "required": False, "hidden": False},
    "notes": {"type": "textarea", "required": False, "hidden": False},
    "guests": {"type": "multiemail", "required": False, "hidden": False},
    "rescheduleReason": {"type": "textarea", "required": False, "hidden": False},
}
"""What the usual questions are like where nothing else was said."""

_UNLESS_SENT: dict[str, Any] = {
    "bookingRequiresAuthentication": False,
    "disableGuests": False,
    "lockTimeZoneToggleOnBookingPage": False,
    "metadata": {},
    "successRedirectUrl": None,
}
"""Fields without meaning here that an answer always has."""

_SAME_FOR_ALL: dict[str, Any] = {
    "price": 0,
    "currency": "usd",
    "recurrence": None,
    "isInstantEvent": False,
    "forwardParamsSuccessRedirect": None,
}
"""What is not to be had here, as the peer says so."""


def own_event_type(kept: KeptEventType, origin: str) -> dict[str, Any]:
    """Return a person's event type; `origin` is this service's."""
    owner = kept.owner
    username = owner.username if owner else ""
    return {
        "id": kept.id,
        "ownerId": owner.id if owner else None,
        **_told(kept.settings),
        "users": [_user(owner)] if owner else [],
        "bookingUrl": f"{origin}/{username}/{kept.settings.slug}",
    }


def team_event_type(kept: KeptEventType, most_hosts: int | None = None) -> dict[str, Any]:
    """Return a team's event type, or a managed one's child, with at most so many hosts."""
    settings = kept.settings
    entries = {entry.user_id: entry for entry in settings.host_entries}
    together = settings.scheduling is SchedulingType.COLLECTIVE
    return {
        "id": kept.id,
        "teamId": kept.team.id if kept.team else None,
        "ownerId": kept.owner.id if kept.owner else None,
        "parentEventTypeId": kept.parent_id,
        "schedulingType": settings.scheduling.value,
        **_told(settings),
        "assignAllTeamMembers": settings.assign_all_members,
        "rrHostSubsetEnabled": settings.subset_enabled,
        "hosts": [
            _host(host, entries.get(host.id) or HostEntry(user_id=host.id), together=together)
            for host in kept.hosts[:most_hosts]
        ],
        "team": kept.team and _team(kept.team),
    }


def shown_event_type(kept: KeptEventType, origin: str) -> dict[str, Any]:
    """Return an event type, whosever it is."""
    return team_event_type(kept) if kept.owner is None else own_event_type(kept, origin)


def removed_event_type(kept: KeptEventType) -> dict[str, Any]:
    """Return what is told of an event type that is gone."""
    settings = kept.settings
    return {
        "id": kept.id,
        "lengthInMinutes": settings.length,
        "title": title_of(settings),
        "slug": settings.slug,
    }


def dynamic_event_type(rules: EventTypeRules, origin: str) -> dict[str, Any]:
    """Return the event of several people, which is made up as it is asked for and has the id 0."""
    people = [rules.people[entry.user_id] for entry in rules.event_type.host_entries]
    settings = EventTypeSettings(
        slug="dynamic",
        title="Dynamic",
        length=rules.event_type.length,
        minimum_notice=rules.event_type.minimum_notice,
        hidden=True,
    )
    return {
        "id": 0,
        "ownerId": 0,
        **_told(settings),
        "users": [_user(_somebody(person)) for person in people],
        "bookingUrl": f"{origin}/{'+'.join(person.username for person in people)}/dynamic",
    }


def title_of(settings: EventTypeSettings) -> str:
    """Return the title; what came from a file without one is called by its slug."""
    return settings.title or settings.slug


def _told(settings: EventTypeSettings) -> dict[str, Any]:
    """Return what all event types tell."""
    return {
        **_SAME_FOR_ALL,
        **_UNLESS_SENT,
        **settings.more,
        "lengthInMinutes": settings.length,
        **({"lengthInMinutesOptions": settings.lengths} if settings.lengths else {}),
        "title": title_of(settings),
        "slug": settings.slug,
        "description": settings.description or "",
        "locations": settings.locations,
        "bookingFields": _booking_fields(settings),
        "slotInterval": settings.slot_interval,
        "minimumBookingNotice": settings.minimum_notice,
        "beforeEventBuffer": settings.before_buffer,
        "afterEventBuffer": settings.after_buffer,
        "offsetStart": settings.offset_start,
        "scheduleId": settings.schedule_id,
        "onlyShowFirstAvailableSlot": settings.only_first_slot,
        "showOptimizedSlots": settings.optimized_slots,
        "bookingLimitsCount": _limits(settings.count_limits),
        "bookingLimitsDuration": _limits(settings.duration_limits),
        "bookingWindow": _window(settings.booking_window),
        "confirmationPolicy": _confirmation(settings.confirmation),
        "hidden": settings.hidden,
        **_seats(settings.seats),
    }


def _booking_fields(settings: EventTypeSettings) -> list[dict[str, Any]]:
    """Return the usual questions, as they were changed, then the event type's own."""
    sent: Mapping[str, Mapping[str, Any]] = {one["slug"]: one for one in settings.booking_fields}
    usual = [
        {**_USUAL_FIELDS[slug], **sent.get(slug, {}), "slug": slug, "isDefault": True}
        for slug in USUAL_FIELDS
        if slug != "location" or len(settings.locations) > 1
    ]
    return usual + [{**one, "isDefault": False} for slug, one in sent.items() if slug not in USUAL_FIELDS]


def _limits(limits: Iterable[Limit]) -> Mapping[str, object]:
    return {limit.period.value: limit.most for limit in limits} or NOT_SET


def _window(window: BookingWindow | None) -> Mapping[str, object]:
    if window is None:
        return NOT_SET
    if isinstance(window, DateRange):
        return {"type": "range", "value": [window.first.isoformat(), window.last.isoformat()]}
    kind = "businessDays" if window.business else "calendarDays"
    return {"type": kind, "value": window.days, "rolling": window.rolling}


def _confirmation(policy: ConfirmationPolicy | None) -> Mapping[str, object]:
    if policy is None:
        return NOT_SET
    notice = policy.notice
    threshold = {"noticeThreshold": {"unit": notice.unit, "count": notice.count}} if notice else {}
    return {
        "type": "time" if notice else "always",
        **threshold,
        "blockUnconfirmedBookingsInBooker": policy.pending_blocks,
    }


def _seats(seats: Seats | None) -> Mapping[str, object]:
    if seats is None:
        return {"seatsPerTimeSlot": None, "seatsShowAvailabilityCount": None}
    told = {
        "seatsPerTimeSlot": seats.per_slot,
        "showAttendeeInfo": seats.show_attendees,
        "showAvailabilityCount": seats.show_left,
    }
    return {
        "seats": told,
        "seatsPerTimeSlot": seats.per_slot,
        "seatsShowAvailabilityCount": seats.show_left,
    }


def _host(host: Somebody, entry: HostEntry, *, together: bool) -> dict[str, Any]:
    return {
        "userId": host.id,
        "name": host.name or host.username,
        "username": host.username,
        "avatarUrl": None,
        "mandatory": together or entry.mandatory,
        "priority": PRIORITIES[entry.priority],
        "weight": entry.weight,
        "groupId": entry.group,
    }


def _somebody(person: Person) -> Somebody:
    return Somebody(id=person.id, username=person.username, name=None)


def _user(person: Somebody) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name or person.username,
        "username": person.username,
        "avatarUrl": None,
        "weekStart": "Sunday",
        "brandColor": None,
        "darkBrandColor": None,
        "metadata": {},
    }


def _team(team: SomeTeam) -> dict[str, Any]:
    return {
        "id": team.id,
        "slug": team.slug,
        "name": team.name or team.slug,
        "bannerUrl": None,
        "logoUrl": None,
        "weekStart": "Sunday",
        "brandColor": None,
        "darkBrandColor": None,
        "theme": None,
    }
