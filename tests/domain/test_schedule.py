"""Rules 2 and 5: when a host's hours are open, whatever the clocks do."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import UnknownTimeZoneError
from app.domain.schedule import Absence, Override, Schedule, Travel, date_of, day_of, office_hours, open_ranges, zone
from app.domain.time_ranges import MINUTE, Range, intersection
from tests.domain import oracle
from tests.domain.builders import (
    MONDAY,
    at,
    away,
    hours,
    on,
    override,
    range_texts,
    schedule,
    span,
    travel,
)
from tests.domain.clock_changes import CHANGE_DAYS


def opened(
    hours_of: Schedule, window: str, *, travels: tuple[Travel, ...] = (), absences: tuple[Absence, ...] = ()
) -> str:
    """Return the open time that meets a window, as text."""
    return range_texts(_meeting(open_ranges(hours_of, travels, absences, span(window)), span(window)))


def _meeting(ranges: list[Range], window: Range) -> list[Range]:
    return [one for one in ranges if one[0] < window[1] and window[0] < one[1]]


def on_days(first: str, last: str) -> str:
    """Return the text of a window of whole UTC days."""
    return f"{first}T00:00Z-{last}T23:59:59Z"


class TestWallClock:
    """A time in a gap moves forward by the gap; one that occurs twice is the first."""

    @pytest.mark.parametrize(("name", "day"), CHANGE_DAYS)
    def test_the_clocks_do_change_on_these_days(self, name: str, day: str) -> None:
        there, number = zone(name), day_of(date.fromisoformat(day))
        assert there.instant_of(number + 1, 0) - there.instant_of(number - 1, 0) != 2 * 24 * 60 * MINUTE

    @pytest.mark.parametrize(("name", "day"), CHANGE_DAYS)
    def test_every_quarter_of_an_hour_around_a_change_is_where_a_patient_observer_sees_it(
        self, name: str, day: str
    ) -> None:
        for near in (-1, 0, 1):
            which = date.fromisoformat(day) + timedelta(days=near)
            for minute in range(0, 24 * 60 + 1, 15):
                seen = oracle.instant_minute(name, which + timedelta(days=minute // 1_440), minute % 1_440)
                assert zone(name).instant_of(day_of(which), minute) == seen * MINUTE, (which, minute)

    @pytest.mark.parametrize(("name", "day"), CHANGE_DAYS)
    def test_every_quarter_of_an_hour_around_a_change_has_the_date_and_offset_that_clocks_show(
        self, name: str, day: str
    ) -> None:
        there, start = zone(name), at(f"{day}T00:00Z") - 36 * 60 * MINUTE
        for instant in range(start, start + 72 * 60 * MINUTE, 15 * MINUTE):
            assert (instant + there.offset_at(instant)) // MINUTE == oracle.shown(name, instant // MINUTE)
            assert there.day_at(instant) == oracle.shown(name, instant // MINUTE) // 1_440

    @pytest.mark.parametrize(
        ("name", "day", "clock", "expected"),
        [
            pytest.param("America/New_York", "2050-03-13", "01:59", "2050-03-13T06:59Z", id="before the gap"),
            pytest.param("America/New_York", "2050-03-13", "02:00", "2050-03-13T07:00Z", id="its first time is 03:00"),
            pytest.param("America/New_York", "2050-03-13", "02:30", "2050-03-13T07:30Z", id="in the middle: 03:30"),
            pytest.param("America/New_York", "2050-03-13", "03:00", "2050-03-13T07:00Z", id="after the gap"),
            pytest.param("America/New_York", "2050-11-06", "01:30", "2050-11-06T05:30Z", id="the first of two"),
            pytest.param("America/New_York", "2050-11-06", "02:00", "2050-11-06T07:00Z", id="after both"),
            pytest.param("Australia/Lord_Howe", "2050-10-02", "02:10", "2050-10-01T15:40Z", id="half an hour: 02:40"),
            pytest.param("Australia/Lord_Howe", "2050-04-03", "01:45", "2050-04-02T14:45Z", id="half an hour twice"),
            pytest.param("Antarctica/Troll", "2050-03-27", "02:30", "2050-03-27T02:30Z", id="two hours: 04:30"),
            pytest.param("Antarctica/Troll", "2050-10-30", "02:30", "2050-10-30T00:30Z", id="two hours twice"),
            pytest.param("America/Santiago", "2050-09-04", "00:00", "2050-09-04T04:00Z", id="no midnight: 01:00"),
            pytest.param("America/Santiago", "2050-09-03", "24:00", "2050-09-04T04:00Z", id="nor one before it"),
            pytest.param("America/Santiago", "2050-04-02", "23:30", "2050-04-03T02:30Z", id="before midnight, twice"),
            pytest.param("America/Havana", "2050-11-06", "00:00", "2050-11-06T04:00Z", id="two midnights: the first"),
            pytest.param("America/Havana", "2050-11-05", "24:00", "2050-11-06T04:00Z", id="also as an end"),
            pytest.param("Pacific/Apia", "2011-12-30", "09:00", "2011-12-30T19:00Z", id="a skipped day: a day later"),
            pytest.param("Asia/Kathmandu", "1986-01-01", "00:10", "1985-12-31T18:40Z", id="a quarter: 00:25"),
            pytest.param("Asia/Kathmandu", "2050-09-05", "09:00", "2050-09-05T03:15Z", id="an odd offset"),
        ],
    )
    def test_a_wall_clock_time_is_this_instant(self, name: str, day: str, clock: str, expected: str) -> None:
        hour, minute = clock.split(":")
        number = day_of(date.fromisoformat(day))
        assert zone(name).instant_of(number, int(hour) * 60 + int(minute)) == at(expected)

    @given(
        st.sampled_from(sorted({name for name, _ in CHANGE_DAYS})), st.integers(-20_000, 40_000), st.integers(0, 1_439)
    )
    def test_a_time_that_clocks_show_is_found_again(self, name: str, day: int, minute: int) -> None:
        there, instant = zone(name), zone(name).instant_of(day, minute)
        assert (
            there.instant_of(there.day_at(instant), (instant + there.offset_at(instant)) // MINUTE % 1_440) == instant
        )


class TestZones:
    """Zones go by IANA names, in any case of letters."""

    def test_a_zone_is_one_object_however_it_is_written(self) -> None:
        assert zone("europe/LONDON") is zone("Europe/London")
        assert zone("europe/london").name == "Europe/London"

    @pytest.mark.parametrize("name", ["", "Mars/Olympus", "UTC+2", "Factory", "localtime", "../etc/passwd", "Europe"])
    def test_anything_else_is_no_zone(self, name: str) -> None:
        with pytest.raises(UnknownTimeZoneError) as refused:
            zone(name)
        assert refused.value.name == name

    def test_a_zone_remembers_no_more_than_some_years(self) -> None:
        there = zone("Europe/Rome")
        expected = [there.instant_of(day, 540) for day in range(10)]
        for day in range(10_000):
            there.instant_of(day, 540)
            there.offset_at(at(f"{date_of(day)}T00:00Z"))
        assert len(there._by_local_day) <= 4_096
        assert len(there._by_utc_day) <= 4_096
        assert [there.instant_of(day, 540) for day in range(10)] == expected

    @pytest.mark.parametrize("instant", ["0001-01-02T00:00Z", "9999-12-30T23:59Z"])
    def test_the_ends_of_the_calendar_have_a_local_day(self, instant: str) -> None:
        for name in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            assert abs(zone(name).day_at(at(instant)) - at(instant) // (1_440 * MINUTE)) <= 1


class TestWeeklyHours:
    """Each rule gives one stretch a date."""

    def test_hours_are_those_of_their_days(self) -> None:
        weekly = schedule(hours("09:00-12:00", "Mon Wed"), hours("14:00-15:00", "Mon"))
        assert opened(weekly, on_days("2050-09-05", "2050-09-07")) == (
            "09:00-12:00 14:00-15:00 2050-09-07T09:00Z-2050-09-07T12:00Z"
        )

    @pytest.mark.parametrize(
        ("day", "expected"),
        [("Mon", "2050-09-05"), ("Tue", "2050-09-06"), ("Wed", "2050-09-07"), ("Thu", "2050-09-08"),
         ("Fri", "2050-09-09"), ("Sat", "2050-09-10"), ("Sun", "2050-09-11")],
    )  # fmt: skip
    def test_a_week_has_seven_days(self, day: str, expected: str) -> None:
        window = span(on_days("2050-09-05", "2050-09-11"))
        (one,) = _meeting(open_ranges(schedule(hours("12:00-13:00", day)), (), (), window), window)
        assert one == (at(f"{expected}T12:00Z"), at(f"{expected}T13:00Z"))

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            pytest.param("22:00-23:59", "22:00-2050-09-06T00:00Z", id="23:59 means midnight"),
            pytest.param("22:00-24:00", "22:00-2050-09-06T00:00Z", id="so does 24:00"),
            pytest.param("22:00-23:58", "22:00-23:58", id="23:58 does not"),
            pytest.param("23:59-24:00", "23:59-2050-09-06T00:00Z", id="the last minute"),
            pytest.param("23:59-23:59", "", id="equal times, even at 23:59"),
            pytest.param("10:00-10:00", "", id="an end at the start"),
            pytest.param("10:00-09:00", "", id="an end before the start"),
            pytest.param("24:00-24:00", "", id="a start at midnight"),
            pytest.param("22:00-00:00", "", id="00:00 is the midnight before"),
        ],
    )
    def test_an_end_near_midnight_or_not_after_its_start(self, text: str, expected: str) -> None:
        assert opened(schedule(hours(text, "Mon")), on_days("2050-09-05", "2050-09-05")) == expected

    @pytest.mark.parametrize("text", ["22:00-23:59", "22:00-24:00"])
    def test_hours_run_through_midnight_as_one(self, text: str) -> None:
        night = schedule(hours(text, "Mon"), hours("00:00-02:00", "Tue"))
        assert opened(night, on_days("2050-09-05", "2050-09-06")) == "22:00-2050-09-06T02:00Z"

    def test_a_schedule_that_never_closes_has_no_edges_in_the_window(self) -> None:
        window = on("2050-09-05")
        for name in ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"):
            (always,) = _meeting(open_ranges(schedule("00:00-24:00", zone=name), (), (), window), window)
            assert always[0] <= window[0]
            assert window[1] + 1_000 <= always[1]

    @given(st.permutations(["09:00-11:00", "11:00-12:00", "10:00-13:00", "15:00-16:00", "12:30-13:00"]))
    def test_overlapping_and_touching_hours_are_one_in_whatever_order(self, order: list[str]) -> None:
        assert opened(schedule(*order), on_days("2050-09-05", "2050-09-05")) == "09:00-13:00 15:00-16:00"

    def test_nobody_s_schedule_is_nine_to_five_on_working_days(self) -> None:
        assert opened(office_hours("Asia/Kathmandu"), on_days("2050-09-03", "2050-09-05")) == "03:15-11:15"


class TestClockChanges:
    """Hours are right by the wall, also on the days when clocks change."""

    @pytest.mark.parametrize(
        ("name", "day", "text", "expected"),
        [
            pytest.param("America/New_York", "2050-03-13", "01:00-04:00", "06:00 08:00", id="a gap makes it shorter"),
            pytest.param("America/New_York", "2050-03-13", "02:00-05:00", "07:00 09:00", id="starting with the gap"),
            pytest.param("America/New_York", "2050-03-13", "02:30-05:00", "07:30 09:00", id="starting in it"),
            pytest.param("America/New_York", "2050-03-13", "01:00-02:30", "06:00 07:30", id="ending in it"),
            pytest.param("America/New_York", "2050-03-13", "02:10-02:40", "07:10 07:40", id="all of it in it"),
            pytest.param("America/New_York", "2050-03-13", "02:30-03:00", None, id="pushed past its end"),
            pytest.param("America/New_York", "2050-11-06", "00:00-03:00", "04:00 08:00", id="a fold makes it longer"),
            pytest.param("America/New_York", "2050-11-06", "01:30-03:00", "05:30 08:00", id="starting in it"),
            pytest.param("America/New_York", "2050-11-06", "00:30-01:30", "04:30 05:30", id="ending in it: the first"),
            pytest.param("America/New_York", "2050-11-06", "01:15-01:45", "05:15 05:45", id="all of it: the first"),
            pytest.param("America/New_York", "2050-11-06", "09:00-17:00", "14:00 22:00", id="hours later that day"),
            pytest.param("Australia/Lord_Howe", "2050-10-02", "01:00-03:00", "-1T14:30 -1T16:00", id="half an hour"),
            pytest.param("Australia/Lord_Howe", "2050-04-03", "01:00-03:00", "-1T14:00 -1T16:30", id="half a fold"),
            pytest.param("Africa/Casablanca", "2026-02-15", "01:00-04:00", "00:00 04:00", id="Ramadan begins"),
            pytest.param("Africa/Casablanca", "2026-03-22", "01:00-04:00", "01:00 03:00", id="Ramadan ends"),
            pytest.param("Antarctica/Troll", "2050-03-27", "00:30-03:30", "00:30 01:30", id="two hours less"),
            pytest.param("Antarctica/Troll", "2050-10-30", "00:30-03:30", "-1T22:30 03:30", id="two hours more"),
            pytest.param("America/Santiago", "2050-09-04", "00:00-02:00", "04:00 05:00", id="a day without midnight"),
            pytest.param(
                "America/Santiago", "2050-04-02", "22:00-24:00", "+1T01:00 +1T04:00", id="an evening of 3 hours"
            ),
            pytest.param("America/Havana", "2050-11-06", "00:00-02:00", "04:00 07:00", id="a night of two midnights"),
        ],
    )
    def test_a_day_s_hours_on_a_change_day(self, name: str, day: str, text: str, expected: str | None) -> None:
        only = schedule(zone=name, overrides=[override(day, text)])
        window = at(f"{day}T00:00Z") - 24 * 60 * MINUTE, at(f"{day}T00:00Z") + 48 * 60 * MINUTE
        ranges = open_ranges(only, (), (), window)
        assert ranges == ([] if expected is None else [_around(day, expected)])

    def test_an_evening_before_a_missing_midnight_runs_into_the_night(self) -> None:
        both = schedule("22:00-24:00", "00:00-02:00", zone="America/Santiago")
        window = span("2050-09-04T00:00Z-2050-09-04T12:00Z")
        assert _meeting(open_ranges(both, (), (), window), window) == [span("2050-09-04T02:00Z-2050-09-04T05:00Z")]

    def test_a_skipped_day_s_hours_are_a_day_later(self) -> None:
        """As any time in a gap, they move forward by the gap: onto the next date's own."""
        weekly = schedule(hours("09:00-11:00", "Fri"), hours("10:00-12:00", "Sat"), zone="Pacific/Apia")
        assert opened(weekly, on_days("2011-12-29", "2011-12-31")) == "2011-12-30T19:00Z-2011-12-30T22:00Z"

    @pytest.mark.parametrize(("name", "day"), CHANGE_DAYS)
    @pytest.mark.parametrize(
        "texts", [["09:00-17:00"], ["00:00-02:30", "22:00-23:59"], ["01:30-03:15"], ["02:15-02:45", "00:30-01:45"]]
    )
    def test_open_time_is_what_a_patient_observer_counts(self, name: str, day: str, texts: list[str]) -> None:
        weekly = schedule(*texts, zone=name)
        start = at(f"{day}T00:00Z")
        window = start - 24 * 60 * MINUTE, start + 48 * 60 * MINUTE
        middle = date.fromisoformat(day)
        counted = oracle.open_minutes(weekly, middle - timedelta(days=4), middle + timedelta(days=4))
        seen = [(begin * MINUTE, end * MINUTE) for begin, end in oracle.runs(counted)]
        assert _meeting(open_ranges(weekly, (), (), window), window) == _meeting(seen, window)


def _around(day: str, text: str) -> Range:
    """Return the UTC range of "09:00 17:00" on a day; "+1T" is the next day, "-1T" the one before."""
    ends = []
    for part in text.split():
        shift, _, clock = part.rpartition("T")
        which = date.fromisoformat(day) + timedelta(days=int(shift or 0))
        ends.append(at(f"{which}T{clock}Z"))
    return ends[0], ends[1]


class TestOverrides:
    """A date that has overrides has only those."""

    @pytest.mark.parametrize(
        ("overrides", "expected"),
        [
            pytest.param([], "09:00-17:00", id="none"),
            pytest.param([override(str(MONDAY), "18:00-19:00")], "18:00-19:00", id="other hours"),
            pytest.param([override(str(MONDAY))], "", id="closed"),
            pytest.param([override(str(MONDAY), "00:00-00:00")], "", id="equal times close too"),
            pytest.param([override(str(MONDAY), "12:00-11:00")], "", id="and so do hours that end before they start"),
            pytest.param(
                [override(str(MONDAY), "14:00-15:00"), override(str(MONDAY), "08:00-09:00")],
                "08:00-09:00 14:00-15:00",
                id="several",
            ),
            pytest.param(
                [override(str(MONDAY), "12:00-15:00"), override(str(MONDAY), "10:00-12:00")],
                "10:00-15:00",
                id="which touch",
            ),
            pytest.param([override(str(MONDAY)), override(str(MONDAY), "10:00-12:00")], "10:00-12:00", id="one of two"),
            pytest.param([override("2050-09-12", "18:00-19:00")], "09:00-17:00", id="of another date"),
        ],
    )
    def test_a_monday_of_nine_to_five(self, overrides: list[Override], expected: str) -> None:
        weekly = schedule(hours("09:00-17:00", "Mon"), overrides=overrides)
        assert opened(weekly, on_days("2050-09-05", "2050-09-05")) == expected

    def test_an_override_opens_a_date_without_weekly_hours(self) -> None:
        weekly = schedule(hours("09:00-17:00", "Mon"), overrides=[override("2050-09-10", "10:00-11:00")])
        assert opened(weekly, on_days("2050-09-10", "2050-09-10")) == "2050-09-10T10:00Z-2050-09-10T11:00Z"

    def test_an_override_takes_its_date_out_of_hours_that_run_through_midnight(self) -> None:
        night = schedule("22:00-24:00", "00:00-02:00", overrides=[override("2050-09-06")])
        assert opened(night, "20:00-2050-09-07T06:00Z") == "22:00-2050-09-06T00:00Z 2050-09-07T00:00Z-2050-09-07T02:00Z"

    def test_an_override_that_touches_weekly_hours_over_midnight_is_one_with_them(self) -> None:
        night = schedule(hours("22:00-24:00", "Mon"), overrides=[override("2050-09-06", "00:00-03:00")])
        assert opened(night, "20:00-2050-09-06T06:00Z") == "22:00-2050-09-06T03:00Z"

    def test_the_date_is_one_of_the_schedule_s_zone(self) -> None:
        weekly = schedule("09:00-17:00", zone="Pacific/Kiritimati", overrides=[override("2050-09-06")])
        assert opened(weekly, "2050-09-05T00:00Z-2050-09-06T18:00Z") == "2050-09-04T19:00Z-03:00"

    def test_the_order_of_overrides_does_not_matter(self) -> None:
        overrides = [
            override("2050-09-05", "09:00-10:00"),
            override("2050-09-05", "10:00-11:00"),
            override("2050-09-05"),
        ]
        assert opened(schedule(overrides=overrides), on_days("2050-09-05", "2050-09-05")) == opened(
            schedule(overrides=overrides[::-1]), on_days("2050-09-05", "2050-09-05")
        )


class TestAbsences:
    """Out of office takes whole dates of the schedule, the first and the last included."""

    @pytest.mark.parametrize(
        ("absences", "expected"),
        [
            pytest.param((), "5 6 7 8 9", id="never away"),
            pytest.param((away("2050-09-06"),), "5 7 8 9", id="a day"),
            pytest.param((away("2050-09-06", "2050-09-08"),), "5 9", id="three days"),
            pytest.param((away("2050-09-01", "2050-09-05"), away("2050-09-08")), "6 7 9", id="twice"),
            pytest.param((away("2050-09-08", "2050-09-06"),), "5 6 7 8 9", id="an end before the start"),
        ],
    )
    def test_dates_away_are_closed(self, absences: tuple[Absence, ...], expected: str) -> None:
        window = span(on_days("2050-09-05", "2050-09-09"))
        weekly = schedule("09:00-17:00")
        days = [date_of(zone("UTC").day_at(start)).day for start, _ in open_ranges(weekly, (), absences, window)]
        assert " ".join(str(day) for day in days if 5 <= day <= 9) == expected

    def test_a_date_that_only_an_override_opens_is_closed_too(self) -> None:
        only = schedule(overrides=[override("2050-09-05", "10:00-12:00")])
        assert opened(only, on_days("2050-09-05", "2050-09-05"), absences=(away("2050-09-05"),)) == ""

    def test_the_date_is_the_local_one(self) -> None:
        """East of UTC a Monday's night hours begin on the Sunday of UTC, and go with the Monday."""
        night = schedule("00:00-03:00", zone="Pacific/Auckland")
        assert opened(night, "2050-09-04T00:00Z-2050-09-05T23:59Z") == (
            "2050-09-04T12:00Z-2050-09-04T15:00Z 12:00-15:00"
        )
        assert opened(night, "2050-09-04T00:00Z-2050-09-05T23:59Z", absences=(away("2050-09-05"),)) == "12:00-15:00"

    def test_an_absence_takes_its_date_out_of_hours_that_run_through_midnight(self) -> None:
        night = schedule("22:00-24:00", "00:00-02:00")
        assert opened(night, "20:00-2050-09-06T20:00Z", absences=(away("2050-09-06"),)) == "22:00-2050-09-06T00:00Z"


class TestTravel:
    """On the dates of a journey hours and overrides are in its zone."""

    @pytest.mark.parametrize(
        ("travels", "expected"),
        [
            pytest.param((), "09:00 09:00 09:00", id="at home"),
            pytest.param((travel("Asia/Tokyo", "2050-09-06", "2050-09-06"),), "09:00 00:00 09:00", id="one date"),
            pytest.param((travel("Asia/Tokyo", "2050-09-05", "2050-09-06"),), "00:00 00:00 09:00", id="both included"),
            pytest.param((travel("Asia/Tokyo", "2050-09-06"),), "09:00 00:00 00:00", id="for good"),
            pytest.param((travel("America/New_York", "2050-09-06"),), "09:00 13:00 13:00", id="to the west"),
            pytest.param(
                (travel("Asia/Tokyo", "2050-09-06", "2050-09-06"), travel("America/New_York", "2050-09-05")),
                "13:00 00:00 13:00",
                id="the first that fits",
            ),
            pytest.param(
                (travel("America/New_York", "2050-09-05"), travel("Asia/Tokyo", "2050-09-06", "2050-09-06")),
                "13:00 13:00 13:00",
                id="in the order they stand",
            ),
        ],
    )
    def test_nine_o_clock_on_three_days(self, travels: tuple[Travel, ...], expected: str) -> None:
        window = span(on_days("2050-09-05", "2050-09-07"))
        ranges = open_ranges(schedule("09:00-10:00"), travels, (), window)
        inside = [start for start, _ in ranges if window[0] <= start < window[1]]
        assert [(start % (1_440 * MINUTE)) // MINUTE for start in inside] == [
            int(text[:2]) * 60 for text in expected.split()
        ]

    def test_overrides_and_absences_are_dates_of_the_journey_s_zone(self) -> None:
        weekly = schedule("09:00-10:00", overrides=[override("2050-09-06", "12:00-24:00")])
        journey = (travel("Asia/Tokyo", "2050-09-06", "2050-09-07"),)
        assert opened(weekly, "2050-09-06T00:00Z-2050-09-06T23:59Z", travels=journey) == (
            "2050-09-06T03:00Z-2050-09-06T15:00Z"
        )
        assert (
            opened(weekly, "2050-09-06T00:00Z-2050-09-06T23:59Z", travels=journey, absences=(away("2050-09-06"),)) == ""
        )

    def test_hours_of_a_journey_far_east_are_not_lost_at_the_window_s_edges(self) -> None:
        journey = (travel("Pacific/Kiritimati", "2050-09-01"),)
        assert (
            opened(schedule("09:00-11:00", zone="Pacific/Pago_Pago"), "18:00-20:00", travels=journey) == "19:00-21:00"
        )


@pytest.mark.parametrize(
    "name", ["UTC", "America/New_York", "Pacific/Kiritimati", "Pacific/Apia", "Australia/Lord_Howe"]
)
@given(start=st.integers(0, 400), length=st.integers(1, 200))
def test_a_narrower_window_shows_the_same_open_time(name: str, start: int, length: int) -> None:
    weekly = schedule("00:00-01:30", "09:00-17:00", "22:00-24:00", zone=name, overrides=[override("2050-09-07")])
    first = at("2050-08-25T00:00Z")
    window = first + start * 60 * MINUTE, first + (start + length) * 60 * MINUTE
    wide = open_ranges(weekly, (), (), (at("2050-08-01T00:00Z"), at("2050-10-01T00:00Z")))
    assert intersection(open_ranges(weekly, (), (), window), [window]) == intersection(wide, [window])
