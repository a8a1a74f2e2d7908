"""Rule 11: who sits where."""

from collections.abc import Iterable
from typing import Any

import pytest

from app.domain.busy import Booking, Reservation
from app.domain.seats import SeatedStart, seated_starts
from tests.domain.builders import ASKED, OTHER, at, booking, busy, clock_text, host, listed, reservation, staffed


def seat_of(*items: Booking | Reservation, seats: int = 3, hosts: Iterable[int] = (1,)) -> SeatedStart:
    """Return the only start that somebody sits at."""
    (seat,) = seated_starts(staffed(*(host(one) for one in hosts), seats=seats), busy(*items)).values()
    return seat


def seated(text: str, *hosts: int, **fields: Any) -> Booking:
    """Return a booking of the type asked for."""
    return booking(text, *hosts, type_id=ASKED, **{"seated": True, **fields})


def held(text: str, *hosts: int) -> Reservation:
    """Return a reservation of the type asked for."""
    return reservation(text, *hosts, type_id=ASKED)


class TestTakenSeats:
    """A seat for each guest of the bookings that count, and for each reservation."""

    @pytest.mark.parametrize(
        ("items", "taken"),
        [
            pytest.param([seated("09:00-09:30")], 1, id="a guest"),
            pytest.param([seated("09:00-09:30", guests=2)], 2, id="two guests of one booking"),
            pytest.param(
                [seated("09:00-09:30"), seated("09:00-09:30", guests=2)], 3, id="bookings at one start add up"
            ),
            pytest.param([held("09:00-09:30"), held("09:00-09:30")], 2, id="a seat for each reservation"),
            pytest.param([seated("09:00-09:30"), held("09:00-09:30")], 2, id="both"),
            pytest.param([seated("09:00-09:30", guests=0)], 0, id="a booking without guests"),
            pytest.param([seated("09:00-09:30", status="awaiting_host")], 1, id="awaiting its host"),
            pytest.param([seated("09:00-09:30", status="pending")], 1, id="pending"),
        ],
    )
    def test_seats_taken_at_one_start(self, items: list[Booking | Reservation], taken: int) -> None:
        assert seat_of(*items).seats_taken == taken

    def test_hosts_of_the_type_take_no_seat(self) -> None:
        guests = ["a@example.org", "USER2@example.com", "user3@example.com"]
        assert seat_of(seated("09:00-09:30", guests=guests), hosts=[1, 2]).seats_taken == 2

    @pytest.mark.parametrize("status", ["cancelled", "rejected"])
    def test_bookings_that_are_off_take_no_seat(self, status: str) -> None:
        assert seated_starts(staffed(host(), seats=3), busy(seated("09:00-09:30", status=status))) == {}

    def test_pending_bookings_take_no_seat_where_they_do_not_block(self) -> None:
        off = seated("09:00-09:30", status="pending", blocks_while_pending=False)
        assert seated_starts(staffed(host(), seats=3), busy(off)) == {}

    def test_other_types_have_no_seats_here(self) -> None:
        taken = busy(booking("09:00-09:30", type_id=OTHER), reservation("09:00-09:30", type_id=OTHER))
        assert seated_starts(staffed(host(), seats=3), taken) == {}

    def test_a_type_without_seats_has_none_at_all(self) -> None:
        assert seated_starts(staffed(host()), busy(seated("09:00-09:30"))) == {}

    @pytest.mark.parametrize(("guests", "left"), [(1, 2), (3, 0), (5, 0)])
    def test_seats_left_are_never_below_none(self, guests: int, left: int) -> None:
        seat = seat_of(seated("09:00-09:30", guests=guests))
        assert (seat.seats_total, seat.seats_left) == (3, left)


class TestStarts:
    """Each start is its own, with the hosts and the booking of its first seat."""

    def test_each_start_counts_its_own_seats(self) -> None:
        taken = busy(seated("09:00-09:30"), seated("09:30-10:00", guests=2))
        found = seated_starts(staffed(host(), seats=3), taken)
        assert {clock_text(start): seat.seats_taken for start, seat in found.items()} == {"09:00": 1, "09:30": 2}

    def test_the_first_booking_says_who_hosts_and_what_it_is_called(self) -> None:
        seat = seat_of(seated("09:00-09:30", 2, uid="first"), seated("09:00-09:30", 1, uid="second"), hosts=[1, 2])
        assert (seat.host_ids, seat.booking_uid) == (frozenset({2}), "first")

    def test_a_booking_is_named_also_where_somebody_holds_another_seat(self) -> None:
        seat = seat_of(held("09:00-09:30", 2), seated("09:00-09:30", 1, uid="booked"), hosts=[1, 2])
        assert (seat.booking_uid, seat.attendees, seat.seats_taken) == ("booked", 1, 2)

    def test_a_booking_from_before_there_were_seats_counts_and_is_not_named(self) -> None:
        ordinary = seated("09:00-09:30", uid="ordinary", seated=False)
        seat = seat_of(ordinary)
        assert (seat.booking_uid, seat.is_booked, seat.seats_taken) == (None, True, 1)
        assert seat_of(ordinary, seated("09:00-09:30", uid="class")).booking_uid == "class"

    def test_held_seats_have_no_booking(self) -> None:
        seat = seat_of(held("09:00-09:30", 1))
        assert (seat.booking_uid, seat.attendees, seat.host_ids) == (None, 0, frozenset({1}))

    def test_a_start_lasts_as_long_as_its_longest_booking(self) -> None:
        seat = seat_of(seated("09:00-09:30"), seated("09:00-10:00"))
        assert (seat.start, seat.end) == (at("09:00"), at("10:00"))

    def test_other_starts_keep_clear_of_its_longest_booking(self) -> None:
        asked = staffed(host(), seats=5, slot_interval=30, lengths=(30, 60))
        longest = seated("10:00-11:00")
        for taken in (busy(longest, seated("10:00-10:30")), busy(seated("10:00-10:30"), longest)):
            assert listed(asked, taken) == "09:00 09:30 10:00 11:00 11:30"
