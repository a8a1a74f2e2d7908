"""The connection to Redis or Valkey, by URL."""

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from app.domain.errors import HoldfastError
from app.services.errors import StoreUnavailableError

_SCHEMES = ("redis://", "rediss://", "unix://")
_CONNECTIONS = 100
"""Of each process, at most: what is asked beyond waits, within its deadline."""


class RedisUrlError(HoldfastError):
    """The URL names a kind of deployment that this version does not know."""

    def __init__(self) -> None:
        """Say which there are; the URL itself may hold a password."""
        super().__init__(f"REDIS_URL must begin with one of {', '.join(_SCHEMES)}; others come with a later version")


class RedisRefusedError(HoldfastError):
    """The server answers, but not to us."""

    def __init__(self, reason: str) -> None:
        """Keep what it says."""
        super().__init__(
            f"Redis refuses to be asked for its settings: {reason}. Check the user and password in REDIS_URL."
        )


class EvictionPolicyError(HoldfastError):
    """The server may throw holds away before they end."""

    def __init__(self, policy: str) -> None:
        """Keep the policy."""
        super().__init__(
            f"Redis has maxmemory-policy {policy}, which may evict holds before they end, and a slot would be given "
            "to two. Set it to noeviction."
        )
        self.policy = policy


def open_redis(url: str, *, deadline_s: float) -> Redis:
    """Return a client that connects when first used, and again after the server was away.

    Raises
    ------
    RedisUrlError
        If the URL is of a kind not known here.
    """
    if not url.startswith(_SCHEMES):
        raise RedisUrlError
    pool = BlockingConnectionPool.from_url(
        url,
        socket_connect_timeout=deadline_s,
        socket_timeout=deadline_s,
        max_connections=_CONNECTIONS,
        timeout=deadline_s,
        # One more try finds a server that restarted since the connection was last used. Every script may run twice.
        retry=Retry(NoBackoff(), retries=1, supported_errors=(RedisConnectionError,)),
    )
    return Redis.from_pool(pool)


async def refuse_eviction(redis: Redis) -> None:
    """Make sure that the server evicts nothing.

    Raises
    ------
    EvictionPolicyError
        If it may.
    StoreUnavailableError
        If it does not answer.
    """
    try:
        memory = await redis.info("memory")
    except (RedisConnectionError, RedisTimeoutError, OSError) as error:
        raise StoreUnavailableError("redis") from error
    except RedisError as error:
        raise RedisRefusedError(str(error)) from error
    policy = str(memory.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction":
        raise EvictionPolicyError(policy)
