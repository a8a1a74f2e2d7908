"""What the servers of a Redis or Valkey are like, for the command `doctor`."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.time_ranges import Instant
from app.storage.holds.connection import Client, connection_errors, eviction_policy, servers


@dataclass(frozen=True, slots=True)
class RedisState:
    """What a server that takes writes says of itself."""

    name: str
    version: str
    major: int
    eviction_policy: str
    appendonly: bool
    clock: Instant


async def redis_states(redis: Client, *, deadline_s: float) -> list[RedisState]:
    """Ask each server that takes writes what it is like.

    Raises
    ------
    RedisRefusedError
        If one answers, but refuses.
    StoreUnavailableError
        If one does not answer within the deadline.
    """
    with connection_errors():
        async with asyncio.timeout(deadline_s):
            return [_state(server) for server in await servers(redis, "server", "memory", "persistence")]


def _state(server: Mapping[str, Any]) -> RedisState:
    name = "Valkey" if "valkey_version" in server else "Redis"
    # Valkey goes on saying it is Redis 7.2.4, for clients that look.
    version = str(server.get("valkey_version") or server["redis_version"])
    return RedisState(
        name=name,
        version=version,
        major=int(version.split(".", maxsplit=1)[0]),
        eviction_policy=eviction_policy(server),
        appendonly=bool(server.get("aof_enabled")),
        clock=int(server["server_time_usec"]) // 1_000,
    )
