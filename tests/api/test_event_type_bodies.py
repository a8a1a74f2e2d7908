"""Bodies about event types: what is wrong with one is told field by field."""

from typing import Any

import pytest

from app.api.bodies import validated
from app.api.errors import RequestError
from app.api.event_type_bodies import EventTypeBody, NewEventTypeBody, NewTeamEventTypeBody
from app.domain.event_type import HostEntry
from app.domain.event_type_settings import EventTypeSettings

NEW = {"lengthInMinutes": 30, "title": "Chat", "slug": "chat"}
NEW_OF_TEAM = {**NEW, "schedulingType": "collective"}


def wrong_fields(body: dict[str, Any], model: type[EventTypeBody]) -> list[str]:
    with pytest.raises(RequestError) as refused:
        validated(body, model)
    assert refused.value.status == 400
    return [error.property for error in refused.value.errors]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"lengthInMinutes": 0}, ["lengthInMinutes"]),
        ({"lengthInMinutes": 10_081}, ["lengthInMinutes"]),
        ({"lengthInMinutes": None, "title": "", "slug": 5}, ["title", "slug", "lengthInMinutes"]),
        ({"lengthInMinutesOptions": [30] * 51}, ["lengthInMinutesOptions"]),
        ({"beforeEventBuffer": 1_441, "afterEventBuffer": -1}, ["beforeEventBuffer", "afterEventBuffer"]),
        ({"minimumBookingNotice": "soon"}, ["minimumBookingNotice"]),
        ({"bookingLimitsCount": {"day": 0}}, ["bookingLimitsCount.day"]),
        ({"bookingLimitsDuration": {"week": 2**31}}, ["bookingLimitsDuration.week"]),
        ({"bookingWindow": {"type": "moons", "value": 1}}, ["bookingWindow.type"]),
        ({"bookingWindow": {"type": "calendarDays", "value": -1}}, ["bookingWindow.value"]),
        ({"bookingWindow": {"type": "calendarDays", "value": "30"}}, ["bookingWindow.value"]),
        ({"bookingWindow": {"type": "range", "value": ["2050-09-05"]}}, ["bookingWindow.value"]),
        ({"bookingWindow": {"type": "range", "value": ["2050-09-05", "2050-09-01"]}}, ["bookingWindow.value"]),
        ({"seats": {"seatsPerTimeSlot": 0}}, ["seats.seatsPerTimeSlot"]),
        ({"confirmationPolicy": {"type": "time"}}, ["confirmationPolicy"]),
        ({"recurrence": {"interval": 1, "occurrences": 2, "frequency": "weekly"}}, ["recurrence"]),
        ({"locations": [{"type": "moon"}]}, ["locations.0.type"]),
        ({"locations": [{"type": "link"}]}, ["locations.0"]),
        ({"bookingFields": [{"type": "text", "slug": "a", "label": "A"}]}, ["bookingFields.0"]),
        ({"bookingFields": [{"slug": "notes"}, {"slug": "notes"}]}, ["bookingFields"]),
        ({"metadata": {"a": {"b": 1}}}, ["metadata.a"]),
        ({"metadata": {"a": "\0"}}, ["metadata.a"]),
        ({"title": "\0"}, ["title"]),
        ({"slug": "c a/ll?#"}, ["slug"]),
        ({"slug": ""}, ["slug"]),
        ({"slug": ".."}, ["slug"]),
        ({"slug": "chat\n"}, ["slug"]),
        ({"slug": "x" * 101}, ["slug"]),
    ],
)
def test_every_wrong_field_is_named(body: dict[str, Any], wrong: list[str]) -> None:
    assert wrong_fields({**NEW, **body}, NewEventTypeBody) == wrong


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"hosts": [{"userId": 1}, {"userId": 1}]}, ["hosts"]),
        ({"hosts": [{"userId": user_id} for user_id in range(1, 502)]}, ["hosts"]),
        ({"hosts": [{"userId": 1, "priority": "urgent"}]}, ["hosts.0.priority"]),
        ({"hosts": [{"userId": 2**31}]}, ["hosts.0.userId"]),
        ({"hosts": [{"userId": 1}], "assignAllTeamMembers": True}, ["assignAllTeamMembers"]),
        ({"schedulingType": "solo"}, ["schedulingType"]),
        ({"schedulingType": None}, ["schedulingType"]),
    ],
)
def test_so_with_teams(body: dict[str, Any], wrong: list[str]) -> None:
    assert wrong_fields({**NEW_OF_TEAM, **body}, NewTeamEventTypeBody) == wrong


@pytest.mark.parametrize("slug", ["chat", "Long-Talk_2", "30min", "x" * 100])
def test_slugs_that_addresses_can_hold(slug: str) -> None:
    assert validated({**NEW, "slug": slug}, NewEventTypeBody).settings().slug == slug


def test_a_new_event_type_needs_a_title_a_slug_and_a_length() -> None:
    assert wrong_fields({}, NewEventTypeBody) == ["title", "slug", "lengthInMinutes"]


def test_unknown_fields_are_dropped() -> None:
    settings = validated({**NEW, "ownerId": 5, "color": None, "more": {"a": 1}}, NewEventTypeBody).settings()
    assert settings == EventTypeSettings(slug="chat", title="Chat", length=30)


def test_a_hosts_priority_is_a_number() -> None:
    host = {"userId": 1.0, "priority": "lowest", "weight": 10}
    settings = validated({**NEW_OF_TEAM, "hosts": [host]}, NewTeamEventTypeBody).settings()
    assert settings.host_entries == (HostEntry(user_id=1, priority=0, weight=10),)
