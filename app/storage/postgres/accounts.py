"""People's accounts in PostgreSQL: the port `Accounts`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import asyncpg
import orjson

from app.domain.account import Account
from app.services.errors import EmailTakenError, NotOwnScheduleError, ScheduleNotFoundError
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Borrowed, Connections
from app.storage.postgres.schedules import make_default

_SQL = queries("accounts")


class PostgresAccounts:
    """Accounts as they stand now; see `services.accounts.Accounts`. A write is one transaction."""

    def __init__(self, pool: Connections) -> None:
        """Work through this pool."""
        self._pool = pool

    async def find(self, user_id: int) -> Account | None:
        """Return a user's account."""
        async with self._pool.connection() as connection:
            return await _account(connection, user_id)

    async def change(self, user_id: int, values: Mapping[str, Any]) -> Account | None:
        """Give an account other values; None if there is no such user. See the port for what it raises."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(_SQL["lock"], user_id)
            before = await _account(connection, user_id)
            return None if before is None else await write_account(connection, before, values)


async def write_account(connection: Borrowed, before: Account, values: Mapping[str, Any]) -> Account:
    """Give an account, which must be locked or just made, other values; see `services.accounts.Accounts.change`."""
    account = replace(before, **values)
    await _write(connection, account)
    if "default_schedule_id" in values:
        await _choose_default(connection, account.id, values["default_schedule_id"])
    return account


async def _account(connection: Borrowed, user_id: int) -> Account | None:
    row = await connection.fetchrow(_SQL["accounts"], [user_id])
    return None if row is None else read_account(row)


async def _write(connection: Borrowed, account: Account) -> None:
    values = (
        account.email,
        account.name,
        account.zone,
        account.week_start,
        account.time_format,
        account.locale,
        account.avatar_url,
        account.bio,
        orjson.dumps(account.metadata).decode(),
    )
    try:
        await connection.execute(_SQL["change"], account.id, *values)
    except asyncpg.UniqueViolationError:
        # Of what is written here only the e-mail address must be somebody's own.
        raise EmailTakenError(account.email) from None


async def _choose_default(connection: Borrowed, user_id: int, schedule_id: int) -> None:
    owner_id = await connection.fetchval(_SQL["schedule_owner"], schedule_id)
    if owner_id is None:
        raise ScheduleNotFoundError(schedule_id)
    if owner_id != user_id:
        raise NotOwnScheduleError(user_id, schedule_id)
    await make_default(connection, user_id, schedule_id)


def read_account(row: asyncpg.Record) -> Account:
    """Read a row of the query `accounts`."""
    return Account(
        id=row["id"],
        username=row["username"],
        email=row["email"],
        name=row["name"],
        zone=row["time_zone"],
        week_start=row["week_start"],
        time_format=row["time_format"],
        locale=row["locale"],
        avatar_url=row["avatar_url"],
        bio=row["bio"],
        metadata=orjson.loads(row["metadata"]),
        default_schedule_id=row["default_schedule_id"],
        organization_id=row["organization_id"],
    )
