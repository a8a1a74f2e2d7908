"""When a store counts as mute, and that it never does for longer than it is."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from app.services.errors import StoreUnavailableError
from app.storage.breaker import Breaker

PATIENCE_S = 0.05
LONG_S = 5.0
"""Far more than any of these takes."""


class Store:
    """Answers, or is silent until it is told to answer."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.pings = 0

    async def ping(self) -> None:
        self.pings += 1
        await self.answers.wait()


async def forget() -> None:
    """Close nothing."""


async def forget_in_vain() -> None:
    """What redis-py raises where the other end of a TLS connection never says goodbye."""
    raise TimeoutError


def breaker_of(store: Store, forget_connections: Callable[[], Awaitable[None]] = forget) -> Breaker:
    return Breaker("redis", ping=store.ping, patience_s=PATIENCE_S, forget_connections=forget_connections)


async def ask_in_vain(breaker: Breaker) -> None:
    with breaker.asked():
        await asyncio.sleep(PATIENCE_S)
        raise TimeoutError


async def miss_a_deadline(breaker: Breaker) -> None:
    with pytest.raises(TimeoutError):
        await ask_in_vain(breaker)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONG_S):
        while not holds():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("forget_connections", [forget, forget_in_vain])
async def test_a_mute_store_is_asked_for_nothing_until_it_answers(
    forget_connections: Callable[[], Awaitable[None]],
) -> None:
    """Whatever becomes of the connections from before."""
    store = Store()
    breaker = breaker_of(store, forget_connections)
    await miss_a_deadline(breaker)
    await until(lambda: breaker.is_open)
    with pytest.raises(StoreUnavailableError):
        breaker.check()
    store.answers.set()
    await until(lambda: not breaker.is_open)
    breaker.check()
    # The next time that it falls silent is found out as the first was.
    await asyncio.sleep(PATIENCE_S)
    store.answers.clear()
    await miss_a_deadline(breaker)
    await until(lambda: breaker.is_open)
    breaker.close()


async def test_who_comes_while_it_is_asked_for_a_sign_of_life_begins_no_second_asking() -> None:
    store = Store()
    breaker = breaker_of(store)
    await asyncio.gather(*(miss_a_deadline(breaker) for _ in range(10)))
    await until(lambda: store.pings > 0)
    assert store.pings == 1
    breaker.close()


async def test_one_question_that_takes_long_says_nothing_of_a_store_that_answers_others() -> None:
    store = Store()
    breaker = breaker_of(store)
    missing = asyncio.create_task(miss_a_deadline(breaker))
    await asyncio.sleep(0)
    with breaker.asked():
        await asyncio.sleep(0)
    await missing
    await asyncio.sleep(2 * PATIENCE_S)
    assert (store.pings, breaker.is_open) == (0, False)


async def test_a_store_that_refuses_is_not_mute() -> None:
    async def refused() -> None:
        raise ConnectionRefusedError

    breaker = Breaker("redis", ping=refused, patience_s=PATIENCE_S, forget_connections=forget)
    await miss_a_deadline(breaker)
    await asyncio.sleep(2 * PATIENCE_S)
    breaker.check()
