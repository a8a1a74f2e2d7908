"""Which of the watched questions is looked at next, when more are due than can be looked at at once."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class _Line:
    """Those who wait, in the order they came, and the places that are free for them."""

    def __init__(self, places: int) -> None:
        self.waiting: dict[Hashable, asyncio.Future[_Line]] = {}
        self._free = places

    def go_on(self) -> None:
        while self.waiting and self._free:
            turn = self.waiting.pop(next(iter(self.waiting)))
            if not turn.cancelled():
                self._free -= 1
                turn.set_result(self)

    def leave(self) -> None:
        self._free += 1
        self.go_on()


class WatchQueue:
    """Lets a few look at once. Whoever hurries has places of their own, and so has everybody else: nobody starves."""

    def __init__(self, *, hurried: int, patient: int) -> None:
        """Let so many of those who hurry look, and so many of the others."""
        self._hurried = _Line(hurried)
        self._patient = _Line(patient)

    @asynccontextmanager
    async def turn(self, watch: Hashable, *, hurried: bool) -> AsyncIterator[None]:
        """Wait until it is a watch's turn, and let it look while the block runs; it may be in the queue but once."""
        turn: asyncio.Future[_Line] = asyncio.get_running_loop().create_future()
        line = self._hurried if hurried else self._patient
        line.waiting[watch] = turn
        line.go_on()
        try:
            await turn
            yield
        finally:
            # Whoever stops waiting has no place to give back, unless it came in the same moment.
            if turn.cancelled():
                self._hurried.waiting.pop(watch, None)
                self._patient.waiting.pop(watch, None)
            else:
                turn.result().leave()

    def hurry(self, watch: Hashable) -> None:
        """Let a watch that waits do so among the hurried from now on, as the last of them."""
        turn = self._patient.waiting.pop(watch, None)
        if turn is not None:
            self._hurried.waiting[watch] = turn
            self._hurried.go_on()
