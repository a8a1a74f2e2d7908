"""What a store of holds means, in plain dicts: `test_holds_machine.py` compares real stores with it.

Nothing here is clever, and nothing is asked of a store. An entry is what one claim has in one place: the time of a
host, a ledger of a limit, a seat, or a place in a quota. The model is told when something was asked, and knows until
when each entry stands: a confirmed one to the millisecond, a provisional one as well as one can see from outside.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from app.domain.busy import Reservation
from app.domain.reservation import Claim, Contended, Held, KeptReservation, as_busy
from app.domain.time_ranges import Instant, Range, overlaps
from app.storage.holds import keys

FULL: Final = "quota full"


@dataclass(frozen=True)
class Granted:
    """A claim that stands, on the hosts that it got."""

    claim: Claim
    seat_rank: int
    places_left: int | None
    """In the quota that is nearest to full."""


Verdict: TypeAlias = Granted | Held | Contended | Literal["quota full"]


@dataclass(frozen=True)
class Entry:
    """What a claim has in one place."""

    claim: Claim
    ends: Range
    """The earliest and the latest instant at which it goes by itself."""
    confirmed: bool = False


@dataclass(frozen=True)
class Lead:
    """What a uid leads to: its reservation and, for a pod that died while moving it, the one before."""

    to: tuple[KeptReservation, ...]
    ends: Range


Table: TypeAlias = dict[tuple[str, str], Entry]
"""Entries by where they are and the claim's id, in the order in which they came."""


@dataclass
class State:
    """All that stands. Lanes are the time of hosts and the ledgers of limits."""

    lanes: Table = field(default_factory=dict)
    seats: Table = field(default_factory=dict)
    places: Table = field(default_factory=dict)
    leads: dict[str, Lead] = field(default_factory=dict)
    lost: list[tuple[str, str]] = field(default_factory=list)
    """Lanes and claims that the lane's index lacks, or does not outlive: nobody would see them."""

    @property
    def tables(self) -> tuple[Table, Table, Table]:
        return self.lanes, self.seats, self.places

    @property
    def ends(self) -> list[Range]:
        """When anything goes by itself."""
        entries = [entry.ends for table in self.tables for entry in table.values()]
        return entries + [lead.ends for lead in self.leads.values()]


class Model(State):
    """What must stand in a store, and what it must answer."""

    def __init__(self, *, clustered: bool) -> None:
        super().__init__()
        self._clustered = clustered
        """A cluster judges one lane after the other, one server all at once."""

    def forget(self, now: Instant) -> None:
        """Drop what has gone by itself."""
        for table in self.tables:
            for key in [key for key, entry in table.items() if entry.ends[1] < now]:
                del table[key]
        self.leads = {uid: lead for uid, lead in self.leads.items() if lead.ends[1] >= now}

    def adopt(self, seen: State, claims: Iterable[Claim]) -> None:
        """Take over what a store says of some claims, of which a pod that died told nobody."""
        for claim in claims:
            for table, theirs in zip(self.tables, seen.tables, strict=True):
                for key in [key for key in (table | theirs) if key[1] == claim.id]:
                    if key in theirs:
                        table[key] = theirs[key]
                    else:
                        del table[key]
            self.leads.pop(claim.reservation_uid, None)
            if claim.reservation_uid in seen.leads:
                self.leads[claim.reservation_uid] = seen.leads[claim.reservation_uid]

    # What is asked ---------------------------------------------------------------------------------------------------

    def claim(self, wanted: Claim, ignored: Claim | None, lapses: Range) -> Verdict:
        """Claim until some instant of `lapses`."""
        not_counted = {wanted.id} if ignored is None else {wanted.id, ignored.id}
        free = [quota.most - len(_others(self.places, quota.name, not_counted)) for quota in wanted.quotas]
        if free and min(free) <= 0:
            return FULL
        rank = 0
        if wanted.seats is not None:
            sitting = _others(self.seats, keys.seat_ledger(wanted), not_counted)
            rank = len(sitting)
            if sum(entry.confirmed for entry in sitting) >= wanted.seats:
                return Held(None)
            if rank >= wanted.seats:
                return Contended()
            if sitting:
                wanted = replace(wanted, host_ids=sitting[0].claim.host_ids)
        refusal = self._in_the_way(wanted, not_counted)
        if refusal is not None:
            return refusal
        self._enter(wanted, Entry(wanted, lapses))
        return Granted(wanted, rank, min(free) - 1 if free else None)

    def release(self, claim: Claim) -> bool:
        """Give up a claim and say whether anybody's time was still taken by it."""
        stood = [key for key in self.lanes if key[1] == claim.id]
        for table in self.tables:
            for key in [key for key in table if key[1] == claim.id]:
                del table[key]
        return bool(stood)

    def undo(self, claim: Claim) -> bool:
        """Give up a claim, and what its uid leads to if that is this claim; say whether it was a reservation."""
        lead, stood = self.leads.get(claim.reservation_uid), self.release(claim)
        if lead is None or lead.to[0].claim.id != claim.id:
            return False
        del self.leads[claim.reservation_uid]
        return stood

    def extend(self, claim: Claim, lapses: Range) -> bool:
        """Let a claim that stands in all its places do so until some instant of `lapses`, if it ends sooner."""
        if not self.stands(claim):
            return False
        for table in (self.lanes, self.seats):
            for key, entry in table.items():
                if key[1] == claim.id:
                    ends = max(entry.ends[0], lapses[0]), max(entry.ends[1], lapses[1])
                    table[key] = replace(entry, ends=ends)
        return True

    def keep(self, claim: Claim, until: Instant) -> bool:
        if not self.stands(claim):
            self.release(claim)
            return False
        self._enter(claim, Entry(claim, (until, until), confirmed=True))
        self.leads[claim.reservation_uid] = Lead((KeptReservation(claim=claim, until=until),), (until, until))
        return True

    def move(self, own: KeptReservation, claim: Claim, until: Instant) -> bool:
        lead = self.leads.get(own.uid)
        if lead is None or lead.to[0].claim.id != own.claim.id:
            self.release(claim)
            return False
        # A uid leads somewhere as long as anything may that it ever led to.
        ends = max(lead.ends, (until, until))
        if not self.stands(claim):
            self.release(claim)
            self.leads[own.uid] = Lead((own,), ends)
            return False
        self._enter(claim, Entry(claim, (until, until), confirmed=True))
        self.release(own.claim)
        self.leads[own.uid] = Lead((KeptReservation(claim=claim, until=until), own), ends)
        return True

    def reservation(self, uid: str) -> KeptReservation | None:
        found, lead = self.found(uid), self.leads.get(uid)
        if found and lead and self._last_lane(lead.to[0].claim) is None:
            # A pod died while it moved this one: what there is of the move goes.
            self.release(lead.to[0].claim)
            self.leads[uid] = Lead((found,), lead.ends)
        return found

    def found(self, uid: str) -> KeptReservation | None:
        """Return what a look at a reservation finds, before it clears away what a pod that died left."""
        lead = self.leads.get(uid)
        last_lanes = [] if lead is None else [(kept, self._last_lane(kept.claim)) for kept in lead.to]
        return next((kept for kept, last in last_lanes if last and last.confirmed), None)

    def _last_lane(self, claim: Claim) -> Entry | None:
        return self.lanes.get((keys.lanes(claim)[-1].tag, claim.id))

    def end(self, uid: str) -> bool:
        lead = self.leads.pop(uid, None)
        released = [] if lead is None else [self.release(kept.claim) for kept in lead.to]
        return any(released)

    def live(self, host_ids: Collection[int], around: Range) -> set[Reservation]:
        return self._shown([keys.host_lane(host_id).tag for host_id in host_ids], around, before=None)

    def entered(self, ledgers: Collection[str], around: Range, own: Claim | None) -> set[Reservation]:
        return self._shown([keys.ledger_lane(ledger).tag for ledger in ledgers], around, before=own)

    def stands(self, claim: Claim) -> bool:
        """Whether it stands in all its places, and may be kept."""
        has_seat = claim.seats is None or (keys.seat_ledger(claim), claim.id) in self.seats
        return has_seat and all((lane.tag, claim.id) in self.lanes for lane in keys.lanes(claim))

    def of_claim(self, claim: Claim) -> State:
        """Return what a claim has, and nothing of others."""
        lanes, seats, places = (
            {key: entry for key, entry in table.items() if key[1] == claim.id} for table in self.tables
        )
        return State(lanes, seats, places)

    # What stands -----------------------------------------------------------------------------------------------------

    def _enter(self, claim: Claim, entry: Entry) -> None:
        for lane in keys.lanes(claim):
            self.lanes[lane.tag, claim.id] = entry
        for quota in claim.quotas:
            self.places[quota.name, claim.id] = entry
        if claim.seats is not None:
            self.seats[keys.seat_ledger(claim), claim.id] = entry

    def _in_the_way(self, wanted: Claim, not_counted: Collection[str]) -> Held | Contended | None:
        refusals = list[Held | Contended]()
        for host_id in wanted.host_ids:
            there = _others(self.lanes, keys.host_lane(host_id).tag, not_counted)
            met = [entry.confirmed for entry in there if excludes(entry.claim, wanted)]
            if met:
                refusals.append(Held(host_id) if any(met) else Contended(host_id))
        if self._clustered:
            return next(iter(refusals), None)
        held = (refusal for refusal in refusals if isinstance(refusal, Held))
        return next(held, refusals[-1] if refusals else None)

    def _shown(self, tags: list[str], around: Range, before: Claim | None) -> set[Reservation]:
        """Return what is confirmed, and what came before a claim."""
        shown = set[Reservation]()
        for tag in tags:
            came_before = before is not None
            for (where, claim_id), entry in self.lanes.items():
                if where == tag:
                    came_before = came_before and before is not None and claim_id != before.id
                    if (entry.confirmed or came_before) and overlaps(entry.claim.busy_range, around):
                        until = entry.ends[0] if entry.confirmed else 0
                        shown.add(as_busy(KeptReservation(claim=entry.claim, until=until)))
        return shown


def excludes(one: Claim, other: Claim) -> bool:
    """Whether two claims cannot both have a host."""
    same_start = (one.event_type_id, one.start) == (other.event_type_id, other.start)
    share_seats = one.seats is not None and other.seats is not None and same_start
    return overlaps(one.busy_range, other.busy_range) and not share_seats


def _others(table: Table, where: str, not_counted: Collection[str]) -> list[Entry]:
    return [entry for (place, claim_id), entry in table.items() if place == where and claim_id not in not_counted]
