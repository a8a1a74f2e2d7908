"""Cal.com's rows as items of a world. What makes no sense is left out and noted, with what needed it."""

from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, TypeVar

import asyncpg
import orjson
from pydantic import ValidationError

from app.storage.calcom.format import CalcomBooking, CalcomEventType, CalcomOutOfOffice, CalcomUser, HashedKey
from app.storage.calcom.report import Findings
from app.storage.calcom.sifting import LeftOut, sifted
from app.storage.calcom.source import QUERIES, source_errors
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Connection
from app.storage.world_files import format as world_format
from app.storage.world_files.format import Item, World

Read = TypeVar("Read", bound=Item)

_SQL = queries("source", QUERIES)
COUNTS = queries("not_taken", QUERIES)
_LISTS: dict[str, type[Item]] = {
    "users": CalcomUser,
    "schedules": world_format.Schedule,
    "organizations": world_format.Organization,
    "profiles": world_format.Profile,
    "teams": world_format.Team,
    "memberships": world_format.Membership,
    "eventTypes": CalcomEventType,
    "outOfOffice": CalcomOutOfOffice,
}
_AT_ONCE = 2_000
"""Rows; what is in memory of bookings at any moment."""


class CalcomReader:
    """Reads one snapshot, and collects what it met on the way.

    Every method raises SourceUnavailableError if Cal.com's database goes away.
    """

    def __init__(self, connection: Connection) -> None:
        """Read through this connection, inside its transaction."""
        self._connection = connection
        self.findings = Findings()
        self.left_out = LeftOut()

    async def world(self, here: Mapping[str, Collection[int]]) -> World:
        """Return everything that makes sense, but for bookings and keys; `here` are ids of earlier imports, by list.

        What is left out but here stays, so others may refer to it.
        """
        self.left_out.here = here
        lists = {name: [item async for item in self._items(name, model)] for name, model in _LISTS.items()}
        return sifted(World.model_validate(lists), self.findings, self.left_out)

    async def keys(self, user_ids: Collection[int]) -> list[HashedKey]:
        """Return the API keys of these users."""
        found = [key async for key in self._items("apiKeys", HashedKey)]
        for key in found:
            if key.user_id not in user_ids:
                self.findings.leave_out("apiKeys", f"of user {key.user_id}, who was left out")
                self.left_out.add("apiKeys", key.model_dump(by_alias=True))
        return [key for key in found if key.user_id in user_ids]

    async def count_bookings(self) -> int:
        """Return how many bookings there are, those included that will be left out."""
        with source_errors():
            return int(await self._connection.fetchval(_SQL["count_bookings"]))

    async def bookings(
        self, user_ids: Collection[int], event_type_ids: Collection[int | None]
    ) -> AsyncIterator[list[CalcomBooking]]:
        """Yield the bookings of these users, some at a time, in the order they were made.

        Those of another event type, one that was left out, take their host's time all the same, without one.
        """
        batch: list[CalcomBooking] = []
        async for booking in self._items("bookings", CalcomBooking):
            if booking.user_id not in user_ids:
                self.findings.leave_out("bookings", f"uid {booking.uid}: its user {booking.user_id} was left out")
                self.left_out.add("bookings", {"uid": booking.uid})
            elif booking.event_type_id in event_type_ids:
                batch.append(booking)
            else:
                self.findings.note("bookings", f"uid {booking.uid}", ["its event type was left out: taken without it"])
                batch.append(booking.model_copy(update={"event_type_id": None}))
            if len(batch) >= _AT_ONCE:
                yield batch
                batch = []
        if batch:
            yield batch

    async def count_not_taken(self) -> None:
        """Count what is not taken at all; a version may lack a table of those."""
        with source_errors():
            for table, query in COUNTS.items():
                there = await self._connection.fetchval("SELECT to_regclass(quote_ident($1)) IS NOT NULL", table)
                count = int(await self._connection.fetchval(query)) if there else 0
                if count:
                    self.findings.not_taken[table] = count

    async def _items(self, name: str, model: type[Read]) -> AsyncIterator[Read]:
        async for row in self._rows(_SQL[name]):
            document: dict[str, Any] = orjson.loads(row["item"])
            shown = _label(document)
            try:
                item = model.model_validate(document)
            except ValidationError as error:
                self.findings.leave_out(name, f"{shown}{_reason(error)}")
                self.left_out.add(name, document)
                continue
            self.findings.note(name, shown, row["notes"])
            yield item

    async def _rows(self, query: str) -> AsyncIterator[asyncpg.Record]:
        """Read through a cursor on the server, so that memory does not depend on how much there is."""
        with source_errors():
            cursor = await self._connection.cursor(query)
        while True:
            with source_errors():
                rows = await cursor.fetch(_AT_ONCE)
            if not rows:
                return
            for row in rows:
                yield row


def _label(document: dict[str, Any]) -> str:
    """Name an item for the report: by its id or uid, else by whose it is."""
    for field in ("id", "uid", "userId"):
        if document.get(field) is not None:
            return f"{field} {document[field]}"
    return "one of nobody's"


def _reason(error: ValidationError) -> str:
    """Say the first thing that is wrong."""
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return f"{', ' + field if field else ''}: {first['msg'].removeprefix('Value error, ')}"
