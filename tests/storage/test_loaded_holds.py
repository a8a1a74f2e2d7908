"""Which of a file's reservations share their hosts' time."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.reservation import Claim, KeptReservation
from app.domain.time_ranges import MINUTE, overlaps
from app.storage.world_files.format import World
from app.storage.world_files.holds import HoldsToLoad


def hold(name: str, start: int, end: int, *hosts: int, event_type_id: int = 1, seats: int | None = None) -> Claim:
    """A hold of some hosts (1 if none is named) in minutes, with ten minutes' rest after it."""
    return Claim(
        id=name,
        reservation_uid=name,
        event_type_id=event_type_id,
        host_ids=hosts or (1,),
        start=start * MINUTE,
        end=end * MINUTE,
        before_buffer=0,
        after_buffer=10,
        seats=seats,
    )


def overlapping(*claims: Claim) -> int:
    holds = HoldsToLoad(World(), now=0)
    holds.live = [KeptReservation(claim=claim, until=1) for claim in claims]
    return holds.overlapping


@pytest.mark.parametrize(
    ("claims", "count"),
    [
        pytest.param([hold("a", 0, 20), hold("b", 30, 50)], 0, id="apart"),
        pytest.param([hold("a", 0, 30), hold("b", 30, 60)], 2, id="within a rest"),
        pytest.param([hold("a", 0, 30), hold("b", 0, 30, 2)], 0, id="other hosts"),
        pytest.param([hold("a", 0, 30, 1, 2), hold("b", 0, 30, 2, 3), hold("c", 0, 30, 1)], 3, id="hosts in common"),
        pytest.param([hold("a", 0, 99), hold("b", 10, 20), hold("c", 50, 60)], 3, id="two within a long one"),
        pytest.param([hold("a", 0, 30, seats=2), hold("b", 0, 30, seats=2)], 0, id="seats of one start"),
        pytest.param([hold("a", 0, 30, seats=2), hold("b", 20, 50, seats=2)], 2, id="seats of two starts"),
        pytest.param(
            [hold("a", 0, 99, seats=2), hold("b", 0, 20, seats=2), hold("c", 40, 50, event_type_id=2)],
            2,
            id="across the longer of two seats",
        ),
        pytest.param(
            [hold("a", 0, 99, seats=2), hold("b", 0, 99, seats=2), hold("c", 40, 50, event_type_id=2)],
            3,
            id="across two seats",
        ),
    ],
)
def test_how_many_share_a_hosts_time(claims: list[Claim], count: int) -> None:
    assert overlapping(*claims) == count


SEATED = 2
claims_of_some = st.lists(
    st.builds(
        lambda hosts, type_id, start, length: (hosts, type_id, start * 10, start * 10 + length),
        st.frozensets(st.integers(1, 3), min_size=1, max_size=2),
        st.integers(1, 2),
        st.integers(0, 12),
        st.integers(1, 60),
    ),
    max_size=8,
).map(
    lambda rows: [
        hold(f"r{n}", start, end, *sorted(hosts), event_type_id=type_id, seats=2 if type_id == SEATED else None)
        for n, (hosts, type_id, start, end) in enumerate(rows)
    ]
)


@given(claims_of_some)
def test_each_that_meets_another_is_counted_once(claims: list[Claim]) -> None:
    """Beside what looks at every pair."""
    found: set[str] = set()
    for one, other in combinations(claims, 2):
        together = (one.event_type_id, one.start) == (other.event_type_id, other.start) == (SEATED, one.start)
        if set(one.host_ids) & set(other.host_ids) and overlaps(one.busy_range, other.busy_range) and not together:
            found |= {one.id, other.id}
    assert overlapping(*claims) == len(found)
