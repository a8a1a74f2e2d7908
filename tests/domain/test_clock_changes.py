"""Listings on the days when clocks change: by an hour, two, a half, for Ramadan, at midnight, by a whole day."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.domain.answer import by_day
from app.domain.booking_window import DateRange, bookable_days
from app.domain.busy import BusyTimes
from app.domain.event_type import Host
from app.domain.limits import BookingLimits, Limit, Period
from app.domain.schedule import Override, Schedule, date_of, zone
from app.domain.time_ranges import DAY, MINUTE, Instant, Range
from tests.domain import oracle
from tests.domain.builders import ASKED, at, availability, away, booking, host, hours, override, schedule, staffed
from tests.domain.clock_changes import CHANGE_DAYS

on_each_change_day = pytest.mark.parametrize(("name", "day"), CHANGE_DAYS)


def around(day: str) -> Range:
    """Return three days of UTC, of which this is the second."""
    return at(f"{day}T00:00Z") - DAY, at(f"{day}T00:00Z") + 2 * DAY


def minutes(starts: Iterable[Instant]) -> list[int]:
    """Return where slots start, in minutes since 1970."""
    return [start // MINUTE for start in starts]


def listed(one: Host, day: str, taken: BusyTimes | None = None, **fields: Any) -> list[Instant]:
    """Return what a host offers around a day."""
    asked = staffed(one, **fields)
    bookable = bookable_days(asked.event_type.booking_window, 0)
    return availability(asked, taken, around=around(day), now="1970-01-01T00:00Z", bookable=bookable).starts(
        around(day)
    )


# Hours ---------------------------------------------------------------------------------------------------------------


def by_the_minute(name: str, day: str, start: int, end: int) -> list[int]:
    """Find half-hour slots from one minute of a day to another by looking at the clock each minute."""
    first = oracle.instant_minute(name, date.fromisoformat(day), start)
    which = date.fromisoformat(day) + timedelta(days=end // 1_440)
    last = oracle.instant_minute(name, which, end % 1_440) - 30
    while oracle.minute_of_hour(name, first) % 30:
        first += 1
    return list(range(first, last + 1, 30))


def at_these_hours(name: str, day: str, start: int, end: int) -> list[int]:
    """List half-hour slots of a host who works that day alone."""
    only = Schedule(1, name, (), (Override(date.fromisoformat(day), start, end),))
    return minutes(listed(host(1, only), day))


@on_each_change_day
def test_hours_from_any_hour_and_half_hour_to_any_other(name: str, day: str) -> None:
    """They start and end in the gap and in the fold too."""
    for start, end in combinations(range(0, 1_441, 30), 2):
        assert at_these_hours(name, day, start, end) == by_the_minute(name, day, start, end), (start, end)


@on_each_change_day
def test_hours_from_any_quarter_of_an_hour_or_to_any(name: str, day: str) -> None:
    for quarter in range(0, 1_380, 15):
        for start, end in ((quarter, 1_440), (0, quarter + 15), (quarter, quarter + 75)):
            assert at_these_hours(name, day, start, end) == by_the_minute(name, day, start, end), (start, end)


@pytest.mark.parametrize(
    ("name", "day", "open_time", "length", "expected"),
    [
        # Each hour of the night.
        ("America/New_York", "2050-03-13", "00:00-06:00", 60, "00:00-05 01:00-05 03:00-04 04:00-04 05:00-04"),
        ("America/New_York", "2050-11-06", "00:00-04:00", 60, "00:00-04 01:00-04 01:00-05 02:00-05 03:00-05"),
        ("Europe/London", "2050-03-27", "00:00-04:00", 60, "00:00+00 02:00+01 03:00+01"),
        ("Europe/London", "2050-10-30", "00:00-03:00", 60, "00:00+01 01:00+01 01:00+00 02:00+00"),
        ("Australia/Lord_Howe", "2050-10-02", "01:00-03:30", 30, "01:00+1030 01:30+1030 02:30+11 03:00+11"),
        ("Australia/Lord_Howe", "2050-10-02", "00:00-05:00", 60, "00:00+1030 01:00+1030 02:30+11 03:30+11"),
        ("Australia/Lord_Howe", "2050-04-03", "01:00-02:30", 30, "01:00+11 01:30+11 01:30+1030 02:00+1030"),
        ("Australia/Lord_Howe", "2050-04-03", "00:00-04:00", 60, "00:00+11 01:00+11 01:30+1030 02:30+1030"),
        ("Africa/Casablanca", "2026-02-15", "01:00-05:00", 60, "01:00+01 02:00+01 02:00+00 03:00+00 04:00+00"),
        ("Africa/Casablanca", "2026-03-22", "00:00-05:00", 60, "00:00+00 01:00+00 03:00+01 04:00+01"),
        ("Pacific/Apia", "2012-04-01", "02:00-06:00", 60, "02:00+14 03:00+14 03:00+13 04:00+13 05:00+13"),
        ("Pacific/Apia", "2012-09-30", "02:00-06:00", 60, "02:00+13 04:00+14 05:00+14"),
        ("America/Santiago", "2050-04-02", "21:00-24:00", 60, "21:00-03 22:00-03 23:00-03 23:00-04"),
        ("America/Santiago", "2050-09-04", "00:00-04:00", 60, "01:00-03 02:00-03 03:00-03"),
        ("Antarctica/Troll", "2050-03-27", "00:00-06:00", 60, "00:00+00 03:00+02 04:00+02 05:00+02"),
        ("Antarctica/Troll", "2050-10-30", "00:00-04:00", 60, "00:00+02 01:00+02 02:00+02 01:00+00 02:00+00 03:00+00"),
        # Starting in a gap, ending in one, and both.
        ("America/New_York", "2050-03-13", "02:30-05:00", 30, "03:30-04 04:00-04 04:30-04"),
        ("America/New_York", "2050-03-13", "01:00-02:30", 30, "01:00-05 01:30-05 03:00-04"),
        ("America/New_York", "2050-03-13", "02:00-02:30", 30, "03:00-04"),
        ("Europe/London", "2050-03-27", "01:30-04:00", 60, "03:00+01"),
        ("Australia/Lord_Howe", "2050-10-02", "02:10-04:00", 30, "03:00+11 03:30+11"),
        ("Australia/Lord_Howe", "2050-10-02", "01:30-02:15", 30, "01:30+1030"),
        ("Africa/Casablanca", "2026-03-22", "02:30-05:00", 60, "04:00+01"),
        ("Pacific/Apia", "2012-09-30", "01:00-03:30", 60, "01:00+13 02:00+13"),
        ("America/Santiago", "2050-09-04", "00:30-03:00", 30, "01:30-03 02:00-03 02:30-03"),
        ("America/Santiago", "2050-09-03", "22:00-24:00", 60, "22:00-04 23:00-04"),
        ("Antarctica/Troll", "2050-03-27", "01:30-04:30", 30, "03:30+02 04:00+02"),
        ("Antarctica/Troll", "2050-03-27", "00:30-02:00", 30, "00:30+00 03:00+02 03:30+02"),
        # Starting in a fold, ending in one, and both.
        ("America/New_York", "2050-11-06", "01:30-02:30", 30, "01:30-04 01:00-05 01:30-05 02:00-05"),
        ("America/New_York", "2050-11-06", "00:00-01:30", 30, "00:00-04 00:30-04 01:00-04"),
        ("Europe/London", "2050-10-30", "01:00-01:30", 30, "01:00+01"),
        ("Australia/Lord_Howe", "2050-04-03", "01:30-02:30", 30, "01:30+11 01:30+1030 02:00+1030"),
        ("Africa/Casablanca", "2026-02-15", "00:30-02:30", 60, "01:00+01"),
        ("Pacific/Apia", "2012-04-01", "03:30-05:00", 60, "03:00+13 04:00+13"),
        ("America/Santiago", "2050-04-02", "23:30-24:00", 30, "23:30-03 23:00-04 23:30-04"),
        ("Antarctica/Troll", "2050-10-30", "02:30-03:30", 60, "01:00+00 02:00+00"),
    ],
)  # fmt: skip
def test_slots_by_the_wall(name: str, day: str, open_time: str, length: int, expected: str) -> None:
    only = schedule(zone=name, overrides=[override(day, open_time)])
    found = listed(host(1, only), day, length=length)
    assert " ".join(wall_text(slot, name) for slot in found) == expected.replace("+1030", "+10:30")


def wall_text(start: Instant, name: str) -> str:
    """Return what clocks show at a start, with their offset: "01:00-05", or "01:00+10:30"."""
    shown = datetime.fromtimestamp(start // 1_000, ZoneInfo(name)).isoformat()
    return shown[11:16] + shown[19:].removesuffix(":00")


def test_the_skipped_day_of_apia_has_its_hours_a_day_later() -> None:
    """They move forward by the gap, onto those of the next date."""
    weekly = schedule("09:00-11:00", hours("13:00-14:00", "Fri"), zone="Pacific/Apia")
    found = by_day(listed(host(1, weekly), "2011-12-30", length=60), zone("Pacific/Apia"), only_first=False)
    assert {
        str(date_of(day)): [wall_text(start, "Pacific/Apia") for start in starts] for day, starts in found.items()
    } == {
        "2011-12-29": ["09:00-10", "10:00-10"],
        "2011-12-31": ["09:00+14", "10:00+14", "13:00+14"],
        "2012-01-01": ["09:00+14", "10:00+14"],
    }


def test_a_beginning_is_rounded_to_a_whole_hour_even_over_half_an_hour_s_change() -> None:
    """From 01:40 on Lord Howe the next whole hour is 03:00: at 02:00 it is half past two."""
    for day, expected in (("2050-10-02", "03:00+11 04:00+11"), ("2050-04-03", "02:00+10:30 03:00+10:30 04:00+10:30")):
        only = schedule(zone="Australia/Lord_Howe", overrides=[override(day, "01:40-05:00")])
        found = listed(host(1, only), day, length=60)
        assert " ".join(wall_text(slot, "Australia/Lord_Howe") for slot in found) == expected


# Dates ---------------------------------------------------------------------------------------------------------------


def dates_shown(name: str, day: str) -> dict[int, date]:
    """Return what date clocks show in each minute around a day."""
    first, last = (instant // MINUTE for instant in around(day))
    return {minute: oracle.date_shown(name, minute * MINUTE) for minute in range(first, last)}


def quarters(shown: dict[int, date], *, without: date) -> list[int]:
    """Find the quarters of an hour in which clocks never show a date."""
    starts = list(shown)[::15]
    return [start for start in starts if all(shown[minute] != without for minute in range(start, start + 15))]


@on_each_change_day
def test_a_date_away_takes_each_minute_that_shows_it(name: str, day: str) -> None:
    one = host(1, schedule("00:00-24:00", zone=name), absences=[away(day)])
    assert minutes(listed(one, day, length=15)) == quarters(dates_shown(name, day), without=date.fromisoformat(day))


@on_each_change_day
def test_a_closed_date_takes_each_minute_that_shows_it(name: str, day: str) -> None:
    one = host(1, schedule("00:00-24:00", zone=name, overrides=[override(day)]))
    assert minutes(listed(one, day, length=15)) == quarters(dates_shown(name, day), without=date.fromisoformat(day))


@on_each_change_day
def test_a_full_date_takes_each_minute_that_shows_it(name: str, day: str) -> None:
    """Whichever minute of it the booking starts at."""
    shown = dates_shown(name, day)
    one, limits = host(1, schedule("00:00-24:00", zone=name)), BookingLimits(count=(Limit(Period.DAY, 1),))
    for minute in list(shown)[::60]:
        start = minute * MINUTE
        elsewhere = replace(booking("09:00-09:30", 99, type_id=ASKED), start=start, end=start + MINUTE)
        found = listed(one, day, BusyTimes(limited=(elsewhere,)), length=15, limits=limits)
        assert minutes(found) == quarters(shown, without=shown[minute])


@on_each_change_day
def test_a_range_of_one_date_is_each_start_that_shows_it(name: str, day: str) -> None:
    only = date.fromisoformat(day)
    found = listed(host(1, schedule("00:00-24:00", zone=name)), day, length=15, booking_window=DateRange(only, only))
    shown = dates_shown(name, day)
    assert minutes(found) == [start for start in list(shown)[::15] if shown[start] == only]


@on_each_change_day
def test_slots_stand_under_the_date_that_clocks_show(name: str, day: str) -> None:
    found = by_day(listed(host(1, schedule("00:00-24:00")), day, length=15), zone(name), only_first=False)
    shown = dates_shown(name, day)
    starts = list(shown)[::15]
    assert {date_of(key): minutes(found_there) for key, found_there in found.items()} == {
        each: [start for start in starts if shown[start] == each] for each in dict.fromkeys(shown.values())
    }
