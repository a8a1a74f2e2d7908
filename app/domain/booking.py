"""Making a booking out of a slot: what it says, who takes part, and whether a host must confirm it first."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.domain.busy import BookingStatus
from app.domain.time_ranges import MINUTE, Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """Somebody who comes, hosts apart."""

    email: str
    name: str
    zone: str | None
    id: int | None = None
    """None: not written down yet."""
    language: str | None = None
    phone_number: str | None = None
    guest: bool = False
    """Brought along by another attendee."""
    absent: bool = False
    seat_uid: str | None = None
    """On seated types: what this attendee cancels and moves the seat by."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    responses: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedHost:
    """A host of a booking, as others are told who it is."""

    id: int
    name: str | None
    username: str
    email: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBooking:
    """A booking that is to be made. Buffers are in minutes."""

    uid: str
    event_type_id: int | None
    host_ids: tuple[int, ...]
    """The first one's it is."""
    start: Instant
    end: Instant
    before_buffer: int
    after_buffer: int
    status: BookingStatus
    blocks: bool
    """Whether it takes its hosts' time."""
    seated: bool
    """Whether it is booked seat by seat."""
    title: str
    attendees: tuple[Attendee, ...]
    description: str | None = None
    location: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    responses: Mapping[str, Any] = field(default_factory=dict)
    overlap_group: int | None = None
    """Of the bookings that it may lie across: seats of the same start. None: one of its own."""
    reservation_uid: str | None = None
    """Of the reservation that becomes this booking."""
    rescheduled_from: int | None = None
    """Id of the booking whose place it takes."""
    rescheduling_reason: str | None = None
    rescheduled_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRecord:
    """A booking with everything that is told of it."""

    id: int
    uid: str
    event_type_id: int | None
    event_type_slug: str | None
    owner_id: int | None
    """Whose event type it is of."""
    team_id: int | None
    """Which team's event type it is of."""
    seated: bool
    """Whether it was booked seat by seat. Then listings show its uid to everybody, and each seat has one of its own."""
    title: str
    title_of_seats: str
    """What each of its seats is called: the title, unless that may name an attendee."""
    description: str | None
    location: str | None
    metadata: Mapping[str, Any]
    responses: Mapping[str, Any]
    status: BookingStatus
    blocks: bool
    """Whether it takes its hosts' time."""
    start: Instant
    end: Instant
    before_buffer: int
    """As booked, as `after_buffer`."""
    after_buffer: int
    hosts: tuple[BookedHost, ...]
    """The first one's it is."""
    attendees: tuple[Attendee, ...]
    cancellation_reason: str | None
    cancelled_by: str | None
    rescheduling_reason: str | None
    rescheduled_by: str | None
    rescheduled_from_uid: str | None
    rescheduled_to_uid: str | None
    host_absent: bool
    created_at: Instant
    updated_at: Instant

    @property
    def length(self) -> int:
        """How long it is, in minutes."""
        return (self.end - self.start) // MINUTE

    @property
    def host_ids(self) -> tuple[int, ...]:
        """Who hosts it."""
        return tuple(host.id for host in self.hosts)

    def email_of(self, user_id: int | None) -> str | None:
        """Return the e-mail of one of its hosts; None for anybody else."""
        return next((host.email for host in self.hosts if host.id == user_id), None)

    def seen_from_seat(self, seat_uid: str | None) -> "BookingRecord":
        """Return what somebody may know who knows this seat's uid, or only the booking's.

        Of a seated booking that is nothing of others, and without a seat of one's own nothing but that it takes place:
        listings show its uid to everybody. What was said of it as a whole may be its first attendee's.
        """
        if not self.seated:
            return self
        own = tuple(one for one in self.attendees if seat_uid is not None and one.seat_uid == seat_uid)
        of_all = replace(
            self,
            title=self.title_of_seats,
            description=None,
            metadata={},
            responses={},
            attendees=own,
        )
        if own:
            return of_all
        return replace(
            of_all,
            location=None,
            cancellation_reason=None,
            cancelled_by=None,
            rescheduling_reason=None,
            rescheduled_by=None,
            rescheduled_from_uid=None,
            rescheduled_to_uid=None,
        )

    @property
    def is_over(self) -> bool:
        """Whether it was cancelled or rejected, so that nothing can become of it any more."""
        return self.status in (BookingStatus.CANCELLED, BookingStatus.REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatedBooking:
    """A booking at a start of a seated type, as far as a further seat there goes."""

    id: int
    uid: str
    end: Instant
    status: BookingStatus
    overlap_group: int
    emails: tuple[str, ...]
    """Its attendees'."""
    seated: bool
    """False of an ordinary booking, from before the type had seats."""


def newcomers(people: Iterable[Attendee], there: Iterable[Attendee]) -> tuple[Attendee, ...]:
    """Return whoever of some people is not there already, each address once, in whatever case."""
    known = {one.email.lower() for one in there}
    by_address: dict[str, Attendee] = {}
    for one in people:
        by_address.setdefault(one.email.lower(), one)
    return tuple(one for address, one in by_address.items() if address not in known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What the title of a booking is made of."""

    event_type: str
    host: str
    attendee: str
    place: str
    minutes: int


_PLACEHOLDER = re.compile(r"\{[^{}]*\}")


def title(called: Called, pattern: str | None = None) -> str:
    """Return what a booking is called: by a pattern of its event type's owner, else in the usual way.

    What stands in braces there is replaced if it is one of the names that the public API knows, and stays otherwise.
    """
    if not pattern:
        return f"{called.event_type} between {called.host} and {called.attendee}"
    of_host, of_attendee = called.host.split(), called.attendee.split()
    known = {
        "{Event type title}": called.event_type,
        "{Organiser}": called.host,
        "{Organiser first name}": "".join(of_host[:1]),
        "{Scheduler}": called.attendee,
        "{Scheduler first name}": "".join(of_attendee[:1]),
        "{Scheduler last name}": "".join(of_attendee[1:][-1:]),
        "{Location}": called.place,
        "{LOCATION}": called.place,
        "{Event duration}": f"{called.minutes} mins",
        "{HOST}": called.host,
        "{ATTENDEE}": called.attendee,
        "{USER}": called.attendee,
        "{HOST/ATTENDEE}": called.attendee,
    }
    # All at once: what somebody calls themselves is no pattern.
    return _PLACEHOLDER.sub(lambda found: known.get(found[0], found[0]), pattern)
