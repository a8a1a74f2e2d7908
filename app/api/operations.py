"""What each handler reads and answers, for the document that `openapi` makes.

What a handler does is told by the first paragraph of its docstring; what it reads by the models that it reads with.
"""

from collections.abc import Mapping
from typing import Any

from app.api import (
    batches,
    bookings,
    bookings_2024_04_15,
    calendars,
    explain,
    health,
    reservations,
    slots,
    slots_2024_04_15,
)
from app.api.batches import BatchBody, BatchData
from app.api.bodies import Done, Success
from app.api.booking_bodies import (
    AbsentBody,
    AttendeeBody,
    BookingBody,
    CancelBody,
    GuestsBody,
    LocationBody,
    ReasonBody,
    RescheduleBody,
)
from app.api.booking_shapes import (
    BookedAttendee,
    BookingData,
    BookingsPage,
    CalendarLinks,
    NumberedAttendees,
    Reassigned,
)
from app.api.bookings import BookingsQuery
from app.api.bookings_2024_04_15 import (
    Cancelled,
    NoBooking,
    OlderBooking,
    OlderBookingBody,
    OlderBookings,
    OlderCancelBody,
)
from app.api.calendars import (
    BusyTimeData,
    BusyTimesQuery,
    CheckedFeeds,
    ConnectedCalendars,
    Credential,
    DisconnectBody,
    FeedsBody,
)
from app.api.explain import Explanation
from app.api.health import Live, Ready
from app.api.listing import Listing
from app.api.openapi import Operation, get_document
from app.api.openapi_components import QUOTA_HEADERS
from app.api.reservations import FoundReservation, KeptData, ReservationBody
from app.api.slots import DEGRADED
from app.api.slots_2024_04_15 import (
    AvailableQuery,
    AvailableTimes,
    ReservationUid,
    ReserveBody,
    ReserveQuery,
    SelectedSlotQuery,
)
from app.api.slots_query import ExplainQuery, SlotsQuery
from app.api.state import Handler

_LISTING_HEADERS = (DEGRADED,)

OPERATIONS: Mapping[Handler, Operation] = {
    health.get_live: Operation(answer=Live),
    health.get_ready: Operation(answer=Ready, answers={503: Ready}),
    get_document: Operation(answer=dict[str, Any]),
    # Slots and reservations, 2024-09-04
    slots.get_slots: Operation(query=SlotsQuery, answer=Success[Listing], headers=_LISTING_HEADERS, refusals=(404,)),
    explain.get_explanation: Operation(
        query=ExplainQuery,
        answer=Success[Explanation],
        headers=_LISTING_HEADERS,
        refusals=(404,),
    ),
    reservations.post_reservation: Operation(
        body=ReservationBody,
        answer=Success[KeptData],
        status=201,
        repeatable=True,
        headers=QUOTA_HEADERS,
        refusals=(403, 404, 422, 429),
    ),
    batches.post_batch: Operation(
        body=BatchBody, answer=Success[BatchData], status=201, repeatable=True, refusals=(403, 404, 422, 429)
    ),
    reservations.get_reservation: Operation(answer=Success[FoundReservation]),
    reservations.patch_reservation: Operation(
        body=ReservationBody, answer=Success[KeptData], refusals=(403, 404, 422, 429)
    ),
    reservations.delete_reservation: Operation(answer=Done),
    # Bookings, 2024-08-13
    bookings.post_booking: Operation(
        body=BookingBody, answer=Success[BookingData], status=201, repeatable=True, refusals=(403, 404, 409)
    ),
    bookings.get_bookings: Operation(query=BookingsQuery, answer=BookingsPage, needs_credentials=True, refusals=(403,)),
    bookings.get_booking_by_seat: Operation(answer=Success[BookingData], refusals=(404,)),
    bookings.get_booking: Operation(answer=Success[BookingData], refusals=(404,)),
    bookings.post_reschedule: Operation(
        body=RescheduleBody, answer=Success[BookingData], status=201, repeatable=True, refusals=(403, 404)
    ),
    bookings.post_cancel: Operation(body=CancelBody, answer=Success[BookingData], refusals=(403, 404)),
    bookings.post_confirm: Operation(answer=Success[BookingData], needs_credentials=True, refusals=(400, 403, 404)),
    bookings.post_decline: Operation(
        body=ReasonBody, answer=Success[BookingData], needs_credentials=True, refusals=(400, 403, 404)
    ),
    bookings.post_mark_absent: Operation(
        body=AbsentBody, answer=Success[BookingData], needs_credentials=True, refusals=(400, 403, 404)
    ),
    bookings.post_reassign: Operation(
        body=ReasonBody, answer=Success[Reassigned], needs_credentials=True, refusals=(400, 403, 404)
    ),
    bookings.patch_location: Operation(
        body=LocationBody, answer=Success[BookingData], needs_credentials=True, refusals=(400, 403, 404)
    ),
    bookings.get_attendees: Operation(answer=Success[NumberedAttendees], needs_credentials=True, refusals=(403, 404)),
    bookings.post_attendee: Operation(
        body=AttendeeBody, answer=Success[BookedAttendee], status=201, needs_credentials=True, refusals=(400, 403, 404)
    ),
    bookings.get_attendee: Operation(answer=Success[BookedAttendee], needs_credentials=True, refusals=(403, 404)),
    bookings.post_guests: Operation(
        body=GuestsBody, answer=Success[BookingData], needs_credentials=True, refusals=(400, 403, 404)
    ),
    bookings.get_calendar_links: Operation(answer=Success[CalendarLinks], refusals=(404,)),
    bookings.get_team_bookings: Operation(
        query=BookingsQuery, answer=BookingsPage, needs_credentials=True, refusals=(403, 404)
    ),
    bookings.get_organization_bookings: Operation(
        query=BookingsQuery, answer=BookingsPage, needs_credentials=True, refusals=(403, 404)
    ),
    bookings.get_member_bookings: Operation(
        query=BookingsQuery, answer=BookingsPage, needs_credentials=True, refusals=(403, 404)
    ),
    # Bookings, 2024-04-15
    bookings_2024_04_15.post_booking: Operation(
        body=OlderBookingBody,
        answer=Success[OlderBooking | NoBooking],
        status=201,
        repeatable=True,
        refusals=(403, 404, 409),
    ),
    bookings_2024_04_15.get_bookings: Operation(
        query=BookingsQuery, answer=Success[OlderBookings], needs_credentials=True, refusals=(403,)
    ),
    bookings_2024_04_15.get_booking: Operation(answer=Success[OlderBooking], refusals=(404,)),
    bookings_2024_04_15.post_cancel: Operation(body=OlderCancelBody, answer=Success[Cancelled], refusals=(403, 404)),
    # Calendars
    calendars.get_calendars: Operation(answer=Success[ConnectedCalendars], needs_credentials=True, refusals=(403,)),
    calendars.get_busy_times: Operation(
        query=BusyTimesQuery, answer=Success[list[BusyTimeData]], needs_credentials=True, refusals=(403, 404)
    ),
    calendars.post_feeds: Operation(
        body=FeedsBody, answer=Success[Credential], status=201, needs_credentials=True, refusals=(403, 404)
    ),
    calendars.get_feeds_check: Operation(answer=Success[CheckedFeeds], needs_credentials=True, refusals=(403, 404)),
    calendars.post_feeds_disconnect: Operation(
        body=DisconnectBody, answer=Success[Credential], needs_credentials=True, refusals=(403, 404)
    ),
    # Slots and reservations, 2024-04-15
    slots_2024_04_15.get_available: Operation(
        query=AvailableQuery, answer=Success[AvailableTimes], headers=_LISTING_HEADERS, refusals=(404,)
    ),
    slots_2024_04_15.post_reserve: Operation(
        query=ReserveQuery,
        body=ReserveBody,
        answer=Success[ReservationUid],
        status=201,
        repeatable=True,
        refusals=(404, 422, 429),
    ),
    slots_2024_04_15.delete_selected_slot: Operation(query=SelectedSlotQuery, answer=Done),
}
