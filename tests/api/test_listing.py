"""Listings as bytes."""

from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

import orjson
import pytest

from app.api.listing import listing_2024_09_04, writable_2024_09_04
from app.domain.seats import SeatedStart
from app.domain.time_ranges import MINUTE, Instant
from app.services.find_slots import FoundSlots
from tests.domain.builders import at

_QUARTER = 15 * MINUTE
_ZONES = ["UTC", "Europe/Rome", "America/St_Johns", "Pacific/Apia", "Pacific/Auckland"]
_AROUND_THE_CLOCK = range(3 * 96)
_FOR_TWO_HOURS_A_DAY = [day * 96 + quarter for day in range(3) for quarter in range(8)]


def found(
    around: str,
    quarters: "range | list[int]" = _AROUND_THE_CLOCK,
    *,
    seats: int | None = None,
    only_first: bool = False,
    seconds: int = 0,
) -> FoundSlots:
    """Find slots at some quarters of an hour of three days around an instant; at the first of them somebody sits."""
    first = at(around) - 36 * 60 * MINUTE + seconds * 1_000
    seat = SeatedStart(
        start=first,
        end=first + _QUARTER,
        seats_taken=1,
        seats_total=2,
        host_ids=frozenset({1}),
        booking_uid="b",
        is_booked=True,
        attendees=1,
    )
    return FoundSlots(
        starts=[first + quarter * _QUARTER for quarter in quarters],
        length=15,
        only_first=only_first,
        seats=seats,
        seated={} if seats is None else {first: seat},
        without_holds=False,
    )


def text_of(instant: Instant, time_zone: str) -> str:
    """Return an instant as clocks show it, by Python's own means."""
    shown = datetime.fromtimestamp(instant / 1_000, ZoneInfo(time_zone)).isoformat(timespec="milliseconds")
    return shown.replace("+00:00", "Z") if time_zone == "UTC" else shown


@pytest.mark.parametrize("time_zone", _ZONES)
@pytest.mark.parametrize("quarters", [_AROUND_THE_CLOCK, _FOR_TWO_HOURS_A_DAY])
@pytest.mark.parametrize(
    "around",
    [
        "2050-09-05T12:00Z",
        "2050-03-27T01:00Z",
        "2050-10-30T01:00Z",
        # In St John's a day began, and a minute later it was the one before again.
        "2010-11-07T02:30Z",
        # Apia skipped a day.
        "2011-12-30T10:00Z",
    ],
)
@pytest.mark.parametrize("seconds", [0, 7])
@pytest.mark.parametrize("slot_format", ["time", "range"])
def test_every_slot_is_written_as_clocks_show_it_under_the_date_that_they_show(
    around: str, quarters: "range | list[int]", time_zone: str, seconds: int, slot_format: str
) -> None:
    slots = found(around, quarters, seconds=seconds)
    written = [(text_of(start, time_zone), text_of(start + _QUARTER, time_zone)) for start in slots.starts]
    by_date = groupby(sorted(written, key=lambda one: one[0][:10]), key=lambda one: one[0][:10])
    names = ("start", "end") if slot_format == "range" else ("start",)
    expected = {date: [dict(zip(names, texts, strict=False)) for texts in of_date] for date, of_date in by_date}
    assert orjson.dumps(writable_2024_09_04(slots, time_zone, slot_format)) == orjson.dumps(expected)


def test_of_a_date_only_the_first_slot_may_be_written() -> None:
    slots = found("2050-09-05T12:00Z", _FOR_TWO_HOURS_A_DAY, only_first=True)
    assert orjson.loads(orjson.dumps(writable_2024_09_04(slots, None, "time"))) == {
        f"2050-09-0{day}": [{"start": f"2050-09-0{day}T00:00:00.000Z"}] for day in (4, 5, 6)
    }


def test_seats_are_written_beside_starts() -> None:
    slots = found("2050-09-05T12:00Z", range(2), seats=2)
    assert orjson.loads(orjson.dumps(writable_2024_09_04(slots, None, "time"))) == {
        "2050-09-04": [
            {
                "start": "2050-09-04T00:00:00.000Z",
                "seatsBooked": 1,
                "seatsRemaining": 1,
                "seatsTotal": 2,
                "bookingUid": "b",
            },
            {"start": "2050-09-04T00:15:00.000Z", "seatsBooked": 0, "seatsRemaining": 2, "seatsTotal": 2},
        ]
    }


@pytest.mark.parametrize("time_zone", [None, *_ZONES])
def test_what_is_looked_into_is_what_is_written(time_zone: str | None) -> None:
    slots = found("2050-09-05T12:00Z")
    looked_into = listing_2024_09_04(slots, time_zone, "time")
    assert orjson.dumps(looked_into) == orjson.dumps(writable_2024_09_04(slots, time_zone, "time"))


def test_nothing_is_an_empty_object() -> None:
    assert orjson.dumps(writable_2024_09_04(found("2050-09-05T12:00Z", []), None, "time")) == b"{}"
