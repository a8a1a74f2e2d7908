"""Ports whose time and outcomes are measured; each passes on to another of its kind."""

from collections.abc import Collection
from time import perf_counter
from typing import Final

from app.domain.busy import Booking, BusyTimes, Reservation
from app.domain.event_type import EventType, EventTypeRules
from app.domain.reference import EventTypeReference
from app.domain.reservation import Claim, Claimed, Contended, Held, KeptReservation, QuotaFull
from app.domain.time_ranges import Instant, Range
from app.observing.metrics import CLAIMS, INVALIDATION_LAG, UNTOLD
from app.observing.phases import HOLDS, LOAD
from app.services.ports import Calendar, Changes, EventTypes, Holds

_OUTCOMES: Final = {
    Claimed: CLAIMS.labels("won"),
    Held: CLAIMS.labels("lost"),
    Contended: CLAIMS.labels("contended"),
    QuotaFull: CLAIMS.labels("quota"),
}
_KEPT: Final = CLAIMS.labels("kept")
_AT_ONCE_S: Final = 0.0002
"""Who was told within this time had nothing to wait for."""


class MeasuredEventTypes:
    """Of the phase `load`."""

    def __init__(self, event_types: EventTypes) -> None:
        """Pass on to `event_types`."""
        self._event_types = event_types

    async def find(self, reference: EventTypeReference) -> EventTypeRules:
        """Return what a reference names; see `services.ports.EventTypes`."""
        with LOAD:
            return await self._event_types.find(reference)


class MeasuredCalendar:
    """Of the phase `load`."""

    def __init__(self, calendar: Calendar) -> None:
        """Pass on to `calendar`."""
        self._calendar = calendar

    async def busy_times(self, host_ids: Collection[int], around: Range, seated_type_id: int | None) -> BusyTimes:
        """Return what may meet `around`; see `services.ports.Calendar`."""
        with LOAD:
            return await self._calendar.busy_times(host_ids, around, seated_type_id)

    async def accepted_bookings(self, event_type_ids: Collection[int], around: Range) -> tuple[Booking, ...]:
        """Return the accepted bookings of event types; see `services.ports.Calendar`."""
        with LOAD:
            return await self._calendar.accepted_bookings(event_type_ids, around)


class MeasuredChanges:
    """How long it takes to be sure that everything was told."""

    def __init__(self, changes: Changes) -> None:
        """Pass on to `changes`."""
        self._changes = changes

    async def told(self) -> bool:
        """Say whether every change has been told; see `services.ports.Changes`."""
        begun = perf_counter()
        told = await self._changes.told()
        if not told:
            UNTOLD.inc()
        elif (waited := perf_counter() - begun) > _AT_ONCE_S:
            INVALIDATION_LAG.observe(waited)
        return told


class MeasuredHolds:
    """Of the phase `holds`; the outcomes of claims are counted. See `services.ports.Holds`."""

    def __init__(self, holds: Holds) -> None:
        """Pass on to `holds`."""
        self._holds = holds

    async def live(self, host_ids: Collection[int], around: Range) -> tuple[Reservation, ...]:
        """Return the live reservations of hosts."""
        with HOLDS:
            return await self._holds.live(host_ids, around)

    async def entered(self, event_type: EventType, around: Range, claimed: Claimed | None) -> tuple[Reservation, ...]:
        """Return the live reservations in an event type's ledgers."""
        with HOLDS:
            return await self._holds.entered(event_type, around, claimed)

    async def claim(self, claim: Claim, ignoring: KeptReservation | None) -> Claimed | Held | Contended | QuotaFull:
        """Claim the hosts' time for a few seconds."""
        with HOLDS:
            outcome = await self._holds.claim(claim, ignoring)
        _OUTCOMES[type(outcome)].inc()
        return outcome

    async def release(self, claim: Claim) -> None:
        """Give up a claim."""
        with HOLDS:
            await self._holds.release(claim)

    async def undo(self, claim: Claim) -> bool:
        """Give up a claim, and its uid if that leads to it."""
        with HOLDS:
            return await self._holds.undo(claim)

    async def extend(self, claim: Claim, duration_ms: int, *, counted_until: Instant | None = None) -> bool:
        """Let a claim stand longer."""
        with HOLDS:
            return await self._holds.extend(claim, duration_ms, counted_until=counted_until)

    async def keep(self, claim: Claim, until: Instant) -> bool:
        """Make a claim a reservation."""
        with HOLDS:
            kept = await self._holds.keep(claim, until)
        _KEPT.inc(int(kept))
        return kept

    async def move(self, kept: KeptReservation, claim: Claim, until: Instant) -> bool:
        """Put a claim in the place of a reservation."""
        with HOLDS:
            moved = await self._holds.move(kept, claim, until)
        _KEPT.inc(int(moved))
        return moved

    async def reservation(self, uid: str) -> KeptReservation | None:
        """Return a live reservation."""
        with HOLDS:
            return await self._holds.reservation(uid)

    async def end(self, uid: str) -> bool:
        """End a reservation."""
        with HOLDS:
            return await self._holds.end(uid)
