"""Listings as the API answers them: an object of days, each a list of slots (docs/rules.md 12)."""

from collections.abc import Callable
from typing import NotRequired, TypeVar

from typing_extensions import TypeAliasType, TypedDict

from app.api.instants import DateText, InstantText, date_text, writer
from app.domain.answer import by_day
from app.domain.availability import Slot
from app.domain.schedule import zone
from app.domain.time_ranges import Instant
from app.services.find_slots import FoundSlots

_Write = Callable[[Instant], str]
_Item = TypeVar("_Item")


# 2024-09-04 ----------------------------------------------------------------------------------------------------------


class SlotData(TypedDict):
    """A slot on offer; its end in the range format; of types with seats how many, and the booking that is there."""

    start: InstantText
    end: NotRequired[InstantText]
    seatsBooked: NotRequired[int]
    seatsRemaining: NotRequired[int]
    seatsTotal: NotRequired[int]
    bookingUid: NotRequired[str]


Listing = TypeAliasType("Listing", dict[DateText, list[SlotData]])
"""Slots by date, in order; a date without slots is not there."""


def listing_2024_09_04(found: FoundSlots, time_zone: str | None, slot_format: str) -> Listing:
    """Return days of `{start}` or, in the range format, `{start, end}`, with what seats there are."""
    with_end = slot_format == "range"

    def render(slot: Slot, write: _Write) -> SlotData:
        item: SlotData = {"start": write(slot.start)}
        if with_end:
            item["end"] = write(slot.end)
        if found.seats is not None:
            _add_seats(item, slot, found.seats)
        return item

    return _days(found, time_zone, render)


def _add_seats(item: SlotData, slot: Slot, total: int) -> None:
    seat = slot.seat
    taken = 0 if seat is None else seat.seats_taken
    item["seatsBooked"], item["seatsRemaining"], item["seatsTotal"] = taken, total - taken, total
    if seat is not None and seat.booking_uid is not None:
        item["bookingUid"] = seat.booking_uid


# 2024-04-15 ----------------------------------------------------------------------------------------------------------


class _Booked(TypedDict, total=False):
    attendees: int
    bookingUid: str


class TimeData(_Booked):
    """The start of a slot on offer; of one that has seats and a booking, how many are taken."""

    time: InstantText


class TimeRangeData(_Booked):
    """A slot on offer in the range format."""

    startTime: InstantText
    endTime: InstantText


OlderListing = TypeAliasType("OlderListing", dict[DateText, list[TimeData | TimeRangeData]])
"""Slots by date, in order; a date without slots is not there."""


def listing_2024_04_15(found: FoundSlots, time_zone: str | None, slot_format: str) -> OlderListing:
    """Return days of `{time}` or, in the range format, `{startTime, endTime}`; booked seats say by how many."""
    with_end = slot_format == "range"

    def render(slot: Slot, write: _Write) -> TimeData | TimeRangeData:
        item: TimeData | TimeRangeData
        item = {"startTime": write(slot.start), "endTime": write(slot.end)} if with_end else {"time": write(slot.start)}
        if slot.seat is not None and slot.seat.booking_uid is not None:
            item.update({"attendees": slot.seat.seats_taken, "bookingUid": slot.seat.booking_uid})
        return item

    return _days(found, time_zone, render)


# Both ----------------------------------------------------------------------------------------------------------------


def _days(
    found: FoundSlots, time_zone: str | None, render: Callable[[Slot, _Write], _Item]
) -> dict[DateText, list[_Item]]:
    asker = None if time_zone is None else zone(time_zone)
    write = writer(asker)
    days = by_day(found.slots, asker or zone("UTC"), only_first=found.only_first)
    return {date_text(day): [render(slot, write) for slot in slots] for day, slots in days.items()}
