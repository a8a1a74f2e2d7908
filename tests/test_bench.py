"""The benchmarks ask what they say they ask. How long anything takes is no test's business."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import click
import pytest
from click.testing import CliRunner, Result

from app.storage.embedded import EmbeddedUrls
from app.storage.postgres.migrate import migrate
from app.storage.world_files.checks import KnownIds, problems
from app.storage.world_files.format import World as LoadedWorld
from scripts.benchmarks.__main__ import main
from scripts.benchmarks.http.floor import STEPS
from scripts.benchmarks.http.picture import picture
from scripts.benchmarks.http.requests import ask, reservations
from scripts.benchmarks.http.world import BUSY, QUIET, TEAM_EVENT_TYPE, World
from scripts.benchmarks.http.wrk import Load
from scripts.benchmarks.streams import Reader, Write
from scripts.races.servers import Pod, Pods, free_ports
from tests.engines import new_database

SIZES = ["--days", "7", "--days", "1", "--hosts", "2", "--hosts", "1", "--bookings", "3", "--bookings", "0"]


def bench_domain(*options: str) -> Result:
    return CliRunner().invoke(main, ["domain", "--rounds", "1", *options])


@pytest.fixture(scope="module")
def figures() -> list[dict[str, Any]]:
    result = bench_domain(*SIZES, "--json")
    assert result.exit_code == 0, result.output
    return list(json.loads(result.stdout))


def asked(figures: list[dict[str, Any]], kind: str) -> list[tuple[int, int, int, int]]:
    """Return days, hosts, bookings and the number of slots of each question of a kind."""
    return [(one["days"], one["hosts"], one["bookings"], one["slots"]) for one in figures if one["kind"] == kind]


def test_one_host_is_asked_about_each_number_of_days(figures: list[dict[str, Any]]) -> None:
    # Eight hours a day, half an hour each: on a Monday, and on the five working days of a week.
    assert asked(figures, "one host") == [(1, 1, 0, 16), (7, 1, 0, 80)]


def test_round_robin_is_asked_about_each_size(figures: list[dict[str, Any]]) -> None:
    # The second host, in London, begins and ends an hour later: nine hours on each of twenty days. With two hosts one
    # is free wherever the other one is booked here.
    by_days = [(1, 1, 0, 16), (7, 1, 0, 80)]
    by_size = [(28, 1, 0, 320), (28, 1, 3, 317), (28, 2, 0, 360), (28, 2, 3, 360)]
    assert asked(figures, "round robin") == by_days + by_size


def test_collective_is_asked_about_each_size(figures: list[dict[str, Any]]) -> None:
    # Seven hours in common; whoever is booked, the slot is gone.
    assert asked(figures, "collective") == [(28, 1, 0, 320), (28, 1, 3, 317), (28, 2, 0, 280), (28, 2, 3, 277)]


def test_every_figure_was_measured(figures: list[dict[str, Any]]) -> None:
    assert all(one["compute_ms"] > 0 and one["render_ms"] > 0 and one["bytes"] > 0 for one in figures)


def test_the_tables_show_sizes_slots_and_growth() -> None:
    result = bench_domain("--days", "7", "--days", "31", "--hosts", "1", "--hosts", "3", "--bookings", "0")
    assert result.exit_code == 0, result.output
    assert re.search(r"^ +7 +80 +3,464 ", result.stdout, re.MULTILINE)
    assert re.search(
        r"^ +31 +368 .* under 0\.5: (met|missed) +x4\.4 days -> x[\d.]+ time$", result.stdout, re.MULTILINE
    )
    assert re.search(r"^ +3 +0 +\d+ .* x3\.0 hosts -> x[\d.]+ time$", result.stdout, re.MULTILINE)


def test_more_bookings_than_fit_are_refused() -> None:
    result = bench_domain("--hosts", "2", "--bookings", "401")
    assert result.exit_code == 2
    assert "a host has time for 200 bookings" in result.output


# Holds ---------------------------------------------------------------------------------------------------------------


def test_claims_are_timed_with_each_number_of_live_holds() -> None:
    result = CliRunner().invoke(main, ["holds", "--live", "5", "--live", "0", "--claims", "4", "--at-once", "2"])
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.output.splitlines()[-2:]]
    # Without live holds nothing is refused, and no memory is used.
    assert [(row[0], len(row)) for row in rows] == [("0", 4), ("5", 9)]


# HTTP ----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> World:
    return World(strangers=2, first_day=date(2030, 9, 3))


def test_the_world_under_load_makes_sense(world: World) -> None:
    file = LoadedWorld.model_validate(world.file())
    assert problems(file, KnownIds()) == []
    assert {event_type.id for event_type in file.event_types} >= {QUIET, BUSY, TEAM_EVENT_TYPE, *world.stranger_ids}
    assert len(next(event_type for event_type in file.event_types if event_type.id == TEAM_EVENT_TYPE).hosts) == 100


def test_no_slot_is_reserved_twice_and_no_client_reserves_two() -> None:
    wanted = reservations(range(1, 301), ["2030-09-03T09:00:00.000+02:00", "2030-09-03T10:00:00.000+02:00"])
    assert len({request.body for request in wanted}) == len({request.client for request in wanted}) == 600
    # Neighbours, which are asked for at the same time, are of different hosts.
    assert all(one.body.split(",")[0] != other.body.split(",")[0] for one, other in pairwise(wanted))


def test_without_the_load_generator_it_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    result = CliRunner().invoke(main, ["http"])
    assert result.exit_code == 1
    assert "apt-get install wrk" in result.output


@pytest.fixture
async def urls(servers: EmbeddedUrls) -> dict[str, str]:
    """Where a database with the schema is, and the store of holds."""
    assert servers.redis_url
    database_url = await new_database(servers, "bench_tests")
    await migrate(database_url, timeout_s=30)
    return {"DATABASE_URL": database_url, "REDIS_URL": servers.redis_url}


@pytest.mark.usefixtures("valkey")
def test_the_floor_keeps_a_slot_once_whichever_way_it_is_asked(urls: dict[str, str], tmp_path: Path) -> None:
    [port] = free_ports(1)
    floors = Pods(tmp_path)
    command = [sys.executable, "-m", "scripts.benchmarks.http.floor", "--port", str(port)]
    floors.all.append(Pod(command, port, tmp_path / "floor.log", {**os.environ, **urls}))
    try:
        floors.all[0].start()
        floors.wait_until_ready()
        for under in ("", STEPS):
            # Two clients want the same slot.
            [one] = reservations(range(77, 78), ["2030-09-03T09:00:00.000+02:00"], under=under)
            assert b'"reservationUid"' in ask(floors.all[0].url, one)
            with pytest.raises(click.ClickException, match="422"):
                ask(floors.all[0].url, replace(one, client="10.9.9.9"))
    finally:
        floors.end()


def test_latency_is_drawn_for_each_server() -> None:
    load = Load(answers=1, per_s=1, p50_ms=0.5, p99_ms=20, good=1, bytes=100)
    drawn = fromstring(picture({"floor": {1: load, 8: load}, "listing": {1: load, 8: load}}))  # noqa: S314 - drawn by ourselves
    lines = drawn.findall("{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 4
    labels = [label.text for label in drawn.findall("{http://www.w3.org/2000/svg}text")]
    assert {"0.1 ms", "100 ms", "1", "8", "floor, p50", "listing, p99"} <= set(labels)


# Memory --------------------------------------------------------------------------------------------------------------


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    """Run a benchmark as `scripts/bench` does, in a process that it may change."""
    command = [sys.executable, "-m", "scripts.benchmarks", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def test_memory_is_watched_while_event_types_are_listed() -> None:
    done = bench("memory", "--event-types", "30", "--asked", "20")
    assert done.returncode == 0, done.stderr
    asked = [line.split()[0] for line in done.stdout.splitlines()[1:]]
    assert asked == [str(number) for number in range(0, 21, 2)]


# Streams -------------------------------------------------------------------------------------------------------------


def test_streams_are_opened_and_told_of_writes() -> None:
    done = bench("streams", "--streams", "6", "--event-types", "2", "--writes", "4", "--per-s", "20")
    assert done.returncode == 0, done.stderr
    # Three streams of each event type, and of each one a reservation and a booking.
    assert re.search(r"^reservation +6 ", done.stdout, re.MULTILINE)
    assert re.search(r"^ +booking +6 ", done.stdout, re.MULTILINE)


async def test_a_start_counts_as_told_when_a_whole_event_is_without_it() -> None:
    write = Write("booking", "2030-09-03T09:00:00.000Z")
    reader = Reader({write})
    reader.data_received(b"HTTP/1.1 200 OK\r\n\r\n5\r\nretry: 1\n\n\r\n")
    assert not reader.begun.done()
    reader.data_received(b'40\r\nevent: slots\nid: a\ndata: [{"start":"2030-09-03T09:00:00.000Z"}]\n\n\r\n')
    assert reader.begun.done()
    reader.data_received(b"20\r\nevent: slots\nid: b\nda")
    assert write.seen == []
    reader.data_received(b"ta: []\n\n\r\n")
    reader.data_received(b"20\r\nevent: slots\nid: c\ndata: []\n\n\r\n")
    assert len(write.seen) == 1
