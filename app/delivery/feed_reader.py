"""The port `FeedReader` on aiohttp and a process: bounded in time and size, and kept out of the own network."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE

import aiohttp
import orjson

from app.delivery import ics
from app.delivery.session import OutsideNames, PrivateAddressError, open_session
from app.domain.calendar_feed import FeedFault, FeedProblem
from app.domain.schedule import Zone
from app.domain.time_ranges import Range
from app.services.calendar_feeds import FeedUnreadableError, Reading

FETCH_S = 10.0
LARGEST_FEED_BYTES = 4 * 1024 * 1024
MOST_REDIRECTS = 3
_PROCESSES = 2
"""Feeds that one process of the service works out at once."""
_HEADERS = {"Accept": "text/calendar", "User-Agent": "Holdfast"}


class HttpFeedReader:
    """Fetches feeds and works out what they say."""

    def __init__(
        self,
        *,
        private_addresses: bool,
        fetch_s: float = FETCH_S,
        work_s: float = ics.LONGEST_S,
        largest_bytes: int = LARGEST_FEED_BYTES,
    ) -> None:
        """Fetch, and work out, in bounded time and size; with `private_addresses` from the own network too."""
        self._private_addresses = private_addresses
        self._fetch_s = fetch_s
        self._work_s = work_s
        self._largest_bytes = largest_bytes
        self._turns = asyncio.Semaphore(_PROCESSES)

    async def read(self, url: str, where: Zone, around: Range) -> Reading:
        """Return what a feed says of a stretch; see the port for what it raises."""
        feed = await self._fetched(url)
        async with self._turns:
            told = await _told_of(feed, where, around, self._work_s)
        if "fault" in told:
            raise _unreadable(FeedFault(told["fault"]))
        return Reading(told["name"], [(start, end) for start, end in told["busy"]])

    async def _fetched(self, url: str) -> bytes:
        """Fetch a feed. Errors do not keep their own words, which may hold the URL and with it a secret."""
        try:
            async with (
                asyncio.timeout(self._fetch_s),
                open_session(OutsideNames(1), private_addresses=self._private_addresses) as session,
                session.get(url, headers=_HEADERS, max_redirects=MOST_REDIRECTS) as response,
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


def _fault_of(error: Exception) -> FeedFault:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return FeedFault.PRIVATE_ADDRESS if isinstance(cause, PrivateAddressError) else FeedFault.UNREACHABLE


async def _told_of(feed: bytes, where: Zone, around: Range, longest_s: float) -> ics.Told:
    """Let a process work out what a feed says, and end it if that takes too long."""
    command = sys.executable, "-m", ics.__name__, where.name, *map(str, around)
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL)
    try:
        async with asyncio.timeout(longest_s):
            written, _ = await process.communicate(feed)
    except TimeoutError:
        return {"fault": FeedFault.TOO_MUCH}
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        return {"fault": FeedFault.TOO_MUCH}
    told: ics.Told = orjson.loads(written)
    return told


def _unreadable(fault: FeedFault, status: int | None = None) -> FeedUnreadableError:
    return FeedUnreadableError(FeedProblem(fault, status))
