"""Who may take in, change and let go members of a team or organization."""

from dataclasses import dataclass
from enum import Enum, auto

from app.domain.role import Role


@dataclass(frozen=True, slots=True)
class Standing:
    """What a membership makes of somebody."""

    role: Role
    accepted: bool
    """Whether they agreed to it. Until then it gives them nothing, and shows nobody anything of theirs."""

    @property
    def is_owner(self) -> bool:
        """Whether they own the team or organization already."""
        return self.accepted and self.role is Role.OWNER


@dataclass(frozen=True, slots=True)
class Actor:
    """Who wants a membership made, changed or ended."""

    role: Role | None
    """In the team or organization."""
    speaks_for_member: bool
    """Is the member, or manages their account, or runs the organization in which both are."""


class Refusal(Enum):
    """Why a membership stays as it is."""

    ROLE_NEEDED = auto()
    """Only who runs the team or organization may, or the member themselves."""
    OWNER_NEEDED = auto()
    """Only an owner makes, or removes, owners."""
    CONSENT_NEEDED = auto()
    """Only the member accepts."""
    LAST_OWNER = auto()
    """The last owner can neither leave nor become less."""


def refusal(actor: Actor, before: Standing | None, after: Standing | None, *, other_owners: int) -> Refusal | None:
    """Say why a membership may not become what is wanted; None: it may.

    `before` is None where there is none yet, `after` where it is to end. `other_owners` are the owners besides.
    """
    runs_it = actor.role is not None and actor.role >= Role.ADMIN
    own_doing = actor.speaks_for_member and _keeps_role(before, after)
    if not runs_it and not own_doing:
        return Refusal.ROLE_NEEDED
    if actor.role is not Role.OWNER and not own_doing and _concerns_owners(before, after):
        return Refusal.OWNER_NEEDED
    if not actor.speaks_for_member and _accepts(before, after):
        return Refusal.CONSENT_NEEDED
    if before is not None and before.is_owner and not (after is not None and after.is_owner) and not other_owners:
        return Refusal.LAST_OWNER
    return None


def may_end_team(in_team: Role | None, in_organization: Role | None) -> bool:
    """Say whether somebody may delete a team: its owner may, and who runs the organization that it belongs to."""
    return in_team is Role.OWNER or (in_organization is not None and in_organization >= Role.ADMIN)


def _keeps_role(before: Standing | None, after: Standing | None) -> bool:
    """Whether a member leaves, or accepts, or takes that back."""
    return before is not None and (after is None or after.role is before.role)


def _concerns_owners(before: Standing | None, after: Standing | None) -> bool:
    return _ownership(before) != _ownership(after)


def _ownership(standing: Standing | None) -> tuple[bool, bool]:
    """Whether somebody is meant to be an owner, and whether they are one."""
    return standing is not None and standing.role is Role.OWNER, standing is not None and standing.is_owner


def _accepts(before: Standing | None, after: Standing | None) -> bool:
    return after is not None and after.accepted and not (before is not None and before.accepted)
