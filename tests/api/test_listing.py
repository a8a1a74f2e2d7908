"""Listings as bytes."""

import orjson
import pytest

from app.api.instants import Writer
from app.api.listing import json_2024_09_04, listing_2024_09_04
from app.domain.schedule import zone
from app.domain.seats import SeatedStart
from app.domain.time_ranges import MINUTE
from app.services.find_slots import FoundSlots
from tests.domain.builders import at


def found(around: str, *, seats: int | None = None, only_first: bool = False, seconds: int = 0) -> FoundSlots:
    """Find slots every quarter of an hour for three days around an instant; at the first of them somebody sits."""
    first = at(around) - 36 * 60 * MINUTE + seconds * 1_000
    seat = SeatedStart(
        start=first,
        end=first + 15 * MINUTE,
        seats_taken=1,
        seats_total=2,
        host_ids=frozenset({1}),
        booking_uid="b",
        is_booked=True,
        attendees=1,
    )
    return FoundSlots(
        starts=list(range(first, first + 72 * 60 * MINUTE, 15 * MINUTE)),
        length=15,
        only_first=only_first,
        seats=seats,
        seated={} if seats is None else {first: seat},
        without_holds=False,
    )


@pytest.mark.parametrize("time_zone", [None, "UTC", "Europe/Rome", "America/St_Johns", "Pacific/Apia"])
@pytest.mark.parametrize("slot_format", ["time", "range"])
@pytest.mark.parametrize(
    "slots",
    [
        found("2050-09-05T12:00Z"),
        found("2050-09-05T12:00Z", only_first=True),
        found("2050-09-05T12:00Z", seconds=7),
        found("2050-09-05T12:00Z", seats=2),
        found("2050-03-27T01:00Z"),
        found("2050-10-30T01:00Z"),
        # In St John's a day began, and a minute later it was the one before again.
        found("2010-11-07T02:31Z"),
        # Apia skipped a day.
        found("2011-12-30T10:00Z"),
    ],
)
def test_what_is_joined_is_what_would_be_written_slot_by_slot(
    slots: FoundSlots, slot_format: str, time_zone: str | None
) -> None:
    joined = orjson.dumps(json_2024_09_04(slots, time_zone, slot_format))
    assert joined == orjson.dumps(listing_2024_09_04(slots, time_zone, slot_format))


@pytest.mark.parametrize("time_zone", ["UTC", "Europe/Rome", "America/St_Johns", "Pacific/Apia"])
@pytest.mark.parametrize(
    "around",
    ["2050-09-05T12:00Z", "2050-03-27T01:00Z", "2050-10-30T01:00Z", "2010-11-07T02:31Z", "2011-12-30T10:00Z"],
)
def test_ends_are_written_like_starts_even_where_another_day_begins(around: str, time_zone: str) -> None:
    slots = found(around)
    ends = [start + 15 * MINUTE for start in slots.starts]
    listed = listing_2024_09_04(slots, time_zone, "range").values()
    assert [item["end"] for day in listed for item in day] == list(map(Writer(zone(time_zone)).text, ends))


def test_nothing_is_an_empty_object() -> None:
    nothing = FoundSlots(starts=[], length=15, only_first=False, seats=None, seated={}, without_holds=False)
    assert orjson.dumps(json_2024_09_04(nothing, None, "time")) == b"{}"
