"""The shapes of what is told of event types, version 2024-06-14."""

from typing import Any, Literal, NotRequired, TypeAlias

from typing_extensions import TypeAliasType, TypedDict

from app.api.event_type_parts import (
    ActiveBookingsPart,
    CalVideoPart,
    CancellingPart,
    ColorPart,
    DestinationCalendarPart,
    EmailsPart,
    LayoutsPart,
    Priority,
    ReschedulingPart,
)
from app.api.instants import DateText
from app.api.people import Weekday

# Settings ------------------------------------------------------------------------------------------------------------


class NotSet(TypedDict):
    """Something that is not set."""

    disabled: Literal[True]


class LimitsData(TypedDict, total=False):
    """At most so many bookings, or minutes of them."""

    day: int
    week: int
    month: int
    year: int


class DaysAheadData(TypedDict):
    """So many days ahead can be booked."""

    type: Literal["calendarDays", "businessDays"]
    value: int
    rolling: bool


class DateRangeData(TypedDict):
    """Two dates between which can be booked."""

    type: Literal["range"]
    value: list[DateText]


class NoticeData(TypedDict):
    """How long before its start a booking needs no confirmation."""

    unit: Literal["minutes", "hours", "days", "months"]
    count: int


class ConfirmationData(TypedDict):
    """Which bookings must be confirmed; those of the type `time` only later than the notice."""

    type: Literal["always", "time"]
    noticeThreshold: NotRequired[NoticeData]
    blockUnconfirmedBookingsInBooker: bool


class LengthsTold(TypedDict):
    """How long an event takes, and what else may be asked for."""

    lengthInMinutes: int
    lengthInMinutesOptions: NotRequired[list[int]]


class SeatsData(TypedDict):
    """How many may come to one start, and what each of them sees."""

    seatsPerTimeSlot: int
    showAttendeeInfo: bool
    showAvailabilityCount: bool


class SeatsTold(TypedDict):
    """The seats of an event type: `seats` where it has any."""

    seats: NotRequired[SeatsData]
    seatsPerTimeSlot: int | None
    seatsShowAvailabilityCount: bool | None


class BookingFieldData(TypedDict):
    """A question to those who book; `isDefault`: one of those that every event type asks or may ask."""

    type: str
    slug: str
    isDefault: bool
    label: NotRequired[str]
    required: NotRequired[bool]
    hidden: NotRequired[bool]
    placeholder: NotRequired[str]
    disableOnPrefill: NotRequired[bool]
    options: NotRequired[list[str]]


class LocationData(TypedDict):
    """Where an event takes place; strangers get to know only the type of places that are not public."""

    type: str
    address: NotRequired[str]
    link: NotRequired[str]
    integration: NotRequired[str]
    phone: NotRequired[str]
    public: NotRequired[bool]


# Fields without meaning here -----------------------------------------------------------------------------------------


class SameForAll(TypedDict):
    """What is not to be had here, as the peer says so."""

    price: int
    currency: str
    recurrence: None
    isInstantEvent: bool
    forwardParamsSuccessRedirect: None


class KeptAlwaysTold(TypedDict):
    """What is kept and given back, or has a usual value."""

    bookingRequiresAuthentication: bool
    disableGuests: bool
    lockTimeZoneToggleOnBookingPage: bool
    metadata: dict[str, Any]
    successRedirectUrl: str | None


class KeptIfSent(TypedDict, total=False):
    """What is kept, and given back as it was sent: so its objects are described by the parts of the body."""

    bookerActiveBookingsLimit: ActiveBookingsPart
    bookerLayouts: LayoutsPart
    requiresBookerEmailVerification: bool
    hideCalendarNotes: bool
    color: ColorPart
    customName: str
    destinationCalendar: DestinationCalendarPart
    useDestinationCalendarEmail: bool
    hideCalendarEventDetails: bool
    hideOrganizerEmail: bool
    calVideoSettings: CalVideoPart
    disableCancelling: CancellingPart
    disableRescheduling: ReschedulingPart
    interfaceLanguage: str
    allowReschedulingPastBookings: bool
    allowReschedulingCancelledBookings: bool
    emailSettings: EmailsPart
    rescheduleWithSameRoundRobinHost: bool


# Event types ---------------------------------------------------------------------------------------------------------


class SettingsData(SameForAll, KeptAlwaysTold, KeptIfSent, LengthsTold, SeatsTold):
    """What all event types tell."""

    title: str
    slug: str
    description: str
    locations: list[LocationData]
    bookingFields: list[BookingFieldData]
    slotInterval: int | None
    minimumBookingNotice: int
    beforeEventBuffer: int
    afterEventBuffer: int
    offsetStart: int
    scheduleId: int | None
    onlyShowFirstAvailableSlot: bool
    showOptimizedSlots: bool
    bookingLimitsCount: LimitsData | NotSet
    bookingLimitsDuration: LimitsData | NotSet
    bookingWindow: DaysAheadData | DateRangeData | NotSet
    confirmationPolicy: ConfirmationData | NotSet
    hidden: bool


class UserData(TypedDict):
    """A person as their event types show them."""

    id: int
    name: str
    username: str
    avatarUrl: None
    weekStart: Weekday
    brandColor: None
    darkBrandColor: None
    metadata: dict[str, Any]


class EventTypeData(SettingsData):
    """A person's event type; the one of several people has the id 0, and so has its owner."""

    id: int
    ownerId: int
    users: list[UserData]
    bookingUrl: str


class EventTypeHost(TypedDict):
    """Who hosts a team's event type."""

    userId: int
    name: str
    username: str
    avatarUrl: None
    mandatory: bool
    priority: Priority
    weight: int
    groupId: str | None


class EventTypeTeam(TypedDict):
    """A team as its event types show it."""

    id: int
    slug: str
    name: str
    bannerUrl: None
    logoUrl: None
    weekStart: Weekday
    brandColor: None
    darkBrandColor: None
    theme: None


class TeamEventTypeData(SettingsData):
    """A team's event type, or a managed one's child: this has an owner, a parent, and no scheduling type."""

    id: int
    teamId: int
    ownerId: int | None
    parentEventTypeId: int | None
    schedulingType: Literal["collective", "roundRobin", "managed"] | None
    assignAllTeamMembers: bool
    rrHostSubsetEnabled: bool
    hosts: list[EventTypeHost]
    team: EventTypeTeam


class RemovedEventType(TypedDict):
    """An event type that is gone."""

    id: int
    lengthInMinutes: int
    title: str
    slug: str


EventTypeList = TypeAliasType("EventTypeList", list[EventTypeData])
TeamEventTypeList = TypeAliasType("TeamEventTypeList", list[TeamEventTypeData])
Family: TypeAlias = TeamEventTypeData | TeamEventTypeList
"""One event type, or a managed one and its children."""
