"""Use case: people say which calendar feeds tell when they are busy, and look at what those tell."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.domain.calendar_feed import CalendarFeed, FeedFault, FeedProblem, horizon
from app.domain.errors import HoldfastError, WindowTooLongError
from app.domain.schedule import Zone, zone
from app.domain.time_ranges import DAY, Instant, Range
from app.domain.window import LONGEST_WINDOW_DAYS
from app.services.errors import UserIdNotFoundError
from app.services.ports import Clock

MOST_FEEDS = 10
"""Of one person."""
MOST_BUSY_TIMES = 5_000
"""Of one feed."""
_AT_ONCE = 3
"""Of one person's feeds that are read at once: less than a reader can, so that there is room for others."""


class FeedUnreadableError(Exception):
    """A feed cannot be read. Use cases tell of it in their own ways, and let it through to nobody."""

    def __init__(self, problem: FeedProblem) -> None:
        """Keep why."""
        super().__init__(problem)
        self.problem = problem


class FeedsRefusedError(HoldfastError):
    """Feeds are not kept, because some of them cannot be read."""

    def __init__(self, problems: Mapping[int, FeedProblem]) -> None:
        """Keep why, by the feeds' places in the list."""
        super().__init__(problems)
        self.problems = problems


class FeedsNotReadError(HoldfastError):
    """Feeds are not kept, because the service cannot read any, or not in time."""


class SavingFeedsError(HoldfastError):
    """Somebody's feeds are being saved already."""


class NoFeedsError(HoldfastError):
    """Somebody has no calendar feeds, or not those that are meant."""


class UnknownCalendarError(HoldfastError):
    """Somebody has no calendar of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRules:
    """How feeds are kept current."""

    refresh_minutes: int
    """From one reading to the next."""
    dead_after_hours: int
    """How long a feed may not be readable before it counts as dead."""
    dead_is_busy: bool
    """Whether a dead feed makes its owner busy throughout; otherwise its last known busy times stand."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a feed says."""

    name: str | None
    busy: Collection[Range]
    """At most `MOST_BUSY_TIMES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Somebody's feeds, which clients know together as one credential."""

    id: int
    user_id: int
    read_only: bool
    """As it was sent: nothing is ever written to a calendar."""
    feeds: tuple[CalendarFeed, ...]
    """In the order in which they were added."""


@dataclass(frozen=True, slots=True)
class BusyTime:
    """A time that a calendar reports as taken."""

    start: Instant
    end: Instant
    feed_id: int | None
    """None: it came from elsewhere."""
    feed_is_dead: bool = False
    """Whether it is no event: the feed could not be read for so long that its owner counts as busy throughout."""


@dataclass(frozen=True, slots=True)
class CalendarChoice:
    """A calendar, as clients name it."""

    connection_id: int
    url: str


class FeedReader(Protocol):
    """Reads feeds."""

    async def read(self, url: str, where: Zone, around: Range) -> Reading:
        """Return what a feed says of a stretch; what names no zone, there or for the whole feed, is in `where`.

        It takes a bounded time.

        Raises
        ------
        FeedUnreadableError
            If it is not there, or no calendar, or too much; or if the reader fails or has too much to do.
        """


class CalendarFeeds(Protocol):
    """Keeps feeds and what they said.

    Every method raises StoreUnavailableError if the store does not answer in time.
    """

    async def zone_of(self, user_id: int) -> str | None:
        """Return the zone of a user's account; None if there is no such user."""

    async def save(self, user_id: int, readings: Mapping[str, Reading | FeedProblem], *, read_only: bool) -> Connection:
        """Let these be a user's feeds, by URL, in place of any there were, and their busy times what was read.

        Of one that could not be read, and is kept already, the problem is noted; its last known busy times stand.

        Raises
        ------
        UserIdNotFoundError
            If the user is gone by now.
        """

    async def of_user(self, user_id: int) -> Connection | None:
        """Return a user's feeds; None if there never were any, or no more."""

    async def delete(self, user_id: int, connection_id: int) -> Connection | None:
        """Delete a user's feeds with their busy times, and return what they were; None if this is not theirs."""

    async def busy(self, user_id: int, around: Range) -> Sequence[BusyTime]:
        """Return what calendars report of a user's time, in order of beginning."""


class FeedKeeper:
    """Lets people keep feeds."""

    def __init__(self, feeds: CalendarFeeds, reader: FeedReader, clock: Clock) -> None:
        """Work on these ports."""
        self._feeds = feeds
        self._reader = reader
        self._clock = clock
        self._saving: set[int] = set()

    async def save(self, user_id: int, urls: Sequence[str], *, read_only: bool) -> Connection:
        """Read feeds and let them be a user's in place of any there were.

        One that is kept already and cannot be read stays as it was last known: it may be back, and is no reason to keep
        no others.

        Raises
        ------
        FeedsRefusedError, FeedsNotReadError
            If a new one cannot be read, by its fault or by ours.
        SavingFeedsError
            If somebody's are being saved already: reading costs much, and people are many.
        UserIdNotFoundError
            If the user is gone.
        """
        if user_id in self._saving:
            raise SavingFeedsError
        self._saving.add(user_id)
        try:
            readings = await self._readings(user_id, list(dict.fromkeys(urls)))
            await self._refuse_unreadable(user_id, urls, readings)
            return await self._feeds.save(user_id, readings, read_only=read_only)
        finally:
            self._saving.remove(user_id)

    async def _readings(self, user_id: int, urls: Sequence[str]) -> dict[str, Reading | FeedProblem]:
        """Read feeds, a few at a time."""
        name = await self._feeds.zone_of(user_id)
        if name is None:
            raise UserIdNotFoundError(user_id)
        where, around = zone(name), horizon(self._clock())
        few = asyncio.Semaphore(_AT_ONCE)

        async def read(url: str) -> Reading | FeedProblem:
            async with few:
                try:
                    return await self._reader.read(url, where, around)
                except FeedUnreadableError as error:
                    return error.problem

        return dict(zip(urls, await asyncio.gather(*map(read, urls)), strict=True))

    async def _refuse_unreadable(
        self, user_id: int, urls: Sequence[str], readings: Mapping[str, Reading | FeedProblem]
    ) -> None:
        problems = {url: one for url, one in readings.items() if isinstance(one, FeedProblem)}
        if not problems:
            return
        connection = await self._feeds.of_user(user_id)
        kept = set() if connection is None else {feed.url for feed in connection.feeds}
        new = {place: problems[url] for place, url in enumerate(urls) if url in problems.keys() - kept}
        if any(one.fault is FeedFault.INTERNAL for one in new.values()):
            raise FeedsNotReadError
        if new:
            raise FeedsRefusedError(new)

    async def of_user(self, user_id: int) -> Connection | None:
        """Return a user's feeds."""
        return await self._feeds.of_user(user_id)

    async def surely_of_user(self, user_id: int) -> Connection:
        """Return a user's feeds.

        Raises
        ------
        NoFeedsError
            If there are none.
        """
        return _found(await self._feeds.of_user(user_id))

    async def delete(self, user_id: int, connection_id: int) -> Connection:
        """Delete a user's feeds with their busy times, and return what they were.

        Raises
        ------
        NoFeedsError
            If this is not theirs.
        """
        return _found(await self._feeds.delete(user_id, connection_id))

    async def busy(
        self, user_id: int, chosen: Collection[CalendarChoice], around: Range
    ) -> list[tuple[BusyTime, CalendarFeed | None]]:
        """Return when calendars report a user as busy, and which feed says so: the chosen ones, or all if none is.

        Raises
        ------
        WindowTooLongError
            If the stretch has too many days.
        UnknownCalendarError
            If a chosen one is not the user's.
        """
        # Days of a zone: one of them may be longer.
        if around[1] - around[0] > (LONGEST_WINDOW_DAYS + 1) * DAY:
            raise WindowTooLongError(LONGEST_WINDOW_DAYS)
        connection = await self._feeds.of_user(user_id)
        feeds = {} if connection is None else {feed.id: feed for feed in connection.feeds}
        wanted = _chosen(connection, chosen)
        times = await self._feeds.busy(user_id, around)
        return [(time, feeds.get(time.feed_id or 0)) for time in times if not chosen or time.feed_id in wanted]


def _chosen(connection: Connection | None, chosen: Collection[CalendarChoice]) -> set[int]:
    """Return the ids of the chosen feeds."""
    known = {} if connection is None else {CalendarChoice(connection.id, one.url): one.id for one in connection.feeds}
    if not known.keys() >= set(chosen):
        raise UnknownCalendarError
    return {known[one] for one in chosen}


def _found(connection: Connection | None) -> Connection:
    if connection is None:
        raise NoFeedsError
    return connection
