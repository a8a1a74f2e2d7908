"""Rules 3 and 4: what takes a host's time, and how far it reaches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.busy import blocked, buffered, buffers_only, calendar_ranges, meets
from app.domain.time_ranges import MINUTE, Range, merged
from tests.domain.builders import booking, event_type, range_texts, reservation, reversed_range, span, spans


class TestStatus:
    """Accepted bookings, and those that still wait, take time; cancelled and rejected ones do not."""

    @pytest.mark.parametrize(
        ("status", "blocks_while_pending", "expected"),
        [
            ("accepted", True, True),
            ("accepted", False, True),
            ("awaiting_host", True, True),
            ("awaiting_host", False, True),
            ("pending", True, True),
            ("pending", False, False),
            ("cancelled", True, False),
            ("rejected", True, False),
        ],
    )
    def test_a_booking_takes_time_by_its_status(
        self, status: str, *, blocks_while_pending: bool, expected: bool
    ) -> None:
        one = booking("09:00-10:00", status=status, blocks_while_pending=blocks_while_pending)
        assert one.blocks is expected


class TestBuffers:
    """A slot with its buffers never overlaps a booking with its own."""

    @pytest.mark.parametrize(
        ("own", "asked", "expected"),
        [
            pytest.param((0, 0), (0, 0), "10:00-11:00", id="none"),
            pytest.param((10, 0), (0, 0), "09:50-11:00", id="before the booking"),
            pytest.param((0, 10), (0, 0), "10:00-11:10", id="after the booking"),
            pytest.param((0, 0), (10, 0), "10:00-11:10", id="before the slot, which comes after"),
            pytest.param((0, 0), (0, 10), "09:50-11:00", id="after the slot, which comes before"),
            pytest.param((5, 10), (20, 40), "09:15-11:30", id="all of them add up"),
        ],
    )
    def test_where_no_slot_lies(self, own: tuple[int, int], asked: tuple[int, int], expected: str) -> None:
        asked_type = event_type(before_buffer=asked[0], after_buffer=asked[1])
        taken = booking("10:00-11:00", before_buffer=own[0], after_buffer=own[1])
        held = reservation("10:00-11:00", before_buffer=own[0], after_buffer=own[1])
        assert range_texts([blocked(asked_type, taken)]) == expected
        assert range_texts([blocked(asked_type, held)]) == expected

    @given(st.tuples(*[st.integers(0, 30)] * 4), st.integers(0, 300))
    def test_what_is_blocked_is_what_would_overlap_with_buffers(self, buffers: tuple[int, ...], start: int) -> None:
        before, after, own_before, own_after = buffers
        asked = event_type(before_buffer=before, after_buffer=after)
        taken = booking("02:00-03:00", before_buffer=own_before, after_buffer=own_after)
        slot = span("00:00-00:30")[0] + start * MINUTE, span("00:00-00:30")[1] + start * MINUTE
        reach = buffered(taken.start, taken.end, own_before, own_after)
        assert meets([blocked(asked, taken)], *slot) == meets([buffered(*slot, before, after)], *reach)

    def test_a_start_with_seats_left_blocks_its_buffers_alone(self) -> None:
        asked = event_type(before_buffer=10, after_buffer=20)
        taken = booking("10:00-11:00", before_buffer=5, after_buffer=5)
        assert range_texts(buffers_only(asked, taken)) == "09:35-10:00 11:00-11:15"

    def test_a_start_with_seats_left_and_no_buffers_blocks_nothing(self) -> None:
        assert buffers_only(event_type(), booking("10:00-11:00")) == []


class TestCalendars:
    """Calendar busy times have only the buffers of the type asked for."""

    def test_they_reach_as_far_as_those_buffers(self) -> None:
        asked = event_type(before_buffer=10, after_buffer=20)
        assert range_texts(calendar_ranges(asked, spans("10:00-11:00"), [])) == "09:40-11:10"

    @pytest.mark.parametrize(
        ("reported", "left_out", "expected"),
        [
            pytest.param("10:00-11:00", "10:00-11:00", "", id="the same time"),
            pytest.param("10:15-10:45", "10:00-11:00", "", id="within it"),
            pytest.param("09:00-12:00", "10:00-11:00", "08:50-10:00 10:50-12:00", id="around it: the rest stays"),
            pytest.param("10:30-11:30", "10:00-11:00", "10:50-11:30", id="partly within it"),
            pytest.param("10:00-10:30 10:30-11:00", "10:00-11:00", "", id="two that touch"),
            pytest.param("12:00-13:00", "10:00-11:00", "11:50-13:00", id="elsewhere"),
        ],
    )
    def test_what_lies_within_certain_times_does_not_count(self, reported: str, left_out: str, expected: str) -> None:
        asked = event_type(after_buffer=10)
        assert range_texts(merged(calendar_ranges(asked, spans(reported), spans(left_out)))) == expected

    def test_a_time_that_ends_before_it_starts_takes_nothing(self) -> None:
        asked = event_type(before_buffer=10, after_buffer=10)
        assert calendar_ranges(asked, [reversed_range("10:00-11:00"), span("12:00-12:00")], []) == []


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ([], False),
        (spans("08:00-09:00 10:00-11:00"), False),
        (spans("08:00-09:01"), True),
        (spans("09:59-11:00"), True),
        (spans("08:00-11:00"), True),
    ],
)
def test_what_ends_at_nine_does_not_touch_what_begins_at_nine(ranges: list[Range], *, expected: bool) -> None:
    assert meets(ranges, *span("09:00-10:00")) is expected
