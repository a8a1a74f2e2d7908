"""Calendar feeds in PostgreSQL: each is one pod's at a time, and what is known of it is what was read last."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest
from typing_extensions import override

from app.domain.calendar_feed import FeedFault, FeedProblem
from app.domain.schedule import Zone
from app.domain.time_ranges import DAY, Range
from app.services.calendar_feeds import BusyTime, Connection, FeedRules, FeedUnreadableError, Reading
from app.services.errors import StoreUnavailableError, UserIdNotFoundError
from app.services.refresh_feeds import PUT_OFF_S, DueFeed, FeedRefresher
from app.storage.postgres.calendar_feeds import PostgresCalendarFeeds
from app.storage.postgres.load import load_world
from app.storage.postgres.pool import Pool
from app.storage.world_files.reading import world_of

ANA, BEN = 1, 2
WORLD = {
    "users": [
        {"id": ANA, "username": "ana", "email": "ana@example.com", "timeZone": "Europe/Rome"},
        {"id": BEN, "username": "ben", "email": "ben@example.com", "timeZone": "UTC"},
    ]
}
RULES = FeedRules(refresh_minutes=15, dead_after_hours=24, dead_is_busy=False)
OLD, NEW = Reading("Old", [(0, 10_000)]), Reading("New", [(20_000, 30_000), (25_000, 40_000)])
GONE = FeedProblem(FeedFault.BAD_STATUS, 410)
ALWAYS = -DAY, DAY


@dataclass
class Desk:
    """Ana's feeds, and what is known of her time."""

    pool: Pool
    store: PostgresCalendarFeeds

    async def save(self, *urls: str, reading: Reading = OLD) -> Connection:
        return await self.store.save(ANA, dict.fromkeys(urls, reading), read_only=True)

    async def make_due(self) -> None:
        async with self.pool.connection() as connection:
            await connection.execute("UPDATE calendar_feeds SET due_at = now()")

    async def taken(self) -> DueFeed:
        """Take a feed, as a pod does whose answer comes later."""
        due = await self.store.take(PUT_OFF_S)
        assert due is not None
        return due

    async def fail(self) -> None:
        """Let a pod find that a feed is gone."""
        await self.make_due()
        await self.store.failed(await self.taken(), GONE, ALWAYS)

    async def busy(self) -> list[Range]:
        return [(time.start, time.end) for time in await self.store.busy(ANA, ALWAYS)]

    async def becomes(self, busy: list[Range]) -> None:
        """Wait until this is known."""
        async with asyncio.timeout(5):
            while True:
                if await self.busy() == busy:
                    return
                await asyncio.sleep(0.01)


@pytest.fixture
async def desk(database_url: str, pool: Pool) -> Desk:
    await load_world(database_url, world_of(WORLD))
    return Desk(pool, PostgresCalendarFeeds(pool, RULES))


@dataclass
class Pages:
    """Reads feeds from memory; those that it does not have are gone."""

    pages: dict[str, Reading] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def read(self, url: str, where: Zone, around: Range) -> Reading:
        assert around[0] < around[1]
        self.asked.append((url, where.name))
        if url == "broken":
            raise LookupError(url)
        if url not in self.pages:
            raise FeedUnreadableError(GONE)
        return self.pages[url]


async def test_busy_times_are_what_was_read_last(desk: Desk) -> None:
    saved = await desk.save("a")
    assert await desk.busy() == OLD.busy
    await desk.make_due()
    due = await desk.taken()
    assert (due.id, due.url, due.zone) == (saved.feeds[0].id, "a", "Europe/Rome")
    await desk.store.refreshed(due, NEW)
    assert await desk.busy() == NEW.busy
    shown = await desk.store.of_user(ANA)
    assert shown is not None
    assert [(feed.url, feed.name, feed.problem) for feed in shown.feeds] == [("a", "New", None)]
    assert await desk.store.take(PUT_OFF_S) is None


async def test_of_many_that_take_at_once_one_takes_each(desk: Desk) -> None:
    await desk.save(*(str(number) for number in range(10)))
    await desk.make_due()
    taken = await asyncio.gather(*(desk.store.take(PUT_OFF_S) for _ in range(20)))
    urls = [due.url for due in taken if due is not None]
    assert len(urls) == len(set(urls)) > 0


async def test_a_feed_is_anybodys_again_if_nobody_hears_of_who_took_it(desk: Desk) -> None:
    await desk.save("a")
    await desk.make_due()
    lost = await desk.store.take(0)
    again = await desk.taken()
    assert lost is not None
    await desk.store.refreshed(again, NEW)
    await desk.store.refreshed(lost, OLD)
    await desk.store.failed(lost, GONE, ALWAYS)
    assert await desk.busy() == NEW.busy


async def test_what_was_saved_since_counts_and_not_what_was_read_before(desk: Desk) -> None:
    await desk.save("a", "b")
    await desk.make_due()
    slow = [await desk.taken(), await desk.taken()]
    await desk.save("b", reading=NEW)
    for due in slow:
        await desk.store.refreshed(due, OLD)
        await desk.store.failed(due, GONE, ALWAYS)
    assert await desk.busy() == NEW.busy


async def test_a_problem_is_kept_until_the_feed_can_be_read_again(desk: Desk) -> None:
    await desk.save("a")
    await desk.fail()
    shown = await desk.store.of_user(ANA)
    assert shown is not None
    assert shown.feeds[0].problem == GONE
    assert await desk.busy() == OLD.busy
    assert (await desk.save("a")).feeds[0].problem is None


async def test_where_dead_feeds_are_closed_their_owner_is_busy_throughout(desk: Desk) -> None:
    closed = Desk(desk.pool, PostgresCalendarFeeds(desk.pool, replace(RULES, dead_is_busy=True)))
    await desk.save("a")
    await closed.fail()
    assert await desk.busy() == OLD.busy  # It may be back within the day.
    async with desk.pool.connection() as connection:
        await connection.execute("UPDATE calendar_feeds SET refreshed_at = now() - interval '24 hours'")
    for _ in range(2):
        await closed.fail()
        assert await desk.busy() == [ALWAYS, *OLD.busy]
    await desk.fail()  # The setting was changed, and back.
    assert await desk.busy() == OLD.busy
    await closed.fail()
    assert await desk.busy() == [ALWAYS, *OLD.busy]
    await desk.save("a", reading=NEW)
    assert await desk.busy() == NEW.busy


async def test_a_feed_goes_with_its_busy_times_and_no_others(desk: Desk) -> None:
    async with desk.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO busy_times (user_id, starts_at, ends_at) VALUES (1, to_timestamp(5), to_timestamp(6))"
        )
    saved = await desk.save("a")
    assert await desk.store.delete(BEN, saved.id) is None
    assert await desk.store.delete(ANA, saved.id) == saved
    assert await desk.store.busy(ANA, ALWAYS) == [BusyTime(5_000, 6_000, None)]


async def test_somebody_who_is_gone_has_no_feeds(desk: Desk) -> None:
    assert await desk.store.zone_of(99) is None
    with pytest.raises(UserIdNotFoundError):
        await desk.store.save(99, {"a": OLD}, read_only=True)


async def test_saving_at_once_leaves_one_of_the_lists_whole(desk: Desk) -> None:
    lists = [[f"{number} {place}" for place in range(3)] for number in range(5)]
    await asyncio.gather(*(desk.save(*urls) for urls in lists))
    shown = await desk.store.of_user(ANA)
    assert shown is not None
    assert [feed.url for feed in shown.feeds] in lists
    assert len(await desk.busy()) == 3


async def test_a_feed_that_cannot_be_read_or_a_mistake_of_ours_keeps_no_other_from_being_read(desk: Desk) -> None:
    await desk.save("broken", "gone", "fine", "last")
    await desk.make_due()
    pages = Pages({"fine": NEW, "last": NEW})
    async with FeedRefresher(desk.store, pages, lambda: 0, poll_s=0.02).running():
        await desk.becomes([*OLD.busy, *OLD.busy, *sorted([*NEW.busy, *NEW.busy])])
    assert sorted(pages.asked) == [(url, "Europe/Rome") for url in ("broken", "fine", "gone", "last")]


class AwayStore(PostgresCalendarFeeds):
    """Does not answer the first time."""

    away = True

    @override
    async def take(self, put_off_s: float) -> DueFeed | None:
        if self.away:
            self.away = False
            raise StoreUnavailableError("postgres")
        return await super().take(put_off_s)


async def test_a_store_that_was_away_is_asked_again(desk: Desk) -> None:
    await desk.save("last")
    await desk.make_due()
    pages = Pages({"last": NEW})
    store = AwayStore(desk.pool, RULES)
    async with FeedRefresher(store, pages, lambda: 0, poll_s=0.02).running():
        await desk.becomes(list(NEW.busy))
