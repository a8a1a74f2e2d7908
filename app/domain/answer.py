"""A listing as it is read: slots under their dates in the asker's zone (docs/rules.md 12)."""

from collections.abc import Iterable

from app.domain.availability import Slot
from app.domain.schedule import LocalDay, Zone
from app.domain.time_ranges import DAY

Listing = dict[LocalDay, list[Slot]]
"""Slots by local day; days in order, slots by time, no day without slots."""


def by_day(slots: Iterable[Slot], asker: Zone, *, only_first: bool) -> Listing:
    """Put slots, which come in order of time, under their dates; of each date perhaps only the first."""
    listing: Listing = {}
    for slot in slots:
        day = (slot.start + asker.offset_at(slot.start)) // DAY
        kept = listing.get(day)
        if kept is None:
            listing[day] = [slot]
        elif not only_first:
            kept.append(slot)
    return dict(sorted(listing.items()))
