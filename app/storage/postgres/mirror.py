"""Tables kept like those of another database: what changed there changes here, what is gone there goes.

Only rows that came from there (`from_calcom`) are ever changed or deleted.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from app.domain.errors import HoldfastError
from app.storage.postgres.copying import copy_rows
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Connection
from app.storage.postgres.rows import Row

_SQL = queries("mirror")


class MadeHereError(HoldfastError):
    """Something made here has what identifies something of the other database, which must not overwrite it."""

    def __init__(self, table: str, keys: Sequence[object]) -> None:
        """Keep the table and the first keys."""
        super().__init__(
            f"{table} here already have {', '.join(map(str, keys))}, and those did not come from Cal.com."
            " Nothing was changed. Import into an empty database, or delete them first"
        )
        self.table = table
        self.keys = tuple(keys)


@dataclass(frozen=True, slots=True)
class Mirrored:
    """How rows of a table are told apart."""

    table: str
    key: str = "{row}.id"
    """SQL of what identifies a row."""
    names: tuple[str, ...] = ()
    """Columns that no two rows may have alike, and that may pass from one to another."""

    @property
    def same(self) -> str:
        """SQL that tells whether a row there and one brought have the same key."""
        return f"({self.key.format(row='there')}) = ({self.key.format(row='brought')})"


@dataclass(slots=True)
class Changes:
    """Rows of a table that an import added, changed and deleted."""

    added: int = 0
    changed: int = 0
    deleted: int = 0


@dataclass(slots=True)
class Mirror:
    """Keeps tables like what is staged. One transaction on one connection."""

    connection: Connection
    changes: dict[str, Changes] = field(default_factory=dict)
    """By table."""
    _columns: dict[str, tuple[str, ...]] = field(default_factory=dict)

    async def stage(self, table: str, rows: Iterable[Row]) -> None:
        """Bring rows, all with the columns of the first one, which include the key's."""
        found = iter(rows)
        first = next(found, None)
        self._columns[table] = () if first is None else tuple(first)
        await self._run("unstage", table=table)
        await self._run("stage", table=table, columns=", ".join(self._columns[table]) or "*")
        if first is not None:
            await copy_rows(self.connection, f"brought_{table}", chain([first], found))
            await self._run("analyze", table=table)

    async def refuse_made_here(self, mirrored: Mirrored, brought: str | None = None) -> None:
        """Make sure that nothing made here has a key that is staged, for another table of the same ids too.

        Raises
        ------
        MadeHereError
            If something has.
        """
        names = {"table": mirrored.table, "brought": brought or mirrored.table, "same": mirrored.same}
        query = _SQL["made_here"].format(**names, there_key=mirrored.key.format(row="there"))
        rows = await self.connection.fetch(query)
        if rows:
            keys = [row[0] if len(row) == 1 else " ".join(map(str, row)) for row in rows]
            raise MadeHereError(mirrored.table, keys)

    async def delete_gone(self, mirrored: Mirrored) -> None:
        """Delete what came from there and is neither staged nor in the temporary table `left_out`."""
        names = {"table": mirrored.table, "same": mirrored.same, "there_key": mirrored.key.format(row="there")}
        self.deleted(mirrored.table, await self._run("gone", **names))

    def deleted(self, table: str, count: int) -> None:
        """Count rows that are gone."""
        self._changes(table).deleted += count

    async def write(self, mirrored: Mirrored) -> None:
        """Change rows that are staged otherwise, then add those that are new."""
        columns = self._columns[mirrored.table]
        if not columns:
            return
        names = {
            "table": mirrored.table,
            "same": mirrored.same,
            "columns": ", ".join(columns),
            "there_columns": ", ".join(f"there.{column}" for column in columns),
            "brought_columns": ", ".join(f"brought.{column}" for column in columns),
        }
        for name in mirrored.names:
            await self._run("give_up_name", **names, name=name)
        changes = self._changes(mirrored.table)
        changes.changed += await self._run("change", **names)
        changes.added += await self._run("add", **names)

    async def replace_parts(self, table: str, owners: Mapping[str, str], rows: Iterable[Row]) -> None:
        """Write rows that hang on staged ones in place of those there; `owners` tells whose they are, by column."""
        for owner, of in owners.items():
            await self._run("clear_parts", table=table, owner=owner, owners=of)
        await copy_rows(self.connection, table, rows)

    def _changes(self, table: str) -> Changes:
        return self.changes.setdefault(table, Changes())

    async def _run(self, query: str, **names: str) -> int:
        """Run a query with names of our own in it; return how many rows it wrote."""
        status = await self.connection.execute(_SQL[query].format(**names))
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0
