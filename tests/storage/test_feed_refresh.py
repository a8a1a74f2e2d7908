"""Calendar feeds in PostgreSQL: each is one pod's at a time, and what is known of it is what was read last."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from typing_extensions import override

from app.application.clock import now
from app.domain.calendar_feed import FeedFault, FeedProblem
from app.domain.schedule import Zone
from app.domain.time_ranges import DAY, Range
from app.fields import instant_from
from app.services.calendar_feeds import BusyTime, Connection, FeedRules, FeedUnreadableError, Reading
from app.services.errors import StoreUnavailableError, UserIdNotFoundError
from app.services.refresh_feeds import PUT_OFF_S, DueFeed, FeedRefresher
from app.storage.postgres.accounts import PostgresAccounts
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
        await self.store.failed(await self.taken(), GONE)

    async def busy(self) -> list[Range]:
        return [(time.start, time.end) for time in await self.store.busy(ANA, ALWAYS)]

    async def closures(self) -> list[bool]:
        """Whether each stretch in which Ana is busy throughout reaches from now to the end of time."""
        around = now() - DAY // 2, now() + 5_000 * 366 * DAY
        times = await self.store.busy(ANA, around)
        return [time.start <= around[0] and time.end > around[1] for time in times if time.feed_is_dead]

    async def ids(self) -> dict[Range, int]:
        """The rows that say when Ana is busy."""
        async with self.pool.connection() as connection:
            rows = await connection.fetch("SELECT id, starts_at, ends_at FROM busy_times")
        return {(instant_from(row["starts_at"]), instant_from(row["ends_at"])): row["id"] for row in rows}

    async def due_in(self) -> timedelta:
        """How long it is until a feed is read next."""
        async with self.pool.connection() as connection:
            found: timedelta = await connection.fetchval("SELECT min(due_at) - now() FROM calendar_feeds")
        return found

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
    await desk.store.failed(lost, GONE)
    assert await desk.busy() == NEW.busy


async def test_what_was_saved_since_counts_and_not_what_was_read_before(desk: Desk) -> None:
    await desk.save("a", "b")
    await desk.make_due()
    slow = [await desk.taken(), await desk.taken()]
    await desk.save("b", reading=NEW)
    for due in slow:
        await desk.store.refreshed(due, OLD)
        await desk.store.failed(due, GONE)
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
        assert await desk.closures() == [True]
        assert await desk.busy() == OLD.busy
    await desk.fail()  # The setting was changed, and back.
    assert await desk.closures() == []
    await closed.fail()
    assert await desk.closures() == [True]
    shown = await desk.store.of_user(ANA)
    assert shown is not None
    assert shown.feeds[0].closes
    assert not (await desk.save("a", reading=NEW)).feeds[0].closes
    assert await desk.closures() == []
    assert await desk.busy() == NEW.busy


async def test_a_dead_feed_closes_no_other_feed_but_its_own(desk: Desk) -> None:
    closed = PostgresCalendarFeeds(desk.pool, replace(RULES, dead_after_hours=0, dead_is_busy=True))
    await desk.save("a", "b")
    await desk.make_due()
    failed, fine = await desk.taken(), await desk.taken()
    await closed.failed(failed, GONE)
    await closed.refreshed(fine, NEW)
    shown = await desk.store.of_user(ANA)
    assert shown is not None
    assert {feed.url: feed.closes for feed in shown.feeds} == {failed.url: True, fine.url: False}


async def test_what_a_feed_goes_on_to_say_is_not_written_again(desk: Desk) -> None:
    kept, gone, new = (0, 10_000), (20_000, 30_000), (40_000, 50_000)
    await desk.save("a", reading=Reading("Old", [kept, gone]))
    before = await desk.ids()
    await desk.make_due()
    await desk.store.refreshed(await desk.taken(), Reading("New", [kept, new]))
    after = await desk.ids()
    assert after.keys() == {kept, new}
    assert after[kept] == before[kept]


@pytest.mark.parametrize(
    ("unread_for", "least", "most"),
    [(timedelta(minutes=1), 15, 16.5), (timedelta(hours=2), 30, 33), (timedelta(days=30), 360, 396)],
)
async def test_the_longer_a_feed_fails_the_rarer_it_is_tried(
    desk: Desk, unread_for: timedelta, least: float, most: float
) -> None:
    await desk.save("a")
    async with desk.pool.connection() as connection:
        await connection.execute("UPDATE calendar_feeds SET refreshed_at = now() - $1::interval", unread_for)
    await desk.fail()
    assert timedelta(minutes=least - 0.5) < await desk.due_in() < timedelta(minutes=most + 0.5)
    await desk.make_due()
    await desk.store.refreshed(await desk.taken(), NEW)
    assert await desk.due_in() < timedelta(minutes=16.5)


async def test_feeds_that_were_saved_together_are_not_read_together_for_ever(desk: Desk) -> None:
    await desk.save(*(str(number) for number in range(10)))
    async with desk.pool.connection() as connection:
        assert await connection.fetchval("SELECT count(DISTINCT due_at) FROM calendar_feeds") > 1


async def test_in_another_zone_feeds_are_read_anew(desk: Desk) -> None:
    await desk.save("a")
    await desk.make_due()
    slow = await desk.taken()
    accounts = PostgresAccounts(desk.pool)
    await accounts.change(ANA, {"name": "Ana"})
    await accounts.change(BEN, {"zone": "Asia/Tokyo"})
    assert await desk.store.take(PUT_OFF_S) is None
    await accounts.change(ANA, {"zone": "Asia/Tokyo"})
    await desk.store.refreshed(slow, NEW)  # By Rome's clocks.
    assert await desk.busy() == OLD.busy
    assert (await desk.taken()).zone == "Asia/Tokyo"


@pytest.mark.parametrize("can_be_read", [True, False])
async def test_somebody_can_be_deleted_while_their_feed_is_being_written(desk: Desk, *, can_be_read: bool) -> None:
    """Who refreshes waits for who deletes, or the other way round; not each for the other."""
    closing = PostgresCalendarFeeds(desk.pool, replace(RULES, dead_after_hours=0, dead_is_busy=True))
    await desk.save("a")
    await desk.make_due()
    due = await desk.taken()
    async with desk.pool.connection() as connection:
        deleting = connection.transaction()
        await deleting.start()
        await connection.execute("SELECT FROM users WHERE id = $1 FOR UPDATE", ANA)
        writing = closing.refreshed(due, NEW) if can_be_read else closing.failed(due, GONE)
        refreshing = asyncio.create_task(writing)
        await asyncio.sleep(0.3)  # In which they go as far as they can.
        await connection.execute("DELETE FROM users WHERE id = $1", ANA)
        await deleting.commit()
    await refreshing
    assert await desk.ids() == {}


async def test_a_feed_that_was_kept_and_cannot_be_read_stays_as_it_was_known(desk: Desk) -> None:
    await desk.save("a", "b")
    saved = await desk.store.save(ANA, {"a": GONE, "new": NEW}, read_only=True)
    assert [(feed.url, feed.problem) for feed in saved.feeds] == [("a", GONE), ("new", None)]
    assert await desk.busy() == [*OLD.busy, *NEW.busy]


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
    shown = await desk.store.of_user(ANA)
    assert shown is not None
    assert [feed.problem for feed in shown.feeds] == [FeedProblem(FeedFault.INTERNAL), GONE, None, None]


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
