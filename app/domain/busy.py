"""What takes a host's time: bookings, live reservations, connected calendars, and buffers (docs/rules.md 3 and 4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from app.domain.event_type import EventType
from app.domain.time_ranges import MINUTE, Instant, Range, merged, overlaps, without


class BookingStatus(Enum):
    """The state of a booking; the values are the public API's."""

    ACCEPTED = "accepted"
    PENDING = "pending"
    AWAITING_HOST = "awaiting_host"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """An appointment, with what its event type says of it. Buffers are in minutes."""

    uid: str
    event_type_id: int | None
    host_ids: frozenset[int]
    """Its user, and every user whose e-mail is an attendee's."""
    start: Instant
    end: Instant
    status: BookingStatus = BookingStatus.ACCEPTED
    before_buffer: int = 0
    after_buffer: int = 0
    blocks_while_pending: bool = True
    """False where it is pending, and its time was left on offer until it is confirmed."""
    attendee_emails: tuple[str, ...] = ()
    seated: bool = False
    """Whether it was booked as one that many share, each with a seat: everybody may know its uid."""

    @property
    def blocks(self) -> bool:
        """Whether it takes its hosts' time (docs/rules.md 3)."""
        status = self.status
        if status is BookingStatus.PENDING:
            return self.blocks_while_pending
        return status is BookingStatus.ACCEPTED or status is BookingStatus.AWAITING_HOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A slot kept for somebody until an instant. Buffers are in minutes."""

    uid: str
    event_type_id: int | None
    host_ids: frozenset[int]
    start: Instant
    end: Instant
    until: Instant
    before_buffer: int = 0
    after_buffer: int = 0
    seated: bool = False
    """Whether it is of a seat, so that others may be kept for the same start and host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyTimes:
    """Everything that may take the time of some hosts around a stretch of time."""

    bookings: tuple[Booking, ...] = ()
    """In the order they were made."""
    calendars: dict[int, tuple[Range, ...]] = field(default_factory=dict)
    """What connected calendars report, by user id."""
    reservations: tuple[Reservation, ...] = ()
    """Live ones only."""
    limited: tuple[Booking, ...] = ()
    """Accepted bookings of the event types that its limits count, whoever hosts them."""
    limited_reservations: tuple[Reservation, ...] = ()
    """Live reservations that its limits count, besides those of the hosts."""


class TakenBy(IntEnum):
    """What kind of thing takes a host's time. An IntEnum, for an Enum's hash is computed in Python."""

    BOOKING = 1
    RESERVATION = 2
    CALENDAR = 3
    LIMIT = 4


def buffered(start: Instant, end: Instant, before: int, after: int) -> Range:
    """Return a time with its buffers (minutes): what no other buffered time of the same host may overlap."""
    return start - before * MINUTE, end + after * MINUTE


def blocked(event_type: EventType, item: Booking | Reservation) -> Range:
    """Return where slots of the asked type cannot lie because of a booking or reservation (docs/rules.md 4)."""
    return buffered(
        item.start,
        item.end,
        item.before_buffer + event_type.after_buffer,
        item.after_buffer + event_type.before_buffer,
    )


def buffers_only(event_type: EventType, item: Booking | Reservation) -> list[Range]:
    """Return what a start with seats left blocks: its buffers, before and after it (docs/rules.md 11)."""
    start, end = blocked(event_type, item)
    return [one for one in ((start, item.start), (item.end, end)) if one[0] < one[1]]


def calendar_times(reported: Sequence[Range], open_for: Iterable[Range]) -> list[Range]:
    """Return the calendar busy times that count: those outside `open_for` (docs/rules.md 3 and 11)."""
    return without(merged(reported), merged(open_for))


def calendar_blocked(event_type: EventType, time: Range) -> Range:
    """Return where slots of the asked type cannot lie because of a calendar busy time (docs/rules.md 4)."""
    return buffered(*time, event_type.after_buffer, event_type.before_buffer)


def calendar_ranges(event_type: EventType, reported: Sequence[Range], open_for: Iterable[Range]) -> list[Range]:
    """Return what all the calendar busy times of a host block."""
    return [calendar_blocked(event_type, time) for time in calendar_times(reported, open_for)]


def meets(ranges: Iterable[Range], start: Instant, end: Instant) -> bool:
    """Say whether any of the ranges overlaps [start, end)."""
    return any(overlaps(one, (start, end)) for one in ranges)
