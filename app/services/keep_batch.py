"""Use case: keep several slots at once, all of them or as many as can be."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import TypeAlias

from app.domain.errors import HoldfastError
from app.domain.reservation import KeptReservation
from app.services.deadlines import before, in_seconds
from app.services.errors import BatchRefusedError, StoreUnavailableError
from app.services.keep_slots import KeptSlot, SlotKeeper, SlotRequest, new_uid
from app.services.ports import DrawnUid

BATCH_S = 4.0
"""How long a batch may take: less than a claim stands, as the first one must when the last one is kept."""

BatchItem: TypeAlias = SlotRequest | Exception
"""What is wanted; or, of an item that could not be read, why: it is refused as those are that cannot be kept."""


class BatchKeeper:
    """Keeps batches of slots."""

    def __init__(self, keeper: SlotKeeper) -> None:
        """Keep each slot as `keeper` does."""
        self._keeper = keeper

    async def all_or_nothing(self, items: Sequence[BatchItem], drawn: DrawnUid | None = None) -> list[KeptSlot]:
        """Keep every slot or none: all are claimed before the first one is kept.

        They are claimed one after the other, which takes some milliseconds each, and not at once: so each knows those
        before it and counts them as single requests would, and never waits for them. All batches go in the order of
        time, so that of two that want the same slots one gets them all; in the order of their lists each might get
        some, and wait for the other's.

        Raises
        ------
        BatchRefusedError
            If any is refused; it says of every item what would have become of it.
        StoreUnavailableError, TooSlowError
            If a store is away, or the stores are too slow.
        """
        claimed: dict[int, KeptSlot] = {}
        try:
            async with before(in_seconds(BATCH_S)):
                await self._claim_all(items, _uids(drawn, len(items)), claimed)
                for _, slot in sorted(claimed.items()):
                    await self._keeper.keep(slot)
        except BaseException:
            await asyncio.gather(*(self._keeper.give_up(slot) for slot in claimed.values()))
            raise
        return [slot for _, slot in sorted(claimed.items())]

    async def _claim_all(
        self, items: Sequence[BatchItem], uids: Sequence[DrawnUid], claimed: dict[int, KeptSlot]
    ) -> None:
        """Claim every item that can be, and then say if one cannot; `claimed` has those that stand, by number."""
        refusals: dict[int, Exception] = {}
        beside: list[KeptReservation] = []
        for number in _in_order_of_time(items):
            item = items[number]
            if isinstance(item, Exception):
                refusals[number] = item
                continue
            try:
                # What an earlier try kept is seen as every reservation is, and keeping it again changes nothing.
                slot = await self._keeper.kept_before(item, uids[number])
                if slot is None:
                    slot = await self._keeper.claim(item, uids[number].uid, beside=beside)
                    beside.append(slot.reservation)
                claimed[number] = slot
            except StoreUnavailableError:
                raise
            except HoldfastError as refusal:
                refusals[number] = refusal
        if refusals:
            raise BatchRefusedError([refusals.get(number) for number in range(len(items))])

    async def best_effort(
        self, items: Sequence[BatchItem], drawn: DrawnUid | None = None
    ) -> list[KeptSlot | Exception]:
        """Keep what can be kept, in order; those that no time is left for are refused.

        Raises
        ------
        BatchRefusedError
            If none could be kept.
        """
        deadline = in_seconds(BATCH_S)
        outcomes = [
            await self._reserved(item, uid, deadline) for item, uid in zip(items, _uids(drawn, len(items)), strict=True)
        ]
        refusals = [one for one in outcomes if isinstance(one, Exception)]
        if len(refusals) == len(items):
            raise BatchRefusedError(refusals)
        return outcomes

    async def _reserved(self, item: BatchItem, drawn: DrawnUid, deadline: float) -> KeptSlot | Exception:
        if isinstance(item, Exception):
            return item
        try:
            async with before(deadline):
                return await self._keeper.reserve(item, drawn)
        except HoldfastError as refusal:
            return refusal


def _uids(drawn: DrawnUid | None, count: int) -> list[DrawnUid]:
    """Return a uid for each item, the same ones from the same drawn uid; from one of them the others do not follow."""
    drawn = DrawnUid(new_uid()) if drawn is None else drawn
    batch = uuid.UUID(drawn.uid)
    return [DrawnUid(str(uuid.uuid5(batch, str(number))), drawn.perhaps_kept) for number in range(count)]


def _in_order_of_time(items: Sequence[BatchItem]) -> list[int]:
    def start(number: int) -> int:
        item = items[number]
        return 0 if isinstance(item, Exception) else item.start or 0

    return sorted(range(len(items)), key=start)
