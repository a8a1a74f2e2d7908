"""Use case: people look at their accounts and change them."""

from collections.abc import Mapping
from typing import Any, Protocol

from app.domain.account import Account
from app.services.errors import UserIdNotFoundError


class Accounts(Protocol):
    """Keeps accounts. Every method raises StoreUnavailableError if the store does not answer in time."""

    async def find(self, user_id: int) -> Account | None:
        """Return a user's account."""

    async def change(self, user_id: int, values: Mapping[str, Any]) -> Account | None:
        """Give an account other values, by the field names of `Account`; None if there is no such user.

        Raises
        ------
        EmailTakenError
            If somebody else has the e-mail address, in any case of letters.
        ScheduleNotFoundError, NotOwnScheduleError
            If the default schedule is not there, or somebody else's.
        """


class AccountKeeper:
    """Shows accounts and changes them."""

    def __init__(self, accounts: Accounts) -> None:
        """Keep them in this store."""
        self._accounts = accounts

    async def show(self, user_id: int) -> Account:
        """Return a user's account.

        Raises
        ------
        UserIdNotFoundError
            If the user is gone.
        """
        return _found(user_id, await self._accounts.find(user_id))

    async def change(self, user_id: int, values: Mapping[str, Any]) -> Account:
        """Give an account other values and return it as it is then; see `Accounts.change`.

        Raises
        ------
        UserIdNotFoundError
            If the user is gone.
        """
        return _found(user_id, await self._accounts.change(user_id, values))


def _found(user_id: int, account: Account | None) -> Account:
    if account is None:
        raise UserIdNotFoundError(user_id)
    return account
