"""Use case: say why starts are, or are not, on offer."""

from dataclasses import dataclass

from app.domain.event_type import StaffedEventType
from app.domain.explain import DayExplained, StartExplained, explain_days, explain_start
from app.domain.explain_times import TimesExplained, explain_times
from app.domain.schedule import LocalDay, Zone
from app.domain.time_ranges import Instant
from app.services.find_slots import Looked, SlotFinder, SlotsQuestion
from app.services.ports import Caller, Ties


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What was looked at, what was found out, and how much of it the caller may know."""

    looked: Looked
    found: StartExplained | dict[LocalDay, DayExplained]
    """One start, or every date of the window."""
    names_others: bool
    """Whether the caller has a tie to the event type, and so may know what takes its hosts' time."""
    names_bookings: bool
    """Whether it is the caller's own file. Elsewhere who knows a booking's uid may end it, and a tie is no proof that
    one may: somebody else's booking takes the time of whoever has its attendee's address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictured:
    """What was looked at, its picture, and how much of it the caller may know."""

    looked: Looked
    times: TimesExplained
    names_others: bool
    """As of `Explained`."""
    names_bookings: bool
    """As of `Explained`."""


class SlotExplainer:
    """Explains listings."""

    def __init__(self, finder: SlotFinder, ties: Ties | None) -> None:
        """Work on what `finder` looks at; without `ties` everybody may know everything, as of a file of their own."""
        self._finder = finder
        self._ties = ties

    async def explain(
        self, question: SlotsQuestion, asker: Zone, *, at: Instant | None, caller: Caller | None
    ) -> Explained:
        """Explain one start, or count for every date of the window, which the asker's zone gives.

        Raises
        ------
        HoldfastError
            As `SlotFinder.find`.
        """
        looked = await self._finder.look(question, at)
        if at is None:
            found: StartExplained | dict[LocalDay, DayExplained]
            found = explain_days(looked.availability, question.window, asker)
        else:
            found = explain_start(looked.availability, at, question.window, asker)
        return Explained(
            looked=looked,
            found=found,
            names_others=await self._has_tie(caller, looked.availability.staffed),
            names_bookings=self._ties is None,
        )

    async def picture(self, question: SlotsQuestion, asker: Zone, caller: Caller | None) -> Pictured:
        """Return what opens and takes the time of the window.

        Raises
        ------
        HoldfastError
            As `SlotFinder.find`.
        """
        looked = await self._finder.look(question)
        return Pictured(
            looked=looked,
            times=explain_times(looked.availability, question.window, asker),
            names_others=await self._has_tie(caller, looked.availability.staffed),
            names_bookings=self._ties is None,
        )

    async def _has_tie(self, caller: Caller | None, staffed: StaffedEventType) -> bool:
        if self._ties is None:
            return True
        event_type_id = staffed.event_type.id
        # A dynamic event is nobody's: anybody may name anybody.
        if caller is None or event_type_id is None:
            return False
        return await self._ties.has_tie(caller, event_type_id)
