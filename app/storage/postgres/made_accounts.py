"""Accounts of people in PostgreSQL: what those write who make them for others."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import asyncpg
import orjson

from app.fields import instant_from
from app.services.made_accounts import Account, AccountFields
from app.services.errors import BookedUserError, EmailTakenError, NotOwnScheduleError, UsernameTakenError
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Borrowed
from app.storage.postgres.schedules import make_default

_SQL = queries("made_accounts")


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
    fields: AccountFields,
    *,
    uid: str,
    managed_by: str | None = None,
    made_by_organization: int | None = None,
) -> int:
    """Make an account and return its id. The username gets an ending if another has it."""
    values = (
        *(uid, username, fields.email, fields.name, fields.bio, fields.avatar_url, fields.time_zone),
        *(fields.week_start, fields.time_format, fields.locale, _json(fields.metadata), _json(fields.details)),
        *(managed_by, made_by_organization),
    )
    user_id: int = await connection.fetchval(_SQL["create"], *values)
    await _name_default(connection, user_id, fields.default_schedule_id)
    return user_id


async def change_account(connection: Borrowed, user_id: int, fields: AccountFields) -> None:
    """Change an account.

    Raises
    ------
    NotOwnScheduleError
        If the default schedule is to be somebody else's.
    """
    values = (
        *(fields.email, fields.name, fields.bio, fields.avatar_url, fields.time_zone, fields.week_start),
        *(fields.time_format, fields.locale, _json(fields.metadata), _json(fields.details)),
    )
    await lock_account(connection, user_id)
    await connection.execute(_SQL["change"], user_id, *values)
    await _name_default(connection, user_id, fields.default_schedule_id)


async def delete_account(connection: Borrowed, user_id: int) -> None:
    """Delete an account with all that is its own, bookings that are over or cancelled too.

    Raises
    ------
    BookedUserError
        If it has bookings ahead.
    """
    await lock_account(connection, user_id)
    if await connection.fetchval(_SQL["has_bookings_ahead"], user_id):
        raise BookedUserError(user_id)
    await connection.execute(_SQL["delete_bookings"], user_id)
    await connection.execute(_SQL["delete"], user_id)


async def accounts(connection: Borrowed, user_ids: Sequence[int]) -> list[Account]:
    """Return the accounts of these ids, in their order."""
    return [_account(row) for row in await connection.fetch(_SQL["accounts"], user_ids)]


async def _name_default(connection: Borrowed, user_id: int, schedule_id: int | None) -> None:
    if schedule_id is None:
        return
    if not await connection.fetchval(_SQL["owns_schedule"], user_id, schedule_id):
        raise NotOwnScheduleError(user_id, schedule_id)
    await make_default(connection, user_id, schedule_id)


def _json(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else orjson.dumps(value).decode()


def _account(row: asyncpg.Record) -> Account:
    return Account(
        id=row["id"],
        username=row["username"],
        name=row["name"],
        email=row["email"],
        bio=row["bio"],
        avatar_url=row["avatar_url"],
        time_zone=row["time_zone"],
        week_start=row["week_start"],
        time_format=row["time_format"],
        locale=row["locale"],
        default_schedule_id=row["default_schedule_id"],
        allow_dynamic_booking=row["allow_dynamic_booking"],
        created_at=instant_from(row["created_at"]),
        metadata=orjson.loads(row["metadata"]),
        details=orjson.loads(row["details"]),
    )
