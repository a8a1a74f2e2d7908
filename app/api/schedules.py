"""`/v2/schedules` and the schedules of members, version 2024-06-11."""

from collections.abc import Iterable
from typing import Annotated, Self

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from typing_extensions import TypeAliasType, TypedDict

from app.api.bodies import json_response, read_body, success
from app.api.credentials import caller_of
from app.api.idempotency import created
from app.api.instants import ClockText, DateText
from app.api.pages import PageQuery, read_page
from app.api.paths import owner_of, path_id
from app.api.people import Weekday
from app.api.slots_query import QueryNumber
from app.api.state import USE_CASES
from app.domain.owned_schedule import (
    OwnedSchedule,
    ScheduleChange,
    ScheduleDraft,
    clock,
    hours_problem,
    overrides_problem,
)
from app.domain.schedule import OFFICE_HOURS, WEEKDAYS, Override, WeeklyHours
from app.fields import MAX_ID, MinuteOfDay, PlainDate, Text, ZoneName
from app.services.keep_slots import new_uid
from app.services.ports import DrawnUid
from app.services.schedules import TeamMembers

MOST_HOURS = 168
"""How many stretches of weekly hours a schedule may have: one an hour."""
MOST_OVERRIDES = 732
"""How many overrides a schedule may have: one for each day of two years."""


class HoursBody(BaseModel):
    """One stretch of weekly hours."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    days: Annotated[list[Weekday], Field(min_length=1, max_length=7)]
    start_time: MinuteOfDay = Field(alias="startTime")
    end_time: MinuteOfDay = Field(alias="endTime")

    def rule(self) -> WeeklyHours:
        """Return what it says."""
        weekdays = frozenset(WEEKDAYS.index(day) + 1 for day in self.days)
        return WeeklyHours(weekdays, self.start_time, self.end_time)


class OverrideBody(BaseModel):
    """Hours that replace those of a date; none, or equal ones, close it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    date: PlainDate
    start_time: MinuteOfDay | None = Field(None, alias="startTime")
    end_time: MinuteOfDay | None = Field(None, alias="endTime")

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.start_time is None) != (self.end_time is None):
            raise ValueError("an override has both startTime and endTime or, to close its date, neither")
        return self

    def rule(self) -> Override:
        """Return what it says."""
        return Override(self.date, self.start_time, self.end_time)


def _consistent_hours(bodies: list[HoursBody]) -> list[HoursBody]:
    refuse(hours_problem(body.rule() for body in bodies))
    return bodies


def _consistent_overrides(bodies: list[OverrideBody]) -> list[OverrideBody]:
    refuse(overrides_problem(body.rule() for body in bodies))
    return bodies


def refuse(problem: str | None) -> None:
    """Refuse a field that has a problem.

    Raises
    ------
    ValueError
        If it has one, with that text.
    """
    if problem is not None:
        raise ValueError(problem)


Availability = Annotated[list[HoursBody], Field(max_length=MOST_HOURS), AfterValidator(_consistent_hours)]
Overrides = Annotated[list[OverrideBody], Field(max_length=MOST_OVERRIDES), AfterValidator(_consistent_overrides)]


class NewScheduleBody(BaseModel):
    """A schedule to make; without `availability` it has office hours."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Text
    time_zone: ZoneName = Field(alias="timeZone")
    is_default: bool = Field(alias="isDefault")
    availability: Availability | None = None
    overrides: Overrides | None = None

    def draft(self) -> ScheduleDraft:
        """Return what the schedule is to say."""
        return ScheduleDraft(
            name=self.name,
            zone=self.time_zone,
            is_default=self.is_default,
            hours=OFFICE_HOURS if self.availability is None else _hours(self.availability),
            overrides=_overrides(self.overrides or ()),
        )


class ScheduleChangeBody(BaseModel):
    """What is to be different of a schedule: what is left out, or null, stays.

    `isDefault: false` changes nothing: a default ends where another schedule is made it.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Text | None = None
    time_zone: ZoneName | None = Field(None, alias="timeZone")
    is_default: bool | None = Field(None, alias="isDefault")
    availability: Availability | None = None
    overrides: Overrides | None = None

    def change(self) -> ScheduleChange:
        """Return what is to be different."""
        return ScheduleChange(
            name=self.name,
            zone=self.time_zone,
            hours=None if self.availability is None else _hours(self.availability),
            overrides=None if self.overrides is None else _overrides(self.overrides),
            becomes_default=bool(self.is_default),
        )


class TeamSchedulesQuery(PageQuery):
    """The parameters of a team's list."""

    event_type_id: Annotated[QueryNumber, Field(ge=1, le=MAX_ID)] | None = Field(None, alias="eventTypeId")


async def get_schedules(request: web.Request) -> web.Response:
    """List all schedules of somebody."""
    owner_id = await owner_of(request)
    return success(_listing(await request.app[USE_CASES].schedule_keeper.of_user(owner_id)))


async def get_default_schedule(request: web.Request) -> web.Response:
    """Show somebody's default schedule, null where there is none."""
    found = await request.app[USE_CASES].schedule_keeper.default_of(await owner_of(request))
    return success(None if found is None else _schedule(found))


async def get_schedule(request: web.Request) -> web.Response:
    """Show one schedule of somebody."""
    owner_id = await owner_of(request)
    return success(
        _schedule(await request.app[USE_CASES].schedule_keeper.show(owner_id, path_id(request, "scheduleId")))
    )


async def post_schedule(request: web.Request) -> web.Response:
    """Make a schedule for somebody."""
    owner_id = await owner_of(request)
    draft = (await read_body(request, NewScheduleBody)).draft()

    async def make(drawn: DrawnUid | None) -> ScheduleData:
        uid = new_uid() if drawn is None else drawn.uid
        return _schedule(await request.app[USE_CASES].schedule_keeper.create(owner_id, draft, uid))

    return await created(request, make)


async def patch_schedule(request: web.Request) -> web.Response:
    """Change one schedule of somebody."""
    owner_id = await owner_of(request)
    change = (await read_body(request, ScheduleChangeBody)).change()
    keeper = request.app[USE_CASES].schedule_keeper
    return success(_schedule(await keeper.change(owner_id, path_id(request, "scheduleId"), change)))


async def delete_schedule(request: web.Request) -> web.Response:
    """Delete one schedule of somebody."""
    owner_id = await owner_of(request)
    await request.app[USE_CASES].schedule_keeper.delete(owner_id, path_id(request, "scheduleId"))
    return json_response({"status": "success"})


async def get_team_schedules(request: web.Request) -> web.Response:
    """List the schedules of a team's members: all, those of an event type's hosts, or those of one member."""
    query = read_page(request, TeamSchedulesQuery)
    path = request.match_info
    team = TeamMembers(
        team_id=path_id(request, "teamId"),
        organization_id=path_id(request, "orgId") if "orgId" in path else None,
        member_id=path_id(request, "userId") if "userId" in path else None,
        event_type_id=query.event_type_id,
    )
    keeper = request.app[USE_CASES].schedule_keeper
    return success(_listing(await keeper.of_team(caller_of(request), team, query.page())))


async def get_organization_schedules(request: web.Request) -> web.Response:
    """List the schedules of an organization's members."""
    page = read_page(request, PageQuery).page()
    keeper = request.app[USE_CASES].schedule_keeper
    return success(_listing(await keeper.of_organization(caller_of(request), path_id(request, "orgId"), page)))


class HoursData(TypedDict):
    """One stretch of weekly hours."""

    days: list[Weekday]
    startTime: ClockText
    endTime: ClockText


class OverrideData(TypedDict):
    """Hours that replace those of a date; equal ones close it."""

    date: DateText
    startTime: ClockText
    endTime: ClockText


class ScheduleData(TypedDict):
    """A schedule: weekly hours, and the dates that have others."""

    id: int
    ownerId: int
    name: str
    timeZone: str
    availability: list[HoursData]
    isDefault: bool
    overrides: list[OverrideData]


ScheduleList = TypeAliasType("ScheduleList", list[ScheduleData])


def _hours(bodies: Iterable[HoursBody]) -> tuple[WeeklyHours, ...]:
    return tuple(body.rule() for body in bodies)


def _overrides(bodies: Iterable[OverrideBody]) -> tuple[Override, ...]:
    return tuple(body.rule() for body in bodies)


def _listing(schedules: Iterable[OwnedSchedule]) -> ScheduleList:
    return [_schedule(schedule) for schedule in schedules]


def _schedule(schedule: OwnedSchedule) -> ScheduleData:
    return {
        "id": schedule.id,
        "ownerId": schedule.owner_id,
        "name": schedule.name,
        "timeZone": schedule.zone,
        "availability": [_stretch(hours) for hours in schedule.hours],
        "isDefault": schedule.is_default,
        "overrides": [_override(override) for override in schedule.overrides],
    }


def _stretch(hours: WeeklyHours) -> HoursData:
    days = [WEEKDAYS[weekday - 1] for weekday in sorted(hours.weekdays)]
    return {"days": days, "startTime": clock(hours.start_minute), "endTime": clock(hours.end_minute)}


def _override(override: Override) -> OverrideData:
    """Return an override; one that closes its date has equal times, for clients that know no others."""
    return {
        "date": override.date.isoformat(),
        "startTime": clock(override.start_minute or 0),
        "endTime": clock(override.end_minute or 0),
    }
