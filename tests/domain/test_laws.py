"""Laws of a listing that hold whatever the hours, teams, grids and busy times are."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.answer import by_day
from app.domain.busy import Booking, BusyTimes, Reservation
from app.domain.event_type import Host
from app.domain.schedule import Schedule, WeeklyHours, day_of, zone
from app.domain.time_ranges import DAY, MINUTE, SECOND, Instant, Range, holds
from tests.domain import oracle
from tests.domain.builders import OTHER
from tests.domain.situations import (
    EVERY_DAY,
    WHOLE_STEPS,
    ZONES,
    Situation,
    bookings,
    reservations,
    situations,
    times_taken,
)

# What is listed ------------------------------------------------------------------------------------------------------


@given(st.one_of(situations(most_hosts=1), situations()))
@settings(max_examples=400)
def test_the_listing_is_what_a_slow_reading_of_the_rules_lists(situation: Situation) -> None:
    question = oracle.Question(
        event_type=situation.staffed.event_type,
        hosts=situation.staffed.hosts,
        zone=situation.staffed.zone,
        busy=situation.busy,
        length=situation.length,
        now=situation.now,
        window=situation.window,
        rescheduling=situation.rescheduling,
    )
    assert situation.starts() == oracle.listed(question)


@given(situations())
@settings(max_examples=100)
def test_slots_are_in_order_of_time_and_in_the_window(situation: Situation) -> None:
    slots = situation.availability().slots(situation.window)
    starts = [slot.start for slot in slots]
    assert starts == sorted(set(starts))
    assert all(situation.window[0] <= slot.start and slot.end <= situation.window[1] + SECOND for slot in slots)
    assert all(slot.end - slot.start == situation.length * MINUTE for slot in slots)


# The listing and the predicate ---------------------------------------------------------------------------------------


@given(st.one_of(situations(), situations(seats=True)))
@settings(max_examples=150)
def test_everything_listed_is_free_by_the_predicate(situation: Situation) -> None:
    judged = situation.availability()
    assert all(judged.refusal(slot.start) is None for slot in judged.slots(situation.window))


@given(st.booleans().flatmap(lambda seats: situations(steps=WHOLE_STEPS, plain_grid=True, seats=seats)))
@settings(max_examples=150)
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
@settings(max_examples=100)
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
    """Draw a situation, and the same with something more that takes a host's time.

    It is of another type: a booking of a seated type itself makes calendar time within it available.
    """
    before = draw(drawn)
    if draw(st.booleans()):
        host_id = draw(st.sampled_from([host.id for host in before.staffed.hosts]))
        reported = (*before.busy.calendars.get(host_id, ()), draw(times_taken(before.day)))
        calendars = {**before.busy.calendars, host_id: reported}
        return before, replace(before, busy=replace(before.busy, calendars=calendars))
    drawn_from = (before.day, before.staffed.hosts, (OTHER,))
    return before, before.taking(draw(st.one_of(bookings(*drawn_from), reservations(*drawn_from))))


@given(with_more_busy_time(st.one_of(situations(), situations(seats=True))))
@settings(max_examples=100)
def test_what_is_listed_with_more_busy_time_was_free_without_it(both: tuple[Situation, Situation]) -> None:
    """It need not have been listed: the grid begins anew after the busy time, at starts that it did not have before."""
    before, after = both
    judged = before.availability()
    assert all(judged.refusal(start) is None for start in after.starts())


@given(with_more_busy_time(situations(steps=WHOLE_STEPS, plain_grid=True)))
@settings(max_examples=100)
def test_more_busy_time_never_adds_a_slot_where_it_cannot_move_the_grid(both: tuple[Situation, Situation]) -> None:
    before, after = both
    assert set(after.starts()) <= set(before.starts())


@st.composite
def kept_and_booked(draw: st.DrawFn) -> tuple[Situation, Situation]:
    """Draw a situation with a reservation, and with the booking that would come of it."""
    situation = draw(situations())
    kept: Reservation = draw(reservations(situation.day, situation.staffed.hosts))
    booked = Booking(
        uid=kept.uid,
        event_type_id=kept.event_type_id,
        host_ids=kept.host_ids,
        start=kept.start,
        end=kept.end,
        before_buffer=kept.before_buffer,
        after_buffer=kept.after_buffer,
        attendee_emails=("guest@example.org",),
    )
    return situation.taking(kept), situation.taking(booked)


@given(kept_and_booked())
@settings(max_examples=100)
def test_a_reservation_takes_the_same_starts_as_the_booking_that_comes_of_it(both: tuple[Situation, Situation]) -> None:
    kept, booked = both
    assert kept.starts() == booked.starts()


# What does not matter ------------------------------------------------------------------------------------------------


@st.composite
def shuffled(draw: st.DrawFn) -> tuple[Situation, Situation]:
    """Draw a situation, and the same told in another order."""
    situation = draw(situations())
    busy = BusyTimes(
        bookings=tuple(draw(st.permutations(situation.busy.bookings))),
        reservations=tuple(draw(st.permutations(situation.busy.reservations))),
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
@settings(max_examples=100)
def test_the_order_of_hours_overrides_bookings_and_busy_times_does_not_matter(
    both: tuple[Situation, Situation],
) -> None:
    one, other = both
    assert one.starts() == other.starts()


@given(situations(), st.sampled_from(ZONES))
def test_the_zone_asked_for_changes_keys_and_never_instants(situation: Situation, asker: str) -> None:
    slots = situation.availability().slots(situation.window)
    listing = by_day(slots, zone(asker), only_first=False)
    assert [slot for kept in listing.values() for slot in kept] == slots
    assert listing.keys() == {zone(asker).day_at(slot.start) for slot in slots}


# Windows -------------------------------------------------------------------------------------------------------------


@st.composite
def days_apart(draw: st.DrawFn) -> Situation:
    """Draw a situation of two days whose hours keep away from midnight by more than any step."""
    situation = draw(situations())
    hosts = tuple(_in_daytime(host, draw(daytime)) for host in situation.staffed.hosts)
    start = day_of(situation.day) * DAY
    window = (start, start + 2 * DAY - SECOND)
    return replace(situation, staffed=replace(situation.staffed, hosts=hosts), window=window)


daytime = st.tuples(st.integers(6 * 60, 11 * 60), st.integers(12 * 60, 20 * 60))


def _in_daytime(host: Host, minutes: Range) -> Host:
    return replace(host, schedule=Schedule(host.id, "UTC", (WeeklyHours(EVERY_DAY, *minutes),)), travels=())


@given(days_apart())
@settings(max_examples=100)
def test_a_window_lists_what_its_halves_list_where_nothing_is_cut(situation: Situation) -> None:
    start, end = situation.window
    halves = [replace(situation, window=half) for half in ((start, start + DAY - SECOND), (start + DAY, end))]
    assert situation.starts() == [start for half in halves for start in half.starts()]
