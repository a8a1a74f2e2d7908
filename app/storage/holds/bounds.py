"""How much is asked of the store of holds at once, and how long it may take to answer."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext

from redis.exceptions import RedisClusterException, RedisError

from app.services.errors import StoreUnavailableError
from app.storage.breaker import Breaker
from app.storage.bulkhead import Bulkhead

_AT_ONCE = 100
"""How many operations are under way at once, and so connections to each server; the others wait, within their time."""
_WAIT_FOR_PLACE = 5
"""How many deadlines: the others' work is no fault of the server's."""


class Bounds:
    """Bounds the operations of one adapter."""

    def __init__(self, deadline_s: float, breaker: Breaker | None = None) -> None:
        """Give each operation `deadline_s`, and five times as long to wait for its turn in a crowd."""
        self._breaker = breaker
        self._deadline_s = deadline_s
        self._bulkhead = Bulkhead(_AT_ONCE, deadline_s * _WAIT_FOR_PLACE)

    @asynccontextmanager
    async def answered(self) -> AsyncIterator[None]:
        """Do one operation when its turn comes.

        Raises
        ------
        StoreUnavailableError
            As `asked`.
        """
        with driver_errors():
            if self._breaker is not None:
                self._breaker.check()
            async with self._bulkhead.place(), self.asked():
                yield

    @asynccontextmanager
    async def asked(self) -> AsyncIterator[None]:
        """Do one operation at once: something else bounds how many are under way.

        Raises
        ------
        StoreUnavailableError
            In place of the driver's errors, if it takes too long, and at once while the store is mute.
        """
        with driver_errors(), nullcontext() if self._breaker is None else self._breaker.asked():
            async with asyncio.timeout(self._deadline_s):
                yield


@contextmanager
def driver_errors() -> Iterator[None]:
    """Turn the driver's errors into the service's own.

    Raises
    ------
    StoreUnavailableError
        In place of any of them.
    """
    try:
        yield
    except (RedisError, RedisClusterException, OSError, TimeoutError) as error:
        raise StoreUnavailableError("redis") from error
    except RuntimeError as error:
        # What uvloop says of a write to a connection that was just reset; redis-py lets it through.
        if "handler is closed" not in str(error):
            raise
        raise StoreUnavailableError("redis") from error
