"""Every route on one screen.

A path that has one version answers by it whatever `cal-api-version` says: clients send that header per route, wrongly
or not at all. Where there are two, `by_version` chooses.
"""

from aiohttp import web

from app.api import (
    batches,
    event_types,
    event_types_2024_04_15,
    explain,
    health,
    reservations,
    slots,
    slots_2024_04_15,
    team_event_types,
)
from app.api.state import Handler
from app.api.versions import by_version


def _both(newer: Handler, older: Handler) -> Handler:
    return by_version({"2024-06-14": newer, "2024-04-15": older})


_TEAM_EVENT_TYPES: list[tuple[str, str, Handler]] = [
    ("POST", "/event-types", team_event_types.post_event_type),
    ("GET", "/event-types", team_event_types.get_event_types),
    ("GET", "/event-types/{eventTypeId}", team_event_types.get_event_type),
    ("PATCH", "/event-types/{eventTypeId}", team_event_types.patch_event_type),
    ("DELETE", "/event-types/{eventTypeId}", team_event_types.delete_event_type),
]
_V2: list[tuple[str, str, Handler]] = [
    # 2024-09-04
    ("GET", "/slots", slots.get_slots),
    ("GET", "/slots/explain", explain.get_explanation),
    ("POST", "/slots/reservations", reservations.post_reservation),
    ("POST", "/slots/reservations/batch", batches.post_batch),
    ("GET", "/slots/reservations/{uid}", reservations.get_reservation),
    ("PATCH", "/slots/reservations/{uid}", reservations.patch_reservation),
    ("DELETE", "/slots/reservations/{uid}", reservations.delete_reservation),
    # 2024-04-15
    ("GET", "/slots/available", slots_2024_04_15.get_available),
    ("POST", "/slots/reserve", slots_2024_04_15.post_reserve),
    ("DELETE", "/slots/selected-slot", slots_2024_04_15.delete_selected_slot),
    # 2024-06-14 and 2024-04-15
    ("POST", "/event-types", _both(event_types.post_event_type, event_types_2024_04_15.post_event_type)),
    ("GET", "/event-types", _both(event_types.get_event_types, event_types_2024_04_15.get_event_types)),
    ("GET", "/event-types/{eventTypeId}", _both(event_types.get_event_type, event_types_2024_04_15.get_event_type)),
    (
        "PATCH",
        "/event-types/{eventTypeId}",
        _both(event_types.patch_event_type, event_types_2024_04_15.patch_event_type),
    ),
    (
        "DELETE",
        "/event-types/{eventTypeId}",
        _both(event_types.delete_event_type, event_types_2024_04_15.delete_event_type),
    ),
    # Teams' event types
    ("GET", "/organizations/{orgId}/teams/event-types", team_event_types.get_organization_event_types),
    *(
        (method, team + path, handler)
        for team in ("/teams/{teamId}", "/organizations/{orgId}/teams/{teamId}")
        for method, path, handler in _TEAM_EVENT_TYPES
    ),
]
_HEALTH: list[tuple[str, str, Handler]] = [
    ("GET", "/health/live", health.get_live),
    ("GET", "/health/ready", health.get_ready),
]


def add_routes(app: web.Application) -> None:
    """Add the routes, each with and without a trailing slash: a redirect would lose what some clients send."""
    routes = [*_HEALTH, *((method, base + path, h) for base in ("/v2", "/api/v2") for method, path, h in _V2)]
    for method, path, handler in routes:
        for spelling in (path, path + "/"):
            if method == "GET":
                app.router.add_get(spelling, handler)  # HEAD too: some balancers ask so.
            else:
                app.router.add_route(method, spelling, handler)
