"""The bodies of requests about bookings, version 2024-08-13."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from app.api.bodies import Body
from app.api.booking_locations import Location, NewLocation
from app.api.slots_query import Usernames, named_event_type
from app.domain.booking import Attendee
from app.fields import (
    Email,
    GivenLink,
    IsoInstant,
    KeptObject,
    Metadata,
    Text,
    WholeNumber,
    ZoneName,
    storable,
)
from app.services.book_slots import BookingRequest
from app.services.move_bookings import MoveRequest
from app.services.ports import Caller

MOST_GUESTS = 30
MOST_ADDED = 10
_LONGEST_REASON = 2_000

Language = Literal[
    "ar", "az", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "es-419", "et", "eu", "fi", "fr", "he", "hr",
    "hu", "id", "it", "iw", "ja", "km", "ko", "lv", "nl", "no", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sr", "sv",
    "ta", "th", "tr", "uk", "vi", "zh-CN", "zh-TW",
]  # fmt: skip


Reason = Annotated[str, Field(max_length=_LONGEST_REASON), AfterValidator(storable)]
PhoneNumber = Annotated[Text, Field(max_length=32)]


# People --------------------------------------------------------------------------------------------------------------


class AttendeeBody(Body):
    """Who comes."""

    name: Text
    email: Email
    time_zone: ZoneName = Field(alias="timeZone")
    language: Language = "en"
    phone_number: PhoneNumber | None = Field(None, alias="phoneNumber")

    def attendee(self) -> Attendee:
        """Return whom it names."""
        return Attendee(
            name=self.name,
            email=self.email,
            zone=self.time_zone,
            language=self.language,
            phone_number=self.phone_number,
        )


class GuestBody(Body):
    """Whom somebody brings along."""

    email: Email
    name: Text | None = None
    time_zone: ZoneName | None = Field(None, alias="timeZone")
    language: Language = "en"
    phone_number: PhoneNumber | None = Field(None, alias="phoneNumber")

    def attendee(self) -> Attendee:
        """Return whom it names."""
        return Attendee(
            name=self.name or "",
            email=self.email,
            zone=self.time_zone,
            language=self.language,
            phone_number=self.phone_number,
            guest=True,
        )


class GuestsBody(Body):
    """Guests to add to a booking."""

    guests: Annotated[list[GuestBody], Field(min_length=1, max_length=MOST_ADDED)]


# Booking -------------------------------------------------------------------------------------------------------------


class BookingBody(Body):
    """A slot to book, by any of the ways to name an event type, and who comes."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    start: IsoInstant
    attendee: AttendeeBody
    event_type_id: WholeNumber | None = Field(None, alias="eventTypeId")
    event_type_slug: Text | None = Field(None, alias="eventTypeSlug")
    username: Text | None = None
    team_slug: Text | None = Field(None, alias="teamSlug")
    organization_slug: Text | None = Field(None, alias="organizationSlug")
    usernames: Usernames | None = None
    guests: Annotated[list[Email], Field(max_length=MOST_GUESTS)] = Field(default_factory=list)
    length: WholeNumber | None = Field(None, alias="lengthInMinutes")
    """Of event types that have several."""
    reservation_uid: Text | None = Field(None, alias="reservationUid")
    """The reservation that keeps this slot, and that ends with the booking."""
    location: Location | None = None
    meeting_url: GivenLink | None = Field(None, alias="meetingUrl")
    """An older way to say a location."""
    metadata: Metadata = Field(default_factory=dict)
    responses: KeptObject = Field(default_factory=dict, alias="bookingFieldsResponses")
    instant: bool | None = None
    """Refused where it is true."""
    recurrence_count: WholeNumber | None = Field(None, alias="recurrenceCount")
    """Refused: book each by itself."""

    @model_validator(mode="after")
    def _is_one_booking(self) -> Self:
        if self.instant:
            raise ValueError("instant meetings cannot be booked here: leave 'instant' out")
        if self.recurrence_count is not None:
            raise ValueError("recurring bookings are not made here: book each, and leave 'recurrenceCount' out")
        return self

    def request(self, caller: Caller | None) -> BookingRequest:
        """Return what is asked for.

        Raises
        ------
        RequestError
            If no event type is named.
        """
        attendee = self.attendee.attendee()
        return BookingRequest(
            reference=named_event_type(
                event_type_id=self.event_type_id,
                slug=self.event_type_slug,
                username=self.username,
                team_slug=self.team_slug,
                usernames=self.usernames,
                organization_slug=self.organization_slug,
            ),
            start=self.start,
            attendee=attendee,
            guests=tuple(Attendee(email=email, name="", zone=attendee.zone, guest=True) for email in self.guests),
            length=self.length,
            reservation_uid=self.reservation_uid,
            location=self.location.place if self.location is not None else self.meeting_url,
            kind_of_place=self.location.type if self.location is not None else None,
            metadata=self.metadata,
            responses=self.responses,
            caller=caller,
        )


# Changing ------------------------------------------------------------------------------------------------------------


class RescheduleBody(Body):
    """Where to a booking moves."""

    start: IsoInstant
    seat_uid: Text | None = Field(None, alias="seatUid")
    by: Email | None = Field(None, alias="rescheduledBy")
    reason: Reason | None = Field(None, alias="reschedulingReason")
    reservation_uid: Text | None = Field(None, alias="reservationUid")

    def request(self, uid: str, caller: Caller | None) -> MoveRequest:
        """Return what is asked for."""
        return MoveRequest(
            uid=uid,
            start=self.start,
            seat_uid=self.seat_uid,
            reason=self.reason,
            by=self.by,
            reservation_uid=self.reservation_uid,
            caller=caller,
        )


class CancelBody(Body):
    """Why a booking is cancelled, and which seat of it."""

    seat_uid: Text | None = Field(None, alias="seatUid")
    reason: Reason | None = Field(None, alias="cancellationReason")


class ReasonBody(Body):
    """Why a booking is declined, or passed on."""

    reason: Reason | None = None


class LocationBody(Body):
    """Where a booking takes place."""

    location: NewLocation

    @property
    def text(self) -> str:
        """The place in one line."""
        return self.location.place or self.location.type


class AbsentAttendee(Body):
    """Whether an attendee did not come."""

    email: Email
    absent: bool


class AbsentBody(Body):
    """Who did not come."""

    host: bool | None = None
    attendees: Annotated[list[AbsentAttendee], Field(max_length=MOST_GUESTS + MOST_ADDED)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.host is None and not self.attendees:
            raise ValueError("say of the host, or of attendees, whether they were absent")
        return self
