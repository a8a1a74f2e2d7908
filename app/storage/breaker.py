"""Not waiting for a store that has gone mute.

A store that is gone refuses, and costs nobody time. One that is mute (frozen, or behind a network that swallows
packets) costs every request its whole deadline. So a missed deadline makes a process ask the store for a sign of life;
when it gives none, whatever would be asked of it is refused at once, until it gives one again.

purgatory, aiobreaker and pybreaker were looked at and left. All let requests find out, after a pause, whether the store
is back, and while it is not each of those pays the deadline, or all do that come at the time; aiobreaker and pybreaker
are not for many tasks at once either. And all count failures, where one slow query of many says nothing of the store.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from app.services.errors import StoreUnavailableError

_PAUSE_S = 0.25
"""From one question whether the store is back to the next."""
_logger = logging.getLogger(__name__)


class MuteError(Exception):
    """The store has given no sign of life for a while."""


class Breaker:
    """Knows whether a store is mute."""

    def __init__(
        self,
        store: str,
        *,
        ping: Callable[[], Awaitable[object]],
        patience_s: float,
        forget_connections: Callable[[], Awaitable[object]],
        timeouts: tuple[type[Exception], ...] = (TimeoutError,),
    ) -> None:
        """Ask by `ping`, on a connection of its own; any answer within `patience_s` is a sign of life, errors too.

        `timeouts` are what the driver raises otherwise. `forget_connections` is called when the store answers there,
        be it again or still: the idle ones from before may be dead without knowing it.
        """
        self._store = store
        self._ping = ping
        self._patience_s = patience_s
        self._forget_connections = forget_connections
        self._timeouts = timeouts
        self._answered_at = 0.0
        self._asking: asyncio.Task[None] | None = None
        self.is_open = False
        """Whether it is mute."""

    def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()

    def check(self) -> None:
        """Refuse at once what the store would not answer.

        Raises
        ------
        StoreUnavailableError
            If it is mute.
        """
        if self.is_open:
            raise StoreUnavailableError(self._store) from MuteError()

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Take note of how the store answers what is asked in the block, which has a deadline of its own.

        Raises
        ------
        StoreUnavailableError
            As `check`.
        """
        self.check()
        began = monotonic()
        try:
            yield
        except self._timeouts:
            # Where others were answered meanwhile, it was this question that took long.
            if self._answered_at < began and self._asking is None:
                self._asking = asyncio.create_task(self._ask())
                self._asking.add_done_callback(self._asked)
            raise
        self._answered_at = monotonic()

    async def _ask(self) -> None:
        while not await self._answers():
            if not self.is_open:
                self.is_open = True
                _logger.warning("%s is mute: nothing is asked of it until it answers again", self._store)
            await asyncio.sleep(_PAUSE_S)
        try:
            await self._forget_connections()
        except Exception as error:  # noqa: BLE001 - closed or not, nobody else would ask whether it is back
            _logger.info("%s: connections from before did not end well: %r", self._store, error)
        if self.is_open:
            self.is_open = False
            _logger.warning("%s answers again", self._store)

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(self._patience_s):
                await self._ping()
        except self._timeouts:
            return False
        except Exception as error:  # noqa: BLE001 - whatever it is, it came at once
            _logger.info("%s refuses: %r", self._store, error)
        return True

    def _asked(self, _: asyncio.Task[None]) -> None:
        self._asking = None
