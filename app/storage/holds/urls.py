"""What REDIS_URL says: one server, a master that Sentinel knows, or a cluster.

    redis://[[user]:password@][host][:6379][/database]
    unix://[[user]:password@]/path/of/socket
    redis+sentinel://[[user]:password@]host[:26379][,host2[:port2]…]/service[/database]
    redis+cluster://[[user]:password@]host[:6379][,host2[:port2]…]

`rediss` for `redis` means TLS. The forms with a list of hosts are those of docket and Prefect, and of the package
Redis-Sentinel-Url before them: user and password are the servers' own; `sentinel_username` and `sentinel_password` are
options. Nothing here repeats a part of the URL in an error: what does not parse may be a password.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote

from redis.asyncio.connection import parse_url

from app.domain.errors import HoldfastError

Kind = Literal["server", "socket", "sentinel", "cluster"]
Address = tuple[str, int]

_SCHEMES: dict[str, tuple[Kind, bool]] = {
    "redis": ("server", False),
    "rediss": ("server", True),
    "unix": ("socket", False),
    "redis+sentinel": ("sentinel", False),
    "rediss+sentinel": ("sentinel", True),
    "redis+cluster": ("cluster", False),
    "rediss+cluster": ("cluster", True),
}
_ADDRESS = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.%]+)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?")
_OPTIONS = {"username", "password", "db", "client_name", "health_check_interval"}
_OF_TLS = {
    "ssl_ca_certs",
    "ssl_ca_data",
    "ssl_cert_reqs",
    "ssl_certfile",
    "ssl_check_hostname",
    "ssl_ciphers",
    "ssl_keyfile",
}
_OF_SENTINEL = {"sentinel_username", "sentinel_password"}


class RedisUrlError(HoldfastError):
    """REDIS_URL cannot be read."""

    def __init__(self, reason: str) -> None:
        """Say why, without the URL: it may hold a password."""
        super().__init__(f"REDIS_URL {reason}")


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """A URL of one of the kinds above, read."""

    kind: Kind
    tls: bool
    addresses: tuple[Address, ...]
    """Of the server, of the sentinels, or of some of the cluster's nodes; of a socket none."""
    options: dict[str, Any]
    """For the connections to the servers, as redis-py names them."""
    service: str = ""
    """What Sentinel calls the master and its replicas."""
    sentinel_options: dict[str, Any] | None = None
    """For the connections to the sentinels."""


def read_url(url: str) -> RedisUrl:
    """Read a URL.

    Raises
    ------
    RedisUrlError
        If it is of no kind known here, or lacks something, or has something that it should not have.
    """
    # Not urlsplit, which takes an IPv6 address after a comma for nonsense, and names what it cannot read.
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in _SCHEMES:
        raise RedisUrlError(f"must begin with one of {', '.join(f'{known}://' for known in _SCHEMES)}")
    kind, tls = _SCHEMES[scheme.lower()]
    place, _, query = rest.partition("?")
    authority, _, path = place.partition("/")
    credentials, _, hosts = authority.rpartition("@")
    options = {**_options(query, kind, tls=tls), **_credentials(credentials)}
    if kind == "socket":
        if hosts or not path:
            raise RedisUrlError("names no socket: unix:///path/of/socket")
        return RedisUrl(kind, tls, (), {**options, "path": unquote(f"/{path}")})
    addresses = tuple(_address(host, 26_379 if kind == "sentinel" else 6_379) for host in hosts.split(","))
    if kind == "server":
        return _server(tls, addresses, path, options)
    if not all(host for host, _ in addresses):
        raise RedisUrlError("lacks a host between its commas, or has none at all")
    return (_sentinel if kind == "sentinel" else _cluster)(tls, addresses, path, options)


def _server(tls: bool, addresses: tuple[Address, ...], path: str, options: dict[str, Any]) -> RedisUrl:  # noqa: FBT001
    if len(addresses) > 1:
        raise RedisUrlError("has several hosts: that is redis+sentinel:// or redis+cluster://")
    [(host, port)] = addresses
    return RedisUrl("server", tls, ((host or "localhost", port),), _with_database(options, path))


def _sentinel(tls: bool, addresses: tuple[Address, ...], path: str, options: dict[str, Any]) -> RedisUrl:  # noqa: FBT001
    service, _, database = path.partition("/")
    if not service:
        raise RedisUrlError("lacks the name that Sentinel knows the master by: redis+sentinel://host:26379/service")
    own = {name.removeprefix("sentinel_"): options.pop(name) for name in _OF_SENTINEL & options.keys()}
    own |= {name: value for name, value in options.items() if name in _OF_TLS}
    return RedisUrl("sentinel", tls, addresses, _with_database(options, database), unquote(service), own)


def _cluster(tls: bool, addresses: tuple[Address, ...], path: str, options: dict[str, Any]) -> RedisUrl:  # noqa: FBT001
    if _with_database(options, path).pop("db", 0) != 0:
        raise RedisUrlError("has a database: a cluster has none but 0")
    options.pop("db", None)
    return RedisUrl("cluster", tls, addresses, options)


def _address(text: str, port: int) -> Address:
    found = _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found["port"] or port) < 65_536:
        raise RedisUrlError(
            "has a host or port that cannot be read: name:port, 192.0.2.1:port or [2001:db8::1]:port. "
            "In a user or password write @ / ? # % , as %40 %2F %3F %23 %25 %2C"
        )
    return found["ipv6"] or unquote(found["name"]), int(found["port"] or port)


def _credentials(text: str) -> dict[str, Any]:
    user, _, password = text.partition(":")
    named = {"username": unquote(user), "password": unquote(password)}
    return {name: value for name, value in named.items() if value}


def _options(query: str, kind: Kind, *, tls: bool) -> dict[str, Any]:
    try:
        options: dict[str, Any] = {**parse_url(f"redis://?{query}")}
    except ValueError:
        raise RedisUrlError("has an option whose value cannot be read") from None
    allowed = _OPTIONS | (_OF_TLS if tls else set()) | (_OF_SENTINEL if kind == "sentinel" else set())
    if not options.keys() <= allowed:
        raise RedisUrlError(f"has an option that is not one of {', '.join(sorted(allowed))}")
    return options


def _with_database(options: dict[str, Any], path: str) -> dict[str, Any]:
    if not path:
        return options
    if not path.isdecimal():
        raise RedisUrlError("has a database that is not a number")
    return {**options, "db": int(path)}
