"""What the clients were told, and when. Every instant is of this machine's clock, which the stores share."""

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from math import inf


@dataclass(slots=True, eq=False, kw_only=True)
class Hold:
    """A slot that somebody was told is theirs: a reservation or a booking.

    A reservation that was moved is another hold under the same uid.
    """

    uid: str
    event_type_id: int
    start: int
    """Unix ms, as `end`."""
    end: int
    sent: float
    """When it was asked for; Unix seconds, as all that follow."""
    acknowledged: float
    """When the answer had arrived."""
    until: float
    """Of a booking: for ever."""
    given_up: float = inf
    """When its release, move, cancellation or booking was sent: from then on nobody can be sure of it, unless that was
    refused."""
    booked: bool = False
    """Whether it is a booking, which no store may lose."""
    host_ids: tuple[int, ...] | None = None
    """Who hosts it; None: whoever its event type says, or any of them."""
    seat_uid: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """Whether the service knew a reservation or a booking when it was asked."""

    hold: Hold
    sent: float
    answered: float
    found: bool


@dataclass(slots=True)
class Record:
    """What some clients did and were told."""

    holds: list[Hold] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each operation had each outcome: a status, "unanswered" or "unreachable"."""
    watched: int = 0
    """Holds left alone until they ended."""
    errors: int = 0
    """How often a pod knew no better answer than 500."""

    def add(self, other: "Record") -> None:
        """Take over what others did."""
        self.holds += other.holds
        self.looks += other.looks
        self.outcomes += other.outcomes
        self.watched += other.watched
        self.errors += other.errors


@dataclass(frozen=True, slots=True)
class Epochs:
    """The lives of the store of holds. Each may have lost what it acknowledged in the one before."""

    ends: tuple[tuple[float, float], ...] = ()
    """In order of time: from just before it was told to die until it was dead."""

    def end(self, sent: float) -> float:
        """Return when what was asked for at `sent` may be lost: before `sent` if the store was just dying."""
        position = bisect_right(self.ends, sent, key=lambda end: end[1])
        return self.ends[position][0] if position < len(self.ends) else inf


ONE_EPOCH = Epochs()
"""As if the store never lost anything."""
