"""A query that many ask at the same moment: most of it is the round trip, so they share one."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import asyncpg

from app.observing.phases import LOAD
from app.storage.postgres.pool import Connections
from app.storage.together import Together

_PATIENCE_S = 0.02
"""How long a question waits for those before it, to share the next round trip."""
_MOST = 8
"""Questions of one round trip: some take PostgreSQL ten milliseconds, and what stops one fails all."""
_Question: TypeAlias = tuple[Any, ...]
"""The arguments of the query."""


class SharedQuery:
    """A query of one row, whatever is asked."""

    def __init__(self, pool: Connections, query: str) -> None:
        """Ask `query` through this pool. One connection in its place can answer one question after the other."""
        self._pool = pool
        self._query = query
        self._reading = Together(self.rows, _PATIENCE_S, _MOST)

    async def row(self, *question: Any) -> asyncpg.Record:
        """Return the row for some arguments, as it stands now or a moment later.

        Raises
        ------
        StoreUnavailableError
            If PostgreSQL does not answer in time.
        """
        with LOAD:
            return await self._reading.done(question)

    async def rows(self, questions: Sequence[_Question]) -> list[asyncpg.Record]:
        """Return the row for each of some arguments, in a round trip of their own.

        Raises
        ------
        StoreUnavailableError
            If PostgreSQL does not answer in time.
        """
        async with self._pool.connection() as connection:
            if len(questions) == 1:
                # So that it is seen in a trace, which does not know the other.
                return await connection.fetch(self._query, *questions[0])
            return await connection.fetchmany(self._query, questions)
