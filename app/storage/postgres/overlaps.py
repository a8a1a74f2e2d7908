"""Which bookings may lie across each other: pure reckoning for imports, where history is allowed to overlap.

The database lets two bookings share a host's time only if they are of one group (`booking_hosts.overlap_group`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TypeAlias

BookingId: TypeAlias = int
Group: TypeAlias = int
"""The id of one of its bookings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupation:
    """A host's time that a booking takes, buffers included."""

    booking_id: BookingId
    host_id: int
    start: datetime
    end: datetime
    seat: tuple[int, datetime] | None = None
    """Event type and start, on a seated type: bookings alike in it sit beside each other."""
    group: Group | None = None
    """The group it has in the database already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """Groups that let everything stand side by side."""

    groups: dict[BookingId, Group]
    overlapping: frozenset[BookingId]
    """Bookings that share time with another, seats of one start apart."""


def grouped(occupations: Sequence[Occupation]) -> Grouping:
    """Put bookings that overlap on a host into one group, and so on with what overlaps those.

    Seats of one start are one group too. A group keeps the number that one of its bookings has in the database, the
    lowest; else it bears the lowest id of its bookings.
    """
    together = _Components(occupation.booking_id for occupation in occupations)
    first_of: dict[tuple[object, ...], BookingId] = {}
    for occupation in occupations:
        shared: list[tuple[object, ...]] = []
        if occupation.seat is not None:
            shared.append(("seat", occupation.seat))
        if occupation.group is not None:
            shared.append(("group", occupation.group))
        for key in shared:
            together.join(occupation.booking_id, first_of.setdefault(key, occupation.booking_id))
    overlapping: set[BookingId] = set()
    for cluster in _clusters(occupations):
        for occupation in cluster[1:]:
            together.join(occupation.booking_id, cluster[0].booking_id)
        if len({occupation.seat or occupation.booking_id for occupation in cluster}) > 1:
            overlapping |= {occupation.booking_id for occupation in cluster}
    return Grouping(groups=_numbered(occupations, together), overlapping=frozenset(overlapping))


def _clusters(occupations: Iterable[Occupation]) -> list[list[Occupation]]:
    """Return each host's occupations, cut where nothing spans the gap."""
    clusters: list[list[Occupation]] = []
    ordered = sorted(occupations, key=lambda one: (one.host_id, one.start))
    for _, of_host in groupby(ordered, key=lambda one: one.host_id):
        until: datetime | None = None
        for occupation in of_host:
            if until is None or occupation.start >= until:
                clusters.append([])
                until = occupation.end
            clusters[-1].append(occupation)
            until = max(until, occupation.end)
    return clusters


def _numbered(occupations: Iterable[Occupation], together: "_Components") -> dict[BookingId, Group]:
    numbers: dict[BookingId, tuple[bool, int]] = {}
    for occupation in occupations:
        root = together.root(occupation.booking_id)
        new = occupation.group is None
        number = (new, occupation.booking_id if occupation.group is None else occupation.group)
        numbers[root] = min(numbers.get(root, number), number)
    return {one.booking_id: numbers[together.root(one.booking_id)][1] for one in occupations}


class _Components:
    """Sets of bookings that grow together (union-find)."""

    def __init__(self, members: Iterable[BookingId]) -> None:
        self._parent = {member: member for member in members}

    def root(self, member: BookingId) -> BookingId:
        """Return what stands for the member's set."""
        while self._parent[member] != member:
            self._parent[member] = self._parent[self._parent[member]]
            member = self._parent[member]
        return member

    def join(self, one: BookingId, other: BookingId) -> None:
        """Make the two members' sets one."""
        self._parent[self.root(one)] = self.root(other)
