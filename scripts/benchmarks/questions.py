"""Questions to measure: event types of one host and of teams, with the bookings that stores would answer."""

from dataclasses import dataclass
from datetime import date
from random import Random

from aiohttp import web

from app.api.bodies import success
from app.api.listing import writable_2024_09_04
from app.domain.availability import Availability
from app.domain.busy import Booking, BusyTimes
from app.domain.event_type import EventType, EventTypeRules, HostEntry, Person, SchedulingType, staff
from app.domain.schedule import Absence, LocalDay, Override, Schedule, WeeklyHours, date_of, day_of, zone
from app.domain.time_ranges import DAY, MINUTE, Range
from app.domain.window import asked_window
from app.services.find_slots import FoundSlots

TEAM_DAYS = 28
LENGTH = 30
"""Minutes of a slot and of a booking."""
ZONES = ("Europe/Rome", "Europe/London", "Europe/Athens")
"""Of hosts, in turn. They lie near each other, so that large teams have hours in common."""

_EVENT_TYPE_ID = 100
_FIRST_DAY = day_of(date(2030, 9, 2))
"""A Monday. A year from here passes both changes of clocks."""
_OFFICE_HOURS = (WeeklyHours(frozenset(range(1, 6)), 9 * 60, 17 * 60),)
_BOOKED_TIMES = [(day, minute) for day in range(TEAM_DAYS) if day % 7 < 5 for minute in range(9 * 60, 14 * 60, LENGTH)]
"""Day and minute of what may be booked of a host: afternoons stay free, so that large teams have time in common."""
MOST_BOOKINGS = len(_BOOKED_TIMES)
"""Of a host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A listing asked for, with everything that stores answer about it."""

    kind: str
    hosts: int
    days: int
    bookings: int
    rules: EventTypeRules
    busy: BusyTimes

    @property
    def window(self) -> Range:
        """The days asked about."""
        return asked_window(_FIRST_DAY * DAY, (_FIRST_DAY + self.days - 1) * DAY)

    def compute(self) -> FoundSlots:
        """Find the slots as `SlotFinder.find` does once the stores have answered."""
        staffed = staff(self.rules)
        event_type = staffed.event_type
        availability = Availability(
            staffed,
            self.busy,
            length=event_type.length_asked(None),
            now=self.window[0],
            around=self.window,
        )
        return FoundSlots(
            starts=availability.starts(self.window),
            length=availability.length,
            only_first=event_type.only_first_slot,
            seats=event_type.seats,
            seated=availability.seated,
            without_holds=False,
        )


def render(found: FoundSlots) -> web.Response:
    """Answer as `get_slots` does the first time, to somebody who reads in Rome."""
    return success(writable_2024_09_04(found, "Europe/Rome", "time"))


def of_one_host(days: int) -> Question:
    """Ask about a host in Rome who has no bookings."""
    person = _person(0)
    event_type = EventType(id=_EVENT_TYPE_ID, owner_id=person.id, length=LENGTH)
    return Question(
        kind="one host",
        hosts=1,
        days=days,
        bookings=0,
        rules=EventTypeRules(event_type=event_type, people={person.id: person}),
        busy=BusyTimes(),
    )


def of_team(scheduling: SchedulingType, hosts: int, *, bookings: int = 0, days: int = TEAM_DAYS) -> Question:
    """Ask about a team, with bookings spread evenly over its hosts and the working days of four weeks."""
    people = [_person(number) for number in range(hosts)]
    event_type = EventType(
        id=_EVENT_TYPE_ID,
        scheduling=scheduling,
        team_id=1,
        length=LENGTH,
        host_entries=tuple(HostEntry(user_id=person.id) for person in people),
    )
    return Question(
        kind={SchedulingType.ROUND_ROBIN: "round robin", SchedulingType.COLLECTIVE: "collective"}[scheduling],
        hosts=hosts,
        days=days,
        bookings=bookings,
        rules=EventTypeRules(event_type=event_type, people={person.id: person for person in people}),
        busy=BusyTimes(bookings=_bookings(people, bookings)),
    )


def _person(number: int) -> Person:
    """Return one of the people; of ten, one has overrides and another one is away for a week."""
    where = ZONES[number % len(ZONES)]
    shorter = Override(_date(9), 10 * 60, 13 * 60)
    closed = Override(_date(23))
    return Person(
        id=number + 1,
        username=f"host{number}",
        email=f"host{number}@example.com",
        zone=where,
        default_schedule=Schedule(number + 1, where, _OFFICE_HOURS, (shorter, closed) if number % 10 == 3 else ()),
        absences=(Absence(_date(14), _date(18)),) if number % 10 == 7 else (),
    )


def _date(day: LocalDay) -> date:
    return date_of(_FIRST_DAY + day)


def _bookings(people: list[Person], number: int) -> tuple[Booking, ...]:
    """Return bookings of people in turn, of each at times of their own: no two calendars are alike."""
    times = [Random(person.id).sample(_BOOKED_TIMES, len(_BOOKED_TIMES)) for person in people]  # noqa: S311 - no secret
    return tuple(_booking(people[n % len(people)], *times[n % len(people)][n // len(people)]) for n in range(number))


def _booking(host: Person, day: int, minute: int) -> Booking:
    start = zone(host.zone).instant_of(_FIRST_DAY + day, minute)
    return Booking(
        uid=f"booking-{host.id}-{start}",
        event_type_id=_EVENT_TYPE_ID,
        host_ids=frozenset({host.id}),
        start=start,
        end=start + LENGTH * MINUTE,
        attendee_emails=("guest@example.org",),
    )
