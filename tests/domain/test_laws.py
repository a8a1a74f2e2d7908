"""Laws of a listing that hold whatever the hours, teams, grids and busy times are."""

from dataclasses import replace
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.answer import by_day
from app.domain.availability import moment, next_moment
from app.domain.booking_window import DaysAhead
from app.domain.busy import Booking, BookingStatus, BusyTimes, Reservation, buffered
from app.domain.event_type import Host
from app.domain.limits import BookingLimits, Limit, Period, reach
from app.domain.schedule import Schedule, WeeklyHours, day_of, zone
from app.domain.time_ranges import DAY, MINUTE, SECOND, Instant, Range, holds, overlaps
from tests.domain import oracle
from tests.domain.builders import (
    ASKED,
    MONDAY,
    OTHER,
    at,
    booking,
    busy,
    event_type,
    host,
    listed,
    reservation,
    staffed,
)
from tests.domain.situations import (
    CHANGES,
    EVERY_DAY,
    WHOLE_STEPS,
    ZONES,
    Situation,
    bookings,
    held_seats,
    is_counted,
    on_offer,
    reservations,
    sitters,
    situations,
    times_taken,
)

with_all_rules = partial(situations, seated=True, limited=True, windowed=True)
anything = st.one_of(
    situations(),
    situations(most_hosts=2, seated=True),
    situations(most_hosts=2, limited=True, windowed=True),
    with_all_rules(most_hosts=2),
)
anything_on_a_plain_grid = st.one_of(
    situations(steps=WHOLE_STEPS, plain_grid=True),
    situations(steps=WHOLE_STEPS, plain_grid=True, most_hosts=2, seated=True),
    situations(steps=WHOLE_STEPS, plain_grid=True, most_hosts=2, limited=True, windowed=True),
    with_all_rules(steps=WHOLE_STEPS, plain_grid=True, most_hosts=2),
)

# What is listed ------------------------------------------------------------------------------------------------------


@given(st.one_of(situations(most_hosts=1), situations()))
@settings(max_examples=90)
def test_the_listing_is_what_a_slow_reading_of_the_rules_lists(situation: Situation) -> None:
    assert situation.starts() == oracle.listed(question(situation))


@given(st.one_of(situations(most_hosts=1, seated=True), situations(seated=True)))
@settings(max_examples=45)
def test_so_it_is_with_seats(situation: Situation) -> None:
    assert situation.starts() == oracle.listed(question(situation))


@given(st.one_of(situations(most_hosts=1, windowed=True), situations(windowed=True)))
@settings(max_examples=45)
def test_so_it_is_with_a_booking_window(situation: Situation) -> None:
    assert situation.starts() == oracle.listed(question(situation))


@given(st.one_of(situations(most_hosts=1, limited=True), situations(limited=True)))
@settings(max_examples=45)
def test_so_it_is_with_limits(situation: Situation) -> None:
    assert situation.starts() == oracle.listed(question(situation))


@given(st.one_of(with_all_rules(most_hosts=1), with_all_rules(most_hosts=2)))
@settings(max_examples=45)
def test_so_it_is_with_all_of_them(situation: Situation) -> None:
    assert situation.starts() == oracle.listed(question(situation))


@given(st.one_of(situations(places=CHANGES, most_hosts=2), situations(places=CHANGES, limited=True, windowed=True)))
@settings(max_examples=45)
def test_so_it_is_where_clocks_change(situation: Situation) -> None:
    assert situation.starts() == oracle.listed(question(situation))


@given(situations(most_hosts=2, seated=True))
@settings(max_examples=40)
def test_who_sits_where_is_what_a_slow_reading_counts(situation: Situation) -> None:
    asked, judged = question(situation), situation.availability()
    for start in {item.start for item in situation.items}:
        there, seat = oracle.sitting(asked, start), judged.seated.get(start)
        booked = [item.uid for item in there if isinstance(item, Booking) and item.seated]
        expected = (oracle.seats_taken(asked, start), booked[0] if booked else None) if there else None
        assert expected == (None if seat is None else (seat.seats_taken, seat.booking_uid))


def question(situation: Situation) -> oracle.Question:
    """Return what the oracle is asked."""
    return oracle.Question(
        event_type=situation.staffed.event_type,
        hosts=situation.staffed.hosts,
        all_host_ids=situation.staffed.all_host_ids,
        host_emails=situation.staffed.host_emails,
        zone=situation.staffed.zone,
        busy=situation.busy,
        length=situation.length,
        now=situation.now,
        window=situation.window,
        rescheduling=situation.rescheduling,
    )


@given(anything)
@settings(max_examples=40)
def test_slots_are_in_order_of_time_and_in_the_window(situation: Situation) -> None:
    starts, length = situation.starts(), situation.length * MINUTE
    assert starts == sorted(set(starts))
    assert all(situation.window[0] <= start and start + length <= situation.window[1] + SECOND for start in starts)


# The listing and the predicate ---------------------------------------------------------------------------------------


@given(anything)
@settings(max_examples=40)
def test_everything_listed_is_free_by_the_predicate(situation: Situation) -> None:
    judged = situation.availability()
    assert all(judged.refusal(start) is None for start in judged.starts(situation.window))


@given(anything)
@settings(max_examples=40)
def test_everything_listed_is_free_when_it_is_looked_at_alone(situation: Situation) -> None:
    """As a claim does: without what the listing saw around it, and with a rolling window that ends there."""
    starts = situation.starts()
    for start in {*starts[:1], *starts[-2:]}:
        alone = replace(situation, window=(start, start + situation.length * MINUTE))
        assert alone.availability().refusal(start) is None


@given(anything_on_a_plain_grid)
@settings(max_examples=40)
def test_with_a_step_that_divides_the_hour_everything_free_on_it_is_listed(situation: Situation) -> None:
    """Such a grid has the same starts wherever free time begins, so the listing is the predicate on that grid."""
    judged = situation.availability()
    assert situation.starts() == [start for start in _whole_starts(situation) if judged.refusal(start) is None]


def _whole_starts(situation: Situation) -> list[Instant]:
    """Return the whole steps of the event zone's hour, in the window."""
    there, step = zone(situation.staffed.zone), situation.staffed.event_type.slot_interval or situation.length
    first, end = situation.window
    minutes = range(-(-first // MINUTE) * MINUTE, end + SECOND - situation.length * MINUTE + 1, MINUTE)
    return [start for start in minutes if (start + there.offset_at(start)) // MINUTE % step == 0]


@given(situations(most_hosts=1))
@settings(max_examples=40)
def test_while_a_host_stays_free_there_is_a_start_every_step(situation: Situation) -> None:
    """For any step: what goes on from a listed start in the same free stretch is listed too."""
    judged, starts = situation.availability(), situation.starts()
    step, length = (situation.staffed.event_type.slot_interval or situation.length) * MINUTE, situation.length * MINUTE
    for start in starts:
        end = start + step + length
        if holds(judged.free[1], start, end) and end <= situation.window[1] + SECOND:
            assert start + step in starts


# More busy time ------------------------------------------------------------------------------------------------------


@st.composite
def with_more_busy_time(draw: st.DrawFn, drawn: st.SearchStrategy[Situation]) -> tuple[Situation, Situation]:
    """Draw a situation, and the same with something more that takes a host's time; windows do not roll.

    On a seated type it is of another one: a booking of the type itself makes calendar time within it available.
    """
    before = _not_rolling(draw(drawn))
    if draw(st.booleans()):
        host_id = draw(st.sampled_from([host.id for host in before.staffed.hosts]))
        reported = (*before.busy.calendars.get(host_id, ()), draw(times_taken(before.day)))
        calendars = {**before.busy.calendars, host_id: reported}
        return before, replace(before, busy=replace(before.busy, calendars=calendars))
    types = (OTHER,) if before.staffed.event_type.seats else (ASKED, OTHER)
    drawn_from = (before.day, before.staffed.hosts, types)
    return before, before.taking(draw(st.one_of(bookings(*drawn_from), reservations(*drawn_from))))


def _not_rolling(situation: Situation) -> Situation:
    window = situation.staffed.event_type.booking_window
    if not isinstance(window, DaysAhead):
        return situation
    return situation.of_type(booking_window=replace(window, rolling=False))


@given(with_more_busy_time(anything))
@settings(max_examples=40)
def test_what_is_listed_with_more_busy_time_was_free_without_it(both: tuple[Situation, Situation]) -> None:
    """It need not have been listed: the grid begins anew after the busy time, at starts that it did not have before."""
    before, after = both
    judged = before.availability()
    assert all(judged.refusal(start) is None for start in after.starts())


@given(with_more_busy_time(anything_on_a_plain_grid))
@settings(max_examples=40)
def test_more_busy_time_never_adds_a_slot_where_it_cannot_move_the_grid(both: tuple[Situation, Situation]) -> None:
    before, after = both
    assert set(after.starts()) <= set(before.starts())


@given(situations(steps=WHOLE_STEPS, plain_grid=True, seated=True), st.data())
@settings(max_examples=40)
def test_nor_does_one_more_seat_where_calendars_report_nothing(situation: Situation, data: st.DataObject) -> None:
    before = replace(situation, busy=replace(situation.busy, calendars={}))
    after = before.taking(data.draw(sitters(before, data.draw(on_offer(before)))))
    assert set(after.starts()) <= set(before.starts())


def test_more_busy_time_rolls_a_window_on() -> None:
    """The exception: a day that is taken does not count, and so the next one can be booked."""
    rolling = DaysAhead(1, rolling=True)
    asked = staffed(host(), booking_window=rolling)
    around = (at("2050-09-05T00:00Z"), at("2050-09-06T23:59Z"))
    before = Situation(
        day=MONDAY, staffed=asked, busy=BusyTimes(), length=30, now=at("2050-09-05T00:00Z"), window=around
    )
    assert before.starts()[-1] == at("2050-09-05T11:30Z")
    assert before.taking(booking("09:00-12:00")).starts()[0] == at("2050-09-06T09:00Z")


@st.composite
def kept_and_booked(draw: st.DrawFn) -> tuple[Situation, Situation]:
    """Draw a situation with a reservation, and with the booking that comes of it.

    A further seat at a booked start is one guest more of the booking there, whose time and buffers it has.
    """
    situation = replace(draw(anything), rescheduling=None)
    kept = draw(_reservations_for(situation))
    booking = Booking(
        uid=kept.uid,
        event_type_id=kept.event_type_id,
        host_ids=kept.host_ids,
        start=kept.start,
        end=kept.end,
        before_buffer=kept.before_buffer,
        after_buffer=kept.after_buffer,
        attendee_emails=("guest@example.org",),
    )
    there = next((one for one in situation.busy.bookings if _is_joined(one, booking)), None)
    if there is None:
        return situation.taking(kept), situation.taking(booking)
    kept = replace(kept, end=there.end, before_buffer=there.before_buffer, after_buffer=there.after_buffer)
    joined = replace(there, attendee_emails=(*there.attendee_emails, *booking.attendee_emails))
    bookings = tuple(joined if one is there else one for one in situation.busy.bookings)
    return situation.taking(kept), replace(situation, busy=replace(situation.busy, bookings=bookings)).taking()


def _reservations_for(situation: Situation) -> st.SearchStrategy[Reservation]:
    """Draw reservations that may be: only seats share a type, a start and a host."""
    taken = {(one.event_type_id, one.start) for one in situation.items}
    seated, drawn_from = situation.staffed.event_type.seats, (situation.day, situation.staffed.hosts)
    alone = reservations(*drawn_from, (OTHER,) if seated else (ASKED, OTHER)).filter(
        lambda one: (one.event_type_id, one.start) not in taken
    )
    return (
        st.one_of(alone, on_offer(situation).flatmap(lambda start: held_seats(situation, start))) if seated else alone
    )


def _is_joined(there: Booking, booking: Booking) -> bool:
    same_start = (there.event_type_id, there.start) == (booking.event_type_id, booking.start)
    return same_start and there.status is BookingStatus.ACCEPTED


@given(kept_and_booked())
@settings(max_examples=40)
def test_a_reservation_takes_the_same_starts_as_the_booking_that_comes_of_it(both: tuple[Situation, Situation]) -> None:
    kept, booked = both
    assert kept.starts() == booked.starts()


# What does not matter ------------------------------------------------------------------------------------------------


@st.composite
def shuffled(draw: st.DrawFn) -> tuple[Situation, Situation]:
    """Draw a situation, and the same told in another order."""
    situation = draw(anything)
    busy = BusyTimes(
        bookings=tuple(draw(st.permutations(situation.busy.bookings))),
        reservations=tuple(draw(st.permutations(situation.busy.reservations))),
        limited=tuple(draw(st.permutations(situation.busy.limited))),
        limited_reservations=tuple(draw(st.permutations(situation.busy.limited_reservations))),
        calendars={
            user_id: tuple(draw(st.permutations(reported)))
            for user_id, reported in draw(st.permutations(list(situation.busy.calendars.items())))
        },
    )
    hosts = tuple(replace(host, schedule=draw(_shuffled_schedules(host.schedule))) for host in situation.staffed.hosts)
    return situation, replace(situation, busy=busy, staffed=replace(situation.staffed, hosts=hosts))


@st.composite
def _shuffled_schedules(draw: st.DrawFn, one: Schedule) -> Schedule:
    return replace(
        one, hours=tuple(draw(st.permutations(one.hours))), overrides=tuple(draw(st.permutations(one.overrides)))
    )


@given(shuffled())
@settings(max_examples=40)
def test_the_order_of_hours_overrides_bookings_and_busy_times_does_not_matter(
    both: tuple[Situation, Situation],
) -> None:
    one, other = both
    assert one.starts() == other.starts()


def test_nor_does_the_order_of_seats_held_for_several_lengths() -> None:
    """A limit counts their start once, and with the same minutes whoever came first."""
    limits = BookingLimits(duration=(Limit(Period.DAY, 60),))
    asked = staffed(host(), seats=3, lengths=(30, 60), limits=limits)
    short = reservation("09:00-09:30", type_id=ASKED, seated=True)
    long = reservation("09:00-10:00", type_id=ASKED, seated=True)
    assert listed(asked, busy(short, long)) == listed(asked, busy(long, short))


@given(anything, st.sampled_from(ZONES))
def test_the_zone_asked_for_changes_keys_and_never_instants(situation: Situation, asker: str) -> None:
    starts = situation.starts()
    listing = by_day(starts, zone(asker), only_first=False)
    assert [start for kept in listing.values() for start in kept] == starts
    assert listing.keys() == set(map(zone(asker).day_at, starts))


@given(anything, st.sampled_from(ZONES))
def test_a_first_slot_only_is_the_first_of_each_date_that_is_listed(situation: Situation, asker: str) -> None:
    starts = situation.starts()
    listing = by_day(starts, zone(asker), only_first=False)
    firsts = by_day(starts, zone(asker), only_first=True)
    assert firsts == {day: kept[:1] for day, kept in listing.items()}


@given(anything)
@settings(max_examples=40)
def test_a_booking_that_is_moved_might_as_well_not_be_there(situation: Situation) -> None:
    """But for a seated type's own, in which others sit."""
    bookings = situation.busy.bookings
    seated = {ASKED} if situation.staffed.event_type.seats else set()
    for moved in [one for one in bookings if one.event_type_id not in seated][:2]:
        others = tuple(one for one in bookings if one is not moved)
        without = replace(situation, rescheduling=None, busy=replace(situation.busy, bookings=others, calendars={}))
        moving = replace(situation, rescheduling=moved.uid, busy=replace(situation.busy, calendars={}))
        assert moving.starts() == without.taking().starts()


@given(st.one_of(situations(most_hosts=2, seated=True), *[situations(most_hosts=n, limited=True) for n in (1, 2)]))
@settings(max_examples=40)
def test_what_is_out_of_reach_does_not_matter(situation: Situation) -> None:
    """Stores are asked for what meets the window with the buffers of both sides, and for the periods of limits."""
    asked, busy = situation.staffed.event_type, situation.busy
    near = buffered(*situation.window, asked.before_buffer, asked.after_buffer)
    periods = reach(asked.limits.all, zone(situation.staffed.zone), near)
    held = [one for one in (*busy.reservations, *busy.limited_reservations) if is_counted(one, asked.limits)]
    read = BusyTimes(
        bookings=tuple(one for one in busy.bookings if _meets(one, near)),
        limited=tuple(one for one in busy.limited if periods[0] <= one.start < periods[1]),
        limited_reservations=tuple(one for one in held if periods[0] <= one.start < periods[1]),
        reservations=tuple(one for one in busy.reservations if _meets(one, near)),
        calendars={
            host_id: tuple(one for one in reported if overlaps(one, near))
            for host_id, reported in busy.calendars.items()
        },
    )
    assert situation.starts() == replace(situation, busy=read).starts()


def _meets(one: Booking | Reservation, around: Range) -> bool:
    return overlaps(buffered(one.start, one.end, one.before_buffer, one.after_buffer), around)


# Windows -------------------------------------------------------------------------------------------------------------


@st.composite
def days_apart(draw: st.DrawFn) -> Situation:
    """Draw a situation of two days whose hours keep away from midnight by more than any step."""
    situation = draw(anything)
    hosts = tuple(_in_daytime(host, draw(daytime)) for host in situation.staffed.hosts)
    start = day_of(situation.day) * DAY
    window = (start, start + 2 * DAY - SECOND)
    return replace(situation, staffed=replace(situation.staffed, hosts=hosts), window=window)


daytime = st.tuples(st.integers(6 * 60, 11 * 60), st.integers(12 * 60, 20 * 60))


def _in_daytime(host: Host, minutes: Range) -> Host:
    return replace(host, schedule=Schedule(host.id, "UTC", (WeeklyHours(EVERY_DAY, *minutes),)), travels=())


@given(days_apart())
@settings(max_examples=40)
def test_a_window_lists_what_its_halves_list_where_nothing_is_cut(situation: Situation) -> None:
    start, end = situation.window
    halves = [replace(situation, window=half) for half in ((start, start + DAY - SECOND), (start + DAY, end))]
    assert situation.starts() == [start for half in halves for start in half.starts()]


# The time ------------------------------------------------------------------------------------------------------------


@given(st.one_of(situations(), situations(most_hosts=1, seated=True)), st.integers(1, 90_000))
@settings(max_examples=90)
def test_within_a_moment_a_listing_stays(situation: Situation, later: int) -> None:
    event_type, start = situation.staffed.event_type, situation.window[0]
    after = replace(situation, now=situation.now + later)
    if moment(after.now, event_type, start) == moment(situation.now, event_type, start):
        assert after.starts() == situation.starts()


def test_a_moment_is_a_whole_minute_or_the_time_between_two() -> None:
    start = at("00:00")
    asked = event_type(minimum_notice=10)
    moments = [moment(start + later, asked, start) for later in (0, 1, MINUTE - 1, MINUTE, MINUTE + 1)]
    assert len(set(moments)) == 4
    assert moments[1] == moments[2]
    assert moment(start - DAY, asked, start) is moment(start - 2 * DAY, asked, start) is None
    optimized = event_type(minimum_notice=10, optimized_slots=True)
    assert moment(start + 1, optimized, start) != moment(start + 2, optimized, start)


@given(st.integers(0, 2), st.one_of(st.sampled_from([0, 1, MINUTE - 1]), st.integers(0, MINUTE)))
def test_until_the_next_moment_a_listing_stays_but_for_the_millisecond_before(notice: int, since: int) -> None:
    asked, start, now = event_type(minimum_notice=notice), at("09:00"), at("10:00") + since
    later = next_moment(now, asked)
    assert 0 < later - now <= MINUTE
    assert later - now == 1 or moment(now, asked, start) == moment(later - 2, asked, start)
    assert moment(later, asked, start) == moment(next_moment(later, asked) - 2, asked, start)


def test_where_each_millisecond_counts_a_listing_is_looked_at_every_second() -> None:
    asked = event_type(optimized_slots=True)
    assert next_moment(at("10:00") + 1_500, asked) == at("10:00") + 2_001
