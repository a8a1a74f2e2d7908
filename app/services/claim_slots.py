"""How a slot's time is claimed: choose hosts, claim them, and only then look whether they are free.

A look before the claim may be out of date by the time the claim stands. It chooses among hosts and words a refusal,
but it never decides.
"""

import asyncio
import random
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import inf
from time import monotonic

from app.domain.availability import Availability, Refusal
from app.domain.busy import Reservation
from app.domain.event_type import Host, SchedulingType, StaffedEventType
from app.domain.reservation import (
    Claim,
    Claimed,
    Contended,
    Held,
    KeptReservation,
    Quota,
    QuotaFull,
    Workload,
    by_preference,
)
from app.domain.schedule import month_around, zone
from app.domain.time_ranges import MINUTE, Instant, Range, overlaps
from app.services.errors import NotReservableError, QuotaExceededError, SlotRefusedError
from app.services.look_at_calendars import Looker, Viewpoint
from app.services.ports import Calendar, Clock, Holds, Workloads

CONTENTION_S = 2.0
"""How long a request tries again while another's unfinished claim is in its way."""
_PAUSE_S = 0.01
_COUNTED = {Refusal.SEATS_FULL, Refusal.LIMIT}
_TWICE_S = 0.05
"""How long what is counted is given before a second look at it.

Whoever books what they had reserved counts twice for a moment: their reservation ends after the booking stands.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedSlot:
    """A slot that may be claimed, as far as can be said without looking at the calendar."""

    staffed: StaffedEventType
    start: Instant
    length: int
    """Minutes."""
    rescheduling: str | None
    """Uid of the booking that is being moved."""
    own: KeptReservation | None
    """The caller's reservation that is being moved."""
    beside: tuple[Reservation, ...] = ()
    """Claims of the same batch."""
    quotas: tuple[Quota, ...] = ()
    """In which it needs a place."""
    seats: int = 1
    """How many seats it takes, on a seated type."""
    buffers: tuple[int, int] | None = None
    """Before and after, in minutes, as reserved or booked; None: the event type's of today."""

    @property
    def time(self) -> Range:
        """From when to when."""
        return self.start, self.start + self.length * MINUTE

    @property
    def viewpoint(self) -> Viewpoint:
        """For whom calendars are looked at: the own reservation is not in the way."""
        return self._viewpoint(None if self.own is None else self.own.uid)

    def viewpoint_of(self, claimed: Claimed) -> Viewpoint:
        """For whom they are looked at once the slot is claimed: that claim is not in the way either."""
        return self._viewpoint(claimed.claim.reservation_uid, claimed)

    def _viewpoint(self, own_reservation: str | None, claimed: Claimed | None = None) -> Viewpoint:
        return Viewpoint(
            length=self.length,
            rescheduling=self.rescheduling,
            own_reservation=own_reservation,
            claimed=claimed,
            beside=self.beside,
        )

    def refused(self, refusal: Refusal, host_ids: Collection[int] = ()) -> SlotRefusedError:
        """Return the error that says so, and which hosts it is because of."""
        return SlotRefusedError(refusal, self.staffed.event_type.id, self.start, tuple(sorted(host_ids)))

    def claim(self, uid: str, host_ids: Collection[int]) -> Claim:
        """Return a new claim of this slot on some hosts.

        Each has an id of its own: whatever is still under way to end an earlier one cannot end this one.
        """
        event_type = self.staffed.event_type
        before, after = self.buffers or (event_type.before_buffer, event_type.after_buffer)
        return Claim(
            id=new_claim_id(),
            reservation_uid=uid,
            event_type_id=event_type.id,
            host_ids=tuple(sorted(host_ids)),
            start=self.time[0],
            end=self.time[1],
            before_buffer=before,
            after_buffer=after,
            seats=event_type.seats,
            seats_wanted=self.seats,
            ledgers=event_type.ledgers,
            quotas=self.quotas,
            first_at=None if self.own is None else self.own.claim.first_at,
            rescheduling=self.rescheduling,
        )


class SlotClaimer:
    """Claims slots. The claims it returns stand for a few seconds: the caller confirms or releases them."""

    def __init__(self, calendar: Calendar, workloads: Workloads, holds: Holds, clock: Clock) -> None:
        """Work on these ports."""
        self._looker = Looker(calendar, holds, clock)
        self._workloads = workloads
        self._holds = holds

    async def claim(self, wanted: WantedSlot, uid: str) -> Claimed:
        """Claim the slot's time for a reservation of that uid, on hosts that are free for it.

        Raises
        ------
        SlotRefusedError
            If it is not free; nothing stays claimed.
        QuotaExceededError
            If the asker, or the event type, has too many claims and reservations.
        NotReservableError
            If it is free, but its event type has no hosts to claim.
        StoreUnavailableError
            If a store is away; what was claimed lapses.
        """
        await self._refuse_unless_reservable(wanted)
        passed_over, contended = set[int](), set[int]()
        deadline = monotonic() + CONTENTION_S
        while monotonic() < deadline:
            host_ids = await self._choose(wanted, passed_over, contended)
            outcome = await self._holds.claim(wanted.claim(uid, host_ids), wanted.own)
            if isinstance(outcome, Claimed):
                outcome = await self._checked(wanted, outcome)
            match outcome:
                case Claimed():
                    return outcome
                case QuotaFull(standing):
                    raise QuotaExceededError(standing)
                case Held(None):
                    raise wanted.refused(Refusal.SEATS_FULL)
                case Held(int(host_id)):
                    passed_over.add(host_id)
                case Contended(host_id):
                    if host_id is not None:
                        contended.add(host_id)
                    await _pause()
        raise wanted.refused(Refusal.RESERVED)

    async def claim_for(
        self,
        wanted: WantedSlot,
        uid: str,
        host_ids: Collection[int],
        *,
        limited: bool = False,
        seats: int = 0,
    ) -> Claimed:
        """Claim the slot's time on these hosts without a look at their calendars, which was judged before.

        Raises
        ------
        SlotRefusedError
            If another has the time or, where it is `limited`, the limits allow no more, or there are no `seats` beside
            those that are taken; nothing stays claimed.
        StoreUnavailableError
            If the store of holds is away.
        """
        refusal, deadline = Refusal.RESERVED, monotonic() + CONTENTION_S
        while monotonic() < deadline:
            match await self._holds.claim(wanted.claim(uid, host_ids), wanted.own):
                case Claimed() as claimed:
                    beyond = await self._beyond(wanted, claimed, seats) if limited else None
                    if beyond is None:
                        return claimed
                    refusal = beyond
                    await _pause()
                case Held(None):
                    raise wanted.refused(Refusal.SEATS_FULL)
                case Held(int(host_id)):
                    raise wanted.refused(Refusal.RESERVED, [host_id])
                case _:
                    refusal = Refusal.RESERVED
                    await _pause()
        raise wanted.refused(refusal)

    async def _beyond(self, wanted: WantedSlot, claimed: Claimed, seats: int) -> Refusal | None:
        """Return why a claim is too much, those before it counted, and release it; None if it is not."""
        try:
            availability = await self._looker.availability(wanted.staffed, wanted.time, wanted.viewpoint_of(claimed))
        except BaseException:
            await self._holds.release(claimed.claim)
            raise
        refusal = None
        if any(overlaps(period.time, wanted.time) for period in availability.full):
            refusal = Refusal.LIMIT
        elif seats and seats > _seats_left(wanted, availability, claimed):
            refusal = Refusal.SEATS_FULL
        if refusal is not None:
            await self._holds.release(claimed.claim)
        return refusal

    # Choosing ------------------------------------------------------------------------------------------------------

    async def _choose(self, wanted: WantedSlot, passed_over: set[int], contended: set[int]) -> list[int]:
        """Return the hosts to claim; raise why there are none. Those who are `contended` others may yet get."""
        staffed = wanted.staffed
        round_robin = staffed.event_type.scheduling is SchedulingType.ROUND_ROBIN
        limited = staffed.event_type.seats or staffed.event_type.limits.all
        # The store would have a claim of the same batch waited for, as it may lapse. This one will not.
        if not (round_robin or limited or passed_over or wanted.beside):
            return [host.id for host in staffed.hosts]
        availability = await self._refuse_if_taken(wanted)
        seat = availability.seated.get(wanted.start)
        if seat is not None:
            chosen = sorted(seat.host_ids & {host.id for host in staffed.hosts})
        else:
            chosen = await self._team(wanted, availability, passed_over, contended)
        if not passed_over.isdisjoint(chosen):
            raise wanted.refused(Refusal.RESERVED, passed_over.intersection(chosen))
        return chosen

    async def _team(
        self, wanted: WantedSlot, availability: Availability, passed_over: set[int], contended: set[int]
    ) -> list[int]:
        """Return the mandatory hosts and of each group the free one who should get the next slot."""
        staffed = wanted.staffed
        chosen = [host.id for host in staffed.mandatory]
        groups = staffed.groups
        workloads = await self._loads(wanted, [host.id for group in groups for host in group]) if groups else {}
        for group in groups:
            not_free = passed_over | availability.host_refusals(wanted.start, {host.id for host in group}).keys()
            free = [host for host in group if host.id not in not_free]
            if not free:
                raise wanted.refused(Refusal.RESERVED, {host.id for host in group})
            # Nobody waits for a host while another can be had at once.
            at_once = [host for host in free if host.id not in contended]
            chosen.append(by_preference(at_once or free, workloads)[0].id)
        return chosen

    async def free_hosts(self, wanted: WantedSlot, hosts: Sequence[Host]) -> list[int]:
        """Return which of the hosts are free for the slot just now; who should get it comes first.

        Raises
        ------
        SlotRefusedError
            If none of them is.
        StoreUnavailableError
            If a store is away.
        """
        availability = await self._looker.availability(wanted.staffed, wanted.time, wanted.viewpoint)
        host_ids = [host.id for host in hosts]
        not_free = availability.host_refusals(wanted.start, host_ids)
        free = [host for host in hosts if host.id not in not_free]
        if not free:
            raise wanted.refused(min(not_free.values()), not_free)
        return [host.id for host in by_preference(free, await self._loads(wanted, host_ids))]

    async def _loads(self, wanted: WantedSlot, host_ids: list[int]) -> dict[int, Workload]:
        """Return what the hosts were given in the slot's month: bookings and live reservations of its type."""
        event_type = wanted.staffed.event_type
        if event_type.id is None:
            return {}
        month = month_around(wanted.start, zone(wanted.staffed.zone))
        booked, live = await asyncio.gather(
            self._workloads.workloads(event_type.id, host_ids, month), self._holds.live(host_ids, month)
        )
        loads = dict(booked)
        in_month = [one for one in wanted.beside if overlaps(month, (one.start, one.end))]
        for reservation in (*live, *in_month):
            if reservation.event_type_id == event_type.id:
                for host_id in reservation.host_ids:
                    load = loads.get(host_id, Workload())
                    loads[host_id] = Workload(load.bookings + 1, load.last_booked)
        return loads

    # Looking -------------------------------------------------------------------------------------------------------

    async def rehearse(self, wanted: WantedSlot) -> None:
        """Refuse what `claim` would refuse just now, and claim nothing.

        Raises
        ------
        SlotRefusedError, NotReservableError, StoreUnavailableError
            As `claim`.
        """
        await self._refuse_unless_reservable(wanted)
        await self._refuse_if_taken(wanted)

    async def _refuse_unless_reservable(self, wanted: WantedSlot) -> None:
        if wanted.staffed.reservable:
            return
        if wanted.staffed.hosts:
            # The peer tells what is taken before it tells that nothing can be reserved here.
            await self._refuse_if_taken(wanted)
        raise NotReservableError(wanted.staffed.event_type.id)

    async def _refuse_if_taken(self, wanted: WantedSlot) -> Availability:
        """Look at both stores, and say why the slot is not free just now if it is not."""
        availability = await self._looker.availability(wanted.staffed, wanted.time, wanted.viewpoint)
        refusal = availability.refusal(wanted.start)
        if refusal in _COUNTED:
            await asyncio.sleep(_TWICE_S)
            availability = await self._looker.availability(wanted.staffed, wanted.time, wanted.viewpoint)
            refusal = availability.refusal(wanted.start)
        if refusal is not None:
            hosts = availability.host_refusals(wanted.start, {host.id for host in wanted.staffed.hosts})
            raise wanted.refused(refusal, hosts)
        return availability

    async def _checked(self, wanted: WantedSlot, claimed: Claimed) -> Claimed | Held | Contended:
        """Look at the calendar now that nobody else can take the time; release the claim unless it may stand."""
        try:
            verdict = await self._verdict(wanted, claimed)
        except BaseException:
            await self._holds.release(claimed.claim)
            raise
        if verdict is not claimed:
            await self._holds.release(claimed.claim)
        return verdict

    async def _verdict(self, wanted: WantedSlot, claimed: Claimed) -> Claimed | Held | Contended:
        if not {host.id for host in wanted.staffed.hosts}.issuperset(claimed.claim.host_ids):
            # Those of the first seat, as the ledger has them, do not all host the event type any more. A listing, which
            # looks at today's hosts alone, may have offered the start.
            raise wanted.refused(Refusal.RESERVED)
        availability = await self._looker.availability(wanted.staffed, wanted.time, wanted.viewpoint_of(claimed))
        for refusal in availability.time_refusals(wanted.start):
            raise wanted.refused(refusal)
        seat = availability.seated.get(wanted.start)
        if seat is not None and seat.host_ids & {host.id for host in wanted.staffed.hosts} != {*claimed.claim.host_ids}:
            # The first seat was booked since hosts were chosen for this one, and is gone from the ledger.
            return Contended()
        if _seats_left(wanted, availability, claimed) < wanted.seats:
            # Those who came before may yet give their seats up; if not, the next look finds none left. That would not
            # tell who needs several that too few are.
            return Contended() if wanted.seats == 1 else Held(None)
        refusals = availability.host_refusals(wanted.start, claimed.claim.host_ids)
        if Refusal.LIMIT in refusals.values():
            # A claim that came first may yet be given up; if not, the next look finds the period full.
            return Contended()
        return Held(next(iter(refusals))) if refusals else claimed


def _seats_left(wanted: WantedSlot, availability: Availability, claimed: Claimed) -> float:
    """Return how many seats there are for a claim, those counted that were claimed before; without seats any number."""
    seats = wanted.staffed.event_type.seats
    if not seats:
        return inf
    seat = availability.seated.get(wanted.start)
    return seats - claimed.seat_rank - (0 if seat is None else seat.attendees)


def new_claim_id() -> str:
    """Return an id that no other claim has."""
    return secrets.token_urlsafe(12)


async def _pause() -> None:
    """Wait for an unfinished claim; those that meet do so for different times, so that one of them comes through."""
    await asyncio.sleep(_PAUSE_S * (1 + random.random()))  # noqa: S311 - not a secret
