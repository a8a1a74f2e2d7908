"""The port `FeedReader` on aiohttp and a process: bounded in time and size, and kept out of the own network."""

import asyncio
import logging
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import orjson

from app.delivery import ics
from app.delivery.session import OutsideNames, PrivateAddressError, open_session
from app.domain.calendar_feed import FeedFault, FeedProblem
from app.domain.schedule import Zone
from app.domain.time_ranges import Range
from app.services.calendar_feeds import FeedUnreadableError, Reading

FETCH_S = 10.0
WORK_S = 20.0
"""By the clock on the wall, on a machine that is busy with other things: a feed that is too much has its bound in
processor time (`ics.LONGEST_S`)."""
PATIENCE_S = 20.0
"""How long a feed waits for others to be fetched, and again for others to be worked out."""
LARGEST_FEED_BYTES = 4 * 1024 * 1024
MOST_REDIRECTS = 3
_AT_ONCE = 8
"""Feeds that one process of the service reads at once, and has in its memory."""
_LOOK_UPS = 64
"""Names that it looks up at once: of a fetch that is given up the look-up goes on, until nobody is known to answer."""
_PROCESSES = 2
"""Feeds that it works out at once."""
_HEADERS = {"Accept": "text/calendar", "User-Agent": "Holdfast"}
_OUT_OF_BOUNDS = {-signal.SIGKILL, -signal.SIGXCPU}
"""How a process ends that took more than it may."""
_LONGEST_WORDS = 500
"""Of what a process that failed said."""

_logger = logging.getLogger(__name__)


class HttpFeedReader:
    """Fetches feeds and works out what they say. All that reads in a process shares one, and with it its bounds."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        fetch_s: float = FETCH_S,
        work_s: float = WORK_S,
        patience_s: float = PATIENCE_S,
        largest_bytes: int = LARGEST_FEED_BYTES,
    ) -> None:
        """Fetch through this session, and work out, in bounded time and size."""
        self._session = session
        self._fetch_s = fetch_s
        self._work_s = work_s
        self._patience_s = patience_s
        self._largest_bytes = largest_bytes
        self._readings = asyncio.Semaphore(_AT_ONCE)
        self._processes = asyncio.Semaphore(_PROCESSES)

    async def read(self, url: str, where: Zone, around: Range) -> Reading:
        """Return what a feed says of a stretch; see the port for what it raises."""
        async with self._turn(self._readings):
            feed = await self._fetched(url)
            async with self._turn(self._processes):
                told = await _told_of(feed, where, around, self._work_s)
        if "fault" in told:
            raise _unreadable(FeedFault(told["fault"]))
        return Reading(told["name"], [(start, end) for start, end in told["busy"]])

    @asynccontextmanager
    async def _turn(self, turns: asyncio.Semaphore) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._patience_s):
                await turns.acquire()
        except TimeoutError:
            _logger.warning("a calendar feed was not read: too many others are being read")
            raise _unreadable(FeedFault.INTERNAL) from None
        try:
            yield
        finally:
            turns.release()

    async def _fetched(self, url: str) -> bytes:
        """Fetch a feed. Errors do not keep their own words, which may hold the URL and with it a secret."""
        try:
            async with (
                asyncio.timeout(self._fetch_s),
                self._session.get(url, headers=_HEADERS, max_redirects=MOST_REDIRECTS) as response,
            ):
                if response.status != 200:
                    raise _unreadable(FeedFault.BAD_STATUS, response.status)
                return await self._body(response)
        except aiohttp.TooManyRedirects:
            raise _unreadable(FeedFault.TOO_MANY_REDIRECTS) from None
        except TimeoutError:
            raise _unreadable(FeedFault.TOO_SLOW) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _unreadable(_fault_of(error)) from None

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for part in response.content.iter_any():
            body += part
            if len(body) > self._largest_bytes:
                raise _unreadable(FeedFault.TOO_LARGE)
        return bytes(body)


@asynccontextmanager
async def open_feed_reader(
    *,
    private_addresses: bool,
    fetch_s: float = FETCH_S,
    work_s: float = WORK_S,
    patience_s: float = PATIENCE_S,
    largest_bytes: int = LARGEST_FEED_BYTES,
) -> AsyncIterator[HttpFeedReader]:
    """Give a reader; with `private_addresses` it also fetches from the service's own network."""
    async with open_session(OutsideNames(_LOOK_UPS), private_addresses=private_addresses) as session:
        yield HttpFeedReader(
            session, fetch_s=fetch_s, work_s=work_s, patience_s=patience_s, largest_bytes=largest_bytes
        )


def _fault_of(error: Exception) -> FeedFault:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return FeedFault.PRIVATE_ADDRESS if isinstance(cause, PrivateAddressError) else FeedFault.UNREACHABLE


async def _told_of(feed: bytes, where: Zone, around: Range, longest_s: float) -> ics.Told:
    """Let a process work out what a feed says, and end it if that takes too long."""
    command = sys.executable, "-m", ics.__name__, where.name, *map(str, around)
    try:
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=PIPE)
    except OSError:
        _logger.exception("no process can be started to read a calendar feed")
        return {"fault": FeedFault.INTERNAL}
    try:
        async with asyncio.timeout(longest_s):
            written, said = await process.communicate(feed)
    except TimeoutError:
        return {"fault": FeedFault.TOO_MUCH}
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        return {"fault": _fault_behind(process.returncode, said)}
    told: ics.Told = orjson.loads(written)
    return told


def _fault_behind(exit_code: int, said: bytes) -> FeedFault:
    """Return whether a process failed by what it was given or by our fault; it says nothing of what it was given."""
    if exit_code in _OUT_OF_BOUNDS:
        return FeedFault.TOO_MUCH
    words = said.decode(errors="replace")[-_LONGEST_WORDS:].strip()
    _logger.error("a process that was to read a calendar feed ended with %d: %s", exit_code, words)
    return FeedFault.INTERNAL


def _unreadable(fault: FeedFault, status: int | None = None) -> FeedUnreadableError:
    return FeedUnreadableError(FeedProblem(fault, status))
