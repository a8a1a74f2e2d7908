"""How many requests are let in at once, and what becomes of the others."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from app.api.admission import Admission
from app.api.errors import RequestError
from app.application.web import build
from tests.api.asking import Answer, Asking
from tests.api.conforming import CONFORMANCE

SOON_S = 20.0
QUICKLY_S = 1.0
"""Less than the two seconds that a store has, and plenty for ten waits of 0.03 s, as a burst has."""
USUAL = 64
JSON = {"Content-Type": "application/json"}


# A pod ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def small(api: Asking) -> AsyncIterator[Asking]:
    """A pod that works on two requests at once."""
    settings = api.settings.model_copy(update={"requests_at_once": 2, "turn_wait_s": 0.03})
    app = await build(settings, api.urls)
    CONFORMANCE.watch(app)
    async with TestClient(TestServer(app)) as client:
        yield Asking(client, settings, api.urls)


@asynccontextmanager
async def locked(database: asyncpg.Connection) -> AsyncIterator[None]:
    """Let nobody read event types from the database meanwhile."""
    async with database.transaction():
        await database.execute("LOCK TABLE event_types IN ACCESS EXCLUSIVE MODE")
        yield


async def test_past_what_it_can_serve_a_pod_refuses_at_once(small: Asking, database: asyncpg.Connection) -> None:
    """Two wait for the database; the others do not wait for them. Then all is as before."""
    async with locked(database):
        working = await refused_at_once(small)
    assert {answer.status for answer in await asyncio.gather(*working)} == {200}
    assert (await small.slots(eventTypeId=10)).status == 200


async def refused_at_once(small: Asking) -> list[asyncio.Task[Answer]]:
    working = [asyncio.create_task(small.slots(eventTypeId=10)) for _ in range(2)]
    await asyncio.sleep(0.1)
    began = time.monotonic()
    others = await asyncio.gather(*(small.slots(eventTypeId=10) for _ in range(20)))
    assert time.monotonic() - began < QUICKLY_S
    for refused in others:
        assert (refused.status, refused.headers["Retry-After"]) == (503, "2")
        assert refused.body["error"]["code"] == "ServiceUnavailableException"
        assert refused.message == "The service has more requests than it can serve. Please try again."
        assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert not any(task.done() for task in working)
    # A balancer learns that the process lives, and a page that it may ask.
    async with small.client.get("/health/live") as alive, small.client.get("/health/ready") as ready:
        assert (alive.status, ready.status) == (200, 200)
    preflight = {"Access-Control-Request-Method": "GET"}
    async with small.client.options("/v2/slots", headers=preflight) as answer:
        assert answer.status == 204
    return working


async def test_bodies_on_their_way_take_nobodys_turn(small: Asking) -> None:
    going_on = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"{"
        await going_on.wait()
        yield b'"eventTypeId": 10, "slotStart": "2050-09-05T10:00:00Z"}'

    trickling = [
        asyncio.create_task(small.ask("POST", "/v2/slots/reservations", data=body(), headers=JSON)) for _ in range(5)
    ]
    await asyncio.sleep(0.2)
    assert (await small.slots(eventTypeId=10)).status == 200
    going_on.set()
    statuses = sorted(answer.status for answer in await asyncio.gather(*trickling))
    # All have their turn then, but those that waited for the two at work longer than one may.
    assert statuses[0] == 201
    assert set(statuses[1:]) <= {422, 503}


# Turns ---------------------------------------------------------------------------------------------------------------


async def test_the_last_to_come_is_the_first_to_go_in() -> None:
    admission = Admission(1, SOON_S)
    await admission.enter()
    order = list[int]()

    async def one(number: int) -> None:
        await admission.enter()
        order.append(number)
        admission.leave()

    waiting = [asyncio.create_task(one(number)) for number in range(3)]
    await asyncio.sleep(0)
    admission.leave()
    await asyncio.gather(*waiting)
    assert order == [2, 1, 0]


async def test_who_leaves_while_waiting_takes_no_turn_along() -> None:
    """Be it before the turn comes or in the same moment."""
    admission = Admission(1, SOON_S)
    await admission.enter()
    early, late = (asyncio.create_task(admission.enter()) for _ in range(2))
    await asyncio.sleep(0)
    early.cancel()
    await asyncio.wait([early])
    admission.leave()
    late.cancel()
    await asyncio.wait([late])
    await asyncio.wait_for(admission.enter(), SOON_S)


async def test_who_gets_no_turn_in_time_is_refused_and_leaves_nothing() -> None:
    admission = Admission(1, 0.01)
    await admission.enter()
    with pytest.raises(RequestError):
        await admission.enter()
    admission.leave()
    await admission.enter()


async def test_in_a_burst_one_waits_longer_than_under_a_load_that_lasts() -> None:
    admission = Admission(1, 0.05)
    await admission.enter()
    burst = [asyncio.create_task(admission.enter()) for _ in range(3)]
    await asyncio.sleep(0.2)
    assert not any(task.done() for task in burst)
    later = asyncio.create_task(admission.enter())
    await asyncio.wait(burst)
    assert all(isinstance(task.exception(), RequestError) for task in burst)
    waiting = asyncio.create_task(admission.enter())
    await asyncio.sleep(0.2)
    assert isinstance(waiting.exception(), RequestError)
    await asyncio.wait([later])
    assert isinstance(later.exception(), RequestError)


# How many ------------------------------------------------------------------------------------------------------------


async def test_more_are_let_in_while_the_loop_keeps_up_and_fewer_while_it_does_not() -> None:
    admission = Admission(1_000, SOON_S)
    assert admission.limit == USUAL
    async with admission.adapting(web.Application()):
        # They do nothing: they wait, say, for a store.
        await asyncio.gather(*(admission.enter() for _ in range(300)))
        assert admission.limit >= 300
        hogging = asyncio.create_task(hog())
        async with asyncio.timeout(SOON_S):
            while admission.limit >= USUAL:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
        hogging.cancel()


async def test_a_long_computation_now_and_then_is_no_overload() -> None:
    admission = Admission(1_000, SOON_S)
    async with admission.adapting(web.Application()):
        await asyncio.gather(*(admission.enter() for _ in range(100)))
        limit = admission.limit
        for _ in range(5):
            time.sleep(0.12)  # noqa: ASYNC251 - as a computation does
            await asyncio.sleep(0.2)
        assert admission.limit >= limit


async def hog() -> None:
    """Take the loop's time, as too many requests do."""
    while True:
        time.sleep(0.08)  # noqa: ASYNC251 - as a computation does
        await asyncio.sleep(0)
