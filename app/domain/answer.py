"""A listing as it is read: slots under their dates in the asker's zone (docs/rules.md 12)."""

from collections.abc import Iterable

from app.domain.schedule import LocalDay, Zone
from app.domain.time_ranges import DAY, Instant

Listing = dict[LocalDay, list[Instant]]
"""Starts by local day; days in order, starts by time, no day without any."""


def by_day(starts: Iterable[Instant], asker: Zone, *, only_first: bool) -> Listing:
    """Put the starts of slots, which come in order of time, under their dates; of each date perhaps only the first."""
    listing: Listing = {}
    kept: list[Instant] = []
    midnight = next_midnight = 0
    for start in starts:
        if not midnight <= start < next_midnight:
            day = asker.day_at(start)
            kept = listing.setdefault(day, [])
            offset = asker.offset_on(day)
            midnight = day * DAY - (offset or 0)
            # On a day on which clocks change, each start is looked at.
            next_midnight = midnight if offset is None else midnight + DAY
        if not kept or not only_first:
            kept.append(start)
    return dict(sorted(listing.items()))
