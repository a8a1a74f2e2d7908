"""Keeping a slot for somebody: what is claimed, for how long, and on which hosts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain.busy import Reservation
from app.domain.errors import ReservationDurationError, SlotDurationFixedError, SlotDurationNotOfferedError
from app.domain.event_type import EventType, Host
from app.domain.time_ranges import MINUTE, Instant, Range

DEFAULT_DURATION_MINUTES = 5


@dataclass(frozen=True, slots=True)
class Quota:
    """How many claims and reservations may be live at once."""

    name: str
    """Of a client, or of an event type."""
    most: int


@dataclass(frozen=True, slots=True)
class QuotaStanding:
    """How a quota stands."""

    most: int
    left: int
    next_free_ms: int
    """Until a place is free by itself; others may be given up before."""


@dataclass(frozen=True, slots=True)
class QuotaFull:
    """There is no place left in a quota."""

    standing: QuotaStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A request for some hosts' time, as the store of holds judges it. Buffers are in minutes."""

    id: str
    """Of this claim: a reservation that is moved gets another one."""
    reservation_uid: str
    event_type_id: int | None
    host_ids: tuple[int, ...]
    """Ascending, the order in which they are claimed."""
    start: Instant
    end: Instant
    before_buffer: int
    after_buffer: int
    seats: int | None = None
    """Seats of the start, on a seated type; claims of the same start share its hosts."""
    seats_wanted: int = 1
    """How many of them it takes: of a reservation one."""
    ledgers: tuple[str, ...] = ()
    """Of the limits that count it (`EventType.ledgers`)."""
    quotas: tuple[Quota, ...] = ()
    """In which it has a place while it stands."""
    first_at: Instant | None = None
    """When its reservation was first claimed, across moves; None while that is now."""
    rescheduling: str | None = None
    """Uid of the booking in whose place it is wanted, which was left out when it was judged."""

    @property
    def busy_range(self) -> Range:
        """The time with its buffers, which no other claim on the same host may overlap."""
        return self.start - self.before_buffer * MINUTE, self.end + self.after_buffer * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptReservation:
    """A live reservation: a claim that stands until an instant."""

    claim: Claim
    until: Instant

    @property
    def uid(self) -> str:
        """What its holder knows it by."""
        return self.claim.reservation_uid

    @property
    def length(self) -> int:
        """The slot's length in minutes."""
        return (self.claim.end - self.claim.start) // MINUTE


def as_busy(kept: KeptReservation) -> Reservation:
    """Return a reservation as what takes its hosts' time."""
    claim = kept.claim
    return Reservation(
        uid=claim.reservation_uid,
        event_type_id=claim.event_type_id,
        host_ids=frozenset(claim.host_ids),
        start=claim.start,
        end=claim.end,
        until=kept.until,
        before_buffer=claim.before_buffer,
        after_buffer=claim.after_buffer,
        seated=claim.seats is not None,
    )


@dataclass(frozen=True, slots=True)
class Claimed:
    """The claim stands for a few seconds; it must be confirmed or released."""

    claim: Claim
    """With the hosts that were claimed: a further seat takes those of the first."""
    at: Instant
    """When, by the store's clock."""
    turns: Mapping[str, int]
    """Its number in each ledger: higher than those of all claims that came before."""
    seat_rank: int = 0
    """How many other holds have a seat at the start, and came before."""
    standing: QuotaStanding | None = None
    """Of the quota that is nearest to full."""


@dataclass(frozen=True, slots=True)
class Held:
    """Another hold has the time of a host, or the last seat (then no host is named)."""

    host_id: int | None


@dataclass(frozen=True, slots=True)
class Contended:
    """Another claim that is still provisional is in the way: it may stand or go within seconds."""

    host_id: int | None = None
    """Of whose time; None where seats or limits are counted."""


@dataclass(frozen=True, slots=True)
class Workload:
    """What a round-robin host has been given so far."""

    bookings: int = 0
    """Bookings and live reservations of the event type this month."""
    last_booked: int = 0
    """Grows with the time of the last booking made; 0: never."""


def kept_minutes(asked: int | None, longest: int) -> int:
    """Return for how many minutes a slot is kept.

    Raises
    ------
    ReservationDurationError
        If it is not from 1 to `longest`.
    """
    if asked is None:
        return min(DEFAULT_DURATION_MINUTES, longest)
    if not 1 <= asked <= longest:
        raise ReservationDurationError(asked, longest)
    return asked


def by_preference(hosts: Sequence[Host], workloads: Mapping[int, Workload]) -> list[Host]:
    """Order the free hosts of a round-robin group: who should get the next slot comes first.

    Highest priority, then fewest bookings by weight, then least recently booked, then lowest id.
    """

    def key(host: Host) -> tuple[int, float, int, int]:
        load = workloads.get(host.id, Workload())
        share = load.bookings / host.weight if host.weight else float("inf")
        return -host.priority, share, load.last_booked, host.id

    return sorted(hosts, key=key)


def slot_length(event_type: EventType, asked: int | None) -> int:
    """Return the length of a slot to reserve, in minutes.

    A `slotDuration` is for event types of several lengths (and dynamic events) alone; the peer refuses it elsewhere.
    Beside other lengths the event type's own may be asked for, as in a listing.

    Raises
    ------
    SlotDurationNotOfferedError, SlotDurationFixedError, DynamicDurationError
        If it is not offered.
    """
    if asked is None or event_type.id is None:
        return event_type.length_asked(asked)
    if not event_type.lengths:
        raise SlotDurationFixedError
    if asked not in event_type.offered_lengths:
        raise SlotDurationNotOfferedError(event_type.offered_lengths)
    return asked
