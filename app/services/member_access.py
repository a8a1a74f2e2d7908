"""Who may look at, and write, what belongs to the members of a team or organization: those who run it."""

from typing import Protocol

from app.domain.role import Role
from app.services.errors import RoleNeededError, TeamIdNotFoundError, UserIdNotFoundError
from app.services.ports import Caller, Roles


class Members(Protocol):
    """Knows who belongs where."""

    async def in_organization(self, user_id: int, organization_id: int) -> bool:
        """Say whether a user belongs to an organization: as an accepted member, or by a profile in it."""

    async def team_in_organization(self, team_id: int, organization_id: int) -> bool:
        """Say whether a team is an organization's."""


class MemberAccess:
    """Lets those act for members who are admins or owners, or the organization's OAuth client."""

    def __init__(self, roles: Roles, members: Members) -> None:
        """Ask these ports."""
        self._roles = roles
        self._members = members

    async def check_organization(self, caller: Caller, organization_id: int) -> None:
        """Let pass who runs an organization.

        Raises
        ------
        RoleNeededError
            If the caller does not, or there is no such organization.
        """
        role = await self._roles.in_organization(caller, organization_id)
        if role is None or role < Role.ADMIN:
            raise RoleNeededError

    async def check_team(self, caller: Caller, team_id: int, organization_id: int | None = None) -> None:
        """Let pass who runs a team, which must be the organization's where one is named.

        Raises
        ------
        RoleNeededError
            If the caller does not, or there is no such team.
        TeamIdNotFoundError
            If the team is not the organization's.
        """
        role = await self._roles.in_team(caller, team_id)
        if role is None or role < Role.ADMIN:
            raise RoleNeededError
        if organization_id is not None and not await self._members.team_in_organization(team_id, organization_id):
            raise TeamIdNotFoundError(team_id)

    async def check_member(self, caller: Caller, organization_id: int, user_id: int) -> None:
        """Let pass who runs an organization that a user belongs to.

        Raises
        ------
        RoleNeededError
            As `check_organization`.
        UserIdNotFoundError
            If the user does not belong to it.
        """
        await self.check_organization(caller, organization_id)
        if not await self._members.in_organization(user_id, organization_id):
            raise UserIdNotFoundError(user_id)
