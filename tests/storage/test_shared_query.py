"""A query that many ask at the same moment."""

import asyncio
from contextlib import AbstractAsyncContextManager

from asyncpg import DivisionByZeroError

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


async def test_an_error_of_one_is_told_to_all_of_the_trip_and_to_nobody_else(pool: Pool) -> None:
    query = SharedQuery(pool, "SELECT 1 / $1::integer AS asked")
    told = await asyncio.gather(query.row(0), query.row(1), return_exceptions=True)
    assert [type(one) for one in told] == [DivisionByZeroError] * 2
    assert (await query.row(1))["asked"] == 1


async def test_no_more_share_a_trip_than_one_may_wait_for(pool: Pool) -> None:
    connections = Counting(pool)
    query = SharedQuery(connections, "SELECT $1::integer AS asked")
    rows = await asyncio.gather(*map(query.row, range(20)))
    assert [row["asked"] for row in rows] == list(range(20))
    assert connections.lent == 3
