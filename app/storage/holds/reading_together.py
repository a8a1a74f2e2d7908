"""Questions that are asked at the same moment share one round trip, and equal ones one answer."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from itertools import chain
from typing import Generic, TypeVar

Question = TypeVar("Question", bound=Hashable)
Answer = TypeVar("Answer")

_MOST_TOGETHER = 32
"""Different questions of one round trip: those who asked little should not wait long for those who asked much."""


class ReadingTogether(Generic[Question, Answer]):
    """Reads for everybody who asks before a read begins, so that each sees what stood when they asked, or later.

    Under load most of a read's cost is the trip, and widgets ask the same questions. Nothing is kept: who asks when a
    read is under way waits for the next.
    """

    def __init__(self, read: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]]) -> None:
        """Read with `read`, which answers questions in their order or raises, and ends by itself."""
        self._read = read
        self._waiting: dict[Question, list[asyncio.Future[Answer]]] = {}
        self._under_way = set[asyncio.Future[Sequence[Answer]]]()

    async def answer(self, question: Question) -> Answer:
        """Answer a question, or raise what the read of it raises."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            # Whoever else is ready to run in this round of the loop asks before it.
            loop.call_soon(self._begin)
        answer: asyncio.Future[Answer] = loop.create_future()
        self._waiting.setdefault(question, []).append(answer)
        if len(self._waiting) == _MOST_TOGETHER:
            self._begin()
        return await answer

    def _begin(self) -> None:
        waiting, self._waiting = self._waiting, {}
        if waiting:
            reading = asyncio.ensure_future(self._read([*waiting]))
            self._under_way.add(reading)
            reading.add_done_callback(lambda _: self._end(reading, waiting))

    def _end(
        self,
        reading: asyncio.Future[Sequence[Answer]],
        waiting: dict[Question, list[asyncio.Future[Answer]]],
    ) -> None:
        self._under_way.discard(reading)
        error = asyncio.CancelledError() if reading.cancelled() else reading.exception()
        if error is not None:
            for future in chain.from_iterable(waiting.values()):
                if not future.done():
                    future.set_exception(error)
            return
        for futures, answer in zip(waiting.values(), reading.result(), strict=True):
            for future in futures:
                if not future.done():
                    future.set_result(answer)
