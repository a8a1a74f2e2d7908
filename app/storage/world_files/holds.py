"""The reservations of a world file as the store of holds keeps them."""

import secrets
from itertools import pairwise
from math import inf

from app.domain.errors import EventTypeManagedError
from app.domain.event_type import StaffedEventType, staff
from app.domain.reference import ById
from app.domain.reservation import Claim, KeptReservation
from app.domain.time_ranges import Instant
from app.fields import instant_from
from app.services.ports import EventTypes
from app.storage.world_files.checks import TEMPLATE, WorldProblem, WorldRefusedError
from app.storage.world_files.format import Reservation, World


class HoldsToLoad:
    """The live reservations of a file, once `resolve` has seen their event types."""

    def __init__(self, world: World, now: Instant) -> None:
        """Leave out what is past at `now`."""
        self._reservations = [r for r in world.reservations if instant_from(r.reservation_until) > now]
        self.past = len(world.reservations) - len(self._reservations)
        """How many are left out."""
        self.live: list[KeptReservation] = []

    async def resolve(self, event_types: EventTypes) -> None:
        """Find out whom each reservation holds.

        Raises
        ------
        WorldRefusedError
            If one holds nobody.
        """
        staffed: dict[int, StaffedEventType] = {}
        for reservation in self._reservations:
            event_type_id = reservation.event_type_id
            if event_type_id not in staffed:
                staffed[event_type_id] = await _staffed(event_types, reservation)
            self.live.append(_kept(reservation, staffed[event_type_id]))

    @property
    def overlapping(self) -> int:
        """How many share a host's time with another one of the file: history does, requests never do."""
        by_host: dict[int, list[Claim]] = {}
        for kept in self.live:
            for host_id in kept.claim.host_ids:
                by_host.setdefault(host_id, []).append(kept.claim)
        return len({claim.id for claims in by_host.values() for claim in _overlapping(claims)})


def _overlapping(claims: list[Claim]) -> list[Claim]:
    """Return the claims on one host that overlap another; seats of one start share it."""
    by_place: dict[object, list[Claim]] = {}
    for claim in sorted(claims, key=lambda one: one.busy_range):
        place = claim.id if claim.seats is None else (claim.event_type_id, claim.start)
        by_place.setdefault(place, []).append(claim)
    begins: list[float] = [beside[0].busy_range[0] for beside in by_place.values()]
    found: list[Claim] = []
    until = -inf  # Of all that began before.
    for beside, (begin, next_begin) in zip(by_place.values(), pairwise([*begins, inf]), strict=True):
        found += [claim for claim in beside if begin < until or next_begin < claim.busy_range[1]]
        until = max(until, *(claim.busy_range[1] for claim in beside))
    return found


async def _staffed(event_types: EventTypes, reservation: Reservation) -> StaffedEventType:
    try:
        return staff(await event_types.find(ById(reservation.event_type_id)))
    except EventTypeManagedError:
        raise _refused(reservation, "eventTypeId", TEMPLATE) from None


def _kept(reservation: Reservation, staffed: StaffedEventType) -> KeptReservation:
    """Return a reservation of an event type; without hosts of its own it takes all of the event type's."""
    event_type = staffed.event_type
    host_ids = reservation.host_ids
    if host_ids is None:
        host_ids = tuple(host.id for host in staffed.hosts)
    if not host_ids:
        raise _refused(reservation, "hostIds", "nobody is held: the event type has no hosts")
    claim = Claim(
        id=secrets.token_urlsafe(12),
        reservation_uid=reservation.uid,
        event_type_id=reservation.event_type_id,
        host_ids=tuple(sorted(set(host_ids))),
        start=instant_from(reservation.slot_start),
        end=instant_from(reservation.slot_end),
        before_buffer=event_type.before_buffer,
        after_buffer=event_type.after_buffer,
        seats=event_type.seats,
        ledgers=event_type.ledgers,
    )
    return KeptReservation(claim=claim, until=instant_from(reservation.reservation_until))


def _refused(reservation: Reservation, field: str, message: str) -> WorldRefusedError:
    return WorldRefusedError([WorldProblem("reservations", f"uid {reservation.uid}", field, message)])
