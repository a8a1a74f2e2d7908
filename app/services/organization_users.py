"""Use case: the people of an organization, and the accounts that it makes for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from app.domain.role import Role
from app.domain.slug import slug_of
from app.services.errors import OwnerNeededError, UsernameTakenError
from app.services.made_accounts import AccountValues, MadeAccount
from app.services.member_access import MemberAccess
from app.services.ports import Caller, Page, Roles


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationUserDraft:
    """A new account that an organization makes, and as what its person belongs there."""

    email: str
    username: str | None
    """Inside the organization; None: made from the address."""
    values: AccountValues
    role: Role
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationUserChange:
    """What is to be different about somebody in an organization."""

    username: str | None
    """Inside the organization; None: stays."""
    values: AccountValues


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationUser:
    """A person who belongs to an organization."""

    made: MadeAccount
    organization_id: int
    profile_id: int | None
    """None: they have no name of their own there, or have not accepted yet."""
    username: str | None
    """Inside the organization."""


class OrganizationUsers(Protocol):
    """Keeps the people of organizations. Every method raises StoreUnavailableError if the store is away."""

    async def listed(
        self, organization_id: int, emails: Sequence[str] | None, team_ids: Sequence[int] | None, page: Page
    ) -> tuple[OrganizationUser, ...]:
        """Return who belongs to an organization, all or those of some addresses and teams, by id."""

    async def create(
        self, organization_id: int, draft: OrganizationUserDraft, username: str, uid: str
    ) -> OrganizationUser:
        """Make an account under a uid with its membership and, if that is accepted, profile.

        An account that was made under the uid before is returned.

        Raises
        ------
        EmailTakenError, UsernameTakenError
            If another user has the address, or that name in the organization.
        """

    async def change(self, organization_id: int, user_id: int, change: OrganizationUserChange) -> OrganizationUser:
        """Change somebody's account and profile.

        Raises
        ------
        EmailTakenError, UsernameTakenError
            As `create`.
        ScheduleNotFoundError, NotOwnScheduleError
            If the default schedule is to be one that is not theirs.
        UserIdNotFoundError
            If they do not belong to it.
        ForeignAddressError
            If the address is to be another one and the account is not of the organization's making.
        """

    async def end(self, organization_id: int, user_id: int) -> OrganizationUser:
        """Take somebody out of an organization, with their account if the organization made it.

        Raises
        ------
        UserIdNotFoundError
            If they do not belong to it, and it did not make their account either.
        LastOwnerError
            If they are the organization's last owner or, where the account would go, that of a team of others.
        BookedUserError
            If the account would go and has bookings ahead.
        """


class OrganizationUserKeeper:
    """Lists, makes, changes and lets go the people of an organization, for those who run it."""

    def __init__(self, users: OrganizationUsers, roles: Roles, access: MemberAccess) -> None:
        """Keep them in this store; the others say who may."""
        self._users = users
        self._roles = roles
        self._access = access

    async def listed(
        self,
        caller: Caller,
        organization_id: int,
        page: Page,
        *,
        emails: Sequence[str] | None,
        team_ids: Sequence[int] | None,
    ) -> tuple[OrganizationUser, ...]:
        """Return the people of an organization.

        Raises
        ------
        RoleNeededError
            If the caller does not run it, as for every method.
        """
        await self._access.check_organization(caller, organization_id)
        return await self._users.listed(organization_id, emails, team_ids, page)

    async def create(
        self, caller: Caller, organization_id: int, draft: OrganizationUserDraft, uid: str
    ) -> OrganizationUser:
        """Make an account for somebody who is to belong to an organization.

        Raises
        ------
        OwnerNeededError
            If they are to own it and the caller does not.
        EmailTakenError, UsernameTakenError
            As `OrganizationUsers.create`.
        """
        await self._access.check_organization(caller, organization_id)
        if draft.role is Role.OWNER:
            await self._check_owns(caller, organization_id)
        make = partial(self._users.create, organization_id, draft, uid=uid)
        if draft.username is not None:
            return await make(draft.username)
        username = slug_of(draft.email.partition("@")[0]) or "user"
        try:
            return await make(username)
        except UsernameTakenError:
            # Nobody asked for this very name, so another one will do.
            return await make(f"{username}-{uid[:8]}")

    async def change(
        self, caller: Caller, organization_id: int, user_id: int, change: OrganizationUserChange
    ) -> OrganizationUser:
        """Change somebody who belongs to an organization.

        Raises
        ------
        UserIdNotFoundError
            If they do not.
        OwnerNeededError
            If they own it and the caller does not.
        EmailTakenError, UsernameTakenError, ScheduleNotFoundError, NotOwnScheduleError, ForeignAddressError
            As `OrganizationUsers.change`.
        """
        await self._access.check_member(caller, organization_id, user_id)
        await self._check_may_act_on_owner(caller, organization_id, user_id)
        return await self._users.change(organization_id, user_id, change)

    async def end(self, caller: Caller, organization_id: int, user_id: int) -> OrganizationUser:
        """Take somebody out of an organization and, if it made their account, delete that.

        Raises
        ------
        OwnerNeededError
            As `change`.
        UserIdNotFoundError, LastOwnerError, BookedUserError
            As `OrganizationUsers.end`.
        """
        await self._access.check_organization(caller, organization_id)
        await self._check_may_act_on_owner(caller, organization_id, user_id)
        return await self._users.end(organization_id, user_id)

    async def _check_may_act_on_owner(self, caller: Caller, organization_id: int, user_id: int) -> None:
        if await self._roles.in_organization(Caller(user_id=user_id), organization_id) is Role.OWNER:
            await self._check_owns(caller, organization_id)

    async def _check_owns(self, caller: Caller, organization_id: int) -> None:
        if await self._roles.in_organization(caller, organization_id) is not Role.OWNER:
            raise OwnerNeededError
