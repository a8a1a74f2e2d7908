"""Use case: read calendar feeds again and again, so that what they say of people's time stays current.

Every pod does this; a feed is one pod's while it is being read. Before it is read it is put off, by longer than that
takes: should the pod die in the middle, another reads it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from app.domain.calendar_feed import FeedFault, FeedProblem, horizon
from app.domain.schedule import zone
from app.domain.time_ranges import Instant
from app.services.calendar_feeds import FeedReader, FeedUnreadableError, Reading
from app.services.errors import StoreUnavailableError
from app.services.ports import Clock

PUT_OFF_S = 300.0
"""How long after the beginning of a try that nobody hears of again comes the next."""
_AT_ONCE = 4
"""Feeds that one process reads at once."""
_POLL_S = 5.0

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueFeed:
    """A feed that is to be read now."""

    id: int
    url: str = field(repr=False)
    zone: str
    """Of its owner's account."""
    taken_until: Instant
    """When it is anybody's again."""


class DueFeeds(Protocol):
    """Keeps feeds and what they said.

    Every method raises StoreUnavailableError if the store does not answer in time.
    """

    async def take(self, put_off_s: float) -> DueFeed | None:
        """Take a feed that is due, if there is one, and put it off so that nobody else takes it."""

    async def refreshed(self, feed: DueFeed, reading: Reading) -> None:
        """Let a feed's busy times be what was read. Nothing happens if it was taken, saved or deleted since."""

    async def failed(self, feed: DueFeed, problem: FeedProblem) -> None:
        """Note why a feed could not be read, and if need be that its owner is busy throughout.

        Its last known busy times stand. Nothing happens if it was taken, saved or deleted since.
        """


class FeedRefresher:
    """Reads what is due while the process runs."""

    def __init__(self, feeds: DueFeeds, reader: FeedReader, clock: Clock, *, poll_s: float = _POLL_S) -> None:
        """Work on these ports, looking for what is due every `poll_s`."""
        self._feeds = feeds
        self._reader = reader
        self._clock = clock
        self._poll_s = poll_s

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Read what is due until the block ends; what is being read then is left to another process."""
        tasks = [asyncio.create_task(self._refresh_due()) for _ in range(_AT_ONCE)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _refresh_due(self) -> None:
        while True:
            if not await self._refresh_one():
                await asyncio.sleep(self._poll_s)

    async def _refresh_one(self) -> bool:
        """Read a feed that is due; False if there is none, or the store is away."""
        try:
            feed = await self._feeds.take(PUT_OFF_S)
            if feed is None:
                return False
            await self._refresh(feed)
        except StoreUnavailableError:
            return False  # Every request says so in the log already.
        except Exception:
            _logger.exception("refreshing calendar feeds failed")
            return False
        return True

    async def _refresh(self, feed: DueFeed) -> None:
        read = await self._read(feed)
        if isinstance(read, Reading):
            await self._feeds.refreshed(feed, read)
        else:
            _logger.info("calendar feed %d: %s", feed.id, _told(read))
            await self._feeds.failed(feed, read)

    async def _read(self, feed: DueFeed) -> Reading | FeedProblem:
        try:
            return await self._reader.read(feed.url, zone(feed.zone), horizon(self._clock()))
        except FeedUnreadableError as error:
            return error.problem
        except Exception:
            # A mistake of ours; its feed must not come first again and again.
            _logger.exception("reading calendar feed %d failed", feed.id)
            return FeedProblem(FeedFault.INTERNAL)


def _told(problem: FeedProblem) -> str:
    return f"status {problem.status}" if problem.fault is FeedFault.BAD_STATUS else problem.fault.value
