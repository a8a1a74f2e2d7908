"""Use case: list the slots of several questions at once, as far as there is time."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.domain.errors import HoldfastError
from app.services.deadlines import before, in_seconds
from app.services.errors import StoreUnavailableError
from app.services.find_slots import FoundSlots, SlotFinder, SlotsQuestion

Told = TypeVar("Told")
Told_co = TypeVar("Told_co", covariant=True)


@dataclass(frozen=True, slots=True)
class BatchQuestion(Generic[Told_co]):
    """A question of a batch."""

    question: SlotsQuestion
    tell: Callable[[FoundSlots], Told_co]
    """Makes of an answer what is kept of it, as soon as it is found: so its time counts, and no more than a few of a
    batch's answers are there as slots at once."""


class BatchFinder:
    """Answers batches of questions. Holds nothing between them."""

    def __init__(self, finder: SlotFinder, at_once: int) -> None:
        """Answer each question as `finder` does, of all batches together `at_once` at a time."""
        self._finder = finder
        self._at_once = at_once
        self._turns = asyncio.Semaphore(at_once)

    async def find(self, items: Sequence[BatchQuestion[Told] | Exception], seconds: float) -> list[Told | Exception]:
        """Answer every question, in order, or say why not; those that no time is left for are refused.

        An item that could not be read is an exception, which is what becomes of it.

        Raises
        ------
        StoreUnavailableError
            If a store is away and nothing could be answered.
        """
        deadline = in_seconds(seconds)
        # Those of one batch wait among themselves first: so a small batch takes turns with a large one.
        own_turns = asyncio.Semaphore(self._at_once)
        async with asyncio.TaskGroup() as group:
            tasks = {
                number: group.create_task(self._found(item, own_turns, deadline))
                for number, item in enumerate(items)
                if isinstance(item, BatchQuestion)
            }
        outcomes = [
            item if isinstance(item, Exception) else tasks[number].result() for number, item in enumerate(items)
        ]
        if all(isinstance(one, Exception) for one in outcomes):
            for one in outcomes:
                if isinstance(one, StoreUnavailableError):
                    raise one
        return outcomes

    async def _found(
        self, item: BatchQuestion[Told], own_turns: asyncio.Semaphore, deadline: float
    ) -> Told | HoldfastError:
        try:
            async with before(deadline), own_turns, self._turns:
                return item.tell(await self._finder.find(item.question))
        except HoldfastError as refusal:
            return refusal
