"""Rule 7: which starts the free stretches of a question offer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.schedule import zone
from app.domain.slots import Grid
from app.domain.time_ranges import MINUTE, SECOND, Range
from tests.domain import oracle
from tests.domain.builders import at, on, span, spans, texts


def starts(
    stretches: str,
    *,
    length: int = 30,
    step: int | None = None,
    offset: int = 0,
    optimized: bool = False,
    in_zone: str = "UTC",
    window: Range | None = None,
) -> str:
    """Return the starts that stretches of the Monday offer."""
    grid = Grid(length=length, step=step or length, offset_start=offset, optimized=optimized, zone=zone(in_zone))
    return texts(grid.starts(spans(stretches), window or on("2050-09-05")))


class TestUnit:
    """The unit is the largest of 60, 30, 20, 15, 10 and 5 minutes that divides the step, else one minute."""

    @pytest.mark.parametrize(
        ("step", "unit"),
        [(60, 60), (120, 60), (30, 30), (90, 30), (20, 20), (40, 20), (15, 15), (45, 15), (75, 15), (10, 10), (50, 10),
         (5, 5), (25, 5), (55, 5), (7, 1), (33, 1), (1, 1), (1_440, 60)],
    )  # fmt: skip
    def test_the_unit_comes_from_the_step(self, step: int, unit: int) -> None:
        assert Grid(length=30, step=step, offset_start=0, optimized=False, zone=zone("UTC")).unit == unit

    @pytest.mark.parametrize(
        ("step", "first"),
        [(60, "10:00"), (30, "09:30"), (20, "09:20"), (15, "09:15"), (10, "09:10"), (5, "09:05"), (7, "09:02")],
    )
    def test_the_first_start_is_the_beginning_rounded_up_to_the_unit(self, step: int, first: str) -> None:
        assert starts("09:02-12:00", step=step).split()[0] == first


class TestSteps:
    """From the first start on, there is one every step while the slot fits."""

    @pytest.mark.parametrize(
        ("stretch", "length", "step", "expected"),
        [
            pytest.param("09:00-11:00", 30, None, "09:00 09:30 10:00 10:30", id="the step is the length"),
            pytest.param("09:00-11:00", 60, 30, "09:00 09:30 10:00", id="unless the type has an interval"),
            pytest.param("09:00-11:00", 30, 60, "09:00 10:00", id="which may be longer"),
            pytest.param("09:00-10:29", 30, None, "09:00 09:30", id="what does not fit is not offered"),
            pytest.param("09:00-09:29", 30, None, "", id="too short a stretch"),
            pytest.param("09:10-10:00", 45, None, "09:15", id="rounded, it just fits"),
            pytest.param("09:10-09:55", 45, None, "", id="the stretch is long enough, the rounding leaves too little"),
        ],
    )
    def test_a_start_every_step(self, stretch: str, length: int, step: int | None, expected: str) -> None:
        assert starts(stretch, length=length, step=step) == expected

    def test_a_slot_never_runs_out_of_its_stretch_not_by_a_second(self) -> None:
        assert starts("09:00-10:00") == "09:00 09:30"
        assert starts("09:00-09:59:59") == "09:00"


class TestWindow:
    """Stretches are cut to the window first."""

    def test_a_slot_may_end_a_second_after_the_window(self) -> None:
        assert starts("23:00-24:00", window=span("00:00-23:59:59")) == "23:00 23:30"
        assert starts("23:00-24:00", window=span("00:00-23:59:58")) == "23:00"

    @pytest.mark.parametrize(
        ("window", "expected"),
        [
            ("09:00-10:00", "09:00 09:30"),
            ("09:00-09:59:59", "09:00 09:30"),
            ("09:00-09:59:58", "09:00"),
            ("09:10-10:15", "09:30"),
            ("10:00-10:00", ""),
            ("12:00-13:00", ""),
        ],
    )
    def test_nothing_starts_before_the_window_or_ends_more_than_a_second_after(
        self, window: str, expected: str
    ) -> None:
        assert starts("08:00-12:00", window=span(window)) == expected

    def test_the_cut_is_where_the_grid_begins(self) -> None:
        assert starts("08:00-12:00", length=45, window=span("09:00-12:00")) == "09:00 09:45 10:30 11:15"
        assert starts("08:00-12:00", length=45, window=span("08:00-12:00")) == "08:00 08:45 09:30 10:15 11:00"


class TestSeconds:
    """Seconds of a beginning are cut off, but nothing is listed before the true beginning."""

    def test_a_whole_unit_that_is_seconds_early_is_not_listed(self) -> None:
        assert starts("09:00:01-11:00") == "09:30 10:00 10:30"
        assert starts("08:59:59-10:00") == "09:00 09:30"

    def test_a_start_that_is_not_listed_is_given_all_the_same(self) -> None:
        """Another host's stretch goes on from it, as it would from any start."""
        assert starts("09:00:10-11:00 09:10-11:00", length=45) == "09:45"
        assert starts("09:10-11:00", length=45) == "09:15 10:00"

    def test_a_start_too_early_for_one_stretch_may_be_listed_for_another(self) -> None:
        assert starts("09:00-09:30 09:00:10-10:00") == "09:00 09:30"


class TestSeveralStretches:
    """A stretch that begins less than a step after a start goes on from that start."""

    @pytest.mark.parametrize(
        ("stretches", "expected"),
        [
            pytest.param("09:00-09:45 09:30-11:00", "09:00 09:45", id="on from the start before"),
            pytest.param("09:00-09:40 10:20-12:00", "10:30 11:15", id="a step or more after it: anew"),
            pytest.param("09:00-11:00 09:00-11:00", "09:00 09:45", id="a start is given once"),
            pytest.param("09:00-11:00 09:15-11:30", "09:00 09:45 10:30", id="overlapping stretches share a grid"),
            pytest.param("09:00-10:00 09:45-12:00", "09:00 09:45 10:30 11:15", id="exactly a step after: its own"),
            pytest.param("09:00-12:00 09:10-10:35", "09:00 09:45 10:30 11:15", id="the shorter adds nothing"),
        ],
    )
    def test_stretches_of_45_minute_slots(self, stretches: str, expected: str) -> None:
        assert starts(stretches, length=45) == expected

    def test_the_last_start_before_it_is_the_one_to_go_on_from(self) -> None:
        assert starts("09:00-12:00 10:10-11:40", length=30, step=50) == "09:00 09:50 10:40 11:30"

    def test_breaks_shorter_than_the_step_do_not_start_the_grid_anew(self) -> None:
        assert starts("09:00-09:20 09:30-11:00", length=15, step=45) == "09:00 09:45 10:30"

    def test_starts_are_in_order_of_time_when_a_later_stretch_has_the_earlier_start(self) -> None:
        assert starts("09:02-12:00 09:03-11:03", length=60, optimized=True) == "09:03 10:00 10:03 11:00"


class TestOffset:
    """`offsetStart` moves the first start of a stretch; the step stays the step."""

    @pytest.mark.parametrize(
        ("stretches", "expected"),
        [
            pytest.param("09:00-12:00", "09:10 10:10", id="each start is as late as the first"),
            pytest.param("09:20-12:00", "10:10", id="added after rounding"),
            pytest.param("09:00-10:10 10:30-13:00", "09:10 11:10", id="once for a stretch of its own"),
        ],
    )
    def test_an_offset_of_ten_minutes_on_hours(self, stretches: str, expected: str) -> None:
        assert starts(stretches, length=60, offset=10) == expected

    def test_a_stretch_that_goes_on_from_a_start_is_not_moved_again(self) -> None:
        assert starts("09:00-09:40 09:10-11:00", length=30, step=45, offset=5) == "09:05 09:50"


class TestEventZone:
    """The hour is that of the event zone."""

    @pytest.mark.parametrize(
        ("in_zone", "expected"),
        [
            pytest.param("UTC", "10:00 11:00", id="whole hours"),
            pytest.param("Asia/Kathmandu", "09:15 10:15", id="three quarters off"),
            pytest.param("Australia/Lord_Howe", "09:30 10:30", id="half an hour off in winter"),
            pytest.param("Asia/Kolkata", "09:30 10:30", id="half an hour off"),
        ],
    )
    def test_beginnings_are_rounded_to_whole_hours_there(self, in_zone: str, expected: str) -> None:
        assert starts("09:10-12:00", length=60, in_zone=in_zone) == expected

    def test_lord_howe_has_whole_hours_in_summer(self) -> None:
        grid = Grid(length=60, step=60, offset_start=0, optimized=False, zone=zone("Australia/Lord_Howe"))
        stretch = at("2050-12-05T09:10Z"), at("2050-12-05T11:00Z")
        assert grid.starts([stretch], on("2050-12-05")) == [at("2050-12-05T10:00Z")]


class TestOptimized:
    """`showOptimizedSlots` rounds a beginning as far as minutes are to spare, and no further."""

    @pytest.mark.parametrize(
        ("stretch", "expected"),
        [
            pytest.param("09:10-11:00", "10:00", id="50 to spare: the next hour"),
            pytest.param("09:10-10:59", "09:15", id="49: the next quarter"),
            pytest.param("09:10-10:15", "09:15", id="5: the next quarter, just"),
            pytest.param("09:10-10:14", "09:10", id="4: as it is"),
            pytest.param("09:16-10:20", "09:20", id="4: the next five minutes"),
            pytest.param("09:15-10:30", "09:30", id="15, from a quarter: the quarter after"),
            pytest.param("09:15-10:25", "09:20", id="10, from a quarter: five minutes on"),
            pytest.param("09:15-10:15", "09:15", id="none"),
            pytest.param("09:05-11:04", "10:00", id="59 of two hours: the next hour"),
            pytest.param("09:10-11:15", "09:15 10:15", id="5 of two hours: the next quarter"),
            pytest.param("09:00-10:50", "09:00", id="on the hour there is nothing to round"),
            pytest.param("09:10-10:10", "09:10", id="an hour that would be lost by rounding"),
        ],
    )
    def test_the_beginning_of_hour_slots(self, stretch: str, expected: str) -> None:
        assert starts(stretch, length=60, optimized=True) == expected

    def test_minutes_to_spare_are_counted_to_the_end_of_the_window(self) -> None:
        assert starts("09:10-12:00", length=60, optimized=True) == "10:00 11:00"
        assert starts("09:10-12:00", length=60, optimized=True, window=span("00:00-11:10")) == "09:10 10:10"

    def test_minutes_are_those_of_the_event_zone(self) -> None:
        assert starts("09:10-10:20", length=60, optimized=True, in_zone="Asia/Kathmandu") == "09:15"


@given(
    stretches=st.lists(st.tuples(st.integers(0, 4 * 3_600), st.integers(0, 150)), max_size=3),
    step=st.sampled_from([5, 7, 15, 30, 45, 60, 75, 90]),
    length=st.sampled_from([15, 30, 45]),
    offset=st.sampled_from([0, 0, 5, 15, 70]),
    optimized=st.booleans(),
    in_zone=st.sampled_from(["UTC", "Asia/Kathmandu", "Australia/Lord_Howe"]),
)
def test_any_stretches_offer_what_a_slow_reading_of_the_rule_offers(
    stretches: list[tuple[int, int]], step: int, length: int, offset: int, in_zone: str, *, optimized: bool
) -> None:
    grid = Grid(length=length, step=step, offset_start=offset, optimized=optimized, zone=zone(in_zone))
    ranges = sorted(
        (at("00:00") + start * SECOND, at("00:00") + start * SECOND + minutes * MINUTE) for start, minutes in stretches
    )
    window = at("00:00:01"), at("05:00")
    assert grid.starts(ranges, window) == oracle.grid_starts(grid, ranges, window)
