"""Every route on one screen.

A path that has one version answers by it whatever `cal-api-version` says: clients send that header per route, wrongly
or not at all, and no path here has two.
"""

from aiohttp import web

from app.api import batches, bookings, explain, health, reservations, slots, slots_2024_04_15, webhooks
from app.api.state import Handler

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
    # Of one shape in all versions
    *_WEBHOOKS,
    # 2024-04-15
    ("GET", "/slots/available", slots_2024_04_15.get_available),
    ("POST", "/slots/reserve", slots_2024_04_15.post_reserve),
    ("DELETE", "/slots/selected-slot", slots_2024_04_15.delete_selected_slot),
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
