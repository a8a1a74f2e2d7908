"""The port `Sender` on aiohttp: bounded in time, led nowhere else, and kept out of the service's own network."""

import asyncio
import socket
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import ip_address
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from app.delivery.message import message
from app.domain.address import is_public
from app.services.deliver_webhooks import TRY_S, Delivery, Outcome

CONNECT_S = 5.0
_LOOK_UPS = 32
"""Names that are looked up at once."""


class PrivateAddressError(OSError):
    """A receiver's name leads to an address that is not of the public internet."""


class HttpSender:
    """Sends deliveries by POST."""

    def __init__(self, session: aiohttp.ClientSession, *, try_s: float) -> None:
        """Send through this session; no try takes longer than `try_s`."""
        self._session = session
        self._try_s = try_s

    async def send(self, delivery: Delivery) -> Outcome:
        """Try a delivery. Any 2xx means that it arrived; nothing is read of what comes after the headers."""
        written = message(delivery)
        sending = self._session.post(delivery.url, data=written.body, headers=written.headers, allow_redirects=False)
        try:
            async with asyncio.timeout(self._try_s), sending as response:
                return Outcome(200 <= response.status < 300, str(response.status))
        except (aiohttp.ClientError, OSError, ValueError) as error:
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
    connector = aiohttp.TCPConnector(
        limit=0,  # What is under way is bounded by who sends.
        resolver=_OwnThreads(),
        socket_factory=None if private_addresses else public_socket,
    )
    timeout = aiohttp.ClientTimeout(total=None, connect=connect_s, sock_connect=connect_s)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        yield HttpSender(session, try_s=try_s)


def public_socket(address_info: tuple[Any, ...]) -> socket.socket:
    """Return a socket for an address that is about to be connected to.

    The address is looked at here, after the look-up, because a name may lead elsewhere each time it is looked up.

    Raises
    ------
    PrivateAddressError
        If it is not of the public internet.
    """
    family, kind, protocol, _, address = address_info
    if not is_public(ip_address(address[0])):
        raise PrivateAddressError("not a public address")
    return socket.socket(family, kind, protocol)


class _OwnThreads(AbstractResolver):
    """Looks names up in threads of its own.

    Those of the event loop are four, and the stores' names need them: receivers whose name servers never answer would
    take them all.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOK_UPS, "webhook-names")

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        look_up = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=int(address[1]),
                family=found_family,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for found_family, _, protocol, _, address in found
        ]

    @override
    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
