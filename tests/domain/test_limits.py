"""How much may be booked in a period (docs/rules.md 10)."""

from dataclasses import replace
from datetime import date

import pytest

from app.domain.availability import Refusal
from app.domain.busy import Booking, BusyTimes
from app.domain.event_type import Host
from app.domain.limits import BookingLimits, Counted, FullPeriod, Limit, Period, full_by_count, full_by_duration, reach
from app.domain.schedule import date_of, day_of, zone
from tests.domain.builders import ASKED, OTHER, at, availability, booking, either, host, reservation, staffed

MONDAY = date(2050, 9, 5)
WEEK = (at("2050-09-04T00:00Z"), at("2050-09-11T00:00Z"))


def dates(full: list[FullPeriod], zone_name: str = "UTC") -> list[tuple[str, str]]:
    where = zone(zone_name)
    return [(str(date_of(where.day_at(one.time[0]))), str(date_of(where.day_at(one.time[1])))) for one in full]


def hour(start: str) -> Counted:
    return Counted(at(start), at(start) + 3_600_000)


@pytest.mark.parametrize(
    ("period", "day", "first", "after"),
    [
        (Period.DAY, MONDAY, MONDAY, date(2050, 9, 6)),
        (Period.WEEK, MONDAY, date(2050, 9, 4), date(2050, 9, 11)),
        (Period.WEEK, date(2050, 9, 4), date(2050, 9, 4), date(2050, 9, 11)),
        (Period.WEEK, date(2050, 9, 10), date(2050, 9, 4), date(2050, 9, 11)),
        (Period.MONTH, MONDAY, date(2050, 9, 1), date(2050, 10, 1)),
        (Period.MONTH, date(2050, 12, 31), date(2050, 12, 1), date(2051, 1, 1)),
        (Period.YEAR, MONDAY, date(2050, 1, 1), date(2051, 1, 1)),
    ],
)
def test_periods(period: Period, day: date, first: date, after: date) -> None:
    assert period.around(day_of(day)) == (day_of(first), day_of(after))


@pytest.mark.parametrize("period", [Period.MONTH, Period.YEAR])
def test_the_last_period_of_the_calendar_ends_too(period: Period) -> None:
    assert period.around(day_of(date.max))[1] == day_of(date.max) + 1


def test_a_period_is_full_once_it_has_as_many_as_the_limit() -> None:
    counted = [hour("2050-09-05T09:00Z"), hour("2050-09-05T12:00Z"), hour("2050-09-06T09:00Z")]
    full = full_by_count([Limit(Period.DAY, 2)], counted, zone("UTC"), WEEK)
    assert dates(full) == [("2050-09-05", "2050-09-06")]


def test_minutes_and_the_length_asked_are_compared_together() -> None:
    counted = [hour("2050-09-05T09:00Z")]
    limits = [Limit(Period.DAY, 90)]
    assert full_by_duration(limits, counted, zone("UTC"), WEEK, 30) == []
    assert dates(full_by_duration(limits, counted, zone("UTC"), WEEK, 31)) == [("2050-09-05", "2050-09-06")]


def test_a_length_beyond_the_limit_never_fits() -> None:
    assert len(full_by_duration([Limit(Period.DAY, 30)], [], zone("UTC"), WEEK, 31)) == 8


def test_periods_are_local_and_a_booking_counts_where_it_starts() -> None:
    """20:30 UTC is 5:30 of the next day in Tokyo."""
    counted = [hour("2050-09-05T20:30Z")]
    full = full_by_count([Limit(Period.DAY, 1)], counted, zone("Asia/Tokyo"), WEEK)
    assert [one.time for one in full] == [(at("2050-09-05T15:00Z"), at("2050-09-06T15:00Z"))]


def test_what_must_be_known_are_whole_periods() -> None:
    around = (at("2050-09-05T09:00Z"), at("2050-09-05T10:00Z"))
    limits = [Limit(Period.MONTH, 1), Limit(Period.WEEK, 1)]
    assert reach(limits, zone("UTC"), around) == (at("2050-09-01T00:00Z"), at("2050-10-01T00:00Z"))
    assert reach([], zone("UTC"), around) == around


# Full periods in listings ----------------------------------------------------------------------------------------


def listed(
    limits: BookingLimits, *bookings: Booking, hosts: tuple[Host, ...] = (), limited: tuple[Booking, ...] | None = None
) -> bool:
    """Whether anything of Monday is free, where these are the bookings."""
    team = staffed(*(hosts or (host(),)), limits=limits)
    busy = BusyTimes(bookings=bookings, limited=bookings if limited is None else limited)
    return bool(availability(team, busy).starts((at("00:00"), at("23:59"))))


ONE_A_DAY = BookingLimits(count=(Limit(Period.DAY, 1),))


def test_a_full_day_has_no_slots() -> None:
    assert listed(ONE_A_DAY)
    assert not listed(ONE_A_DAY, booking("09:00-09:30", type_id=ASKED))


def test_bookings_of_the_type_count_whoever_hosts_them() -> None:
    assert not listed(ONE_A_DAY, limited=(booking("09:00-09:30", 99, type_id=ASKED),))


def test_bookings_of_other_types_do_not() -> None:
    assert listed(ONE_A_DAY, booking("09:00-09:30", type_id=OTHER))


def test_a_teams_limit_counts_its_types_where_a_host_is_shared() -> None:
    limits = BookingLimits(team_count=(Limit(Period.DAY, 1),), team_event_type_ids=frozenset({ASKED, OTHER}))
    assert not listed(limits, booking("09:00-09:30", type_id=OTHER))
    assert listed(limits, limited=(booking("09:00-09:30", 99, type_id=OTHER),))


def test_the_booking_that_is_moved_does_not_count() -> None:
    own = booking("09:00-09:30", type_id=ASKED, uid="own")
    team = staffed(host(), limits=ONE_A_DAY)
    found = availability(team, BusyTimes(bookings=(own,), limited=(own,)), rescheduling="own")
    assert found.refusal(at("09:00")) is None


def test_reservations_count_and_the_refusal_says_limit() -> None:
    team = staffed(host(), limits=ONE_A_DAY)
    found = availability(team, BusyTimes(reservations=(reservation("09:00-09:30", type_id=ASKED),)))
    assert found.refusal(at("11:00")) is Refusal.LIMIT
    assert found.refusal(at("09:00")) is Refusal.RESERVED


def test_seats_of_one_start_count_once() -> None:
    team = staffed(host(), seats=5, limits=BookingLimits(count=(Limit(Period.DAY, 2),)))
    seats = tuple(reservation("09:00-09:30", type_id=ASKED, seated=True) for _ in range(3))
    found = availability(team, BusyTimes(reservations=seats))
    assert found.refusal(at("11:00")) is None


# Seats and teams -------------------------------------------------------------------------------------------------

TWO_OF_THE_TEAM = BookingLimits(team_count=(Limit(Period.DAY, 2),), team_event_type_ids=frozenset({ASKED, OTHER}))
TWO = BookingLimits(count=(Limit(Period.DAY, 2),))


@pytest.mark.parametrize(("limits", "type_id"), [(TWO, ASKED), (TWO_OF_THE_TEAM, ASKED), (TWO_OF_THE_TEAM, OTHER)])
def test_a_seat_held_at_a_booked_start_counts_with_the_booking(limits: BookingLimits, type_id: int) -> None:
    class_of_one = booking("09:00-09:30", type_id=type_id)
    further_seat = reservation("09:00-09:30", type_id=type_id, seated=True)
    team = staffed(host(), seats=5, limits=limits)
    busy = BusyTimes(bookings=(class_of_one,), limited=(class_of_one,), reservations=(further_seat,))
    assert availability(team, busy).refusal(at("11:00")) is None
    another = reservation("10:00-10:30", type_id=type_id, seated=True)
    busy = replace(busy, reservations=(further_seat, another))
    assert availability(team, busy).refusal(at("11:00")) is Refusal.LIMIT


def test_reservations_of_two_hosts_at_one_start_count_each() -> None:
    team = staffed(either(1), either(2), limits=TWO)
    held = tuple(reservation("09:00-09:30", host_id, type_id=ASKED) for host_id in (1, 2))
    assert availability(team, BusyTimes(reservations=held)).refusal(at("11:00")) is Refusal.LIMIT


def test_what_hosts_outside_the_question_have_counts_for_the_team() -> None:
    limits = BookingLimits(team_count=(Limit(Period.DAY, 1),), team_event_type_ids=frozenset({OTHER}))
    asked_for_one = replace(staffed(either(1), limits=limits), all_host_ids=frozenset({1, 2}))
    theirs = booking("09:00-09:30", 2, type_id=OTHER)
    assert availability(asked_for_one, BusyTimes(limited=(theirs,))).refusal(at("11:00")) is Refusal.LIMIT
    held = reservation("09:00-09:30", 2, type_id=OTHER)
    assert availability(asked_for_one, BusyTimes(reservations=(held,))).refusal(at("11:00")) is Refusal.LIMIT
