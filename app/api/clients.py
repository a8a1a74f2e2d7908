"""Who is calling, of those who show no credentials: their network address."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from socket import AF_INET, inet_pton
from typing import TypeAlias

from aiohttp import web

_Address: TypeAlias = IPv4Address | IPv6Address
_SUBSCRIBER_BITS = 64
"""Of an IPv6 address: the rest of it is the subscriber's own to choose, and to change."""

TRUSTED_PROXIES = web.AppKey("TRUSTED_PROXIES", tuple[IPv4Network | IPv6Network, ...])
"""Whose word on where a request comes from is believed."""


def client_address(request: web.BaseRequest) -> str:
    """Return the address that a request comes from, of IPv6 the /64 network; "" where there is none, as on a socket.

    Behind trusted proxies it is the last address of `X-Forwarded-For` that is not a trusted proxy's: each of them adds
    whom it heard, and what stands further left anybody may have written. aiohttp-remotes does this too, but answers a
    header that it cannot read with an error of its own, outside the envelope.
    """
    address = _address(request.remote or "")
    trusted = request.app[TRUSTED_PROXIES] if isinstance(request, web.Request) else ()
    heard = [part for line in request.headers.getall("X-Forwarded-For", []) for part in line.split(",")]
    while heard and address is not None and any(address in network for network in trusted):
        before = _address(_without_port(heard.pop().strip()))
        if before is None:
            break
        address = before
    return "" if address is None else _text(address)


def _without_port(text: str) -> str:
    """Return an address as it is, or of what some proxies write: 192.0.2.1:50000 and [2001:db8::1]:50000."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


@lru_cache(1_024)
def _address(text: str) -> _Address | None:
    try:
        # Most are IPv4's, which the system reads many times faster.
        return IPv4Address(inet_pton(AF_INET, text))
    except (OSError, ValueError):
        pass
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _text(address: _Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    network = IPv6Address(int(address) >> _SUBSCRIBER_BITS << _SUBSCRIBER_BITS)
    return f"{network}/{_SUBSCRIBER_BITS}"
