"""The objects that bodies about event types are made of, version 2024-06-14."""

from datetime import date
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic.alias_generators import to_camel
from typing_extensions import override

from app.api.bodies import Body
from app.domain.booking_window import BookingWindow, DateRange, DaysAhead
from app.domain.event_type import HostEntry
from app.domain.event_type_settings import ConfirmationPolicy, Notice, Seats
from app.domain.limits import Limit, Period
from app.domain.schedule import date_of
from app.domain.time_ranges import DAY
from app.fields import (
    DATE_OR_DATE_TIME,
    FURTHEST_WINDOW_DAYS,
    MAX_ID,
    Id,
    Link,
    NoticeMinutes,
    SeatNumber,
    Text,
    WholeNumber,
    parse_instant,
    storable,
)

MOST_OPTIONS = 100
MOST_METADATA = 50
LONGEST_METADATA_TEXT = 500

PRIORITIES = ("lowest", "low", "medium", "high", "highest")
"""A host's priorities, 0 to 4."""
Priority: TypeAlias = Literal[PRIORITIES]  # type: ignore[valid-type]
USUAL_FIELDS = ("name", "email", "title", "location", "notes", "guests", "rescheduleReason")
"""Slugs of the questions that every event type asks or may ask."""
_CHOICES = ("select", "multiselect", "checkbox", "radio")
_LOCATIONS = {
    "address": "address",
    "link": "link",
    "integration": "integration",
    "phone": "phone",
    "attendeeAddress": None,
    "attendeePhone": None,
    "attendeeDefined": None,
    "organizersDefaultApp": None,
}
"""Types of locations, and the field that each needs."""

LongText = Annotated[str, Field(max_length=5_000), AfterValidator(storable)]
Label = Annotated[str, Field(max_length=500), AfterValidator(storable)]
Layout = Literal["month", "week", "column"]
LimitNumber = Annotated[WholeNumber, Field(ge=1, le=MAX_ID)]


def _calendar_date(value: object) -> date:
    """Read a date, or the UTC date of an instant."""
    if not isinstance(value, str):
        raise ValueError("must be two dates such as 2050-09-05")  # noqa: TRY004 - see fields.WholeNumber
    return date_of(parse_instant(value) // DAY)


def _days_or_dates(value: object, info: ValidationInfo) -> int | tuple[date, date]:
    """Read how far ahead: two dates for a range, else a number of days."""
    if info.data.get("type") != "range":
        if isinstance(value, bool) or value not in range(FURTHEST_WINDOW_DAYS + 1):
            raise ValueError(f"must be a number of days, from 0 to {FURTHEST_WINDOW_DAYS}")
        return int(value)  # type: ignore[call-overload, no-any-return]  # 10.0 is 10.
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("must be two dates where the type is 'range'")
    first, last = map(_calendar_date, value)
    if last < first:
        raise ValueError("the second date must not lie before the first")
    return first, last


DaysOrDates = Annotated[
    int | tuple[date, date],
    PlainValidator(_days_or_dates),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": FURTHEST_WINDOW_DAYS},
                {"type": "array", "items": DATE_OR_DATE_TIME.json_schema, "minItems": 2, "maxItems": 2},
            ]
        }
    ),
]


def _plain(value: object) -> object:
    if isinstance(value, str) and len(value) <= LONGEST_METADATA_TEXT:
        return storable(value)
    if not isinstance(value, bool | int | float):
        raise ValueError(f"must be a number, a boolean or a text of at most {LONGEST_METADATA_TEXT} characters")  # noqa: TRY004 - see fields.WholeNumber
    return value


Metadata = Annotated[
    dict[Annotated[Text, Field(max_length=40)], Annotated[Any, AfterValidator(_plain)]],
    Field(max_length=MOST_METADATA),
]


FIELDS = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)
"""Fields have the public API's names; those that nobody knows are dropped."""


class Part(Body):
    """An object of a body."""

    model_config = FIELDS

    def meant(self) -> Any:
        """Return what it means as a setting; without meaning here, what was sent."""
        return self.model_dump(by_alias=True, exclude_unset=True)


# Objects that become settings ----------------------------------------------------------------------------------------


class LimitsPart(Part):
    """At most so many bookings, or minutes of them."""

    day: LimitNumber | None = None
    week: LimitNumber | None = None
    month: LimitNumber | None = None
    year: LimitNumber | None = None

    @override
    def meant(self) -> tuple[Limit, ...]:
        """Return the limits that are set."""
        return tuple(Limit(Period(period), most) for period, most in self if most is not None)


class WindowPart(Part):
    """How far ahead can be booked: some days, or two dates."""

    type: Literal["calendarDays", "businessDays", "range"]
    value: DaysOrDates
    rolling: StrictBool = False

    @override
    def meant(self) -> BookingWindow:
        """Return the booking window."""
        if isinstance(self.value, tuple):
            return DateRange(*self.value)
        return DaysAhead(self.value, business=self.type == "businessDays", rolling=self.rolling)


class SeatsPart(Part):
    """How many may come to one start."""

    seats_per_time_slot: SeatNumber
    show_attendee_info: StrictBool = False
    show_availability_count: StrictBool = True

    @override
    def meant(self) -> Seats:
        """Return the seats."""
        return Seats(
            per_slot=self.seats_per_time_slot,
            show_attendees=self.show_attendee_info,
            show_left=self.show_availability_count,
        )


class NoticePart(Part):
    """How long before its start a booking needs no confirmation."""

    unit: Literal["minutes", "hours", "days", "months"]
    count: NoticeMinutes


class ConfirmationPart(Part):
    """Which bookings must be confirmed."""

    type: Literal["always", "time"]
    notice_threshold: NoticePart | None = None
    block_unconfirmed_bookings_in_booker: StrictBool = True

    @model_validator(mode="after")
    def _notice_where_it_counts(self) -> Self:
        if self.type == "time" and self.notice_threshold is None:
            raise ValueError("noticeThreshold is needed where the type is 'time'")
        return self

    @override
    def meant(self) -> ConfirmationPolicy:
        """Return the policy."""
        threshold = self.notice_threshold if self.type == "time" else None
        return ConfirmationPolicy(
            notice=None if threshold is None else Notice(threshold.unit, threshold.count),
            pending_blocks=self.block_unconfirmed_bookings_in_booker,
        )


class BookingFieldPart(Part):
    """A question to those who book: a usual one, changed, or one of one's own."""

    type: Text | None = None
    slug: Text | None = None
    label: Label | None = None
    required: StrictBool | None = None
    hidden: StrictBool | None = None
    placeholder: Label | None = None
    disable_on_prefill: StrictBool | None = None
    options: Annotated[list[Label], Field(max_length=MOST_OPTIONS)] | None = None

    @property
    def key(self) -> str:
        """By what its answers are known: the slug; two of the usual ones are told by their type."""
        return self.type if self.type in ("name", "email") else self.slug or ""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.key in USUAL_FIELDS:
            return self
        if self.type not in OWN_FIELD_TYPES:
            raise ValueError(f"the type must be one of {', '.join(OWN_FIELD_TYPES)}")
        if not self.key or self.label is None or self.required is None:
            raise ValueError("a question of one's own has a slug, a label, and says whether it is required")
        if self.type in _CHOICES and not self.options:
            raise ValueError(f"a question of the type {self.type} has options")
        return self

    @override
    def meant(self) -> dict[str, Any]:
        """Return it as it is kept: as it was sent, with a slug."""
        return {**self.model_dump(by_alias=True, exclude_none=True), "slug": self.key}


OWN_FIELD_TYPES = (
    "phone",
    "address",
    "text",
    "number",
    "textarea",
    *_CHOICES,
    "multiemail",
    "boolean",
    "url",
)


class LocationPart(Part):
    """Where an event takes place."""

    type: Literal[
        "address",
        "link",
        "integration",
        "phone",
        "attendeeAddress",
        "attendeePhone",
        "attendeeDefined",
        "organizersDefaultApp",
    ]
    address: Label | None = None
    link: Link | None = None
    integration: Text | None = None
    phone: Text | None = None
    public: StrictBool | None = None

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        needed = _LOCATIONS[self.type]
        if needed is not None and not getattr(self, needed):
            raise ValueError(f"a location of the type {self.type} has '{needed}'")
        return self

    @override
    def meant(self) -> dict[str, Any]:
        """Return it as it was sent."""
        return self.model_dump(exclude_none=True)


class HostPart(Part):
    """A member of the team who hosts the event type."""

    user_id: Id
    mandatory: StrictBool = False
    priority: Priority = "medium"
    weight: Annotated[WholeNumber, Field(ge=0, le=10_000)] = 100
    group_id: Text | None = None

    @override
    def meant(self) -> HostEntry:
        """Return the host entry."""
        return HostEntry(
            user_id=self.user_id,
            mandatory=self.mandatory,
            priority=PRIORITIES.index(self.priority),
            weight=self.weight,
            group=self.group_id,
        )


# Objects that are kept as they are sent ------------------------------------------------------------------------------


class ColorPart(Part):
    """Colors of the event type's page."""

    light_theme_hex: Annotated[Text, Field(pattern=r"^#[0-9a-fA-F]{3,8}$")]
    dark_theme_hex: Annotated[Text, Field(pattern=r"^#[0-9a-fA-F]{3,8}$")]


class LayoutsPart(Part):
    """Layouts of the event type's page."""

    default_layout: Layout
    enabled_layouts: Annotated[list[Layout], Field(max_length=3)]


class DestinationCalendarPart(Part):
    """The calendar that bookings are written to."""

    integration: Text
    external_id: Text


class ActiveBookingsPart(Part):
    """How many bookings one attendee may have."""

    maximum_active_bookings: LimitNumber | None = None
    offer_reschedule: StrictBool | None = None


class CancellingPart(Part):
    """Whether bookings can be cancelled."""

    disabled: StrictBool | None = None


class ReschedulingPart(Part):
    """Whether, and until how many minutes before they start, bookings can be moved."""

    disabled: StrictBool | None = None
    minutes_before: NoticeMinutes | None = None


class EmailsPart(Part):
    """Whom no e-mail is sent to."""

    disable_emails_to_attendees: StrictBool | None = None
    disable_emails_to_hosts: StrictBool | None = None


class CalVideoPart(Part):
    """Settings of the peer's own video calls."""

    disable_recording_for_organizer: StrictBool | None = None
    disable_recording_for_guests: StrictBool | None = None
    redirect_url_on_exit: Label | None = None
    enable_automatic_recording_for_organizer: StrictBool | None = None
    enable_automatic_transcription: StrictBool | None = None
    disable_transcription_for_guests: StrictBool | None = None
    disable_transcription_for_organizer: StrictBool | None = None
    send_transcription_emails: StrictBool | None = None
