"""Keeping a slot: for how long, of what length, and on which host of a group."""

from dataclasses import replace

import pytest

from app.domain.errors import (
    DynamicDurationError,
    ReservationDurationError,
    SlotDurationFixedError,
    SlotDurationNotOfferedError,
)
from app.domain.reservation import Claim, KeptReservation, Workload, by_preference, kept_minutes, slot_length
from app.domain.schedule import month_around, zone
from tests.domain.builders import at, either, event_type, range_texts


class TestDuration:
    """A slot is kept for the minutes asked for, else for five, and never longer than the bound."""

    @pytest.mark.parametrize(
        ("asked", "longest", "expected"),
        [(None, 1_440, 5), (None, 3, 3), (1, 1_440, 1), (1_440, 1_440, 1_440)],
    )
    def test_how_long_a_slot_is_kept(self, asked: int | None, longest: int, expected: int) -> None:
        assert kept_minutes(asked, longest) == expected

    @pytest.mark.parametrize("asked", [0, -1, 61])
    def test_a_duration_out_of_bounds_is_refused(self, asked: int) -> None:
        with pytest.raises(ReservationDurationError) as refused:
            kept_minutes(asked, 60)
        assert (refused.value.asked, refused.value.longest) == (asked, 60)


class TestLength:
    """A length can be chosen where the event type offers several, or is dynamic."""

    def test_without_one_it_is_the_type_s(self) -> None:
        assert slot_length(event_type(length=30, lengths=(15, 30)), None) == 30

    def test_one_of_several_is_as_chosen(self) -> None:
        assert slot_length(event_type(length=30, lengths=(15, 30)), 15) == 15

    def test_beside_the_others_its_own_may_be_chosen(self) -> None:
        """As in a listing, whose slots are there to be kept."""
        assert slot_length(event_type(length=60, lengths=(15, 30)), 60) == 60

    def test_another_is_refused(self) -> None:
        with pytest.raises(SlotDurationNotOfferedError) as refused:
            slot_length(event_type(length=30, lengths=(15, 30)), 20)
        assert refused.value.lengths == (15, 30)

    def test_a_refusal_tells_all_that_may_be_chosen(self) -> None:
        """Its own length among them, in order."""
        with pytest.raises(SlotDurationNotOfferedError) as refused:
            slot_length(event_type(length=45, lengths=(60, 15)), 20)
        assert refused.value.lengths == (15, 45, 60)

    @pytest.mark.parametrize("asked", [30, 60])
    def test_a_type_of_one_length_takes_no_choice_not_even_its_own(self, asked: int) -> None:
        with pytest.raises(SlotDurationFixedError):
            slot_length(event_type(length=30), asked)

    def test_a_dynamic_event_takes_up_to_a_day(self) -> None:
        assert slot_length(event_type(id=None), 90) == 90
        with pytest.raises(DynamicDurationError):
            slot_length(event_type(id=None), 1_441)


class TestPreference:
    """Highest priority, then fewest bookings by weight, then least recently booked, then lowest id."""

    @pytest.mark.parametrize(
        ("loads", "expected"),
        [
            pytest.param({}, [1, 2, 3], id="lowest id"),
            pytest.param({1: Workload(last_booked=5), 2: Workload(last_booked=3)}, [3, 2, 1], id="least recently"),
            pytest.param({1: Workload(2), 2: Workload(1, last_booked=9), 3: Workload(3)}, [2, 1, 3], id="fewest"),
        ],
    )
    def test_among_equals(self, loads: dict[int, Workload], expected: list[int]) -> None:
        assert [one.id for one in by_preference([either(3), either(1), either(2)], loads)] == expected

    def test_a_heavier_weight_takes_more_bookings(self) -> None:
        hosts = [replace(either(1), weight=50), replace(either(2), weight=100), replace(either(3), weight=0)]
        loads = {1: Workload(1), 2: Workload(1), 3: Workload(0)}
        assert [one.id for one in by_preference(hosts, loads)] == [2, 1, 3]

    def test_priority_comes_before_everything(self) -> None:
        hosts = [either(1), replace(either(2), priority=3), replace(either(3), priority=1)]
        assert [one.id for one in by_preference(hosts, {2: Workload(9)})] == [2, 1, 3]


def test_a_claim_takes_its_time_with_its_buffers() -> None:
    claim = Claim(
        id="claim",
        reservation_uid="uid",
        event_type_id=100,
        host_ids=(1,),
        start=at("10:00"),
        end=at("10:45"),
        before_buffer=10,
        after_buffer=20,
    )
    assert range_texts([claim.busy_range]) == "09:50-11:05"
    kept = KeptReservation(claim=claim, until=at("09:05"))
    assert (kept.uid, kept.length) == ("uid", 45)


@pytest.mark.parametrize(
    ("instant", "where", "expected"),
    [
        pytest.param("2050-09-05T12:00Z", "UTC", "2050-09-01T00:00Z-2050-10-01T00:00Z", id="thirty days"),
        pytest.param("2052-02-29T12:00Z", "UTC", "2052-02-01T00:00Z-2052-03-01T00:00Z", id="a leap year"),
        pytest.param("2050-12-31T23:59Z", "UTC", "2050-12-01T00:00Z-2051-01-01T00:00Z", id="the last of a year"),
        pytest.param(
            "2050-09-30T20:00Z", "Asia/Kathmandu", "2050-09-30T18:15Z-2050-10-31T18:15Z", id="the next one there"
        ),
        pytest.param(
            "2050-11-05T12:00Z", "America/New_York", "2050-11-01T04:00Z-2050-12-01T05:00Z", id="clocks go back in it"
        ),
    ],
)
def test_a_month_is_one_of_the_zone(instant: str, where: str, expected: str) -> None:
    assert range_texts([month_around(at(instant), zone(where))]) == expected
