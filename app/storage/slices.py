"""Waiting for an answer without taking one's own standing still for the other's silence."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Answer = TypeVar("Answer")

_SLICES = 5


async def within(seconds: float, asking: Coroutine[Any, Any, Answer]) -> Answer:
    """Return what comes of it.

    The time is counted in slices. A process that stands still, because it computes or is not let run, uses up one of
    them, however long it takes; what came meanwhile is heard in the next.

    Raises
    ------
    TimeoutError
        If it takes longer; and whatever it raises.
    """
    task = asyncio.ensure_future(asking)
    try:
        for _ in range(_SLICES):
            done, _ = await asyncio.wait([task], timeout=seconds / _SLICES)
            if done:
                return task.result()
        raise TimeoutError
    finally:
        task.cancel()
