"""Use case: keep a slot for somebody while they decide, move it, end it."""

import asyncio
import secrets
import uuid
from contextlib import suppress
from dataclasses import dataclass

from app.domain.availability import Refusal
from app.domain.errors import SlotStartError
from app.domain.event_type import EventTypeRules, staff
from app.domain.reference import ById, ByUsernames
from app.domain.reservation import Claimed, KeptReservation, kept_minutes, slot_length
from app.domain.time_ranges import MINUTE, Instant
from app.services.claim_slots import SlotClaimer, WantedSlot
from app.services.errors import (
    CredentialsNeededError,
    NoTieError,
    ReservationNotFoundError,
    SlotRefusedError,
    StoreUnavailableError,
)
from app.services.ports import Caller, EventTypes, Holds, Ties

_MOVES = 8
"""How often a move is tried while others move the same reservation."""
_PAUSE_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRequest:
    """A slot that somebody wants kept."""

    reference: ById | ByUsernames
    start: Instant | None
    """None: what was sent is no instant, which is told only after an unknown event type is."""
    slot_duration: int | None = None
    """Minutes, for event types of several lengths; None: the event type's own length."""
    length: int | None = None
    """Minutes, in the older version, where every request says it."""
    duration: int | None = None
    """For how many minutes to keep it; None: the default."""
    rescheduling: str | None = None
    """Uid of the booking that is being moved."""
    caller: Caller | None = None


@dataclass(frozen=True, slots=True)
class KeptSlot:
    """A reservation as it was just made or moved."""

    reservation: KeptReservation
    minutes: int
    """For how long it is kept, from now."""


class SlotKeeper:
    """Makes, moves, shows and ends reservations."""

    def __init__(
        self, event_types: EventTypes, ties: Ties, claimer: SlotClaimer, holds: Holds, *, longest_minutes: int
    ) -> None:
        """Work on these ports; nobody keeps a slot longer than `longest_minutes` at once."""
        self._event_types = event_types
        self._ties = ties
        self._claimer = claimer
        self._holds = holds
        self._longest_minutes = longest_minutes

    async def reserve(self, request: SlotRequest) -> KeptSlot:
        """Keep a slot.

        Raises
        ------
        CredentialsNeededError, NoTieError, ReservationDurationError
            If the request may not say how long, or not that long.
        EventTypeNotFoundError, SlotDurationFixedError, SlotDurationNotOfferedError, DynamicDurationError
            If there is no such slot to ask for.
        SlotRefusedError
            If the slot is not free.
        NotReservableError
            If the event type's slots cannot be reserved.
        StoreUnavailableError
            If a store is away; then nothing is kept, unless it was the last answer that got lost and the store stayed
            away: what was kept then ends by itself.
        """
        kept, claimed = await self._claimed(request, _new_uid(), own=None)
        try:
            confirmed = await self._holds.keep(claimed.claim, kept.reservation.until)
        except StoreUnavailableError:
            with suppress(StoreUnavailableError):
                await self._holds.end(kept.reservation.uid)
            raise
        if not confirmed:
            # The look at the calendar took longer than a claim stands.
            raise StoreUnavailableError("postgres")
        return kept

    async def rehearse(self, request: SlotRequest, own_uid: str | None) -> str:
        """Refuse what `reserve`, or `move` of the own reservation, would refuse; keep nothing.

        Return a uid that leads nowhere.
        """
        own = None if own_uid is None else await self._holds.reservation(own_uid)
        rules = await self._event_types.find(request.reference)
        await self._claimer.rehearse(_wanted(request, rules, own))
        return _new_uid()

    async def move(self, uid: str, request: SlotRequest) -> KeptSlot:
        """Keep another slot in the place of a reservation's, from now. Refused, the old one stands untouched.

        Raises
        ------
        ReservationNotFoundError
            If the reservation is not, or no longer, there.
        HoldfastError
            As `reserve`.
        """
        for _ in range(_MOVES):
            own = await self._holds.reservation(uid)
            if own is None:
                raise ReservationNotFoundError(uid)
            kept, claimed = await self._claimed(request, uid, own=own)
            if await self._holds.move(own, claimed.claim, kept.reservation.until):
                return kept
            # It was moved or ended meanwhile; if it is still there, this move comes after that one.
            await asyncio.sleep(_PAUSE_S)
        raise SlotRefusedError(Refusal.RESERVED, claimed.claim.event_type_id, claimed.claim.start)

    async def reservation(self, uid: str) -> KeptReservation | None:
        """Return a live reservation."""
        return await self._holds.reservation(uid)

    async def end(self, uid: str) -> None:
        """End a reservation; nothing happens if there is none."""
        await self._holds.end(uid)

    async def _claimed(self, request: SlotRequest, uid: str, own: KeptReservation | None) -> tuple[KeptSlot, Claimed]:
        """Claim what is asked for; what needs no look at the calendar is refused first, in the peer's order."""
        if request.duration is not None and request.caller is None:
            raise CredentialsNeededError
        rules = await self._event_types.find(request.reference)
        if request.duration is not None and not await self._has_tie(request, rules):
            raise NoTieError
        wanted = _wanted(request, rules, own)
        minutes = kept_minutes(request.duration, self._longest_minutes)
        try:
            claimed = await self._claimer.claim(wanted, secrets.token_urlsafe(12), uid)
        except SlotRefusedError as error:
            if error.host_ids and not await self._has_tie(request, rules):
                raise SlotRefusedError(error.refusal, error.event_type_id, error.start) from None
            raise
        until = claimed.at + minutes * MINUTE
        return KeptSlot(KeptReservation(claim=claimed.claim, until=until), minutes), claimed

    async def _has_tie(self, request: SlotRequest, rules: EventTypeRules) -> bool:
        if request.caller is None:
            return False
        if isinstance(request.reference, ById):
            return await self._ties.has_tie(request.caller, request.reference.event_type_id)
        # A dynamic event belongs to the people it names.
        return request.caller.user_id in rules.people


def _wanted(request: SlotRequest, rules: EventTypeRules, own: KeptReservation | None) -> WantedSlot:
    if request.start is None:
        raise SlotStartError
    if request.length is None:
        length = slot_length(rules.event_type, request.slot_duration)
    else:
        length = rules.event_type.length_asked(request.length)
    return WantedSlot(
        staffed=staff(rules), start=request.start, length=length, rescheduling=request.rescheduling, own=own
    )


def _new_uid() -> str:
    """Return 128 random bits: a reservation's uid is all that its holder needs to prove."""
    return str(uuid.UUID(bytes=secrets.token_bytes(16)))
