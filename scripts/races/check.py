"""Judges a record. It knows the promises and nothing of how the service keeps them.

A reservation is certain from the arrival of its acknowledgement until its time is up, its epoch ends or something is
sent that ends, moves or books it; a booking until its cancellation or move is sent, whatever the store of holds loses.
Both are holds here. While one is certain nobody else may have what it takes.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from scripts.races.record import ONE_EPOCH, Epochs, Hold, Look, Record
from scripts.races.world import DAY, EVENT_TYPES, MINUTE, EventType, utc_text

LATE_S = 1.0
"""How long after `reservationUntil` a hold may still be seen."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken."""

    promise: str
    at: float
    """When it was; Unix seconds."""
    holds: tuple[Hold, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found."""

    certain: int
    """Reservations that were certain for a while."""
    certain_bookings: int
    """Bookings likewise."""
    seen_alive: int
    """Looks at certain holds."""
    seen_ended: int
    """Looks at holds whose time was up."""
    violations: list[Violation]
    across_epochs: int
    """How many there would be if the store may lose nothing when it is killed."""


def check(record: Record, epochs: Epochs, event_types: Mapping[int, EventType] = EVENT_TYPES) -> Verdict:
    """Judge what clients were told while the store lived through some epochs."""
    violations = [*too_many(record.holds, epochs, event_types), *wrong_looks(record.looks, epochs)]
    across = violations
    if epochs.ends:
        across = [*too_many(record.holds, ONE_EPOCH, event_types), *wrong_looks(record.looks, ONE_EPOCH)]
    return Verdict(
        certain=sum(_certain(hold, epochs) is not None for hold in record.holds if not hold.booked),
        certain_bookings=sum(_certain(hold, epochs) is not None for hold in record.holds if hold.booked),
        seen_alive=sum(_must_be_there(look, epochs) for look in record.looks),
        seen_ended=sum(_must_be_gone(look) for look in record.looks),
        violations=violations,
        across_epochs=len(across),
    )


# Too many at once ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Share:
    """A part of something limited that a hold takes, for a range of slot time, while it is certain."""

    hold: Hold
    begins: float
    ends: float
    first: int
    after: int
    taker: Hashable
    """Shares of the same taker count once."""


def too_many(holds: Iterable[Hold], epochs: Epochs, event_types: Mapping[int, EventType]) -> list[Violation]:
    """Return the holds that took what others certainly had: one violation for each hold that came too late for it."""
    pools = {frozenset(event_type.host_ids) for event_type in event_types.values() if event_type.any_host}
    shares: dict[tuple[str, int], list[_Share]] = defaultdict(list)
    for hold in holds:
        life = _certain(hold, epochs)
        if life is not None:
            for promise, most, span, taker in _takes(hold, event_types[hold.event_type_id], pools):
                shares[promise, most].append(_Share(hold, *life, *span, taker))
    return [violation for (promise, most), taken in shares.items() for violation in _crowded(promise, most, taken)]


def _certain(hold: Hold, epochs: Epochs) -> tuple[float, float] | None:
    """Return from when to when a hold was certain; None: never."""
    end = min(hold.until, hold.given_up, inf if hold.booked else epochs.end(hold.sent))
    return (hold.acknowledged, end) if hold.acknowledged < end else None


def _takes(
    hold: Hold, event_type: EventType, pools: Iterable[frozenset[int]]
) -> Iterator[tuple[str, int, tuple[int, int], Hashable]]:
    """Tell what a hold takes: the promise, how many may have it at once, for which slot time, and who is the taker."""
    span = hold.start - event_type.before * MINUTE, hold.end + event_type.after * MINUTE
    # The seats of one start are one appointment of its hosts.
    taker: Hashable = hold if event_type.seats is None else (event_type.id, hold.start)
    any_host = event_type.any_host and hold.host_ids is None
    hosts = frozenset() if any_host else frozenset(hold.host_ids or event_type.host_ids)
    for host in hosts:
        yield f"host {host} is held once at a time", 1, span, taker
    for pool in pools:
        promise = f"hosts {sorted(pool)} are held no more often at a time than there are of them"
        if any_host and pool.issuperset(event_type.host_ids):
            yield promise, len(pool), span, taker
        for host in hosts & pool:
            yield promise, len(pool), span, (taker, host)
    if event_type.seats is not None:
        promise = f"a start of type {event_type.id} has no more holds than seats"
        yield f"{promise}: {utc_text(hold.start)}", event_type.seats, span, hold
    if event_type.per_day is not None:
        day = hold.start // DAY
        promise = f"a day of type {event_type.id} has no more holds than its limit"
        yield f"{promise}: {utc_text(day * DAY)[:10]}", event_type.per_day, (day, day + 1), taker


def _crowded(promise: str, most: int, shares: list[_Share]) -> Iterator[Violation]:
    """Go through shares as they become certain, and tell which came on top of as many as there may be.

    What is certain at once is bounded by what there is to have, however long the record.
    """
    alive: list[_Share] = []
    for share in sorted(shares, key=lambda share: share.begins):
        alive = [other for other in alive if other.ends > share.begins]
        near = [other for other in alive if other.first < share.after and share.first < other.after]
        alive.append(share)
        together = _fullest([*near, share], share) if len(near) >= most else []
        if len({other.taker for other in together}) > most:
            yield Violation(promise, share.begins, tuple(other.hold for other in together))


def _fullest(near: Sequence[_Share], share: _Share) -> list[_Share]:
    """Return the shares that have one moment of slot time in common with `share`, where most takers do."""
    # Where most are at once, one of them begins.
    moments = {max(other.first, share.first) for other in near}
    meetings = [[other for other in near if other.first <= moment < other.after] for moment in moments]
    return max(meetings, key=lambda meeting: len({other.taker for other in meeting}))


# Looks -----------------------------------------------------------------------------------------------------------


def wrong_looks(looks: Iterable[Look], epochs: Epochs) -> list[Violation]:
    """Return what was gone while it was certain, or still there when its time was up."""
    gone = "a hold stands until reservationUntil"
    lost = "a booking stands until it is cancelled"
    late = f"a hold is gone {LATE_S:g} s after reservationUntil"
    return [
        Violation(late if look.found else lost if look.hold.booked else gone, look.answered, (look.hold,))
        for look in looks
        if (_must_be_gone(look) if look.found else _must_be_there(look, epochs))
    ]


def _must_be_there(look: Look, epochs: Epochs) -> bool:
    life = _certain(look.hold, epochs)
    return life is not None and life[0] <= look.sent and look.answered < life[1]


def _must_be_gone(look: Look) -> bool:
    # Whatever the store lost or found again, no hold outlives its time.
    return look.sent >= look.hold.until + LATE_S
