"""Hears of holds that are made or ended, by whichever process, through a channel: the port `Changes`.

That one ends by itself nobody tells: its time was told with it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from math import inf
from secrets import token_hex
from typing import Any

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import RedisClusterException, RedisError

from app.services.sources import ANYTHING
from app.storage.holds.keys import CHANGES
from app.storage.slices import within

_ANSWER_S = 0.5
"""How long a word may take from one connection to the other."""
_UNASKED_S = 30.0
"""How long it goes on listening when nobody asks: every word costs a little."""
_WAIT_S = 1.0
_ERRORS = (RedisError, RedisClusterException, OSError, TimeoutError)
_logger = logging.getLogger(__name__)


class RedisHoldChanges:
    """A connection on which scripts say what they changed. Words may get lost while there is none, but no others."""

    def __init__(self, redis: Redis | RedisCluster, tell: Callable[[Collection[str]], None]) -> None:
        """Hear what is said on the server, or the cluster, of a client, and tell it to `tell`."""
        self._redis = redis
        self._tell = tell
        self._listening: asyncio.Task[None] | None = None
        self._asked_at = -inf
        self._proof = ""
        self._proven = asyncio.Event()
        self._subscribed = False

    async def told(self) -> bool:
        """Say whether every change is told, a moment after it was made; see `services.ports.Changes`."""
        self._asked_at = self._now()
        if self._listening is None or self._listening.done():
            self._subscribed = False
            self._listening = asyncio.create_task(self._listen())
        # A connection may be open and yet lead to a server that is no longer written to.
        self._proof = f"proof-{token_hex(8)}"
        self._proven.clear()
        was_subscribed = self._subscribed
        try:
            await within(_ANSWER_S, self._prove())
        except TimeoutError:
            if was_subscribed:
                self._listening.cancel()  # The next who asks begins anew, where the server is by then.
            return False
        except _ERRORS:
            return False
        return True

    async def _prove(self) -> None:
        await self._redis.publish(CHANGES, self._proof)
        await self._proven.wait()

    @asynccontextmanager
    async def heard(self) -> AsyncIterator[None]:
        """Stop listening when the block ends."""
        try:
            yield
        finally:
            if self._listening is not None:
                self._listening.cancel()
                await asyncio.gather(self._listening, return_exceptions=True)

    async def _listen(self) -> None:
        pubsub = self._redis.pubsub()
        try:
            async with asyncio.timeout(_ANSWER_S):
                await pubsub.subscribe(CHANGES)
            while self._now() - self._asked_at < _UNASKED_S:
                # It may have to connect again, for which the driver has no time of its own.
                async with asyncio.timeout(_WAIT_S + _ANSWER_S):
                    message = await pubsub.get_message(timeout=_WAIT_S)
                if message is not None:
                    self._hear(message)
        except _ERRORS as error:
            _logger.warning("what is held is looked at every second for now: changes cannot be heard: %r", error)
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            # At first, and whenever the connection was lost: what changed meanwhile is not known.
            self._subscribed = True
            self._tell([ANYTHING])
        elif message["type"] == "message":
            names = message["data"].decode().split(" ")
            if self._proof in names:
                self._proven.set()
            self._tell(names)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
