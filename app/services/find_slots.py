"""Use case: list the slots of an event type."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace

from app.domain.availability import Availability, Slot
from app.domain.busy import BusyTimes, Reservation, buffered
from app.domain.event_type import EventType, StaffedEventType, staff
from app.domain.reference import EventTypeReference
from app.domain.time_ranges import Range
from app.services.errors import StoreUnavailableError
from app.services.ports import Calendar, Clock, EventTypes, LiveReservations


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
    own_reservation: str | None = None
    """Uid of the caller's own reservation, whose time stays on offer to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSlots:
    """An answer: slots in order of time, of which each date of the asker's zone may show only the first."""

    slots: list[Slot]
    only_first: bool
    seats: int | None
    """Seats of each slot, on a seated type."""
    without_holds: bool
    """Whether the store of holds was away, so that held slots may be listed."""


class SlotFinder:
    """Lists slots. Holds nothing between questions."""

    def __init__(self, event_types: EventTypes, calendar: Calendar, holds: LiveReservations, clock: Clock) -> None:
        """Work on these ports."""
        self._event_types = event_types
        self._calendar = calendar
        self._holds = holds
        self._clock = clock

    async def find(self, question: SlotsQuestion) -> FoundSlots:
        """Answer a question (docs/rules.md 1 to 13).

        Raises
        ------
        HoldfastError
            What `EventTypes.find`, `staff` and `EventType.length_asked` raise.
        """
        staffed = staff(await self._event_types.find(question.reference), question.subset)
        event_type = staffed.event_type
        length = event_type.length_asked(question.duration)
        busy, without_holds = await self._busy_times(staffed, question)
        availability = Availability(
            staffed,
            busy,
            length=length,
            now=self._clock(),
            around=question.window,
            rescheduling=question.rescheduling,
        )
        return FoundSlots(
            slots=availability.slots(question.window),
            only_first=event_type.only_first_slot,
            seats=event_type.seats,
            without_holds=without_holds,
        )

    async def _busy_times(self, staffed: StaffedEventType, question: SlotsQuestion) -> tuple[BusyTimes, bool]:
        """Read what takes the hosts' time; a listing goes on, and says so, while the store of holds is away."""
        holds = _HoldsIfThere(self._holds)
        busy = await busy_times(staffed, question.window, self._calendar, holds)
        others = tuple(r for r in busy.reservations if r.uid != question.own_reservation)
        return replace(busy, reservations=others), holds.away


class _HoldsIfThere:
    """Live reservations, or none and a note that their store is away."""

    def __init__(self, holds: LiveReservations) -> None:
        self._holds = holds
        self.away = False

    async def live(self, host_ids: Collection[int], around: Range) -> tuple[Reservation, ...]:
        try:
            return await self._holds.live(host_ids, around)
        except StoreUnavailableError:
            self.away = True
            return ()


async def busy_times(
    staffed: StaffedEventType, window: Range, calendar: Calendar, holds: LiveReservations
) -> BusyTimes:
    """Read everything that may take the hosts' time in a window, from both stores at once."""
    event_type = staffed.event_type
    host_ids = [host.id for host in staffed.hosts]
    around = slot_margin(event_type, window)
    seated_type_id = None if event_type.seats is None else event_type.id
    booked, reservations = await asyncio.gather(
        calendar.busy_times(host_ids, around, seated_type_id), holds.live(host_ids, around)
    )
    return replace(booked, reservations=reservations)


def slot_margin(event_type: EventType, window: Range) -> Range:
    """Return a window with the asked type's buffers: what lies outside cannot meet its slots."""
    return buffered(*window, event_type.before_buffer, event_type.after_buffer)
