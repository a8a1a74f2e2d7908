"""Calendar feeds in PostgreSQL: the ports `CalendarFeeds` and `DueFeeds`. A write is one transaction."""

from collections.abc import Mapping

import asyncpg

from app.domain.calendar_feed import CalendarFeed, FeedFault, FeedProblem
from app.domain.time_ranges import Range
from app.fields import instant_from
from app.services.calendar_feeds import BusyTime, Connection, FeedRules, Reading
from app.services.errors import UserIdNotFoundError
from app.services.refresh_feeds import DueFeed
from app.storage.postgres.instants import timestamp_of
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Borrowed, Pool

_SQL = queries("calendar_feeds")


class PostgresCalendarFeeds:
    """Feeds and what they said; see the ports. Time is the database's, so that pods agree on it."""

    def __init__(self, pool: Pool, rules: FeedRules) -> None:
        """Work on this pool, by these rules."""
        self._pool = pool
        self._rules = rules

    # CalendarFeeds -----------------------------------------------------------------------------------------------

    async def zone_of(self, user_id: int) -> str | None:
        """Return the zone of a user's account."""
        async with self._pool.connection() as connection:
            name: str | None = await connection.fetchval(_SQL["zone_of"], user_id)
        return name

    async def save(self, user_id: int, readings: Mapping[str, Reading | FeedProblem], *, read_only: bool) -> Connection:
        """Let these be a user's feeds; see the port for what it raises."""
        async with self._pool.connection() as connection, connection.transaction():
            if await connection.fetchval(_SQL["lock_user"], user_id) is None:
                raise UserIdNotFoundError(user_id)
            row = await connection.fetchrow(_SQL["connect"], user_id, read_only)
            if row is None:
                raise LookupError("a row that was just written is gone")
            await connection.execute(_SQL["drop_others"], row["id"], list(readings))
            for url, read in readings.items():
                if isinstance(read, FeedProblem):
                    await connection.execute(_SQL["note"], row["id"], url, read.fault.value, read.status)
                else:
                    await self._keep(connection, row["id"], url, read)
            return await _with_feeds(connection, row)

    async def _keep(self, connection: Borrowed, connection_id: int, url: str, reading: Reading) -> None:
        feed_id = await connection.fetchval(_SQL["keep"], connection_id, url, reading.name, self._rules.refresh_minutes)
        await _replace_busy(connection, feed_id, reading)

    async def of_user(self, user_id: int) -> Connection | None:
        """Return a user's feeds."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_SQL["connection"], user_id)
            return None if row is None else await _with_feeds(connection, row)

    async def delete(self, user_id: int, connection_id: int) -> Connection | None:
        """Delete a user's feeds and return what they were."""
        async with self._pool.connection() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL["lock_connection"], connection_id, user_id)
            if row is None:
                return None
            was = await _with_feeds(connection, row)
            await connection.execute(_SQL["disconnect"], connection_id)
        return was

    async def busy(self, user_id: int, around: Range) -> list[BusyTime]:
        """Return what calendars report."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_SQL["busy"], user_id, *map(timestamp_of, around))
        return [_busy_time(row) for row in rows]

    # DueFeeds ----------------------------------------------------------------------------------------------------

    async def take(self, put_off_s: float) -> DueFeed | None:
        """Take a feed that is due."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_SQL["take"], put_off_s)
        if row is None:
            return None
        return DueFeed(id=row["id"], url=row["url"], zone=row["time_zone"], taken_until=instant_from(row["due_at"]))

    async def refreshed(self, feed: DueFeed, reading: Reading) -> None:
        """Let a feed's busy times be what was read."""
        taken = feed.id, timestamp_of(feed.taken_until)
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(_SQL["lock_owner"], feed.id)
            if await connection.fetchval(_SQL["refreshed"], *taken, reading.name, self._rules.refresh_minutes):
                await _replace_busy(connection, feed.id, reading)

    async def failed(self, feed: DueFeed, problem: FeedProblem) -> None:
        """Note why a feed could not be read, and close its owner's time or leave it as it was known."""
        taken = feed.id, timestamp_of(feed.taken_until)
        rules = self._rules.refresh_minutes, self._rules.dead_after_hours
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(_SQL["lock_owner"], feed.id)
            row = await connection.fetchrow(_SQL["failed"], *taken, problem.fault.value, problem.status, *rules)
            if row is None:
                return
            closes = row["is_dead"] and self._rules.dead_is_busy
            await connection.execute(_SQL["close" if closes else "open"], feed.id)


async def _replace_busy(connection: Borrowed, feed_id: int, reading: Reading) -> None:
    """Write what is new and delete what is no more; mostly nothing is."""
    starts = [timestamp_of(start) for start, _ in reading.busy]
    ends = [timestamp_of(end) for _, end in reading.busy]
    await connection.execute(_SQL["drop_busy"], feed_id, starts, ends)
    await connection.execute(_SQL["add_busy"], feed_id, starts, ends)


async def _with_feeds(connection: Borrowed, row: asyncpg.Record) -> Connection:
    feeds = await connection.fetch(_SQL["feeds"], row["id"])
    return Connection(id=row["id"], user_id=row["user_id"], read_only=row["read_only"], feeds=tuple(map(_feed, feeds)))


def _busy_time(row: asyncpg.Record) -> BusyTime:
    start, end = instant_from(row["starts_at"]), instant_from(row["ends_at"])
    return BusyTime(start, end, row["feed_id"], feed_is_dead=row["feed_is_dead"])


def _feed(row: asyncpg.Record) -> CalendarFeed:
    fault = row["fault"]
    return CalendarFeed(
        id=row["id"],
        url=row["url"],
        name=row["name"],
        refreshed_at=instant_from(row["refreshed_at"]),
        closes=row["closes"],
        problem=None if fault is None else FeedProblem(FeedFault(fault), row["fault_status"]),
    )
