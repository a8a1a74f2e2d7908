"""Event types as they are told, version 2024-06-14."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from app.api.event_type_parts import PRIORITIES, USUAL_FIELDS
from app.api.event_type_shapes import (
    BookingFieldData,
    ConfirmationData,
    DateRangeData,
    DaysAheadData,
    EventTypeData,
    EventTypeHost,
    EventTypeTeam,
    KeptAlwaysTold,
    KeptIfSent,
    LengthsTold,
    LimitsData,
    LocationData,
    NotSet,
    RemovedEventType,
    SameForAll,
    SeatsTold,
    SettingsData,
    TeamEventTypeData,
    UserData,
)
from app.domain.booking_window import BookingWindow, DateRange
from app.domain.event_type import EventTypeRules, HostEntry, Person, SchedulingType
from app.domain.event_type_settings import ConfirmationPolicy, EventTypeSettings, Seats
from app.domain.limits import Limit
from app.services.event_types import KeptEventType, Somebody, SomeTeam

NOT_SET: NotSet = {"disabled": True}
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

_UNLESS_SENT: KeptAlwaysTold = {
    "bookingRequiresAuthentication": False,
    "disableGuests": False,
    "lockTimeZoneToggleOnBookingPage": False,
    "metadata": {},
    "successRedirectUrl": None,
}
"""Fields without meaning here that an answer always has."""

_SAME_FOR_ALL: SameForAll = {
    "price": 0,
    "currency": "usd",
    "recurrence": None,
    "isInstantEvent": False,
    "forwardParamsSuccessRedirect": None,
}
"""What is not to be had here, as the peer says so."""


def own_event_type(kept: KeptEventType, origin: str) -> EventTypeData:
    """Return a person's event type; `origin` is this service's."""
    owner = cast("Somebody", kept.owner)
    return {
        "id": kept.id,
        "ownerId": owner.id,
        **_told(kept.settings),
        "users": [_user(owner)],
        "bookingUrl": f"{origin}/{owner.username}/{kept.settings.slug}",
    }


def team_event_type(kept: KeptEventType, most_hosts: int | None = None) -> TeamEventTypeData:
    """Return a team's event type, or a managed one's child, with at most so many hosts."""
    settings, team = kept.settings, cast("SomeTeam", kept.team)
    entries = {entry.user_id: entry for entry in settings.host_entries}
    together = settings.scheduling is SchedulingType.COLLECTIVE
    return {
        "id": kept.id,
        "teamId": team.id,
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
        "team": _team(team),
    }


def shown_event_type(kept: KeptEventType, origin: str) -> EventTypeData | TeamEventTypeData:
    """Return an event type, whosever it is."""
    return team_event_type(kept) if kept.owner is None else own_event_type(kept, origin)


def removed_event_type(kept: KeptEventType) -> RemovedEventType:
    """Return what is told of an event type that is gone."""
    settings = kept.settings
    return {
        "id": kept.id,
        "lengthInMinutes": settings.length,
        "title": title_of(settings),
        "slug": settings.slug,
    }


def dynamic_event_type(rules: EventTypeRules, origin: str) -> EventTypeData:
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


def _told(settings: EventTypeSettings) -> SettingsData:
    """Return what all event types tell."""
    return {
        **_SAME_FOR_ALL,
        **_UNLESS_SENT,
        **cast("KeptIfSent", settings.more),
        **_lengths(settings),
        "title": title_of(settings),
        "slug": settings.slug,
        "description": settings.description or "",
        "locations": cast("list[LocationData]", list(settings.locations)),
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


def _lengths(settings: EventTypeSettings) -> LengthsTold:
    if not settings.lengths:
        return {"lengthInMinutes": settings.length}
    return {"lengthInMinutes": settings.length, "lengthInMinutesOptions": list(settings.lengths)}


def _booking_fields(settings: EventTypeSettings) -> list[BookingFieldData]:
    """Return the usual questions, as they were changed, then the event type's own."""
    sent: Mapping[str, Mapping[str, Any]] = {one["slug"]: one for one in settings.booking_fields}
    usual = [
        {**_USUAL_FIELDS[slug], **sent.get(slug, {}), "slug": slug, "isDefault": True}
        for slug in USUAL_FIELDS
        if slug != "location" or len(settings.locations) > 1
    ]
    own = [{**one, "isDefault": False} for slug, one in sent.items() if slug not in USUAL_FIELDS]
    return cast("list[BookingFieldData]", usual + own)


def _limits(limits: Iterable[Limit]) -> LimitsData | NotSet:
    told = {limit.period.value: limit.most for limit in limits}
    return cast("LimitsData", told) if told else NOT_SET


def _window(window: BookingWindow | None) -> DaysAheadData | DateRangeData | NotSet:
    if window is None:
        return NOT_SET
    if isinstance(window, DateRange):
        return {"type": "range", "value": [window.first.isoformat(), window.last.isoformat()]}
    return {
        "type": "businessDays" if window.business else "calendarDays",
        "value": window.days,
        "rolling": window.rolling,
    }


def _confirmation(policy: ConfirmationPolicy | None) -> ConfirmationData | NotSet:
    if policy is None:
        return NOT_SET
    notice, blocks = policy.notice, policy.pending_blocks
    if notice is None:
        return {"type": "always", "blockUnconfirmedBookingsInBooker": blocks}
    return {
        "type": "time",
        "noticeThreshold": {"unit": notice.unit, "count": notice.count},
        "blockUnconfirmedBookingsInBooker": blocks,
    }


def _seats(seats: Seats | None) -> SeatsTold:
    if seats is None:
        return {"seatsPerTimeSlot": None, "seatsShowAvailabilityCount": None}
    return {
        "seats": {
            "seatsPerTimeSlot": seats.per_slot,
            "showAttendeeInfo": seats.show_attendees,
            "showAvailabilityCount": seats.show_left,
        },
        "seatsPerTimeSlot": seats.per_slot,
        "seatsShowAvailabilityCount": seats.show_left,
    }


def _host(host: Somebody, entry: HostEntry, *, together: bool) -> EventTypeHost:
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


def _user(person: Somebody) -> UserData:
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


def _team(team: SomeTeam) -> EventTypeTeam:
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
