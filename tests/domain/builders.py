"""Short ways to say what a test is about. Where a test names only times of day, it means Monday 2050-09-05, UTC."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from app.domain.availability import Availability
from app.domain.booking_window import ALWAYS, Bookable
from app.domain.busy import Booking, BookingStatus, BusyTimes, Reservation
from app.domain.event_type import EventType, Host, Person, SchedulingType, StaffedEventType
from app.domain.schedule import Absence, Override, Schedule, Travel, WeeklyHours
from app.domain.time_ranges import DAY, MINUTE, SECOND, Instant, Range

MONDAY = date(2050, 9, 5)
"""The day that bare times of day mean."""
ASKED, OTHER = 100, 200
"""The event type asked for, and some other one of the same hosts."""
LONG_AGO = "2050-08-01T00:00Z"
ALL_DAYS = "Mon Tue Wed Thu Fri Sat Sun"

_WEEKDAYS = ALL_DAYS.split()
_uids = (f"uid-{number}" for number in count(1))


# Time ----------------------------------------------------------------------------------------------------------------


def at(text: str) -> Instant:
    """Return the instant of "2050-09-05T07:00Z", or of "07:00" on the Monday."""
    moment = datetime.fromisoformat(text if "T" in text else f"{MONDAY}T00:00Z")
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    instant = (since.days * 86_400 + since.seconds) * SECOND
    return instant if "T" in text else instant + _seconds(text) * SECOND


def _seconds(clock: str) -> int:
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    return hours * 3_600 + minutes * 60 + sum(seconds)


def minute_of(clock: str) -> int:
    """Return the minute of the day that "07:00" is."""
    return _seconds(clock) // 60


def span(text: str) -> Range:
    """Return the range of "09:00-10:00", or of "2050-09-05T09:00Z-2050-09-05T10:00Z"."""
    middle = text.index("Z-") + 1 if "Z-" in text else text.index("-")
    return at(text[:middle]), at(text[middle + 1 :])


def spans(text: str) -> list[Range]:
    """Return the ranges of "09:00-10:00 11:00-12:00"."""
    return [span(part) for part in text.split()]


def on(day: str) -> Range:
    """Return the window that asks for a whole UTC day."""
    start = at(f"{day}T00:00Z")
    return start, start + DAY - SECOND


def clock_text(instant: Instant) -> str:
    """Return an instant of the Monday as "07:00", with seconds where there are any, else as a date and time."""
    moment = datetime.fromtimestamp(instant // SECOND, UTC)
    clock = moment.strftime("%H:%M:%S" if moment.second else "%H:%M")
    return clock if moment.date() == MONDAY else f"{moment.date()}T{clock}Z"


def texts(instants: Iterable[Instant]) -> str:
    """Return instants as "07:00 07:30", which compares with what a test expects at a glance."""
    return " ".join(clock_text(instant) for instant in instants)


def range_texts(ranges: Iterable[Range]) -> str:
    """Return ranges as `spans` reads them."""
    return " ".join(f"{clock_text(start)}-{clock_text(end)}" for start, end in ranges)


# Schedules -----------------------------------------------------------------------------------------------------------


def hours(text: str, days: str = ALL_DAYS) -> WeeklyHours:
    """Return the weekly hours of "09:00-17:00" on "Mon Tue"."""
    start, end = text.split("-")
    weekdays = frozenset(_WEEKDAYS.index(day) + 1 for day in days.split())
    return WeeklyHours(weekdays, minute_of(start), minute_of(end))


def override(day: str, text: str = "") -> Override:
    """Return an override of a date by "09:00-17:00"; by nothing: closed."""
    start, _, end = text.partition("-")
    return Override(date.fromisoformat(day), *((minute_of(start), minute_of(end)) if text else ()))


def schedule(
    *weekly: WeeklyHours | str, zone: str = "UTC", overrides: Iterable[Override] = (), schedule_id: int = 1
) -> Schedule:
    """Return a schedule; hours given as text are those of all days."""
    every = tuple(hours(one) if isinstance(one, str) else one for one in weekly)
    return Schedule(schedule_id, zone, every, tuple(overrides))


def travel(zone: str, first: str, last: str | None = None) -> Travel:
    """Return a journey, for good where no last date is given."""
    return Travel(zone, date.fromisoformat(first), None if last is None else date.fromisoformat(last))


def away(first: str, last: str | None = None) -> Absence:
    """Return an absence of some dates, or of one."""
    return Absence(date.fromisoformat(first), date.fromisoformat(last or first))


# People and event types ----------------------------------------------------------------------------------------------


def person(user_id: int = 1, *, zone: str = "UTC", **fields: Any) -> Person:
    """Return a user called user1 and so on."""
    return Person(id=user_id, username=f"user{user_id}", email=f"user{user_id}@example.com", zone=zone, **fields)


def host(  # every argument is what some test is about
    user_id: int = 1,
    open_time: Schedule | str = "09:00-12:00",
    *,
    mandatory: bool = True,
    group: str | None = None,
    travels: Iterable[Travel] = (),
    absences: Iterable[Absence] = (),
) -> Host:
    """Return a host who is open for three hours a day unless a test says otherwise."""
    return Host(
        person=person(user_id, absences=tuple(absences)),
        schedule=open_time if isinstance(open_time, Schedule) else schedule(open_time, schedule_id=user_id),
        travels=tuple(travels),
        mandatory=mandatory,
        group=group,
    )


def either(
    user_id: int, open_time: Schedule | str = "09:00-12:00", group: str | None = None, absences: Iterable[Absence] = ()
) -> Host:
    """Return a round-robin host: one of a group."""
    return host(user_id, open_time, mandatory=False, group=group, absences=absences)


def event_type(**fields: Any) -> EventType:
    """Return the event type asked for: half an hour, without notice."""
    return EventType(**{"id": ASKED, "length": 30, "minimum_notice": 0, **fields})


def staffed(*hosts: Host, zone: str | None = None, **fields: Any) -> StaffedEventType:
    """Return the event type asked for with its hosts."""
    scheduling = SchedulingType.ROUND_ROBIN if any(not one.mandatory for one in hosts) else SchedulingType.COLLECTIVE
    if len(hosts) == 1 and hosts[0].mandatory:
        scheduling = SchedulingType.INDIVIDUAL
    first = min(hosts, key=lambda one: one.mandatory, default=None)
    return StaffedEventType(
        event_type=event_type(scheduling=scheduling, **fields),
        hosts=hosts,
        all_host_ids=frozenset(one.id for one in hosts),
        host_emails=frozenset(one.person.email.lower() for one in hosts),
        zone=zone or ("UTC" if first is None else first.schedule.zone),
        reservable=bool(hosts),
    )


# Busy time -----------------------------------------------------------------------------------------------------------


def booking(text: str, *hosts: int, type_id: int = OTHER, guests: int | Iterable[str] = 1, **fields: Any) -> Booking:
    """Return an accepted booking of "09:00-09:30" with hosts (host 1 unless said) and some guests."""
    start, end = span(text)
    status = BookingStatus(fields.pop("status", "accepted"))
    emails = [f"guest{number}@example.org" for number in range(guests)] if isinstance(guests, int) else guests
    return Booking(
        **{
            "uid": next(_uids),
            "event_type_id": type_id,
            "host_ids": frozenset(hosts or (1,)),
            "start": start,
            "end": end,
            "status": status,
            "attendee_emails": tuple(emails),
            **fields,
        }
    )


def reservation(text: str, *hosts: int, type_id: int = OTHER, **fields: Any) -> Reservation:
    """Return a live reservation of "09:00-09:30" on hosts (host 1 unless said)."""
    start, end = span(text)
    return Reservation(
        **{
            "uid": next(_uids),
            "event_type_id": type_id,
            "host_ids": frozenset(hosts or (1,)),
            "start": start,
            "end": end,
            "until": end,
            **fields,
        }
    )


def busy(*items: Booking | Reservation, calendar: str = "", calendars: dict[int, str] | None = None) -> BusyTimes:
    """Return busy times; `calendar` is what host 1's reports, `calendars` what several hosts' do."""
    reported = calendars or {1: calendar}
    return BusyTimes(
        bookings=tuple(item for item in items if isinstance(item, Booking)),
        reservations=tuple(item for item in items if isinstance(item, Reservation)),
        calendars={user_id: tuple(spans(text)) for user_id, text in reported.items() if text},
    )


# Questions -----------------------------------------------------------------------------------------------------------


def availability(
    asked: StaffedEventType,
    taken: BusyTimes | None = None,
    *,
    length: int | None = None,
    now: str = LONG_AGO,
    around: Range | None = None,
    rescheduling: str | None = None,
    bookable: Bookable = ALWAYS,
) -> Availability:
    """Return the availability of an event type on the Monday."""
    return Availability(
        asked,
        taken or BusyTimes(),
        length=length or asked.event_type.length,
        now=at(now),
        around=around or on(str(MONDAY)),
        rescheduling=rescheduling,
        bookable=bookable,
    )


def listed(asked: StaffedEventType, taken: BusyTimes | None = None, **how: Any) -> str:
    """Return the starts listed for the Monday, or `around`, as text."""
    judged = availability(asked, taken, **how)
    return texts(judged.starts(how.get("around") or on(str(MONDAY))))


def reversed_range(text: str) -> Range:
    """Return a range that ends before it starts, which is no time at all."""
    start, end = span(text)
    return end, start


def minutes(number: int) -> int:
    """Return minutes in the domain's unit."""
    return number * MINUTE
