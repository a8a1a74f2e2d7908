"""Users of OAuth clients, and their tokens, in PostgreSQL: the port `ManagedUsers`."""

from collections.abc import Sequence
from uuid import uuid4

from app.domain.owned_schedule import ScheduleDraft
from app.services.errors import ClientSecretError
from app.services.made_accounts import AccountValues, MadeAccount
from app.services.managed_users import Expiries, TokenPair
from app.services.ports import Page
from app.storage.postgres.credentials import issue_pair, refresh_token_owner
from app.storage.postgres.groups import lock_group
from app.storage.postgres.made_accounts import (
    change_account,
    create_account,
    delete_account,
    lock_account,
    lock_groups,
    made_accounts,
    names_taken,
)
from app.storage.postgres.memberships import join
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Borrowed, Connections
from app.storage.postgres.schedules import create_schedule

_SQL = queries("managed_users")


class PostgresManagedUsers:
    """Users of OAuth clients as they stand now; see `services.managed_users`. A write is one transaction."""

    def __init__(self, pool: Connections) -> None:
        """Work through this pool."""
        self._pool = pool

    async def listed(self, client_id: str, emails: Sequence[str] | None, page: Page) -> tuple[MadeAccount, ...]:
        """Return a client's users, all or those of some addresses."""
        lower = None if emails is None else [email.lower() for email in emails]
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_SQL["listed"], client_id, None, lower, page.take, page.skip)
            return tuple(await made_accounts(connection, [row["id"] for row in rows]))

    async def find(self, client_id: str, user_id: int) -> MadeAccount | None:
        """Return a client's user."""
        async with self._pool.connection() as connection:
            return await _one(connection, client_id, user_id)

    async def create(
        self, client_id: str, username: str, values: AccountValues, expiries: Expiries
    ) -> tuple[MadeAccount, TokenPair]:
        """Make a user with their first tokens and, where a time zone is given, office hours in it.

        Raises
        ------
        EmailTakenError, StoreUnavailableError
            See the port.
        ClientSecretError
            If the client has just been deleted.
        """
        with names_taken(values.values.get("email"), username):
            async with self._pool.connection() as connection, connection.transaction():
                client = await connection.fetchrow(_SQL["lock_client"], client_id)
                if client is None:
                    raise ClientSecretError
                if client["organization_id"] is not None:
                    await lock_group(connection, client["organization_id"])
                user_id = await create_account(connection, username, values, uid=str(uuid4()), managed_by=client_id)
                if client["organization_id"] is not None:
                    await connection.execute(_SQL["add_membership"], client["organization_id"], user_id)
                    await join(connection, client["organization_id"], user_id)
                if client["with_event_types"]:
                    await connection.execute(_SQL["add_event_types"], user_id)
                if "zone" in values.values:
                    office_hours = ScheduleDraft(name="Working hours", zone=values.values["zone"], is_default=True)
                    await create_schedule(connection, user_id, office_hours, str(uuid4()))
                pair = await issue_pair(connection, client_id, user_id, expiries)
                (made,) = await made_accounts(connection, [user_id])
                return made, pair

    async def change(self, client_id: str, user_id: int, values: AccountValues) -> MadeAccount | None:
        """Change a client's user; None if there is none.

        Raises
        ------
        EmailTakenError, ScheduleNotFoundError, NotOwnScheduleError, StoreUnavailableError
            See the port.
        """
        with names_taken(values.values.get("email"), None):
            async with self._pool.connection() as connection, connection.transaction():
                if not await lock_account(connection, user_id) or await _one(connection, client_id, user_id) is None:
                    return None
                await change_account(connection, user_id, values)
                return await _one(connection, client_id, user_id)

    async def end(self, client_id: str, user_id: int) -> MadeAccount | None:
        """Delete a client's user and return what they were; None if there is none.

        Raises
        ------
        BookedUserError, LastOwnerError, StoreUnavailableError
            See the port.
        """
        async with self._pool.connection() as connection, connection.transaction():
            await lock_groups(connection, user_id)
            if not await lock_account(connection, user_id):
                return None
            found = await _one(connection, client_id, user_id)
            if found is not None:
                await delete_account(connection, user_id)
            return found

    async def renew_tokens(self, client_id: str, user_id: int, expiries: Expiries) -> TokenPair | None:
        """Return a new pair in the place of whatever tokens a client's user has; None if there is none."""
        async with self._pool.connection() as connection, connection.transaction():
            # The client first, as who deletes one does.
            if await connection.fetchrow(_SQL["lock_client"], client_id) is None:
                return None
            if not await lock_account(connection, user_id) or await _one(connection, client_id, user_id) is None:
                return None
            return await issue_pair(connection, client_id, user_id, expiries)

    async def exchange(self, client_id: str, refresh_token: str, expiries: Expiries) -> TokenPair | None:
        """Return a new pair in the place of the one that a refresh token is of; None if it is none that lives."""
        async with self._pool.connection() as connection, connection.transaction():
            # Whoever gives a user new tokens locks the client and then the user, so that two never wait for each other.
            if await connection.fetchrow(_SQL["lock_client"], client_id) is None:
                return None
            user_id = await refresh_token_owner(connection, client_id, refresh_token)
            if user_id is None or not await lock_account(connection, user_id):
                return None
            if await refresh_token_owner(connection, client_id, refresh_token) is None:
                return None
            return await issue_pair(connection, client_id, user_id, expiries)


async def _one(connection: Borrowed, client_id: str, user_id: int) -> MadeAccount | None:
    if await connection.fetchval(_SQL["listed"], client_id, user_id, None, 1, 0) is None:
        return None
    # They may be deleted between the two queries.
    found = await made_accounts(connection, [user_id])
    return found[0] if found else None
