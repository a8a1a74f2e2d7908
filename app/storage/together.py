"""What is asked of a store at the same moment shares a round trip."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context, copy_context
from typing import Generic, TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

_MOST_TOGETHER = 32
"""Items of one round trip, where each is little."""
_FEW = 3
"""Items under way that are no crowd: while there is little to do, nobody need wait."""


class Together(Generic[Item, Outcome]):
    """Does at once what everybody asks for who is ready to, so that each sees what stood when they asked, or later.

    Under load most of what a round trip costs is the trip, not what is done. A trip that nobody waits for any more is
    called off: what it did later it would do for nobody, perhaps after its asker tried to undo it.
    """

    def __init__(
        self,
        do: Callable[[Sequence[Item]], Awaitable[Sequence[Outcome]]],
        patience_s: float = 0.0,
        most: int = _MOST_TOGETHER,
    ) -> None:
        """Do it with `do`, which returns outcomes in the order of items or raises, and ends by itself.

        No more than `most` share a round trip: those who asked little should not wait long for those who asked much.
        In a crowd whoever asks waits for the end of a round trip that is under way, so that the more is asked, the
        fewer trips it takes: but no longer than `patience_s`, as it may hang, and not when enough wait for a full one.
        """
        self._do = do
        self._patience_s = patience_s
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Outcome], Context]] = []
        self._next: asyncio.Handle | None = None
        """When those who wait begin."""
        self._under_way: dict[asyncio.Future[Sequence[Outcome]], list[asyncio.Future[Outcome]]] = {}
        """Round trips, and what becomes of their items."""

    async def done(self, item: Item) -> Outcome:
        """Return what came of an item, or raise what was raised for all."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            # Whoever else is ready to run in this round of the loop asks before it.
            is_crowd = sum(map(len, self._under_way.values())) > _FEW
            self._next = loop.call_later(self._patience_s if is_crowd else 0, self._begin)
        outcome: asyncio.Future[Outcome] = loop.create_future()
        self._waiting.append((item, outcome, copy_context()))
        if len(self._waiting) == self._most:
            self._begin()
        try:
            return await outcome
        except asyncio.CancelledError:
            self._leave(outcome)
            raise

    def _begin(self) -> None:
        if self._next is not None:
            self._next.cancel()
        waiting, self._waiting = [one for one in self._waiting if not one[1].done()], []
        if waiting:
            items, outcomes = [one[0] for one in waiting], [one[1] for one in waiting]
            # What several share is done in nobody's name: traces, logs and times of one request are not the others'.
            context = waiting[0][2] if len(waiting) == 1 else Context()
            doing = asyncio.get_running_loop().create_task(self._outcomes(items), context=context)
            self._under_way[doing] = outcomes
            doing.add_done_callback(self._end)

    async def _outcomes(self, items: Sequence[Item]) -> Sequence[Outcome]:
        outcomes = await self._do(items)
        if len(outcomes) != len(items):
            raise ValueError(f"there are {len(outcomes)} outcomes of {len(items)} items")
        return outcomes

    def _leave(self, outcome: asyncio.Future[Outcome]) -> None:
        for doing, outcomes in self._under_way.items():
            if outcome in outcomes and all(one.cancelled() for one in outcomes):
                doing.cancel()

    def _end(self, done: asyncio.Future[Sequence[Outcome]]) -> None:
        _tell(done, self._under_way.pop(done))
        if self._waiting and self._next is not None:
            self._next.cancel()
            # Those who were just told may ask for more in this round of the loop.
            self._next = asyncio.get_running_loop().call_soon(self._begin)


def _tell(done: asyncio.Future[Sequence[Outcome]], outcomes: list[asyncio.Future[Outcome]]) -> None:
    error = asyncio.CancelledError() if done.cancelled() else done.exception()
    if error is not None:
        for future in outcomes:
            if not future.done():
                future.set_exception(error)
        return
    for future, outcome in zip(outcomes, done.result(), strict=True):
        if not future.done():
            future.set_result(outcome)
