"""Groups of bookings that may lie across each other."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from app.storage.postgres.overlaps import Grouping, Occupation, grouped

NOON = datetime(2050, 1, 1, 12, tzinfo=UTC)


def at(
    booking_id: int, start: int, end: int, *, host: int = 1, seat: int | None = None, group: int | None = None
) -> Occupation:
    """Return a booking's time in minutes from noon."""
    begins = NOON + timedelta(minutes=start)
    return Occupation(
        booking_id=booking_id,
        host_id=host,
        start=begins,
        end=NOON + timedelta(minutes=end),
        seat=None if seat is None else (seat, begins),
        group=group,
    )


def test_a_booking_alone_is_its_own_group() -> None:
    found = grouped([at(7, 0, 30), at(8, 30, 60), at(9, 0, 30, host=2)])
    assert found == Grouping(groups={7: 7, 8: 8, 9: 9}, overlapping=frozenset())


def test_what_overlaps_is_one_group_through_others_too() -> None:
    found = grouped([at(1, 0, 30), at(2, 20, 50), at(3, 40, 70), at(4, 70, 80)])
    assert found == Grouping(groups={1: 1, 2: 1, 3: 1, 4: 4}, overlapping=frozenset({1, 2, 3}))


def test_a_booking_of_several_hosts_is_in_one_group_alone() -> None:
    both = [at(2, 20, 50, host=1), at(2, 20, 50, host=2)]
    found = grouped([at(1, 0, 30, host=1), *both, at(3, 40, 70, host=2)])
    assert found.groups == {1: 1, 2: 1, 3: 1}


def test_seats_of_one_start_share_a_group_and_overlap_nothing() -> None:
    found = grouped([at(1, 0, 30, seat=5), at(2, 0, 30, seat=5), at(3, 30, 60, seat=5)])
    assert found == Grouping(groups={1: 1, 2: 1, 3: 3}, overlapping=frozenset())


def test_a_seat_across_another_start_overlaps() -> None:
    found = grouped([at(1, 0, 30, seat=5), at(2, 0, 30, seat=5), at(3, 20, 60, seat=5)])
    assert found == Grouping(groups={1: 1, 2: 1, 3: 1}, overlapping=frozenset({1, 2, 3}))


def test_groups_that_are_there_already_keep_the_lowest_number() -> None:
    found = grouped([at(3, 0, 30, group=2), at(4, 60, 90, group=4), at(9, 20, 70)])
    assert found.groups == {3: 2, 4: 2, 9: 2}


occupations = st.lists(
    st.builds(
        lambda host, start, length, seat: (host, start, start + length, seat),
        st.integers(1, 3),
        st.integers(0, 20),
        st.integers(1, 6),
        st.none() | st.integers(1, 2),
    ),
    max_size=12,
).map(lambda rows: [at(n, start, end, host=host, seat=seat) for n, (host, start, end, seat) in enumerate(rows, 1)])


@given(occupations)
def test_whatever_overlaps_shares_a_group_and_groups_hang_together(items: list[Occupation]) -> None:
    found = grouped(items)

    def touches(one: Occupation, other: Occupation) -> bool:
        across = one.host_id == other.host_id and one.start < other.end and other.start < one.end
        return across or (one.seat is not None and one.seat == other.seat)

    for one, other in combinations(items, 2):
        if touches(one, other):
            assert found.groups[one.booking_id] == found.groups[other.booking_id]
    for group in set(found.groups.values()):
        members = [item for item in items if found.groups[item.booking_id] == group]
        assert group in {member.booking_id for member in members}
        reached, rest = [members[0]], members[1:]
        while near := [item for item in rest if any(touches(item, one) for one in reached)]:
            reached += near
            rest = [item for item in rest if item not in near]
        assert not rest
