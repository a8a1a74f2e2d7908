"""`/v2/schedules`, version 2024-04-15: the shapes that a calendar's editor draws from.

Days are numbers from Sunday, 0, on. Of a weekly time, an instant, only the UTC time of day counts. The end of a day is
23:59 here: no instant of that day says it better.
"""

from collections.abc import Iterable
from typing import Annotated

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from typing_extensions import TypeAliasType, TypedDict

from app.api.bodies import read_body, success
from app.api.idempotency import created
from app.api.instants import InstantText, utc_text
from app.api.paths import owner_of, path_id
from app.api.schedules import MOST_HOURS, MOST_OVERRIDES, refuse
from app.api.state import USE_CASES
from app.domain.owned_schedule import OwnedSchedule, ScheduleChange, ScheduleDraft, hours_problem, overrides_problem
from app.domain.schedule import (
    LAST_MINUTE,
    MINUTES_PER_DAY,
    OFFICE_HOURS,
    LocalDay,
    Override,
    WeeklyHours,
    date_of,
    day_of,
)
from app.domain.time_ranges import DAY, MINUTE, Instant
from app.fields import IsoInstant, Text, WholeNumber, ZoneName
from app.services.keep_slots import new_uid
from app.services.ports import DrawnUid

_FIRST_DAY: LocalDay = 0
"""1970-01-01, the date that is written where only the time of day counts."""

DayNumber = Annotated[WholeNumber, Field(ge=0, le=6)]


class OlderHoursBody(BaseModel):
    """One stretch of weekly hours."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    days: Annotated[list[DayNumber], Field(min_length=1, max_length=7)]
    start: IsoInstant = Field(alias="startTime")
    end: IsoInstant = Field(alias="endTime")

    def rule(self) -> WeeklyHours:
        """Return what it says."""
        return WeeklyHours(frozenset(map(_weekday, self.days)), *_minutes(self.start, self.end))


class StretchBody(BaseModel):
    """One stretch of a day; an empty one, of a date, closes it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    start: IsoInstant
    end: IsoInstant

    def override(self) -> Override:
        """Return what it says about the date it starts on."""
        return Override(date_of(self.start // DAY), *_minutes(self.start, self.end))


def _weekly_hours(days: Iterable[list[StretchBody]]) -> tuple[WeeklyHours, ...]:
    """Return lists of stretches, Sunday's first, as weekly hours; days with an equal stretch share one."""
    weekdays: dict[tuple[int, int], set[int]] = {}
    for number, stretches in enumerate(days):
        for stretch in stretches:
            weekdays.setdefault(_minutes(stretch.start, stretch.end), set()).add(_weekday(number))
    return tuple(WeeklyHours(frozenset(on), start, end) for (start, end), on in weekdays.items())


def _consistent_hours(bodies: list[OlderHoursBody]) -> list[OlderHoursBody]:
    refuse(hours_problem(body.rule() for body in bodies))
    return bodies


def _consistent_days(days: list[list[StretchBody]]) -> list[list[StretchBody]]:
    refuse(
        hours_problem(
            WeeklyHours(frozenset({_weekday(number)}), *_minutes(stretch.start, stretch.end))
            for number, stretches in enumerate(days)
            for stretch in stretches
        )
    )
    return days


def _consistent_overrides(bodies: list[StretchBody]) -> list[StretchBody]:
    refuse(overrides_problem(body.override() for body in bodies))
    return bodies


Availabilities = Annotated[list[OlderHoursBody], Field(max_length=MOST_HOURS), AfterValidator(_consistent_hours)]
DayStretches = Annotated[list[StretchBody], Field(max_length=MOST_HOURS // 7)]
Week = Annotated[list[DayStretches], Field(min_length=7, max_length=7), AfterValidator(_consistent_days)]
DateOverrides = Annotated[list[StretchBody], Field(max_length=MOST_OVERRIDES), AfterValidator(_consistent_overrides)]


class NewOlderScheduleBody(BaseModel):
    """A schedule to make; without hours it has office hours."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Text
    time_zone: ZoneName = Field(alias="timeZone")
    is_default: bool = Field(alias="isDefault")
    availabilities: Availabilities | None = None

    def draft(self) -> ScheduleDraft:
        """Return what the schedule is to say; no hours, in this version, are office hours too."""
        hours = tuple(body.rule() for body in self.availabilities or ())
        return ScheduleDraft(
            name=self.name, zone=self.time_zone, is_default=self.is_default, hours=hours or OFFICE_HOURS
        )


class OlderScheduleChangeBody(BaseModel):
    """What is to be different of a schedule: what is left out, or null, stays."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Text | None = None
    time_zone: ZoneName | None = Field(None, alias="timeZone")
    is_default: bool | None = Field(None, alias="isDefault")
    schedule: Week | None = None
    date_overrides: DateOverrides | None = Field(None, alias="dateOverrides")

    def change(self) -> ScheduleChange:
        """Return what is to be different."""
        overrides = self.date_overrides
        return ScheduleChange(
            name=self.name,
            zone=self.time_zone,
            hours=None if self.schedule is None else _weekly_hours(self.schedule),
            overrides=None if overrides is None else tuple(body.override() for body in overrides),
            becomes_default=bool(self.is_default),
        )


async def get_schedules(request: web.Request) -> web.Response:
    """List all schedules of the caller."""
    found = await request.app[USE_CASES].schedule_keeper.of_user(await owner_of(request))
    return success([_schedule(schedule) for schedule in found])


async def get_default_schedule(request: web.Request) -> web.Response:
    """Show the caller's default schedule, null where there is none."""
    found = await request.app[USE_CASES].schedule_keeper.default_of(await owner_of(request))
    return success(None if found is None else _schedule(found))


async def get_schedule(request: web.Request) -> web.Response:
    """Show one schedule of the caller."""
    owner_id = await owner_of(request)
    found = await request.app[USE_CASES].schedule_keeper.show(owner_id, path_id(request, "scheduleId"))
    return success(_schedule(found))


async def post_schedule(request: web.Request) -> web.Response:
    """Make a schedule for the caller."""
    owner_id = await owner_of(request)
    draft = (await read_body(request, NewOlderScheduleBody)).draft()

    async def make(drawn: DrawnUid | None) -> OlderSchedule:
        uid = new_uid() if drawn is None else drawn.uid
        return _schedule(await request.app[USE_CASES].schedule_keeper.create(owner_id, draft, uid))

    return await created(request, make)


async def patch_schedule(request: web.Request) -> web.Response:
    """Change one schedule of the caller."""
    owner_id = await owner_of(request)
    change = (await read_body(request, OlderScheduleChangeBody)).change()
    keeper = request.app[USE_CASES].schedule_keeper
    before = await keeper.default_of(owner_id)
    changed = await keeper.change(owner_id, path_id(request, "scheduleId"), change)
    return success(_changed(changed, None if before is None else before.id))


# Answers -------------------------------------------------------------------------------------------------------------


class OlderWorkingHours(TypedDict):
    """One stretch of weekly hours, in minutes of the day."""

    userId: int
    days: list[int]
    startTime: int
    endTime: int


class OlderHours(TypedDict):
    """Weekly hours, of which the times of day count, or those of a date; equal times of a date close it."""

    days: list[int]
    startTime: InstantText
    endTime: InstantText
    date: InstantText | None


class OlderNumberedHours(OlderHours):
    """The same, with what they belong to."""

    id: int
    userId: int
    eventTypeId: None
    scheduleId: int


class OlderStretch(TypedDict):
    """One stretch of a day."""

    start: InstantText
    end: InstantText


class OlderDateOverride(TypedDict):
    """All stretches of a date that has other hours; an empty one closes it."""

    ranges: list[OlderStretch]


class OlderSchedule(TypedDict):
    """A schedule. `availability` has a list of stretches for each day of the week, Sunday's first."""

    id: int
    userId: int
    name: str
    isManaged: bool
    workingHours: list[OlderWorkingHours]
    schedule: list[OlderNumberedHours]
    availability: list[list[OlderStretch]]
    timeZone: str
    dateOverrides: list[OlderDateOverride]
    isDefault: bool
    isLastSchedule: bool
    readOnly: bool


OlderSchedules = TypeAliasType("OlderSchedules", list[OlderSchedule])


class OlderScheduleRow(TypedDict):
    """A schedule as it is kept."""

    id: int
    userId: int
    name: str
    timeZone: str
    availability: list[OlderNumberedHours]


class OlderChangedSchedule(TypedDict):
    """A schedule that was changed, and which one is the default now and was before."""

    schedule: OlderScheduleRow
    isDefault: bool
    timeZone: str
    prevDefaultId: int | None
    currentDefaultId: int | None


def _schedule(schedule: OwnedSchedule) -> OlderSchedule:
    return {
        "id": schedule.id,
        "userId": schedule.owner_id,
        "name": schedule.name,
        "isManaged": False,
        "workingHours": [_working_hours(schedule, hours) for hours in schedule.hours],
        "schedule": _rows(schedule),
        "availability": [_stretches(schedule.hours, number) for number in range(7)],
        "timeZone": schedule.zone,
        "dateOverrides": _date_overrides(schedule.overrides),
        "isDefault": schedule.is_default,
        "isLastSchedule": schedule.is_last,
        "readOnly": False,
    }


def _changed(schedule: OwnedSchedule, default_before: int | None) -> OlderChangedSchedule:
    return {
        "schedule": {
            "id": schedule.id,
            "userId": schedule.owner_id,
            "name": schedule.name,
            "timeZone": schedule.zone,
            "availability": _rows(schedule),
        },
        "isDefault": schedule.is_default,
        "timeZone": schedule.zone,
        "prevDefaultId": default_before,
        "currentDefaultId": schedule.id if schedule.is_default else default_before,
    }


def _working_hours(schedule: OwnedSchedule, hours: WeeklyHours) -> OlderWorkingHours:
    start, end = hours.start_minute, min(hours.end_minute, LAST_MINUTE)
    return {"userId": schedule.owner_id, "days": _numbers(hours), "startTime": start, "endTime": end}


def _rows(schedule: OwnedSchedule) -> list[OlderNumberedHours]:
    """Return hours and overrides in one list, as the peer's table has them; their ids count within the schedule."""
    hours = [_row(rule, days=_numbers(rule), date=None) for rule in schedule.hours]
    overrides = [_row(rule, days=[], date=_written(day_of(rule.date), 0)) for rule in schedule.overrides]
    return [
        {**row, "id": number, "userId": schedule.owner_id, "eventTypeId": None, "scheduleId": schedule.id}
        for number, row in enumerate([*hours, *overrides], start=1)
    ]


def _row(rule: WeeklyHours | Override, *, days: list[int], date: str | None) -> OlderHours:
    start, end = (_written(_FIRST_DAY, minute or 0) for minute in (rule.start_minute, rule.end_minute))
    return {"days": days, "startTime": start, "endTime": end, "date": date}


def _stretches(hours: Iterable[WeeklyHours], number: int) -> list[OlderStretch]:
    """Return what is open on a day of the week."""
    on_that_day = [rule for rule in hours if _weekday(number) in rule.weekdays]
    return [
        {"start": _written(_FIRST_DAY, rule.start_minute), "end": _last_moment(rule.end_minute)} for rule in on_that_day
    ]


def _last_moment(end: int) -> str:
    """Return the end of a stretch; that of the day is written to the millisecond."""
    if end >= LAST_MINUTE:
        return utc_text((_FIRST_DAY + 1) * DAY - 1)
    return _written(_FIRST_DAY, end)


def _date_overrides(overrides: Iterable[Override]) -> list[OlderDateOverride]:
    """Return the stretches of each overridden date; a closed one has a single, empty stretch."""
    by_day: dict[LocalDay, list[OlderStretch]] = {}
    for rule in overrides:
        day = day_of(rule.date)
        stretch: OlderStretch = {
            "start": _written(day, rule.start_minute or 0),
            "end": _written(day, rule.end_minute or 0),
        }
        by_day.setdefault(day, []).append(stretch)
    return [{"ranges": ranges} for ranges in by_day.values()]


def _written(day: LocalDay, minute: int) -> str:
    return utc_text(day * DAY + min(minute, LAST_MINUTE) * MINUTE)


def _numbers(hours: WeeklyHours) -> list[int]:
    return sorted(weekday % 7 for weekday in hours.weekdays)


def _weekday(number: int) -> int:
    """Return a day that counts from Sunday, 0, as an ISO day of the week."""
    return number or 7


def _minutes(start: Instant, end: Instant) -> tuple[int, int]:
    """Return a stretch in minutes of the day; midnight as its end is the day's end, unless it is the start too."""
    start_minute, end_minute = (instant % DAY // MINUTE for instant in (start, end))
    if end_minute == 0 and end != start:
        end_minute = MINUTES_PER_DAY
    return start_minute, end_minute
