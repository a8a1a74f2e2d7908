"""Where bookings take place, as bodies say it, version 2024-08-13: one of the kinds of places of event types."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from typing_extensions import override

from app.api.bodies import Body
from app.domain.booking_policy import integration
from app.fields import GivenLink, Link, Place, Text


class _Location(Body):
    """Where to meet, as one of the kinds of places of event types."""

    type: str

    @property
    def place(self) -> str | None:
        """The place in one line; None where the event type's owner says where it is."""
        told = (value for name, value in self if name != "type")
        return next(told, None) or None


class Address(_Location):
    """The owner's address, or another."""

    type: Literal["address"]
    address: Text | None = None


class WebLink(_Location):
    """The owner's link, or another."""

    type: Literal["link"]
    link: Link | None = None


class Phone(_Location):
    """The owner's telephone, or another."""

    type: Literal["phone"]
    phone: Text | None = None


class Integration(_Location):
    """A service for video calls."""

    type: Literal["integration"]
    integration: Text

    @property
    @override
    def place(self) -> str:
        """The place in one line."""
        return integration(self.integration)


class OrganizersDefaultApp(_Location):
    """The service for video calls that the owner prefers."""

    type: Literal["organizersDefaultApp"]


class AttendeeAddress(_Location):
    """The attendee's address."""

    type: Literal["attendeeAddress"]
    address: Text


class AttendeePhone(_Location):
    """The attendee's telephone."""

    type: Literal["attendeePhone"]
    phone: Text


class AttendeeDefined(_Location):
    """Wherever the attendee says."""

    type: Literal["attendeeDefined"]
    location: Place


class NewAddress(Address):
    """Another address."""

    address: Text


class NewLink(WebLink):
    """Another link."""

    link: GivenLink


class NewPhone(Phone):
    """Another telephone."""

    phone: Text


def _in_words(value: object) -> object:
    """Read "1 Quay", which older clients send, as an object."""
    return {"type": "attendeeDefined", "location": value} if isinstance(value, str) else value


Location = Annotated[
    Annotated[
        Address
        | WebLink
        | Phone
        | Integration
        | OrganizersDefaultApp
        | AttendeeAddress
        | AttendeePhone
        | AttendeeDefined,
        Field(discriminator="type"),
    ],
    BeforeValidator(_in_words),
]
"""Where to meet. Without it, and where the event type's owner has a place of that kind, it is the owner's."""
NewLocation = Annotated[
    Annotated[
        NewAddress | NewLink | NewPhone | Integration | AttendeeAddress | AttendeePhone | AttendeeDefined,
        Field(discriminator="type"),
    ],
    BeforeValidator(_in_words),
]
"""Where to meet instead."""
