"""Listings as the API answers them: an object of days, each a list of slots (docs/rules.md 12)."""

from collections.abc import Callable
from typing import Any

from app.api.instants import date_text, writer
from app.domain.answer import by_day
from app.domain.availability import Slot
from app.domain.schedule import zone
from app.domain.time_ranges import Instant
from app.services.find_slots import FoundSlots

_Write = Callable[[Instant], str]


def listing_2024_09_04(found: FoundSlots, time_zone: str | None, slot_format: str) -> dict[str, Any]:
    """Return days of `{start}` or, in the range format, `{start, end}`, with what seats there are."""
    with_end = slot_format == "range"

    def render(slot: Slot, write: _Write) -> dict[str, Any]:
        item: dict[str, Any] = {"start": write(slot.start)}
        if with_end:
            item["end"] = write(slot.end)
        if found.seats is not None:
            item |= _seats(slot, found.seats)
        return item

    return _days(found, time_zone, render)


def _seats(slot: Slot, total: int) -> dict[str, Any]:
    seat = slot.seat
    taken = 0 if seat is None else seat.seats_taken
    fields: dict[str, Any] = {"seatsBooked": taken, "seatsRemaining": total - taken, "seatsTotal": total}
    if seat is not None and seat.booking_uid is not None:
        fields["bookingUid"] = seat.booking_uid
    return fields


def listing_2024_04_15(found: FoundSlots, time_zone: str | None, slot_format: str) -> dict[str, Any]:
    """Return days of `{time}` or, in the range format, `{startTime, endTime}`; booked seats say by how many."""
    with_end = slot_format == "range"

    def render(slot: Slot, write: _Write) -> dict[str, Any]:
        item: dict[str, Any]
        item = {"startTime": write(slot.start), "endTime": write(slot.end)} if with_end else {"time": write(slot.start)}
        if slot.seat is not None and slot.seat.booking_uid is not None:
            item |= {"attendees": slot.seat.seats_taken, "bookingUid": slot.seat.booking_uid}
        return item

    return _days(found, time_zone, render)


def _days(found: FoundSlots, time_zone: str | None, render: Callable[[Slot, _Write], dict[str, Any]]) -> dict[str, Any]:
    asker = None if time_zone is None else zone(time_zone)
    write = writer(asker)
    days = by_day(found.slots, asker or zone("UTC"), only_first=found.only_first)
    return {date_text(day): [render(slot, write) for slot in slots] for day, slots in days.items()}
