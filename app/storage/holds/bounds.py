"""How much is asked of the store of holds at once, and how long it may take to answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.exceptions import RedisClusterException, RedisError

from app.services.errors import StoreUnavailableError

_AT_ONCE = 100
"""How many operations are under way at once, and so connections to each server; the others wait, within their time."""


class Bounds:
    """Bounds the operations of one adapter."""

    def __init__(self, deadline_s: float) -> None:
        """Give each operation `deadline_s`, its wait for its turn included."""
        self._deadline_s = deadline_s
        self._turns = asyncio.Semaphore(_AT_ONCE)

    @asynccontextmanager
    async def answered(self) -> AsyncIterator[None]:
        """Do one operation.

        Raises
        ------
        StoreUnavailableError
            In place of the driver's errors, and if it takes too long.
        """
        try:
            async with asyncio.timeout(self._deadline_s), self._turns:
                yield
        except (RedisError, RedisClusterException, OSError, TimeoutError) as error:
            raise StoreUnavailableError("redis") from error
        except RuntimeError as error:
            # What uvloop says of a write to a connection that was just reset; redis-py lets it through.
            if "handler is closed" not in str(error):
                raise
            raise StoreUnavailableError("redis") from error
