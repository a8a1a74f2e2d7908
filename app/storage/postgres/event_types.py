"""Event types in PostgreSQL, with the people who host them: the port `EventTypes`."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import asyncpg
import orjson

from app.domain.booking_window import BookingWindow, DateRange, DaysAhead
from app.domain.errors import (
    EventTypeNotFoundError,
    OrganizationNotFoundError,
    TeamNotFoundError,
    UserNotFoundError,
)
from app.domain.event_type import (
    NOTICE_UNIT_MINUTES,
    Confirmation,
    EventType,
    EventTypeRules,
    HostEntry,
    Person,
    SchedulingType,
    dynamic,
)
from app.domain.limits import BookingLimits, Limit, Period
from app.domain.reference import ById, ByTeam, ByUser, ByUserIds, ByUsernames, EventTypeReference
from app.domain.schedule import Absence, Schedule, Travel
from app.fields import MAX_ID, storable
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Connections
from app.storage.postgres.schedules import hours_of, overrides_of
from app.storage.postgres.shared_query import SharedQuery

_SQL = queries("event_types")


class PostgresEventTypes:
    """Event types as they stand now. One query by id, two by name."""

    def __init__(self, pool: Connections) -> None:
        """Read through this pool."""
        self._pool = pool
        self._documents = SharedQuery(pool, _SQL["rules"])

    async def find(self, reference: EventTypeReference) -> EventTypeRules:
        """Return what a reference names; see `services.ports.EventTypes`.

        Raises
        ------
        StoreUnavailableError
            If PostgreSQL does not answer in time; and what the port says.
        """
        match reference:
            case ById(event_type_id):
                return await self._rules(event_type_id)
            case ByUser():
                return await self._rules_found(await self._event_type_of_user(reference))
            case ByTeam():
                return await self._rules_found(await self._event_type_of_team(reference))
            case ByUsernames():
                return await self._dynamic(await self._people_named(reference))
            case ByUserIds(user_ids):
                return await self._dynamic(user_ids)

    # Names -----------------------------------------------------------------------------------------------------------

    async def _event_type_of_user(self, asked: ByUser) -> int | None:
        row = await self._row("user_event_type", asked.slug, asked.username, asked.organization_slug)
        _check_organization(row, asked.organization_slug)
        if row is None or row["user_id"] is None:
            raise UserNotFoundError(asked.username)
        event_type_id: int | None = row["event_type_id"]
        return event_type_id

    async def _event_type_of_team(self, asked: ByTeam) -> int | None:
        row = await self._row("team_event_type", asked.slug, asked.team_slug, asked.organization_slug)
        _check_organization(row, asked.organization_slug)
        if row is None or row["team_id"] is None:
            raise TeamNotFoundError(asked.team_slug)
        event_type_id: int | None = row["event_type_id"]
        return event_type_id

    async def _people_named(self, asked: ByUsernames) -> list[int]:
        """Return the people's ids, once each, in the order of the names."""
        names = [_searched(name) for name in asked.usernames]
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_SQL["people_named"], names, _searched(asked.organization_slug))
        for username, row in zip(asked.usernames, rows, strict=True):
            _check_organization(row, asked.organization_slug)
            if row["user_id"] is None:
                raise UserNotFoundError(username)
        return list(dict.fromkeys(row["user_id"] for row in rows))

    async def _row(self, query: str, *names: str | None) -> asyncpg.Record | None:
        async with self._pool.connection() as connection:
            return await connection.fetchrow(_SQL[query], *(_searched(name) for name in names))

    # Rules -----------------------------------------------------------------------------------------------------------

    async def _rules_found(self, event_type_id: int | None) -> EventTypeRules:
        if event_type_id is None:
            raise EventTypeNotFoundError
        return await self._rules(event_type_id)

    async def _rules(self, event_type_id: int) -> EventTypeRules:
        if not 1 <= event_type_id <= MAX_ID:
            raise EventTypeNotFoundError(event_type_id)
        document = await self._document(event_type_id, [])
        if document["eventType"] is None:
            raise EventTypeNotFoundError(event_type_id)
        schedules = _schedules(document)
        return EventTypeRules(
            event_type=_event_type(document),
            people=_people(document, schedules),
            schedules={schedule_id: schedules[schedule_id] for schedule_id in document["named"] or ()},
            member_ids=tuple(document["members"] or ()),
        )

    async def _dynamic(self, user_ids: Sequence[int]) -> EventTypeRules:
        document = await self._document(None, user_ids)
        people = _people(document, _schedules(document))
        # Somebody may have been deleted since they were found.
        return dynamic(tuple(people[user_id] for user_id in user_ids if user_id in people))

    async def _document(self, event_type_id: int | None, user_ids: Sequence[int]) -> dict[str, Any]:
        [text] = await self._documents.row(event_type_id, user_ids)
        document: dict[str, Any] = orjson.loads(text)
        return document


def _searched(name: str | None) -> str | None:
    """Return a name to look for; an empty one, which nothing bears, for one that no database can keep."""
    try:
        return None if name is None else storable(name)
    except ValueError:
        return ""


def _check_organization(row: asyncpg.Record | None, slug: str | None) -> None:
    if slug is not None and (row is None or row["organization_id"] is None):
        raise OrganizationNotFoundError(slug)


def _event_type(document: Mapping[str, Any]) -> EventType:
    found = document["eventType"]
    return EventType(
        id=found["id"],
        title=found["title"],
        scheduling=SchedulingType(found["scheduling"]),
        owner_id=found["ownerId"],
        team_id=found["teamId"],
        length=found["length"],
        lengths=tuple(found["lengths"]),
        slot_interval=found["slotInterval"],
        offset_start=found["offsetStart"],
        minimum_notice=found["minimumNotice"],
        before_buffer=found["beforeBuffer"],
        after_buffer=found["afterBuffer"],
        seats=found["seats"],
        only_first_slot=found["onlyFirstSlot"],
        optimized_slots=found["optimizedSlots"],
        booking_window=_booking_window(found),
        limits=_limits(document),
        confirmation=_confirmation(found),
        schedule_id=found["scheduleId"],
        host_entries=tuple(_host_entry(host) for host in document["hosts"] or ()),
        assigned_user_ids=tuple(document["assigned"] or ()),
        assign_all_members=found["assignAllMembers"],
        subset_enabled=found["subsetEnabled"],
    )


def _booking_window(found: Mapping[str, Any]) -> BookingWindow | None:
    match found["windowType"]:
        case None:
            return None
        case "range":
            return DateRange(date.fromisoformat(found["windowFirst"]), date.fromisoformat(found["windowLast"]))
        case kind:
            return DaysAhead(found["windowDays"], business=kind == "businessDays", rolling=found["windowRolling"])


def _confirmation(found: Mapping[str, Any]) -> Confirmation | None:
    kind, unit = found["confirmation"], found["noticeUnit"]
    if kind is None:
        return None
    notice = found["noticeCount"] * NOTICE_UNIT_MINUTES[unit] if kind == "time" and unit else None
    return Confirmation(notice=notice, pending_blocks=found["pendingBlocks"])


def _limits(document: Mapping[str, Any]) -> BookingLimits:
    own = document["limits"] or ()
    team = tuple(Limit(Period(period), most) for period, most in document["teamLimits"] or ())
    return BookingLimits(
        count=tuple(Limit(Period(period), most) for counts, period, most in own if counts == "bookings"),
        duration=tuple(Limit(Period(period), most) for counts, period, most in own if counts == "minutes"),
        team_count=team,
        team_id=document["limitingTeam"],
        team_event_type_ids=frozenset(document["teamEventTypes"] or ()),
    )


def _host_entry(host: Mapping[str, Any]) -> HostEntry:
    return HostEntry(
        user_id=host["userId"],
        mandatory=host["mandatory"],
        priority=host["priority"],
        weight=host["weight"],
        group=host["group"],
        schedule_id=host["scheduleId"],
    )


def _people(document: Mapping[str, Any], schedules: Mapping[int, Schedule]) -> dict[int, Person]:
    return {person["id"]: _person(person, schedules) for person in document["people"] or ()}


def _person(person: Mapping[str, Any], schedules: Mapping[int, Schedule]) -> Person:
    return Person(
        id=person["id"],
        username=person["username"],
        email=person["email"],
        name=person["name"],
        zone=person["zone"],
        default_schedule=schedules.get(person["scheduleId"]),
        allow_dynamic_booking=person["allowDynamicBooking"],
        travels=tuple(
            Travel(zone, date.fromisoformat(first), None if last is None else date.fromisoformat(last))
            for zone, first, last in person["travels"] or ()
        ),
        absences=tuple(
            Absence(date.fromisoformat(first), date.fromisoformat(last)) for first, last in person["absences"] or ()
        ),
    )


def _schedules(document: Mapping[str, Any]) -> dict[int, Schedule]:
    return {schedule["id"]: _schedule(schedule) for schedule in document["schedules"] or ()}


def _schedule(schedule: Mapping[str, Any]) -> Schedule:
    return Schedule(
        id=schedule["id"],
        zone=schedule["zone"],
        hours=hours_of(schedule["hours"]),
        overrides=overrides_of(schedule["overrides"]),
    )
