"""What is asked of a store at the same moment shares a round trip."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass
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

    _loop: asyncio.AbstractEventLoop
    """That of those who wait."""

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
        self._under_way: set[_Trip[Outcome]] = set()

    async def done(self, item: Item) -> Outcome:
        """Return what came of an item, or raise what was raised for all."""
        if not self._waiting:
            # Asked for once: before Python 3.12 that is a call of the system.
            self._loop = asyncio.get_running_loop()
            # Whoever else is ready to run in this round of the loop asks before it.
            is_crowd = sum(len(trip.outcomes) for trip in self._under_way) > _FEW
            self._next = self._loop.call_later(self._patience_s if is_crowd else 0, self._begin)
        outcome: asyncio.Future[Outcome] = self._loop.create_future()
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
            trip = _Trip([one[1] for one in waiting])
            self._under_way.add(trip)
            # What several share is done in nobody's name: traces, logs and times of one request are not the others'.
            context = waiting[0][2] if len(waiting) == 1 else Context()
            making = self._make(trip, [one[0] for one in waiting])
            trip.making = self._loop.create_task(making, context=context)

    async def _make(self, trip: "_Trip[Outcome]", items: Sequence[Item]) -> None:
        # Told from here and not when the task is done, which would be a round of the loop later.
        try:
            trip.tell(await self._do(items))
        except Exception as error:  # noqa: BLE001 - theirs to handle
            trip.fail(error)
        except BaseException as error:
            trip.fail(error)
            raise
        finally:
            self._end(trip)

    def _leave(self, outcome: asyncio.Future[Outcome]) -> None:
        for trip in self._under_way:
            if trip.making is not None and outcome in trip.outcomes and all(one.cancelled() for one in trip.outcomes):
                trip.making.cancel()

    def _end(self, trip: "_Trip[Outcome]") -> None:
        self._under_way.remove(trip)
        if self._waiting and self._next is not None:
            self._next.cancel()
            # Those who were just told may ask for more in this round of the loop.
            self._next = self._loop.call_soon(self._begin)


@dataclass(slots=True, eq=False)
class _Trip(Generic[Outcome]):
    """A round trip under way."""

    outcomes: list[asyncio.Future[Outcome]]
    """What becomes of its items."""
    making: asyncio.Task[None] | None = None

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        if len(outcomes) != len(self.outcomes):
            raise ValueError(f"there are {len(outcomes)} outcomes of {len(self.outcomes)} items")
        for future, outcome in zip(self.outcomes, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)

    def fail(self, error: BaseException) -> None:
        for future in self.outcomes:
            if not future.done():
                future.set_exception(error)
