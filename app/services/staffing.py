"""Who hosts what is asked for, decided once for as long as the rules stand."""

from cachetools import LRUCache

from app.domain.event_type import EventTypeRules, StaffedEventType, staff
from app.domain.reference import EventTypeReference


class Staffing:
    """Staffed event types: the same object again for the same rules.

    That it is the same lets others tell, without a look inside, that nothing about the hosts is different.
    """

    def __init__(self, most: int) -> None:
        """Keep staffed event types that have `most` hosts in all, each with one for itself."""
        self._known: LRUCache[tuple[EventTypeReference, frozenset[int]], tuple[EventTypeRules, StaffedEventType]]
        self._known = LRUCache(most, getsizeof=lambda known: 1 + len(known[1].hosts))

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
        known = self._known.get(asked)
        if known is not None and known[0] is rules:
            return known[1]
        staffed = staff(rules, subset)
        if len(staffed.hosts) < self._known.maxsize:
            self._known[asked] = rules, staffed
        return staffed
