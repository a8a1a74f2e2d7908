"""Rule 1: from when to when slots are asked for."""

import pytest

from app.domain.errors import WindowTooLongError
from app.domain.time_ranges import DAY, SECOND
from app.domain.window import LONGEST_WINDOW_DAYS, asked_window
from tests.domain.builders import at, host, listed, staffed


@pytest.mark.parametrize(
    ("start", "end", "expected_end"),
    [
        pytest.param("2050-09-05T00:00Z", "2050-09-05T00:00Z", "2050-09-05T23:59:59Z", id="one bare date is its day"),
        pytest.param("2050-09-05T00:00Z", "2050-09-07T00:00Z", "2050-09-07T23:59:59Z", id="the end date is included"),
        pytest.param("2050-09-05T09:00Z", "2050-09-05T00:00Z", "2050-09-05T23:59:59Z", id="the rest of a day"),
        pytest.param(
            "2050-09-05T02:00+02:00",
            "2050-09-06T02:00+02:00",
            "2050-09-06T23:59:59Z",
            id="midnight UTC, however it is written",
        ),
        pytest.param(
            "2050-09-05T00:00+02:00", "2050-09-06T00:00+02:00", "2050-09-05T22:00Z", id="not midnight elsewhere"
        ),
        pytest.param("2050-09-05T09:00Z", "2050-09-05T17:30Z", "2050-09-05T17:30Z", id="instants as they are"),
        pytest.param("2050-09-05T09:00Z", "2050-09-05T00:00:01Z", "2050-09-05T09:00Z", id="the end before the start"),
    ],
)
def test_a_window_runs_to_the_last_second_of_an_end_date(start: str, end: str, expected_end: str) -> None:
    assert asked_window(at(start), at(end)) == (at(start), at(expected_end))


def test_a_window_that_ends_before_it_starts_has_no_slots() -> None:
    window = asked_window(at("10:00"), at("09:00"))
    assert listed(staffed(host()), around=window) == ""


def test_a_window_has_at_most_366_days() -> None:
    start = at("13:37")
    longest = start + LONGEST_WINDOW_DAYS * DAY
    assert asked_window(start, longest) == (start, longest)
    with pytest.raises(WindowTooLongError) as refused:
        asked_window(start, longest + SECOND)
    assert refused.value.longest_days == LONGEST_WINDOW_DAYS


def test_a_whole_leap_year_of_dates_is_not_too_long() -> None:
    start, end = at("2052-01-01T00:00Z"), at("2052-12-31T00:00Z")
    assert asked_window(start, end) == (start, at("2052-12-31T23:59:59Z"))
