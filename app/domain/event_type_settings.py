"""What the owner of an event type can set, and what must fit together there."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from app.domain.booking_window import BookingWindow
from app.domain.errors import Flaw, SettingsRefusedError
from app.domain.event_type import DYNAMIC_NOTICE_MINUTES, HostEntry, SchedulingType
from app.domain.limits import Limit

PRIVATE = frozenset({"destinationCalendar", "metadata"})
"""Of the fields that mean nothing to slots, those that are not everybody's business."""


@dataclass(frozen=True, slots=True)
class Notice:
    """How long before its start a booking needs no confirmation."""

    unit: Literal["minutes", "hours", "days", "months"]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationPolicy:
    """Which bookings must be confirmed by a host: all of them, or those made later than a notice before their start."""

    notice: Notice | None = None
    """None: all of them."""
    pending_blocks: bool = True
    """Whether a booking takes its host's time before it is confirmed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seats:
    """How many may come to one start, and what each of them sees."""

    per_slot: int
    show_attendees: bool = False
    show_left: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTypeSettings:
    """Everything an owner sets. Lengths, buffers and notice are in minutes."""

    slug: str
    title: str | None = None
    description: str | None = None
    length: int
    lengths: tuple[int, ...] = ()
    """What may be asked for, `length` among them; empty: only `length`."""
    slot_interval: int | None = None
    offset_start: int = 0
    minimum_notice: int = DYNAMIC_NOTICE_MINUTES
    before_buffer: int = 0
    after_buffer: int = 0
    seats: Seats | None = None
    only_first_slot: bool = False
    optimized_slots: bool = False
    schedule_id: int | None = None
    booking_window: BookingWindow | None = None
    count_limits: tuple[Limit, ...] = ()
    duration_limits: tuple[Limit, ...] = ()
    confirmation: ConfirmationPolicy | None = None
    hidden: bool = False
    booking_fields: tuple[Mapping[str, Any], ...] = ()
    """Questions to those who book, in the public API's words; the usual ones only where they were changed."""
    locations: tuple[Mapping[str, Any], ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the public API that mean nothing to slots, as they were sent; some are about bookings."""
    scheduling: SchedulingType = SchedulingType.INDIVIDUAL
    host_entries: tuple[HostEntry, ...] = ()
    assign_all_members: bool = False
    subset_enabled: bool = False


def check(settings: EventTypeSettings) -> None:
    """Refuse settings that contradict each other.

    Raises
    ------
    SettingsRefusedError
        If the length is none of those offered, seats would have to be confirmed, or a managed event type names a
        schedule: its children each have their own person's.
    """
    if settings.lengths and settings.length not in settings.lengths:
        raise SettingsRefusedError(Flaw.LENGTH_NOT_OFFERED, settings.length)
    if settings.seats is not None and settings.confirmation is not None:
        raise SettingsRefusedError(Flaw.SEATS_CONFIRMED, settings.seats)
    if settings.scheduling is SchedulingType.MANAGED and settings.schedule_id is not None:
        raise SettingsRefusedError(Flaw.MANAGED_SCHEDULE, settings.schedule_id)


def check_change(before: EventTypeSettings, after: EventTypeSettings) -> None:
    """Refuse new settings that contradict each other or the old ones.

    Raises
    ------
    SettingsRefusedError
        If `check` does, or a managed event type would become another or another a managed one.
    """
    check(after)
    managed = SchedulingType.MANAGED
    if before.scheduling is not after.scheduling and managed in (before.scheduling, after.scheduling):
        raise SettingsRefusedError(Flaw.MANAGED_FOR_GOOD, after.scheduling.value)


def check_child_change(before: EventTypeSettings, after: EventTypeSettings) -> None:
    """Refuse new settings of a managed event type's child, of which its person may only choose the schedule.

    Raises
    ------
    SettingsRefusedError
        If anything else changes: it is the parent's.
    """
    if replace(before, schedule_id=after.schedule_id) != after:
        raise SettingsRefusedError(Flaw.MANAGED_CHILD, None)


def shown_to_strangers(settings: EventTypeSettings) -> EventTypeSettings:
    """Return what anybody may know: of places that are not public only the kind, and none of the owner's own notes."""
    return replace(
        settings,
        locations=tuple(one if one.get("public") else {"type": one["type"]} for one in settings.locations),
        more={name: value for name, value in settings.more.items() if name not in PRIVATE},
    )


def of_child(parent: EventTypeSettings) -> EventTypeSettings:
    """Return what the children of a managed event type take over from it; each has a schedule of its own."""
    return replace(
        parent,
        scheduling=SchedulingType.INDIVIDUAL,
        schedule_id=None,
        host_entries=(),
        assign_all_members=False,
        subset_enabled=False,
    )
