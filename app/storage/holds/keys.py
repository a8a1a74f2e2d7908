"""The names of the keys. What one script reads or writes shares a hash tag, and so a node of a cluster."""

from app.domain.reservation import Claim

PREFIX = "hf:"
"""Of every key; emptying the store touches nothing else."""


def host_index(host_id: int) -> str:
    """Return the key of a host's index of holds."""
    return f"{PREFIX}{{h:{host_id}}}:holds"


def host_longest(host_id: int) -> str:
    """Return the key of the length of a host's longest buffered range."""
    return f"{PREFIX}{{h:{host_id}}}:longest"


def host_hold_prefix(host_id: int) -> str:
    """Return what the keys of a host's holds begin with; the claim's id follows."""
    return f"{PREFIX}{{h:{host_id}}}:hold:"


def host_hold(host_id: int, claim_id: str) -> str:
    """Return the key of a hold on a host: while it exists the hold is live."""
    return host_hold_prefix(host_id) + claim_id


def seat_group(claim: Claim) -> str:
    """Return the group whose holds share a host's time: a start of a seated event type; "-" is none."""
    return "-" if claim.seats is None else f"{claim.event_type_id}@{claim.start}"


def seat_ledger(claim: Claim) -> str:
    """Return the key of the ledger of a seated start."""
    return f"{PREFIX}{{s:{seat_group(claim)}}}:seats"


def seat_entry_prefix(claim: Claim) -> str:
    """Return what the keys of a ledger's entries begin with; the claim's id follows."""
    return f"{PREFIX}{{s:{seat_group(claim)}}}:seat:"


def index_member(claim: Claim) -> str:
    """Return a hold's member of its hosts' indexes."""
    return f"{claim.busy_range[1]}:{seat_group(claim)}:{claim.id}"


def locator(uid: str) -> str:
    """Return the key that leads from a reservation's uid to its claim."""
    return f"{PREFIX}reservation:{uid}"
