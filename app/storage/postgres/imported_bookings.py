"""Bookings of a world file as rows, with the groups that let history overlap."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from app.storage.calcom.format import CalcomBooking
from app.storage.postgres.known import BookedType
from app.storage.postgres.named_sql import queries
from app.storage.postgres.overlaps import Grouping, Occupation, grouped
from app.storage.postgres.pool import Connection
from app.storage.postgres.rows import Row, TableRows
from app.storage.world_files.format import Booking, World

_SQL = queries("world")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedBookings:
    """What the file's bookings become."""

    tables: tuple[TableRows, ...]
    overlapping: int
    """How many share a host's time with others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Time that bookings take, ready to be written."""

    host_rows: tuple[Row, ...]
    overlapping: frozenset[int]
    """The bookings placed that share a host's time with others."""


async def import_bookings(
    connection: Connection, world: World, types_there: Mapping[int, BookedType]
) -> ImportedBookings:
    """Number the bookings in the order of the file and group them with each other and with those that are there.

    `types_there` are event types of the database that the file refers to.
    """
    types = {**types_there, **{e.id: BookedType.of_file(e) for e in world.event_types}}
    rows = await connection.fetch(_SQL["new_booking_ids"], len(world.bookings))
    numbered = list(zip((row[0] for row in rows), world.bookings, strict=True))
    placed = await place(
        connection,
        [
            one
            for booking_id, booking in numbered
            for one in occupations(booking_id, booking, types[booking.event_type_id], [booking.user_id])
        ],
    )
    return ImportedBookings(
        tables=(
            TableRows("bookings", "bookings", _booking_rows(numbered, types, placed.overlapping)),
            TableRows("bookings", "booking_attendees", _attendee_rows(numbered)),
            TableRows("bookings", "booking_hosts", placed.host_rows),
        ),
        overlapping=len(placed.overlapping),
    )


async def place(connection: Connection, new: Sequence[Occupation]) -> Placed:
    """Find groups for time taken that is not in the database yet.

    Rows of groups that must become one with others are taken out of the database and are among the rows returned.
    """
    there = await _occupations_there(connection, new)
    grouping = grouped([*there, *new])
    moved = await _taken_out(connection, there, grouping)
    return Placed(
        host_rows=(*moved, *_new_host_rows(new, grouping)),
        overlapping=grouping.overlapping & {one.booking_id for one in new},
    )


def occupations(
    booking_id: int, booking: Booking | CalcomBooking, booked_type: BookedType, host_ids: Iterable[int]
) -> Iterator[Occupation]:
    """Yield the time that a booking takes of these hosts (docs/rules.md 3), if it takes any."""
    if booking.status not in ("accepted", "awaiting_host") and not (
        booking.status == "pending" and booked_type.pending_blocks
    ):
        return
    for host_id in host_ids:
        yield Occupation(
            booking_id=booking_id,
            host_id=host_id,
            start=booking.start - timedelta(minutes=booked_type.before_buffer),
            end=booking.end + timedelta(minutes=booked_type.after_buffer),
            seat=(booking.event_type_id, booking.start) if booked_type.seated and booking.event_type_id else None,
        )


async def _occupations_there(connection: Connection, new: Sequence[Occupation]) -> list[Occupation]:
    if not new:
        return []
    rows = await connection.fetch(
        _SQL["occupations"],
        list({one.host_id for one in new}),
        min(one.start for one in new),
        max(one.end for one in new),
    )
    return [_occupation_there(row) for row in rows]


def _occupation_there(row: asyncpg.Record) -> Occupation:
    seated_type_id = row["seated_type_id"]
    return Occupation(
        booking_id=row["booking_id"],
        host_id=row["host_id"],
        start=row["starts_at"],
        end=row["ends_at"],
        seat=None if seated_type_id is None else (seated_type_id, row["seat_starts_at"]),
        group=row["overlap_group"],
    )


async def _taken_out(connection: Connection, there: Iterable[Occupation], grouping: Grouping) -> list[Row]:
    """Take groups that become part of others out of the database; return their rows with their new group."""
    becomes = {one.group: grouping.groups[one.booking_id] for one in there}
    changed = [group for group, new_group in becomes.items() if group != new_group]
    rows = await connection.fetch(_SQL["take_out_groups"], changed) if changed else []
    return [{**row, "overlap_group": becomes[row["overlap_group"]]} for row in rows]


def _new_host_rows(new: Iterable[Occupation], grouping: Grouping) -> Iterator[Row]:
    for one in new:
        yield {
            "booking_id": one.booking_id,
            "host_id": one.host_id,
            "busy_range": asyncpg.Range(one.start, one.end),
            "overlap_group": grouping.groups[one.booking_id],
        }


def _booking_rows(
    numbered: Sequence[tuple[int, Booking]], types: Mapping[int, BookedType], overlapping: Collection[int]
) -> Iterator[Row]:
    for booking_id, booking in numbered:
        booked_type = types[booking.event_type_id]
        yield {
            "id": booking_id,
            "uid": booking.uid,
            "event_type_id": booking.event_type_id,
            "user_id": booking.user_id,
            "starts_at": booking.start,
            "ends_at": booking.end,
            "status": booking.status,
            "before_buffer_minutes": booked_type.before_buffer,
            "after_buffer_minutes": booked_type.after_buffer,
            "imported": booking_id in overlapping,
            "seated": booked_type.seated,
        }


def _attendee_rows(numbered: Sequence[tuple[int, Booking]]) -> Iterator[Row]:
    for booking_id, booking in numbered:
        for position, attendee in enumerate(booking.attendees):
            yield {
                "booking_id": booking_id,
                "position": position,
                "email": attendee.email,
                "name": attendee.name,
                "time_zone": attendee.time_zone,
                "seat_uid": attendee.seat_uid,
            }
