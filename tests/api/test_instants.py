"""Instants as text, in the zone of whoever asks."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from app.api.instants import Writer
from app.domain.answer import by_day
from app.domain.schedule import zone
from app.domain.time_ranges import MINUTE
from tests.domain.builders import at


@pytest.mark.parametrize(
    ("name", "around"),
    [
        ("Europe/Rome", "2050-03-27T01:00Z"),
        ("Europe/Rome", "2050-10-30T01:00Z"),
        ("Australia/Lord_Howe", "2024-04-06T15:00Z"),
        # By their clocks a day begins, and a minute later it is the one before again.
        ("America/St_Johns", "2010-11-07T02:30Z"),
        # They skipped a day.
        ("Pacific/Apia", "2011-12-30T10:00Z"),
        ("Asia/Kathmandu", "2050-09-05T12:00Z"),
    ],
)
@pytest.mark.parametrize("seconds", [0, 1])
def test_a_day_of_starts_is_written_as_clocks_show_them(name: str, around: str, seconds: int) -> None:
    first = at(around) - 36 * 60 * MINUTE
    starts = [first + quarter * 15 * MINUTE + quarter % 3 * seconds * 1_001 for quarter in range(72 * 4)]
    written = [
        text
        for day, own in by_day(starts, zone(name), only_first=False).items()
        for text in Writer(zone(name)).texts(day, own)
    ]
    assert sorted(written, key=datetime.fromisoformat) == [
        datetime.fromtimestamp(start / 1_000, ZoneInfo(name)).isoformat(timespec="milliseconds") for start in starts
    ]
