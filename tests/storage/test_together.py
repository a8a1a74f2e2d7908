"""What is asked for at the same moment shares a round trip; what comes of it is never older than the asking."""

import asyncio
from collections.abc import Sequence
from contextvars import ContextVar

import pytest

from app.services.errors import StoreUnavailableError
from app.storage.together import Together


class Store:
    """Answers with how many writes there were, slowly."""

    def __init__(self) -> None:
        self.writes = 0
        self.reads: list[list[str]] = []
        self.away = False

    async def read(self, questions: Sequence[str]) -> list[str]:
        self.reads.append([*questions])
        writes = self.writes
        await asyncio.sleep(0.01)
        if self.away:
            raise StoreUnavailableError("redis")
        return [f"{question} {writes}" for question in questions]


async def test_who_asks_at_once_shares_a_read() -> None:
    store = Store()
    together = Together(store.read)

    answers = await asyncio.gather(*map(together.done, ["a", "b", "a"]))

    assert answers == ["a 0", "b 0", "a 0"]
    assert store.reads == [["a", "b", "a"]]


async def test_who_asks_while_a_read_is_under_way_has_one_of_its_own() -> None:
    store = Store()
    together = Together(store.read)
    early = asyncio.ensure_future(together.done("a"))
    await asyncio.sleep(0.005)
    store.writes = 1

    assert await together.done("a") == "a 1"

    assert await early == "a 0"


class SlowStore:
    """Answers when it may."""

    def __init__(self) -> None:
        self.reads: list[list[str]] = []
        self.may_answer = asyncio.Event()

    async def read(self, questions: Sequence[str]) -> list[str]:
        self.reads.append([*questions])
        await self.may_answer.wait()
        return [*questions]


async def test_in_a_crowd_who_can_wait_shares_the_read_after_the_one_under_way() -> None:
    store = SlowStore()
    together = Together(store.read, patience_s=60)
    asking = [asyncio.ensure_future(together.done("a")) for _ in range(4)]
    await asyncio.sleep(0.001)
    for question in "bcd":
        asking.append(asyncio.ensure_future(together.done(question)))
        await asyncio.sleep(0.001)
    store.may_answer.set()

    assert await asyncio.wait_for(asyncio.gather(*asking), 5) == ["a", "a", "a", "a", "b", "c", "d"]
    assert store.reads == [["a"] * 4, ["b", "c", "d"]]
    assert await together.done("e") == "e"


async def test_where_little_is_under_way_nobody_waits() -> None:
    store = SlowStore()
    together = Together(store.read, patience_s=60)
    asking = [asyncio.ensure_future(together.done("a")) for _ in range(3)]
    await asyncio.sleep(0.001)
    asking.append(asyncio.ensure_future(together.done("b")))
    await asyncio.sleep(0.001)

    assert store.reads == [["a"] * 3, ["b"]]
    store.may_answer.set()
    await asyncio.gather(*asking)


async def test_nobody_waits_long_for_a_read_that_hangs() -> None:
    async def read(questions: Sequence[str]) -> Sequence[str]:
        if "a" in questions:
            await asyncio.Event().wait()
        return questions

    together = Together(read, patience_s=0.01)
    hanging = [asyncio.ensure_future(together.done("a")) for _ in range(4)]
    await asyncio.sleep(0.005)

    assert await asyncio.wait_for(together.done("b"), 5) == "b"

    for one in hanging:
        assert not one.done()
        one.cancel()


async def test_many_questions_are_some_reads() -> None:
    store = Store()
    together = Together(store.read)
    questions = [str(number) for number in range(80)]

    answers = await asyncio.gather(*map(together.done, questions))

    assert answers == [f"{question} 0" for question in questions]
    assert list(map(len, store.reads)) == [32, 32, 16]


async def test_all_are_told_that_the_store_is_away_and_the_next_who_asks_may_find_it_back() -> None:
    store = Store()
    together = Together(store.read)
    store.away = True

    answers = await asyncio.gather(*map(together.done, ["a", "b", "a"]), return_exceptions=True)

    assert [type(answer) for answer in answers] == [StoreUnavailableError] * 3
    store.away = False
    assert await together.done("a") == "a 0"


async def test_what_was_not_begun_is_not_done_for_who_leaves() -> None:
    store = SlowStore()
    together = Together(store.read, patience_s=60)
    staying = [asyncio.ensure_future(together.done("a")) for _ in range(4)]
    await asyncio.sleep(0.001)
    leaving = asyncio.ensure_future(together.done("b"))
    await asyncio.sleep(0.001)
    leaving.cancel()
    store.may_answer.set()
    await asyncio.gather(*staying)

    assert await together.done("c") == "c"
    assert store.reads == [["a"] * 4, ["c"]]


async def test_who_leaves_takes_nothing_from_the_others() -> None:
    store = Store()
    together = Together(store.read)
    leaving, staying = (asyncio.ensure_future(together.done("a")) for _ in range(2))
    await asyncio.sleep(0.005)
    leaving.cancel()

    assert await staying == "a 0"

    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_what_nobody_waits_for_any_more_is_called_off() -> None:
    """Done later, it would be done for nobody, and perhaps after its asker tried to undo it."""
    store, done = Store(), list[Sequence[str]]()

    async def write(questions: Sequence[str]) -> list[str]:
        answers = await store.read(questions)
        done.append(questions)
        return answers

    together = Together(write)
    for left_after_s in (0, 0.005):
        leaving = [asyncio.ensure_future(together.done("a")) for _ in range(3)]
        await asyncio.sleep(left_after_s)
        for one in leaving:
            one.cancel()
        await asyncio.wait(leaving)
    await asyncio.sleep(0.02)
    assert done == []


WHOSE: ContextVar[str] = ContextVar("WHOSE", default="nobody's")


async def test_what_is_shared_is_done_in_nobodys_name() -> None:
    seen = []

    async def read(questions: Sequence[str]) -> Sequence[str]:
        seen.append(WHOSE.get())
        return questions

    together = Together(read)

    async def ask(name: str) -> str:
        WHOSE.set(name)
        return await together.done(name)

    await asyncio.gather(ask("a"), ask("b"))
    await asyncio.create_task(ask("c"))
    assert seen == ["nobody's", "c"]


async def test_too_few_outcomes_keep_nobody_waiting() -> None:
    async def read(_: Sequence[str]) -> list[str]:
        return []

    async with asyncio.timeout(5):
        with pytest.raises(ValueError, match="0 outcomes of 1"):
            await Together(read).done("a")
