"""How far ahead an event type can be booked: its booking window (docs/rules.md 9). Days are days of the event zone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from app.domain.schedule import LocalDay, day_of

_THURSDAY = 3
"""1970-01-01, day 0, was a Thursday; ISO weeks begin on Monday, which is 0 here."""
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class DaysAhead:
    """Some days from today, of the calendar or Mondays to Fridays."""

    days: int
    business: bool = False
    rolling: bool = False
    """Count only days that have a slot."""

    def counts(self, day: LocalDay) -> bool:
        """Say whether a day is of the kind that is counted."""
        return not self.business or (day + _THURSDAY) % 7 < _SATURDAY


@dataclass(frozen=True, slots=True)
class DateRange:
    """Two dates and those between."""

    first: date
    last: date


BookingWindow: TypeAlias = DaysAhead | DateRange
Bookable: TypeAlias = tuple[LocalDay | None, LocalDay | None]
"""The first and the last day that can be booked; None is no bound."""
ALWAYS: Bookable = (None, None)


def bookable_days(window: BookingWindow | None, today: LocalDay, days_with_slots: Sequence[LocalDay] = ()) -> Bookable:
    """Return the days that a booking window leaves.

    `days_with_slots`, ascending from today on, are read by a rolling window alone.
    """
    if window is None:
        return ALWAYS
    if isinstance(window, DateRange):
        return day_of(window.first), day_of(window.last)
    if not window.rolling:
        return None, _last_of(window, today)
    counted = [day for day in days_with_slots if window.counts(day)]
    if len(counted) < window.days:
        return ALWAYS
    return None, counted[window.days - 1] if window.days else today - 1


def _last_of(window: DaysAhead, today: LocalDay) -> LocalDay:
    """Return the N-th counted day after today; today itself for none."""
    if not window.business:
        return today + window.days
    weeks, rest = divmod(window.days, 5)
    last = today + 7 * weeks
    while rest:
        last += 1
        rest -= window.counts(last)
    # Whole weeks from a Saturday or Sunday end on one: the last counted day lies before it.
    while window.days and not window.counts(last):
        last -= 1
    return last
