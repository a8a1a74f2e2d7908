"""Random situations for Hypothesis: event types of a few hosts, and what may take their time."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, TypeAlias

from hypothesis import strategies as st

from app.domain.availability import Availability
from app.domain.booking_window import ALWAYS, Bookable, DateRange, DaysAhead, bookable_days
from app.domain.busy import Booking, BookingStatus, BusyTimes, Reservation
from app.domain.event_type import EventType, Host, StaffedEventType
from app.domain.limits import BookingLimits, Limit, Period
from app.domain.schedule import Absence, LocalDay, Override, Schedule, Travel, WeeklyHours, date_of, day_of, zone
from app.domain.time_ranges import DAY, MINUTE, SECOND, Instant, Range
from tests.domain.builders import ASKED, OTHER, event_type, person
from tests.domain.clock_changes import CHANGE_DAYS

ZONES = ("UTC", "America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati")
DAYS = (date(2050, 9, 5), date(2050, 3, 13), date(2050, 10, 30))
"""An ordinary Monday, and the days on which clocks change in New York and in London, by whole hours."""
Place: TypeAlias = tuple[date, tuple[str, ...]]
"""A day, and the zones that people live in."""
PLACES: tuple[Place, ...] = tuple((day, ZONES) for day in DAYS)
CHANGES: tuple[Place, ...] = tuple((date.fromisoformat(day), (name, name, "UTC")) for name, day in CHANGE_DAYS)
"""Days on which the clocks of most people change."""
COLLEAGUE = 98
"""Somebody who hosts the event type too, but is not asked for."""
STRANGER = 99
"""Somebody who hosts the event type no more."""
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
        return self._seen(self.window, self._bookable())

    def _seen(self, around: Range, bookable: Bookable) -> Availability:
        return Availability(
            self.staffed,
            self.busy,
            length=self.length,
            now=self.now,
            around=around,
            rescheduling=self.rescheduling,
            bookable=bookable,
        )

    def _bookable(self) -> Bookable:
        """Return the days that the booking window leaves: for a rolling one by a listing from now on."""
        window, there = self.staffed.event_type.booking_window, zone(self.staffed.zone)
        days: set[LocalDay] = set()
        if isinstance(window, DaysAhead) and window.rolling:
            ahead = (self.now, max(self.now, self.window[1]))
            days = set(map(there.day_at, self._seen(ahead, ALWAYS).starts(ahead)))
        return bookable_days(window, there.day_at(self.now), sorted(days))

    @property
    def items(self) -> tuple[Booking | Reservation, ...]:
        """Bookings and reservations."""
        return (*self.busy.bookings, *self.busy.reservations)

    def starts(self) -> list[Instant]:
        """Return the listed starts."""
        return self.availability().starts(self.window)

    def of_type(self, **fields: Any) -> "Situation":
        """Return it with other rules of the event type."""
        asked = replace(self.staffed.event_type, **fields)
        return replace(self, staffed=replace(self.staffed, event_type=asked))

    def taking(self, *more: Booking | Reservation) -> "Situation":
        """Return it with more bookings and reservations; of others' reservations with what limits count of them."""
        limits, all_host_ids = self.staffed.event_type.limits, self.staffed.all_host_ids
        bookings = (*self.busy.bookings, *(one for one in more if isinstance(one, Booking)))
        reservations = [*self.busy.reservations, *self.busy.limited_reservations]
        reservations += [one for one in more if isinstance(one, Reservation)]
        near = [one for one in reservations if one.seated or one.host_ids & all_host_ids]
        busy = BusyTimes(
            bookings=bookings,
            calendars=self.busy.calendars,
            reservations=tuple(near),
            limited=tuple(one for one in bookings if one.status is BookingStatus.ACCEPTED and is_counted(one, limits)),
            limited_reservations=tuple(one for one in reservations if one not in near and is_counted(one, limits)),
        )
        return replace(self, busy=busy)


def is_counted(one: Booking | Reservation, limits: BookingLimits) -> bool:
    """Say whether an event type has limits that count the type of a booking or reservation."""
    by_team = bool(limits.team_count) and one.event_type_id in limits.team_event_type_ids
    return by_team or (bool(limits.all) and one.event_type_id == ASKED)


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
def schedules(draw: st.DrawFn, place: Place, schedule_id: int) -> Schedule:
    """Draw weekly hours and overrides in some zone."""
    day, zones = place
    return Schedule(
        schedule_id,
        draw(st.sampled_from(zones)),
        (*draw(st.lists(weekly_hours(), max_size=2)), WeeklyHours(EVERY_DAY, *draw(long_stretch))),
        tuple(draw(st.lists(overrides(day), max_size=3))),
    )


long_stretch = st.tuples(st.integers(0, 14 * 6).map(lambda tens: 10 * tens), st.integers(16, 64)).map(
    lambda drawn: (drawn[0], min(1_440, drawn[0] + 15 * drawn[1]))
)


@st.composite
def hosts(draw: st.DrawFn, user_id: int, place: Place, *, mandatory: bool) -> Host:
    """Draw a person with hours, perhaps on journeys or away."""
    day, zones = place
    dates = st.tuples(st.integers(-1, 3), st.integers(0, 2)).map(
        lambda drawn: (day + timedelta(days=drawn[0]), day + timedelta(days=drawn[0] + drawn[1]))
    )
    journeys = draw(st.lists(st.tuples(st.sampled_from(zones), dates), max_size=2))
    return Host(
        person=person(user_id, absences=tuple(Absence(*drawn) for drawn in draw(st.lists(dates, max_size=1)))),
        schedule=draw(schedules(place, user_id)),
        travels=tuple(Travel(zone, *drawn) for zone, drawn in journeys),
        mandatory=mandatory,
        group=None if mandatory else draw(st.sampled_from([None, "A"])),
    )


@st.composite
def teams(draw: st.DrawFn, place: Place, *, most_hosts: int) -> tuple[Host, ...]:
    """Draw hosts: alone, all together, or some of whom take turns."""
    number = draw(st.integers(1, most_hosts))
    rotating = draw(st.integers(0, number)) if number > 1 else 0
    return tuple(draw(hosts(user_id, place, mandatory=user_id > rotating)) for user_id in range(1, number + 1))


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
    groups = dict.fromkeys(one.group for one in team if not one.mandatory)
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
        seated=draw(st.booleans()),
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
        seated=type_id == OTHER and draw(st.booleans()),
    )


@st.composite
def busy_times(draw: st.DrawFn, day: date, team: tuple[Host, ...], types: tuple[int, ...]) -> BusyTimes:
    """Draw what takes the hosts' time."""
    reported = st.lists(times_taken(day), max_size=3).map(tuple)
    return BusyTimes(
        bookings=tuple(draw(st.lists(bookings(day, team, types), max_size=4))),
        calendars=draw(st.dictionaries(st.sampled_from([one.id for one in team]), reported)),
        reservations=tuple(draw(st.lists(reservations(day, team, types), max_size=2, unique_by=lambda one: one.start))),
    )


@st.composite
def event_types(draw: st.DrawFn, steps: tuple[int, ...], *, plain_grid: bool) -> EventType:
    """Draw an event type's rules but for its hosts, seats, limits and window."""
    step = draw(st.sampled_from(steps))
    length = step if draw(st.booleans()) else draw(st.sampled_from([15, 30, 50]))
    return event_type(
        length=length,
        lengths=(length, draw(st.sampled_from(steps))) if draw(st.booleans()) else (),
        slot_interval=None if step == length else step,
        before_buffer=draw(buffers),
        after_buffer=draw(buffers),
        offset_start=0 if plain_grid else draw(st.sampled_from([0, 0, 5, 20])),
        optimized_slots=not plain_grid and draw(st.booleans()),
        minimum_notice=draw(st.sampled_from([0, 0, 30, 120])),
    )


@st.composite
def situations(
    draw: st.DrawFn,
    *,
    places: tuple[Place, ...] = PLACES,
    most_hosts: int = 3,
    steps: tuple[int, ...] = STEPS,
    plain_grid: bool = False,
    seated: bool = False,
    limited: bool = False,
    windowed: bool = False,
) -> Situation:
    """Draw a situation around a day somewhere. A plain grid has no offset and no optimized slots."""
    place = draw(st.sampled_from(places))
    day, _ = place
    team = draw(teams(place, most_hosts=most_hosts))
    asked = draw(event_types(steps, plain_grid=plain_grid))
    all_host_ids = frozenset([COLLEAGUE, *(one.id for one in team)])
    start = day_of(day) * DAY + draw(st.sampled_from([0, 0, 9 * 60, 9 * 60 + 20])) * MINUTE
    days = draw(st.integers(1, 5 if limited or windowed else 2))
    end = start + days * DAY - draw(st.sampled_from([SECOND, SECOND, 6 * 60 * MINUTE, 0]))
    now = start + draw(st.sampled_from([-10 * DAY, -7 * DAY, -3 * DAY, 0, 10 * 60 * MINUTE]))
    situation = Situation(
        day=day,
        staffed=StaffedEventType(
            event_type=asked,
            hosts=team,
            all_host_ids=all_host_ids,
            host_emails=frozenset(person(user_id).email for user_id in all_host_ids),
            zone=team[0].schedule.zone,
            reservable=True,
        ),
        busy=draw(busy_times(day, team, (OTHER,) if seated else (ASKED, OTHER))),
        length=draw(st.sampled_from((asked.length, *asked.lengths))),
        now=now + draw(st.integers(0, 3_600)) * SECOND,
        window=(start, end),
    )
    if seated:
        situation = draw(with_seats(situation))
    situation = draw(with_copies(situation))
    if limited:
        situation = draw(with_limits(situation))
    if windowed:
        situation = draw(with_booking_window(situation))
    uids = [booking.uid for booking in situation.busy.bookings]
    return replace(situation, rescheduling=draw(st.sampled_from([None, *uids])))


# Seats, limits and booking windows bite on what is on offer without them ----------------------------------------------


@st.composite
def on_offer(draw: st.DrawFn, situation: Situation) -> Instant:
    """Draw a start that is listed, or any."""
    listed = situation.starts()
    if listed and draw(st.sampled_from([True, True, False])):
        return draw(st.sampled_from(listed))
    start, _ = draw(times_taken(situation.day))
    return start


@st.composite
def with_seats(draw: st.DrawFn, situation: Situation) -> Situation:
    """Draw the same of a seated type, with people who sit at some starts."""
    situation = situation.of_type(seats=draw(st.sampled_from([2, 1, 3, 4, 6])))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(on_offer(situation))
        for _ in range(draw(st.integers(1, 3))):
            situation = situation.taking(draw(sitters(situation, start)))
        if draw(st.sampled_from([False, False, False, True])):
            other = draw(bookings(situation.day, situation.staffed.hosts, (OTHER,)))
            situation = situation.taking(replace(other, start=start, end=start + other.end - other.start))
    return situation


@st.composite
def with_copies(draw: st.DrawFn, situation: Situation) -> Situation:
    """Draw the same with calendars that report some of the bookings too, as connected ones do."""
    calendars = dict(situation.busy.calendars)
    for booking in situation.busy.bookings:
        if draw(st.sampled_from([False, False, True])):
            for host_id in booking.host_ids:
                calendars[host_id] = (*calendars.get(host_id, ()), (booking.start, booking.end))
    return replace(situation, busy=replace(situation.busy, calendars=calendars))


def sitters(situation: Situation, start: Instant) -> st.SearchStrategy[Booking | Reservation]:
    """Draw somebody with a seat at a start, booked or held."""
    return st.one_of(booked_seats(situation, start), held_seats(situation, start))


@st.composite
def booked_seats(draw: st.DrawFn, situation: Situation, start: Instant) -> Booking:
    """Draw a booking of a start of a seated type, perhaps with a host among its attendees."""
    team = situation.staffed.hosts
    one = draw(bookings(situation.day, team, (ASKED,)))
    if draw(st.booleans()):
        host = person(draw(st.sampled_from([COLLEAGUE, team[0].id])))
        one = replace(one, attendee_emails=(*one.attendee_emails, host.email.upper()))
    return replace(one, **draw(seats_at(situation, start)))


@st.composite
def held_seats(draw: st.DrawFn, situation: Situation, start: Instant) -> Reservation:
    """Draw a reservation of a start of a seated type."""
    one = draw(reservations(situation.day, situation.staffed.hosts, (ASKED,)))
    return replace(one, seated=True, **draw(seats_at(situation, start)))


@st.composite
def seats_at(draw: st.DrawFn, situation: Situation, start: Instant) -> dict[str, Any]:
    """Draw the time and the hosts of a seat: those of the first one there; somebody's who has left, now and then."""
    asked = situation.staffed.event_type
    first = next((one for one in situation.items if (one.event_type_id, one.start) == (ASKED, start)), None)
    if first is not None:
        host_ids = first.host_ids
    elif draw(st.sampled_from([*[False] * 7, True])):
        host_ids = frozenset([STRANGER])
    else:
        host_ids = draw(sets_of_hosts(situation.staffed.hosts, whole=True))
    length = draw(st.sampled_from((asked.length, *asked.lengths))) * MINUTE
    return {"start": start, "end": start + length, "host_ids": host_ids}


@st.composite
def with_limits(draw: st.DrawFn, situation: Situation) -> Situation:
    """Draw the same with limits, and with what they count."""
    of = draw(st.sampled_from(["count", "duration", "team_count", "all"]))
    limits = BookingLimits(
        count=draw(some_limits(1)) if of in ("count", "all") else (),
        duration=draw(some_limits(situation.length)) if of in ("duration", "all") else (),
        team_count=draw(some_limits(1)) if of in ("team_count", "all") else (),
        team_event_type_ids=frozenset({ASKED, OTHER}),
    )
    situation = situation.of_type(limits=limits)
    for _ in range(draw(st.integers(1, 5))):
        situation = situation.taking(draw(items_elsewhere(situation)))
    return situation


@st.composite
def items_elsewhere(draw: st.DrawFn, situation: Situation) -> Booking | Reservation:
    """Draw a booking or reservation of anybody, which may lie days or months away; or a seat."""
    asked, team = situation.staffed.event_type, situation.staffed.hosts
    start = draw(
        st.one_of(
            on_offer(situation),
            st.sampled_from([one.start for one in situation.items] or [situation.window[0]]),
            st.just(zone(situation.staffed.zone).instant_of(day_of(situation.day) + 1, 0) - 5 * MINUTE),
        )
    )
    start += draw(st.sampled_from([0, 0, 0, -250, -31, -6, -1, 1, 6, 31])) * DAY
    if asked.seats and draw(st.booleans()):
        return draw(sitters(situation, start))
    drawn_from = (situation.day, team, (OTHER,) if asked.seats else (ASKED, OTHER))
    one = draw(st.one_of(bookings(*drawn_from), bookings(*drawn_from), reservations(*drawn_from)))
    host_ids = draw(st.sets(st.sampled_from([COLLEAGUE, STRANGER, *(host.id for host in team)]), min_size=1))
    return replace(one, start=start, end=start + one.end - one.start, host_ids=frozenset(host_ids))


@st.composite
def some_limits(draw: st.DrawFn, one: int) -> tuple[Limit, ...]:
    """Draw limits for some periods; `one` booking is this much."""
    periods = draw(st.sets(st.sampled_from([Period.DAY, *Period]), min_size=1, max_size=2))
    return tuple(Limit(period, one * draw(st.integers(1, 6))) for period in sorted(periods, key=list(Period).index))


@st.composite
def with_booking_window(draw: st.DrawFn, situation: Situation) -> Situation:
    """Draw the same with a booking window that ends near a day with slots."""
    there = zone(situation.staffed.zone)
    day, today = there.day_at(draw(on_offer(situation))), there.day_at(situation.now)
    if draw(st.sampled_from([False, False, True])):
        first = date_of(day) - timedelta(days=draw(st.integers(-1, 3)))
        return situation.of_type(booking_window=DateRange(first, first + timedelta(days=draw(st.integers(0, 3)))))
    rolling = draw(st.booleans())
    ahead = max(0, day - today) + draw(st.integers(0, 2)) - draw(st.integers(0, 4))
    window = DaysAhead(max(int(rolling), ahead), business=draw(st.booleans()), rolling=rolling)
    return situation.of_type(booking_window=window)
