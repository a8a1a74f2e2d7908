"""People's schedules in PostgreSQL: the port `Schedules`."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import asyncpg
import orjson

from app.domain.owned_schedule import OwnedSchedule, ScheduleChange, ScheduleDraft
from app.domain.schedule import Override, WeeklyHours
from app.services.errors import TooManySchedulesError, UserIdNotFoundError
from app.services.ports import Page
from app.services.schedules import MOST_SCHEDULES, TeamMembers
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Borrowed, Connections

_SQL = queries("schedules")


class PostgresSchedules:
    """Schedules as they stand now; see `services.schedules.Schedules`. A write is one transaction."""

    def __init__(self, pool: Connections) -> None:
        """Work through this pool."""
        self._pool = pool

    async def find(self, schedule_id: int) -> OwnedSchedule | None:
        """Return a schedule, whoever owns it."""
        async with self._pool.connection() as connection:
            return await _one(connection, schedule_id)

    async def of_user(self, user_id: int) -> tuple[OwnedSchedule, ...]:
        """Return a user's schedules in the order they were made."""
        return await self._listed("of_user", user_id)

    async def default_of(self, user_id: int) -> OwnedSchedule | None:
        """Return the schedule that a user's hours come from where nothing names another."""
        found = await self._listed("default_of", user_id)
        return found[0] if found else None

    async def of_team(self, team: TeamMembers, page: Page) -> tuple[OwnedSchedule, ...]:
        """Return the schedules of a team's members, member by member."""
        return await self._listed("of_team", team.team_id, team.member_id, team.event_type_id, page.take, page.skip)

    async def of_organization(self, organization_id: int, page: Page) -> tuple[OwnedSchedule, ...]:
        """Return the schedules of an organization's members, member by member."""
        return await self._listed("of_organization", organization_id, page.take, page.skip)

    async def create(self, owner_id: int, draft: ScheduleDraft, uid: str) -> OwnedSchedule:
        """Make a schedule under a uid, or return the one made under it before; see `services.schedules.Schedules`.

        Raises
        ------
        UserIdNotFoundError, TooManySchedulesError, StoreUnavailableError
            See the port.
        """
        async with self._pool.connection() as connection, connection.transaction():
            if await connection.fetchval(_SQL["lock_owner"], owner_id) is None:
                raise UserIdNotFoundError(owner_id)
            schedule_id: int | None = await connection.fetchval(_SQL["made_under"], uid)
            if schedule_id is None:
                schedule_id = await create_schedule(connection, owner_id, draft, uid)
            return await _surely(connection, schedule_id)

    async def change(self, owner_id: int, schedule_id: int, change: ScheduleChange) -> OwnedSchedule | None:
        """Change a schedule; None if the owner does not have it."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.fetchval(_SQL["lock_owner"], owner_id)
            if await connection.fetchval(_SQL["change"], schedule_id, owner_id, change.name, change.zone) is None:
                return None
            if change.hours is not None:
                await _write_hours(connection, schedule_id, change.hours)
            if change.overrides is not None:
                await _write_overrides(connection, schedule_id, change.overrides)
            if change.becomes_default:
                await make_default(connection, owner_id, schedule_id)
            return await _surely(connection, schedule_id)

    async def delete(self, owner_id: int, schedule_id: int) -> bool:
        """Delete a schedule; False if the owner does not have it."""
        async with self._pool.connection() as connection, connection.transaction():
            await connection.fetchval(_SQL["lock_owner"], owner_id)
            was_default = await connection.fetchval(_SQL["default_of"], owner_id) == schedule_id
            if await connection.fetchval(_SQL["delete"], schedule_id, owner_id) is None:
                return False
            if was_default:
                await make_default(connection, owner_id, await connection.fetchval(_SQL["default_of"], owner_id))
            return True

    async def _listed(self, query: str, *values: int | None) -> tuple[OwnedSchedule, ...]:
        async with self._pool.connection() as connection:
            ids = [row[0] for row in await connection.fetch(_SQL[query], *values)]
            return await _details(connection, ids)


async def make_default(connection: Borrowed, owner_id: int, schedule_id: int | None) -> None:
    """Make a schedule its owner's default, by name and by mark; None: no schedule is. The owner must be locked."""
    await connection.execute(_SQL["name_default"], owner_id, schedule_id)
    await connection.execute(_SQL["mark_default"], owner_id, schedule_id)


def hours_of(found: Iterable[tuple[list[int], int, int]] | None) -> tuple[WeeklyHours, ...]:
    """Read weekly hours out of the JSON that queries gather them in; none is null there."""
    return tuple(WeeklyHours(frozenset(weekdays), start, end) for weekdays, start, end in found or ())


def overrides_of(found: Iterable[tuple[str, int | None, int | None]] | None) -> tuple[Override, ...]:
    """Read overrides out of the JSON that queries gather them in; none is null there."""
    return tuple(Override(date.fromisoformat(day), start, end) for day, start, end in found or ())


async def create_schedule(connection: Borrowed, owner_id: int, draft: ScheduleDraft, uid: str) -> int:
    """Make a schedule and return its id. The owner must be locked, or just made.

    Raises
    ------
    TooManySchedulesError
        If the owner has `MOST_SCHEDULES` already.
    """
    others = await connection.fetch(_SQL["of_user"], owner_id)
    if len(others) >= MOST_SCHEDULES:
        raise TooManySchedulesError(MOST_SCHEDULES)
    schedule_id: int = await connection.fetchval(_SQL["create"], uid, owner_id, draft.name, draft.zone)
    await _write_hours(connection, schedule_id, draft.hours)
    await _write_overrides(connection, schedule_id, draft.overrides)
    if draft.is_default or not others:
        await make_default(connection, owner_id, schedule_id)
    return schedule_id


async def _write_hours(connection: Borrowed, schedule_id: int, hours: Sequence[WeeklyHours]) -> None:
    await connection.execute(_SQL["delete_hours"], schedule_id)
    rows = [
        (schedule_id, position, sorted(one.weekdays), one.start_minute, one.end_minute)
        for position, one in enumerate(hours)
    ]
    await connection.executemany(_SQL["add_hours"], rows)


async def _write_overrides(connection: Borrowed, schedule_id: int, overrides: Sequence[Override]) -> None:
    await connection.execute(_SQL["delete_overrides"], schedule_id)
    rows = [
        (schedule_id, position, one.date, one.start_minute, one.end_minute) for position, one in enumerate(overrides)
    ]
    await connection.executemany(_SQL["add_overrides"], rows)


async def _surely(connection: Borrowed, schedule_id: int) -> OwnedSchedule:
    """Return a schedule that this transaction wrote."""
    (found,) = await _details(connection, [schedule_id])
    return found


async def _one(connection: Borrowed, schedule_id: int) -> OwnedSchedule | None:
    found = await _details(connection, [schedule_id])
    return found[0] if found else None


async def _details(connection: Borrowed, schedule_ids: Sequence[int | None]) -> tuple[OwnedSchedule, ...]:
    return tuple(_owned_schedule(row) for row in await connection.fetch(_SQL["details"], schedule_ids))


def _owned_schedule(row: asyncpg.Record) -> OwnedSchedule:
    return OwnedSchedule(
        id=row["id"],
        owner_id=row["owner_id"],
        name=row["name"],
        zone=row["time_zone"],
        is_default=row["is_default"],
        is_last=row["is_last"],
        hours=hours_of(_json(row["hours"])),
        overrides=overrides_of(_json(row["overrides"])),
    )


def _json(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)
