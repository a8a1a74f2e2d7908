"""Fetching calendar feeds: in bounded time and size, and from public addresses alone unless told otherwise."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from app.delivery.feed_reader import HttpFeedReader
from app.domain.calendar_feed import FeedFault, FeedProblem
from app.domain.schedule import zone
from app.domain.time_ranges import DAY
from app.fields import instant_from
from app.services.calendar_feeds import FeedUnreadableError, Reading
from tests.feeds import FeedServer, at, calendar, event, serving_feeds

START = instant_from(datetime(2050, 9, 5, tzinfo=UTC))
AROUND = START, START + DAY
MINUTE = 60_000
TEXT = calendar(event(*at("20500905", "0900", "1000")))
READ = Reading("Work", [(START + 7 * 60 * MINUTE, START + 8 * 60 * MINUTE)])


@pytest.fixture
async def feeds() -> AsyncIterator[FeedServer]:
    async with serving_feeds() as started:
        yield started


async def read(url: str, reader: HttpFeedReader | None = None) -> Reading | FeedProblem:
    try:
        return await (reader or HttpFeedReader(private_addresses=True)).read(url, zone("Europe/Rome"), AROUND)
    except FeedUnreadableError as error:
        return error.problem


async def test_a_feed_is_read(feeds: FeedServer) -> None:
    assert await read(feeds.give(TEXT)) == READ


async def test_a_few_redirects_are_followed(feeds: FeedServer) -> None:
    feeds.give(TEXT, "/3")
    feeds.redirects = {"/1": "/2", "/2": feeds.url("/3"), "/again": "/again"}
    assert await read(feeds.url("/1")) == READ
    assert await read(feeds.url("/again")) == FeedProblem(FeedFault.TOO_MANY_REDIRECTS)
    assert len(feeds.asked) <= 3 + 4


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1"])
async def test_the_own_network_is_not_connected_to(feeds: FeedServer, host: str) -> None:
    feeds.give(TEXT)
    problem = await read(f"http://{host}:{feeds.port}/work.ics", HttpFeedReader(private_addresses=False))
    assert isinstance(problem, FeedProblem)
    assert problem.fault in (FeedFault.PRIVATE_ADDRESS, FeedFault.UNREACHABLE)
    assert feeds.asked == []


async def test_what_is_not_there(feeds: FeedServer) -> None:
    assert await read(feeds.url("/other")) == FeedProblem(FeedFault.BAD_STATUS, 404)
    assert await read("http://127.0.0.1:1/") == FeedProblem(FeedFault.UNREACHABLE)
    feeds.redirects = {"/file": "file:///etc/passwd"}
    assert await read(feeds.url("/file")) == FeedProblem(FeedFault.UNREACHABLE)


async def test_a_feed_that_never_answers_costs_so_long_and_no_longer(feeds: FeedServer) -> None:
    feeds.silent = True
    began = time.monotonic()
    problem = await read(feeds.url(), HttpFeedReader(private_addresses=True, fetch_s=0.2))
    assert problem == FeedProblem(FeedFault.TOO_SLOW)
    assert time.monotonic() - began < 2


async def test_a_feed_that_is_too_large_is_not_read(feeds: FeedServer) -> None:
    reader = HttpFeedReader(private_addresses=True, largest_bytes=len(TEXT))
    assert await read(feeds.give(TEXT), reader) == READ
    assert await read(feeds.give(TEXT + " "), reader) == FeedProblem(FeedFault.TOO_LARGE)


async def test_a_recurrence_that_takes_hours_to_work_out_costs_so_long_and_no_longer(feeds: FeedServer) -> None:
    endless = event("DTSTART:19700101T000000Z", "DURATION:PT1S", "RRULE:FREQ=SECONDLY")
    began = time.monotonic()
    problem = await read(feeds.give(calendar(endless)), HttpFeedReader(private_addresses=True, work_s=0.5))
    assert problem == FeedProblem(FeedFault.TOO_MUCH)
    assert time.monotonic() - began < 3


async def test_what_is_no_calendar(feeds: FeedServer) -> None:
    assert await read(feeds.give("<html></html>")) == FeedProblem(FeedFault.NOT_A_CALENDAR)
