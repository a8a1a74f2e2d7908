"""HTTP on the way out: led nowhere that is not of the public internet, unless that is allowed."""

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

from app.domain.address import is_public

CONNECT_S = 5.0
_LOOK_UPS = 32
"""Names that are looked up at once."""


class PrivateAddressError(OSError):
    """A name leads to an address that is not of the public internet."""


@asynccontextmanager
async def open_session(
    *, private_addresses: bool, connect_s: float = CONNECT_S
) -> AsyncIterator[aiohttp.ClientSession]:
    """Give a session without cookies; with `private_addresses` it also leads into the service's own network.

    A redirect is a connection like any other, and looked at as one.
    """
    connector = aiohttp.TCPConnector(
        limit=0,  # What is under way is bounded by who sends.
        resolver=_OwnThreads(),
        socket_factory=None if private_addresses else public_socket,
    )
    timeout = aiohttp.ClientTimeout(total=None, connect=connect_s, sock_connect=connect_s)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        yield session


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

    Those of the event loop are four, and the stores' names need them: names whose servers never answer would take them
    all.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOK_UPS, "outside-names")

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
