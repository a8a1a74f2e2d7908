"""The shapes of what is told of bookings, version 2024-08-13."""

from typing import Any, Literal, NotRequired, TypeAlias

from typing_extensions import TypeAliasType, TypedDict

from app.api.instants import InstantText

BookingStatusText: TypeAlias = Literal["accepted", "cancelled", "pending", "rejected"]


class BookedEventType(TypedDict):
    """What was booked."""

    id: int
    slug: str


class HostData(TypedDict):
    """Who hosts a booking."""

    id: int
    name: str
    email: str
    displayEmail: str
    username: str
    timeZone: str


class AttendeeData(TypedDict):
    """Who attends a booking; of a seat what was said along with it."""

    name: str
    email: str
    displayEmail: str
    timeZone: str
    language: str
    absent: bool
    phoneNumber: NotRequired[str]
    seatUid: NotRequired[str]
    bookingFieldsResponses: NotRequired[dict[str, Any]]
    metadata: NotRequired[dict[str, Any]]


class NumberedAttendee(AttendeeData):
    """An attendee with the number they are known by."""

    id: int


class BookedAttendee(NumberedAttendee):
    """An attendee with the numbers that they and their booking are known by."""

    bookingId: int


class IfSaid(TypedDict, total=False):
    """What is told of a booking where somebody said it."""

    cancellationReason: str
    cancelledByEmail: str
    reschedulingReason: str
    rescheduledByEmail: str
    rescheduledFromUid: str
    rescheduledToUid: str
    meetingUrl: str


class BookingData(IfSaid):
    """A booking. One that has seats has no guests and no responses of its own, but `seatUid` for whoever knows it."""

    id: int
    uid: str
    title: str
    description: str
    hosts: list[HostData]
    status: BookingStatusText
    start: InstantText
    end: InstantText
    duration: int
    eventTypeId: int
    eventType: BookedEventType
    location: str
    absentHost: bool
    createdAt: InstantText
    updatedAt: InstantText
    metadata: dict[str, Any]
    icsUid: str
    attendees: list[AttendeeData]
    guests: NotRequired[list[str]]
    bookingFieldsResponses: NotRequired[dict[str, Any]]
    seatUid: NotRequired[str]


class Pagination(TypedDict):
    """Where in a list a page lies."""

    totalItems: int
    remainingItems: int
    returnedItems: int
    itemsPerPage: int
    currentPage: int
    totalPages: int
    hasNextPage: bool
    hasPreviousPage: bool


class BookingsPage(TypedDict):
    """A part of a list of bookings."""

    status: Literal["success"]
    data: list[BookingData]
    pagination: Pagination


class Reassigned(TypedDict):
    """To whom a booking went, and why where the caller said to whom."""

    bookingUid: str
    reassignedTo: "NewHost"
    reason: NotRequired[str]


class NewHost(TypedDict):
    """The host who takes a booking over."""

    id: int
    name: str
    email: str
    displayEmail: str


class CalendarLink(TypedDict):
    """A link by which people enter a booking into a calendar."""

    label: str
    link: str


CalendarLinks = TypeAliasType("CalendarLinks", list[CalendarLink])
NumberedAttendees = TypeAliasType("NumberedAttendees", list[NumberedAttendee])
