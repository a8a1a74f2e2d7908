"""Every route, resource by resource.

A path that has one version answers by it whatever `cal-api-version` says: clients send that header per route, wrongly
or not at all. Where there are two, `by_version` chooses.
"""

from aiohttp import web

from app.api import (
    api_keys,
    batches,
    bookings,
    bookings_2024_04_15,
    calendars,
    event_types,
    event_types_2024_04_15,
    explain,
    health,
    managed_users,
    me,
    memberships,
    oauth_clients,
    organization_users,
    out_of_office,
    reservations,
    schedules,
    schedules_2024_04_15,
    slots,
    slots_2024_04_15,
    slots_batch,
    slots_stream,
    team_event_types,
    teams,
    webhooks,
)
from app.api.openapi import get_document
from app.api.state import Handler
from app.api.versions import Versions, by_version


def _schedules(newer: Handler, older: Handler) -> Handler:
    return by_version({"2024-06-11": newer, "2024-04-15": older})


def _event_types(newer: Handler, older: Handler) -> Handler:
    return by_version({"2024-06-14": newer, "2024-04-15": older})


def _bookings(newer: Handler, older: Handler) -> Handler:
    return by_version({"2024-08-13": newer, "2024-04-15": older})


_ORGANIZATION = "/organizations/{orgId}"
_MEMBER = _ORGANIZATION + "/users/{userId}"
_TEAM_EVENT_TYPES: list[tuple[str, str, Handler]] = [
    ("POST", "/event-types", team_event_types.post_event_type),
    ("GET", "/event-types", team_event_types.get_event_types),
    ("GET", "/event-types/{eventTypeId}", team_event_types.get_event_type),
    ("PATCH", "/event-types/{eventTypeId}", team_event_types.patch_event_type),
    ("DELETE", "/event-types/{eventTypeId}", team_event_types.delete_event_type),
]
_CLIENT = "/oauth-clients/{clientId}"
_TEAM = "/teams/{teamId}"

_OF_WEBHOOKS: list[tuple[str, str, Handler]] = [
    ("POST", "", webhooks.post_webhook),
    ("GET", "", webhooks.get_webhooks),
    ("GET", "/{webhookId}", webhooks.get_webhook),
    ("PATCH", "/{webhookId}", webhooks.patch_webhook),
    ("DELETE", "/{webhookId}", webhooks.delete_webhook),
]
_WEBHOOKS = [
    *((method, "/webhooks" + path, handler) for method, path, handler in _OF_WEBHOOKS),
    *(
        (method, place + path, handler)
        for place in ("/event-types/{eventTypeId}/webhooks", "/teams/{teamId}/event-types/{eventTypeId}/webhooks")
        for method, path, handler in [*_OF_WEBHOOKS, ("DELETE", "", webhooks.delete_webhooks)]
    ),
]
_V2: list[tuple[str, str, Handler]] = [
    ("GET", "/openapi.json", get_document),
    # 2024-09-04
    ("GET", "/slots", slots.get_slots),
    ("GET", "/slots/stream", slots_stream.get_slots_stream),
    ("POST", "/slots/batch", slots_batch.post_slots_batch),
    ("GET", "/slots/explain", explain.get_explanation),
    ("GET", "/slots/explain/times", explain.get_picture),
    ("POST", "/slots/reservations", reservations.post_reservation),
    ("POST", "/slots/reservations/batch", batches.post_batch),
    ("GET", "/slots/reservations/{uid}", reservations.get_reservation),
    ("PATCH", "/slots/reservations/{uid}", reservations.patch_reservation),
    ("DELETE", "/slots/reservations/{uid}", reservations.delete_reservation),
    # 2024-08-13 and 2024-04-15
    ("POST", "/bookings", _bookings(bookings.post_booking, bookings_2024_04_15.post_booking)),
    ("GET", "/bookings", _bookings(bookings.get_bookings, bookings_2024_04_15.get_bookings)),
    ("GET", "/bookings/by-seat/{seatUid}", bookings.get_booking_by_seat),
    ("GET", "/bookings/{uid}", _bookings(bookings.get_booking, bookings_2024_04_15.get_booking)),
    ("GET", "/bookings/{uid}/reschedule", bookings_2024_04_15.get_booking),
    ("POST", "/bookings/{uid}/reschedule", bookings.post_reschedule),
    ("POST", "/bookings/{uid}/cancel", _bookings(bookings.post_cancel, bookings_2024_04_15.post_cancel)),
    ("POST", "/bookings/{uid}/confirm", bookings.post_confirm),
    ("POST", "/bookings/{uid}/decline", bookings.post_decline),
    ("POST", "/bookings/{uid}/mark-absent", bookings.post_mark_absent),
    ("POST", "/bookings/{uid}/reassign", bookings.post_reassign),
    ("POST", "/bookings/{uid}/reassign/{userId}", bookings.post_reassign),
    ("GET", "/bookings/{uid}/attendees", bookings.get_attendees),
    ("POST", "/bookings/{uid}/attendees", bookings.post_attendee),
    ("GET", "/bookings/{uid}/attendees/{attendeeId}", bookings.get_attendee),
    ("POST", "/bookings/{uid}/guests", bookings.post_guests),
    ("PATCH", "/bookings/{uid}/location", bookings.patch_location),
    ("GET", "/bookings/{uid}/calendar-links", bookings.get_calendar_links),
    ("GET", "/teams/{teamId}/bookings", bookings.get_team_bookings),
    ("GET", f"{_ORGANIZATION}/bookings", bookings.get_organization_bookings),
    ("GET", f"{_ORGANIZATION}/teams/{{teamId}}/bookings", bookings.get_team_bookings),
    ("GET", f"{_MEMBER}/bookings", bookings.get_member_bookings),
    # Of one shape in all versions
    *_WEBHOOKS,
    ("GET", "/calendars", calendars.get_calendars),
    ("GET", "/calendars/busy-times", calendars.get_busy_times),
    ("POST", "/calendars/ics-feed/save", calendars.post_feeds),
    ("GET", "/calendars/ics-feed/check", calendars.get_feeds_check),
    ("POST", "/calendars/ics-feed/disconnect", calendars.post_feeds_disconnect),
    # 2024-04-15
    ("GET", "/slots/available", slots_2024_04_15.get_available),
    ("POST", "/slots/reserve", slots_2024_04_15.post_reserve),
    ("DELETE", "/slots/selected-slot", slots_2024_04_15.delete_selected_slot),
    # People and their schedules
    ("GET", "/me", me.get_me),
    ("PATCH", "/me", me.patch_me),
    ("GET", "/schedules", _schedules(schedules.get_schedules, schedules_2024_04_15.get_schedules)),
    ("POST", "/schedules", _schedules(schedules.post_schedule, schedules_2024_04_15.post_schedule)),
    (
        "GET",
        "/schedules/default",
        _schedules(schedules.get_default_schedule, schedules_2024_04_15.get_default_schedule),
    ),
    ("GET", "/schedules/{scheduleId}", _schedules(schedules.get_schedule, schedules_2024_04_15.get_schedule)),
    ("PATCH", "/schedules/{scheduleId}", _schedules(schedules.patch_schedule, schedules_2024_04_15.patch_schedule)),
    ("DELETE", "/schedules/{scheduleId}", schedules.delete_schedule),
    ("GET", "/me/ooo", out_of_office.get_entries),
    ("POST", "/me/ooo", out_of_office.post_entry),
    ("PATCH", "/me/ooo/{oooId}", out_of_office.patch_entry),
    ("DELETE", "/me/ooo/{oooId}", out_of_office.delete_entry),
    ("GET", "/teams/{teamId}/schedules", schedules.get_team_schedules),
    # Members of organizations
    ("GET", f"{_ORGANIZATION}/schedules", schedules.get_organization_schedules),
    ("GET", f"{_ORGANIZATION}/teams/{{teamId}}/schedules", schedules.get_team_schedules),
    ("GET", f"{_ORGANIZATION}/teams/{{teamId}}/users/{{userId}}/schedules", schedules.get_team_schedules),
    ("GET", f"{_MEMBER}/schedules", schedules.get_schedules),
    ("POST", f"{_MEMBER}/schedules", schedules.post_schedule),
    ("GET", f"{_MEMBER}/schedules/{{scheduleId}}", schedules.get_schedule),
    ("PATCH", f"{_MEMBER}/schedules/{{scheduleId}}", schedules.patch_schedule),
    ("DELETE", f"{_MEMBER}/schedules/{{scheduleId}}", schedules.delete_schedule),
    ("GET", f"{_ORGANIZATION}/ooo", out_of_office.get_organization_entries),
    ("GET", f"{_MEMBER}/ooo", out_of_office.get_entries),
    ("POST", f"{_MEMBER}/ooo", out_of_office.post_entry),
    ("PATCH", f"{_MEMBER}/ooo/{{oooId}}", out_of_office.patch_entry),
    ("DELETE", f"{_MEMBER}/ooo/{{oooId}}", out_of_office.delete_entry),
    # 2024-06-14 and 2024-04-15
    ("POST", "/event-types", _event_types(event_types.post_event_type, event_types_2024_04_15.post_event_type)),
    ("GET", "/event-types", _event_types(event_types.get_event_types, event_types_2024_04_15.get_event_types)),
    (
        "GET",
        "/event-types/{eventTypeId}",
        _event_types(event_types.get_event_type, event_types_2024_04_15.get_event_type),
    ),
    (
        "PATCH",
        "/event-types/{eventTypeId}",
        _event_types(event_types.patch_event_type, event_types_2024_04_15.patch_event_type),
    ),
    (
        "DELETE",
        "/event-types/{eventTypeId}",
        _event_types(event_types.delete_event_type, event_types_2024_04_15.delete_event_type),
    ),
    # Teams' event types
    ("GET", "/organizations/{orgId}/teams/event-types", team_event_types.get_organization_event_types),
    *(
        (method, team + path, handler)
        for team in ("/teams/{teamId}", "/organizations/{orgId}/teams/{teamId}")
        for method, path, handler in _TEAM_EVENT_TYPES
    ),
    ("GET", f"{_ORGANIZATION}/users", organization_users.get_users),
    ("POST", f"{_ORGANIZATION}/users", organization_users.post_user),
    ("PATCH", _MEMBER, organization_users.patch_user),
    ("DELETE", _MEMBER, organization_users.delete_user),
    # Credentials: API keys, OAuth clients and the users that these manage
    ("POST", "/api-keys/refresh", api_keys.post_refresh),
    ("GET", "/oauth-clients", oauth_clients.get_clients),
    ("POST", "/oauth-clients", oauth_clients.post_client),
    ("GET", _CLIENT, oauth_clients.get_client),
    ("PATCH", _CLIENT, oauth_clients.patch_client),
    ("DELETE", _CLIENT, oauth_clients.delete_client),
    ("GET", f"{_CLIENT}/users", managed_users.get_users),
    ("POST", f"{_CLIENT}/users", managed_users.post_user),
    ("GET", f"{_CLIENT}/users/{{userId}}", managed_users.get_user),
    ("PATCH", f"{_CLIENT}/users/{{userId}}", managed_users.patch_user),
    ("DELETE", f"{_CLIENT}/users/{{userId}}", managed_users.delete_user),
    ("POST", f"{_CLIENT}/users/{{userId}}/force-refresh", managed_users.post_force_refresh),
    ("POST", "/oauth/{clientId}/refresh", managed_users.post_refresh),
    # Teams, and who belongs to them and to organizations
    ("GET", "/teams", teams.get_teams),
    ("POST", "/teams", teams.post_team),
    ("GET", f"{_ORGANIZATION}/teams", teams.get_organization_teams),
    ("POST", f"{_ORGANIZATION}/teams", teams.post_team),
    ("GET", f"{_ORGANIZATION}/teams/me", teams.get_teams),
    *(
        route
        for team in (_TEAM, _ORGANIZATION + _TEAM)
        for route in (
            ("GET", team, teams.get_team),
            ("PATCH", team, teams.patch_team),
            ("DELETE", team, teams.delete_team),
        )
    ),
    *(
        route
        for group in (_TEAM, _ORGANIZATION + _TEAM, _ORGANIZATION)
        for route in (
            ("GET", f"{group}/memberships", memberships.get_memberships),
            ("POST", f"{group}/memberships", memberships.post_membership),
            ("GET", f"{group}/memberships/{{membershipId}}", memberships.get_membership),
            ("PATCH", f"{group}/memberships/{{membershipId}}", memberships.patch_membership),
            ("DELETE", f"{group}/memberships/{{membershipId}}", memberships.delete_membership),
        )
    ),
]
_HEALTH: list[tuple[str, str, Handler]] = [
    ("GET", "/health/live", health.get_live),
    ("GET", "/health/ready", health.get_ready),
]


ROUTES: list[tuple[str, str, Handler]] = [*_HEALTH, *((method, f"/v2{path}", handler) for method, path, handler in _V2)]
"""Method, path and handler of each route."""


def add_routes(app: web.Application) -> None:
    """Add the routes; `/api/v2` is an alias of `/v2`.

    Each is there with and without a trailing slash: a redirect would lose what some clients send.
    """
    aliases = [(method, f"/api{path}", handler) for method, path, handler in ROUTES if path.startswith("/v2/")]
    for method, path, handler in (*ROUTES, *aliases):
        for spelling in (path, path + "/"):
            # aiohttp takes functions alone.
            answer = handler.__call__ if isinstance(handler, Versions) else handler
            if method == "GET":
                app.router.add_get(spelling, answer)  # HEAD too: some balancers ask so.
            else:
                app.router.add_route(method, spelling, answer)
