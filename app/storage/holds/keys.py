"""The names of the keys. What one script reads or writes shares a hash tag, and so a node of a cluster."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from app.domain.reservation import Claim
from app.services.sources import holds_in_ledger, holds_of_host

PREFIX = "hf:"
"""Of every key; emptying the store touches nothing else."""

CHANGES = f"{PREFIX}changes"
"""The channel on which scripts tell what lanes have other holds than before, by their tags."""

_NOBODY, _EVERYBODY = "-", "*"


@dataclass(frozen=True, slots=True)
class Lane:
    """Where a hold is entered: the time of a host, or a ledger that limits count."""

    tag: str
    group: str
    """Holds of the same group share the lane's time; "-" shares with nobody, "*" with everybody."""
    host_id: int | None = None
    """Whose time it is; None: a ledger's."""

    @property
    def index(self) -> str:
        """The key of the index of the lane's holds."""
        return f"{PREFIX}{{{self.tag}}}:holds"

    @property
    def about(self) -> str:
        """The key of what is known of the lane as a whole."""
        return f"{PREFIX}{{{self.tag}}}:about"

    @property
    def hold_prefix(self) -> str:
        """What the keys of the lane's holds begin with; the claim's id follows."""
        return f"{PREFIX}{{{self.tag}}}:hold:"

    def member(self, claim: Claim) -> str:
        """Return a hold's member of the index."""
        return f"{claim.busy_range[1]}:{self.group}:{claim.id}"

    def hold(self, claim: Claim) -> str:
        """Return the key of a hold: while it exists the hold is live."""
        return self.hold_prefix + claim.id


def host_lane(host_id: int, group: str = _NOBODY) -> Lane:
    """Return the time of a host."""
    return Lane(holds_of_host(host_id), group, host_id)


def ledger_lane(ledger: str) -> Lane:
    """Return a ledger."""
    return Lane(holds_in_ledger(ledger), _EVERYBODY)


def lanes(claim: Claim) -> list[Lane]:
    """Return the lanes of a claim in the order in which they are claimed: ledgers, then hosts by ascending id.

    All claim in this order, so that of claims that meet on several lanes one comes through.
    """
    ledgers = [ledger_lane(ledger) for ledger in claim.ledgers]
    return ledgers + [host_lane(host_id, seat_group(claim)) for host_id in claim.host_ids]


def seat_group(claim: Claim) -> str:
    """Return the group whose holds share a host's time: a start of a seated event type; "-" is none."""
    return _NOBODY if claim.seats is None else f"{claim.event_type_id}@{claim.start}"


def seat_ledger(claim: Claim) -> str:
    """Return the key of the ledger of a seated start."""
    return f"{PREFIX}{{s:{seat_group(claim)}}}:seats"


def seat_entry_prefix(claim: Claim) -> str:
    """Return what the keys of a ledger's entries begin with; the claim's id follows."""
    return f"{PREFIX}{{s:{seat_group(claim)}}}:seat:"


@lru_cache(maxsize=4_096)
def quota(name: str) -> str:
    """Return the key of a quota; clients' addresses stay unread."""
    return f"{PREFIX}{{q:{sha256(name.encode()).hexdigest()}}}"


def locator(uid: str) -> str:
    """Return the key that leads from a reservation's uid to its claim."""
    return f"{PREFIX}reservation:{uid}"


def replay(key: str) -> str:
    """Return the key of a request that may be sent again; who sent it, and their own key, stay unread."""
    # Header values that are no UTF-8 arrive with surrogates in their place.
    return f"{PREFIX}{{i:{sha256(key.encode('utf-8', 'surrogateescape')).hexdigest()}}}"
