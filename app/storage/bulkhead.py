"""A bulkhead: how many use something at a time, so that a crowd at it takes down nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Bulkhead:
    """So many at a time; the others wait, in the order they came and for a bounded time."""

    def __init__(self, at_once: int, patience_s: float) -> None:
        """Let `at_once` in together, and nobody wait longer than `patience_s`."""
        self._free = asyncio.Semaphore(at_once)
        self._patience_s = patience_s

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place, and have it for the block.

        Raises
        ------
        TimeoutError
            If it does not come in time.
        """
        if self._free.locked():
            async with asyncio.timeout(self._patience_s):
                await self._free.acquire()
        else:
            # It does not wait, and a timeout costs more than all the rest.
            await self._free.acquire()
        try:
            yield
        finally:
            self._free.release()
