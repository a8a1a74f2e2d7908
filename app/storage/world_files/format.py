"""The shape of a world file, list by list. Field names are the public API's; an unknown field is an error."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    ValidationInfo,
    model_validator,
)
from pydantic.alias_generators import to_camel

from app.domain.schedule import WEEKDAYS
from app.fields import (
    FURTHEST_WINDOW_DAYS,
    LONGEST_EVENT_MINUTES,
    MAX_ID,
    BufferMinutes,
    EventMinutes,
    Id,
    MinuteOfDay,
    NoticeMinutes,
    OffsetMinutes,
    SeatNumber,
    Text,
    WholeNumber,
    ZoneName,
    in_bounds,
)


def _moment(value: object) -> datetime:
    """Read a bare date as its first instant, and a time without an offset as UTC."""
    if not isinstance(value, str):
        raise ValueError("must be a date or a date and time, as text")  # noqa: TRY004 - see fields.WholeNumber
    moment = datetime.fromisoformat(value)
    return in_bounds(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _calendar_date(value: object) -> date:
    """Take the UTC date of an instant where a date is wanted."""
    return _moment(value).astimezone(UTC).date()


def _days_or_dates(value: object, info: ValidationInfo) -> int | tuple[date, date]:
    """Read how far ahead: two dates for a range, else a number of days."""
    if info.data.get("type") == "range":
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise ValueError("must be two dates")
        return _calendar_date(value[0]), _calendar_date(value[1])
    days = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= FURTHEST_WINDOW_DAYS:
        raise ValueError(f"must be a number of days, from 0 to {FURTHEST_WINDOW_DAYS}")
    return days


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
CalendarDate = Annotated[date, BeforeValidator(_calendar_date)]
LimitNumber = Annotated[WholeNumber, Field(ge=0, le=MAX_ID)]


class Item(BaseModel):
    """What every item of a world file shares."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=False)


class TravelSchedule(Item):
    time_zone: ZoneName
    start_date: CalendarDate
    end_date: CalendarDate | None = None


class User(Item):
    id: Id
    username: Text
    email: Text
    name: Text | None = None
    time_zone: ZoneName
    default_schedule_id: Id | None = None
    allow_dynamic_booking: StrictBool = True
    travel_schedules: tuple[TravelSchedule, ...] = ()
    key: Text | None = None
    """A nickname that tests use; it means nothing to the service."""


class Hours(Item):
    days: Annotated[tuple[Literal[WEEKDAYS], ...], Field(min_length=1)]  # type: ignore[valid-type]
    start_time: MinuteOfDay
    end_time: MinuteOfDay


class Override(Item):
    date: CalendarDate
    start_time: MinuteOfDay | None = None
    end_time: MinuteOfDay | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.start_time is None) != (self.end_time is None):
            raise ValueError("an override has both startTime and endTime, or neither")
        return self


class Schedule(Item):
    id: Id
    owner_id: Id
    name: Text = "Working hours"
    time_zone: ZoneName
    is_default: StrictBool = False
    availability: tuple[Hours, ...]
    overrides: tuple[Override, ...] = ()


class Organization(Item):
    id: Id
    slug: Text
    name: Text | None = None
    time_zone: ZoneName | None = None


class Profile(Item):
    user_id: Id
    organization_id: Id
    username: Text


class Limits(Item):
    day: LimitNumber | None = None
    week: LimitNumber | None = None
    month: LimitNumber | None = None
    year: LimitNumber | None = None

    def __bool__(self) -> bool:
        """Whether any limit is set; 0 is none (docs/rules.md 10)."""
        return bool(self.day or self.week or self.month or self.year)


class Team(Item):
    id: Id
    slug: Text
    name: Text | None = None
    parent_organization_id: Id | None = None
    booking_limits_count: Limits | None = None
    include_managed_events_in_limits: StrictBool = False


class Membership(Item):
    user_id: Id
    team_id: Id
    role: Literal["MEMBER", "ADMIN", "OWNER"] = "MEMBER"
    accepted: StrictBool = True


class BookingWindow(Item):
    type: Literal["calendarDays", "businessDays", "range"]
    value: Annotated[int | tuple[date, date], PlainValidator(_days_or_dates)]
    rolling: StrictBool = False


class NoticeThreshold(Item):
    unit: Literal["minutes", "hours", "days", "months"]
    count: NoticeMinutes


class ConfirmationPolicy(Item):
    type: Literal["always", "time"]
    notice_threshold: NoticeThreshold | None = None
    block_unconfirmed_bookings_in_booker: StrictBool = True


class Host(Item):
    user_id: Id
    mandatory: StrictBool = False
    priority: Annotated[WholeNumber, Field(ge=0, le=4)] = 2
    weight: Annotated[WholeNumber, Field(ge=0, le=10_000)] = 100
    group_id: Text | None = None
    schedule_id: Id | None = None


class EventType(Item):
    id: Id
    slug: Text
    title: Text | None = None
    owner_id: Id | None = None
    team_id: Id | None = None
    parent_id: Id | None = None
    scheduling_type: Literal["collective", "roundRobin", "managed"] | None = None
    length_in_minutes: EventMinutes
    length_in_minutes_options: tuple[EventMinutes, ...] = ()
    slot_interval: EventMinutes | None = None
    offset_start: OffsetMinutes = 0
    minimum_booking_notice: NoticeMinutes = 120
    before_event_buffer: BufferMinutes = 0
    after_event_buffer: BufferMinutes = 0
    seats_per_time_slot: SeatNumber | None = None
    booking_limits_count: Limits | None = None
    booking_limits_duration: Limits | None = None
    booking_window: BookingWindow | None = None
    only_show_first_available_slot: StrictBool = False
    show_optimized_slots: StrictBool = False
    schedule_id: Id | None = None
    confirmation_policy: ConfirmationPolicy | None = None
    hidden: StrictBool = False
    hosts: tuple[Host, ...] = ()
    assigned_user_ids: tuple[Id, ...] = ()
    assign_all_team_members: StrictBool = False
    rr_host_subset_enabled: StrictBool = False

    @model_validator(mode="after")
    def _has_an_owner(self) -> Self:
        if (self.owner_id is None) == (self.team_id is None):
            raise ValueError("an event type has either an ownerId or a teamId")
        return self


class Attendee(Item):
    email: Text
    name: Text | None = None
    time_zone: ZoneName | None = None
    seat_uid: Text | None = None


def _ends_after_it_starts(start: datetime, end: datetime) -> None:
    if end <= start:
        raise ValueError("must end after it starts")


class Booking(Item):
    uid: Text
    event_type_id: Id
    user_id: Id
    start: Moment
    end: Moment
    status: Literal["accepted", "pending", "awaiting_host", "cancelled", "rejected"] = "accepted"
    attendees: tuple[Attendee, ...] = ()

    @model_validator(mode="after")
    def _order(self) -> Self:
        _ends_after_it_starts(self.start, self.end)
        return self


class Reservation(Item):
    uid: Text
    event_type_id: Id
    slot_start: Moment
    slot_end: Moment
    reservation_until: Moment
    host_ids: Annotated[tuple[Id, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _order(self) -> Self:
        _ends_after_it_starts(self.slot_start, self.slot_end)
        if (self.slot_end - self.slot_start).total_seconds() > LONGEST_EVENT_MINUTES * 60:
            raise ValueError(f"must not be longer than {LONGEST_EVENT_MINUTES} minutes")
        return self


class OutOfOffice(Item):
    id: Id | None = None
    user_id: Id
    start: Moment
    end: Moment
    to_user_id: Id | None = None
    reason_id: Id | None = None


class BusyTime(Item):
    user_id: Id
    start: Moment
    end: Moment


class ApiKey(Item):
    token: Annotated[Text, Field(pattern=r"^cal_.")]
    user_id: Id
    expires_at: Moment | None = None


class OAuthClient(Item):
    id: Text
    secret: Text
    name: Text | None = None
    owner_id: Id | None = None
    organization_id: Id | None = None

    @model_validator(mode="after")
    def _has_an_owner(self) -> Self:
        if (self.owner_id is None) == (self.organization_id is None):
            raise ValueError("an OAuth client has either an ownerId or an organizationId")
        return self


class World(Item):
    """A whole file. Every list may be left out."""

    now: Moment | None = None
    """The clock of the command `slots`; `load` ignores it."""
    users: tuple[User, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    organizations: tuple[Organization, ...] = ()
    profiles: tuple[Profile, ...] = ()
    teams: tuple[Team, ...] = ()
    memberships: tuple[Membership, ...] = ()
    event_types: tuple[EventType, ...] = ()
    bookings: tuple[Booking, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    out_of_office: tuple[OutOfOffice, ...] = ()
    busy_times: tuple[BusyTime, ...] = ()
    api_keys: tuple[ApiKey, ...] = ()
    oauth_clients: Annotated[tuple[OAuthClient, ...], Field(alias="oauthClients")] = ()
    queries: tuple[dict[str, Any], ...] = ()
