"""Which of the watched questions is looked at next, when more are due than can be looked at at once."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from typing import TypeAlias

_Line: TypeAlias = dict[Hashable, asyncio.Future[None]]


class WatchQueue:
    """Lets a few look at once: first whoever hurries, then the others, each in the order they came."""

    def __init__(self, at_once: int, for_hurried: int) -> None:
        """Let `at_once` look, of whom `for_hurried` only ever hurry."""
        self._free = at_once
        self._for_hurried = for_hurried
        self._hurried: _Line = {}
        self._patient: _Line = {}

    @asynccontextmanager
    async def turn(self, watch: Hashable, *, hurried: bool) -> AsyncIterator[None]:
        """Wait until it is a watch's turn, and let it look while the block runs; it may be in the queue but once."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line = self._hurried if hurried else self._patient
        line[watch] = turn
        self._go_on()
        try:
            await turn
            yield
        finally:
            # Whoever stops waiting has no turn to pass on, unless it came in the same moment.
            if turn.cancelled():
                self._hurried.pop(watch, None)
                self._patient.pop(watch, None)
            else:
                self._free += 1
                self._go_on()

    def hurry(self, watch: Hashable) -> None:
        """Let a watch that waits do so among the hurried from now on, as the last of them."""
        turn = self._patient.pop(watch, None)
        if turn is not None:
            self._hurried[watch] = turn
            self._go_on()

    def _go_on(self) -> None:
        for line, kept_free in ((self._hurried, 0), (self._patient, self._for_hurried)):
            while line and self._free > kept_free:
                turn = line.pop(next(iter(line)))
                if not turn.cancelled():
                    self._free -= 1
                    turn.set_result(None)
