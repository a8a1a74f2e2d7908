"""Both stores: where they are, what they must be like, and open connections to them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Collection, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from pydantic import SecretStr

from app.delivery.feed_reader import HttpFeedReader, open_feed_reader
from app.services.errors import StoreUnavailableError
from app.services.memory import Memory
from app.services.tell_reservations import Noticeboard
from app.services.watchlist import Watchlist
from app.settings import Settings
from app.storage.breaker import Breaker
from app.storage.holds.connection import Client, open_redis, redis_breaker, refuse_eviction
from app.storage.holds.hold_changes import RedisHoldChanges
from app.storage.holds.redis_holds import RedisHolds
from app.storage.postgres.changes import PostgresChanges
from app.storage.postgres.migrate import migrate
from app.storage.postgres.pool import Pool, open_pool

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoreUrls:
    """Where the stores are; both may hold passwords."""

    database: str
    redis: str


@dataclass(frozen=True, slots=True)
class Stores:
    """Open connections to both stores, and what reads feeds."""

    pool: Pool
    redis: Client
    redis_breaker: Breaker | None
    holds: RedisHolds
    memory: Memory
    changes: PostgresChanges
    hold_changes: RedisHoldChanges
    watchlist: Watchlist
    feed_reader: HttpFeedReader
    news: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when this process has written something to send to webhooks, so that it need not wait to be found."""
    noticeboard: Noticeboard = field(default_factory=Noticeboard)
    """What happened to reservations, until it is written."""

    async def states(self) -> dict[str, bool]:
        """Say of each store whether it answers."""
        postgres, redis = await asyncio.gather(_answers(self.pool.ping()), _answers(self.holds.ping()))
        return {"postgres": postgres, "redis": redis}


@asynccontextmanager
async def open_stores(settings: Settings, urls: StoreUrls) -> AsyncIterator[Stores]:
    """Open both stores. Neither is connected to before it is used, so that a process can start without them."""
    async with AsyncExitStack() as stack:
        pool = await open_pool(
            urls.database,
            max_size=settings.database_pool_size,
            deadline_s=settings.store_deadline_s,
            statement_cache_size=100 if settings.database_prepared_statements else 0,
        )
        stack.push_async_callback(pool.close)
        redis = await stack.enter_async_context(open_redis(urls.redis, deadline_s=settings.store_deadline_s))
        memory = Memory(settings.remembered_items)
        watchlist = Watchlist()

        def tell(sources: Collection[str]) -> None:
            memory.forget(sources)
            watchlist.tell(sources)

        changes = PostgresChanges(_revealed(settings.listen_url) or urls.database, urls.database, tell)
        await stack.enter_async_context(changes.heard())
        hold_changes = RedisHoldChanges(redis, watchlist.tell)
        await stack.enter_async_context(hold_changes.heard())
        reader = open_feed_reader(private_addresses=settings.webhook_private_addresses)
        feed_reader = await stack.enter_async_context(reader)
        breaker = redis_breaker(redis, settings.store_deadline_s)
        if breaker is not None:
            stack.callback(breaker.close)
        holds = RedisHolds(redis, deadline_s=settings.store_deadline_s, breaker=breaker)
        yield Stores(pool, redis, breaker, holds, memory, changes, hold_changes, watchlist, feed_reader)


async def _answers(ping: Awaitable[None]) -> bool:
    try:
        await ping
    except StoreUnavailableError:
        return False
    return True


@contextmanager
def reachable(settings: Settings) -> Iterator[StoreUrls]:
    """Say where the stores are; those without a URL are embedded servers, used until the block ends.

    It blocks: call it before the event loop starts.

    Raises
    ------
    EmbeddedServersError
        If an embedded server is not installed or does not start.
    """
    database, redis = _revealed(settings.database_url), _revealed(settings.redis_url)
    if database and redis:
        yield StoreUrls(database, redis)
        return
    # Only here: the production image does not carry the embedded servers.
    from app.storage.embedded import EmbeddedServers  # noqa: PLC0415

    with EmbeddedServers.use(settings.data_dir, postgres=not database, valkey=not redis) as servers:
        yield StoreUrls(database or servers.urls.database_url or "", redis or servers.urls.redis_url or "")


def _revealed(url: SecretStr | None) -> str:
    return "" if url is None else url.get_secret_value()


async def prepare(settings: Settings, urls: StoreUrls) -> list[str]:
    """Bring the schema up, check what both stores must be like, and return the revisions applied.

    A store of holds that is away stops nothing: it may come back.

    Raises
    ------
    HoldfastError
        If the schema cannot be brought up, or holds would not be safe.
    """
    applied = await migrate(urls.database, timeout_s=settings.migration_deadline_s)
    async with open_stores(settings, urls) as stores:
        try:
            await refuse_eviction(stores.redis, deadline_s=settings.store_deadline_s)
        except StoreUnavailableError:
            _logger.warning("Redis does not answer: until it does, slots are listed without holds and none can be held")
    return applied
