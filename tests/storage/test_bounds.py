"""How long an operation on the store of holds may take, and what becomes of the driver's errors."""

import asyncio

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisClusterException

from app.services.errors import StoreUnavailableError
from app.storage.holds.bounds import Bounds

CLOSED = RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")
"""uvloop's, of a connection that was reset just before it is written to."""


@pytest.mark.parametrize("error", [RedisConnectionError(), RedisClusterException(), OSError(), CLOSED])
async def test_whatever_the_driver_says_the_store_is_away(error: Exception) -> None:
    with pytest.raises(StoreUnavailableError) as away:
        async with Bounds(5).answered():
            raise error
    assert away.value.__cause__ is error


async def test_a_mistake_of_ones_own_is_not_hidden() -> None:
    with pytest.raises(RuntimeError, match="a mistake"):
        async with Bounds(5).answered():
            raise RuntimeError("a mistake")


async def test_what_takes_too_long_is_given_up() -> None:
    with pytest.raises(StoreUnavailableError):
        async with Bounds(0.01).answered():
            await asyncio.sleep(60)


async def test_who_waits_for_others_is_not_told_that_the_store_is_slow() -> None:
    """Those before take all the time there is, twice; what waited longer than it may itself take is still done."""
    deadline_s = 0.5
    bounds, clock = Bounds(deadline_s), asyncio.get_running_loop().time
    began = clock()

    async def too_long() -> None:
        with pytest.raises(StoreUnavailableError):
            async with bounds.answered():
                await asyncio.sleep(60)

    async def at_once() -> None:
        async with bounds.answered():
            assert clock() - began > deadline_s

    await asyncio.gather(*(too_long() for _ in range(200)), *(at_once() for _ in range(100)))


async def test_but_nobody_waits_without_end() -> None:
    bounds = Bounds(0.02)

    async def one() -> bool:
        try:
            async with bounds.answered():
                await asyncio.sleep(60)
        except StoreUnavailableError:
            return True
        return False

    assert all(await asyncio.wait_for(asyncio.gather(*(one() for _ in range(1_000))), 5))
