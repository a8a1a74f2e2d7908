"""What is remembered, for how long, and how much of it."""

import asyncio
from collections.abc import Iterable

from app.services.memory import Memory
from app.services.sources import ANYTHING


class Reading:
    """Reads numbers and counts how often; waits before that, if told to."""

    def __init__(self) -> None:
        self.times = 0
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def __call__(self) -> int:
        await self.go_on.wait()
        self.times += 1
        return self.times


async def recalled(memory: Memory, key: str, reading: Reading, sources: Iterable[str] = ("a",), weight: int = 0) -> int:
    return await memory.recall(key, reading, lambda _: sources, lambda _: weight)


async def test_what_was_read_is_remembered_by_its_key() -> None:
    memory, reading = Memory(10), Reading()
    assert [await recalled(memory, key, reading) for key in "xxyx"] == [1, 1, 2, 1]


async def test_a_change_drops_what_was_read_from_it_and_nothing_else() -> None:
    memory, one, other = Memory(10), Reading(), Reading()
    for _ in range(2):
        await recalled(memory, "x", one, ("a", "b"))
        await recalled(memory, "y", other, ("c",))
        memory.forget(["b", "unknown"])
    assert (one.times, other.times) == (2, 1)


async def test_after_something_that_may_be_anything_nothing_is_known() -> None:
    memory, reading = Memory(10), Reading()
    await recalled(memory, "x", reading, ())
    memory.forget([ANYTHING])
    assert await recalled(memory, "x", reading) == 2


async def test_a_read_that_a_change_overtakes_is_not_kept() -> None:
    for change, kept in (("a", False), (ANYTHING, False), ("b", True)):
        memory, reading = Memory(10), Reading()
        reading.go_on.clear()
        under_way = asyncio.create_task(recalled(memory, "x", reading))
        await asyncio.sleep(0)
        memory.forget([change])
        reading.go_on.set()
        assert await under_way == 1
        assert await recalled(memory, "x", reading) == (1 if kept else 2)


async def test_a_read_that_fails_leaves_nothing() -> None:
    memory, reading = Memory(10), Reading()

    async def fail() -> int:
        raise OSError

    for _ in range(2):
        try:
            await memory.recall("x", fail, lambda _: ("a",), lambda _: 0)
        except OSError:
            continue
        raise AssertionError
    assert await recalled(memory, "x", reading) == 1
    assert memory.weight == 2


async def test_no_more_is_kept_than_may_be_and_the_least_asked_for_goes() -> None:
    memory, reading = Memory(10), Reading()
    for key in ("x", "y", "x", "z"):
        await recalled(memory, key, reading, weight=3)
    assert reading.times == 3
    assert memory.weight == 10
    await recalled(memory, "x", reading, weight=3)
    assert reading.times == 3
    await recalled(memory, "y", reading, weight=3)
    assert reading.times == 4


async def test_what_is_too_heavy_for_all_of_it_is_not_kept() -> None:
    memory, reading = Memory(10), Reading()
    await recalled(memory, "x", reading, weight=9)
    assert await recalled(memory, "x", reading, weight=8) == 2
    assert await recalled(memory, "x", reading, weight=8) == 2


async def test_what_went_leaves_no_trace_under_its_sources() -> None:
    memory, reading = Memory(10), Reading()
    for number in range(1_000):
        await recalled(memory, str(number), reading, (f"source {number}",), weight=3)
    by_source = memory._kept._by_source
    assert sum(map(len, by_source.values())) == len(by_source) == 2


async def test_what_it_was_read_from_weighs_too() -> None:
    memory, reading = Memory(1_000), Reading()
    await recalled(memory, "x", reading, [f"b{number}" for number in range(500)])
    assert memory.weight == 501


async def test_what_is_read_twice_at_once_is_known_by_the_later_ones_sources() -> None:
    memory, reading = Memory(10), Reading()
    reading.go_on.clear()
    one = asyncio.create_task(recalled(memory, "x", reading, ("a",)))
    await asyncio.sleep(0)
    memory.forget(["unknown"])
    other = asyncio.create_task(recalled(memory, "x", reading, ("b",)))
    await asyncio.sleep(0)
    reading.go_on.set()
    await asyncio.gather(one, other)
    memory.forget(["a"])
    assert await recalled(memory, "x", reading) == 2
    memory.forget(["b"])
    assert await recalled(memory, "x", reading) == 3
    memory.forget(["a", "b", ANYTHING])
    assert memory.weight == 0


async def under_way(memory: Memory, reading: Reading, number: int) -> list["asyncio.Task[int]"]:
    """Let so many ask for the same, with the read held up."""
    reading.go_on.clear()
    asking = [asyncio.create_task(recalled(memory, "x", reading)) for _ in range(number)]
    await asyncio.sleep(0)
    return asking


async def test_those_who_ask_for_the_same_wait_for_one_read() -> None:
    memory, reading = Memory(10), Reading()
    asking = await under_way(memory, reading, 3)
    reading.go_on.set()
    assert await asyncio.gather(*asking) == [1, 1, 1]


async def test_who_asks_after_a_change_waits_for_no_read_that_began_before_it() -> None:
    memory, reading = Memory(10), Reading()
    before = await under_way(memory, reading, 2)
    memory.forget(["a"])
    after = await under_way(memory, reading, 2)
    reading.go_on.set()
    assert await asyncio.gather(*before, *after) == [1, 1, 2, 2]
    assert await recalled(memory, "x", reading) == 2


async def test_a_read_whose_first_asker_leaves_is_begun_again() -> None:
    memory, reading = Memory(10), Reading()
    first, *others = await under_way(memory, reading, 3)
    first.cancel()
    await asyncio.sleep(0)
    reading.go_on.set()
    assert await asyncio.gather(*others) == [1, 1]


async def test_who_leaves_takes_nobody_along() -> None:
    memory, reading = Memory(10), Reading()
    first, second, third = await under_way(memory, reading, 3)
    second.cancel()
    await asyncio.sleep(0)
    reading.go_on.set()
    assert [await first, await third] == [1, 1]
    assert second.cancelled()


async def test_a_failure_is_everybodys_who_waited_and_of_nobody_after() -> None:
    memory, reading, fail = Memory(10), Reading(), asyncio.Event()

    async def failing() -> int:
        await fail.wait()
        raise OSError

    asking = [asyncio.create_task(memory.recall("x", failing, lambda _: ("a",), lambda _: 0)) for _ in range(3)]
    await asyncio.sleep(0)
    fail.set()
    assert [type(one) for one in await asyncio.gather(*asking, return_exceptions=True)] == [OSError] * 3
    assert await recalled(memory, "x", reading) == 1
