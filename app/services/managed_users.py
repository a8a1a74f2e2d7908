"""Use case: the users that an OAuth client makes and acts for, and their tokens."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from app.domain.managed_user import ACCESS_TOKEN_MS, REFRESH_TOKEN_MS, managed_email
from app.domain.slug import slug_of
from app.domain.time_ranges import Instant
from app.services.errors import ClientSecretError, RefreshTokenError, UserIdNotFoundError, UsernameTakenError
from app.services.keep_slots import new_uid
from app.services.made_accounts import AccountValues, MadeAccount
from app.services.ports import Clock, Credentials, Page


@dataclass(frozen=True, slots=True)
class Expiries:
    """When the two tokens of a pair end."""

    access: Instant
    refresh: Instant


@dataclass(frozen=True, slots=True)
class TokenPair:
    """A user's access token, and the token that gets the next pair. They are told once."""

    access_token: str
    refresh_token: str
    expiries: Expiries


class ManagedUsers(Protocol):
    """Keeps the users of OAuth clients. Every method raises StoreUnavailableError if the store is away.

    Of each client a user has one pair of tokens: a new one ends the one before.
    """

    async def listed(self, client_id: str, emails: Sequence[str] | None, page: Page) -> tuple[MadeAccount, ...]:
        """Return a client's users, all or those of some addresses, in the order of their ids."""

    async def find(self, client_id: str, user_id: int) -> MadeAccount | None:
        """Return a client's user."""

    async def create(
        self, client_id: str, username: str, values: AccountValues, expiries: Expiries
    ) -> tuple[MadeAccount, TokenPair]:
        """Make a user with their first tokens and, where a time zone is given, office hours in it.

        A user of an organization's client belongs to the organization.

        Raises
        ------
        EmailTakenError
            If another user has the address.
        UsernameTakenError
            If another one of the name is being made at the same moment; any other gives it an ending.
        """

    async def change(self, client_id: str, user_id: int, values: AccountValues) -> MadeAccount | None:
        """Change a client's user; None if there is none.

        Raises
        ------
        EmailTakenError
            As `create`.
        ScheduleNotFoundError, NotOwnScheduleError
            If the default schedule is to be one that is not theirs.
        """

    async def end(self, client_id: str, user_id: int) -> MadeAccount | None:
        """Delete a client's user and return what they were; None if there is none.

        Raises
        ------
        BookedUserError
            If they have bookings ahead.
        LastOwnerError
            If others would be left in a team or organization without an owner.
        """

    async def renew_tokens(self, client_id: str, user_id: int, expiries: Expiries) -> TokenPair | None:
        """Return a new pair in the place of whatever tokens a client's user has; None if there is none."""

    async def exchange(self, client_id: str, refresh_token: str, expiries: Expiries) -> TokenPair | None:
        """Return a new pair in the place of the one that a refresh token is of; None if it is none that lives.

        Of two who exchange one at once, one gets a new pair.
        """


class ManagedUserKeeper:
    """Makes, shows, changes and ends the users of an OAuth client, which proves itself by its secret."""

    def __init__(self, users: ManagedUsers, credentials: Credentials, clock: Clock) -> None:
        """Keep them in this store; `credentials` knows the clients."""
        self._users = users
        self._credentials = credentials
        self._clock = clock

    async def check_client(self, client_id: str, secret: str) -> None:
        """Let pass who has a client's secret.

        Raises
        ------
        ClientSecretError
            If it is not.
        """
        if await self._credentials.oauth_client(client_id, secret) is None:
            raise ClientSecretError

    async def listed(self, client_id: str, emails: Sequence[str] | None, page: Page) -> tuple[MadeAccount, ...]:
        """Return a client's users; addresses may be given as the client wrote them first."""
        known = None if emails is None else [managed_email(email, client_id) for email in emails]
        return await self._users.listed(client_id, known, page)

    async def show(self, client_id: str, user_id: int) -> MadeAccount:
        """Return a client's user.

        Raises
        ------
        UserIdNotFoundError
            If the client has none of this id, as for every method that names one.
        """
        return _surely(await self._users.find(client_id, user_id), user_id)

    async def create(self, client_id: str, email: str, values: AccountValues) -> tuple[MadeAccount, TokenPair]:
        """Make a user; see `ManagedUsers.create`."""
        username = slug_of(managed_email(email, client_id)) or "user"
        make = partial(self._users.create, client_id, values=_known(values, client_id), expiries=self._expiries())
        try:
            return await make(username)
        except UsernameTakenError:
            # Another one is being made beside it. Nobody asked for this very name, so another one will do.
            return await make(f"{username}-{new_uid()[:8]}")

    async def change(self, client_id: str, user_id: int, values: AccountValues) -> MadeAccount:
        """Change a user and return them as they are then; see `ManagedUsers.change`."""
        return _surely(await self._users.change(client_id, user_id, _known(values, client_id)), user_id)

    async def end(self, client_id: str, user_id: int) -> MadeAccount:
        """Delete a user and return them as they were; see `ManagedUsers.end`."""
        return _surely(await self._users.end(client_id, user_id), user_id)

    async def renew_tokens(self, client_id: str, user_id: int) -> TokenPair:
        """Return new tokens for a user whose tokens are lost."""
        pair = await self._users.renew_tokens(client_id, user_id, self._expiries())
        if pair is None:
            raise UserIdNotFoundError(user_id)
        return pair

    async def exchange(self, client_id: str, refresh_token: str) -> TokenPair:
        """Return new tokens for a refresh token, which ends.

        Raises
        ------
        RefreshTokenError
            If it is wrong, has expired, or was used already.
        """
        pair = await self._users.exchange(client_id, refresh_token, self._expiries())
        if pair is None:
            raise RefreshTokenError
        return pair

    def _expiries(self) -> Expiries:
        now = self._clock()
        return Expiries(now + ACCESS_TOKEN_MS, now + REFRESH_TOKEN_MS)


def _known(values: AccountValues, client_id: str) -> AccountValues:
    """Turn an address among the values into the one that the client's user is known by."""
    if "email" not in values.values:
        return values
    return replace(values, values={**values.values, "email": managed_email(values.values["email"], client_id)})


def _surely(found: MadeAccount | None, user_id: int) -> MadeAccount:
    if found is None:
        raise UserIdNotFoundError(user_id)
    return found
