"""Rule 12: slots under their dates in the asker's zone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.answer import by_day
from app.domain.schedule import date_of, zone
from app.domain.time_ranges import DAY, MINUTE, Instant
from tests.domain.builders import at, texts

ZONES = ["UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Pago_Pago"]


def days(text: str, asker: str, *, only_first: bool = False) -> dict[str, str]:
    """Return a listing as dates and starts."""
    listing = by_day(list(map(at, text.split())), zone(asker), only_first=only_first)
    return {str(date_of(day)): texts(starts) for day, starts in listing.items()}


@pytest.mark.parametrize(
    ("asker", "expected"),
    [
        ("UTC", {"2050-09-05": "02:00 11:00 20:00"}),
        ("America/New_York", {"2050-09-04": "02:00", "2050-09-05": "11:00 20:00"}),
        ("Asia/Kathmandu", {"2050-09-05": "02:00 11:00", "2050-09-06": "20:00"}),
        ("Pacific/Kiritimati", {"2050-09-05": "02:00", "2050-09-06": "11:00 20:00"}),
    ],
)
def test_slots_stand_under_their_dates_in_the_zone_asked_for(asker: str, expected: dict[str, str]) -> None:
    assert days("02:00 11:00 20:00", asker) == expected


def test_a_day_without_slots_has_no_key() -> None:
    assert list(days("2050-09-05T10:00Z 2050-09-08T10:00Z", "UTC")) == ["2050-09-05", "2050-09-08"]
    assert days("", "UTC") == {}


def test_days_are_in_order_even_where_clocks_went_back_over_midnight() -> None:
    """On St. John's clocks Sunday the 7th began, and a minute later it was Saturday again."""
    assert list(days("2010-11-07T02:30Z 2010-11-07T03:00Z", "America/St_Johns")) == ["2010-11-06", "2010-11-07"]


@pytest.mark.parametrize(
    ("asker", "expected"),
    [
        ("UTC", {"2050-09-05": "02:00"}),
        ("America/New_York", {"2050-09-04": "02:00", "2050-09-05": "11:00"}),
        ("Asia/Kathmandu", {"2050-09-05": "02:00", "2050-09-06": "20:00"}),
    ],
)
def test_only_the_first_slot_is_that_of_each_date_of_the_answer(asker: str, expected: dict[str, str]) -> None:
    assert days("02:00 11:00 20:00", asker, only_first=True) == expected


@given(
    quarters=st.lists(st.integers(0, 200), unique=True).map(sorted),
    asker=st.sampled_from(ZONES),
    only_first=st.booleans(),
)
def test_the_asker_changes_keys_and_never_instants(quarters: list[int], asker: str, *, only_first: bool) -> None:
    first = at("2050-03-12T20:00Z")
    starts = [first + 15 * quarter * MINUTE for quarter in quarters]
    listing = by_day(starts, zone(asker), only_first=only_first)
    assert list(listing) == sorted(listing)
    assert all((start + zone(asker).offset_at(start)) // DAY == day for day in listing for start in listing[day])
    if only_first:
        assert [[start] for start in _firsts(starts, asker)] == list(listing.values())
    else:
        assert [start for kept in listing.values() for start in kept] == starts


def _firsts(starts: list[Instant], asker: str) -> list[Instant]:
    there = zone(asker)
    return [
        start
        for index, start in enumerate(starts)
        if not any(there.day_at(earlier) == there.day_at(start) for earlier in starts[:index])
    ]
