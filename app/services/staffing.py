"""Who hosts what is asked for, decided once for as long as the rules stand."""

from typing import NamedTuple

from cachetools import LRUCache

from app.domain.event_type import EventTypeRules, StaffedEventType, staff
from app.domain.reference import EventTypeReference


class _Kept(NamedTuple):
    rules: EventTypeRules
    staffed: StaffedEventType
    weight: int


class Staffing:
    """Staffed event types: the same object again for the same rules.

    That it is the same lets others tell, without a look inside, that nothing about the hosts is different. What is
    named in two ways is kept twice.
    """

    def __init__(self, most: int) -> None:
        """Keep what weighs no more than `most` in all, with each host, and each number that was asked for."""
        self._kept: LRUCache[tuple[EventTypeReference, frozenset[int]], _Kept]
        self._kept = LRUCache(most, getsizeof=lambda kept: kept.weight)

    def of(
        self, rules: EventTypeRules, reference: EventTypeReference, subset: frozenset[int] = frozenset()
    ) -> StaffedEventType:
        """Return who hosts what a reference names, by its rules of now; `subset` as in `staff`.

        Raises
        ------
        EventTypeManagedError
            As `staff`.
        """
        asked = reference, subset
        kept = self._kept.get(asked)
        if kept is None or kept.rules is not rules:
            staffed = staff(rules, subset)
            kept = _Kept(rules, staffed, weight_of(staffed, subset))
            if kept.weight <= self._kept.maxsize:
                self._kept[asked] = kept
        return kept.staffed


def weight_of(staffed: StaffedEventType, subset: frozenset[int]) -> int:
    """Return how many hosts a staffed event type has, asked for or not, and numbers that were asked for as theirs."""
    return 1 + len(staffed.hosts) + len(staffed.all_host_ids) + len(subset)
