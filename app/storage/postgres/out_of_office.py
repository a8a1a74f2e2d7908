"""When people are out of office, in PostgreSQL: the port `OutOfOffices`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import asyncpg

from app.domain.out_of_office import Away, AwayReason, OutOfOffice
from app.fields import instant_from
from app.services.errors import (
    CoverError,
    OutOfOfficeOrderError,
    OutOfOfficeTwiceError,
    TooManyOutOfOfficeError,
    UserIdNotFoundError,
)
from app.services.out_of_office import MOST_ENTRIES, OutOfOfficeList
from app.storage.postgres.instants import timestamp_of
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Borrowed, Connections

_SQL = queries("out_of_office")
_REASON_IDS = {reason: number for number, reason in enumerate(AwayReason, start=1)}
_REASONS = {number: reason for reason, number in _REASON_IDS.items()}


class PostgresOutOfOffice:
    """Entries as they stand now; see `services.out_of_office.OutOfOffices`. A write is one transaction."""

    def __init__(self, pool: Connections) -> None:
        """Work through this pool."""
        self._pool = pool

    async def of_user(self, user_id: int, wanted: OutOfOfficeList) -> tuple[OutOfOffice, ...]:
        """Return a user's entries."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_SQL["of_user"], user_id, *_order_and_page(wanted))
        return tuple(map(_entry, rows))

    async def of_organization(
        self, organization_id: int, wanted: OutOfOfficeList, email: str | None
    ) -> tuple[OutOfOffice, ...]:
        """Return the entries of an organization's members, or of the one with an e-mail address."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_SQL["of_organization"], organization_id, *_order_and_page(wanted), email)
        return tuple(map(_entry, rows))

    async def create(self, user_id: int, away: Away, uid: str) -> OutOfOffice:
        """Make an entry under a uid, or return the one made under it before; see the port for what it raises."""
        async with self._pool.connection() as connection, connection.transaction():
            if await connection.fetchval(_SQL["lock_user"], user_id) is None:
                raise UserIdNotFoundError(user_id)
            row = await connection.fetchrow(_SQL["made_under"], uid)
            if row is None:
                await _check(connection, user_id, away)
                if await connection.fetchval(_SQL["counted"], user_id) >= MOST_ENTRIES:
                    raise TooManyOutOfOfficeError(MOST_ENTRIES)
                row = await connection.fetchrow(_SQL["create"], user_id, *_columns(away), uid)
            return _surely(row)

    async def change(self, user_id: int, entry_id: int, values: Mapping[str, Any]) -> OutOfOffice | None:
        """Give an entry other values; None if the user does not have it. See the port for what it raises."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.fetchval(_SQL["lock_user"], user_id)
            row = await connection.fetchrow(_SQL["one"], entry_id, user_id)
            if row is None:
                return None
            away = replace(_entry(row).away, **values)
            await _check(connection, user_id, away, entry_id)
            before = await connection.fetchval(_SQL["counted"], user_id)
            changed = _surely(await connection.fetchrow(_SQL["change"], user_id, *_columns(away), entry_id))
            if await connection.fetchval(_SQL["counted"], user_id) > max(before, MOST_ENTRIES):
                raise TooManyOutOfOfficeError(MOST_ENTRIES)
            return changed

    async def delete(self, user_id: int, entry_id: int) -> OutOfOffice | None:
        """Delete an entry and return what it was; None if the user does not have it."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_SQL["delete"], entry_id, user_id)
        return None if row is None else _entry(row)


async def _check(connection: Borrowed, user_id: int, away: Away, entry_id: int | None = None) -> None:
    if away.end < away.start:
        raise OutOfOfficeOrderError
    if away.to_user_id is not None and not await connection.fetchval(_SQL["may_cover"], user_id, away.to_user_id):
        raise CoverError(away.to_user_id)
    start, end = timestamp_of(away.start), timestamp_of(away.end)
    if await connection.fetchval(_SQL["twice"], user_id, start, end, entry_id):
        raise OutOfOfficeTwiceError


def _order_and_page(wanted: OutOfOfficeList) -> tuple[str | None, str | None, int, int]:
    return wanted.by_start, wanted.by_end, wanted.page.take, wanted.page.skip


def _columns(away: Away) -> tuple[Any, ...]:
    """Return what `create` and `change` write, in their order."""
    start, end = timestamp_of(away.start), timestamp_of(away.end)
    return start, end, _REASON_IDS[away.reason], away.notes, away.to_user_id


def _surely(row: asyncpg.Record | None) -> OutOfOffice:
    """Return an entry that this transaction wrote."""
    if row is None:
        raise LookupError("a row that was locked is gone")
    return _entry(row)


def _entry(row: asyncpg.Record) -> OutOfOffice:
    return OutOfOffice(
        id=row["id"],
        uid=str(row["uid"]),
        user_id=row["user_id"],
        away=Away(
            start=instant_from(row["starts_at"]),
            end=instant_from(row["ends_at"]),
            # World files may bring other numbers, of reasons that are known elsewhere.
            reason=_REASONS.get(row["reason_id"], AwayReason.UNSPECIFIED),
            notes=row["notes"],
            to_user_id=row["to_user_id"],
        ),
    )
