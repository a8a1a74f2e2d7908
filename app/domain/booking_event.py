"""What webhooks are told when something happens to a booking: payloads in the shape of the peer's."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.booking import Attendee, BookedHost, BookingRecord
from app.domain.busy import BookingStatus
from app.domain.webhook import Event, Trigger, utc_text


def booked(booking: BookingRecord, seat_uid: str | None = None) -> Event:
    """Return that a booking, or one seat of it, was made; one that waits for a host was asked for."""
    pending = booking.status is BookingStatus.PENDING
    trigger = Trigger.BOOKING_REQUESTED if pending else Trigger.BOOKING_CREATED
    return _event(booking, (trigger,), seat=_seat(booking, seat_uid))


def confirmed(booking: BookingRecord) -> Event:
    """Return that a booking that waited stands: for the peer's clients it is made now."""
    return _event(booking, (Trigger.BOOKING_CREATED, Trigger.BOOKING_CONFIRMED))


def declined(booking: BookingRecord) -> Event:
    """Return that a booking that waited was turned down."""
    return _event(booking, (Trigger.BOOKING_REJECTED,), rejectionReason=booking.cancellation_reason)


def cancelled(
    booking: BookingRecord, seat: Attendee | None = None, *, reason: str | None = None, by: str | None = None
) -> Event:
    """Return that a booking, or one seat of it, was cancelled, why and by whom."""
    return _event(
        booking,
        (Trigger.BOOKING_CANCELLED,),
        seat=seat,
        status="CANCELLED",
        cancellationReason=reason,
        cancelledBy=by,
    )


def moved(booking: BookingRecord, old: BookingRecord, seat_uid: str | None = None) -> Event:
    """Return that a booking, or one seat of it, took the place of an old one; perhaps it now waits for a host."""
    pending = booking.status is BookingStatus.PENDING
    return _event(
        booking,
        (Trigger.BOOKING_RESCHEDULED, *((Trigger.BOOKING_REQUESTED,) if pending else ())),
        seat=_seat(booking, seat_uid),
        also_of=old.host_ids,
        rescheduleId=old.id,
        rescheduleUid=old.uid,
        rescheduleStartTime=utc_text(old.start),
        rescheduleEndTime=utc_text(old.end),
        rescheduledBy=booking.rescheduled_by,
        reschedulingReason=booking.rescheduling_reason,
    )


def absence_noted(booking: BookingRecord) -> Event:
    """Return that somebody noted who did not come."""
    return _event(booking, (Trigger.BOOKING_NO_SHOW_UPDATED,), noShowHost=booking.host_absent)


def _event(
    booking: BookingRecord,
    triggers: tuple[Trigger, ...],
    *,
    seat: Attendee | None = None,
    also_of: Sequence[int] = (),
    **more: Any,
) -> Event:
    """Return an event of the booking's hosts, and of others who were."""
    return Event(
        triggers=triggers,
        payload={**_payload(booking, seat), **{name: value for name, value in more.items() if value is not None}},
        event_type_id=booking.event_type_id,
        user_ids=frozenset((*booking.host_ids, *also_of)),
    )


def _seat(booking: BookingRecord, seat_uid: str | None) -> Attendee | None:
    return next((one for one in booking.attendees if seat_uid is not None and one.seat_uid == seat_uid), None)


def _payload(booking: BookingRecord, seat: Attendee | None) -> dict[str, Any]:
    """Return what a booking is now. Where it is about one seat, of the attendees only who sits there."""
    host, *others = booking.hosts
    return {
        "type": booking.event_type_slug or "dynamic",
        "title": booking.title,
        "description": booking.description or "",
        "startTime": utc_text(booking.start),
        "endTime": utc_text(booking.end),
        "length": booking.length,
        "organizer": _host(host),
        "team": {"members": [_host(other) for other in others]},
        "attendees": [_attendee(one) for one in (booking.attendees if seat is None else (seat,))],
        "location": booking.location or "",
        "responses": dict(booking.responses if seat is None else seat.responses),
        "metadata": dict(booking.metadata if seat is None else seat.metadata),
        "eventTypeId": booking.event_type_id,
        **({} if seat is None else {"attendeeSeatId": seat.seat_uid}),
        "bookingId": booking.id,
        "uid": booking.uid,
        "iCalUID": f"{booking.uid}@holdfast",
        "requiresConfirmation": booking.status is BookingStatus.PENDING,
        "status": booking.status.value.upper(),
    }


def _host(host: BookedHost) -> dict[str, Any]:
    return {
        "id": host.id,
        "name": host.name or host.username,
        "email": host.email,
        "username": host.username,
        "timeZone": host.zone,
    }


def _attendee(attendee: Attendee) -> Mapping[str, Any]:
    return {
        "name": attendee.name,
        "email": attendee.email,
        "timeZone": attendee.zone or "UTC",
        "language": {"locale": attendee.language or "en"},
        "noShow": attendee.absent,
        **({} if attendee.phone_number is None else {"phoneNumber": attendee.phone_number}),
    }
