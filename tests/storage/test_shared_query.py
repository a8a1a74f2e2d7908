"""A query that many ask at the same moment."""

import asyncio
from contextlib import AbstractAsyncContextManager

from app.storage.postgres.pool import Borrowed, Pool
from app.storage.postgres.shared_query import SharedQuery


class Counting:
    """Lends a pool's connections, and counts how often."""

    def __init__(self, pool: Pool) -> None:
        self.lent = 0
        self._pool = pool

    def connection(self) -> AbstractAsyncContextManager[Borrowed]:
        self.lent += 1
        return self._pool.connection()


async def test_who_asks_at_the_same_moment_shares_a_round_trip_and_gets_their_own_row(pool: Pool) -> None:
    connections = Counting(pool)
    query = SharedQuery(connections, "SELECT $1::integer AS asked")
    rows = await asyncio.gather(*map(query.row, range(5)))
    assert [row["asked"] for row in rows] == [0, 1, 2, 3, 4]
    assert connections.lent == 1


async def test_who_asks_alone_waits_for_nobody(pool: Pool) -> None:
    connections = Counting(pool)
    query = SharedQuery(connections, "SELECT $1::integer AS asked")
    [shared, [alone]] = await asyncio.gather(query.row(1), query.rows([(2,)]))
    assert (shared["asked"], alone["asked"], connections.lent) == (1, 2, 2)
