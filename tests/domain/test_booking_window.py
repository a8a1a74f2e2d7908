"""How far ahead can be booked (docs/rules.md 9)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.booking_window import ALWAYS, DateRange, DaysAhead, bookable_days
from app.domain.schedule import date_of, day_of

FRIDAY = date(2050, 9, 2)
SATURDAY, MONDAY, NEXT_MONDAY = date(2050, 9, 3), date(2050, 9, 5), date(2050, 9, 12)


def last(window: DaysAhead, today: date, days: list[date] | None = None) -> date | None:
    _, day = bookable_days(window, day_of(today), [day_of(one) for one in days or []])
    return None if day is None else date_of(day)


def test_no_window_leaves_every_day() -> None:
    assert bookable_days(None, day_of(MONDAY)) == ALWAYS


def test_a_range_is_two_dates_and_those_between() -> None:
    assert bookable_days(DateRange(MONDAY, NEXT_MONDAY), 0) == (day_of(MONDAY), day_of(NEXT_MONDAY))


@pytest.mark.parametrize(
    ("days", "end"), [(0, MONDAY), (1, date(2050, 9, 6)), (7, NEXT_MONDAY), (30, date(2050, 10, 5))]
)
def test_calendar_days_count_from_the_day_after_today(days: int, end: date) -> None:
    assert last(DaysAhead(days), MONDAY) == end


@pytest.mark.parametrize(
    ("days", "today", "end"),
    [
        (0, FRIDAY, FRIDAY),
        (1, FRIDAY, MONDAY),
        (1, SATURDAY, MONDAY),
        (5, SATURDAY, date(2050, 9, 9)),
        (5, FRIDAY, date(2050, 9, 9)),
        (6, FRIDAY, NEXT_MONDAY),
        (10, SATURDAY, date(2050, 9, 16)),
    ],
)
def test_business_days_are_mondays_to_fridays(days: int, today: date, end: date) -> None:
    assert last(DaysAhead(days, business=True), today) == end


@given(st.integers(0, 400), st.integers(0, 14))
def test_business_days_one_by_one(days: int, shift: int) -> None:
    """As somebody counts on their fingers."""
    today = day_of(FRIDAY) + shift
    end, left = today, days
    while left:
        end += 1
        left -= date_of(end).isoweekday() < 6
    assert bookable_days(DaysAhead(days, business=True), today) == (None, end)


@pytest.mark.parametrize(
    ("days", "with_slots", "end"),
    [
        (1, [MONDAY], MONDAY),
        (2, [FRIDAY, MONDAY, NEXT_MONDAY], MONDAY),
        (3, [FRIDAY, MONDAY], None),
        (1, [], None),
        (0, [MONDAY], date(2050, 9, 1)),
    ],
)
def test_rolling_windows_count_days_that_have_a_slot(days: int, with_slots: list[date], end: date | None) -> None:
    assert last(DaysAhead(days, rolling=True), FRIDAY, with_slots) == end


def test_rolling_business_days_pass_over_weekends() -> None:
    window = DaysAhead(2, business=True, rolling=True)
    assert last(window, FRIDAY, [SATURDAY, MONDAY, NEXT_MONDAY]) == NEXT_MONDAY
