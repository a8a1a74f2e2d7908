"""Use case: keep a slot for somebody while they decide, move it, end it."""

import asyncio
import secrets
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from app.domain.availability import Refusal
from app.domain.busy import Reservation
from app.domain.errors import SlotStartError
from app.domain.event_type import EventTypeRules
from app.domain.reference import ById, EventTypeReference
from app.domain.reservation import Claimed, KeptReservation, Quota, QuotaStanding, as_busy, kept_minutes, slot_length
from app.domain.time_ranges import MINUTE, Instant
from app.services.claim_slots import SlotClaimer, WantedSlot, new_claim_id
from app.services.errors import (
    CredentialsNeededError,
    NoTieError,
    QuotaExceededError,
    ReservationNotFoundError,
    SlotRefusedError,
    StoreUnavailableError,
)
from app.services.ports import Caller, DrawnUid, EventTypes, Holds, Ties
from app.services.staffing import Staffing
from app.services.tell_reservations import Noticeboard

_MOVES = 8
"""How often a move is tried while others move the same reservation."""
_PAUSE_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRequest:
    """A slot that somebody wants kept."""

    reference: EventTypeReference
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
    client: str = ""
    """The network address that it comes from; "" where there is none."""


@dataclass(frozen=True, slots=True)
class KeptSlot:
    """A reservation as it was just made or moved, or as it will be once its claim is kept."""

    reservation: KeptReservation
    minutes: int
    """For how long it is kept, from now; the last of them may have begun."""
    standing: QuotaStanding | None = None
    """Of the quota that it counts for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepingRules:
    """How long slots are kept, and how many."""

    longest_minutes: int
    """Nobody keeps a slot longer at once."""
    longest_in_all_minutes: int
    """Nobody without credentials keeps a reservation longer, however often they move or renew it."""
    most_of_a_client: int
    """So many live reservations may somebody without credentials have, by network address; 0: any number."""
    most_of_an_event_type: int
    """So many may they have together, by event type; 0: any number."""


class SlotKeeper:
    """Makes, moves, shows and ends reservations."""

    def __init__(
        self,
        event_types: EventTypes,
        ties: Ties,
        claimer: SlotClaimer,
        holds: Holds,
        noticeboard: Noticeboard,
        rules: KeepingRules,
        staffing: Staffing,
    ) -> None:
        """Work on these ports and by these rules; what happens is noted for webhooks."""
        self._event_types = event_types
        self._ties = ties
        self._claimer = claimer
        self._holds = holds
        self._noticeboard = noticeboard
        self._rules = rules
        self._staffing = staffing

    async def reserve(self, request: SlotRequest, drawn: DrawnUid | None = None) -> KeptSlot:
        """Keep a slot, under a uid that was drawn beforehand or else under a new one.

        What an earlier try kept under the drawn uid is taken over, so that there are never two.

        Raises
        ------
        HoldfastError
            As `claim` and `keep`.
        """
        drawn = DrawnUid(new_uid()) if drawn is None else drawn
        slot = await self.kept_before(request, drawn)
        if slot is None:
            slot = await self.claim(request, drawn.uid)
            await self.keep(slot)
        return slot

    async def kept_before(self, request: SlotRequest, drawn: DrawnUid) -> KeptSlot | None:
        """Return what an earlier try at the same request kept, or clear away what it left unfinished.

        Raises
        ------
        StoreUnavailableError
            If the store of holds is away.
        """
        if not drawn.perhaps_kept:
            return None
        reservation = await self._holds.reservation(drawn.uid)
        if reservation is None:
            # One that died in the middle may have left the uid pointing to its claim: nothing could be kept under it.
            await self._holds.end(drawn.uid)
            return None
        taken_over = await self._taken_over(reservation)
        minutes = kept_minutes(request.duration, self._rules.longest_minutes)
        return None if taken_over is None else KeptSlot(taken_over, minutes)

    async def _taken_over(self, kept: KeptReservation) -> KeptReservation | None:
        """Put a claim of this try in the place of an earlier try's; None if that is gone meanwhile.

        A try that stood still may come back at any time, find itself late and undo what it kept: by then this one has
        been answered, and what it was told must stand. Where something is in the way all the time, as what a take-over
        left that was cut off, the earlier claim is returned: it is kept, so nobody may be told that it is refused.
        """
        for _ in range(_MOVES):
            outcome = await self._holds.claim(replace(kept.claim, id=new_claim_id()), kept)
            if isinstance(outcome, Claimed) and await self._holds.move(kept, outcome.claim, kept.until):
                return replace(kept, claim=outcome.claim)
            # Somebody may be about to book it, move it or end it.
            await asyncio.sleep(_PAUSE_S)
            found = await self._holds.reservation(kept.uid)
            if found is None:
                return None
            kept = found
        return kept

    async def claim(
        self,
        request: SlotRequest,
        uid: str,
        own: KeptReservation | None = None,
        beside: Sequence[KeptReservation] = (),
    ) -> KeptSlot:
        """Claim a slot for some seconds, in which it must be kept or given up.

        `own` is what it takes the place of. What is claimed already and to be kept with it counts as kept: `beside`.
        What needs no look at the calendar is refused first, in the peer's order.

        Raises
        ------
        CredentialsNeededError, NoTieError, ReservationDurationError
            If the request may not say how long, or not that long.
        EventTypeNotFoundError, SlotDurationFixedError, SlotDurationNotOfferedError, DynamicDurationError
            If there is no such slot to ask for.
        SlotRefusedError
            If the slot is not free.
        QuotaExceededError
            If the caller, or the event type, has too many reservations.
        NotReservableError
            If the event type's slots cannot be reserved.
        StoreUnavailableError
            If a store is away.
        """
        if request.duration is not None and request.caller is None:
            raise CredentialsNeededError
        rules = await self._event_types.find(request.reference)
        if request.duration is not None and not await self._has_tie(request, rules):
            raise NoTieError
        wanted = self._wanted(
            request, rules, own, beside=tuple(map(as_busy, beside)), quotas=self._quotas(request, rules)
        )
        minutes = kept_minutes(request.duration, self._rules.longest_minutes)
        try:
            claimed = await self._claimer.claim(wanted, uid)
        except SlotRefusedError as error:
            raise await self._as_told(error, request, rules) from None
        return self._slot(request, claimed, minutes, own)

    def _wanted(
        self,
        request: SlotRequest,
        rules: EventTypeRules,
        own: KeptReservation | None,
        beside: tuple[Reservation, ...] = (),
        quotas: tuple[Quota, ...] = (),
    ) -> WantedSlot:
        if request.start is None:
            raise SlotStartError
        if request.length is None:
            length = slot_length(rules.event_type, request.slot_duration)
        else:
            length = rules.event_type.length_asked(request.length)
        return WantedSlot(
            staffed=self._staffing.of(rules, request.reference),
            start=request.start,
            length=length,
            rescheduling=request.rescheduling,
            own=own,
            beside=beside,
            quotas=quotas,
        )

    def _quotas(self, request: SlotRequest, rules: EventTypeRules) -> tuple[Quota, ...]:
        """Return what bounds callers without credentials: strangers could keep everything from everybody."""
        if request.caller is not None:
            return ()
        quotas = (
            Quota(f"client:{request.client}", self._rules.most_of_a_client if request.client else 0),
            # Dynamic events are of all kinds of people.
            Quota(f"type:{rules.event_type.id}", self._rules.most_of_an_event_type if rules.event_type.id else 0),
        )
        return tuple(quota for quota in quotas if quota.most)

    def _slot(self, request: SlotRequest, claimed: Claimed, minutes: int, own: KeptReservation | None) -> KeptSlot:
        """Return what is to be kept, and until when."""
        claim = claimed.claim if claimed.claim.first_at else replace(claimed.claim, first_at=claimed.at)
        until = claimed.at + minutes * MINUTE
        if request.caller is None and claim.first_at is not None:
            longest = claim.first_at + self._rules.longest_in_all_minutes * MINUTE
            # Somebody with credentials may have kept it for longer: that is not kept on, but neither cut off.
            until = min(until, longest if own is None else max(longest, own.until))
        minutes = -(-(until - claimed.at) // MINUTE)
        return KeptSlot(KeptReservation(claim=claim, until=until), minutes, claimed.standing)

    async def keep(self, slot: KeptSlot) -> None:
        """Make what was claimed a reservation.

        Raises
        ------
        StoreUnavailableError
            If a store is away; then nothing is kept, unless it was the last answer that got lost and the store stayed
            away: what was kept then ends by itself.
        """
        try:
            confirmed = await self._holds.keep(slot.reservation.claim, slot.reservation.until)
        except BaseException:
            with suppress(StoreUnavailableError):
                await self._holds.undo(slot.reservation.claim)
            raise
        if not confirmed:
            # The look at the calendar took longer than a claim stands.
            raise StoreUnavailableError("postgres")
        self._noticeboard.kept(slot.reservation)

    async def give_up(self, slot: KeptSlot) -> None:
        """End what was claimed, whether or not it was kept. While its store is away it is left to end by itself."""
        with suppress(StoreUnavailableError):
            if await self._holds.undo(slot.reservation.claim):
                self._noticeboard.released(slot.reservation)

    async def rehearse(self, request: SlotRequest, own_uid: str | None) -> str:
        """Refuse what `reserve`, or `move` of the own reservation, would refuse; keep nothing.

        Return a uid that leads nowhere.
        """
        own = None if own_uid is None else await self._holds.reservation(own_uid)
        rules = await self._event_types.find(request.reference)
        try:
            await self._claimer.rehearse(self._wanted(request, rules, own))
        except SlotRefusedError as error:
            raise await self._as_told(error, request, rules) from None
        return new_uid()

    async def _as_told(self, error: SlotRefusedError, request: SlotRequest, rules: EventTypeRules) -> SlotRefusedError:
        """Return a refusal that names the hosts who are not free only to those with a tie to the event type."""
        if error.host_ids and not await self._has_tie(request, rules):
            return SlotRefusedError(error.refusal, error.event_type_id, error.start)
        return error

    async def move(self, uid: str, request: SlotRequest) -> KeptSlot:
        """Keep another slot in the place of a reservation's, from now. Refused, the old one stands untouched.

        Raises
        ------
        ReservationNotFoundError
            If the reservation is not, or no longer, there.
        HoldfastError
            As `reserve`.
        """
        refusal: SlotRefusedError | QuotaExceededError
        for _ in range(_MOVES):
            own = await self._holds.reservation(uid)
            if own is None:
                raise ReservationNotFoundError(uid)
            try:
                slot = await self.claim(request, uid, own)
            except (SlotRefusedError, QuotaExceededError) as error:
                # Unless another move has come first: what refused may have been that one's hold, or place in a quota.
                if await self._holds.reservation(uid) == own:
                    raise
                refusal = error
            else:
                if await self._holds.move(own, slot.reservation.claim, slot.reservation.until):
                    self._noticeboard.kept(slot.reservation, instead_of=own)
                    return slot
                claim = slot.reservation.claim
                refusal = SlotRefusedError(Refusal.RESERVED, claim.event_type_id, claim.start)
            # It was moved or ended meanwhile; if it is still there, this move comes after that one.
            await asyncio.sleep(_PAUSE_S)
        raise refusal

    async def reservation(self, uid: str) -> KeptReservation | None:
        """Return a live reservation."""
        return await self._holds.reservation(uid)

    async def end(self, uid: str) -> None:
        """End a reservation; nothing happens if there is none."""
        kept = await self._holds.reservation(uid)
        # Without one too: a claim that never became a reservation may stand under the uid.
        if await self._holds.end(uid) and kept is not None:
            self._noticeboard.released(kept)

    async def _has_tie(self, request: SlotRequest, rules: EventTypeRules) -> bool:
        if request.caller is None:
            return False
        if isinstance(request.reference, ById):
            return await self._ties.has_tie(request.caller, request.reference.event_type_id)
        # A dynamic event belongs to the people it names.
        return request.caller.user_id in rules.people


def new_uid() -> str:
    """Return 128 random bits: a reservation's uid is all that its holder needs to prove."""
    return str(uuid.UUID(bytes=secrets.token_bytes(16)))


def is_uid(text: str | None) -> bool:
    """Say whether a text is written as `new_uid` writes uids."""
    try:
        return text is not None and str(uuid.UUID(text)) == text
    except ValueError:
        return False
