"""Reading iCalendar: which time events take, however calendars write it."""

from datetime import UTC, datetime

import pytest

from app.delivery.ics import told_of
from app.domain.schedule import zone
from app.domain.time_ranges import DAY
from app.fields import instant_from
from app.services.calendar_feeds import MOST_BUSY_TIMES
from tests.feeds import at, calendar, event

MONDAY = "20500905"
START = instant_from(datetime(2050, 9, 4, tzinfo=UTC))
AROUND = START, START + 30 * DAY


def read(text: str, owners: str = "Europe/Rome") -> dict[str, object]:
    return dict(told_of(text.encode(), zone(owners), AROUND))


def busy(text: str, owners: str = "Europe/Rome") -> list[str]:
    """The times that a feed takes, in UTC: 05 07:00-08:00."""
    told = told_of(text.encode(), zone(owners), AROUND)
    assert "fault" not in told, told
    return [f"{_text(start, '%d %H:%M')}-{_text(end, '%H:%M')}" for start, end in told["busy"]]


def _text(instant: int, how: str) -> str:
    return datetime.fromtimestamp(instant / 1_000, UTC).strftime(how)


def test_an_event_takes_its_time_whatever_clock_it_is_written_by() -> None:
    assert busy(calendar(event(*at(MONDAY, "0900", "1000")))) == ["05 07:00-08:00"]
    assert busy(calendar(event("DTSTART:20500905T070000Z", "DURATION:PT1H"))) == ["05 07:00-08:00"]
    assert busy(calendar(event(*at(MONDAY, "0900", "1000", "W. Europe Standard Time")))) == ["05 07:00-08:00"]


FLOATING = event("DTSTART:20500905T090000", "DTEND:20500905T100000")
ALL_DAY = event("DTSTART;VALUE=DATE:20500905", "DTEND;VALUE=DATE:20500907")


@pytest.mark.parametrize(
    ("component", "head", "expected"),
    [
        (FLOATING, "X-A:b", "05 07:00-08:00"),
        (FLOATING, "X-WR-TIMEZONE:America/New_York", "05 13:00-14:00"),
        (FLOATING, "X-WR-TIMEZONE:Nowhere", "05 07:00-08:00"),
        (event(*at(MONDAY, "0900", "1000", "My Own Zone")), "X-A:b", "05 07:00-08:00"),
        (ALL_DAY, "X-A:b", "04 22:00-22:00"),
        (ALL_DAY, "X-WR-TIMEZONE:America/New_York", "05 04:00-04:00"),
        (FLOATING, "X-WR-TIMEZONE:america/new_york", "05 13:00-14:00"),
        (event("DTSTART;VALUE=DATE:20500905"), "X-A:b", "04 22:00-22:00"),
        (event("DTSTART;VALUE=DATE:20500905", "DTEND;VALUE=DATE:20500905"), "X-A:b", "04 22:00-22:00"),
        (event("DTSTART;VALUE=DATE:20500905", "DTEND;VALUE=DATE:20500904"), "X-A:b", "04 22:00-22:00"),
        (event("DTSTART;VALUE=DATE:20500905", "DURATION:P0D"), "X-A:b", "04 22:00-22:00"),
        (event("DTSTART;VALUE=DATE:20500905", "DTEND:20500905T070000Z", "DURATION:P0D"), "X-A:b", "05 00:00-07:00"),
    ],
)
def test_what_names_no_zone_is_in_the_feeds_or_else_its_owners(component: str, head: str, expected: str) -> None:
    assert busy(calendar(component, head=head)) == [expected]


@pytest.mark.parametrize(
    "line",
    ["TRANSP:TRANSPARENT", "transp:transparent", "STATUS:CANCELLED"],
)
def test_transparent_and_cancelled_events_take_no_time(line: str) -> None:
    assert busy(calendar(event(*at(MONDAY, "0900", "1000"), line))) == []


@pytest.mark.parametrize("line", ["TRANSP:OPAQUE", "STATUS:TENTATIVE", "STATUS:CONFIRMED"])
def test_others_do(line: str) -> None:
    assert busy(calendar(event(*at(MONDAY, "0900", "1000"), line))) == ["05 07:00-08:00"]


def test_an_event_of_no_length_takes_no_time() -> None:
    assert busy(calendar(event("DTSTART:20500905T070000Z"))) == []


def test_a_recurring_event_takes_the_time_of_each_instance_but_of_its_exceptions() -> None:
    daily = event(*at(MONDAY, "0900", "1000"), "RRULE:FREQ=DAILY;COUNT=5", "EXDATE;TZID=Europe/Rome:20500906T090000")
    moved = event("RECURRENCE-ID;TZID=Europe/Rome:20500907T090000", *at("20500907", "1500", "1600"))
    dropped = event(
        "RECURRENCE-ID;TZID=Europe/Rome:20500908T090000", *at("20500908", "0900", "1000"), "STATUS:CANCELLED"
    )
    assert busy(calendar(daily, moved, dropped)) == ["05 07:00-08:00", "07 13:00-14:00", "09 07:00-08:00"]


NINE, ELEVEN = at(MONDAY, "0900", "1000"), at(MONDAY, "1100", "1200")
WEEKLY = *NINE, "RRULE:FREQ=WEEKLY;COUNT=2"
SECOND_MOVED = event("RECURRENCE-ID;TZID=Europe/Rome:20500912T090000", *at("20500912", "1500", "1600"))


@pytest.mark.parametrize("uid", ["1", ""])
def test_events_that_share_a_uid_take_the_time_of_each(uid: str) -> None:
    """The library would keep one of them, and the others' time be offered."""
    assert busy(calendar(event(*NINE, uid=uid), event(*ELEVEN, uid=uid))) == ["05 07:00-08:00", "05 09:00-10:00"]


@pytest.mark.parametrize("order", [1, -1])
def test_exceptions_belong_to_the_one_of_them_that_recurs(order: int) -> None:
    events = [event(*WEEKLY), event(*ELEVEN)][::order]
    assert busy(calendar(*events, SECOND_MOVED)) == ["05 07:00-08:00", "05 09:00-10:00", "12 13:00-14:00"]


def test_a_later_revision_of_an_event_takes_the_place_of_the_earlier_ones() -> None:
    first = event(*NINE), event(*at(MONDAY, "1300", "1400"))
    assert busy(calendar(*first, event(*ELEVEN, "SEQUENCE:2"))) == ["05 09:00-10:00"]
    assert busy(calendar(event(*NINE), event(*ELEVEN, "SEQUENCE:0"))) == ["05 07:00-08:00", "05 09:00-10:00"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("DTSTART:20500905T070000Z", "DTEND:99991231T235959Z"), "05 07:00"),
        (("DTSTART:20500905T070000Z", "DURATION:P9999999D"), "05 07:00"),
        (("DTSTART;VALUE=DATE:20500905", "DURATION:P9999999D"), "04 22:00"),
        (("DTSTART;TZID=America/New_York:20500905T030000", "DTEND;TZID=America/New_York:99991231T235959"), "05 07:00"),
        (("DTSTART:20500905T090000", "DTEND:99991231T235959"), "05 07:00"),
        (("DTSTART;VALUE=DATE:20500905", "DTEND;VALUE=DATE:99991231"), "04 22:00"),
        (("DTSTART;VALUE=DATE:20500905", "DTEND;VALUE=DATE:99991231", "RRULE:FREQ=YEARLY"), "04 22:00"),
        (("DTSTART:20500905T070000Z", "DURATION:P9999999D", "RRULE:FREQ=YEARLY"), "05 07:00"),
    ],
)
def test_an_event_without_end_goes_on_beyond_the_horizon(lines: tuple[str, ...], expected: str) -> None:
    told = read(calendar(event(*lines)))
    assert isinstance(told["busy"], list)
    assert (_text(told["busy"][0][0], "%d %H:%M"), told["busy"][0][1] > AROUND[1]) == (expected, True)


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART:00010101T000000Z", "DTEND:20500905T070000Z"),
        ("DTSTART:00010101T000000", "DTEND:20500905T090000"),
        ("DTSTART;TZID=Asia/Tokyo:00010101T000000", "DTEND;TZID=Asia/Tokyo:20500905T160000"),
    ],
)
def test_an_event_without_beginning_goes_on_until_its_end(lines: tuple[str, ...]) -> None:
    told = read(calendar(event(*lines)))
    assert isinstance(told["busy"], list)
    assert (told["busy"][0][0] < AROUND[0], _text(told["busy"][0][1], "%d %H:%M")) == (True, "05 07:00")


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART:00010101T000000Z", "DTEND:00010102T000000Z"),
        ("DTSTART;VALUE=DATE:99991230", "DTEND;VALUE=DATE:99991231"),
        ("DTSTART;VALUE=DATE:99991231",),
    ],
)
def test_events_at_the_ends_of_time_take_none_of_ours(lines: tuple[str, ...]) -> None:
    assert busy(calendar(event(*lines))) == []


def test_a_yearly_event_may_have_begun_in_any_year() -> None:
    for year in ("0001", "1604"):
        birthday = event(f"DTSTART;VALUE=DATE:{year}0905", "RRULE:FREQ=YEARLY")
        assert busy(calendar(birthday)) == ["04 22:00-22:00"]


def test_a_series_that_was_moved_long_ago_stays_moved() -> None:
    weekly = event(*at("20390103", "0900", "1000"), "RRULE:FREQ=WEEKLY;BYDAY=MO")
    moved = event("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Rome:20400102T090000", *at("20400102", "1100", "1200"))
    assert busy(calendar(weekly, moved))[0] == "05 09:00-10:00"


def test_instances_keep_their_wall_clock_time_when_clocks_change() -> None:
    weekly = event(*at("20490104", "0900", "1000"), "RRULE:FREQ=WEEKLY;BYDAY=MO")
    assert busy(calendar(weekly)) == [f"{day} 07:00-08:00" for day in ("05", "12", "19", "26", "03")]


def test_what_lies_outside_the_horizon_is_left_out_but_not_what_reaches_into_it() -> None:
    outside = event(*at("20490905", "0900", "1000")), event(*at("20510905", "0900", "1000"), uid="2")
    across = event("DTSTART:20500901T000000Z", "DTEND:20500904T120000Z", uid="3")
    assert busy(calendar(*outside, across)) == ["01 00:00-12:00"]


def test_published_free_and_busy_times_are_read_too() -> None:
    published = (
        "BEGIN:VFREEBUSY\r\n"
        "FREEBUSY;FBTYPE=BUSY-TENTATIVE:20500905T070000Z/PT1H,20500906T070000Z/20500906T080000Z\r\n"
        "FREEBUSY;FBTYPE=FREE:20500907T070000Z/PT1H\r\n"
        "FREEBUSY:20500908T070000Z/PT1H\r\n"
        "END:VFREEBUSY\r\n"
    )
    assert busy(calendar(published)) == ["05 07:00-08:00", "06 07:00-08:00", "08 07:00-08:00"]


def test_a_calendar_without_events_is_one() -> None:
    assert read(calendar()) == {"name": "Work", "busy": []}
    assert read("\ufeff" + calendar(head="X-A:b")) == {"name": None, "busy": []}
    assert busy(calendar(event(*at(MONDAY, "0900", "1000"))) + calendar(event(*at(MONDAY, "1000", "1100")))) == [
        "05 07:00-08:00",
        "05 08:00-09:00",
    ]


def test_text_that_looks_like_the_beginning_of_a_calendar_is_none() -> None:
    """Whoever invites somebody may write it."""
    lines = "DESCRIPTION:BEGIN:VCALENDAR", "COMMENT:Hello\r\n BEGIN:VCALENDAR"
    assert busy(calendar(event(*NINE, *lines))) == ["05 07:00-08:00"]


WHOLE = calendar(event(*at(MONDAY, "0900", "1000")))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "<html><body>Sign in</body></html>",
        "BEGIN:VEVENT\r\nEND:VEVENT\r\n",
        WHOLE.removesuffix("END:VCALENDAR\r\n"),
        WHOLE[:100],
        WHOLE + WHOLE[:100],
        WHOLE + WHOLE[:100].lower().replace("\r\n", " \n"),
        calendar(event("SUMMARY:whenever")),
        calendar(event("DTSTART:soon")),
        calendar(event(*at(MONDAY, "0900", "1000"), "RRULE:FREQ=SOMETIMES")),
        "\0" * 100,
    ],
)
def test_what_is_no_calendar_or_not_whole_or_not_to_be_understood_is_refused(text: str) -> None:
    """Were it read as far as it goes, a time that is taken might be offered."""
    assert read(text) == {"fault": "notACalendar"}


def test_more_busy_times_than_are_kept_are_refused() -> None:
    often = event("DTSTART:20500905T000000Z", "DURATION:PT1M", f"RRULE:FREQ=MINUTELY;COUNT={MOST_BUSY_TIMES}")
    assert len(busy(calendar(often))) == MOST_BUSY_TIMES
    assert read(calendar(often, event(*at("20500920", "0900", "1000"), uid="2"))) == {"fault": "tooMuch"}
