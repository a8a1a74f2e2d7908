"""Why a start is not on offer."""

import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.availability import Refusal
from app.domain.booking_window import DaysAhead, bookable_days
from app.domain.busy import BusyTimes
from app.domain.explain import DayExplained, Reason, Rule, StartExplained, explain_days, explain_start
from app.domain.limits import BookingLimits, Counts, Limit, Period
from app.domain.schedule import day_of, zone
from app.domain.time_ranges import DAY, MINUTE
from tests.domain.builders import (
    ASKED,
    MONDAY,
    at,
    availability,
    away,
    booking,
    busy,
    either,
    host,
    hours,
    on,
    override,
    reservation,
    schedule,
    span,
    staffed,
)
from tests.domain.situations import ZONES, Situation, situations

UTC = zone("UTC")
ALL_MONDAY = on("2050-09-05")
HOUR = 60 * MINUTE


def start_explained(start: str, *items: object, **asked: object) -> StartExplained:
    """Explain a start of one host who is open from nine to twelve."""
    found = availability(staffed(host(), **asked), busy(*items))  # type: ignore[arg-type]
    return explain_start(found, at(start), ALL_MONDAY, UTC)


def kinds(reasons: tuple[Reason, ...]) -> list[Rule]:
    return [reason.rule for reason in reasons]


# One start -----------------------------------------------------------------------------------------------------------


def test_a_free_start_has_no_reasons() -> None:
    found = start_explained("09:30")
    assert (found.free, found.listed, found.reasons) == (True, True, ())
    assert found.hosts[0].reasons == ()
    assert (found.start, found.end) == span("09:30-10:00")


def test_a_booking_and_a_buffer_are_named_with_what_they_are_of() -> None:
    one, other = booking("09:15-09:30"), booking("10:05-10:30", before_buffer=10)
    first, second = start_explained("09:20", one, other).hosts[0].reasons[0], start_explained("09:30", one, other)
    assert (first.rule, first.item, first.time) == (Rule.BOOKING, one, span("09:15-09:30"))
    [reason] = second.hosts[0].reasons
    assert (reason.rule, reason.of, reason.item) == (Rule.BUFFER, Rule.BOOKING, other)


def test_every_rule_that_forbids_it_is_told() -> None:
    found = start_explained("11:45", booking("11:30-12:30"), reservation("12:00-12:30"), minimum_notice=0)
    assert kinds(found.hosts[0].reasons) == [Rule.OUTSIDE_HOURS, Rule.BOOKING, Rule.RESERVATION]


def test_calendars_and_their_buffers() -> None:
    found = availability(staffed(host(), after_buffer=10), busy(calendar="10:00-11:00"))
    inside = explain_start(found, at("10:30"), ALL_MONDAY, UTC)
    before = explain_start(found, at("09:25"), ALL_MONDAY, UTC)
    assert kinds(inside.hosts[0].reasons) == [Rule.CALENDAR]
    assert [(one.rule, one.of, one.time) for one in before.hosts[0].reasons] == [
        (Rule.BUFFER, Rule.CALENDAR, span("10:00-11:00"))
    ]


def test_closed_and_absent_dates_are_told_apart_from_hours() -> None:
    closing = schedule("09:00-12:00", overrides=[override("2050-09-05")])
    for one, expected in (
        (host(1, closing), [Rule.DATE_CLOSED]),
        (host(1, absences=[away("2050-09-05")]), [Rule.OUT_OF_OFFICE]),
        (host(1, schedule(hours("09:00-12:00", "Tue"))), [Rule.OUTSIDE_HOURS]),
        (host(1, schedule(hours("09:00-12:00", "Tue")), absences=[away("2050-09-05")]), [Rule.OUTSIDE_HOURS]),
    ):
        found = explain_start(availability(staffed(one)), at("10:00"), ALL_MONDAY, UTC)
        assert kinds(found.hosts[0].reasons) == expected
        if expected != [Rule.OUTSIDE_HOURS]:
            assert found.hosts[0].reasons[0].time == span("09:00-12:00")


def test_notice_and_booking_window_concern_everybody() -> None:
    window = DaysAhead(1)
    asked = staffed(host(), minimum_notice=60, booking_window=window)
    today = day_of(MONDAY) - 3
    found = availability(asked, now="2050-09-05T09:30Z", bookable=bookable_days(window, today))
    explained = explain_start(found, at("10:00"), ALL_MONDAY, UTC)
    assert kinds(explained.reasons) == [Rule.NOTICE, Rule.BOOKING_WINDOW]
    assert explained.hosts[0].reasons == ()
    assert not explained.free


def test_a_limit_names_its_period() -> None:
    limits = BookingLimits(team_count=(Limit(Period.DAY, 1),), team_event_type_ids=frozenset({ASKED}))
    taken = booking("09:00-09:30", type_id=ASKED)
    found = availability(staffed(host(), limits=limits), BusyTimes(bookings=(taken,), limited=(taken,)))
    [reason] = explain_start(found, at("11:00"), ALL_MONDAY, UTC).hosts[0].reasons
    assert reason.full is not None
    assert (reason.rule, reason.full.counts, reason.full.limit) == (
        Rule.LIMIT,
        Counts.TEAM_BOOKINGS,
        Limit(Period.DAY, 1),
    )


def test_seats_that_are_all_taken_and_another_start_across() -> None:
    full = start_explained("09:00", booking("09:00-09:30", type_id=ASKED, guests=2), seats=2)
    assert kinds(full.reasons) == [Rule.SEATS]
    held = reservation("09:00-09:30", type_id=ASKED)
    assert start_explained("09:00", held, seats=2).free
    across = start_explained("09:15", held, seats=2)
    assert [(one.rule, one.item) for one in across.hosts[0].reasons] == [(Rule.RESERVATION, held)]


def test_a_seat_whose_hosts_are_not_asked_for() -> None:
    asked = replace(staffed(either(1), seats=3), all_host_ids=frozenset({1, 2}))
    theirs = booking("09:00-09:30", 2, type_id=ASKED)
    found = explain_start(availability(asked, busy(theirs)), at("09:00"), ALL_MONDAY, UTC)
    assert (found.free, kinds(found.reasons), found.reasons[0].item) == (False, [Rule.BOOKING], theirs)


def test_a_seats_hosts_are_needed_though_a_colleague_is_free() -> None:
    """The first seat is with host 1, who then went away: the second cannot be with host 2."""
    gone = staffed(either(1, absences=[away("2050-09-05")]), either(2), seats=3)
    found = availability(gone, busy(booking("09:00-09:30", 1, type_id=ASKED)))
    explained = explain_start(found, at("09:00"), ALL_MONDAY, UTC)
    assert (explained.free, explained.listed) == (False, False)
    assert [(one.needed, kinds(one.reasons)) for one in explained.hosts] == [(True, [Rule.OUT_OF_OFFICE]), (False, [])]
    [counts] = explain_days(found, ALL_MONDAY, UTC).values()
    assert counts.taken == {Rule.OUT_OF_OFFICE: 1}


def test_a_seat_needs_whom_the_event_type_needs_today() -> None:
    """The first seat was with host 2 alone; the type needs host 1 too, who is away."""
    both = staffed(host(1, absences=[away("2050-09-05")]), host(2), seats=3)
    found = availability(both, busy(booking("09:00-09:30", 2, type_id=ASKED)))
    assert found.refusal(at("09:00")) is Refusal.CLOSED
    assert not explain_start(found, at("09:00"), ALL_MONDAY, UTC).free


def test_a_partly_taken_start_is_in_the_way_by_itself_and_by_its_buffers() -> None:
    found = availability(staffed(host(), seats=3), busy(booking("09:15-09:45", type_id=ASKED, before_buffer=10)))
    explained = explain_start(found, at("09:00"), ALL_MONDAY, UTC)
    assert kinds(explained.hosts[0].reasons) == [Rule.BOOKING, Rule.BUFFER]


def test_seats_of_one_start_end_for_each_host_by_themselves() -> None:
    shorter, longer = booking("10:00-10:30", 1, type_id=ASKED), booking("10:00-11:00", 2, type_id=ASKED)
    found = availability(staffed(either(1), either(2), seats=9), busy(shorter, longer))
    explained = explain_start(found, at("10:30"), ALL_MONDAY, UTC)
    assert explained.free
    assert [kinds(one.reasons) for one in explained.hosts] == [[], [Rule.BOOKING]]


def test_a_date_that_the_clocks_show_again() -> None:
    """Until 2011 St. John's set its clocks back at 00:01, to the evening before."""
    window = (at("2010-11-07T02:30Z"), at("2010-11-07T20:00Z"))
    found = availability(staffed(host(1, "00:00-24:00")), around=window, now="2010-11-01T00:00Z")
    days = explain_days(found, window, zone("America/St_Johns"))
    assert sum(day.candidates for day in days.values()) == 35


def test_free_time_that_is_not_listed_says_why() -> None:
    assert kinds(start_explained("09:10").reasons) == [Rule.GRID]
    assert kinds(start_explained("09:30", only_first_slot=True).reasons) == [Rule.ONLY_FIRST]
    cut = explain_start(availability(staffed(host())), at("11:30"), span("09:00-11:45"), UTC)
    assert (cut.free, kinds(cut.reasons)) == (True, [Rule.ASKED_WINDOW])


def test_nobody() -> None:
    found = explain_start(availability(staffed()), at("09:00"), ALL_MONDAY, UTC)
    assert (found.free, kinds(found.reasons), found.hosts) == (False, [Rule.NOBODY], ())


# Every date ----------------------------------------------------------------------------------------------------------


def monday_explained(*items: object, **asked: object) -> DayExplained:
    """Count the starts of one host who is open from nine to twelve: six of half an hour."""
    found = availability(staffed(host(), **asked), busy(*items))  # type: ignore[arg-type]
    [(day, counts)] = explain_days(found, ALL_MONDAY, UTC).items()
    assert day == day_of(MONDAY)
    return counts


@pytest.mark.parametrize(
    ("items", "asked", "taken"),
    [
        ([], {}, {}),
        ([booking("09:00-10:00"), reservation("09:30-10:30")], {}, {Rule.BOOKING: 2, Rule.RESERVATION: 1}),
        ([booking("10:00-10:30")], {"after_buffer": 15}, {Rule.BOOKING: 1, Rule.BUFFER: 1}),
        ([booking("09:00-09:30", type_id=ASKED, guests=2)], {"seats": 2}, {Rule.SEATS: 1}),
        ([booking("09:45-10:15", type_id=ASKED)], {"seats": 2}, {Rule.BOOKING: 2}),
        ([], {"only_first_slot": True}, {Rule.ONLY_FIRST: 5}),
        ([], {"minimum_notice": 60 * 24 * 365}, {Rule.NOTICE: 6}),
    ],
)
def test_each_start_is_counted_once(items: list[object], asked: dict[str, object], taken: dict[Rule, int]) -> None:
    counts = monday_explained(*items, **asked)
    assert counts.taken == taken
    assert counts.candidates - counts.listed == sum(taken.values())


def test_starts_that_only_a_booking_brings_about_are_candidates_too() -> None:
    """The hours give 09:00, 09:40, 10:20 and 11:00; the grid begins anew at 09:20 and gives four other starts."""
    counts = monday_explained(booking("09:00-09:20"), length=40)
    assert (counts.candidates, counts.listed) == (8, 4)
    assert counts.taken == {Rule.BOOKING: 1, Rule.GRID: 3}


def test_dates_without_hours_are_there_with_nothing() -> None:
    found = availability(staffed(host(1, schedule(hours("09:00-12:00", "Mon")))))
    window = (at("2050-09-04T00:00Z"), at("2050-09-06T23:59Z"))
    days = explain_days(found, window, UTC)
    assert [day.candidates for day in days.values()] == [0, 6, 0]


# Laws ----------------------------------------------------------------------------------------------------------------

anything = st.one_of(situations(), situations(seated=True), situations(limited=True, windowed=True))


@given(anything, st.integers(0, 2 * 24 * 12))
@settings(max_examples=50)
def test_an_explanation_agrees_with_the_predicate(situation: Situation, fives: int) -> None:
    judged = situation.availability()
    start = situation.window[0] + 5 * fives * MINUTE
    if start + situation.length * MINUTE > situation.window[1]:
        return
    found = explain_start(judged, start, situation.window, UTC)
    refusals = judged.host_refusals(start, {one.id for one in situation.staffed.hosts})
    assert found.free == (judged.refusal(start) is None)
    assert {one.host.id for one in found.hosts if one.reasons} == refusals.keys()
    assert found.listed == (start in situation.starts())
    assert found.free == _free_by_its_own_words(found)
    assert (found.free and found.listed) or found.reasons or refusals


@given(anything, st.sampled_from(ZONES))
@settings(max_examples=50)
def test_counts_add_up_and_name_what_single_starts_name(situation: Situation, asker: str) -> None:
    judged, there = situation.availability(), zone(asker)
    days = explain_days(judged, situation.window, there)
    listed = situation.starts()
    for number, day in days.items():
        assert day.listed == sum(there.day_at(start) == number for start in listed)
        assert day.candidates == day.listed + sum(day.taken.values())


@given(anything, st.integers(0, 2 * 24 * 4))
@settings(max_examples=60)
def test_a_start_is_counted_under_a_rule_that_forbids_it(situation: Situation, quarters: int) -> None:
    judged = situation.availability()
    start = situation.window[0] - situation.window[0] % MINUTE + 15 * quarters * MINUTE
    alone = (start, start + situation.length * MINUTE)
    if alone[1] > situation.window[1]:
        return
    counts = [day for day in explain_days(judged, alone, UTC).values() if day.taken]
    assert all(day.taken.keys() <= _rules(explain_start(judged, start, alone, UTC)) for day in counts)


def _free_by_its_own_words(found: StartExplained) -> bool:
    """Read an explanation as docs/explain.md says it is to be read."""
    groups = {one.host.group for one in found.hosts if not one.host.mandatory}
    return (
        bool(found.hosts)
        and {reason.rule for reason in found.reasons} <= {Rule.GRID, Rule.ONLY_FIRST, Rule.ASKED_WINDOW}
        and not any(one.reasons for one in found.hosts if one.needed)
        and all(
            any(not one.reasons for one in found.hosts if not one.host.mandatory and one.host.group == group)
            for group in groups
        )
    )


def _rules(found: StartExplained) -> set[Rule]:
    return {reason.rule for reasons in (found.reasons, *(one.reasons for one in found.hosts)) for reason in reasons}


@pytest.mark.parametrize("free_hosts", [True, False])
def test_what_explains_many_classes_is_not_looked_at_for_each_of_them(*, free_hosts: bool) -> None:
    """Strangers may ask for a year of an event type with seats, and take some themselves."""

    def calls(days: int) -> int:
        monday = at("2050-09-05T00:00Z")
        around = monday, monday + days * DAY
        classes = [
            replace(booking("08:00-09:00", type_id=ASKED, seated=True), start=start, end=start + HOUR)
            for day in range(days)
            for start in range(monday + day * DAY, monday + day * DAY + 8 * HOUR, HOUR)
        ]
        calendar = {} if free_hosts else {1: tuple((one.start, one.start + MINUTE) for one in classes)}
        always = schedule("00:00-24:00")
        asked = staffed(host(1, always), seats=9, slot_interval=15)
        there = availability(asked, BusyTimes(bookings=tuple(classes), calendars=calendar), around=around)
        return calls_of(lambda: explain_days(there, around, UTC))

    assert calls(40) < 3 * calls(20)


def calls_of(work: Callable[[], object]) -> int:
    """Count the calls of functions: what something costs, whatever else the machine does."""
    number = 0

    def count(*_: object) -> None:
        nonlocal number
        number += 1

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return number
