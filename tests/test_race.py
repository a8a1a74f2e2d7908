"""`scripts/race` finds what is wrong and nothing else: its judgement on made-up records, then two short races."""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace
from math import inf
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from scripts.races.asking import Asker
from scripts.races.check import Verdict, check
from scripts.races.record import ONE_EPOCH, Epochs, Hold, Look, Record
from scripts.races.world import HOT_START, MINUTE

pytestmark = pytest.mark.xdist_group("races")

CALL, TALK, VISIT, PAIR, PANEL, HELP, ADVICE, CLASS, RARE, _, _, COURSE = range(1, 13)
"""Event types of the race's world; see there for their hosts, lengths and buffers."""


def hold(event_type_id: int, start: int, end: int, *life: float) -> Hold:
    """Return a hold of some minutes of the first day, told and ending at some seconds: 100 to 400 unless given."""
    told, until = life or (100.0, 400.0)
    return Hold(
        uid=f"{event_type_id} at {start} from {told}",
        event_type_id=event_type_id,
        start=HOT_START + start * MINUTE,
        end=HOT_START + end * MINUTE,
        sent=told - 0.1,
        acknowledged=told,
        until=until,
    )


def booking(event_type_id: int, start: int, end: int, told: float = 100.0, **more: Any) -> Hold:
    """Return a booking of some minutes of the first day."""
    return replace(hold(event_type_id, start, end, told, inf), booked=True, **more)


def judged(*holds: Hold, looks: tuple[Look, ...] = (), epochs: Epochs = ONE_EPOCH) -> Verdict:
    return check(Record(holds=list(holds), looks=list(looks)), epochs)


def broken(*holds: Hold, looks: tuple[Look, ...] = (), epochs: Epochs = ONE_EPOCH) -> list[str]:
    """Return the promises that were broken."""
    return [violation.promise for violation in judged(*holds, looks=looks, epochs=epochs).violations]


HOST_1, HOST_2, HOST_3 = (f"host {host} is held once at a time" for host in (1, 2, 3))
POOL = "hosts [2, 3, 4] are held no more often at a time than there are of them"


# Hosts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(hold(TALK, 60, 105), hold(TALK, 60, 105), id="the same time"),
        pytest.param(hold(TALK, 60, 105), hold(TALK, 104, 149), id="a minute in common"),
        pytest.param(hold(TALK, 60, 105), hold(CALL, 0, 55), id="a buffer after runs into it"),
        pytest.param(hold(TALK, 60, 105), hold(CALL, 109, 139), id="a buffer before runs into it"),
        pytest.param(hold(TALK, 60, 105), hold(PAIR, 90, 120), id="a collective hold has the host too"),
        pytest.param(hold(TALK, 60, 105), hold(CLASS, 90, 130), id="a seat has the host too"),
        pytest.param(hold(TALK, 60, 105), hold(TALK, 60, 105, 399.9, 700.0), id="just before the first one ends"),
    ],
)
def test_a_host_held_twice_is_found(one: Hold, other: Hold) -> None:
    assert broken(one, other) == broken(other, one) == [HOST_1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(hold(TALK, 60, 105), hold(TALK, 105, 150), id="back to back"),
        pytest.param(hold(TALK, 60, 105), hold(CALL, 20, 50), id="back to back with a buffer after"),
        pytest.param(hold(TALK, 60, 105), hold(CALL, 110, 140), id="back to back with a buffer before"),
        pytest.param(hold(TALK, 60, 105), hold(VISIT, 60, 90), id="another host"),
        pytest.param(hold(TALK, 60, 105), hold(TALK, 60, 105, 400.0, 700.0), id="as soon as the first one ends"),
    ],
)
def test_near_misses_are_fine(one: Hold, other: Hold) -> None:
    assert broken(one, other) == []


def test_each_hold_too_many_counts_once() -> None:
    assert broken(*(hold(TALK, 60, 105, told, 400.0) for told in (100.0, 101.0, 102.0))) == [HOST_1, HOST_1]


def test_a_hold_is_certain_until_its_release_or_move_is_sent() -> None:
    first, second = hold(TALK, 60, 105, 100.0, 400.0), hold(TALK, 60, 105, 200.0, 500.0)
    first.given_up = 200.0
    assert broken(first, second) == []
    first.given_up = 200.1
    assert broken(first, second) == [HOST_1]


# Epochs ----------------------------------------------------------------------------------------------------------

KILLED = Epochs(((200.0, 200.5),))


def test_an_epoch_ends_what_was_certain_but_what_would_be_broken_without_is_told() -> None:
    verdict = judged(hold(TALK, 60, 105, 100.0, 400.0), hold(TALK, 60, 105, 300.0, 600.0), epochs=KILLED)
    assert verdict.violations == []
    assert verdict.across_epochs == 1
    assert verdict.certain == 2


def test_within_an_epoch_two_are_found_in_the_first_one_and_in_the_next() -> None:
    assert broken(hold(TALK, 60, 105, 100.0, 400.0), hold(TALK, 60, 105, 199.9, 400.0), epochs=KILLED) == [HOST_1]
    assert broken(hold(TALK, 60, 105, 201.0, 400.0), hold(TALK, 60, 105, 202.0, 400.0), epochs=KILLED) == [HOST_1]


@pytest.mark.parametrize("sent", [199.9, 200.2])
def test_what_was_asked_for_before_the_store_was_dead_is_never_certain(sent: float) -> None:
    asked = replace(hold(TALK, 60, 105, 200.8, 400.0), sent=sent)
    assert judged(asked, epochs=KILLED).certain == 0
    assert broken(asked, hold(TALK, 60, 105, 300.0, 400.0), epochs=KILLED) == []


# Bookings --------------------------------------------------------------------------------------------------------


def test_two_bookings_of_a_host_are_found_however_often_the_store_was_killed_between() -> None:
    assert broken(booking(TALK, 60, 105), booking(TALK, 90, 135, 300.0), epochs=KILLED) == [HOST_1]
    assert broken(booking(TALK, 60, 105), booking(TALK, 105, 150, 300.0), epochs=KILLED) == []


def test_a_hold_of_what_is_booked_is_found_and_so_is_a_booking_of_what_is_held() -> None:
    assert broken(booking(TALK, 60, 105), hold(CALL, 60, 90, 300.0, 600.0), epochs=KILLED) == [HOST_1]
    assert broken(hold(TALK, 60, 105), booking(PAIR, 60, 90, 200.0)) == [HOST_1]


def test_a_booking_is_certain_until_its_cancellation_or_move_is_sent() -> None:
    first, second = booking(TALK, 60, 105), booking(TALK, 60, 105, 200.0)
    first.given_up = 200.0
    assert broken(first, second) == []
    first.given_up = 200.1
    assert broken(first, second) == [HOST_1]


def test_a_booking_of_any_host_is_of_those_it_says() -> None:
    """Two of three hosts are free, but not this one."""
    one, other = booking(HELP, 60, 90, host_ids=(2,)), booking(ADVICE, 60, 110, host_ids=(3,))
    assert broken(one, other) == []
    assert broken(one, other, booking(VISIT, 60, 90)) == [HOST_2]
    assert broken(one, other, hold(HELP, 60, 90), hold(HELP, 60, 90)) == [POOL]


def test_a_booking_that_is_missing_is_found_whatever_was_killed() -> None:
    asked = booking(TALK, 60, 105)
    look = Look(asked, 300.0, 300.1, found=False)
    assert broken(asked, looks=(look,), epochs=KILLED) == ["a booking stands until it is cancelled"]
    asked.given_up = 250.0
    assert broken(asked, looks=(look,), epochs=KILLED) == []


# Teams, seats, limits --------------------------------------------------------------------------------------------


def test_a_round_robin_team_has_as_many_holds_at_a_time_as_hosts() -> None:
    three = [hold(HELP, 60, 90), hold(HELP, 60, 90), hold(ADVICE, 80, 130)]
    assert broken(*three) == []
    # The three are together from minute 80 to minute 90 only, and the fourth begins before that.
    assert broken(*three, hold(HELP, 70, 100)) == [POOL]
    assert broken(*three, hold(HELP, 90, 120)) == []


def test_who_is_held_otherwise_is_one_less_for_the_team() -> None:
    assert broken(hold(VISIT, 60, 90), hold(HELP, 60, 90), hold(HELP, 60, 90)) == []
    assert broken(hold(VISIT, 60, 90), hold(RARE, 60, 75), hold(HELP, 60, 90), hold(HELP, 60, 90)) == [POOL]
    assert broken(hold(PANEL, 60, 80), hold(HELP, 84, 114)) == [POOL]
    assert broken(hold(PANEL, 60, 80), hold(HELP, 85, 115)) == []


def test_those_that_do_not_meet_each_other_are_one_at_a_time() -> None:
    one_after_the_other = [hold(HELP, start, start + 30) for start in (0, 30, 60)]
    assert broken(*one_after_the_other, hold(ADVICE, 5, 55), hold(ADVICE, 20, 70)) == []


def test_seats_of_a_start_are_shared_until_there_are_no_more() -> None:
    seats = [hold(CLASS, 60, 100) for _ in range(3)]
    assert broken(*seats) == []
    assert broken(*seats, hold(CLASS, 60, 100)) == ["a start of type 8 has no more holds than seats: 2040-03-05T01:00Z"]


def test_seats_of_two_starts_are_not_shared() -> None:
    assert broken(hold(CLASS, 60, 100), hold(CLASS, 90, 130)) == [HOST_1]


def test_a_day_has_no_more_holds_than_its_limit() -> None:
    four = [hold(RARE, start, start + 15) for start in (0, 100, 200, 300)]
    assert broken(*four) == []
    assert broken(*four, hold(RARE, 1_440, 1_455)) == []
    assert broken(*four, hold(RARE, 1_439, 1_454)) == ["a day of type 9 has no more holds than its limit: 2040-03-05"]


def test_seats_of_one_start_are_one_of_the_day() -> None:
    seats = [hold(COURSE, start, start + 30) for start in (0, 0, 100, 200, 300)]
    assert broken(*seats) == []
    promise = "a day of type 12 has no more holds than its limit: 2040-03-05"
    assert broken(*seats, hold(COURSE, 400, 430)) == [promise]


# Looks -----------------------------------------------------------------------------------------------------------

GONE = "a hold stands until reservationUntil"
LATE = "a hold is gone 1 s after reservationUntil"


@pytest.mark.parametrize(
    ("sent", "answered", "found", "promises"),
    [
        (150.0, 150.1, True, []),
        (150.0, 150.1, False, [GONE]),
        (399.8, 399.9, False, [GONE]),
        (399.8, 400.0, False, []),
        (99.9, 100.1, False, []),
        (400.9, 401.2, True, []),
        (401.0, 401.1, True, [LATE]),
        (401.0, 401.1, False, []),
    ],
)
def test_a_hold_is_there_while_it_is_certain_and_gone_a_second_later(
    sent: float, answered: float, *, found: bool, promises: list[str]
) -> None:
    asked = hold(TALK, 60, 105)
    assert broken(asked, looks=(Look(asked, sent, answered, found),)) == promises


def test_a_hold_may_be_gone_after_its_epoch_but_may_not_come_back_after_its_time() -> None:
    asked = hold(TALK, 60, 105)
    assert broken(asked, looks=(Look(asked, 300.0, 300.1, found=False),), epochs=KILLED) == []
    assert broken(asked, looks=(Look(asked, 402.0, 402.1, found=True),), epochs=KILLED) == [LATE]


@pytest.mark.parametrize(("refused_at", "is_certain"), [(1, True), (2, False)])
async def test_a_refusal_says_nothing_of_an_earlier_try_that_was_not_answered(
    refused_at: int, *, is_certain: bool
) -> None:
    """A pod that stood still may yet do what it was asked then."""
    tries = 0

    async def post(_: web.Request) -> web.Response:
        nonlocal tries
        tries += 1
        if tries < refused_at:
            await asyncio.sleep(1)
        return web.json_response({"data": None}, status=400)

    app = web.Application()
    app.router.add_post("/v2/bookings", post)
    async with TestServer(app) as server, ClientSession() as session:
        asker = Asker((str(server.make_url("")).rstrip("/"),), session, Random(1), Record())  # noqa: S311 - no secret
        answer = await asker.insist("bookings", 0.2, body={}, headers={})
    assert answer is not None
    assert (answer.status, answer.is_certain) == (400, is_certain)


def test_looks_that_say_something_are_counted() -> None:
    asked = hold(TALK, 60, 105)
    looks = tuple(Look(asked, sent, sent + 0.1, found=sent < 400) for sent in (150.0, 160.0, 399.95, 401.0))
    verdict = judged(asked, looks=looks)
    assert (verdict.seen_alive, verdict.seen_ended) == (2, 1)


# Races -----------------------------------------------------------------------------------------------------------


def race(*options: str) -> tuple[int, dict[str, Any]]:
    """Run a short race. What it keeps of a violation goes away with it, and its stores need a short path."""
    with TemporaryDirectory(prefix="holdfast-") as folder:
        Path(folder).chmod(0o711)
        ended = subprocess.run(
            [sys.executable, "-m", "scripts.races", "--pods", "2", "--watch", "0", "--json", *options],
            env={**os.environ, "TMPDIR": folder},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert ended.stdout, ended.stderr
        return ended.returncode, json.loads(ended.stdout)


def test_nothing_is_violated_while_pods_and_stores_are_killed() -> None:
    # On a busy machine pods may be killed before they have started; then a race says that it means nothing.
    for seconds in ("8", "24", "60"):
        status, figures = race("--seconds", seconds, "--kill-every", "1.5")
        if figures["violations"] or (figures["certainHolds"] and figures["certainBookings"]):
            break
    assert (status, figures["violations"]) == (0, 0), figures
    assert figures["wins"]["all"] > 0
    assert figures["certainHolds"] > 0
    assert figures["certainBookings"] > 0
    assert sum(figures["faults"].values()) > 0


def test_a_claim_that_looks_first_and_writes_afterwards_is_found_out() -> None:
    # By chance: within a race of three seconds some ten times, but on a busy machine perhaps not once.
    for seconds in ("3", "9", "27"):
        status, figures = race("--seconds", seconds, "--kill-every", "0", "--claim", "check-then-set")
        if status:
            break
    assert status == 1
    assert figures["violations"] > 0
