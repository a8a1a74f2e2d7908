"""Random situations for Hypothesis: event types of a few hosts, and what may take their time."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import strategies as st

from app.domain.availability import Availability
from app.domain.busy import Booking, BookingStatus, BusyTimes, Reservation
from app.domain.event_type import EventType, Host, StaffedEventType
from app.domain.schedule import Absence, Override, Schedule, Travel, WeeklyHours, day_of
from app.domain.time_ranges import DAY, MINUTE, SECOND, Instant, Range
from tests.domain.builders import ASKED, OTHER, event_type, person

ZONES = ("UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati")
DAYS = (date(2050, 9, 5), date(2050, 3, 13), date(2050, 10, 30))
"""An ordinary Monday, and the days on which clocks change in New York and in London, by whole hours."""
WHOLE_STEPS = (5, 10, 15, 20, 30, 60)
"""Steps that divide the hour: a grid of one has the same starts wherever it begins."""
EVERY_DAY = frozenset(range(1, 8))
STEPS = (*WHOLE_STEPS, 7, 25, 40, 45, 75, 90, 120)


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Everything that an answer depends on."""

    day: date
    """The day that everything happens around."""
    staffed: StaffedEventType
    busy: BusyTimes
    length: int
    now: Instant
    window: Range
    rescheduling: str | None = None

    def availability(self) -> Availability:
        """Judge it."""
        return Availability(
            self.staffed,
            self.busy,
            length=self.length,
            now=self.now,
            around=self.window,
            rescheduling=self.rescheduling,
        )

    def starts(self) -> list[Instant]:
        """Return the listed starts."""
        return [slot.start for slot in self.availability().slots(self.window)]

    def taking(self, *more: Booking | Reservation) -> "Situation":
        """Return it with more bookings and reservations."""
        busy = replace(
            self.busy,
            bookings=(*self.busy.bookings, *(one for one in more if isinstance(one, Booking))),
            reservations=(*self.busy.reservations, *(one for one in more if isinstance(one, Reservation))),
        )
        return replace(self, busy=busy)


minutes_of_day = st.integers(0, 24 * 12).map(lambda fives: 5 * fives)


@st.composite
def weekly_hours(draw: st.DrawFn) -> WeeklyHours:
    """Draw hours, some of which end before they start, or run to midnight."""
    start = draw(minutes_of_day)
    end = draw(st.one_of(minutes_of_day, st.just(min(start + 180, 1_440)), st.just(1_439)))
    return WeeklyHours(draw(st.sampled_from([EVERY_DAY, frozenset({1, 3, 7}), frozenset({1, 6})])), start, end)


@st.composite
def overrides(draw: st.DrawFn, day: date) -> Override:
    """Draw an override of a date nearby, perhaps one that closes it."""
    which = day + timedelta(days=draw(st.integers(-1, 3)))
    if draw(st.booleans()):
        return Override(which)
    return Override(which, draw(minutes_of_day), draw(minutes_of_day))


@st.composite
def schedules(draw: st.DrawFn, day: date, schedule_id: int) -> Schedule:
    """Draw weekly hours and overrides in some zone."""
    return Schedule(
        schedule_id,
        draw(st.sampled_from(ZONES)),
        (*draw(st.lists(weekly_hours(), max_size=2)), WeeklyHours(EVERY_DAY, *draw(long_stretch))),
        tuple(draw(st.lists(overrides(day), max_size=3))),
    )


long_stretch = st.tuples(st.integers(0, 24 * 6).map(lambda tens: 10 * tens), st.integers(12, 48)).map(
    lambda drawn: (drawn[0], min(1_440, drawn[0] + 15 * drawn[1]))
)


@st.composite
def hosts(draw: st.DrawFn, user_id: int, day: date, *, mandatory: bool) -> Host:
    """Draw a person with hours, perhaps on a journey or away."""
    dates = st.tuples(st.integers(-1, 3), st.integers(0, 2)).map(
        lambda drawn: (day + timedelta(days=drawn[0]), day + timedelta(days=drawn[0] + drawn[1]))
    )
    journeys = draw(st.lists(st.tuples(st.sampled_from(ZONES), dates), max_size=1))
    return Host(
        person=person(user_id, absences=tuple(Absence(*drawn) for drawn in draw(st.lists(dates, max_size=1)))),
        schedule=draw(schedules(day, user_id)),
        travels=tuple(Travel(zone, *drawn) for zone, drawn in journeys),
        mandatory=mandatory,
        group=None if mandatory else draw(st.sampled_from([None, "A"])),
    )


@st.composite
def teams(draw: st.DrawFn, day: date, *, most_hosts: int) -> tuple[Host, ...]:
    """Draw hosts: alone, all together, or some of whom take turns."""
    number = draw(st.integers(1, most_hosts))
    rotating = draw(st.integers(0, number)) if number > 1 else 0
    return tuple(draw(hosts(user_id, day, mandatory=user_id > rotating)) for user_id in range(1, number + 1))


buffers = st.sampled_from([0, 0, 0, 5, 15, 40])


@st.composite
def times_taken(draw: st.DrawFn, day: date) -> Range:
    """Draw a time that something takes, on whole minutes."""
    start = day_of(day) * DAY + draw(st.integers(-60, 30 * 60)) * MINUTE
    return start, start + draw(st.sampled_from([10, 30, 45, 60, 200])) * MINUTE


@st.composite
def sets_of_hosts(draw: st.DrawFn, team: tuple[Host, ...], *, whole: bool) -> frozenset[int]:
    """Draw some hosts; whole: the mandatory ones, and one of each group, as a booking of the type itself has."""
    if not whole:
        return frozenset(draw(st.sets(st.sampled_from([one.id for one in team]), min_size=1)))
    groups = {one.group for one in team if not one.mandatory}
    chosen = [draw(st.sampled_from([h.id for h in team if not h.mandatory and h.group == group])) for group in groups]
    return frozenset([*(one.id for one in team if one.mandatory), *chosen])


@st.composite
def bookings(draw: st.DrawFn, day: date, team: tuple[Host, ...], types: tuple[int, ...] = (ASKED, OTHER)) -> Booking:
    """Draw a booking of the type asked for or of another, in any state."""
    start, end = draw(times_taken(day))
    type_id = draw(st.sampled_from(types))
    return Booking(
        uid=draw(st.uuids()).hex,
        event_type_id=type_id,
        host_ids=draw(sets_of_hosts(team, whole=type_id == ASKED)),
        start=start,
        end=end,
        status=draw(st.sampled_from([BookingStatus.ACCEPTED, *BookingStatus])),
        before_buffer=draw(buffers),
        after_buffer=draw(buffers),
        blocks_while_pending=draw(st.booleans()),
        attendee_emails=tuple(f"guest{number}@example.org" for number in range(draw(st.integers(1, 2)))),
    )


@st.composite
def reservations(
    draw: st.DrawFn, day: date, team: tuple[Host, ...], types: tuple[int, ...] = (ASKED, OTHER)
) -> Reservation:
    """Draw a live reservation."""
    start, end = draw(times_taken(day))
    type_id = draw(st.sampled_from(types))
    return Reservation(
        uid=draw(st.uuids()).hex,
        event_type_id=type_id,
        host_ids=draw(sets_of_hosts(team, whole=type_id == ASKED)),
        start=start,
        end=end,
        until=end,
        before_buffer=draw(buffers),
        after_buffer=draw(buffers),
    )


@st.composite
def busy_times(draw: st.DrawFn, day: date, team: tuple[Host, ...]) -> BusyTimes:
    """Draw what takes the hosts' time."""
    reported = st.lists(times_taken(day), max_size=3).map(tuple)
    return BusyTimes(
        bookings=tuple(draw(st.lists(bookings(day, team), max_size=4))),
        calendars=draw(st.dictionaries(st.sampled_from([one.id for one in team]), reported)),
        reservations=tuple(draw(st.lists(reservations(day, team), max_size=2))),
    )


@st.composite
def event_types(draw: st.DrawFn, steps: tuple[int, ...], *, plain_grid: bool, seats: bool) -> EventType:
    """Draw an event type's rules but for its hosts."""
    step = draw(st.sampled_from(steps))
    length = step if draw(st.booleans()) else draw(st.sampled_from([15, 30, 50]))
    return event_type(
        length=length,
        slot_interval=None if step == length else step,
        before_buffer=draw(buffers),
        after_buffer=draw(buffers),
        offset_start=0 if plain_grid else draw(st.sampled_from([0, 0, 5, 20])),
        optimized_slots=not plain_grid and draw(st.booleans()),
        minimum_notice=draw(st.sampled_from([0, 0, 30, 120])),
        seats=draw(st.integers(1, 4)) if seats else None,
    )


@st.composite
def situations(
    draw: st.DrawFn,
    *,
    most_hosts: int = 3,
    steps: tuple[int, ...] = STEPS,
    plain_grid: bool = False,
    seats: bool = False,
) -> Situation:
    """Draw a situation around one of a few days. A plain grid has no offset and no optimized slots."""
    day = draw(st.sampled_from(DAYS))
    team = draw(teams(day, most_hosts=most_hosts))
    asked = draw(event_types(steps, plain_grid=plain_grid, seats=seats))
    busy = draw(busy_times(day, team))
    start = day_of(day) * DAY + draw(st.sampled_from([0, 0, 9 * 60, 9 * 60 + 20])) * MINUTE
    end = start + draw(st.integers(1, 2)) * DAY - draw(st.sampled_from([SECOND, SECOND, 6 * 60 * MINUTE, 0]))
    now = start + draw(st.sampled_from([-10 * DAY, 0, 10 * 60 * MINUTE])) + draw(st.integers(0, 3_600)) * SECOND
    return Situation(
        day=day,
        staffed=StaffedEventType(
            event_type=asked,
            hosts=team,
            all_host_ids=frozenset(one.id for one in team),
            host_emails=frozenset(one.person.email.lower() for one in team),
            zone=team[0].schedule.zone,
            reservable=True,
        ),
        busy=busy,
        length=asked.length,
        now=now,
        window=(start, end),
        rescheduling=draw(st.sampled_from([None, *(booking.uid for booking in busy.bookings)])),
    )
