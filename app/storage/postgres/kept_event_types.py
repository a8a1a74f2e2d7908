"""Event types in PostgreSQL as their owners keep them: the port `KeptEventTypes`."""

import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from typing import Any

import asyncpg
import orjson

from app.domain.booking_window import BookingWindow, DateRange, DaysAhead
from app.domain.errors import EventTypeNotFoundError, Flaw, SettingsRefusedError
from app.domain.event_type import HostEntry, SchedulingType
from app.domain.event_type_settings import ConfirmationPolicy, EventTypeSettings, Notice, Seats, of_child
from app.domain.limits import Limit, Period
from app.fields import MAX_ID
from app.services.errors import TooManyEventTypesError
from app.services.event_types import MOST_EVENT_TYPES, Change, KeptEventType, PersonName, Somebody, SomeTeam, Wanted
from app.storage.postgres.groups import lock_group
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Borrowed, Connections

_SQL = queries("kept_event_types")
_logger = logging.getLogger(__name__)


class PostgresKeptEventTypes:
    """Event types as they stand now. Every write is one transaction.

    Every method raises StoreUnavailableError if PostgreSQL does not answer in time.
    """

    def __init__(self, pool: Connections) -> None:
        """Work through this pool."""
        self._pool = pool

    async def get(self, event_type_id: int) -> KeptEventType | None:
        """Return one event type; see `services.event_types.KeptEventTypes`, as for every method."""
        if not 1 <= event_type_id <= MAX_ID:
            return None
        async with self._pool.connection() as connection:
            found = await _described(connection, [event_type_id])
        return found[0] if found else None

    async def of_person(self, user_id: int, wanted: Wanted) -> list[KeptEventType]:
        """Return a person's own."""
        return await self._listed("ids_of_person", user_id, wanted)

    async def of_team(self, team_id: int, wanted: Wanted) -> list[KeptEventType]:
        """Return a team's."""
        return await self._listed("ids_of_team", team_id, wanted)

    async def of_organization(self, organization_id: int, wanted: Wanted) -> list[KeptEventType]:
        """Return those of all teams of an organization."""
        return await self._listed("ids_of_organization", organization_id, wanted)

    async def children(self, event_type_id: int) -> list[KeptEventType]:
        """Return the children of a managed event type."""
        async with self._pool.connection() as connection:
            return await _described(connection, await _column(connection, "ids_of_children", event_type_id))

    async def _listed(self, query: str, of: int, wanted: Wanted) -> list[KeptEventType]:
        async with self._pool.connection() as connection:
            ids = await _column(
                connection,
                query,
                of,
                wanted.slug,
                wanted.with_hidden,
                wanted.newest_first,
                wanted.take,
                wanted.skip,
            )
            return await _described(connection, ids)

    async def user_named(self, name: PersonName) -> int | None:
        """Return who bears a name."""
        async with self._pool.connection() as connection:
            user_id: int | None = await connection.fetchval(
                _SQL["user_named"], name.username, name.organization_slug, name.organization_id
            )
        return user_id

    async def has_team(self, team_id: int, organization_id: int | None) -> bool:
        """Say whether there is such a team."""
        async with self._pool.connection() as connection:
            there: bool = await connection.fetchval(_SQL["has_team"], team_id, organization_id)
        return there

    async def add(self, settings: EventTypeSettings, *, owner_id: int | None, team_id: int | None) -> KeptEventType:
        """Make an event type."""
        async with self._writing() as connection:
            if team_id is not None:
                await lock_group(connection, team_id)
            # Two that are made for the same owner take turns. One that is gone is told by the insert.
            await connection.execute(_SQL["lock_owner"], owner_id, team_id)
            if await connection.fetchval(_SQL["count_of_owner"], owner_id, team_id) >= MOST_EVENT_TYPES:
                raise TooManyEventTypesError(MOST_EVENT_TYPES)
            await _check_people(connection, settings, owner_id, team_id)
            owners = None if owner_id is None else [owner_id]
            with _one_slug(settings.slug, Flaw.SLUG_TAKEN):
                (event_type_id,) = await _insert(connection, settings, owner_ids=owners, team_id=team_id)
            await _write_hosts(connection, event_type_id, settings)
            if settings.scheduling is SchedulingType.MANAGED:
                await _write_children(connection, event_type_id, settings)
            return (await _described(connection, [event_type_id]))[0]

    async def change(self, event_type_id: int, change: Change) -> KeptEventType:
        """Set an event type anew."""
        async with self._writing() as connection:
            # The team first, as who changes its members does: nobody leaves it unseen while its hosts change.
            team_id = await connection.fetchval(_SQL["team_of"], event_type_id)
            if team_id is not None:
                await lock_group(connection, team_id)
            if await connection.fetchval(_SQL["lock"], event_type_id) is None:
                raise EventTypeNotFoundError(event_type_id)
            (kept,) = await _described(connection, [event_type_id])
            settings = change(kept.settings)
            owner_id = kept.owner.id if kept.owner else None
            await _check_people(connection, settings, owner_id, kept.team_id, before=kept.settings)
            with _one_slug(settings.slug, Flaw.SLUG_TAKEN):
                await _update(connection, [event_type_id], settings, keep_schedules=False)
            if _staffing(settings) != _staffing(kept.settings):
                # Assigned users are an older way of staffing, which ends where a newer one begins.
                await connection.execute(_SQL["forget_assignees"], event_type_id)
                await _write_hosts(connection, event_type_id, settings)
                if not settings.assign_all_members:
                    # Whoever has a child would count as a host where none is named.
                    host_ids = [entry.user_id for entry in settings.host_entries]
                    await connection.execute(_SQL["remove_children_of_others"], event_type_id, host_ids)
            if settings.scheduling is SchedulingType.MANAGED:
                await _write_children(connection, event_type_id, settings)
            return (await _described(connection, [event_type_id]))[0]

    async def remove(self, event_type_id: int) -> bool:
        """Remove an event type with its children."""
        async with self._pool.connection() as connection:
            return await connection.fetchval(_SQL["remove"], event_type_id) is not None

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[Borrowed]:
        async with self._pool.connection() as connection:
            with _owners_there():
                async with connection.transaction():
                    yield connection


@contextmanager
def _owners_there() -> Iterator[None]:
    """Say that whom an event type was to belong to is gone since they were looked for.

    Raises
    ------
    SettingsRefusedError
        If they are.
    """
    try:
        yield
    except asyncpg.ForeignKeyViolationError as error:
        raise SettingsRefusedError(Flaw.OWNER_GONE, None) from error


@contextmanager
def _one_slug(slug: str, flaw: Flaw) -> Iterator[None]:
    """Say which slug is taken.

    Raises
    ------
    SettingsRefusedError
        If it is: one owner's event types have different ones.
    """
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise SettingsRefusedError(flaw, slug) from error


async def _column(connection: Borrowed, query: str, *values: object) -> list[Any]:
    return [row[0] for row in await connection.fetch(_SQL[query], *values)]


# Writing -------------------------------------------------------------------------------------------------------------


async def _check_people(
    connection: Borrowed,
    settings: EventTypeSettings,
    owner_id: int | None,
    team_id: int | None,
    before: EventTypeSettings | None = None,
) -> None:
    """Refuse schedules of others, and hosts who are not in the team.

    What stays as it was `before` bars no change of something else: a file or an import may bring hosts who have not
    accepted yet.

    Raises
    ------
    SettingsRefusedError
        If there is one.
    """
    schedule_id = settings.schedule_id
    if schedule_id is not None and (before is None or schedule_id != before.schedule_id):
        owned = await connection.fetchval(_SQL["schedule_of_owner"], schedule_id, owner_id, team_id)
        if owned is None:
            raise SettingsRefusedError(Flaw.SCHEDULE_OF_OTHERS, schedule_id)
    hosting = {entry.user_id for entry in before.host_entries} if before else set()
    host_ids = [entry.user_id for entry in settings.host_entries if entry.user_id not in hosting]
    if host_ids:
        members = await _column(connection, "members", team_id, host_ids)
        for host_id in host_ids:
            if host_id not in members:
                raise SettingsRefusedError(Flaw.HOST_NOT_MEMBER, host_id)


async def _insert(
    connection: Borrowed,
    settings: EventTypeSettings,
    *,
    owner_ids: list[int] | None,
    team_id: int | None = None,
    parent_id: int | None = None,
) -> list[int]:
    """Write an event type for each owner or, without owners, one for the team; return their ids."""
    ids = await _column(connection, "insert", owner_ids, team_id, parent_id, _text(_columns(settings)))
    await _write_limits(connection, ids, settings)
    return ids


async def _update(connection: Borrowed, ids: list[int], settings: EventTypeSettings, *, keep_schedules: bool) -> None:
    await connection.execute(_SQL["update"], ids, _text(_columns(settings)), keep_schedules)
    await connection.execute(_SQL["forget_limits"], ids)
    await _write_limits(connection, ids, settings)


async def _write_limits(connection: Borrowed, ids: list[int], settings: EventTypeSettings) -> None:
    limits = [
        *(("bookings", limit) for limit in settings.count_limits),
        *(("minutes", limit) for limit in settings.duration_limits),
    ]
    if ids and limits:
        counts = [counted for counted, _ in limits]
        periods = [limit.period.value for _, limit in limits]
        await connection.execute(_SQL["insert_limits"], ids, counts, periods, [limit.most for _, limit in limits])


async def _write_hosts(connection: Borrowed, event_type_id: int, settings: EventTypeSettings) -> None:
    rows = [
        {
            "event_type_id": event_type_id,
            "position": position,
            "user_id": entry.user_id,
            "mandatory": entry.mandatory,
            "priority": entry.priority,
            "weight": entry.weight,
            "group_id": entry.group,
            "schedule_id": entry.schedule_id,
        }
        for position, entry in enumerate(settings.host_entries)
    ]
    await connection.execute(_SQL["forget_hosts"], event_type_id)
    await connection.execute(_SQL["insert_hosts"], _text(rows))


async def _write_children(connection: Borrowed, parent_id: int, parent: EventTypeSettings) -> None:
    """Give every host of a managed event type one of their own, and take it from everybody else.

    Raises
    ------
    SettingsRefusedError
        If a host has another event type of the slug.
    """
    (kept,) = await _described(connection, [parent_id])
    host_ids = [host.id for host in kept.hosts]
    child = of_child(parent)
    await connection.execute(_SQL["remove_children_of_others"], parent_id, host_ids)
    have = set(await _column(connection, "owners_of_children", parent_id))
    children = await _column(connection, "ids_of_children", parent_id)
    new = [host_id for host_id in host_ids if host_id not in have]
    with _one_slug(child.slug, Flaw.SLUG_TAKEN_BY_HOST):
        await _update(connection, children, child, keep_schedules=True)
        await _insert(connection, child, owner_ids=new, parent_id=parent_id)


async def assign_member(connection: Borrowed, team_id: int, user_id: int) -> None:
    """Give a new member of a team one of their own of each managed event type that is assigned to all.

    Where they have another event type of the slug they get none, and whoever changes the managed one is told.
    """
    for event_type_id in await _column(connection, "lock_managed", team_id):
        (kept,) = await _described(connection, [event_type_id])
        have = await _column(connection, "owners_of_children", event_type_id)
        if user_id in have or user_id not in [host.id for host in kept.hosts]:
            continue
        try:
            async with connection.transaction():
                await _insert(connection, of_child(kept.settings), owner_ids=[user_id], parent_id=event_type_id)
        except asyncpg.UniqueViolationError:
            _logger.warning("user %d has an event type of the slug of managed one %d", user_id, event_type_id)


def _staffing(settings: EventTypeSettings) -> tuple[tuple[HostEntry, ...], bool]:
    return settings.host_entries, settings.assign_all_members


def _text(value: object) -> str:
    return orjson.dumps(value).decode()


# Rows ----------------------------------------------------------------------------------------------------------------


def _columns(settings: EventTypeSettings) -> dict[str, Any]:
    """Return settings as values by column; `_settings` is the way back."""
    seats, confirmation = settings.seats or Seats(per_slot=0), settings.confirmation or ConfirmationPolicy()
    return {
        "slug": settings.slug,
        "title": settings.title,
        "description": settings.description,
        "scheduling_type": settings.scheduling.value,
        "length_minutes": settings.length,
        "lengths_offered": settings.lengths,
        "slot_interval_minutes": settings.slot_interval,
        "offset_start_minutes": settings.offset_start,
        "minimum_notice_minutes": settings.minimum_notice,
        "before_buffer_minutes": settings.before_buffer,
        "after_buffer_minutes": settings.after_buffer,
        "seats": seats.per_slot or None,
        "seats_show_attendees": seats.show_attendees,
        "seats_show_left": seats.show_left,
        "only_first_slot": settings.only_first_slot,
        "optimized_slots": settings.optimized_slots,
        "schedule_id": settings.schedule_id,
        "confirmation_type": settings.confirmation and ("time" if confirmation.notice else "always"),
        "confirmation_notice_unit": confirmation.notice and confirmation.notice.unit,
        "confirmation_notice_count": confirmation.notice and confirmation.notice.count,
        "pending_blocks": confirmation.pending_blocks,
        "hidden": settings.hidden,
        "assign_all_members": settings.assign_all_members,
        "subset_enabled": settings.subset_enabled,
        **_window_columns(settings.booking_window),
        "booking_fields": settings.booking_fields,
        "locations": settings.locations,
        "more": settings.more,
    }


def _window_columns(window: BookingWindow | None) -> dict[str, Any]:
    match window:
        case None:
            return {"booking_window_rolling": False}
        case DateRange(first, last):
            return {
                "booking_window_type": "range",
                "booking_window_rolling": False,
                "booking_window_first": first,
                "booking_window_last": last,
            }
        case DaysAhead(days, business, rolling):
            return {
                "booking_window_type": "businessDays" if business else "calendarDays",
                "booking_window_days": days,
                "booking_window_rolling": rolling,
            }


async def _described(connection: Borrowed, ids: Sequence[int]) -> list[KeptEventType]:
    """Return event types in the order of their ids, without those that are gone."""
    found = {kept.id: kept for kept in map(_kept, orjson.loads(await connection.fetchval(_SQL["described"], ids)))}
    return [found[event_type_id] for event_type_id in ids if event_type_id in found]


def _kept(document: Mapping[str, Any]) -> KeptEventType:
    row, team = document["row"], document["team"]
    return KeptEventType(
        id=row["id"],
        owner=document["owner"] and _somebody(document["owner"]),
        team=team
        and SomeTeam(id=team["id"], slug=team["slug"], name=team["name"], organization_id=team["organization"]),
        parent_id=row["parent_id"],
        settings=_settings(row, document["hosts"] or (), document["limits"] or ()),
        hosts=tuple(_somebody(person) for person in document["staff"] or ()),
    )


def _somebody(person: Mapping[str, Any]) -> Somebody:
    return Somebody(
        id=person["id"],
        username=person["username"],
        name=person["name"],
        organization_ids=tuple(person.get("organizations") or ()),
    )


def _settings(
    row: Mapping[str, Any], hosts: Iterable[Mapping[str, Any]], limits: Sequence[tuple[str, str, int]]
) -> EventTypeSettings:
    return EventTypeSettings(
        slug=row["slug"],
        title=row["title"],
        description=row["description"],
        length=row["length_minutes"],
        lengths=tuple(row["lengths_offered"]),
        slot_interval=row["slot_interval_minutes"],
        offset_start=row["offset_start_minutes"],
        minimum_notice=row["minimum_notice_minutes"],
        before_buffer=row["before_buffer_minutes"],
        after_buffer=row["after_buffer_minutes"],
        seats=_seats(row),
        only_first_slot=row["only_first_slot"],
        optimized_slots=row["optimized_slots"],
        schedule_id=row["schedule_id"],
        booking_window=_booking_window(row),
        count_limits=_limits(limits, "bookings"),
        duration_limits=_limits(limits, "minutes"),
        confirmation=_confirmation(row),
        hidden=row["hidden"],
        booking_fields=tuple(row["booking_fields"]),
        locations=tuple(row["locations"]),
        more=row["more"],
        scheduling=SchedulingType(row["scheduling_type"]),
        host_entries=tuple(_host_entry(host) for host in hosts),
        assign_all_members=row["assign_all_members"],
        subset_enabled=row["subset_enabled"],
    )


def _seats(row: Mapping[str, Any]) -> Seats | None:
    if row["seats"] is None:
        return None
    return Seats(per_slot=row["seats"], show_attendees=row["seats_show_attendees"], show_left=row["seats_show_left"])


def _booking_window(row: Mapping[str, Any]) -> BookingWindow | None:
    match row["booking_window_type"]:
        case None:
            return None
        case "range":
            first, last = row["booking_window_first"], row["booking_window_last"]
            return DateRange(date.fromisoformat(first), date.fromisoformat(last))
        case kind:
            return DaysAhead(row["booking_window_days"], kind == "businessDays", row["booking_window_rolling"])


def _limits(limits: Sequence[tuple[str, str, int]], counts: str) -> tuple[Limit, ...]:
    return tuple(Limit(Period(period), most) for counted, period, most in limits if counted == counts)


def _confirmation(row: Mapping[str, Any]) -> ConfirmationPolicy | None:
    if row["confirmation_type"] is None:
        return None
    # A file may bring a notice along with a policy that does not look at it.
    unit = row["confirmation_notice_unit"] if row["confirmation_type"] == "time" else None
    notice = None if unit is None else Notice(unit, row["confirmation_notice_count"])
    return ConfirmationPolicy(notice=notice, pending_blocks=row["pending_blocks"])


def _host_entry(host: Mapping[str, Any]) -> HostEntry:
    return HostEntry(
        user_id=host["user_id"],
        mandatory=host["mandatory"],
        priority=host["priority"],
        weight=host["weight"],
        group=host["group_id"],
        schedule_id=host["schedule_id"],
    )
