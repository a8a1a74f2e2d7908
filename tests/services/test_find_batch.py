"""Batches of questions, with a finder that does what a test says."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from typing_extensions import override

from app.domain.errors import EventTypeNotFoundError
from app.domain.reference import ById
from app.services.errors import StoreUnavailableError, TooSlowError
from app.services.find_batch import BatchFinder, BatchQuestion
from app.services.find_slots import FoundSlots, SlotFinder, SlotsQuestion

NOTHING = FoundSlots(starts=[], length=30, only_first=False, seats=None, seated={}, without_holds=False)
AWAY, MISSING, UNREADABLE = StoreUnavailableError("postgres"), EventTypeNotFoundError(9), ValueError()
FOUND, WAITS, STORE_AWAY, NO_SUCH, BROKEN = range(1, 6)
"""Event types, by what comes of asking for them."""


class Finder(SlotFinder):
    """Finds nothing, or does not even that, by the event type."""

    def __init__(self) -> None:
        self.given_up = 0
        self._ways: dict[int, Callable[[], Awaitable[FoundSlots]]] = {
            FOUND: self._found,
            WAITS: self._waits,
            STORE_AWAY: self._away,
            NO_SUCH: self._missing,
            BROKEN: self._broken,
        }

    @override
    async def find(self, question: SlotsQuestion) -> FoundSlots:
        assert isinstance(question.reference, ById)
        return await self._ways[question.reference.event_type_id]()

    async def _found(self) -> FoundSlots:
        return NOTHING

    async def _waits(self) -> FoundSlots:
        try:
            await asyncio.sleep(60)
        finally:
            self.given_up += 1
        return NOTHING

    async def _away(self) -> FoundSlots:
        raise AWAY

    async def _missing(self) -> FoundSlots:
        raise MISSING

    async def _broken(self) -> FoundSlots:
        await asyncio.sleep(0)
        raise ZeroDivisionError


def asked(*event_type_ids: int) -> list[BatchQuestion[str] | Exception]:
    """Ask for these; what is told of each is its number."""

    def question(number: int, event_type_id: int) -> BatchQuestion[str]:
        return BatchQuestion(SlotsQuestion(reference=ById(event_type_id), window=(0, 1)), lambda _: f"answer {number}")

    return [question(*one) for one in enumerate(event_type_ids)]


async def test_outcomes_are_in_order() -> None:
    items = [*asked(FOUND, NO_SUCH, FOUND), UNREADABLE]
    assert await BatchFinder(Finder(), 1).find(items, 1) == ["answer 0", MISSING, "answer 2", UNREADABLE]


async def test_what_takes_too_long_is_given_up() -> None:
    finder = Finder()
    slow, quick, waiting = await BatchFinder(finder, 2).find(asked(WAITS, FOUND, WAITS), 0.05)
    assert isinstance(slow, TooSlowError)
    assert quick == "answer 1"
    assert isinstance(waiting, TooSlowError)
    assert finder.given_up == 2


async def test_who_waits_for_the_turns_of_another_batch_waits_no_longer() -> None:
    batches = BatchFinder(Finder(), 1)
    blocking = asyncio.create_task(batches.find(asked(WAITS), 0.3))
    await asyncio.sleep(0)
    [outcome] = await batches.find(asked(FOUND), 0.05)
    assert isinstance(outcome, TooSlowError)
    await blocking
    assert await batches.find(asked(FOUND), 0.05) == ["answer 0"]


async def test_a_store_that_is_away_is_told_by_item_if_anything_was_answered() -> None:
    assert await BatchFinder(Finder(), 1).find(asked(STORE_AWAY, FOUND), 1) == [AWAY, "answer 1"]


async def test_a_store_that_is_away_ends_a_batch_of_which_nothing_was_answered() -> None:
    with pytest.raises(StoreUnavailableError):
        await BatchFinder(Finder(), 2).find([UNREADABLE, *asked(NO_SUCH, STORE_AWAY, WAITS)], 0.05)


async def test_a_mistake_of_ours_is_not_told_as_a_refusal_and_ends_the_others() -> None:
    finder = Finder()
    with pytest.raises(ExceptionGroup) as raised:
        await BatchFinder(finder, 2).find(asked(WAITS, BROKEN), 30)
    assert [type(one) for one in raised.value.exceptions] == [ZeroDivisionError]
    assert finder.given_up == 1
