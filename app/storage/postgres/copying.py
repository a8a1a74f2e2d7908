"""Writing many rows at once."""

from collections.abc import Iterable
from itertools import chain
from operator import itemgetter

from app.storage.postgres.pool import Connection
from app.storage.postgres.rows import Row


async def copy_rows(connection: Connection, table: str, rows: Iterable[Row]) -> None:
    """Write rows into a table; the first one tells the columns, of which every table has several."""
    found = iter(rows)
    first = next(found, None)
    if first is not None:
        records = map(itemgetter(*first), chain([first], found))
        await connection.copy_records_to_table(table, records=records, columns=list(first))
