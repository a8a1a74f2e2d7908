"""What can be booked: event types, the people who host them, and who hosts a given question."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum

from app.domain.booking_window import BookingWindow
from app.domain.errors import (
    DurationNotOfferedError,
    DynamicBookingDisallowedError,
    DynamicDurationError,
    EventTypeManagedError,
    FixedLengthError,
)
from app.domain.limits import NO_LIMITS, BookingLimits
from app.domain.schedule import Absence, Schedule, Travel, office_hours
from app.domain.time_ranges import MINUTE, Instant

DYNAMIC_LENGTH_MINUTES = 30
DYNAMIC_NOTICE_MINUTES = 120
DYNAMIC_LONGEST_MINUTES = 1_440


NOTICE_UNIT_MINUTES = {"minutes": 1, "hours": 60, "days": 1_440, "months": 30 * 1_440}
"""Of a confirmation's notice; a month counts as thirty days."""


class SchedulingType(Enum):
    """How an event type's hosts share its bookings; the values are the public API's."""

    INDIVIDUAL = None
    COLLECTIVE = "collective"
    ROUND_ROBIN = "roundRobin"
    MANAGED = "managed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user, as far as their open time goes."""

    id: int
    username: str
    email: str
    name: str | None = None
    zone: str
    default_schedule: Schedule | None = None
    allow_dynamic_booking: bool = True
    travels: tuple[Travel, ...] = ()
    absences: tuple[Absence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HostEntry:
    """A row of an event type's `hosts`."""

    user_id: int
    mandatory: bool = False
    priority: int = 2
    """0 is lowest, 4 highest."""
    weight: int = 100
    group: str | None = None
    schedule_id: int | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Bookings wait until a host confirms them."""

    notice: int | None = None
    """Minutes: only those made with no more notice than this. None: all."""
    pending_blocks: bool = True
    """Whether they take their hosts' time meanwhile."""

    def is_needed(self, start: Instant, now: Instant) -> bool:
        """Say whether a booking made now must be confirmed."""
        return self.notice is None or start - now <= self.notice * MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """The rules of what can be booked. Lengths, buffers and notice are in minutes."""

    id: int | None
    """None: a dynamic event, which has no event type behind it."""
    title: str = "Meeting"
    scheduling: SchedulingType = SchedulingType.INDIVIDUAL
    owner_id: int | None = None
    team_id: int | None = None
    length: int
    lengths: tuple[int, ...] = ()
    """What may be asked for; empty: only `length`."""
    slot_interval: int | None = None
    offset_start: int = 0
    minimum_notice: int = DYNAMIC_NOTICE_MINUTES
    before_buffer: int = 0
    after_buffer: int = 0
    seats: int | None = None
    only_first_slot: bool = False
    optimized_slots: bool = False
    booking_window: BookingWindow | None = None
    limits: BookingLimits = NO_LIMITS
    confirmation: Confirmation | None = None
    """None: bookings stand at once."""
    schedule_id: int | None = None
    host_entries: tuple[HostEntry, ...] = ()
    assigned_user_ids: tuple[int, ...] = ()
    assign_all_members: bool = False
    subset_enabled: bool = False

    @property
    def ledgers(self) -> tuple[str, ...]:
        """Where its reservations are entered for limits to count them: the event type's ledger, the team's."""
        limits = self.limits
        own = (f"type:{self.id}",) if self.id is not None and (limits.count or limits.duration) else ()
        return own + ((f"team:{limits.team_id}",) if limits.team_count else ())

    @property
    def limited_type_ids(self) -> frozenset[int]:
        """The event types whose bookings its limits count; none where it has no limits."""
        if self.id is None or not self.limits.all:
            return frozenset()
        return self.limits.team_event_type_ids | {self.id} if self.limits.team_count else frozenset({self.id})

    @property
    def offered_lengths(self) -> tuple[int, ...]:
        """The lengths that may be asked for, in minutes, of all but dynamic events: its own one too, beside others."""
        return tuple(sorted({self.length, *self.lengths}))

    def length_asked(self, duration: int | None) -> int:
        """Return the slots' length for a question (docs/rules.md, Words).

        Raises
        ------
        DynamicDurationError, FixedLengthError, DurationNotOfferedError
            If the length asked for is not offered.
        """
        if duration is None or (duration == self.length and self.id is not None):
            return self.length
        if self.id is None:
            if not 1 <= duration <= DYNAMIC_LONGEST_MINUTES:
                raise DynamicDurationError(duration, DYNAMIC_LONGEST_MINUTES)
        elif not self.lengths:
            raise FixedLengthError(duration, self.length)
        elif duration not in self.offered_lengths:
            raise DurationNotOfferedError(duration, self.offered_lengths)
        return duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A person who hosts the event type asked for, with the schedule that counts there."""

    person: Person
    schedule: Schedule
    travels: tuple[Travel, ...]
    mandatory: bool
    priority: int = 2
    weight: int = 100
    group: str | None = None

    @property
    def id(self) -> int:
        """The host's user id."""
        return self.person.id


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTypeRules:
    """An event type with everything its open time depends on, as a store keeps it."""

    event_type: EventType
    people: Mapping[int, Person]
    """Everybody who may host it, by user id."""
    schedules: Mapping[int, Schedule] = field(default_factory=dict)
    """The schedules that the event type and its host entries name, by id."""
    member_ids: tuple[int, ...] = ()
    """Accepted members of its team, ascending; read only where all of them are assigned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffedEventType:
    """An event type with the hosts of one question. Invariant: it has slots of its own (it is not managed)."""

    event_type: EventType
    hosts: tuple[Host, ...]
    all_host_ids: frozenset[int]
    """Of everybody who hosts it, asked for or not."""
    host_emails: frozenset[str]
    """Of the same; in lower case."""
    zone: str
    """The event zone."""
    reservable: bool
    """Whether its hosts can be reserved; what is staffed by `assignedUserIds`, or by nobody, cannot."""

    @property
    def mandatory(self) -> tuple[Host, ...]:
        """The hosts that every slot needs."""
        return tuple(host for host in self.hosts if host.mandatory)

    @property
    def groups(self) -> list[tuple[Host, ...]]:
        """The groups of which every slot needs one host each, in the order of their first hosts."""
        groups: dict[str | None, list[Host]] = {}
        for host in self.hosts:
            if not host.mandatory:
                groups.setdefault(host.group, []).append(host)
        return [tuple(hosts) for hosts in groups.values()]


def staff(rules: EventTypeRules, subset: Collection[int] = ()) -> StaffedEventType:
    """Decide who hosts an event type, and by which schedules (docs/rules.md 2 and 6).

    `subset` are the `rrHostSubsetIds` of the question.

    Raises
    ------
    EventTypeManagedError
        If the event type is a managed one's parent, which has no slots of its own.
    """
    event_type = rules.event_type
    if event_type.scheduling is SchedulingType.MANAGED:
        raise EventTypeManagedError(event_type.id)
    round_robin = event_type.scheduling is SchedulingType.ROUND_ROBIN
    entries = [entry for entry in _entries(rules) if entry.user_id in rules.people]
    all_host_ids = frozenset(entry.user_id for entry in entries)
    asked = entries
    if round_robin and event_type.subset_enabled and subset:
        asked = [entry for entry in entries if entry.mandatory or entry.user_id in subset]
    hosts = tuple(_host(rules, entry, mandatory=entry.mandatory or not round_robin) for entry in asked)
    listed_only = not event_type.host_entries and event_type.owner_id is None and bool(event_type.assigned_user_ids)
    return StaffedEventType(
        event_type=event_type,
        hosts=hosts,
        all_host_ids=all_host_ids,
        host_emails=frozenset(rules.people[user_id].email.lower() for user_id in all_host_ids),
        zone=_event_zone(rules, entries),
        reservable=bool(hosts) and not listed_only,
    )


def _entries(rules: EventTypeRules) -> list[HostEntry]:
    event_type = rules.event_type
    if event_type.owner_id is not None:
        return [HostEntry(user_id=event_type.owner_id)]
    if event_type.host_entries:
        return list(event_type.host_entries)
    if event_type.assigned_user_ids:
        return [HostEntry(user_id=user_id) for user_id in event_type.assigned_user_ids]
    if event_type.assign_all_members:
        return [HostEntry(user_id=user_id) for user_id in rules.member_ids]
    return []


def _host(rules: EventTypeRules, entry: HostEntry, *, mandatory: bool) -> Host:
    person = rules.people[entry.user_id]
    default = person.default_schedule
    schedule = (
        rules.schedules.get(rules.event_type.schedule_id or 0)
        or rules.schedules.get(entry.schedule_id or 0)
        or default
        or office_hours(person.zone)
    )
    # Travel follows the person's default schedule, whoever names it, and no other.
    follows = default is not None and schedule.id == default.id
    return Host(
        person=person,
        schedule=schedule,
        travels=person.travels if follows else (),
        mandatory=mandatory,
        priority=entry.priority,
        weight=entry.weight,
        group=entry.group,
    )


def _event_zone(rules: EventTypeRules, entries: list[HostEntry]) -> str:
    """Return the zone of the type's schedule, else of the first host's, mandatory ones last (docs/rules.md, Words).

    Whichever hosts are asked for: days are the same ones whoever asks.
    """
    own = rules.schedules.get(rules.event_type.schedule_id or 0)
    if own is not None:
        return own.zone
    first = min(entries, key=lambda entry: entry.mandatory, default=None)
    return "UTC" if first is None else _host(rules, first, mandatory=first.mandatory).schedule.zone


def dynamic(people: tuple[Person, ...]) -> EventTypeRules:
    """Return the event of several people who have no event type in common (docs/rules.md 13).

    Raises
    ------
    DynamicBookingDisallowedError
        If one of them does not allow it.
    """
    for person in people:
        if not person.allow_dynamic_booking:
            raise DynamicBookingDisallowedError(person.username)
    event_type = EventType(
        id=None,
        scheduling=SchedulingType.COLLECTIVE,
        length=DYNAMIC_LENGTH_MINUTES,
        minimum_notice=DYNAMIC_NOTICE_MINUTES,
        host_entries=tuple(HostEntry(user_id=person.id) for person in people),
    )
    return EventTypeRules(event_type=event_type, people={person.id: person for person in people})
