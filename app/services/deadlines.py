"""How long a use case may take as a whole."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.services.errors import TooSlowError


def in_seconds(seconds: float) -> float:
    """Return a deadline by the event loop's clock."""
    return asyncio.get_running_loop().time() + seconds


@asynccontextmanager
async def before(deadline: float) -> AsyncIterator[None]:
    """Cut short what is done here at a deadline.

    Raises
    ------
    TooSlowError
        If it takes longer.
    """
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError:
        raise TooSlowError from None
