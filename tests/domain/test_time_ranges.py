"""Sets of stretches of time behave like sets of whole numbers."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.time_ranges import Range, holds, intersection, maximal, merged, overlaps, without

small = st.integers(-12, 12)
any_ranges = st.lists(st.tuples(small, small), max_size=8)
"""Some are empty, some end before they start, some overlap."""
merged_ranges = any_ranges.map(merged)
maximal_ranges = any_ranges.map(lambda drawn: maximal(one for one in drawn if one[0] < one[1]))
"""Sorted by beginning and by end, but they may overlap."""


def numbers(ranges: list[Range]) -> set[int]:
    """Return what is in the ranges, number by number."""
    return {number for start, end in ranges for number in range(start, end)}


def is_merged(ranges: list[Range]) -> bool:
    """Say whether no range is empty, and whether each begins some time after the one before ends."""
    return all(start < end for start, end in ranges) and all(one[1] < two[0] for one, two in pairwise(ranges))


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([(1, 2), (3, 4)], [(1, 2), (3, 4)], id="a break stays"),
        pytest.param([(1, 2), (2, 3)], [(1, 3)], id="touching is one"),
        pytest.param([(2, 3), (1, 2)], [(1, 3)], id="in any order"),
        pytest.param([(1, 5), (2, 3)], [(1, 5)], id="inside another"),
        pytest.param([(1, 3), (2, 5)], [(1, 5)], id="overlapping"),
        pytest.param([(2, 2), (4, 3)], [], id="no time at all"),
        pytest.param([(0, 0), (-3, -1)], [(-3, -1)], id="before the epoch"),
    ],
)
def test_merging_joins_what_overlaps_or_touches(ranges: list[Range], expected: list[Range]) -> None:
    assert merged(ranges) == expected


@given(any_ranges)
def test_merged_ranges_are_the_same_time_written_in_one_way(ranges: list[Range]) -> None:
    result = merged(ranges)
    assert numbers(result) == numbers(ranges)
    assert is_merged(result)
    assert merged(reversed(ranges)) == merged(result) == result


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        pytest.param([], [(0, 10)], id="nothing taken"),
        pytest.param([(3, 4)], [(0, 3), (4, 10)], id="in the middle"),
        pytest.param([(-5, 2), (9, 12)], [(2, 9)], id="at both ends"),
        pytest.param([(-5, 15)], [], id="all of it"),
        pytest.param([(10, 12), (-3, 0)], [(0, 10)], id="beside it"),
    ],
)
def test_taking_time_away_leaves_the_rest(taken: list[Range], expected: list[Range]) -> None:
    assert without([(0, 10)], merged(taken)) == expected


@given(merged_ranges, merged_ranges)
def test_what_is_left_is_what_was_there_and_is_not_taken(ranges: list[Range], taken: list[Range]) -> None:
    left = without(ranges, taken)
    assert numbers(left) == numbers(ranges) - numbers(taken)
    assert is_merged(left)


@given(merged_ranges, merged_ranges)
def test_common_time_is_what_is_in_both(left: list[Range], right: list[Range]) -> None:
    common = intersection(left, right)
    assert numbers(common) == numbers(left) & numbers(right)
    assert is_merged(common)
    assert common == intersection(right, left)


@given(maximal_ranges, maximal_ranges)
def test_the_overlaps_of_overlapping_ranges_are_those_of_all_pairs(left: list[Range], right: list[Range]) -> None:
    pairs = [(max(a, c), min(b, d)) for a, b in left for c, d in right if a < d and c < b]
    assert sorted(intersection(left, right)) == sorted(pairs)


@given(any_ranges)
def test_maximal_ranges_are_those_that_lie_in_no_other(ranges: list[Range]) -> None:
    real = [one for one in ranges if one[0] < one[1]]
    widest = {
        one for one in real if not any(other != one and other[0] <= one[0] and one[1] <= other[1] for other in real)
    }
    assert maximal(real) == sorted(widest)
    assert [end for _, end in maximal(real)] == sorted(end for _, end in widest)


@given(st.tuples(small, small), st.tuples(small, small))
def test_ranges_overlap_when_they_share_any_time(one: Range, other: Range) -> None:
    if one[0] < one[1] and other[0] < other[1]:
        assert overlaps(one, other) == overlaps(other, one) == bool(numbers([one]) & numbers([other]))


@given(merged_ranges, small, st.integers(1, 10))
def test_ranges_hold_a_stretch_when_all_of_it_is_in_them(ranges: list[Range], start: int, length: int) -> None:
    assert holds(ranges, start, start + length) == (numbers([(start, start + length)]) <= numbers(ranges))
