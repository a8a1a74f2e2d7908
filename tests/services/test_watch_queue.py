"""In which order watched questions are looked at."""

import asyncio

from app.services.watch_queue import WatchQueue


class Looking:
    """Watches that have their turn until told to be done."""

    def __init__(self, queue: WatchQueue) -> None:
        self.queue = queue
        self.begun: list[str] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._done: dict[str, asyncio.Event] = {}

    async def come(self, *names: str, hurried: bool = False) -> None:
        for name in names:
            self._done[name] = asyncio.Event()
            self._tasks[name] = asyncio.create_task(self._look(name, hurried=hurried))
            await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _look(self, name: str, *, hurried: bool) -> None:
        async with self.queue.turn(name, hurried=hurried):
            self.begun.append(name)
            await self._done[name].wait()

    async def end(self, *names: str) -> None:
        for name in names:
            self._done[name].set()
            await self._tasks[name]
        await asyncio.sleep(0)

    async def end_and_cancel(self, name: str, other: str) -> None:
        """Let one be done, and cancel another whose turn came by that before it can begin."""
        self._done[name].set()
        asyncio.get_running_loop().call_soon(self._tasks[other].cancel)
        await asyncio.wait([self._tasks[name], self._tasks[other]])
        await asyncio.sleep(0)

    async def leave(self, name: str) -> None:
        self._tasks[name].cancel()
        await asyncio.wait([self._tasks[name]])
        await asyncio.sleep(0)


async def test_each_has_a_turn_in_the_order_they_came() -> None:
    looking = Looking(WatchQueue(hurried=1, patient=2))
    await looking.come("a", "b", "c", "d")
    assert looking.begun == ["a", "b"]
    await looking.end("b", "a", "c", "d")
    assert looking.begun == ["a", "b", "c", "d"]


async def test_neither_waits_for_the_others() -> None:
    looking = Looking(WatchQueue(hurried=2, patient=1))
    await looking.come("a", "b")
    await looking.come("x", "y", "z", hurried=True)
    assert looking.begun == ["a", "x", "y"]
    await looking.end("a", "b")
    assert looking.begun == ["a", "x", "y", "b"]
    await looking.end("x", "y", "z")
    assert looking.begun[-1] == "z"


async def test_who_begins_to_hurry_while_waiting_goes_before_the_others() -> None:
    looking = Looking(WatchQueue(hurried=1, patient=1))
    await looking.come("a", "b", "c")
    looking.queue.hurry("c")
    looking.queue.hurry("a")
    await asyncio.sleep(0)
    assert looking.begun == ["a", "c"]
    await looking.end("a", "c", "b")


async def test_who_leaves_takes_no_turn_along() -> None:
    """Be it before the turn comes, in the same moment or during it."""
    looking = Looking(WatchQueue(hurried=1, patient=1))
    await looking.come("during", "same", "before", "last")
    await looking.leave("before")
    await looking.end_and_cancel("during", "same")
    assert looking.begun == ["during", "last"]
    await looking.leave("last")
    await looking.come("next")
    assert looking.begun[-1] == "next"
    await looking.end("next")
