"""The port `Sender` on aiohttp: bounded in time, led nowhere else, and kept out of the service's own network."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from yarl import URL

from app.delivery.message import message
from app.delivery.session import CONNECT_S, OutsideNames, open_session
from app.domain.template import TooLargeError
from app.services.deliver_webhooks import MOST_UNDER_WAY, TRY_S, Delivery, Outcome


class HttpSender:
    """Sends deliveries by POST."""

    def __init__(self, session: aiohttp.ClientSession, names: OutsideNames, *, try_s: float) -> None:
        """Send through this session, which looks up `names`; no try takes longer than `try_s`."""
        self._session = session
        self._names = names
        self._try_s = try_s

    async def send(self, delivery: Delivery) -> Outcome:
        """Try a delivery. Any 2xx means that it arrived; nothing is read of what comes after the headers.

        A try whose name is still being looked up when its time is over lasts until that look-up is over.
        """
        try:
            written = message(delivery)
        except TooLargeError as error:
            return Outcome(delivered=False, said=type(error).__name__, for_good=True)
        sending = self._session.post(delivery.url, data=written.body, headers=written.headers, allow_redirects=False)
        try:
            async with asyncio.timeout(self._try_s), sending as response:
                return Outcome(200 <= response.status < 300, str(response.status))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            await self._names.settled(URL(delivery.url).raw_host or "")
            # Not in its own words, which may hold the URL.
            return Outcome(delivered=False, said=type(_cause(error)).__name__)


def _cause(error: BaseException) -> BaseException:
    """Return what is behind an error of aiohttp's."""
    return error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error


@asynccontextmanager
async def open_sender(
    *, private_addresses: bool, connect_s: float = CONNECT_S, try_s: float = TRY_S
) -> AsyncIterator[HttpSender]:
    """Give a sender; with `private_addresses` it also sends into the service's own network."""
    names = OutsideNames(MOST_UNDER_WAY)
    async with open_session(names, private_addresses=private_addresses, connect_s=connect_s) as session:
        yield HttpSender(session, names, try_s=try_s)
