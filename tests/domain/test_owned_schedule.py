"""What nobody may write into a schedule."""

from datetime import date

import pytest

from app.domain.owned_schedule import hours_problem, overrides_problem
from app.domain.schedule import Override, WeeklyHours

MONDAY = date(2050, 9, 5)
TUESDAY = date(2050, 9, 6)


def hours(days: set[int], start: int, end: int) -> WeeklyHours:
    return WeeklyHours(frozenset(days), start * 60, end * 60)


@pytest.mark.parametrize(
    "fine",
    [
        [],
        [hours({1}, 9, 12), hours({1}, 12, 17)],
        [hours({1}, 9, 17), hours({2}, 9, 17)],
        [hours({1}, 13, 17), hours({1}, 9, 12)],
        [hours({1, 2, 3, 4, 5, 6, 7}, 0, 24)],
        [WeeklyHours(frozenset({1}), 1_439, 1_440)],
    ],
)
def test_hours_beside_each_other_are_fine(fine: list[WeeklyHours]) -> None:
    assert hours_problem(fine) is None


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ([hours({1}, 9, 12), hours({1, 2}, 11, 17)], "09:00 to 12:00 and 11:00 to 17:00 overlap on Monday"),
        ([hours({1}, 9, 17), hours({2, 3}, 9, 12), hours({3}, 10, 11)], "overlap on Wednesday"),
        ([hours({1}, 9, 17), hours({1}, 9, 17)], "overlap on Monday"),
        ([WeeklyHours(frozenset({1}), 540, 1_439), WeeklyHours(frozenset({1}), 1_439, 1_440)], "overlap on Monday"),
        ([hours({1}, 17, 9)], "17:00 to 09:00 must end after it starts"),
        ([hours({1}, 9, 9)], "09:00 to 09:00 must end after it starts"),
        ([hours({1}, 17, 0)], "the end of the day is 24:00"),
        ([WeeklyHours(frozenset({1}), 1_439, 1_439)], "must end after it starts"),
    ],
)
def test_hours_without_time_or_over_each_other(wrong: list[WeeklyHours], text: str) -> None:
    assert text in (hours_problem(wrong) or "")


@pytest.mark.parametrize(
    "fine",
    [
        [],
        [Override(MONDAY)],
        [Override(MONDAY, 0, 0)],
        [Override(MONDAY), Override(MONDAY, 0, 0)],
        [Override(MONDAY, 600, 660), Override(MONDAY, 660, 720), Override(TUESDAY)],
    ],
)
def test_overrides_that_say_one_thing(fine: list[Override]) -> None:
    assert overrides_problem(fine) is None


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (
            [Override(MONDAY, 600, 720), Override(MONDAY, 660, 780)],
            "10:00 to 12:00 and 11:00 to 13:00 overlap on 2050-09-05",
        ),
        (
            [Override(MONDAY), Override(MONDAY, 660, 780)],
            "2050-09-05 is closed by one override and has hours by another",
        ),
        ([Override(MONDAY, 780, 660)], "13:00 to 11:00 on 2050-09-05 must not end before it starts"),
    ],
)
def test_overrides_that_contradict_each_other(wrong: list[Override], text: str) -> None:
    assert text in (overrides_problem(wrong) or "")
