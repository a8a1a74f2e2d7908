"""HTTP on the way out: led nowhere that is not of the public internet, unless that is allowed."""

import asyncio
import socket
from collections import defaultdict
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import ip_address
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from app.domain.address import is_public

CONNECT_S = 5.0


class PrivateAddressError(OSError):
    """A name leads to an address that is not of the public internet."""


@asynccontextmanager
async def open_session(
    names: "OutsideNames", *, private_addresses: bool, connect_s: float = CONNECT_S
) -> AsyncIterator[aiohttp.ClientSession]:
    """Give a session without cookies; with `private_addresses` it also leads into the service's own network.

    A redirect is a connection like any other, and looked at as one. `names` are closed with the session.
    """
    connector = aiohttp.TCPConnector(
        limit=0,  # What is under way is bounded by who sends.
        resolver=names,
        socket_factory=None if private_addresses else public_socket,
    )
    timeout = aiohttp.ClientTimeout(total=None, connect=connect_s, sock_connect=connect_s)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        try:
            yield session
        finally:
            await names.close()


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


class OutsideNames(AbstractResolver):
    """Looks names up in threads of its own.

    Those of the event loop are four, and the stores' names need them: names whose servers never answer would take them
    all. Such a look-up keeps its thread for longer than anybody waits for it, and cannot be ended. So that no names
    take all of these threads either, there are as many as look-ups that their user has under way, and some to spare or
    the user lets one be over (`settled`) before it begins another in its place.
    """

    def __init__(self, at_once: int) -> None:
        """Look up so many at once; threads begin when they are needed."""
        self._threads = ThreadPoolExecutor(at_once, "outside-names")
        self._under_way = defaultdict[str, set[asyncio.Future[Any]]](set)

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        look_up = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        under_way = asyncio.get_running_loop().run_in_executor(self._threads, look_up)
        self._remember(_name(host), under_way)
        return [
            ResolveResult(
                hostname=host,
                host=str(address[0]),
                port=int(address[1]),
                family=found_family,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            # Shielded, because a future that is cancelled no longer tells when its thread is done.
            for found_family, _, protocol, _, address in await asyncio.shield(under_way)
        ]

    def _remember(self, name: str, under_way: asyncio.Future[Any]) -> None:
        def forget(_: asyncio.Future[Any]) -> None:
            self._under_way[name].discard(under_way)
            if not self._under_way[name]:
                del self._under_way[name]

        self._under_way[name].add(under_way)
        under_way.add_done_callback(forget)

    async def settled(self, host: str) -> None:
        """Wait until no look-up of a name is under way, whoever has given up on it."""
        while _name(host) in self._under_way:
            await asyncio.wait(self._under_way[_name(host)])

    @override
    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _name(host: str) -> str:
    """Return a name as it is whether or not it is written with the dot of the root."""
    return host.rstrip(".")
