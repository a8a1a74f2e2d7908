"""Bookings in PostgreSQL: the port `Bookings`. Two that take a host's time at once it refuses, whatever Redis lost."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any

import asyncpg
import orjson

from app.domain.booking import Attendee, BookedHost, BookingRecord, NewBooking, SeatedBooking
from app.domain.booking_policy import NO_POLICY, BookingPolicy, integration
from app.domain.busy import Booking, BookingStatus
from app.domain.errors import EventTypeNotFoundError
from app.domain.time_ranges import Instant, Range
from app.domain.webhook import Event
from app.fields import storable
from app.services.booking_errors import ReservationUsedError, TimeTakenError
from app.services.bookings import IDLE_MS, BookingQuestion, BookingTransaction, FoundBookings
from app.storage.postgres.calendar import accepted_bookings
from app.storage.postgres.instants import timestamp_of
from app.storage.postgres.named_sql import queries
from app.storage.postgres.outbox import tell
from app.storage.postgres.pool import Borrowed, Pool

_SQL = queries("bookings")
_UNTITLED = "Meeting"
_SORTED_BY = ("start", "end", "created", "updated")


class PostgresBookings:
    """Bookings as they stand now."""

    def __init__(self, pool: Pool, news: asyncio.Event) -> None:
        """Work on this pool; `news` is set when there is something to send to webhooks."""
        self._pool = pool
        self._news = news

    @asynccontextmanager
    async def changing(self, locks: Collection[str] = ()) -> AsyncIterator[BookingTransaction]:
        """Change bookings in one transaction; see `services.bookings.Bookings`."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(_SQL["bound"], f"{IDLE_MS}ms")
            if locks:
                await connection.execute(_SQL["lock_names"], list(locks))
            changes = _Changes(connection)
            yield changes
        if changes.told:
            self._news.set()

    async def find(self, uid: str) -> BookingRecord | None:
        """Return a booking."""
        async with self._pool.connection() as connection:
            return await _record(connection, uid=_searched(uid))

    async def find_by_seat(self, seat_uid: str) -> BookingRecord | None:
        """Return the booking that a seat belongs to; of several, since seats move, the one that it came to last."""
        async with self._pool.connection() as connection:
            return await _record(connection, seat_uid=_searched(seat_uid))

    async def is_used(self, reservation_uid: str) -> bool:
        """Say whether a reservation has become a booking."""
        async with self._pool.connection() as connection:
            return bool(await connection.fetchval(_SQL["is_used"], _searched(reservation_uid)))

    async def given(self, under: str) -> BookedHost | None:
        """Return to whom a request gave a booking, by the uid that was drawn for it."""
        async with self._pool.connection() as connection:
            return await _given(connection, under)

    async def policy(self, event_type_id: int | None) -> BookingPolicy:
        """Return what is allowed about the bookings of an event type."""
        if event_type_id is None:
            return NO_POLICY
        async with self._pool.connection() as connection:
            text = await connection.fetchval(_SQL["policy"], event_type_id)
        return NO_POLICY if text is None else _policy(**orjson.loads(text))

    async def asked_for(self, question: BookingQuestion, now: Instant) -> FoundBookings:
        """Return a page of bookings, and how many there are."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_SQL["asked_for"], *_arguments(question, now))
            if row is None or not row["ids"]:
                return FoundBookings((), 0 if row is None else row["total"])
            found = await connection.fetch(_SQL["records"], row["ids"], None, None)
            return FoundBookings(tuple(_read(one[0]) for one in found), row["total"])


class _Changes:
    """What may be done within one transaction."""

    def __init__(self, connection: Borrowed) -> None:
        self._connection = connection
        self.told = False

    async def seats_at(self, event_type_id: int, start: Instant) -> tuple[SeatedBooking, ...]:
        rows = await self._connection.fetch(_SQL["seats_at"], event_type_id, timestamp_of(start))
        return tuple(
            SeatedBooking(
                id=row["id"],
                uid=row["uid"],
                end=row["ends_at"],
                status=BookingStatus(row["status"]),
                overlap_group=row["overlap_group"],
                emails=tuple(row["emails"]),
                seated=row["seated"],
            )
            for row in rows
        )

    async def has_seat(self, seat_uid: str) -> bool:
        return bool(await self._connection.fetchval(_SQL["has_seat"], seat_uid))

    async def to_come(self, event_type_id: int, email: str, now: Instant) -> int:
        number: int = await self._connection.fetchval(_SQL["to_come"], event_type_id, email, timestamp_of(now))
        return number

    async def accepted_bookings(self, event_type_ids: Collection[int], around: Range) -> tuple[Booking, ...]:
        return await accepted_bookings(self._connection, event_type_ids, around)

    async def add(self, booking: NewBooking) -> BookingRecord:
        with _refusals(booking.reservation_uid, booking.event_type_id):
            booking_id = await self._connection.fetchval(
                _SQL["add_booking"],
                booking.uid,
                booking.event_type_id,
                list(booking.host_ids),
                timestamp_of(booking.start),
                timestamp_of(booking.end),
                booking.before_buffer,
                booking.after_buffer,
                booking.status.value,
                booking.blocks,
                booking.title,
                booking.description,
                booking.location,
                _json(booking.metadata),
                _json(booking.responses),
                booking.overlap_group,
                booking.reservation_uid,
                booking.rescheduled_from,
                booking.rescheduling_reason,
                booking.rescheduled_by,
                booking.seated,
            )
        return await self._with_attendees(booking_id, booking.attendees)

    async def add_attendees(
        self, booking_id: int, attendees: Collection[Attendee], reservation_uid: str | None = None
    ) -> BookingRecord:
        if reservation_uid is not None:
            with _refusals(reservation_uid, None):
                await self._connection.execute(_SQL["use_reservation"], reservation_uid, booking_id)
        await self._connection.execute(_SQL["touch"], booking_id)
        return await self._with_attendees(booking_id, attendees)

    async def _with_attendees(self, booking_id: int, attendees: Collection[Attendee]) -> BookingRecord:
        await self._connection.execute(_SQL["add_attendees"], booking_id, _json([_written(one) for one in attendees]))
        record = await _record(self._connection, booking_id=booking_id)
        if record is None:
            raise LookupError(booking_id)  # It was written in this very transaction.
        return record

    async def lock(self, uid: str) -> BookingRecord | None:
        booking_id = await self._connection.fetchval(_SQL["lock_booking"], _searched(uid))
        return None if booking_id is None else await _record(self._connection, booking_id=booking_id)

    async def remove_attendee(self, attendee_id: int) -> None:
        await self._connection.execute(_SQL["remove_attendee"], attendee_id)

    async def cancel(self, booking_id: int, *, reason: str | None, by: str | None) -> None:
        await self._end(booking_id, BookingStatus.CANCELLED, reason, by)

    async def reject(self, booking_id: int, *, reason: str | None) -> None:
        await self._end(booking_id, BookingStatus.REJECTED, reason, None)

    async def _end(self, booking_id: int, status: BookingStatus, reason: str | None, by: str | None) -> None:
        await self._connection.execute(_SQL["end_booking"], booking_id, status.value, reason, by)

    async def accept(self, booking_id: int, overlap_group: int | None) -> None:
        with _refusals(None, None):
            await self._connection.execute(_SQL["accept"], booking_id, overlap_group)

    async def give_to(self, booking_id: int, host_id: int, instead_of: int, under: str | None) -> None:
        with _refusals(None, None):
            if await self._connection.fetchval(_SQL["give_to"], booking_id, host_id, instead_of) is None:
                raise TimeTakenError
        if under is not None:
            await self._connection.execute(_SQL["note_given"], under, host_id)

    async def given(self, under: str) -> BookedHost | None:
        return await _given(self._connection, under)

    async def relocate(self, booking_id: int, location: str) -> None:
        await self._connection.execute(_SQL["relocate"], booking_id, location)

    async def mark_absent(self, booking_id: int, *, host: bool | None, attendees: Mapping[str, bool]) -> None:
        if host is not None:
            await self._connection.execute(_SQL["mark_host"], booking_id, host)
        if attendees:
            emails, absent = list(attendees), list(attendees.values())
            await self._connection.execute(_SQL["mark_attendees"], booking_id, emails, absent)
            await self._connection.execute(_SQL["touch"], booking_id)

    async def tell(self, event: Event) -> None:
        self.told |= await tell(self._connection, event)


@contextmanager
def _refusals(reservation_uid: str | None, event_type_id: int | None) -> Iterator[None]:
    """Say what the database refuses in the words of bookings."""
    try:
        yield
    except asyncpg.ExclusionViolationError:
        raise TimeTakenError from None
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "consumed_reservations_pkey" and reservation_uid is not None:
            raise ReservationUsedError(reservation_uid) from None
        raise TimeTakenError from None  # Another try at the same request has made this very booking.
    except asyncpg.ForeignKeyViolationError as error:
        # It, or one of its hosts, was deleted since it was read.
        if error.constraint_name != "bookings_event_type_id_fkey":
            raise TimeTakenError from None
        raise EventTypeNotFoundError(event_type_id) from None


# Reading -------------------------------------------------------------------------------------------------------------


async def _record(
    connection: Borrowed, *, booking_id: int | None = None, uid: str | None = None, seat_uid: str | None = None
) -> BookingRecord | None:
    ids = None if booking_id is None else [booking_id]
    text = await connection.fetchval(_SQL["records"], ids, uid, seat_uid)
    return None if text is None else _read(text)


async def _given(connection: Borrowed, under: str) -> BookedHost | None:
    row = await connection.fetchrow(_SQL["given"], under)
    return None if row is None else BookedHost(**row)


def _read(text: str) -> BookingRecord:
    found = orjson.loads(text)
    return BookingRecord(
        id=found["id"],
        uid=found["uid"],
        event_type_id=found["eventTypeId"],
        event_type_slug=found["slug"],
        owner_id=found["ownerId"],
        team_id=found["teamId"],
        seated=found["seated"],
        title=found["title"] or _UNTITLED,
        title_of_seats=found["titleOfSeats"] or _UNTITLED,
        description=found["description"],
        location=found["location"],
        metadata=found["metadata"],
        responses=found["responses"],
        status=BookingStatus(found["status"]),
        blocks=found["blocks"],
        start=found["start"],
        end=found["end"],
        before_buffer=found["beforeBuffer"],
        after_buffer=found["afterBuffer"],
        hosts=tuple(
            BookedHost(id=user_id, name=name, username=username, email=email, zone=zone)
            for user_id, name, username, email, zone in found["hosts"]
        ),
        attendees=tuple(_attendee(one) for one in found["attendees"] or ()),
        cancellation_reason=found["cancellationReason"],
        cancelled_by=found["cancelledBy"],
        rescheduling_reason=found["reschedulingReason"],
        rescheduled_by=found["rescheduledBy"],
        rescheduled_from_uid=found["rescheduledFrom"],
        rescheduled_to_uid=found["rescheduledTo"],
        host_absent=found["hostAbsent"],
        created_at=found["createdAt"],
        updated_at=found["updatedAt"],
    )


def _policy(settings: Mapping[str, Any], locations: Sequence[Mapping[str, Any]]) -> BookingPolicy:
    """Read what an event type's owner has set, in the public API's words."""
    moving = settings.get("disableRescheduling") or {}
    places = [(location["type"], _place(location)) for location in locations]
    return BookingPolicy(
        only_by_owners=bool(settings.get("bookingRequiresAuthentication")),
        most_of_booker=(settings.get("bookerActiveBookingsLimit") or {}).get("maximumActiveBookings"),
        guests=not settings.get("disableGuests"),
        cancelling=not (settings.get("disableCancelling") or {}).get("disabled"),
        moving=not moving.get("disabled"),
        moving_notice=moving.get("minutesBefore") or 0,
        moving_past=bool(settings.get("allowReschedulingPastBookings")),
        moving_cancelled=bool(settings.get("allowReschedulingCancelledBookings")),
        places={kind: place for kind, place in reversed(places) if place},
        usual_place=places[0][1] if places else None,
        title_pattern=settings.get("customName"),
    )


def _place(location: Mapping[str, Any]) -> str | None:
    """Return where a location of an event type is, if its owner says."""
    match location:
        case {"type": "address", "address": str(place)} | {"type": "link", "link": str(place)}:
            return place
        case {"type": "phone", "phone": str(place)}:
            return place
        case {"type": "integration", "integration": str(name)}:
            return integration(name)
    return None


def _attendee(found: Mapping[str, Any]) -> Attendee:
    return Attendee(
        id=found["id"],
        email=found["email"],
        name=found["name"] or "",
        zone=found["zone"],
        language=found["language"],
        phone_number=found["phoneNumber"],
        guest=found["guest"],
        absent=found["absent"],
        seat_uid=found["seatUid"],
        metadata=found["metadata"],
        responses=found["responses"],
    )


def _arguments(question: BookingQuestion, now: Instant) -> list[Any]:
    direction = dict(question.sort)
    return [
        None if question.caller is None else question.caller.user_id,
        list(question.statuses),
        _searched(question.attendee_email),
        _searched(question.attendee_name),
        _searched(question.uid),
        list(question.event_type_ids),
        list(question.team_ids),
        question.organization_id,
        list(question.user_ids),
        _timestamp(question.after_start),
        _timestamp(question.before_end),
        _timestamp(question.created_after),
        _timestamp(question.created_before),
        _timestamp(question.updated_after),
        _timestamp(question.updated_before),
        timestamp_of(now),
        *(0 if name not in direction else -1 if direction[name] else 1 for name in _SORTED_BY),
        question.take,
        question.skip,
    ]


def _timestamp(instant: Instant | None) -> datetime | None:
    return None if instant is None else timestamp_of(instant)


def _searched(text: str | None) -> str | None:
    """Return a text to look for; an empty one, which nothing has, for one that no database can keep."""
    try:
        return None if text is None else storable(text)
    except ValueError:
        return ""


# Writing -------------------------------------------------------------------------------------------------------------


def _written(attendee: Attendee) -> dict[str, Any]:
    return {
        "email": attendee.email,
        "name": attendee.name,
        "zone": attendee.zone,
        "language": attendee.language,
        "phoneNumber": attendee.phone_number,
        "guest": attendee.guest,
        "seatUid": attendee.seat_uid,
        "metadata": attendee.metadata,
        "responses": attendee.responses,
    }


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
