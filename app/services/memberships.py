"""Use case: who belongs to a team or organization, and as what."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from app.domain.membership import Actor, Refusal, Standing, refusal
from app.domain.role import Role
from app.services.errors import (
    ConsentNeededError,
    LastOwnerError,
    MembershipNotFoundError,
    OwnerNeededError,
    RoleNeededError,
    TeamIdNotFoundError,
)
from app.services.member_access import Members
from app.services.ports import Caller, Page, Roles

_ERRORS = {
    Refusal.ROLE_NEEDED: RoleNeededError,
    Refusal.OWNER_NEEDED: OwnerNeededError,
    Refusal.CONSENT_NEEDED: ConsentNeededError,
    Refusal.LAST_OWNER: LastOwnerError,
}

Judge: TypeAlias = Callable[[Standing, int], None]
"""Refuses what a membership is to become, given what it is and how many other owners there are, by raising."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A team or an organization; both have ids from one space."""

    id: int
    is_organization: bool = False
    within: int | None = None
    """The organization that a team is looked for in; None: anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipDraft:
    """Who is to belong to a team or organization, and as what."""

    user_id: int
    standing: Standing
    disable_impersonation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipChange:
    """What is to be different about a membership; None: nothing."""

    role: Role | None = None
    accepted: bool | None = None
    disable_impersonation: bool | None = None

    def standing(self, before: Standing) -> Standing:
        """Return what it makes of a standing."""
        role = before.role if self.role is None else self.role
        return Standing(role, before.accepted if self.accepted is None else self.accepted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """A membership, with what its team or organization may know of the member."""

    id: int
    user_id: int
    group_id: int
    standing: Standing
    disable_impersonation: bool
    username: str
    name: str | None
    email: str | None
    """None until the member has accepted: an invitation shows nobody's address."""
    avatar_url: str | None
    bio: str | None
    metadata: dict[str, str | int | float | bool]


class Memberships(Protocol):
    """Keeps memberships. Every method raises StoreUnavailableError if the store does not answer in time."""

    async def speaks_for(self, caller: Caller, user_id: int, group_id: int) -> bool:
        """Say whether a caller speaks for a user in a team or organization.

        That does the user, and the client that manages them; where they belong to the organization, or to that of the
        team, also who runs it.
        """

    async def find(self, group_id: int, membership_id: int) -> Membership | None:
        """Return a membership in a team or organization."""

    async def of_user(self, group_id: int, user_id: int) -> Membership | None:
        """Return the membership that somebody has in a team or organization."""

    async def listed(self, group_id: int, emails: Sequence[str] | None, page: Page) -> tuple[Membership, ...]:
        """Return the memberships, of all or of those with these e-mail addresses, in the order they were made."""

    async def create(self, group: Group, draft: MembershipDraft, uid: str) -> Membership:
        """Make a membership under a uid, or return the one made under it before.

        Raises
        ------
        UserIdNotFoundError, TeamIdNotFoundError
            If there is no such user, or no such team or organization.
        MembershipExistsError
            If the user has one there.
        ManagedMemberError
            If an OAuth client manages the user, who is to be more than a member of an organization.
        OutsiderError
            If the team is of an organization that the user does not belong to.
        """

    async def change(
        self, group_id: int, membership_id: int, change: MembershipChange, judge: Judge
    ) -> Membership | None:
        """Change a membership if `judge` lets it pass; None if there is none.

        Judging and changing are one: nobody else changes the same team's memberships in between.

        Raises
        ------
        ManagedMemberError, OutsiderError
            As `create`.
        """

    async def end(self, group_id: int, membership_id: int, judge: Judge) -> Membership | None:
        """End a membership if `judge` lets it pass, as `change`, and return what it was.

        Who leaves a team hosts its event types no more. Who leaves an organization leaves its teams.
        """


class MembershipKeeper:
    """Takes in, shows, changes and lets go the members of one team or organization at a time."""

    def __init__(self, memberships: Memberships, roles: Roles, members: Members) -> None:
        """Keep them in this store; the others say who may."""
        self._memberships = memberships
        self._roles = roles
        self._members = members

    async def listed(
        self, caller: Caller, group: Group, emails: Sequence[str] | None, page: Page
    ) -> tuple[Membership, ...]:
        """Return the memberships to somebody who runs the team or organization; their own to the invited.

        Raises
        ------
        RoleNeededError
            If the caller does not run it, and is not invited.
        TeamIdNotFoundError
            If the team is not the organization's.
        """
        invitation = await self._invitation(caller, group)
        if invitation is not None and page.skip == 0:
            await self._check_place(group)
            return (invitation,)
        await self._check_runs(caller, group)
        return await self._memberships.listed(group.id, emails, page)

    async def show(self, caller: Caller, group: Group, membership_id: int) -> Membership:
        """Return a membership to its member, or to somebody who runs the team or organization.

        Raises
        ------
        RoleNeededError, TeamIdNotFoundError
            As `listed`.
        MembershipNotFoundError
            If there is none of this id there.
        """
        found = await self._memberships.find(group.id, membership_id)
        if found is None or not await self._memberships.speaks_for(caller, found.user_id, group.id):
            await self._check_runs(caller, group)
        await self._check_place(group)
        return _surely(found, membership_id)

    async def create(self, caller: Caller, group: Group, draft: MembershipDraft, uid: str) -> Membership:
        """Take somebody in. Only who speaks for them accepts for them: for others it is an invitation.

        Raises
        ------
        RoleNeededError, OwnerNeededError
            If the caller may not.
        TeamIdNotFoundError, UserIdNotFoundError, MembershipExistsError, ManagedMemberError, OutsiderError
            As `Memberships.create`.
        """
        actor = await self._actor(caller, group, draft.user_id)
        standing = Standing(draft.standing.role, draft.standing.accepted and actor.speaks_for_member)
        _check(refusal(actor, None, standing, other_owners=0))
        await self._check_place(group)
        draft = MembershipDraft(
            user_id=draft.user_id, standing=standing, disable_impersonation=draft.disable_impersonation
        )
        return await self._memberships.create(group, draft, uid)

    async def change(self, caller: Caller, group: Group, membership_id: int, change: MembershipChange) -> Membership:
        """Change a membership and return it as it is then.

        Raises
        ------
        RoleNeededError, OwnerNeededError, ConsentNeededError, LastOwnerError, ManagedMemberError, OutsiderError
            If it may not become that.
        TeamIdNotFoundError, MembershipNotFoundError
            As `show`.
        """
        found = await self.show(caller, group, membership_id)
        actor = await self._actor(caller, group, found.user_id)

        def judge(before: Standing, other_owners: int) -> None:
            _check(refusal(actor, before, change.standing(before), other_owners=other_owners))

        changed = await self._memberships.change(group.id, membership_id, change, judge)
        return _surely(changed, membership_id)

    async def end(self, caller: Caller, group: Group, membership_id: int) -> Membership:
        """Let a member go, and return the membership as it was.

        Raises
        ------
        RoleNeededError, OwnerNeededError, LastOwnerError
            If the member may not go, or not by this caller.
        TeamIdNotFoundError, MembershipNotFoundError
            As `show`.
        """
        found = await self.show(caller, group, membership_id)
        actor = await self._actor(caller, group, found.user_id)

        def judge(before: Standing, other_owners: int) -> None:
            _check(refusal(actor, before, None, other_owners=other_owners))

        return _surely(await self._memberships.end(group.id, membership_id, judge), membership_id)

    async def _actor(self, caller: Caller, group: Group, user_id: int) -> Actor:
        speaks_for_member = await self._memberships.speaks_for(caller, user_id, group.id)
        return Actor(await self._role(caller, group), speaks_for_member)

    async def _role(self, caller: Caller, group: Group) -> Role | None:
        if group.is_organization:
            return await self._roles.in_organization(caller, group.id)
        return await self._roles.in_team(caller, group.id)

    async def _invitation(self, caller: Caller, group: Group) -> Membership | None:
        """Return what a caller may accept, who could not find it otherwise."""
        if caller.user_id is None or await self._role(caller, group) is not None:
            return None
        own = await self._memberships.of_user(group.id, caller.user_id)
        return None if own is None or own.standing.accepted else own

    async def _check_runs(self, caller: Caller, group: Group) -> None:
        role = await self._role(caller, group)
        if role is None or role < Role.ADMIN:
            raise RoleNeededError
        await self._check_place(group)

    async def _check_place(self, group: Group) -> None:
        if group.within is not None and not await self._members.team_in_organization(group.id, group.within):
            raise TeamIdNotFoundError(group.id)


def _check(refused: Refusal | None) -> None:
    if refused is not None:
        raise _ERRORS[refused]


def _surely(found: Membership | None, membership_id: int) -> Membership:
    if found is None:
        raise MembershipNotFoundError(membership_id)
    return found
