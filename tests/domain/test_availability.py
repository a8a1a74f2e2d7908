"""Who is free when: the listing and the predicate behind it, situation by situation."""

from typing import Any

import pytest

from app.domain.availability import Refusal
from app.domain.busy import BusyTimes
from app.domain.event_type import Host, StaffedEventType
from tests.domain.builders import (
    ASKED,
    OTHER,
    at,
    availability,
    away,
    booking,
    busy,
    clock_text,
    either,
    host,
    hours,
    listed,
    override,
    reservation,
    schedule,
    span,
    staffed,
    travel,
)

FREE = "09:00 09:30 10:00 10:30 11:00 11:30"
"""What a host from nine to twelve offers."""


def refusals(asked: StaffedEventType, taken: BusyTimes | None, starts: str, **how: Any) -> str:
    """Return what the predicate says of some starts."""
    judged = availability(asked, taken, **how)
    reasons = [judged.refusal(at(start)) for start in starts.split()]
    return " ".join("free" if reason is None else reason.name.lower() for reason in reasons)


class TestIndividual:
    """One host."""

    @pytest.mark.parametrize(
        ("taken", "expected"),
        [
            pytest.param(busy(), FREE, id="nothing taken"),
            pytest.param(busy(booking("10:00-10:30")), "09:00 09:30 10:30 11:00 11:30", id="a booking"),
            pytest.param(busy(booking("10:10-10:20")), "09:00 09:30 10:30 11:00 11:30", id="any part of a slot"),
            pytest.param(busy(booking("10:00-10:45")), "09:00 09:30 11:00 11:30", id="the grid goes on, on the unit"),
            pytest.param(busy(booking("08:00-13:00")), "", id="all day"),
            pytest.param(busy(booking("09:00-09:00:01")), "09:30 10:00 10:30 11:00 11:30", id="a second is taken too"),
            pytest.param(busy(booking("10:00-10:30", 2)), FREE, id="somebody else's"),
            pytest.param(busy(calendars={2: "10:00-10:30"}), FREE, id="somebody else's calendar"),
            pytest.param(busy(booking("10:00-10:30", 2, 1)), "09:00 09:30 10:30 11:00 11:30", id="as a guest host"),
            pytest.param(busy(calendar="10:00-10:30"), "09:00 09:30 10:30 11:00 11:30", id="the calendar"),
            pytest.param(busy(reservation("10:00-10:30")), "09:00 09:30 10:30 11:00 11:30", id="a reservation"),
            pytest.param(busy(booking("07:00-09:00"), booking("12:00-13:00")), FREE, id="touching at the edges"),
        ],
    )
    def test_what_is_taken_is_not_listed(self, taken: BusyTimes, expected: str) -> None:
        assert listed(staffed(host()), taken) == expected

    @pytest.mark.parametrize(
        ("status", "takes"),
        [("accepted", True), ("awaiting_host", True), ("pending", True), ("cancelled", False), ("rejected", False)],
    )
    @pytest.mark.parametrize("type_id", [ASKED, OTHER])
    def test_a_booking_of_any_type_counts_by_its_status(self, status: str, type_id: int, *, takes: bool) -> None:
        taken = busy(booking("10:00-10:30", type_id=type_id, status=status))
        assert ("10:00" not in listed(staffed(host()), taken)) is takes

    def test_a_pending_booking_of_a_type_that_leaves_its_time_on_offer_takes_nothing(self) -> None:
        taken = busy(booking("10:00-10:30", status="pending", blocks_while_pending=False))
        assert listed(staffed(host()), taken) == FREE

    def test_slots_have_the_length_asked_for(self) -> None:
        assert listed(staffed(host()), length=60) == "09:00 10:00 11:00"

    def test_an_interval_is_the_step_whatever_the_length(self) -> None:
        assert listed(staffed(host(), slot_interval=45), length=60) == "09:00 09:45 10:30"

    def test_beginnings_are_rounded_in_the_event_zone(self) -> None:
        there = schedule("14:45-18:00", zone="Asia/Kathmandu")
        assert listed(staffed(host(1, there), length=60)) == "09:15 10:15 11:15"
        assert listed(staffed(host(1, there), length=60, zone="UTC")) == "09:00 10:00 11:00"

    def test_a_host_without_hours_has_no_slots(self) -> None:
        assert listed(staffed(host(1, schedule(hours("09:00-12:00", "Tue"))))) == ""

    def test_travel_moves_the_hours_and_an_absence_takes_them(self) -> None:
        one = host(1, schedule("09:00-10:00"), travels=[travel("America/New_York", "2050-09-05", "2050-09-05")])
        assert listed(staffed(one)) == "13:00 13:30"
        assert listed(staffed(host(absences=[away("2050-09-05")]))) == ""

    def test_an_override_that_the_day_before_runs_into_closes_its_own_date_alone(self) -> None:
        night = schedule("22:00-24:00", "00:00-02:00", overrides=[override("2050-09-06")])
        assert listed(staffed(host(1, night), length=60), around=span("12:00-2050-09-06T12:00Z")) == "22:00 23:00"


class TestWindow:
    """Nothing outside the window is listed."""

    @pytest.mark.parametrize(
        ("window", "expected"),
        [
            pytest.param("09:30-10:30", "09:30 10:00", id="as asked"),
            pytest.param("09:30-10:29:59", "09:30 10:00", id="a second short"),
            pytest.param("09:30-10:29", "09:30", id="a minute short"),
            pytest.param("09:45-10:45", "10:00", id="off the grid"),
        ],
    )
    def test_a_slot_lies_in_the_window(self, window: str, expected: str) -> None:
        assert listed(staffed(host()), around=span(window)) == expected

    def test_a_slot_that_ends_at_midnight_fits_a_day(self) -> None:
        assert listed(staffed(host(1, "22:00-24:00"), length=60)) == "22:00 23:00"

    def test_what_lies_before_the_window_reaches_into_it_with_its_buffers(self) -> None:
        taken = busy(booking("08:00-09:00", after_buffer=30), booking("10:30-11:00", before_buffer=15))
        assert listed(staffed(host()), taken, around=span("09:00-10:30")) == "09:30"


class TestBuffers:
    """Buffers of both types keep slots away from bookings, not from the edges of open time."""

    @pytest.mark.parametrize(
        ("fields", "own", "expected"),
        [
            pytest.param({}, {}, "09:00 10:30 11:00 11:30", id="none"),
            pytest.param({"after_buffer": 30}, {}, "10:30 11:00 11:30", id="after the slot before"),
            pytest.param({"before_buffer": 30}, {}, "09:00 11:00 11:30", id="before the slot after"),
            pytest.param({}, {"before_buffer": 30}, "10:30 11:00 11:30", id="before the booking"),
            pytest.param({}, {"after_buffer": 30}, "09:00 11:00 11:30", id="after the booking"),
            pytest.param({"before_buffer": 30}, {"after_buffer": 30}, "09:00 11:30", id="both between the two"),
        ],
    )
    @pytest.mark.parametrize("kind", [booking, reservation])
    def test_around_something_from_half_past_nine_to_half_past_ten(
        self, kind: Any, fields: dict[str, Any], own: dict[str, int], expected: str
    ) -> None:
        assert listed(staffed(host(), **fields), busy(kind("09:30-10:30", **own))) == expected

    def test_around_calendar_busy_times_there_are_only_the_asked_type_s(self) -> None:
        asked = staffed(host(), before_buffer=15, after_buffer=30)
        assert listed(asked, busy(calendar="10:00-10:30")) == "09:00 11:00 11:30"

    def test_edges_of_open_time_have_none(self) -> None:
        assert listed(staffed(host(), before_buffer=60, after_buffer=60)) == FREE


class TestNotice:
    """No slot starts before now and the notice."""

    @pytest.mark.parametrize(
        ("now", "notice", "expected"),
        [
            pytest.param("08:00", 120, "10:00 10:30 11:00 11:30", id="two hours"),
            pytest.param("08:00:01", 120, "10:30 11:00 11:30", id="by the second"),
            pytest.param("07:50", 120, "10:00 10:30 11:00 11:30", id="rounded up to the grid"),
            pytest.param("09:59:59", 0, "10:00 10:30 11:00 11:30", id="none: the next whole minute"),
            pytest.param("10:00", 0, "10:30 11:00 11:30", id="on the minute: the one after"),
            pytest.param("2050-09-06T08:00Z", 0, "", id="the day is over"),
        ],
    )
    def test_the_first_slot_after_now(self, now: str, notice: int, expected: str) -> None:
        assert listed(staffed(host(), minimum_notice=notice), now=now) == expected

    def test_the_grid_begins_where_the_notice_ends(self) -> None:
        assert listed(staffed(host(), length=45, minimum_notice=60), now="08:05") == "09:15 10:00 10:45"


class TestRescheduling:
    """The booking that is being moved is left out."""

    def test_its_own_time_and_the_calendar_s_copy_of_it_are_free_again(self) -> None:
        taken = busy(booking("10:00-10:30", uid="moved"), booking("11:00-11:30"), calendar="10:00-10:30")
        assert listed(staffed(host()), taken) == "09:00 09:30 10:30 11:30"
        assert listed(staffed(host()), taken, rescheduling="moved") == "09:00 09:30 10:00 10:30 11:30"

    def test_other_calendar_time_stays_busy(self) -> None:
        taken = busy(booking("10:00-10:30", uid="moved"), calendar="09:30-11:00")
        assert listed(staffed(host()), taken, rescheduling="moved") == "09:00 10:00 11:00 11:30"

    def test_an_unknown_booking_changes_nothing(self) -> None:
        assert (
            listed(staffed(host()), busy(booking("10:00-11:00")), rescheduling="unknown") == "09:00 09:30 11:00 11:30"
        )

    @pytest.mark.parametrize(
        ("guests", "expected"), [(1, "09:00 10:00 11:00 11:30"), (2, "09:00 11:00 11:30")], ids=["seats left", "full"]
    )
    def test_a_seated_booking_of_the_type_itself_stays(self, guests: int, expected: str) -> None:
        """The others still sit in it, so it keeps its seats and its buffers."""
        asked = staffed(host(), seats=2, before_buffer=15, after_buffer=15)
        taken = busy(booking("10:00-10:30", type_id=ASKED, uid="moved", guests=guests))
        assert listed(asked, taken, rescheduling="moved") == listed(asked, taken) == expected

    def test_a_booking_of_another_type_makes_room_for_a_seated_one(self) -> None:
        taken = busy(booking("10:00-10:30", uid="moved"))
        assert listed(staffed(host(), seats=2), taken, rescheduling="moved") == FREE


class TestCollective:
    """All hosts are needed."""

    def test_slots_lie_where_all_are_free(self) -> None:
        team = staffed(host(1, "09:00-12:00"), host(2, "10:00-13:00"), host(3, "08:00-11:30"))
        assert listed(team) == "10:00 10:30 11:00"

    def test_what_takes_one_takes_all(self) -> None:
        team = staffed(host(1), host(2))
        assert listed(team, busy(booking("10:00-10:30", 2))) == "09:00 09:30 10:30 11:00 11:30"
        assert listed(team, busy(calendars={2: "09:00-11:30"})) == "11:30"
        assert listed(team, busy(reservation("09:00-11:00", 1), reservation("11:00-11:30", 2))) == "11:30"

    def test_hosts_without_common_time_have_no_slots(self) -> None:
        assert listed(staffed(host(1, "09:00-10:00"), host(2, "10:00-11:00"))) == ""

    def test_hosts_in_different_zones_meet_in_instants(self) -> None:
        rome, tokyo = schedule("09:00-17:00", zone="Europe/Rome"), schedule("09:00-17:30", zone="Asia/Tokyo")
        assert listed(staffed(host(1, rome), host(2, tokyo))) == "07:00 07:30 08:00"

    def test_nobody_has_no_slots(self) -> None:
        assert listed(staffed()) == ""
        assert refusals(staffed(), None, "10:00") == "nobody"


class TestRoundRobin:
    """All mandatory hosts, and one of each group."""

    def test_a_start_is_listed_while_one_of_the_group_is_free(self) -> None:
        team = staffed(either(1), either(2))
        assert listed(team, busy(booking("10:00-10:30", 1))) == FREE
        assert (
            listed(team, busy(booking("10:00-10:30", 1), booking("10:00-11:00", 2))) == "09:00 09:30 10:30 11:00 11:30"
        )

    def test_a_reservation_takes_its_own_hosts_only(self) -> None:
        team = staffed(either(1), either(2))
        assert listed(team, busy(reservation("10:00-10:30", 1))) == FREE
        assert "10:00" not in listed(team, busy(reservation("10:00-10:30", 1, 2)))

    def test_one_host_takes_the_whole_slot(self) -> None:
        """Hours of different hosts that touch are not glued together."""
        team = staffed(either(1, "09:00-10:00"), either(2, "10:00-11:00"), length=60)
        assert listed(team) == "09:00 10:00"
        assert listed(staffed(either(1, "09:00-09:50"), either(2, "09:50-11:00"), length=60)) == "10:00"

    def test_each_group_gives_one_host(self) -> None:
        team = staffed(either(1, "09:00-11:00", "A"), either(2, "10:00-12:00", "B"), either(3, "09:00-10:30", "B"))
        assert listed(team) == "09:00 09:30 10:00 10:30"
        assert listed(team, busy(booking("09:00-10:30", 3))) == "10:00 10:30"

    def test_mandatory_hosts_are_always_needed(self) -> None:
        team = staffed(either(1), either(2), host(3, "10:00-11:00"))
        assert listed(team) == "10:00 10:30"
        assert listed(team, busy(booking("10:00-10:30", 3))) == "10:30"

    def test_mandatory_hosts_without_common_time_mean_no_slots(self) -> None:
        assert listed(staffed(either(1), host(2, "09:00-10:00"), host(3, "10:00-11:00"))) == ""

    def test_mandatory_hosts_alone_are_a_collective(self) -> None:
        assert listed(staffed(host(1, "09:00-11:00"), host(2, "10:00-12:00"))) == "10:00 10:30"

    def test_stretches_inside_another_add_nothing_to_the_grid(self) -> None:
        team = staffed(either(1, "09:00-12:00"), either(2, "09:50-11:00"), length=45)
        assert listed(team) == "09:00 09:45 10:30 11:15"

    @pytest.mark.parametrize(
        "team",
        [
            pytest.param([either(1, "09:02-12:00"), either(2, "09:03-11:03")], id="of one group"),
            pytest.param([host(3, "09:03-13:00"), either(1, "09:02-12:00"), either(2, "09:00-11:03")], id="cut so"),
        ],
    )
    def test_nor_do_they_where_beginnings_are_not_rounded(self, team: list[Host]) -> None:
        """The shorter stretch, alone, would start on its odd minute: it has no minutes to spare."""
        assert listed(staffed(*team, length=60, optimized_slots=True)) == "10:00 11:00"
        assert listed(staffed(either(2, "09:03-11:03"), length=60, optimized_slots=True)) == "09:03 10:03"

    def test_stretches_of_other_hosts_continue_the_grid(self) -> None:
        team = staffed(either(1, "09:00-10:30"), either(2, "10:00-12:00"), length=45)
        assert listed(team) == "09:00 09:45 10:30 11:15"

    def test_hosts_come_in_the_order_of_the_type(self) -> None:
        judged = availability(staffed(either(3), either(1), host(2)), busy(booking("10:00-10:30", 1)))
        assert judged.host_refusals(at("10:00"), {1, 2, 3}) == {1: Refusal.BOOKED}
        assert judged.host_refusals(at("12:00"), {2, 3}) == {3: Refusal.CLOSED, 2: Refusal.CLOSED}


class TestSeats:
    """On a seated type a start is listed until its seats are taken."""

    def taken(self, text: str = "10:00-10:30", *hosts: int, guests: int = 1, **fields: Any) -> BusyTimes:
        """Return a booking of the seated type."""
        return busy(booking(text, *hosts, type_id=ASKED, guests=guests, seated=True, **fields))

    @pytest.mark.parametrize(("guests", "expected"), [(1, FREE), (2, FREE), (3, "09:00 09:30 10:30 11:00 11:30")])
    def test_a_start_is_listed_while_seats_are_left(self, guests: int, expected: str) -> None:
        assert listed(staffed(host(), seats=3), self.taken(guests=guests)) == expected

    def test_it_is_told_who_sits_there(self) -> None:
        judged = availability(staffed(host(), seats=3), self.taken(guests=2, uid="first"))
        seats = {clock_text(start): seat for start, seat in judged.seated.items()}
        assert list(seats) == ["10:00"]
        assert (seats["10:00"].seats_taken, seats["10:00"].seats_left, seats["10:00"].booking_uid) == (2, 1, "first")

    def test_reservations_take_a_seat_each(self) -> None:
        two = busy(*(reservation("10:00-10:30", type_id=ASKED) for _ in range(2)))
        assert listed(staffed(host(), seats=3), two) == FREE
        assert "10:00" not in listed(staffed(host(), seats=2), two)

    def test_other_starts_that_overlap_a_booking_with_seats_left_are_not_listed(self) -> None:
        asked = staffed(host(), seats=3, slot_interval=15)
        assert listed(asked, self.taken()) == "09:00 09:15 09:30 10:00 10:30 10:45 11:00 11:15 11:30"

    def test_a_start_off_the_grid_is_not_listed(self) -> None:
        asked = staffed(host(), seats=3)
        assert listed(asked, self.taken("10:10-10:40")) == "09:00 09:30 11:00 11:30"
        assert refusals(asked, self.taken("10:10-10:40"), "10:10 10:00") == "free booked"

    def test_buffers_are_kept_from_a_start_with_seats_left(self) -> None:
        asked = staffed(host(), seats=3, before_buffer=15, after_buffer=15)
        assert listed(asked, self.taken()) == "09:00 10:00 11:00 11:30"

    def test_a_full_start_blocks_like_any_booking(self) -> None:
        asked = staffed(host(), seats=1, slot_interval=15, before_buffer=15)
        assert listed(asked, self.taken()) == "09:00 09:15 09:30 10:45 11:00 11:15 11:30"

    def test_calendar_time_within_a_start_with_seats_left_does_not_count(self) -> None:
        both = busy(booking("10:00-10:30", type_id=ASKED), calendar="10:00-10:30 11:00-11:30")
        assert listed(staffed(host(), seats=3), both) == "09:00 09:30 10:00 10:30 11:30"
        assert "10:00" not in listed(staffed(host(), seats=1), both)

    def test_other_types_are_blocked_by_a_seated_booking(self) -> None:
        assert listed(staffed(host()), busy(booking("10:00-10:30", type_id=OTHER))) == "09:00 09:30 10:30 11:00 11:30"

    def test_the_second_seat_has_the_hosts_of_the_first(self) -> None:
        team = staffed(either(1), either(2), seats=3)
        assert "10:00" in listed(team, self.taken("10:00-10:30", 1))
        away_now = busy(booking("10:00-10:30", 1, type_id=ASKED), booking("10:15-10:45", 1))
        assert refusals(team, away_now, "10:00 10:30") == "booked free"

    def test_the_second_seat_needs_nobody_but_the_hosts_of_the_first(self) -> None:
        taken = busy(booking("10:00-10:30", 1, type_id=ASKED), booking("10:00-10:30", 2))
        assert refusals(staffed(either(1), either(2), seats=3), taken, "10:00") == "free"

    def test_a_booking_of_another_type_at_a_start_with_seats_left_takes_the_host(self) -> None:
        taken = busy(booking("10:00-10:30", type_id=ASKED), booking("10:00-10:30", type_id=OTHER))
        assert refusals(staffed(host(), seats=3), taken, "10:00") == "booked"

    def test_a_full_start_is_not_offered_with_another_host(self) -> None:
        assert "10:00" not in listed(staffed(either(1), either(2), seats=1), self.taken("10:00-10:30", 1))

    def test_another_start_goes_to_a_host_who_is_free(self) -> None:
        team = staffed(either(1), either(2), seats=3, slot_interval=15)
        assert "10:15" in listed(team, self.taken("10:00-10:30", 1))
        assert "10:15" not in listed(team, self.taken("10:00-10:30", 1, 2))


class TestRefusals:
    """The predicate says why a time is not free."""

    @pytest.mark.parametrize(
        ("taken", "expected"),
        [
            pytest.param(busy(), "closed free closed", id="nothing taken"),
            pytest.param(busy(booking("10:00-10:30")), "closed booked closed", id="a booking"),
            pytest.param(busy(reservation("10:00-10:30")), "closed reserved closed", id="a reservation"),
            pytest.param(busy(calendar="10:15-10:20"), "closed calendar_busy closed", id="a calendar"),
            pytest.param(busy(booking("10:20-10:30"), calendar="10:00-10:30"), "closed booked closed", id="two"),
            pytest.param(busy(booking("07:00-13:00")), "booked booked booked", id="busy comes before closed"),
        ],
    )
    def test_before_in_and_at_the_end_of_open_time(self, taken: BusyTimes, expected: str) -> None:
        assert refusals(staffed(host()), taken, "08:45 10:10 11:31") == expected

    def test_off_grid_starts_in_free_time_are_free(self) -> None:
        assert refusals(staffed(host()), None, "09:01 10:17 11:30") == "free free free"

    def test_notice_is_told_where_the_time_is_free_or_closed(self) -> None:
        asked = staffed(host(), minimum_notice=60)
        assert refusals(asked, busy(booking("10:00-10:30")), "08:00 09:30 10:00 10:59 11:00", now="10:00") == (
            "notice notice booked notice free"
        )

    def test_the_past_is_never_free(self) -> None:
        assert refusals(staffed(host()), None, "10:00 10:01", now="10:00") == "notice free"

    def test_a_team_tells_the_reason_that_weighs_most(self) -> None:
        team = staffed(host(1, "09:00-10:00"), host(2))
        assert refusals(team, busy(booking("10:00-11:00", 2)), "09:00 10:00 11:00") == "free booked closed"

    def test_a_group_is_refused_when_each_of_it_is(self) -> None:
        team = staffed(either(1, "09:00-10:00"), either(2))
        assert refusals(team, busy(booking("10:00-11:00", 2)), "09:00 10:00 11:00") == "free booked free"

    @pytest.mark.parametrize(("guests", "expected"), [(1, "free booked"), (2, "seats_full booked")])
    def test_seats(self, guests: int, expected: str) -> None:
        taken = busy(booking("10:00-10:30", type_id=ASKED, guests=guests))
        assert refusals(staffed(host(), seats=2), taken, "10:00 10:15") == expected

    def test_a_start_across_a_held_seat_is_reserved(self) -> None:
        taken = busy(reservation("10:00-10:30", type_id=ASKED))
        assert refusals(staffed(host(), seats=2), taken, "10:00 10:15") == "free reserved"

    def test_a_longer_seat_that_runs_out_of_open_time_is_closed(self) -> None:
        taken = busy(booking("11:30-12:00", type_id=ASKED))
        assert refusals(staffed(host(), seats=2), taken, "11:30", length=60) == "closed"
