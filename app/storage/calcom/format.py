"""What an import takes that no world file has.

What was said of people, event types, absences and bookings, and hashes of API keys.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from app.domain.errors import UnknownTimeZoneError
from app.domain.schedule import zone
from app.fields import Id, Text
from app.storage.world_files.format import EventType, Item, Moment, OutOfOffice, User

_SHA_256 = re.compile(r"[0-9a-f]{64}")


def _known_zone(name: str | None) -> str | None:
    """Forget a zone that is none: the booking takes its host's time whatever an attendee's clock shows."""
    try:
        return None if name is None else zone(name).name
    except UnknownTimeZoneError:
        return None


class CalcomUser(User):
    bio: str | None = None
    avatar_url: str | None = None
    locale: str | None = None
    time_format: Literal[12, 24] = 12
    week_start: str = "Sunday"


class CalcomEventType(EventType):
    description: str | None = None
    locations: tuple[Mapping[str, Any], ...] = ()
    """In the public API's words, as the questions are."""
    booking_fields: tuple[Mapping[str, Any], ...] = ()
    seats_show_attendees: bool = False
    seats_show_left: bool = True
    more: Mapping[str, Any] = Field(default_factory=dict)
    """Fields of the public API that mean nothing to slots."""


class CalcomOutOfOffice(OutOfOffice):
    notes: str | None = None


class CalcomAttendee(Item):
    email: Text
    name: Text | None = None
    time_zone: Annotated[str | None, BeforeValidator(_known_zone)] = None
    seat_uid: Text | None = None
    language: str | None = None
    phone_number: str | None = None
    absent: bool = False
    metadata: Mapping[str, Any] = Field(default_factory=dict)
    responses: Mapping[str, Any] = Field(default_factory=dict)


class CalcomBooking(Item):
    uid: Text
    event_type_id: Id | None
    """None: of several people who have no event type in common, or of one that is gone."""
    user_id: Id
    group: str | None = None
    """Of several people who have no event type in common, their usernames with `+` between."""
    start: Moment
    end: Moment
    status: Literal["accepted", "pending", "awaiting_host", "cancelled", "rejected"]
    title: str | None = None
    description: str | None = None
    location: str | None = None
    metadata: Mapping[str, Any] = Field(default_factory=dict)
    responses: Mapping[str, Any] = Field(default_factory=dict)
    cancellation_reason: str | None = None
    cancelled_by: str | None = None
    rescheduled_by: str | None = None
    rescheduled_from: str | None = None
    """The uid of the booking that this one took the place of."""
    host_absent: bool = False
    created_at: Moment
    updated_at: Moment
    attendees: tuple[CalcomAttendee, ...] = ()
    host_ids: tuple[Id, ...] = ()
    """Further hosts, told from the attendees."""

    def parted(self, hosts: Mapping[str, int]) -> Self:
        """Return it with its hosts apart from its attendees; `hosts` are who may host it, by e-mail.

        Cal.com keeps the hosts of a team or group, but for the booking's user, among the attendees, after who booked.
        Seats are never theirs.
        """
        attendees = list(self.attendees[:1])
        host_ids: list[int] = []
        for attendee in self.attendees[1:]:
            host_id = None if attendee.seat_uid else hosts.get(attendee.email.lower())
            if host_id is None:
                attendees.append(attendee)
            elif host_id not in (self.user_id, *host_ids):
                host_ids.append(host_id)
        return self.model_copy(update={"attendees": tuple(attendees), "host_ids": tuple(host_ids)})

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.end <= self.start:
            raise ValueError("must end after it starts")
        return self


class HashedKey(Item):
    """An API key of which only the SHA-256 without its prefix is known."""

    user_id: Id
    hashed_key: str
    created_at: Moment
    expires_at: Moment | None = None

    @field_validator("hashed_key")
    @classmethod
    def _is_sha_256(cls, value: str) -> str:
        if not _SHA_256.fullmatch(value):
            raise ValueError("must be a SHA-256 in lower-case hexadecimal")
        return value
