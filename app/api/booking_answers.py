"""Bookings as the API tells them, version 2024-08-13."""

from datetime import UTC, datetime
from typing import cast
from urllib.parse import quote, urlencode

from icalendar import Calendar, Event

from app.api.booking_shapes import (
    AttendeeData,
    BookedAttendee,
    BookedEventType,
    BookingData,
    BookingStatusText,
    CalendarLink,
    HostData,
    IfSaid,
    NumberedAttendee,
    Pagination,
)
from app.api.instants import utc_text
from app.domain.booking import Attendee, BookedHost, BookingRecord
from app.domain.busy import BookingStatus
from app.domain.time_ranges import Instant

_DYNAMIC: BookedEventType = {"id": 0, "slug": "dynamic"}
"""The event type of bookings that have none behind them."""
_STATUSES: dict[BookingStatus, BookingStatusText] = {
    BookingStatus.ACCEPTED: "accepted",
    BookingStatus.PENDING: "pending",
    # The peer's clients know no other that waits.
    BookingStatus.AWAITING_HOST: "pending",
    BookingStatus.CANCELLED: "cancelled",
    BookingStatus.REJECTED: "rejected",
}
_WEB = ("https://", "http://")


def booking_data(booking: BookingRecord, *, seat_uid: str | None = None, all_seats: bool = False) -> BookingData:
    """Return a booking. Of a seated one only the seat that the reader has shown to know, or all where they may see.

    What nobody said is left out, as the peer does.
    """
    if not all_seats:
        booking = booking.seen_from_seat(seat_uid)
    data = _always(booking)
    data = {**data, **_if_said(booking)}
    if seat_uid is not None:
        data["seatUid"] = seat_uid
    if not booking.seated:
        data["guests"] = [attendee.email for attendee in booking.attendees if attendee.guest]
        data["bookingFieldsResponses"] = dict(booking.responses)
    return data


def _always(booking: BookingRecord) -> BookingData:
    event_type = _DYNAMIC
    if booking.event_type_id is not None:
        event_type = {"id": booking.event_type_id, "slug": booking.event_type_slug or ""}
    return {
        "id": booking.id,
        "uid": booking.uid,
        "title": booking.title,
        "description": booking.description or "",
        "hosts": [host_data(host) for host in booking.hosts],
        "status": _STATUSES[booking.status],
        "start": utc_text(booking.start),
        "end": utc_text(booking.end),
        "duration": booking.length,
        "eventTypeId": event_type["id"],
        "eventType": event_type,
        "location": booking.location or "",
        "absentHost": booking.host_absent,
        "createdAt": utc_text(booking.created_at),
        "updatedAt": utc_text(booking.updated_at),
        "metadata": dict(booking.metadata),
        "icsUid": f"{booking.uid}@holdfast",
        "attendees": [_attendee(one) for one in booking.attendees],
    }


def _if_said(booking: BookingRecord) -> IfSaid:
    said = {
        "cancellationReason": booking.cancellation_reason,
        "cancelledByEmail": booking.cancelled_by,
        "reschedulingReason": booking.rescheduling_reason,
        "rescheduledByEmail": booking.rescheduled_by,
        "rescheduledFromUid": booking.rescheduled_from_uid,
        "rescheduledToUid": booking.rescheduled_to_uid,
        "meetingUrl": booking.location if (booking.location or "").startswith(_WEB) else None,
    }
    return cast("IfSaid", {name: value for name, value in said.items() if value is not None})


def host_data(host: BookedHost) -> HostData:
    """Return who hosts a booking."""
    return {
        "id": host.id,
        "name": host.name or host.username,
        "email": host.email,
        "displayEmail": host.email,
        "username": host.username,
        "timeZone": host.zone,
    }


def _attendee(attendee: Attendee) -> AttendeeData:
    data: AttendeeData = {
        "name": attendee.name,
        "email": attendee.email,
        "displayEmail": attendee.email,
        "timeZone": attendee.zone or "UTC",
        "language": attendee.language or "en",
        "absent": attendee.absent,
    }
    if attendee.phone_number is not None:
        data["phoneNumber"] = attendee.phone_number
    if attendee.seat_uid is not None:
        data["seatUid"] = attendee.seat_uid
        data["bookingFieldsResponses"] = dict(attendee.responses)
        data["metadata"] = dict(attendee.metadata)
    return data


def attendee_data(attendee: Attendee) -> NumberedAttendee:
    """Return an attendee of a record with the number it is known by."""
    written_down = cast("int", attendee.id)  # As all of a record are.
    return {**_attendee(attendee), "id": written_down}


def booked_attendee_data(attendee: Attendee, booking: BookingRecord) -> BookedAttendee:
    """Return an attendee with the numbers that it and its booking are known by."""
    return {**attendee_data(attendee), "bookingId": booking.id}


# Pages ---------------------------------------------------------------------------------------------------------------


def pagination(*, total: int, returned: int, take: int, skip: int) -> Pagination:
    """Return where in a list a page lies."""
    remaining = max(0, total - skip - returned)
    return {
        "totalItems": total,
        "remainingItems": remaining,
        "returnedItems": returned,
        "itemsPerPage": take,
        "currentPage": skip // take + 1,
        "totalPages": -(-total // take),
        "hasNextPage": remaining > 0,
        "hasPreviousPage": skip > 0,
    }


# Calendars -----------------------------------------------------------------------------------------------------------


def calendar_links(booking: BookingRecord) -> list[CalendarLink]:
    """Return links by which people enter a booking into the calendars they have."""
    basic = f"{_basic(booking.start)}/{_basic(booking.end)}"
    start, end = utc_text(booking.start), utc_text(booking.end)
    about, where = booking.description or "", booking.location or ""
    google = {"action": "TEMPLATE", "dates": basic, "text": booking.title, "details": about, "location": where}
    outlook = {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": booking.title,
        "startdt": start,
        "enddt": end,
        "body": about,
        "location": where,
    }
    links = {
        "Google Calendar": f"https://calendar.google.com/calendar/render?{urlencode(google)}",
        "Microsoft Office 365": f"https://outlook.office.com/calendar/0/deeplink/compose?{urlencode(outlook)}",
        "Microsoft Outlook": f"https://outlook.live.com/calendar/0/deeplink/compose?{urlencode(outlook)}",
        "ICS": f"data:text/calendar,{quote(_ics(booking))}",
    }
    return [{"label": label, "link": link} for label, link in links.items()]


def _ics(booking: BookingRecord) -> bytes:
    event, calendar = Event(), Calendar()
    event.add("uid", f"{booking.uid}@holdfast")
    for name, instant in (("dtstamp", booking.updated_at), ("dtstart", booking.start), ("dtend", booking.end)):
        event.add(name, datetime.fromtimestamp(instant // 1_000, UTC))
    told = {"summary": booking.title, "description": booking.description, "location": booking.location}
    for name, text in told.items():
        event.add(name, text or "")
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Holdfast//EN")
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def _basic(instant: Instant) -> str:
    """Write an instant as 20500905T070000Z."""
    return utc_text(instant)[:19].replace("-", "").replace(":", "") + "Z"
