"""How a slot that somebody reserved is claimed for a booking, and the reservation used up by it."""

from contextlib import suppress
from dataclasses import dataclass

from app.domain.availability import Refusal
from app.domain.event_type import StaffedEventType
from app.domain.reservation import Claim, KeptReservation
from app.domain.time_ranges import Instant
from app.services.booking_errors import BookingRefusedError, OtherSlotReservedError, ReservedForMoveError
from app.services.bookings import Bookings, booking_refusals
from app.services.claim_slots import SlotClaimer, WantedSlot
from app.services.errors import StoreUnavailableError
from app.services.ports import Holds
from app.services.tell_reservations import Noticeboard

_TRIES = 8
"""How often it is tried while others move the reservation."""
_LIVES_ON_MS = 1_000
"""Longer than it takes to go on from a reservation to the claim that protects its time from then on."""


@dataclass(frozen=True, slots=True)
class ClaimedSlot:
    """A slot that is claimed for a booking."""

    wanted: WantedSlot
    claim: Claim
    reserved: KeptReservation | None = None
    """The reservation that is used up by the booking."""


class ReservedSlots:
    """Claims what was reserved."""

    def __init__(self, claimer: SlotClaimer, holds: Holds, noticeboard: Noticeboard) -> None:
        """Work on these; that a reservation is used up is noted for webhooks."""
        self._claimer = claimer
        self._holds = holds
        self._noticeboard = noticeboard

    async def claim(
        self,
        uid: str | None,
        staffed: StaffedEventType,
        start: Instant,
        length: int | None,
        *,
        instead_of: str | None = None,
    ) -> ClaimedSlot | None:
        """Claim what a reservation keeps, on the same hosts and as it was judged then; None if it has ended.

        It must keep the slot that is to be booked. `instead_of` is the uid of the booking that is being moved.
        The reservation itself would not do: it can be moved or ended at any moment.

        Raises
        ------
        OtherSlotReservedError, ReservedForMoveError
            If it keeps another slot, or was made to move another booking.
        BookingRefusedError
            If others have the time.
        StoreUnavailableError
            If the store of holds is away.
        """
        refusal: BookingRefusedError | None = None
        for _ in range(_TRIES):
            kept = None if uid is None else await self._holds.reservation(uid)
            if kept is None:
                return None
            _refuse_others(kept, staffed, start, length, instead_of)
            try:
                slot = await self._claim(staffed, kept)
                if slot is not None:
                    return slot
            except BookingRefusedError as error:
                # Unless it was kept longer meanwhile: what refused may have been the hold that it has now.
                if await self._holds.reservation(kept.uid) == kept:
                    raise
                refusal = error
        raise refusal or BookingRefusedError(Refusal.RESERVED, staffed.event_type.id, start)

    async def _claim(self, staffed: StaffedEventType, kept: KeptReservation) -> ClaimedSlot | None:
        """Claim what is reserved; None if it was moved or has ended meanwhile."""
        wanted = WantedSlot(
            staffed=staffed,
            start=kept.claim.start,
            length=kept.length,
            rescheduling=kept.claim.rescheduling,
            own=kept,
            buffers=(kept.claim.before_buffer, kept.claim.after_buffer),
        )
        with booking_refusals():
            claimed = await self._claimer.claim_for(wanted, kept.uid, kept.claim.host_ids)
        is_protected = False
        try:
            is_protected = await self._protect(kept, claimed.claim)
        finally:
            if not is_protected:
                with suppress(StoreUnavailableError):  # It lapses by itself.
                    await self._holds.release(claimed.claim)
        return ClaimedSlot(wanted, claimed.claim, kept) if is_protected else None

    async def _protect(self, kept: KeptReservation, claim: Claim) -> bool:
        """Let a claim count for whoever came before it, before the reservation may go; False if that has ended.

        Else limits might count neither of them, and nobody looks at limits again when it is booked: only what was
        reserved until now need not be judged anew.
        """
        is_counted = await self._holds.extend(claim, _LIVES_ON_MS, counted_until=kept.until)
        return is_counted and await self._holds.extend(kept.claim, _LIVES_ON_MS)

    async def use_up(self, reserved: KeptReservation | None) -> None:
        """End a reservation that has become a booking. While its store is away it is left to end by itself."""
        if reserved is not None:
            self._noticeboard.booked(reserved)
            with suppress(StoreUnavailableError):
                await self._holds.end(reserved.uid)

    async def use_up_late(self, uid: str | None, bookings: Bookings) -> bool:
        """Say whether a reservation has become a booking; end it then, if whoever booked it did not come so far."""
        if uid is None or not await bookings.is_used(uid):
            return False
        with suppress(StoreUnavailableError):
            await self.use_up(await self._holds.reservation(uid))
        return True


def _refuse_others(
    kept: KeptReservation, staffed: StaffedEventType, start: Instant, length: int | None, instead_of: str | None
) -> None:
    """Refuse a reservation that does not keep the slot that is to be booked."""
    claim = kept.claim
    same_type = claim.event_type_id == staffed.event_type.id
    # A dynamic event is told by its people.
    same_people = claim.event_type_id is not None or staffed.all_host_ids == {*claim.host_ids}
    if not (same_type and same_people and start == claim.start and length in (None, kept.length)):
        raise OtherSlotReservedError(kept.uid)
    if claim.rescheduling not in (None, instead_of):
        raise ReservedForMoveError(kept.uid, claim.rescheduling)
