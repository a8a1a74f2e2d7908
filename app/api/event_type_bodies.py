"""What is sent to make or change an event type, version 2024-06-14.

A field that is left out stays as it is, on POST as by default; `null` and, where the peer has it, `{"disabled": true}`
set the default again. Fields that say which slots there are become settings; the others are kept as they were sent.
"""

from dataclasses import MISSING, fields, replace
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StrictBool,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from typing_extensions import override

from app.api.event_type_parts import (
    FIELDS,
    ActiveBookingsPart,
    BookingFieldPart,
    CalVideoPart,
    CancellingPart,
    ColorPart,
    ConfirmationPart,
    DestinationCalendarPart,
    EmailsPart,
    HostPart,
    LayoutsPart,
    LimitsPart,
    LocationPart,
    LongText,
    Metadata,
    Part,
    ReschedulingPart,
    SeatsPart,
    WindowPart,
)
from app.domain.errors import Flaw, SettingsRefusedError
from app.domain.event_type import SchedulingType
from app.domain.event_type_settings import EventTypeSettings
from app.domain.slug import LONGEST_SLUG
from app.fields import BufferMinutes, EventMinutes, Id, Link, NoticeMinutes, OffsetMinutes, Text

MOST_LENGTHS = 50
MOST_HOSTS = 500
MOST_BOOKING_FIELDS = 50
MOST_LOCATIONS = 20


def _none_if_disabled(value: object) -> object:
    return None if isinstance(value, dict) and value.get("disabled") is True else value


def _scheduling(value: object) -> SchedulingType:
    if value not in ("collective", "roundRobin", "managed"):
        raise ValueError("must be 'collective', 'roundRobin' or 'managed'")
    return SchedulingType(value)


def _different_slugs(given: list[BookingFieldPart]) -> list[BookingFieldPart]:
    keys = [one.key for one in given]
    if len(set(keys)) < len(keys):
        raise ValueError("every booking field has a slug of its own")
    return given


def _different_people(given: list[HostPart]) -> list[HostPart]:
    people = [host.user_id for host in given]
    if len(set(people)) < len(people):
        raise ValueError("nobody is a host twice")
    return given


def _no_recurrence(value: object) -> None:
    if _none_if_disabled(value) is not None:
        raise ValueError('recurring bookings are not supported: leave it out, or send {"disabled": true}')


_DISABLED = {"type": "object", "properties": {"disabled": {"const": True}}, "required": ["disabled"]}


def _or_disabled(schema: dict[str, Any]) -> None:
    schema["anyOf"].append(_DISABLED)


Switched = (BeforeValidator(_none_if_disabled), Field(json_schema_extra=_or_disabled))
NoRecurrence = Annotated[
    None, BeforeValidator(_no_recurrence), WithJsonSchema({"anyOf": [{"type": "null"}, _DISABLED]})
]
BookingFields = Annotated[
    list[BookingFieldPart], Field(max_length=MOST_BOOKING_FIELDS), AfterValidator(_different_slugs)
]
Hosts = Annotated[list[HostPart], Field(max_length=MOST_HOSTS), AfterValidator(_different_people)]
Scheduling = Annotated[
    SchedulingType,
    BeforeValidator(_scheduling),
    WithJsonSchema({"type": "string", "enum": ["collective", "roundRobin", "managed"]}),
]
Slug = Annotated[str, Field(max_length=LONGEST_SLUG, pattern=r"^[A-Za-z0-9_-]+$")]
"""What an address can lead to as it stands."""
UNSAID: Any = None
"""What stands in a field that was left out and may not be null; nobody reads it."""


class EventTypeBody(BaseModel):
    """What is to be different of an event type: what is left out stays, `null` sets the default again."""

    model_config = FIELDS

    title: Text = UNSAID
    slug: Slug = UNSAID
    length: EventMinutes = Field(UNSAID, alias="lengthInMinutes")
    description: LongText | None = None
    lengths: Annotated[list[EventMinutes], Field(max_length=MOST_LENGTHS)] | None = Field(
        None, alias="lengthInMinutesOptions"
    )
    slot_interval: EventMinutes | None = None
    offset_start: OffsetMinutes | None = None
    minimum_notice: NoticeMinutes | None = Field(None, alias="minimumBookingNotice")
    before_buffer: BufferMinutes | None = Field(None, alias="beforeEventBuffer")
    after_buffer: BufferMinutes | None = Field(None, alias="afterEventBuffer")
    schedule_id: Id | None = None
    seats: Annotated[SeatsPart | None, *Switched] = None
    count_limits: Annotated[LimitsPart | None, *Switched] = Field(None, alias="bookingLimitsCount")
    duration_limits: Annotated[LimitsPart | None, *Switched] = Field(None, alias="bookingLimitsDuration")
    booking_window: Annotated[WindowPart | None, *Switched] = None
    confirmation: Annotated[ConfirmationPart | None, *Switched] = Field(None, alias="confirmationPolicy")
    only_first_slot: StrictBool | None = Field(None, alias="onlyShowFirstAvailableSlot")
    optimized_slots: StrictBool | None = Field(None, alias="showOptimizedSlots")
    hidden: StrictBool | None = None
    booking_fields: BookingFields | None = None
    locations: Annotated[list[LocationPart], Field(max_length=MOST_LOCATIONS)] | None = None

    recurrence: NoRecurrence = None
    metadata: Metadata | None = None
    disable_guests: StrictBool | None = None
    booker_active_bookings_limit: Annotated[ActiveBookingsPart | None, *Switched] = None
    booker_layouts: LayoutsPart | None = None
    requires_booker_email_verification: StrictBool | None = None
    hide_calendar_notes: StrictBool | None = None
    lock_time_zone_toggle_on_booking_page: StrictBool | None = None
    color: ColorPart | None = None
    custom_name: Text | None = None
    destination_calendar: DestinationCalendarPart | None = None
    use_destination_calendar_email: StrictBool | None = None
    hide_calendar_event_details: StrictBool | None = None
    success_redirect_url: Link | None = None
    hide_organizer_email: StrictBool | None = None
    cal_video_settings: CalVideoPart | None = None
    booking_requires_authentication: StrictBool | None = None
    disable_cancelling: CancellingPart | None = None
    disable_rescheduling: ReschedulingPart | None = None
    interface_language: Annotated[str, Field(pattern=r"^([a-z]{2}(-[A-Z0-9]{2,3})?)?$")] | None = None
    allow_rescheduling_past_bookings: StrictBool | None = None
    allow_rescheduling_cancelled_bookings: StrictBool | None = None

    def applied_to(self, settings: EventTypeSettings) -> EventTypeSettings:
        """Return the settings as they are with what this body says."""
        given = {name: self._meant(name) for name in self.model_fields_set & _DEFAULTS.keys()}
        return replace(settings, **given, more=self._kept_with(settings.more))

    def _meant(self, name: str) -> Any:
        value = getattr(self, name)
        if value is None:
            return _DEFAULTS[name]
        if isinstance(value, list):
            return tuple(_one_meant(one) for one in value)
        return _one_meant(value)

    def _kept_with(self, more: Any) -> dict[str, Any]:
        kept = type(self).model_fields.keys() - _DEFAULTS.keys()
        sent = self.model_dump(by_alias=True, exclude_unset=True, include=kept)
        return {name: value for name, value in {**more, **sent}.items() if value is not None}


def _one_meant(value: Any) -> Any:
    return value.meant() if isinstance(value, Part) else value


_DEFAULTS = {
    one.name: None if one.default is MISSING else one.default for one in fields(EventTypeSettings) if one.name != "more"
}
"""Of the settings, by name. A title, a slug and a length are always given."""


class NewEventTypeBody(EventTypeBody):
    """An event type to make."""

    title: Text
    slug: Slug
    length: EventMinutes = Field(alias="lengthInMinutes")

    def settings(self) -> EventTypeSettings:
        """Return the settings of a new event type."""
        return self.applied_to(EventTypeSettings(slug=self.slug, length=self.length))


class TeamEventTypeBody(EventTypeBody):
    """What is to be different of a team's event type: what is left out stays, `null` sets the default again."""

    scheduling: Scheduling = Field(UNSAID, alias="schedulingType")
    host_entries: Hosts | None = Field(None, alias="hosts")
    assign_all_members: StrictBool | None = Field(None, alias="assignAllTeamMembers")
    subset_enabled: StrictBool | None = Field(None, alias="rrHostSubsetEnabled")
    email_settings: EmailsPart | None = None
    reschedule_with_same_round_robin_host: StrictBool | None = None

    @field_validator("assign_all_members")
    @classmethod
    def _one_way_of_staffing(cls, everybody: bool | None, info: ValidationInfo) -> bool | None:  # noqa: FBT001 - pydantic calls it
        if everybody and info.data.get("host_entries"):
            raise ValueError("hosts and assignAllTeamMembers exclude each other")
        return everybody

    @override
    def applied_to(self, settings: EventTypeSettings) -> EventTypeSettings:
        """Return the settings as they are with what this body says.

        Raises
        ------
        SettingsRefusedError
            If the scheduling type changes and nobody says who hosts it then.
        """
        after = super().applied_to(settings)
        if self.assign_all_members:
            return replace(after, host_entries=())
        if self.host_entries is not None:
            # Of which no answer and no body tells.
            schedules = {entry.user_id: entry.schedule_id for entry in settings.host_entries}
            entries = (replace(one, schedule_id=schedules.get(one.user_id)) for one in after.host_entries)
            return replace(after, host_entries=tuple(entries), assign_all_members=False)
        if after.scheduling is not settings.scheduling:
            raise SettingsRefusedError(Flaw.HOSTS_NEEDED, None)
        return after


class NewTeamEventTypeBody(NewEventTypeBody, TeamEventTypeBody):
    """A team's event type to make."""

    scheduling: Scheduling = Field(alias="schedulingType")

    @override
    def settings(self) -> EventTypeSettings:
        """Return the settings of a new event type."""
        return self.applied_to(EventTypeSettings(slug=self.slug, length=self.length, scheduling=self.scheduling))
