"""Listings as the API answers them: an object of days, each a list of slots (docs/rules.md 12)."""

from collections.abc import Callable
from functools import partial
from typing import NotRequired, TypeVar

import orjson
from typing_extensions import TypeAliasType, TypedDict

from app.api.instants import DateText, InstantText, Writer, date_text
from app.domain.answer import StartsByDay, by_day
from app.domain.schedule import zone
from app.domain.seats import SeatedStart
from app.domain.time_ranges import MINUTE, Instant
from app.services.find_slots import FoundSlots

_Item = TypeVar("_Item")
_Texts = Callable[[list[Instant]], list[str]]
"""Writes instants of a day."""
_BEFORE_START, _AFTER_START = '{"start":"', '"}'


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

    def render(starts: list[Instant], texts: _Texts) -> list[SlotData]:
        items: list[SlotData] = [{"start": text} for text in texts(starts)]
        if slot_format == "range":
            for item, end in zip(items, texts(_ends(found, starts)), strict=True):
                item["end"] = end
        if found.seats is not None:
            for item, start in zip(items, starts, strict=True):
                _add_seats(item, found.seated.get(start), found.seats)
        return items

    return _days(found, time_zone, render)


def writable_2024_09_04(
    found: FoundSlots, time_zone: str | None, slot_format: str
) -> Listing | dict[DateText, orjson.Fragment]:
    """Return what orjson writes as it does `listing_2024_09_04`.

    Starts alone, of which there may be thousands, are joined to text a day at a time: dicts take twice as long.
    """
    if slot_format == "range" or found.seats is not None:
        return listing_2024_09_04(found, time_zone, slot_format)
    writer, days = _starts_by_day(found, time_zone)
    return {
        date_text(day): orjson.Fragment(f"[{writer.joined(day, starts, _BEFORE_START, _AFTER_START)}]")
        for day, starts in days.items()
    }


def _add_seats(item: SlotData, seat: SeatedStart | None, total: int) -> None:
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
    """A slot on offer, with its end: for those who name a format."""

    startTime: InstantText
    endTime: InstantText


OlderListing = TypeAliasType("OlderListing", dict[DateText, list[TimeData | TimeRangeData]])
"""Slots by date, in order; a date without slots is not there."""


def listing_2024_04_15(found: FoundSlots, time_zone: str | None, slot_format: str) -> OlderListing:
    """Return days of `{time}` or, in the range format, `{startTime, endTime}`; booked seats say by how many."""

    def render(starts: list[Instant], texts: _Texts) -> list[TimeData | TimeRangeData]:
        items: list[TimeData | TimeRangeData]
        if slot_format == "range":
            ends = texts(_ends(found, starts))
            items = [{"startTime": start, "endTime": end} for start, end in zip(texts(starts), ends, strict=True)]
        else:
            items = [{"time": text} for text in texts(starts)]
        for item, start in zip(items, starts, strict=True) if found.seated else ():
            seat = found.seated.get(start)
            if seat is not None and seat.booking_uid is not None:
                item.update({"attendees": seat.seats_taken, "bookingUid": seat.booking_uid})
        return items

    return _days(found, time_zone, render)


# Both ----------------------------------------------------------------------------------------------------------------


def _ends(found: FoundSlots, starts: list[Instant]) -> list[Instant]:
    return [start + found.length * MINUTE for start in starts]


def _days(
    found: FoundSlots, time_zone: str | None, render: Callable[[list[Instant], _Texts], list[_Item]]
) -> dict[DateText, list[_Item]]:
    """Render a day's starts at a time, of which listings have many, with what writes instants of that day."""
    writer, days = _starts_by_day(found, time_zone)
    return {date_text(day): render(starts, partial(writer.texts, day)) for day, starts in days.items()}


def _starts_by_day(found: FoundSlots, time_zone: str | None) -> tuple[Writer, StartsByDay]:
    """Return starts by local day, and what writes instants in that zone."""
    asker = zone(time_zone or "UTC")
    return Writer(asker), by_day(found.starts, asker, only_first=found.only_first)
