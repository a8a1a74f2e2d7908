"""Every route on one screen.

A path that has one version answers by it whatever `cal-api-version` says: clients send that header per route, wrongly
or not at all, and no path here has two.
"""

from aiohttp import web

from app.api import batches, bookings, explain, health, reservations, slots, slots_2024_04_15
from app.api.openapi import get_document
from app.api.state import Handler
from app.api.versions import Versions

_V2: list[tuple[str, str, Handler]] = [
    ("GET", "/openapi.json", get_document),
    # 2024-09-04
    ("GET", "/slots", slots.get_slots),
    ("GET", "/slots/explain", explain.get_explanation),
    ("POST", "/slots/reservations", reservations.post_reservation),
    ("POST", "/slots/reservations/batch", batches.post_batch),
    ("GET", "/slots/reservations/{uid}", reservations.get_reservation),
    ("PATCH", "/slots/reservations/{uid}", reservations.patch_reservation),
    ("DELETE", "/slots/reservations/{uid}", reservations.delete_reservation),
    # 2024-08-13
    ("POST", "/bookings", bookings.post_booking),
    ("GET", "/bookings", bookings.get_bookings),
    ("GET", "/bookings/by-seat/{seatUid}", bookings.get_booking_by_seat),
    ("GET", "/bookings/{uid}", bookings.get_booking),
    ("POST", "/bookings/{uid}/reschedule", bookings.post_reschedule),
    ("POST", "/bookings/{uid}/cancel", bookings.post_cancel),
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
    # 2024-04-15
    ("GET", "/slots/available", slots_2024_04_15.get_available),
    ("POST", "/slots/reserve", slots_2024_04_15.post_reserve),
    ("DELETE", "/slots/selected-slot", slots_2024_04_15.delete_selected_slot),
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
