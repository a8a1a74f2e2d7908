"""Brings Cal.com's data into PostgreSQL, all or nothing, again and again: afterwards they are as they are there.

What came with an earlier import and is gone there is deleted, what was changed here is as there again; what is there
but can no longer be read stays as it was. What was made here is never touched, but for what hangs on something that is
gone.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

import orjson

from app.storage.calcom.format import CalcomBooking
from app.storage.calcom.reading import CalcomReader
from app.storage.postgres.calcom_rows import attendee_rows, booking_row, idle_host_row, key_rows, seen_row, world_rows
from app.storage.postgres.copying import copy_rows
from app.storage.postgres.imported_bookings import occupations, place
from app.storage.postgres.known import BookedType
from app.storage.postgres.load import LIST_OF_TABLE, Progress, load_refusals, load_transaction, say_nothing
from app.storage.postgres.mirror import Changes, Mirror, Mirrored
from app.storage.postgres.named_sql import queries
from app.storage.postgres.overlaps import Occupation
from app.storage.postgres.pool import Connection, storage_errors
from app.storage.postgres.rows import TableRows
from app.storage.world_files.checks import world_list
from app.storage.world_files.format import World

_SQL = queries("calcom")
_WORLD_SQL = queries("world")
_COMMAND_S = 600

_MIRRORED = {
    mirrored.table: mirrored
    for mirrored in (
        Mirrored("users", names=("username", "email")),
        Mirrored("schedules"),
        Mirrored("organizations", names=("slug",)),
        Mirrored("profiles", key="{row}.organization_id, {row}.user_id", names=("username",)),
        Mirrored("teams", names=("slug",)),
        Mirrored("memberships", key="{row}.user_id, COALESCE({row}.team_id, {row}.organization_id)"),
        Mirrored("event_types", names=("slug",)),
        Mirrored("out_of_office"),
        Mirrored("credentials", key="encode({row}.secret_hash, 'hex')"),
    )
}
"""In the order of `rows.tables`, in which every row finds what it refers to."""
_BOOKINGS = Mirrored("bookings", key="{row}.uid")
_ATTENDEES = Mirrored("booking_attendees", key="{row}.booking_id, {row}.position")
_PARTS: Mapping[str, Mapping[str, str]] = {
    "travel_schedules": {"user_id": "users"},
    "schedule_hours": {"schedule_id": "schedules"},
    "schedule_overrides": {"schedule_id": "schedules"},
    "event_type_hosts": {"event_type_id": "event_types"},
    "event_type_assignees": {"event_type_id": "event_types"},
    "booking_limits": {"event_type_id": "event_types", "team_id": "teams"},
}
"""Tables whose rows hang on rows of others: which column names those of which."""
_Hosting: TypeAlias = tuple[int, int, datetime | None, datetime | None]
"""Booking, host, and the time taken from when to when, buffers included; None: it takes none."""
_NO_TYPE = BookedType(before_buffer=0, after_buffer=0, seated=False, pending_blocks=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did. What it did not take is in the reader's findings."""

    counts: Mapping[str, int]
    """Items taken, by list."""
    changes: Mapping[str, Changes]
    """By list."""
    overlapping_bookings: int
    """Bookings placed this time that share a host's time with others; they are marked as imported."""
    staying_user_ids: tuple[int, ...]
    """Users who are gone there, and have bookings that were made here."""


async def import_calcom(database_url: str, reader: CalcomReader, on_progress: Progress | None = None) -> ImportReport:
    """Read everything, then write what differs, in one transaction.

    Raises
    ------
    MadeHereError
        If something made here has an id or uid of Cal.com's.
    WorldRefusedError
        If something made here has a name of Cal.com's.
    SourceUnavailableError
        If Cal.com's database goes away.
    StoreUnavailableError
        If PostgreSQL does not answer.
    """
    with storage_errors(), load_refusals():
        async with load_transaction(database_url, _COMMAND_S) as connection:
            await _prepare(connection)
            importer = _Importer(Mirror(connection), reader, on_progress or say_nothing)
            report = await importer.run()
            await connection.execute(_WORLD_SQL["continue_ids"])
            await connection.execute(_SQL["leave_room"])
            await connection.execute(_WORLD_SQL["analyze"])
            return report


async def _prepare(connection: Connection) -> None:
    # In binary, since COPY knows no other way: a byte that tells the version, then the text.
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda sent: orjson.loads(sent[1:]),
        format="binary",
    )
    # A user and their default schedule name each other; this looks at the end.
    await connection.execute("SET CONSTRAINTS users_default_schedule_fkey DEFERRED")


@dataclass(frozen=True, slots=True)
class _PossibleHosts:
    """Who may host bookings, by e-mail: of event types of teams, and of each username."""

    of_type: dict[int | None, dict[str, int]] = field(default_factory=dict)
    of_name: dict[str, dict[str, int]] = field(default_factory=dict)

    def of(self, booking: CalcomBooking) -> Mapping[str, int]:
        """Return those of a booking."""
        if booking.group is None:
            return self.of_type.get(booking.event_type_id, {})
        named = (self.of_name.get(name, {}) for name in booking.group.lower().split("+"))
        return {email: user_id for people in named for email, user_id in people.items()}


class _Importer:
    """One import, from reading to the report."""

    def __init__(self, mirror: Mirror, reader: CalcomReader, tell: Progress) -> None:
        self._mirror = mirror
        self._connection = mirror.connection
        self._reader = reader
        self._tell = tell
        self._overlapping = 0

    async def run(self) -> ImportReport:
        """Take everything but bookings at once, and those some at a time."""
        world = await self._reader.world(await self._imported_ids())
        users, organizations = (self._ids(world, name) for name in ("users", "organizations"))
        keys = await self._reader.keys(users)
        counts = {**{name: len(world_list(world, name)) for name in LIST_OF_TABLE.values()}, "apiKeys": len(keys)}
        brought = {rows.table: rows for rows in (*world_rows(world, organizations), key_rows(keys))}
        await self._stage(brought)
        await self._connection.execute(_SQL["remember_left_out"])
        await self._remember_left_out(_MIRRORED)
        await self._delete_gone()
        await self._write(brought, counts)
        counts["bookings"] = await self._take_bookings(users)
        await self._reader.count_not_taken()
        changes = self._mirror.changes
        return ImportReport(
            counts=counts,
            changes={name: changes[table] for table, name in LIST_OF_TABLE.items() if table in changes},
            overlapping_bookings=self._overlapping,
            staying_user_ids=tuple(row["id"] for row in await self._connection.fetch(_SQL["users_who_stay"])),
        )

    async def _imported_ids(self) -> Mapping[str, Collection[int]]:
        rows = await self._connection.fetch(_SQL["imported_ids"])
        return {row["list"]: set(row["ids"]) for row in rows}

    def _ids(self, world: World, name: str) -> set[int]:
        """Return the ids of a list as they will be here, but for what was made here."""
        return {*(item.id for item in world_list(world, name)), *self._reader.left_out.staying(name)}

    async def _remember_left_out(self, table_names: Iterable[str]) -> None:
        """Note what is not gone, though it is not brought."""
        rows = (
            {"table_name": table, "key": " ".join(map(str, key))}
            for table in table_names
            for key in self._reader.left_out.keys.get(LIST_OF_TABLE[table], ())
        )
        await copy_rows(self._connection, "left_out", rows)

    async def _stage(self, brought: Mapping[str, TableRows]) -> None:
        for table, mirrored in _MIRRORED.items():
            await self._mirror.stage(table, ({**row, "from_calcom": True} for row in brought[table].rows))
            await self._mirror.refuse_made_here(mirrored)
        # Teams and organizations share their ids.
        await self._mirror.refuse_made_here(_MIRRORED["teams"], "organizations")
        await self._mirror.refuse_made_here(_MIRRORED["organizations"], "teams")

    async def _delete_gone(self) -> None:
        """Delete what is gone, before what is new takes its names; what hangs on others first."""
        for table, mirrored in reversed(_MIRRORED.items()):
            if table != "users":
                await self._mirror.delete_gone(mirrored)
        await self._connection.execute(_SQL["delete_bookings_of_gone_users"])
        await self._connection.execute(_SQL["delete_hosts_who_are_gone"])
        status = await self._connection.execute(_SQL["delete_gone_users"])
        self._mirror.deleted("users", int(status.split()[-1]))

    async def _write(self, brought: Mapping[str, TableRows], counts: Mapping[str, int]) -> None:
        """Write rows, then what hangs on them, each after what it refers to."""
        for table, rows in brought.items():
            if table in _MIRRORED:
                await self._mirror.write(_MIRRORED[table])
                self._tell(rows.list, counts[rows.list], counts[rows.list])
            elif table in _PARTS:
                await self._mirror.replace_parts(table, _PARTS[table], rows.rows)

    # Bookings --------------------------------------------------------------------------------------------------------

    async def _take_bookings(self, user_ids: Collection[int]) -> int:
        """Take the bookings, delete those that are gone, and return how many there are."""
        types: dict[int | None, BookedType] = {None: _NO_TYPE}
        for row in await self._connection.fetch(_SQL["imported_types"]):
            types[row["id"]] = BookedType.of_row(row)
        hosts = await self._possible_hosts()
        taken, total = 0, await self._reader.count_bookings()
        await self._connection.execute(_SQL["remember_bookings"])
        async for batch in self._reader.bookings(user_ids, types):
            await self._take_batch([one.parted(hosts.of(one)) for one in batch], types)
            taken += len(batch)
            self._tell("bookings", taken, total)
        await self._remember_left_out(["bookings"])
        status = await self._connection.execute(_SQL["delete_gone_bookings"])
        self._mirror.deleted("bookings", int(status.split()[-1]))
        await self._connection.execute(_SQL["link_rescheduled"])
        return taken

    async def _possible_hosts(self) -> _PossibleHosts:
        found = _PossibleHosts()
        for row in await self._connection.fetch(_SQL["team_hosts"]):
            found.of_type.setdefault(row["event_type_id"], {})[row["email"]] = row["user_id"]
        for row in await self._connection.fetch(_SQL["people"]):
            found.of_name.setdefault(row["username"], {})[row["email"]] = row["user_id"]
        return found

    async def _take_batch(self, batch: Sequence[CalcomBooking], types: Mapping[int | None, BookedType]) -> None:
        # Else one could be cancelled here after it was compared, and then be given its hosts again.
        await self._connection.execute(_SQL["lock_batch"], [booking.uid for booking in batch])
        await self._mirror.stage("bookings", (booking_row(one, types[one.event_type_id]) for one in batch))
        await self._mirror.refuse_made_here(_BOOKINGS)
        await self._mirror.write(_BOOKINGS)
        rows = await self._connection.fetch(_SQL["booking_ids"], [booking.uid for booking in batch])
        ids = {row["uid"]: row["id"] for row in rows}
        places = {row["booking_id"]: row for row in await self._connection.fetch(_SQL["places"], list(ids.values()))}
        await self._mirror.stage("booking_attendees", attendee_rows(batch, ids, places))
        await self._connection.execute(_SQL["delete_gone_attendees"], list(ids.values()))
        await self._mirror.write(_ATTENDEES)
        hosting: dict[_Hosting, Occupation | None] = {}
        for booking in batch:
            hosting.update(_hosting(ids[booking.uid], booking, types[booking.event_type_id]))
        await self._place(ids.values(), hosting)
        await copy_rows(self._connection, "seen_bookings", map(seen_row, batch))

    async def _place(self, booking_ids: Collection[int], hosting: Mapping[_Hosting, Occupation | None]) -> None:
        """Write who hosts the bookings and whose time they take, where that is not as it was."""
        there = {tuple(row) for row in await self._connection.fetch(_SQL["hosts_there"], list(booking_ids))}
        outdated = {key[0] for key in there ^ hosting.keys()}
        if outdated:
            # Not before it must be: bookings here wait from now to the end.
            await self._connection.execute(_WORLD_SQL["lock_bookings"])
            await self._connection.execute(_SQL["delete_hosts"], list(outdated))
            wanted = [(key, one) for key, one in hosting.items() if key[0] in outdated]
            placed = await place(self._connection, [one for _, one in wanted if one is not None])
            rows = (*placed.host_rows, *(idle_host_row(*key[:2]) for key, one in wanted if one is None))
            await copy_rows(self._connection, "booking_hosts", rows)
            await self._connection.execute(_SQL["mark_imported"], list(outdated), list(placed.overlapping))
            self._overlapping += len(placed.overlapping)


def _hosting(
    booking_id: int, booking: CalcomBooking, booked_type: BookedType
) -> Iterator[tuple[_Hosting, Occupation | None]]:
    """Yield who hosts a booking, with the time it takes of them, if it takes any.

    Where it takes none, its user needs no row to be its host.
    """
    taken = list(occupations(booking_id, booking, booked_type, (booking.user_id, *booking.host_ids)))
    if taken:
        yield from (((booking_id, one.host_id, one.start, one.end), one) for one in taken)
    else:
        yield from (((booking_id, host_id, None, None), None) for host_id in booking.host_ids)
