"""Use case: keep when people are out of office.

Everybody keeps their own; who may do so in another's place is checked before (`member_access`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from app.domain.out_of_office import Away, OutOfOffice
from app.services.errors import OutOfOfficeNotFoundError
from app.services.member_access import MemberAccess
from app.services.ports import Caller, Page

MOST_ENTRIES = 250
"""How many entries a person may have, apart from those that were over 400 days ago: rules are read with all of them."""

Direction = Literal["asc", "desc"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfOfficeList:
    """Which entries are wanted, and in which order: by start, then by end, then as they were made."""

    page: Page
    by_start: Direction | None = None
    by_end: Direction | None = None


class OutOfOffices(Protocol):
    """Keeps entries. Every method raises StoreUnavailableError if the store does not answer in time."""

    async def of_user(self, user_id: int, wanted: OutOfOfficeList) -> tuple[OutOfOffice, ...]:
        """Return a user's entries."""

    async def of_organization(
        self, organization_id: int, wanted: OutOfOfficeList, email: str | None
    ) -> tuple[OutOfOffice, ...]:
        """Return the entries of an organization's members, or of the one with an e-mail address, in any case."""

    async def create(self, user_id: int, away: Away, uid: str) -> OutOfOffice:
        """Make an entry under a uid, or return the one made under it before.

        Raises
        ------
        UserIdNotFoundError
            If there is no such user.
        CoverError
            If who is to cover is the user, or shares no team or organization with them.
        OutOfOfficeTwiceError
            If the user has an entry from the same instant to the same instant.
        TooManyOutOfOfficeError
            If the user has `MOST_ENTRIES`.
        """

    async def change(self, user_id: int, entry_id: int, values: Mapping[str, Any]) -> OutOfOffice | None:
        """Give an entry other values, by the field names of `Away`; None if the user does not have it.

        Raises
        ------
        OutOfOfficeOrderError
            If it would end before it starts.
        CoverError, OutOfOfficeTwiceError
            As `create`.
        TooManyOutOfOfficeError
            If it would be one more that counts, and there are `MOST_ENTRIES`.
        """

    async def delete(self, user_id: int, entry_id: int) -> OutOfOffice | None:
        """Delete an entry and return what it was; None if the user does not have it."""


class OutOfOfficeKeeper:
    """Makes, lists, changes and deletes entries."""

    def __init__(self, entries: OutOfOffices, access: MemberAccess) -> None:
        """Keep them in this store; `access` says who may look at an organization's."""
        self._entries = entries
        self._access = access

    async def of_user(self, user_id: int, wanted: OutOfOfficeList) -> tuple[OutOfOffice, ...]:
        """Return entries of a user."""
        return await self._entries.of_user(user_id, wanted)

    async def of_organization(
        self, caller: Caller, organization_id: int, wanted: OutOfOfficeList, email: str | None
    ) -> tuple[OutOfOffice, ...]:
        """Return entries of an organization's members, or of one of them, to somebody who runs it.

        Raises
        ------
        RoleNeededError
            As `MemberAccess.check_organization`.
        """
        await self._access.check_organization(caller, organization_id)
        return await self._entries.of_organization(organization_id, wanted, email)

    async def create(self, user_id: int, away: Away, uid: str) -> OutOfOffice:
        """Make an entry; see `OutOfOffices.create`."""
        return await self._entries.create(user_id, away, uid)

    async def change(self, user_id: int, entry_id: int, values: Mapping[str, Any]) -> OutOfOffice:
        """Give an entry other values; see `OutOfOffices.change`.

        Raises
        ------
        OutOfOfficeNotFoundError
            If the user does not have it.
        """
        return _found(entry_id, await self._entries.change(user_id, entry_id, values))

    async def delete(self, user_id: int, entry_id: int) -> OutOfOffice:
        """Delete an entry and return what it was.

        Raises
        ------
        OutOfOfficeNotFoundError
            If the user does not have it.
        """
        return _found(entry_id, await self._entries.delete(user_id, entry_id))


def _found(entry_id: int, entry: OutOfOffice | None) -> OutOfOffice:
    if entry is None:
        raise OutOfOfficeNotFoundError(entry_id)
    return entry
