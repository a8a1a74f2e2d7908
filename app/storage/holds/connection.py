"""The connection to Redis or Valkey: to one server, to the master that Sentinel knows, or to a cluster."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from typing import Any, TypeAlias

import hiredis
from redis.asyncio import (
    Connection,
    ConnectionPool,
    Redis,
    RedisCluster,
    Sentinel,
    SSLConnection,
    UnixDomainSocketConnection,
)
from redis.asyncio.client import Pipeline
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    DataError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from typing_extensions import override

from app.domain.errors import HoldfastError
from app.services.errors import StoreUnavailableError
from app.storage.breaker import Breaker
from app.storage.holds.urls import Address, RedisUrl, read_url

Client: TypeAlias = Redis | RedisCluster

_UNBOUNDED = 2**31
"""Connections of a pool. RedisHolds bounds what is asked at once: pools of redis-py refuse where they should wait."""
_RETRIES_IN_A_CLUSTER = 3
_ASK_AGAIN_S = 0.5
"""How long what the sentinels said of the master is taken for true."""


class RedisRefusedError(HoldfastError):
    """The server answers, but not to us, or it is not what the URL says."""

    def __init__(self, reason: str) -> None:
        """Keep what it says."""
        super().__init__(f"Redis is not usable with this REDIS_URL: {reason}")


class EvictionPolicyError(HoldfastError):
    """The server may throw holds away before they end."""

    def __init__(self, policy: str) -> None:
        """Keep the policy."""
        super().__init__(
            f"Redis has maxmemory-policy {policy}, which may evict holds before they end, and a slot would be given "
            "to two. Set it to noeviction."
        )
        self.policy = policy


@asynccontextmanager
async def open_redis(url: str, *, deadline_s: float) -> AsyncIterator[Client]:
    """Give a client that connects when first used, and again after a server was away or another took its place.

    Whoever asks a single server must say how long they wait. The driver would need a timer for each answer, which is a
    tenth of what a reservation costs; only what it may have to ask of others first has times of its own.

    Raises
    ------
    RedisUrlError
        If the URL cannot be read.
    """
    known = read_url(url)
    if known.kind == "sentinel":
        async with _open_sentinel(known, deadline_s) as redis:
            yield redis
    elif known.kind == "cluster":
        async with _open_cluster(known, deadline_s) as cluster:
            yield cluster
    else:
        async with _Redis.from_pool(_pool(known, deadline_s)) as redis:
            yield redis


def _pool(url: RedisUrl, deadline_s: float) -> ConnectionPool:
    options = {**url.options, **_bounds(deadline_s, None), "max_connections": _UNBOUNDED}
    if url.kind == "socket":
        return ConnectionPool(UnixDomainSocketConnection, **options)
    [(host, port)] = url.addresses
    connection_class = _PrimarySSLConnection if url.tls else _PrimaryConnection
    return ConnectionPool(connection_class, host=host, port=port, **options)


class _Redis(Redis):
    """A client with pipelines of its own."""

    @override
    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        return _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class _Pipeline(Pipeline):
    """Sends scripts, whose errors are values, by itself, and leaves other commands to redis-py.

    That looks at each command and each answer for what scripts never need, which takes longer than to send and to
    receive them.
    """

    @override
    async def _execute_pipeline(self, connection: Connection, commands: Any, raise_on_error: bool) -> list[Any]:
        if raise_on_error or any(name != "EVALSHA" for (name, *_), _ in commands):
            told: list[Any] = await super()._execute_pipeline(connection, commands, raise_on_error)
            return told
        await connection.send_packed_command([b"".join(_packed(arguments) for arguments, _ in commands)])
        return [await _answer(connection) for _ in commands]


def _packed(arguments: tuple[Any, ...]) -> bytes:
    """Write a command. redis-py does so in Python for all but blocking connections, at several times the cost."""
    try:
        packed: bytes = hiredis.pack_command(arguments)
    except TypeError as error:
        raise DataError(str(error)) from error
    return packed


async def _answer(connection: Connection) -> Any:
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error


class _PrimaryConnection(Connection):
    """A connection that ends when its server becomes a replica: its name leads to another one by then.

    Who fails over often leaves the old one up with its connections, and redis-py would keep to them for ever.
    """

    @override
    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        try:
            return await super().read_response(*arguments, **options)
        except ReadOnlyError as error:
            await self.disconnect(nowait=True)
            raise RedisConnectionError(str(error)) from error

    @override
    def pack_command(self, *arguments: Any) -> list[bytes]:
        name = arguments[0]
        if isinstance(name, bytes) or " " in name:
            # Some commands are two words, which redis-py takes apart.
            return super().pack_command(*arguments)
        return [_packed(arguments)]


class _PrimarySSLConnection(_PrimaryConnection, SSLConnection):
    pass


@asynccontextmanager
async def _open_sentinel(url: RedisUrl, deadline_s: float) -> AsyncIterator[Redis]:
    # The sentinels are asked one after the other: those that are dead or hang, and be it all of them, must leave time
    # for the next, and for what was to be asked of the master.
    each_s = deadline_s / 2 / len(url.addresses)
    asking = {**_bounds(each_s, each_s), "retry": Retry(NoBackoff(), 0), "ssl": url.tls}
    sentinel = Sentinel(url.addresses, sentinel_kwargs={**(url.sentinel_options or {}), **asking})  # type: ignore[no-untyped-call]
    options = {**url.options, **_bounds(deadline_s / 2, deadline_s / 2), "ssl": url.tls, "max_connections": _UNBOUNDED}
    master = sentinel.master_for(url.service, redis_class=_Redis, connection_pool_class=_Master, **options)
    async with aclosing(sentinel), master as redis:
        yield redis


class _Master(SentinelConnectionPool):
    """Connections to the master of the moment.

    A connection of redis-py asks for the master when it is made, and stays. But a master that was deposed takes writes
    for ten seconds more, and as long as it is cut off from the sentinels: holds that nobody else would see.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)  # type: ignore[no-untyped-call]
        self._asking = asyncio.Lock()
        self._asked = 0.0
        self._known: Address | None = None

    @override
    async def get_master_address(self) -> Address:
        """Return where the master is, asked at most every half second: who asks in between, or at once, shares it."""
        async with self._asking:
            clock, known = asyncio.get_running_loop().time, self._known
            if known is None or clock() - self._asked > _ASK_AGAIN_S:
                try:
                    known = await super().get_master_address()  # type: ignore[no-untyped-call]
                except (RedisConnectionError, RedisTimeoutError):
                    # Sentinels that do not answer are no reason to leave a master that does.
                    if known is None:
                        raise
                self._asked, self._known = clock(), known
            return known

    @override
    async def ensure_connection(self, connection: AbstractConnection) -> None:
        master = await self.get_master_address()
        if isinstance(connection, Connection) and (connection.host, connection.port) != master:
            await connection.disconnect()
        await super().ensure_connection(connection)


@asynccontextmanager
async def _open_cluster(url: RedisUrl, deadline_s: float) -> AsyncIterator[RedisCluster]:
    # The client asks who has become primary when a node fails it in its own time, not when we cut it short: so its
    # time is shorter than ours.
    options = {**url.options, **_bounds(deadline_s / 2, deadline_s / 2), "ssl": url.tls, "max_connections": _UNBOUNDED}
    cluster = RedisCluster(
        startup_nodes=[ClusterNode(host, port) for host, port in url.addresses],
        # The URL's hosts stay the ones to ask: the addresses found first may all be gone after a restart elsewhere.
        dynamic_startup_nodes=False,
        # A slot that moved is noted by itself. To close everything after some of them (redis-py's habit) makes the next
        # commands forget where their keys are and go to any node, which answers that the slot has moved, and so on.
        reinitialize_steps=0,
        **{**options, "retry": Retry(NoBackoff(), _RETRIES_IN_A_CLUSTER)},
    )
    connection_class = _OwnSSLConnection if url.tls else _OwnConnection
    cluster.connection_kwargs["connection_class"] = connection_class
    for node in cluster.startup_nodes:
        node.connection_class = connection_class
    try:
        yield cluster
    finally:
        await cluster.aclose()
        # It closes nothing if it was about to look at the cluster anew.
        await cluster.nodes_manager.aclose()
        await cluster.nodes_manager.aclose("startup_nodes")


class _OwnConnection(Connection):
    """A connection that nobody but its user closes while it is in use.

    When a node fails, or a slot has moved, redis-py's client of a cluster closes the connections of all requests, also
    those that are being made or wait for their answer. These requests then fail too, and close those of others: under
    load that went on without end, long after the cluster was whole again.
    """

    _user: asyncio.Task[Any] | None = None

    @override
    async def send_packed_command(self, *arguments: Any, **options: Any) -> None:
        with self._used():
            await super().send_packed_command(*arguments, **options)

    @override
    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        with self._used():
            return await super().read_response(*arguments, **options)

    @override
    async def disconnect(self, nowait: bool = False, *arguments: Any, **options: Any) -> None:
        if self._user in {None, asyncio.current_task()}:
            # Without waiting, during which somebody might begin to use it.
            await super().disconnect(True, *arguments, **options)
        else:
            self.mark_for_reconnect()  # type: ignore[no-untyped-call]

    @contextmanager
    def _used(self) -> Iterator[None]:
        # Between these two, and from one answer of a pipeline to the next, no other task runs.
        before, self._user = self._user, asyncio.current_task()
        try:
            yield
        finally:
            self._user = before


class _OwnSSLConnection(_OwnConnection, SSLConnection):
    pass


def _bounds(connect_s: float, answer_s: float | None) -> dict[str, Any]:
    return {
        "socket_connect_timeout": connect_s,
        "socket_timeout": answer_s,
        # One more try finds a server that restarted since the connection was last used. Every script may run twice.
        "retry": Retry(NoBackoff(), retries=1, supported_errors=(RedisConnectionError,)),
    }


def use(redis: Client) -> dict[str, int]:
    """Count the connections: in use and idle; of a cluster all nodes' together."""
    if isinstance(redis, RedisCluster):
        nodes = redis.get_nodes()
        idle = sum(len(node._free) for node in nodes)  # noqa: SLF001 - it says so nowhere else
        return {"used": sum(len(node._connections) for node in nodes) - idle, "idle": idle}  # noqa: SLF001
    counts = redis.connection_pool.get_connection_count()
    return {str(state["db.client.connection.state"]): count for count, state in counts}


def redis_breaker(redis: Client, deadline_s: float) -> Breaker | None:
    """Return what knows whether the store is mute; None of a cluster, whose nodes go mute one by one.

    Its client looks for a node's successor by itself.
    """
    if isinstance(redis, RedisCluster):
        return None
    pool = redis.connection_pool

    async def ping() -> None:
        connection = pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            await connection.connect()
            await connection.send_command("PING")
            _ = await connection.read_response()
        finally:
            await connection.disconnect(nowait=True)

    return Breaker(
        "redis",
        ping=ping,
        patience_s=deadline_s / 2,
        forget_connections=lambda: pool.disconnect(inuse_connections=False),
        timeouts=(TimeoutError, RedisTimeoutError),
    )


async def refuse_eviction(redis: Client, *, deadline_s: float) -> None:
    """Make sure that no server that may take a hold evicts any: a cluster's primaries, or the one master.

    Raises
    ------
    EvictionPolicyError
        If one may.
    RedisRefusedError
        If one does not let us in, or is of another kind than the URL says.
    StoreUnavailableError
        If one does not answer within the deadline.
    """
    with connection_errors():
        async with asyncio.timeout(deadline_s):
            states = await servers(redis, "server", "memory")
    for state in states:
        policy = eviction_policy(state)
        if policy != "noeviction":
            raise EvictionPolicyError(policy)


def eviction_policy(server: Mapping[str, Any]) -> str:
    """Return what a server throws away when its memory is full, from what it says of itself."""
    return str(server.get("maxmemory_policy", "noeviction"))


@contextmanager
def connection_errors() -> Iterator[None]:
    """Turn the client's errors into the service's own.

    Raises
    ------
    RedisRefusedError
        If a server answers, but refuses.
    StoreUnavailableError
        If one does not answer.
    """
    try:
        yield
    except AuthenticationError as error:
        raise RedisRefusedError(str(error)) from error
    except (RedisConnectionError, RedisTimeoutError, OSError) as error:
        raise StoreUnavailableError("redis") from error
    except RedisClusterException as error:
        # Told as one error, whether no node answered or one did and refused.
        if isinstance(error.__cause__, AuthenticationError | RedisClusterException):
            raise RedisRefusedError(str(error.__cause__)) from error
        raise StoreUnavailableError("redis") from error
    except RedisError as error:
        raise RedisRefusedError(str(error)) from error


async def servers(redis: Client, *sections: str) -> list[dict[str, Any]]:
    """Return what every server that takes writes says of itself, in some sections of INFO; "server" is among them.

    Raises
    ------
    RedisRefusedError
        If one is of another kind than the URL says.
    """
    if isinstance(redis, RedisCluster):
        _ = await redis.initialize()
        return [await redis.info(*sections, target_nodes=node) for node in redis.get_primaries()]
    server = await redis.info(*sections)
    # Redis says redis_mode, Valkey server_mode.
    mode = server.get("redis_mode") or server.get("server_mode")
    if mode == "sentinel":
        raise RedisRefusedError("it leads to a sentinel, so it must begin with redis+sentinel://")
    if mode == "cluster":
        raise RedisRefusedError("it leads to a node of a cluster, so it must begin with redis+cluster://")
    return [server]
