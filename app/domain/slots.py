"""The grid: which starts the free stretches of a question offer (docs/rules.md 7)."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.schedule import Zone
from app.domain.time_ranges import MINUTE, SECOND, Instant, Range

_UNITS = (60, 30, 20, 15, 10, 5)


@dataclass(frozen=True, slots=True)
class Grid:
    """How starts are laid into stretches. Everything but the zone is in minutes."""

    length: int
    step: int
    offset_start: int
    optimized: bool
    zone: Zone
    """The event zone, in whose hours beginnings are rounded."""

    @property
    def unit(self) -> int:
        """What beginnings are rounded up to."""
        return next((unit for unit in _UNITS if self.step % unit == 0), 1)

    def starts(self, stretches: Iterable[Range], window: Range) -> list[Instant]:
        """Return the starts in order of time.

        `stretches` come in order of beginning, then end. A slot may end up to a second after the window (a day that
        ends at 23:59:59 takes one that ends at midnight), but never after its own stretch.
        """
        step, length, unit = self.step * MINUTE, self.length * MINUTE, self.unit
        given: list[Instant] = []
        unlisted: set[Instant] = set()
        for stretch_start, stretch_end in stretches:
            beginning = max(stretch_start, window[0])
            last = min(stretch_end, window[1] + SECOND) - length
            if beginning - beginning % MINUTE > last:
                continue
            start = self._first_start(beginning, min(stretch_end, window[1]), unit)
            at = bisect_left(given, start)
            if at and start - given[at - 1] < step:
                start = given[at - 1] + step
            elif start < beginning and given[at : at + 1] != [start]:
                # Too early by the seconds that were cut off. It still counts as given: the next starts follow it.
                unlisted.add(start)
            if not given or start > given[-1]:
                given.extend(range(start, last + 1, step))
            else:
                # Stretches come in order of beginning, so what was given before stays as it is.
                given[at:] = sorted({*given[at:], *range(start, last + 1, step)})
        return [start for start in given if start not in unlisted] if unlisted else given

    def _first_start(self, beginning: Instant, end: Instant, unit: int) -> Instant:
        minute = beginning - beginning % MINUTE
        of_hour = self._minute_of_hour(minute)
        to_unit = -of_hour % unit
        if to_unit:
            # Lord Howe's clocks change by half an hour, which may lie in between.
            to_unit += -self._minute_of_hour(minute + to_unit * MINUTE) % unit
            if self.optimized:
                to_unit = _minutes_skipped(of_hour, to_unit, (end - beginning) // MINUTE % unit)
        return minute + (to_unit + self.offset_start) * MINUTE

    def _minute_of_hour(self, instant: Instant) -> int:
        return (instant + self.zone.offset_at(instant)) // MINUTE % 60


def _minutes_skipped(of_hour: int, to_unit: int, spare: int) -> int:
    """Return how far showOptimizedSlots moves a beginning: to the roundest start that the spare minutes reach."""
    to_quarter, to_five = 15 - of_hour % 15, 5 - of_hour % 5
    return next((skipped for skipped in (to_unit, to_quarter, to_five) if skipped <= spare), 0)
