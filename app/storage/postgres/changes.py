"""Hears what changes in the database, through LISTEN: the port `Changes`."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from itertools import count
from math import inf
from secrets import token_hex
from time import monotonic

import asyncpg

from app.services.sources import ANYTHING
from app.storage.postgres.pool import DRIVER_ERRORS, Connection
from app.storage.slices import within

TRUSTED_S = 0.05
"""How long others' changes may be unknown: half of what docs/rules.md promises, the rest is the answer's own time."""
_ANSWER_S = 0.5
"""How long the listening connection may be silent; then everything is read anew instead."""
_CONNECT_S = 5.0
_PAUSE_S = 1.0
"""How long nobody asks again after that."""
_CHANNEL = "holdfast_changes"
_ERRORS = (*DRIVER_ERRORS, asyncpg.PostgresError)
_logger = logging.getLogger(__name__)


class PostgresChanges:
    """A connection that hears of every change when it is committed.

    A server writes notifications of commits that were acknowledged before a command arrived ahead of the end of that
    command's answer. So after a round trip on the listening connection everything is known that was acknowledged
    when it began; one serves everybody for `TRUSTED_S`, and none is made while nobody asks.
    """

    def __init__(self, listen_url: str, database_url: str, forget: Callable[[Collection[str]], None]) -> None:
        """Hear at `listen_url` of changes that are made through `database_url`, and name what changed to `forget`."""
        self._url = listen_url
        self._database_url = database_url
        self._forget = forget
        self._connection: Connection | None = None
        self._steps = count(1)
        self._written = 0
        """The step after which this process last wrote."""
        self._begun = 0
        """The step at which the last round trip that came back began."""
        self._heard_at = -inf
        """When it began, by a clock that never goes back."""
        self._silent_until = -inf
        self._asking: asyncio.Task[bool] | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._proof = ""
        self._proven = asyncio.Event()

    def written(self) -> None:
        """Take note that this process may just have committed something: the next to ask makes sure."""
        self._written = next(self._steps)

    async def told(self) -> bool:
        """Say whether every change has been told; see `services.ports.Changes`."""
        since, written = monotonic() - TRUSTED_S, self._written
        # A round trip that was under way may have begun too early; the next one has not.
        for _ in range(2):
            if self._heard_at >= since and self._begun > written:
                return True
            if not await self._ask():
                return False
        return self._heard_at >= since and self._begun > written

    async def can_hear(self, deadline_s: float) -> bool:
        """Try to listen now, and say whether a word that is sent where changes are made arrives in time."""
        try:
            async with asyncio.timeout(deadline_s):
                await self._listen()
        except TimeoutError:
            return False
        return self._connection is not None

    @asynccontextmanager
    async def heard(self) -> AsyncIterator[None]:
        """Let go of the connection when the block ends."""
        try:
            yield
        finally:
            for task in (self._asking, self._connecting):
                if task is not None:
                    task.cancel()
            if self._connection is not None:
                # It has nothing to say that anybody waits for.
                self._connection.terminate()

    async def _ask(self) -> bool:
        """Wait for a round trip, one's own or another's that is under way."""
        if self._connection is None or self._connection.is_closed():
            self._begin_listening()
            return False
        if self._asking is None:
            self._asking = asyncio.create_task(self._round_trip(self._connection))
            self._asking.add_done_callback(self._asked)
        # Whoever leaves does not take it along.
        return await asyncio.shield(self._asking)

    def _asked(self, _: "asyncio.Task[bool]") -> None:
        self._asking = None

    async def _round_trip(self, connection: Connection) -> bool:
        begun, at = next(self._steps), monotonic()
        try:
            await within(_ANSWER_S, connection.execute("SELECT 1"))
        except _ERRORS as error:
            self._lose(error)
            return False
        self._begun, self._heard_at = begun, at
        return True

    def _begin_listening(self) -> None:
        """Connect, while nobody waits for it: until then everything is read anew."""
        if self._connecting is None and monotonic() >= self._silent_until:
            self._connecting = asyncio.create_task(self._listen())
            self._connecting.add_done_callback(self._listened)

    def _listened(self, _: "asyncio.Task[None]") -> None:
        self._connecting = None

    async def _listen(self) -> None:
        try:
            async with asyncio.timeout(_CONNECT_S):
                connection = await asyncpg.connect(self._url, statement_cache_size=0)
                try:
                    connection.add_termination_listener(self._ended)
                    await connection.add_listener(_CHANNEL, self._hear)
                    await self._prove_hearing()
                except BaseException:
                    connection.terminate()
                    raise
        except _ERRORS as error:
            self._lose(error)
            return
        # What changed while nobody listened is not known.
        self._forget([ANYTHING])
        self._connection = connection

    async def _prove_hearing(self) -> None:
        """Wait for a word sent where changes are made: LISTEN hears nothing through a pooler, or of other databases."""
        self._proof = f"proof-{token_hex(8)}"
        self._proven.clear()
        sender = await asyncpg.connect(self._database_url, statement_cache_size=0)
        try:
            await sender.execute("SELECT pg_notify($1, $2)", _CHANNEL, self._proof)
            await self._proven.wait()
        finally:
            sender.terminate()

    def _ended(self, _: object) -> None:
        self._heard_at = -inf

    def _hear(self, _connection: object, _pid: int, _channel: str, told: object) -> None:
        names = str(told).split()
        if self._proof in names:
            self._proven.set()
        self._forget(names)

    def _lose(self, error: BaseException) -> None:
        _logger.warning("nothing is remembered for now: changes cannot be heard: %r", error)
        self._silent_until = monotonic() + _PAUSE_S
        self._heard_at = -inf
        lost, self._connection = self._connection, None
        if lost is not None:
            lost.terminate()
