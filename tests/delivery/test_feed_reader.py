"""Fetching calendar feeds: in bounded time and size, and from public addresses alone unless told otherwise."""

import asyncio
import os
import re
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.delivery import ics
from app.delivery.feed_reader import HttpFeedReader, open_feed_reader
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


ENDLESS = calendar(event("DTSTART:19700101T000000Z", "DURATION:PT1S", "RRULE:FREQ=SECONDLY"))


@pytest.fixture
async def feeds() -> AsyncIterator[FeedServer]:
    async with serving_feeds() as started:
        yield started


async def read_by(reader: HttpFeedReader, url: str) -> Reading | FeedProblem:
    try:
        return await reader.read(url, zone("Europe/Rome"), AROUND)
    except FeedUnreadableError as error:
        return error.problem


async def read(url: str, *, private_addresses: bool = True, **bounds: Any) -> Reading | FeedProblem:
    async with open_feed_reader(private_addresses=private_addresses, **bounds) as reader:
        return await read_by(reader, url)


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
    problem = await read(f"http://{host}:{feeds.port}/work.ics", private_addresses=False)
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
    problem = await read(feeds.url(), fetch_s=0.2)
    assert problem == FeedProblem(FeedFault.TOO_SLOW)
    assert time.monotonic() - began < 2


async def test_a_feed_that_is_too_large_is_not_read(feeds: FeedServer) -> None:
    assert await read(feeds.give(TEXT), largest_bytes=len(TEXT)) == READ
    assert await read(feeds.give(TEXT + " "), largest_bytes=len(TEXT)) == FeedProblem(FeedFault.TOO_LARGE)


async def test_a_recurrence_that_takes_hours_to_work_out_costs_so_long_and_no_longer(feeds: FeedServer) -> None:
    began = time.monotonic()
    problem = await read(feeds.give(ENDLESS), work_s=0.5)
    assert problem == FeedProblem(FeedFault.TOO_MUCH)
    assert time.monotonic() - began < 3


async def test_what_is_no_calendar(feeds: FeedServer) -> None:
    assert await read(feeds.give("<html></html>")) == FeedProblem(FeedFault.NOT_A_CALENDAR)


# Turns ---------------------------------------------------------------------------------------------------------------


async def test_so_many_feeds_are_in_memory_at_once_and_the_others_wait_no_longer_than_they_may(
    feeds: FeedServer,
) -> None:
    feeds.silent = True
    async with open_feed_reader(private_addresses=True, fetch_s=60, patience_s=0.5) as reader, asyncio.timeout(10):
        reading = [asyncio.create_task(read_by(reader, feeds.url(f"/{number}"))) for number in range(12)]
        assert await asyncio.gather(*reading[8:]) == [FeedProblem(FeedFault.INTERNAL)] * 4
        await feeds.is_asked(8)
        assert not any(one.done() for one in reading[:8])
        for one in reading:
            one.cancel()
        await asyncio.wait(reading)
    assert len(feeds.asked) == 8


async def test_a_turn_is_given_back_whatever_came_of_it(feeds: FeedServer) -> None:
    feeds.give(TEXT)
    async with open_feed_reader(private_addresses=True, work_s=0.2, patience_s=15) as reader:
        endless = [feeds.give(ENDLESS, f"/{number}") for number in range(5)]
        assert await asyncio.gather(*(read_by(reader, url) for url in [*endless, feeds.url("/gone")])) == [
            *[FeedProblem(FeedFault.TOO_MUCH)] * 5,
            FeedProblem(FeedFault.BAD_STATUS, 404),
        ]
        assert await asyncio.gather(*(read_by(reader, url) for url in endless)) == [FeedProblem(FeedFault.TOO_MUCH)] * 5


# The process ---------------------------------------------------------------------------------------------------------

COMMAND = sys.executable, "-m", ics.__name__, "Europe/Rome", *map(str, AROUND)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory cannot be bounded, nor bounds be looked at")
async def test_a_process_that_reads_a_feed_is_bounded_and_leaves_the_processor_to_others() -> None:
    process = await asyncio.create_subprocess_exec(*COMMAND, stdin=PIPE, stdout=PIPE)
    async with asyncio.timeout(10):
        while _bounds_of(process.pid) != (ics.NICENESS, ics.LONGEST_S, ics.LARGEST_BYTES):
            assert process.returncode is None
            await asyncio.sleep(0.01)
        written, _ = await process.communicate(TEXT.encode())
    assert b"fault" not in written


def _bounds_of(pid: int) -> tuple[int, ...]:
    """How nice a process is, and its bounds of time and memory, which nobody can lift; fewer while it has none."""
    lines = Path(f"/proc/{pid}/limits").read_text()
    limits = re.findall(r"^Max (?:cpu time|address space) +\S+ +(\d+)", lines, re.MULTILINE)
    return os.getpriority(os.PRIO_PROCESS, pid), *map(int, limits)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory cannot be bounded")
async def test_who_runs_the_service_may_have_bounded_it_more() -> None:
    bounded = 'ulimit -v 204800 && ulimit -t 3 && exec "$@"'
    process = await asyncio.create_subprocess_exec("/bin/sh", "-c", bounded, "sh", *COMMAND, stdin=PIPE, stdout=PIPE)
    written, _ = await process.communicate(TEXT.encode())
    assert b'"busy":[[' in written


def let_the_process_be(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a script of the shell be started in place of Python."""
    instead = folder / "instead"
    instead.write_text(f"#!/bin/sh\n{script}\n")
    instead.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(instead))


@pytest.mark.parametrize(
    ("script", "logged"),
    [
        ("echo no module named icalendar >&2; exit 1", "ended with 1: no module named icalendar"),
        ("kill -ABRT $$", "ended with -6"),
        ("yes | head -c 100000 >&2; exit 1", "ended with 1"),
    ],
)
async def test_a_process_that_fails_by_itself_is_no_fault_of_the_feed_and_logged(
    feeds: FeedServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    script: str,
    logged: str,
) -> None:
    let_the_process_be(script, tmp_path, monkeypatch)
    assert await read(feeds.give(TEXT)) == FeedProblem(FeedFault.INTERNAL)
    assert logged in caplog.text
    assert len(caplog.text) < 1_000


@pytest.mark.parametrize("killed_by", ["KILL", "XCPU"])
async def test_a_process_that_was_ended_by_its_bounds_had_too_much_to_do(
    feeds: FeedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, killed_by: str
) -> None:
    let_the_process_be(f"kill -{killed_by} $$", tmp_path, monkeypatch)
    assert await read(feeds.give(TEXT)) == FeedProblem(FeedFault.TOO_MUCH)


async def test_a_machine_that_starts_no_more_processes_is_no_fault_of_the_feed(
    feeds: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert await read(feeds.give(TEXT)) == FeedProblem(FeedFault.INTERNAL)


async def test_a_process_says_nothing_of_what_a_feed_holds() -> None:
    """Libraries warn of what they cannot read, in its own words, and what is said is logged."""
    told = "import app.delivery.ics as ics, sys; ics.told_of = lambda *_: sys.exit('a secret meeting'); ics.main()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", told, *COMMAND[3:], stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    assert await process.communicate(TEXT.encode()) == (b"", b"")
    assert process.returncode == 1
