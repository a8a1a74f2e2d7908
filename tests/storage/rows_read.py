"""How much PostgreSQL reads, by its own account."""

from app.storage.postgres.pool import Pool


async def rows_read(pool: Pool, tables: str) -> int:
    """Return how many rows were read until now of the tables whose names are like a pattern."""
    async with pool.connection() as connection:
        await connection.execute("SELECT pg_stat_force_next_flush()")
        read: int = await connection.fetchval(
            """
            SELECT CAST(sum(seq_tup_read + idx_tup_fetch) AS bigint)
            FROM pg_stat_user_tables WHERE relname LIKE $1
            """,
            tables,
        )
    return read
