"""Use case: make, show, change and end teams, on their own or of an organization."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from app.domain.membership import may_end_team
from app.domain.slug import slug_of
from app.services.errors import (
    MembershipNeededError,
    OwnerNeededError,
    SlugTakenError,
    TeamIdNotFoundError,
)
from app.services.member_access import MemberAccess
from app.services.ports import Caller, Page, Roles


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamDraft:
    """What a new team says of itself."""

    name: str
    slug: str | None
    """None: made from the name."""
    details: Mapping[str, Any]
    """Fields without a meaning here, by their public names."""
    creator_accepts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamChange:
    """What is to be different about a team; None: nothing. Details not named stay."""

    name: str | None = None
    slug: str | None = None
    details: Mapping[str, Any]
    limits: Mapping[str, int] | None = None
    """Bookings by period, in place of all limits that there are."""
    include_managed_events_in_limits: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team as its members see it."""

    id: int
    organization_id: int | None
    name: str
    slug: str
    details: Mapping[str, Any]


class Teams(Protocol):
    """Keeps teams. Every method raises StoreUnavailableError if the store does not answer in time."""

    async def find(self, team_id: int) -> Team | None:
        """Return a team."""

    async def of_member(self, user_id: int, organization_id: int | None, page: Page) -> tuple[Team, ...]:
        """Return the teams that somebody belongs to, all or an organization's, in the order of their ids."""

    async def of_organization(self, organization_id: int, page: Page) -> tuple[Team, ...]:
        """Return an organization's teams, in the order of their ids."""

    async def create(
        self, draft: TeamDraft, slug: str, *, organization_id: int | None, owner_id: int | None, uid: str
    ) -> Team:
        """Make a team under a uid, or return the one made under it before.

        Raises
        ------
        SlugTakenError
            If another one has the slug, in the same organization or outside of all.
        UserIdNotFoundError
            If the owner is gone.
        """

    async def change(self, team_id: int, change: TeamChange) -> Team | None:
        """Change a team; None if there is none of this id.

        Raises
        ------
        SlugTakenError
            As `create`.
        """

    async def end(self, team_id: int) -> Team | None:
        """Delete a team with its memberships and event types, whose bookings stay; return what it was."""


class TeamKeeper:
    """Makes, shows, changes and ends teams for those who may."""

    def __init__(self, teams: Teams, roles: Roles, access: MemberAccess) -> None:
        """Keep them in this store; the others say who may."""
        self._teams = teams
        self._roles = roles
        self._access = access

    async def of_member(self, user_id: int, page: Page, organization_id: int | None = None) -> tuple[Team, ...]:
        """Return the teams that somebody belongs to."""
        return await self._teams.of_member(user_id, organization_id, page)

    async def of_organization(self, caller: Caller, organization_id: int, page: Page) -> tuple[Team, ...]:
        """Return the teams of an organization to those who belong to it.

        Raises
        ------
        MembershipNeededError
            If the caller does not.
        """
        if await self._roles.in_organization(caller, organization_id) is None:
            raise MembershipNeededError
        return await self._teams.of_organization(organization_id, page)

    async def show(self, caller: Caller, team_id: int, organization_id: int | None = None) -> Team:
        """Return a team to those who belong to it, or run its organization.

        Raises
        ------
        MembershipNeededError
            If the caller does neither, or there is no such team.
        TeamIdNotFoundError
            If the team is not the organization's, where one is named.
        """
        if await self._roles.in_team(caller, team_id) is None:
            raise MembershipNeededError
        found = await self._teams.find(team_id)
        if found is None or (organization_id is not None and found.organization_id != organization_id):
            raise TeamIdNotFoundError(team_id)
        return found

    async def create(self, caller: Caller, draft: TeamDraft, uid: str, organization_id: int | None = None) -> Team:
        """Make a team, of an organization if the caller runs it. The caller becomes its owner, if they are a person.

        Raises
        ------
        RoleNeededError
            If the caller does not run the organization.
        SlugTakenError
            If another team has the slug that was asked for.
        UserIdNotFoundError
            If the caller is gone.
        """
        if organization_id is not None:
            await self._access.check_organization(caller, organization_id)
        make = partial(self._teams.create, draft, organization_id=organization_id, owner_id=caller.user_id, uid=uid)
        if draft.slug is not None:
            return await make(draft.slug)
        slug = slug_of(draft.name) or "team"
        try:
            return await make(slug)
        except SlugTakenError:
            # Nobody asked for this very slug, so another one will do.
            return await make(f"{slug}-{uid[:8]}")

    async def change(
        self, caller: Caller, team_id: int, change: TeamChange, organization_id: int | None = None
    ) -> Team:
        """Change a team and return it as it is then.

        Raises
        ------
        RoleNeededError, TeamIdNotFoundError
            As `MemberAccess.check_team`.
        SlugTakenError
            If another team has the slug.
        """
        await self._access.check_team(caller, team_id, organization_id)
        return _surely(await self._teams.change(team_id, change), team_id)

    async def end(self, caller: Caller, team_id: int, organization_id: int | None = None) -> Team:
        """Delete a team and return it as it was.

        Raises
        ------
        MembershipNeededError, TeamIdNotFoundError
            As `show`.
        OwnerNeededError
            If the caller neither owns it nor runs its organization.
        """
        team = await self.show(caller, team_id, organization_id)
        in_team, in_organization = await self._roles.in_team(caller, team_id), None
        if team.organization_id is not None:
            in_organization = await self._roles.in_organization(caller, team.organization_id)
        if not may_end_team(in_team, in_organization):
            raise OwnerNeededError
        return _surely(await self._teams.end(team_id), team_id)


def _surely(found: Team | None, team_id: int) -> Team:
    if found is None:
        raise TeamIdNotFoundError(team_id)
    return found
