"""What an import brings as rows of tables, with what no world file has."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, count

import asyncpg

from app.storage.calcom.format import CalcomBooking, CalcomEventType, CalcomOutOfOffice, CalcomUser, HashedKey
from app.storage.postgres.credentials import API_KEY_PREFIX, CredentialKind
from app.storage.postgres.known import BookedType
from app.storage.postgres.rows import Row, TableRows, tables
from app.storage.world_files.checks import world_list
from app.storage.world_files.format import World


def world_rows(world: World, organization_ids: Collection[int]) -> Iterator[TableRows]:
    """Yield the rows of a world as `rows.tables` does, its users, event types and absences being Cal.com's."""
    for rows in tables(world, organization_ids):
        more = _MORE.get(rows.table)
        if more is None:
            yield rows
        else:
            told = map(more, world_list(world, rows.list))
            yield replace(rows, rows=({**row, **also} for row, also in zip(rows.rows, told, strict=True)))


def _of_user(user: CalcomUser) -> Row:
    return {
        "bio": user.bio,
        "avatar_url": user.avatar_url,
        "locale": user.locale,
        "time_format": user.time_format,
        "week_start": user.week_start,
    }


def _of_event_type(event_type: CalcomEventType) -> Row:
    return {
        "description": event_type.description,
        "locations": event_type.locations,
        "booking_fields": event_type.booking_fields,
        "seats_show_attendees": event_type.seats_show_attendees,
        "seats_show_left": event_type.seats_show_left,
        "more": event_type.more,
    }


def _of_absence(absence: CalcomOutOfOffice) -> Row:
    return {"notes": absence.notes}


_MORE: Mapping[str, Callable[..., Row]] = {
    "users": _of_user,
    "event_types": _of_event_type,
    "out_of_office": _of_absence,
}
"""By table."""


def key_rows(keys: Iterable[HashedKey]) -> TableRows:
    """Return API keys as rows; nobody knows more of their first characters than the prefix."""
    return TableRows("apiKeys", "credentials", (_key_row(key) for key in keys))


def _key_row(key: HashedKey) -> Row:
    return {
        "kind": CredentialKind.API_KEY.value,
        "user_id": key.user_id,
        "secret_hash": bytes.fromhex(key.hashed_key),
        "hint": API_KEY_PREFIX,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
    }


def idle_host_row(booking_id: int, host_id: int) -> Row:
    """Return a host of whom a booking takes no time."""
    return {"booking_id": booking_id, "host_id": host_id, "busy_range": None, "overlap_group": booking_id}


def booking_row(booking: CalcomBooking, booked_type: BookedType) -> Row:
    """Return a booking, with what it takes over from its event type."""
    return {
        "uid": booking.uid,
        "event_type_id": booking.event_type_id,
        "user_id": booking.user_id,
        "starts_at": booking.start,
        "ends_at": booking.end,
        "status": booking.status,
        "before_buffer_minutes": booked_type.before_buffer,
        "after_buffer_minutes": booked_type.after_buffer,
        "seated": booked_type.seated or any(attendee.seat_uid for attendee in booking.attendees),
        "title": booking.title,
        "description": booking.description,
        "location": booking.location,
        "metadata": booking.metadata,
        "responses": booking.responses,
        "cancellation_reason": booking.cancellation_reason,
        "cancelled_by": booking.cancelled_by,
        "rescheduled_by": booking.rescheduled_by,
        "host_absent": booking.host_absent,
        "created_at": booking.created_at,
        "updated_at": booking.updated_at,
        "from_calcom": True,
    }


def attendee_rows(
    batch: Iterable[CalcomBooking], ids: Mapping[str, int], places: Mapping[int, asyncpg.Record]
) -> Iterator[Row]:
    """Give attendees the places of those who came before, then those after the last one, who may be from here."""
    for booking in batch:
        there = places.get(ids[booking.uid])
        free = chain(there["imported"], count(there["last"] + 1)) if there else count()
        for position, attendee in zip(free, booking.attendees, strict=False):
            yield {
                "booking_id": ids[booking.uid],
                "position": position,
                "email": attendee.email,
                "name": attendee.name,
                "time_zone": attendee.time_zone,
                "seat_uid": attendee.seat_uid,
                "language": attendee.language,
                "phone_number": attendee.phone_number,
                "absent": attendee.absent,
                "metadata": attendee.metadata,
                "responses": attendee.responses,
                "from_calcom": True,
            }


def seen_row(booking: CalcomBooking) -> Row:
    """Return what is remembered of a booking until the end."""
    return {"uid": booking.uid, "rescheduled_from": booking.rescheduled_from}
