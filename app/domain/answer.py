"""A listing as it is read: slots under their dates in the asker's zone (docs/rules.md 12)."""

from bisect import bisect_left

from app.domain.schedule import LocalDay, Zone
from app.domain.time_ranges import DAY, Instant

StartsByDay = dict[LocalDay, list[Instant]]
"""Starts by local day; days in order, starts by time, no day without any."""


def by_day(starts: list[Instant], asker: Zone, *, only_first: bool) -> StartsByDay:
    """Put the starts of slots, which come in order of time, under their dates; of each date perhaps only the first."""
    days: StartsByDay = {}
    begin = 0
    while begin < len(starts):
        day = asker.day_at(starts[begin])
        offset = asker.offset_on(day)
        # On a day on which clocks change, each start is looked at.
        end = begin + 1 if offset is None else bisect_left(starts, (day + 1) * DAY - offset, begin + 1)
        if day in days:
            # It comes start by start, or in two parts where clocks go back over midnight.
            days[day] += starts[begin:end]
        else:
            days[day] = starts[begin:end]
        begin = end
    return {day: days[day][:1] if only_first else days[day] for day in sorted(days)}
