"""Use case: list the slots of an event type."""

import asyncio
from dataclasses import dataclass, replace

from app.domain.availability import Availability, Slot
from app.domain.busy import BusyTimes
from app.domain.event_type import StaffedEventType, staff
from app.domain.reference import EventTypeReference
from app.domain.time_ranges import MINUTE, Range
from app.services.ports import Calendar, Clock, EventTypes, Holds


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotsQuestion:
    """What a listing is asked for."""

    reference: EventTypeReference
    window: Range
    duration: int | None = None
    """Minutes; None: the event type's own length."""
    rescheduling: str | None = None
    """Uid of the booking that is being moved."""
    subset: frozenset[int] = frozenset()
    """Round-robin hosts to look at; empty: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSlots:
    """An answer: slots in order of time, of which each date of the asker's zone may show only the first."""

    slots: list[Slot]
    only_first: bool
    seats: int | None
    """Seats of each slot, on a seated type."""


class SlotFinder:
    """Lists slots. Holds nothing between questions."""

    def __init__(self, event_types: EventTypes, calendar: Calendar, holds: Holds, clock: Clock) -> None:
        """Work on these ports."""
        self._event_types = event_types
        self._calendar = calendar
        self._holds = holds
        self._clock = clock

    async def find(self, question: SlotsQuestion) -> FoundSlots:
        """Answer a question (RULES.md 1 to 13).

        Raises
        ------
        HoldfastError
            What `EventTypes.find`, `staff` and `EventType.length_asked` raise.
        """
        staffed = staff(await self._event_types.find(question.reference), question.subset)
        event_type = staffed.event_type
        length = event_type.length_asked(question.duration)
        availability = Availability(
            staffed,
            await busy_times(staffed, question.window, self._calendar, self._holds),
            length=length,
            now=self._clock(),
            around=question.window,
            rescheduling=question.rescheduling,
        )
        return FoundSlots(
            slots=availability.slots(question.window),
            only_first=event_type.only_first_slot,
            seats=event_type.seats,
        )


async def busy_times(staffed: StaffedEventType, window: Range, calendar: Calendar, holds: Holds) -> BusyTimes:
    """Read everything that may take the hosts' time in a window, from both stores at once."""
    event_type = staffed.event_type
    host_ids = [host.id for host in staffed.hosts]
    margin = max(event_type.before_buffer, event_type.after_buffer) * MINUTE
    around = (window[0] - margin, window[1] + margin)
    seated_type_id = None if event_type.seats is None else event_type.id
    booked, reservations = await asyncio.gather(
        calendar.busy_times(host_ids, around, seated_type_id), holds.live(host_ids, around)
    )
    return replace(booked, reservations=reservations)
