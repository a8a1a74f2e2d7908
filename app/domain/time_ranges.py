"""Half-open stretches of time and the set operations on them.

An instant is Unix time in whole milliseconds, UTC: whole numbers compare, add and sort several times faster than
datetimes, and a month of availability is nothing but comparing, adding and sorting. Datetimes appear only where text or
a wall clock does: in `schedule` and at the edges.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TypeAlias

Instant: TypeAlias = int
"""Unix time in whole milliseconds."""
Range: TypeAlias = tuple[Instant, Instant]
"""From its beginning to just before its end."""

SECOND = 1_000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE


def merged(ranges: Iterable[Range]) -> list[Range]:
    """Return the same time as sorted, disjoint ranges that do not touch; empty ranges vanish."""
    result: list[Range] = []
    last_start = last_end = 0
    for start, end in sorted(ranges):
        if start >= end:
            continue
        if result and start <= last_end:
            if end > last_end:
                last_end = end
                result[-1] = (last_start, end)
        else:
            last_start, last_end = start, end
            result.append((start, end))
    return result


def without(ranges: Sequence[Range], taken: Sequence[Range]) -> list[Range]:
    """Return merged `ranges` less merged `taken`."""
    result: list[Range] = []
    index, count = 0, len(taken)
    for start, end in ranges:
        rest = start
        while index < count and taken[index][1] <= rest:
            index += 1
        at = index
        while at < count and taken[at][0] < end:
            taken_start, taken_end = taken[at]
            if taken_start > rest:
                result.append((rest, taken_start))
            rest = max(rest, taken_end)
            at += 1
        if rest < end:
            result.append((rest, end))
    return result


def intersection(left: Sequence[Range], right: Sequence[Range]) -> list[Range]:
    """Return every non-empty overlap of a range of `left` with one of `right`.

    Both must be sorted by beginning and by end (merged ranges are, and so is what `maximal` returns).
    """
    result: list[Range] = []
    first = 0
    for start, end in left:
        while first < len(right) and right[first][1] <= start:
            first += 1
        for index in range(first, len(right)):
            other_start, other_end = right[index]
            if other_start >= end:
                break
            result.append((max(start, other_start), min(end, other_end)))
    return result


def maximal(ranges: Iterable[Range]) -> list[Range]:
    """Return the ranges that do not lie inside another one, once each, sorted by beginning (and so by end)."""
    result: list[Range] = []
    # Hosts of a team often have equal ranges: once each, they sort much faster.
    for start, end in sorted(set(ranges)):
        if not result or end > result[-1][1]:
            if result and result[-1][0] == start:
                result.pop()
            result.append((start, end))
    return result


def common(several: Sequence[Sequence[Range]]) -> list[Range]:
    """Return the time that all of one or more lists of merged ranges have: all time less the gaps of each."""
    if not all(several):
        return []
    if len(several) == 1:
        return list(several[0])
    start, end = min(ranges[0][0] for ranges in several), max(ranges[-1][1] for ranges in several)
    gaps: set[Range] = set()
    for ranges in several:
        edges = [start, *chain.from_iterable(ranges), end]
        gaps.update(zip(edges[::2], edges[1::2], strict=True))
    return without([(start, end)], merged(gaps))


def overlaps(one: Range, other: Range) -> bool:
    """Say whether two ranges share any time."""
    return one[0] < other[1] and other[0] < one[1]


def meets_any(ranges: Sequence[Range], start: Instant, end: Instant) -> bool:
    """Say whether one of the merged `ranges` overlaps [start, end)."""
    index = bisect_left(ranges, end, key=lambda item: item[0]) - 1
    return index >= 0 and start < ranges[index][1]


def holds(ranges: Sequence[Range], start: Instant, end: Instant) -> bool:
    """Say whether one of the merged `ranges` contains all of [start, end)."""
    index = bisect_right(ranges, start, key=lambda item: item[0]) - 1
    return index >= 0 and end <= ranges[index][1]
