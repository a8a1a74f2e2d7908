"""Accounts in PostgreSQL that an organization or an OAuth client makes for others: parts of larger transactions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import asyncpg
import orjson

from app.fields import instant_from
from app.services.errors import (
    BookedUserError,
    EmailTakenError,
    LastOwnerError,
    UserIdNotFoundError,
    UsernameTakenError,
)
from app.services.made_accounts import AccountValues, MadeAccount
from app.storage.postgres.accounts import read_account, write_account
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Borrowed

_ACCOUNTS_SQL, _SQL = queries("accounts"), queries("made_accounts")
DEFAULT_ZONE = "Europe/London"
"""Of somebody who is made without one, as the public API has it."""


@contextmanager
def names_taken(email: str | None, username: str | None) -> Iterator[None]:
    """Say whose name or address a write wanted to take; for around its transaction.

    Raises
    ------
    EmailTakenError, UsernameTakenError
        In place of the driver's error.
    """
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name == "users_email_key":
            raise EmailTakenError(email or "") from None
        raise UsernameTakenError(username or "") from None


async def lock_account(connection: Borrowed, user_id: int) -> bool:
    """Keep others from changing, booking or deleting somebody until the end; False if there is nobody."""
    return await connection.fetchval(_SQL["lock"], user_id) is not None


async def account_made_under(connection: Borrowed, uid: str) -> int | None:
    """Return the id of the account that an earlier try at the same request made."""
    user_id: int | None = await connection.fetchval(_SQL["made_under"], uid)
    return user_id


async def create_account(
    connection: Borrowed,
    username: str,
    values: AccountValues,
    *,
    uid: str,
    managed_by: str | None = None,
    made_by_organization: int | None = None,
) -> int:
    """Make an account and return its id. The username gets an ending if another has it."""
    zone = values.values.get("zone", DEFAULT_ZONE)
    row = (uid, username, values.values["email"], zone, managed_by, made_by_organization)
    user_id: int = await connection.fetchval(_SQL["create"], *row)
    await change_account(connection, user_id, values)
    return user_id


async def change_account(connection: Borrowed, user_id: int, values: AccountValues) -> None:
    """Change somebody's account.

    Raises
    ------
    EmailTakenError, ScheduleNotFoundError, NotOwnScheduleError
        As `services.accounts.Accounts.change`.
    UserIdNotFoundError
        If they are gone.
    """
    if not await lock_account(connection, user_id):
        raise UserIdNotFoundError(user_id)
    (made,) = await made_accounts(connection, [user_id])
    await write_account(connection, made.account, values.values)
    await connection.execute(_SQL["add_details"], user_id, orjson.dumps(values.details).decode())


async def lock_groups(connection: Borrowed, user_id: int, organization_id: int | None = None) -> None:
    """Let nobody change who belongs where somebody does, or to the organization; before their account is locked."""
    await connection.execute(_SQL["lock_organizations"], user_id, organization_id)
    await connection.execute(_SQL["lock_teams"], user_id)


async def delete_account(connection: Borrowed, user_id: int) -> None:
    """Delete an account, whose groups are locked, with all that is its own, bookings that are over or cancelled too.

    Teams that nobody else belongs to go; bookings that others hosted too stay, and are theirs.

    Raises
    ------
    BookedUserError
        If it has bookings ahead.
    LastOwnerError
        If others would be left in a team or organization without an owner.
    """
    await lock_account(connection, user_id)
    if await connection.fetchval(_SQL["has_bookings_ahead"], user_id):
        raise BookedUserError(user_id)
    if await connection.fetchval(_SQL["owns_alone"], user_id):
        raise LastOwnerError
    for query in ("hand_over_bookings", "delete_bookings", "delete_teams", "delete"):
        await connection.execute(_SQL[query], user_id)


async def made_accounts(connection: Borrowed, user_ids: Sequence[int]) -> list[MadeAccount]:
    """Return the accounts of these ids, in their order."""
    return [
        MadeAccount(
            account=read_account(row),
            allow_dynamic_booking=row["allow_dynamic_booking"],
            created_at=instant_from(row["created_at"]),
            details=orjson.loads(row["details"]),
        )
        for row in await connection.fetch(_ACCOUNTS_SQL["accounts"], user_ids)
    ]
