"""The picture of a window."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.busy import Booking, Reservation
from app.domain.explain import Reason, Rule
from app.domain.explain_times import TimesExplained, explain_times
from app.domain.schedule import zone
from app.domain.time_ranges import intersection, merged, without
from tests.domain.builders import (
    ASKED,
    availability,
    away,
    booking,
    busy,
    host,
    override,
    range_texts,
    reservation,
    schedule,
    span,
    staffed,
)
from tests.domain.situations import Situation, situations

UTC = zone("UTC")
MORNING = span("06:00-13:00")


def pictured(
    *items: Booking | Reservation, calendar: str = "", now: str = "2050-08-01T00:00Z", **asked: Any
) -> TimesExplained:
    """Picture the morning of one host who is open from nine to twelve."""
    taken = busy(*items, calendar=calendar)
    return explain_times(availability(staffed(host(), **asked), taken, now=now), MORNING, UTC)


def bands(reasons: list[Reason]) -> list[tuple[Rule, str]]:
    assert all(reason.time is not None for reason in reasons)
    return [(reason.rule, range_texts([reason.time])) for reason in reasons if reason.time is not None]


def test_what_is_offered_and_when_the_host_is_open() -> None:
    found = pictured(booking("09:00-11:00"))
    assert range_texts(found.offered) == "11:00-11:30 11:30-12:00"
    assert range_texts(found.hosts[0].open) == "09:00-12:00"
    assert bands(found.hosts[0].reasons) == [(Rule.BOOKING, "09:00-11:00")]


def test_buffers_lie_beside_what_they_belong_to() -> None:
    found = pictured(
        booking("09:30-10:00", before_buffer=10), reservation("11:00-11:15"), calendar="12:30-12:45", after_buffer=5
    )
    assert bands(found.hosts[0].reasons) == [
        (Rule.BOOKING, "09:30-10:00"),
        (Rule.BUFFER, "09:15-09:30"),
        (Rule.RESERVATION, "11:00-11:15"),
        (Rule.BUFFER, "10:55-11:00"),
        (Rule.CALENDAR, "12:30-12:45"),
        (Rule.BUFFER, "12:25-12:30"),
    ]
    assert [reason.of for reason in found.hosts[0].reasons if reason.rule is Rule.BUFFER] == [
        Rule.BOOKING,
        Rule.RESERVATION,
        Rule.CALENDAR,
    ]


def test_everything_is_cut_to_the_window() -> None:
    found = pictured(booking("05:00-07:00"), booking("13:00-14:00"))
    assert bands(found.hosts[0].reasons) == [(Rule.BOOKING, "06:00-07:00")]


def test_closed_dates_and_absences() -> None:
    closed = staffed(host(1, schedule("09:00-12:00", overrides=[override("2050-09-05")])))
    gone = staffed(host(1, absences=[away("2050-09-05")]))
    for asked, rule in ((closed, Rule.DATE_CLOSED), (gone, Rule.OUT_OF_OFFICE)):
        [one] = explain_times(availability(asked), MORNING, UTC).hosts
        assert (one.open, bands(one.reasons)) == ([], [(rule, "09:00-12:00")])


@pytest.mark.parametrize(("minutes", "told"), [(120, "06:00-10:00"), (0, "06:00-08:01")])
def test_notice_reaches_to_the_first_instant_that_may_be_booked(minutes: int, told: str) -> None:
    found = pictured(now="2050-09-05T08:00Z", minimum_notice=minutes)
    assert bands(found.reasons) == [(Rule.NOTICE, told)]


def test_days_outside_the_booking_window() -> None:
    window, monday = span("2050-09-04T00:00Z-2050-09-07T00:00Z"), UTC.day_at(MORNING[0])
    found = explain_times(availability(staffed(host()), around=window, bookable=(monday, monday)), window, UTC)
    assert bands(found.reasons) == [
        (Rule.BOOKING_WINDOW, "2050-09-04T00:00Z-00:00"),
        (Rule.BOOKING_WINDOW, "2050-09-06T00:00Z-2050-09-07T00:00Z"),
    ]


def test_a_start_whose_seats_are_taken() -> None:
    found = pictured(booking("10:00-10:30", type_id=ASKED, guests=2), seats=2)
    assert (Rule.SEATS, "10:00-10:30") in bands(found.reasons)


@given(st.one_of(situations(), situations(limited=True, windowed=True)))
@settings(max_examples=50)
def test_what_is_open_and_not_taken_is_free(situation: Situation) -> None:
    judged = situation.availability()
    found = explain_times(judged, situation.window, UTC)
    assert [slot for slot, _ in found.offered] == situation.starts()
    limits = [one.time for one in found.reasons if one.rule is Rule.LIMIT and one.time]
    for one in found.hosts:
        taken = merged([*limits, *(reason.time for reason in one.reasons if reason.time)])
        assert without(one.open, taken) == intersection(judged.free[one.host.id], [situation.window])
