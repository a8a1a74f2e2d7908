"""Event types and calendars from memory, as long as every change of them is told: the ports of the same names."""

from collections.abc import Collection

from app.domain.busy import Booking, BusyTimes
from app.domain.event_type import EventTypeRules
from app.domain.reference import EventTypeReference
from app.domain.time_ranges import DAY, Range
from app.services.memory import Memory
from app.services.ports import Calendar, Changes, EventTypes
from app.services.sources import bookings_of_type, sources_of_rules, time_of_host


class RememberedEventTypes:
    """What another `EventTypes` knows."""

    def __init__(self, event_types: EventTypes, memory: Memory, changes: Changes) -> None:
        """Ask `event_types` for what is not in memory."""
        self._event_types = event_types
        self._memory = memory
        self._changes = changes

    async def find(self, reference: EventTypeReference) -> EventTypeRules:
        """Return what a reference names; see `services.ports.EventTypes`. What names nothing is asked for again."""
        if not await self._changes.told():
            return await self._event_types.find(reference)
        return await self._memory.recall(
            reference, lambda: self._event_types.find(reference), sources_of_rules, _weight_of_rules
        )


class RememberedCalendar:
    """What another `Calendar` knows."""

    def __init__(self, calendar: Calendar, memory: Memory, changes: Changes) -> None:
        """Ask `calendar` for what is not in memory."""
        self._calendar = calendar
        self._memory = memory
        self._changes = changes

    async def busy_times(self, host_ids: Collection[int], around: Range, seated_type_id: int | None) -> BusyTimes:
        """Return what may meet `around`, and more of its first and last days; see `services.ports.Calendar`."""
        if not await self._changes.told():
            return await self._calendar.busy_times(host_ids, around, seated_type_id)
        # Whole days, so that questions which begin now find what those of a moment ago have read.
        start, end = around
        days = start - start % DAY, end + -end % DAY
        hosts = tuple(host_ids)
        return await self._memory.recall(
            ("busy", hosts, days, seated_type_id),
            lambda: self._calendar.busy_times(hosts, days, seated_type_id),
            lambda _: [*map(time_of_host, hosts), bookings_of_type(seated_type_id)],
            _weight_of_busy_times,
        )

    async def accepted_bookings(self, event_type_ids: Collection[int], around: Range) -> tuple[Booking, ...]:
        """Return the accepted bookings of event types; see `services.ports.Calendar`."""
        if not await self._changes.told():
            return await self._calendar.accepted_bookings(event_type_ids, around)
        types = frozenset(event_type_ids)
        return await self._memory.recall(
            ("accepted", types, around),
            lambda: self._calendar.accepted_bookings(types, around),
            lambda _: map(bookings_of_type, types),
            len,
        )


def _weight_of_rules(rules: EventTypeRules) -> int:
    people = rules.people.values()
    schedules = [*rules.schedules.values(), *(person.default_schedule for person in people if person.default_schedule)]
    parts = sum(len(schedule.hours) + len(schedule.overrides) for schedule in schedules)
    listed = len(rules.member_ids) + len(rules.event_type.limits.team_event_type_ids)
    return parts + listed + sum(1 + len(person.travels) + len(person.absences) for person in people)


def _weight_of_busy_times(busy: BusyTimes) -> int:
    return len(busy.bookings) + sum(map(len, busy.calendars.values()))
