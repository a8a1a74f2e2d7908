"""Use case: list the slots of an event type."""

import logging
from collections.abc import Awaitable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from cachetools import LRUCache

from app.domain.availability import Availability, next_moment
from app.domain.busy import Reservation
from app.domain.event_type import EventType, EventTypeRules, StaffedEventType
from app.domain.reference import EventTypeReference
from app.domain.reservation import Claimed
from app.domain.seats import SeatedStart
from app.domain.time_ranges import MINUTE, Instant, Range
from app.services.errors import StoreUnavailableError
from app.services.look_at_calendars import Looker, Seen, Viewpoint
from app.services.ports import Calendar, Clock, EventTypes, LiveReservations
from app.services.sources import (
    bookings_of_type,
    holds_in_ledger,
    holds_of_host,
    sources_of_rules,
    time_of_host,
)
from app.services.staffing import Staffing, weight_of

_NEVER: Instant = 2**62
_LONGEST_UID = 255
_logger = logging.getLogger(__name__)


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class FoundSlots:
    """An answer: slots in order of time, of which each date of the asker's zone may show only the first."""

    starts: list[Instant]
    """Where they start: all else of them they have in common, and listings make and keep thousands."""
    length: int
    """Minutes of each."""
    only_first: bool
    seats: int | None
    """Seats of each slot, on a seated type."""
    seated: Mapping[Instant, SeatedStart]
    """Who sits where already, there."""
    without_holds: bool
    """Whether the store of holds was away, so that held slots may be listed."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a question looked at."""

    availability: Availability
    without_holds: bool


@dataclass(frozen=True, slots=True)
class Outlook:
    """An answer, and when it may become another one."""

    found: FoundSlots
    sources: frozenset[str]
    """What it was read from (`services.sources`): it stands until one of them changes,"""
    until: Instant
    """or until then: time passes, and reservations end."""


_Situation: TypeAlias = tuple[SlotsQuestion, tuple[Reservation, ...], tuple[Reservation, ...]]
"""A question and the reservations that bear on its answer: they come and go, and then all is as before."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer, and what it was worked out from."""

    question: SlotsQuestion
    seen: Seen
    found: FoundSlots

    @property
    def weight(self) -> int:
        busy = self.seen.busy
        taken = len(busy.bookings) + len(busy.limited) + len(busy.reservations) + len(busy.limited_reservations)
        staffed = weight_of(self.seen.staffed, self.question.subset)
        return staffed + len(self.found.starts) + taken + sum(map(len, busy.calendars.values()))


class SlotFinder:
    """Lists slots. What is on offer is read for every question; an answer is worked out again where that differs."""

    def __init__(
        self,
        event_types: EventTypes,
        calendar: Calendar,
        holds: LiveReservations,
        clock: Clock,
        staffing: Staffing,
        *,
        most: int = 0,
    ) -> None:
        """Work on these ports, and keep answers with `most` slots in all, for as long as `staffing` keeps the hosts."""
        self._event_types = event_types
        self._calendar = calendar
        self._holds = holds
        self._clock = clock
        self._staffing = staffing
        self._answers: LRUCache[_Situation, _Answer] = LRUCache(most, getsizeof=lambda answer: answer.weight)
        self.hits = 0
        """How often an answer could be given again."""
        self.misses = 0

    async def find(self, question: SlotsQuestion) -> FoundSlots:
        """Answer a question (docs/rules.md 1 to 13).

        Raises
        ------
        HoldfastError
            What `EventTypes.find`, `staff` and `EventType.length_asked` raise.
        """
        _, staffed = await self._staff(question)
        return (await self._answer(staffed, question))[0]

    async def outlook(self, question: SlotsQuestion) -> Outlook:
        """Answer a question, and say how long the answer stands.

        Raises
        ------
        HoldfastError
            As `find`.
        """
        rules, staffed = await self._staff(question)
        found, until = await self._answer(staffed, question)
        return Outlook(found, _sources(rules, staffed), until)

    async def _answer(self, staffed: StaffedEventType, question: SlotsQuestion) -> tuple[FoundSlots, Instant]:
        """Answer a question, and say until when time alone changes nothing."""
        seen, holds = await self._see(staffed, question, question.window)
        until = min(next_moment(seen.now, staffed.event_type), holds.first_end)
        return self._worked_out(question, seen, without_holds=holds.away), until

    def _worked_out(self, question: SlotsQuestion, seen: Seen, *, without_holds: bool) -> FoundSlots:
        """Return what was worked out before, where nothing differs."""
        situation = question, seen.busy.reservations, seen.busy.limited_reservations
        known = self._answers.get(situation)
        if known is not None and known.found.without_holds == without_holds and known.seen.lists_like(seen):
            self.hits += 1
            return known.found
        self.misses += 1
        answer = _Answer(question, seen, _found(seen, without_holds=without_holds))
        # No booking has a longer uid; a stranger's may have any length.
        if answer.weight <= self._answers.maxsize and len(question.rescheduling or "") <= _LONGEST_UID:
            self._answers[situation] = answer
        return answer.found

    async def _staff(self, question: SlotsQuestion) -> tuple[EventTypeRules, StaffedEventType]:
        """Return the rules, and who hosts what is asked for: the same objects again, if they are remembered."""
        rules = await self._event_types.find(question.reference)
        return rules, self._staffing.of(rules, question.reference, question.subset)

    async def look(self, question: SlotsQuestion, at: Instant | None = None) -> Looked:
        """Return what an answer is computed from; with `at` as far as a slot that starts there reaches.

        Raises
        ------
        HoldfastError
            As `find`.
        """
        _, staffed = await self._staff(question)
        start, end = question.window
        length = staffed.event_type.length_asked(question.duration)
        window = question.window if at is None else (start, max(end, at + length * MINUTE))
        seen, holds = await self._see(staffed, question, window)
        return Looked(seen.availability(), holds.away)

    async def _see(
        self, staffed: StaffedEventType, question: SlotsQuestion, window: Range
    ) -> "tuple[Seen, _HoldsIfThere]":
        """Return what a listing depends on, and through what its holds were read."""
        viewpoint = Viewpoint(
            length=staffed.event_type.length_asked(question.duration),
            rescheduling=question.rescheduling,
            own_reservation=question.own_reservation,
        )
        # A listing goes on, and says so, while the store of holds is away.
        holds = _HoldsIfThere(self._holds)
        looker = Looker(self._calendar, holds, self._clock)
        return await looker.see(staffed, window, viewpoint), holds


def _found(seen: Seen, *, without_holds: bool) -> FoundSlots:
    event_type, availability = seen.staffed.event_type, seen.availability()
    return FoundSlots(
        starts=availability.starts(seen.window),
        length=seen.length,
        only_first=event_type.only_first_slot,
        seats=event_type.seats,
        seated=availability.seated,
        without_holds=without_holds,
    )


def _sources(rules: EventTypeRules, staffed: StaffedEventType) -> frozenset[str]:
    event_type = staffed.event_type
    counted = event_type.limited_type_ids if event_type.seats is None else {*event_type.limited_type_ids, event_type.id}
    return frozenset(
        [
            *sources_of_rules(rules),
            *map(time_of_host, (host.id for host in staffed.hosts)),
            *map(bookings_of_type, counted),
            *map(holds_of_host, staffed.all_host_ids),
            *map(holds_in_ledger, event_type.ledgers),
        ]
    )


class _HoldsIfThere:
    """Live reservations, or none and a note that their store is away."""

    def __init__(self, holds: LiveReservations) -> None:
        self._holds = holds
        self.away = False
        self.first_end: Instant = _NEVER
        """When the first of all that were read ends."""

    async def live(self, host_ids: Collection[int], around: Range) -> tuple[Reservation, ...]:
        return await self._if_there(self._holds.live(host_ids, around))

    async def entered(self, event_type: EventType, around: Range, claimed: Claimed | None) -> tuple[Reservation, ...]:
        return await self._if_there(self._holds.entered(event_type, around, claimed))

    async def _if_there(self, answer: Awaitable[tuple[Reservation, ...]]) -> tuple[Reservation, ...]:
        try:
            live = await answer
        except StoreUnavailableError as error:
            _logger.warning("listing without holds: %s does not answer: %r", error.store, error.__cause__)
            self.away = True
            return ()
        self.first_end = min([self.first_end, *(reservation.until + 1 for reservation in live)])
        return live
