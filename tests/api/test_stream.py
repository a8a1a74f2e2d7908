"""A listing and its changes as they happen: `GET /v2/slots/stream`, on several pods with real stores."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from time import time
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, make_mocked_request
from pydantic import SecretStr
from redis.asyncio import Redis

from app.api import streams
from app.api.state import USE_CASES
from app.api.streams import STREAMS, Streams
from app.api.under_way import RequestsUnderWay
from app.application.clock import now
from app.application.stores import StoreUrls, open_stores
from app.application.web import build
from app.domain.reference import ById
from app.domain.time_ranges import Instant
from app.domain.window import asked_window
from app.fields import instant_from, parse_instant
from app.services import watch_slots
from app.services.find_slots import SlotFinder, SlotsQuestion
from app.services.staffing import Staffing
from app.services.watch_slots import SlotWatcher
from app.settings import Settings
from app.storage.holds.redis_holds import RedisHolds
from app.storage.postgres.calendar import PostgresCalendar
from app.storage.postgres.event_types import PostgresEventTypes
from tests.api.asking import Asking
from tests.api.conforming import DOCUMENT, problems_of
from tests.api.pods import pod, serving
from tests.api.world import ANA, BEN, event_type
from tests.proxy import Proxy

STREAM = "/v2/slots/stream"
MONDAY = {"start": "2050-09-05", "end": "2050-09-05"}
SOON_S = 5.0
"""Bounds every wait; none should come near it."""
SETTLED_S = 0.3
"""Longer than the pause after which a new question is looked at once more."""


class Stream:
    """An open stream, read event by event as a browser reads it."""

    def __init__(self, response: ClientResponse) -> None:
        self.response = response
        self.id = ""
        self.retry_ms = 0

    async def block(self) -> dict[str, str]:
        """The fields of the next block, a comment's under ""; nothing when the stream is over."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(SOON_S):
            while (line := (await self.response.content.readline()).decode()) != "\n" and line:
                name, _, value = line.rstrip("\n").partition(":")
                fields[name] = value.removeprefix(" ")
        self.retry_ms = int(fields.get("retry", self.retry_ms))
        self.id = fields.get("id", self.id)
        return fields

    async def event(self) -> Any:
        """The data of the next event; None when the stream is over."""
        while fields := await self.block():
            if "data" in fields:
                assert fields["event"] == "slots"
                return orjson.loads(fields["data"])
        return None

    async def settled(self) -> list[str]:
        """The starts that are told at first, once nothing more comes of the beginning itself."""
        told = starts(await self.event())
        await asyncio.sleep(SETTLED_S)
        return told

    async def until(self, shows: Callable[[list[str]], bool]) -> None:
        """Read on until the starts of Monday are as wanted."""
        while not shows(starts(await self.event())):
            pass


def starts(event: Any) -> list[str]:
    return [slot["start"][11:16] for slot in event["data"].get("2050-09-05", [])]


@asynccontextmanager
async def opened(asking: Asking, *, known: str | None = None, **query: Any) -> AsyncIterator[Stream]:
    headers = {} if known is None else {"Last-Event-ID": known}
    params = {**MONDAY, "eventTypeId": "10", **query}
    # Read a little at a time: nothing may wait on this side for more to come.
    async with asking.client.get(STREAM, params=params, headers=headers) as response:
        assert response.status == 200, await response.text()
        yield Stream(response)


def open_streams(asking: Asking) -> Streams:
    app = asking.client.app
    assert app is not None
    open_here: Streams = app[STREAMS]
    return open_here


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON_S):
        while not holds():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)


@pytest.fixture(scope="module", autouse=True)
async def _told_of_changes(client: TestClient[Any, Any]) -> AsyncIterator[None]:
    """Somebody watches all the time, so that changes are told before a test begins: else it would see by looking."""
    app = client.app
    assert app is not None
    with app[USE_CASES].slot_watcher.watching(SlotsQuestion(reference=ById(1), window=(0, 1))):
        await asyncio.sleep(1.5)
        yield


@pytest.fixture
async def other(api: Asking) -> AsyncIterator[Asking]:
    """Another pod of the same service."""
    async with pod(api.settings, api.urls) as asking:
        yield asking


# Events --------------------------------------------------------------------------------------------------------------


async def test_first_comes_the_listing_as_a_question_gets_it(api: Asking) -> None:
    async with opened(api) as stream:
        listed = await api.slots(eventTypeId="10", **MONDAY)
        assert await stream.event() == listed.body
        assert f'W/"{stream.id}"' == listed.headers["ETag"]
        assert stream.retry_ms >= 1_000
        headers = stream.response.headers
    assert headers["Content-Type"] == "text/event-stream"
    assert headers["Cache-Control"] == "no-cache"
    assert headers["X-Accel-Buffering"] == "no"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Content-Encoding" not in headers


async def test_each_stream_is_told_in_its_own_zone_and_format(api: Asking) -> None:
    ways = [{"timeZone": "Asia/Tokyo"}, {"format": "range"}, {}]
    async with AsyncExitStack() as stack:
        for way in ways:
            stream = await stack.enter_async_context(opened(api, **way))
            assert await stream.event() == (await api.slots(eventTypeId="10", **MONDAY, **way)).body


async def test_a_reservation_on_another_pod_is_seen_and_its_release_too(api: Asking, other: Asking) -> None:
    async with opened(api) as stream:
        assert "10:00" in await stream.settled()
        kept = (await other.reserve(10, "10:00")).data
        assert "10:00" not in starts(await stream.event())
        await other.ask("DELETE", f"/v2/slots/reservations/{kept['reservationUid']}")
        assert "10:00" in starts(await stream.event())


async def test_a_reservation_that_is_moved_is_seen(api: Asking, other: Asking) -> None:
    kept = (await api.reserve(10, "10:00")).data
    async with opened(api) as stream:
        assert "10:00" not in await stream.settled()
        body = {"eventTypeId": 10, "slotStart": "2050-09-05T12:00:00Z"}
        moved = await other.ask("PATCH", f"/v2/slots/reservations/{kept['reservationUid']}", json=body)
        assert moved.status == 200
        await stream.until(lambda shown: "10:00" in shown and "12:00" not in shown)


@pytest.mark.parametrize(("event_type_id", "others"), [(14, 14), (20, 21), (22, 10)])
async def test_holds_that_limits_count_and_of_each_host_are_seen(
    api: Asking, other: Asking, event_type_id: int, others: int
) -> None:
    async with opened(api, eventTypeId=str(event_type_id)) as stream:
        before = await stream.settled()
        for _ in range(2):  # Of two who take turns, one at least is asked for.
            await other.reserve(others, "10:00")
        await stream.until(lambda shown: shown != before)


async def test_holds_that_a_limit_counts_are_seen_whoever_hosts_them(api: Asking, other: Asking, database: Any) -> None:
    hosts = [{"userId": ANA}]
    few = event_type(70, "few", teamId=50, schedulingType="collective", hosts=hosts, bookingLimitsCount={"day": 1})
    await api.add(eventTypes=[few])
    kept = (await api.reserve(70, "10:00")).data
    await database.execute("UPDATE event_type_hosts SET user_id = $1 WHERE event_type_id = 70", BEN)
    async with opened(api, eventTypeId="70") as stream:
        assert await stream.settled() == []
        await other.ask("DELETE", f"/v2/slots/reservations/{kept['reservationUid']}")
        await stream.until(bool)


async def test_ones_own_reservation_stays_on_offer(api: Asking) -> None:
    kept = (await api.reserve(10, "10:00")).data
    async with opened(api, reservationUid=kept["reservationUid"]) as stream:
        assert "10:00" in await stream.settled()
        await api.reserve(10, "12:00")
        assert starts(await stream.event()) == [f"{hour:02}:00" for hour in (7, 8, 9, 10, 11, 13, 14)]


async def test_the_end_of_a_reservation_is_seen_though_nobody_tells_it(api: Asking, redis: Redis) -> None:
    kept = (await api.reserve(10, "10:00")).data
    holds = RedisHolds(redis, deadline_s=2)
    reservation = await holds.reservation(kept["reservationUid"])
    assert reservation is not None
    await holds.end(reservation.uid)
    until = int(time() * 1_000) + 700
    await holds.load([replace(reservation, until=until)])
    async with opened(api) as stream:
        assert "10:00" not in starts(await stream.event())
        assert "10:00" in starts(await stream.event())
        assert 0 <= time() * 1_000 - until < 1_000


async def test_a_booking_is_seen_and_its_cancellation_too(api: Asking, other: Asking) -> None:
    attendee = {"name": "Mia", "email": "mia@example.org", "timeZone": "UTC"}
    body = {"eventTypeId": 10, "start": "2050-09-05T10:00:00Z", "attendee": attendee}
    async with opened(api) as stream:
        await stream.settled()
        booked = (await other.ask("POST", "/v2/bookings", json=body)).data
        await stream.until(lambda shown: "10:00" not in shown)
        await other.ask("POST", f"/v2/bookings/{booked['uid']}/cancel", json={})
        await stream.until(lambda shown: "10:00" in shown)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE schedule_hours SET start_minute = 660 WHERE schedule_id = 101",
        "UPDATE event_types SET length_minutes = 45 WHERE id = 10",
        "INSERT INTO busy_times (user_id, starts_at, ends_at) VALUES (1, '2050-09-05 07:00Z', '2050-09-05 09:00Z')",
    ],
)
async def test_straight_sql_is_seen(api: Asking, database: Any, statement: str) -> None:
    async with opened(api) as stream:
        first = await stream.settled()
        await database.execute(statement)
        await stream.until(lambda shown: shown != first)


async def test_a_host_who_is_new_is_watched_from_then_on(api: Asking, other: Asking, database: Any) -> None:
    async with opened(api, eventTypeId="20") as stream:
        await stream.event()
        await database.execute(
            "INSERT INTO event_type_hosts (event_type_id, position, user_id, mandatory) VALUES (20, 9, 3, true)"
        )
        await asyncio.sleep(0.5)
        await other.reserve(14, "10:00")
        await stream.until(lambda shown: "10:00" not in shown)


async def test_the_passing_of_time_is_seen(api: Asking) -> None:
    """Of a day that is as good as over, at a clock that stands just before a slot begins."""
    ahead = instant_from(datetime(2050, 9, 5, 8, 59, 59, 500_000, UTC)) - now()

    def clock() -> Instant:
        return now() + ahead

    async with open_stores(api.settings, api.urls) as stores:
        finder = SlotFinder(
            PostgresEventTypes(stores.pool), PostgresCalendar(stores.pool), stores.holds, clock, Staffing(0)
        )
        window = asked_window(parse_instant("2050-09-05"), parse_instant("2050-09-05T23:59:59Z"))
        with SlotWatcher(finder, clock, stores.watchlist, ()).watching(
            SlotsQuestion(reference=ById(10), window=window)
        ) as view:
            first, shown = await view.look(), await view.next()
            async with asyncio.timeout(SOON_S):
                while shown is not None and shown.starts == first.starts:
                    shown = await view.next()
    assert shown is not None
    # At nine the next one that could be had at nine is at ten: notice of none still means a minute.
    assert shown.starts == first.starts[1:]


async def test_many_changes_at_once_are_few_events_and_the_last_one_is_true(api: Asking, other: Asking) -> None:
    async with opened(api, eventTypeId="11", end="2050-09-09") as stream:
        await stream.event()
        wanted = [f"2050-09-0{5 + n // 30}T{7 + n % 30 // 4:02}:{n % 30 % 4 * 15:02}:00Z" for n in range(60)]
        await asyncio.gather(*(other.reserve(11, start) for start in wanted))
        listing = (await api.slots(eventTypeId="11")).body
        events = 1
        while await stream.event() != listing:
            events += 1
    assert events < len(wanted) / 2


async def test_streams_that_ask_the_same_question_share_the_looking(
    api: Asking, other: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = count()
    look = watch_slots._Watch._look

    async def counted(watch: Any) -> None:
        next(looks)
        await look(watch)

    monkeypatch.setattr(watch_slots._Watch, "_look", counted)
    async with AsyncExitStack() as stack:
        opening = [stack.enter_async_context(opened(api)) for _ in range(20)]
        opened_streams = [await one for one in opening]
        for stream in opened_streams:
            await stream.event()
        await asyncio.sleep(0.3)
        before = next(looks)
        await other.reserve(10, "10:00")
        for stream in opened_streams:
            await stream.until(lambda shown: "10:00" not in shown)
        assert next(looks) - before < 10


# Coming back ---------------------------------------------------------------------------------------------------------


async def test_whoever_comes_back_is_told_only_what_they_do_not_know(api: Asking, other: Asking) -> None:
    async with opened(api) as stream:
        await stream.event()
    async with opened(other, known=stream.id) as again:
        assert await again.block() == {"retry": str(again.retry_ms)}
        await api.reserve(10, "10:00")
        assert "10:00" not in starts(await again.event())
    async with opened(other, known=stream.id) as late:
        assert "10:00" not in starts(await late.event())


# Refusals and limits -------------------------------------------------------------------------------------------------


async def test_what_cannot_be_listed_is_refused_in_the_envelope(api: Asking) -> None:
    for query, status in (({"eventTypeId": "999"}, 404), ({"eventTypeId": "10", "end": "x"}, 400), ({}, 400)):
        refused = await api.ask("GET", STREAM, params={**MONDAY, **query})
        asked = await api.slots(**{**MONDAY, **query})
        assert (refused.status, refused.message) == (status, asked.message)
    assert len(open_streams(api)) == 0


async def test_a_head_is_answered_and_over(api: Asking) -> None:
    async with api.client.head(STREAM, params={**MONDAY, "eventTypeId": "10"}) as response:
        assert (response.status, response.content_type) == (200, "text/event-stream")
    await until(lambda: not open_streams(api))


@pytest.mark.parametrize(
    ("limits", "status"), [({"streams": 2}, 503), ({"streams_per_client": 2}, 429), ({"streams": 0}, 503)]
)
async def test_beyond_the_limits_streams_are_refused(api: Asking, limits: dict[str, int], status: int) -> None:
    async with pod(api.settings.model_copy(update=limits), api.urls) as small, AsyncExitStack() as stack:
        for _ in range(limits.get("streams", 2)):
            stream = await stack.enter_async_context(opened(small))
            await stream.event()
        refused = await small.ask("GET", STREAM, params={**MONDAY, "eventTypeId": "10"})
        assert refused.status == status
        assert refused.message
        assert int(refused.headers["Retry-After"]) > 0
        # Whoever says who they are is no client among many.
        known = await small.client.get(
            STREAM, params={**MONDAY, "eventTypeId": "10"}, headers={"Authorization": "Bearer cal_key_of_ana"}
        )
        assert known.status == (200 if status == 429 else 503)
        known.close()


async def test_whoever_leaves_makes_room(api: Asking) -> None:
    async with opened(api) as stream:
        await stream.event()
        assert len(open_streams(api)) == 1
    await until(lambda: not open_streams(api))


async def test_a_reader_who_does_not_read_is_cut_off(api: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "TAKEN_S", 0.2)
    reading = socket.socket()
    reading.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_024)
    reading.setblocking(False)
    port = api.client.port
    assert port is not None
    await asyncio.get_running_loop().sock_connect(reading, ("127.0.0.1", port))
    # A year of quarters of an hour is more than the system takes for somebody.
    path = f"{STREAM}?eventTypeId=11&start=2050-01-01&end=2050-12-31&format=range"
    await asyncio.get_running_loop().sock_sendall(reading, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    with reading:
        await until(lambda: len(open_streams(api)) == 1)
        await until(lambda: not open_streams(api))


async def test_a_quiet_stream_shows_that_it_lives(api: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_S", 0.1)
    async with opened(api) as stream:
        await stream.event()
        assert await stream.block() == {"": ""}


# Its description -----------------------------------------------------------------------------------------------------

DESCRIBED = DOCUMENT["paths"][STREAM]["get"]


@pytest.mark.parametrize(
    "query",
    [
        {"eventTypeId": "10"},
        {"eventTypeId": "10", "format": "range", "timeZone": "Asia/Tokyo"},
        {"eventTypeId": "12", "end": "2050-09-09"},
        {"eventTypeId": "10", "start": "2050-09-04", "end": "2050-09-04"},
    ],
    ids=["starts", "ranges", "seats", "nothing"],
)
async def test_an_event_is_what_the_description_says(api: Asking, query: dict[str, str]) -> None:
    assert "has the whole answer of `GET /v2/slots` as its data and its tag as its id" in DESCRIBED["description"]
    async with opened(api, **query) as stream:
        assert problems_of(await stream.event(), "/v2/slots") == []
        assert re.fullmatch(DOCUMENT["components"]["headers"]["ETag"]["schema"]["pattern"], f'W/"{stream.id}"')
        assert [*DESCRIBED["responses"]["200"]["content"]] == [stream.response.content_type]


REFUSED = {
    400: ({"end": "x"}, {}, {}),
    401: ({}, {}, {"Authorization": "Bearer cal_no_key"}),
    404: ({"eventTypeId": "999"}, {}, {}),
    429: ({}, {"streams_per_client": 1}, {}),
    503: ({}, {"streams": 1}, {}),
}
"""What is asked so, within which limits, while one stream is open."""


@pytest.mark.parametrize("status", REFUSED)
async def test_each_refusal_is_as_described(api: Asking, status: int) -> None:
    query, limits, headers = REFUSED[status]
    async with pod(api.settings.model_copy(update=limits), api.urls) as small, opened(small):
        refused = await small.ask("GET", STREAM, params={**MONDAY, "eventTypeId": "10", **query}, headers=headers)
    assert refused.status == status
    assert problems_of(refused.body, STREAM, status) == []


def test_no_other_refusals_are_described() -> None:
    assert DESCRIBED["responses"].keys() == {"200", *map(str, REFUSED)}


# Stopping ------------------------------------------------------------------------------------------------------------


async def test_a_process_that_stops_ends_its_streams_at_once(settings: Settings, urls: StoreUrls, api: Asking) -> None:
    patient = settings.model_copy(update={"shutdown_s": 60.0})
    app = await build(patient, urls)
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serving(app, patient))
        async with api.client.session.get(
            f"http://127.0.0.1:{port}{STREAM}", params={**MONDAY, "eventTypeId": "10"}
        ) as response:
            stream = Stream(response)
            await stream.event()
            async with asyncio.timeout(SOON_S):
                await stack.aclose()
            assert await stream.event() is None


async def test_nobody_waits_for_the_end_of_what_is_set_aside() -> None:
    requests, on = RequestsUnderWay(), asyncio.Event()

    async def endless(_: web.Request) -> web.StreamResponse:
        with requests.set_aside():
            await on.wait()
        return web.Response()

    answering = asyncio.create_task(requests.counted(make_mocked_request("GET", "/"), endless))
    await asyncio.sleep(0)
    assert await requests.finished(SOON_S)
    on.set()
    await answering
    assert await requests.finished(0)


# When changes cannot be heard ----------------------------------------------------------------------------------------


async def test_without_being_told_of_changes_it_looks_every_second(api: Asking, database: Any) -> None:
    nowhere = SecretStr("postgresql://127.0.0.1:1/nowhere")
    async with pod(api.settings.model_copy(update={"listen_url": nowhere}), api.urls) as deaf, opened(deaf) as stream:
        await stream.settled()
        await database.execute("UPDATE schedule_hours SET start_minute = 660 WHERE schedule_id = 101")
        await stream.until(lambda shown: shown[0] == "09:00")


async def test_while_holds_are_away_the_last_good_listing_stands(api: Asking, other: Asking, database: Any) -> None:
    redis = urlsplit(api.urls.redis)
    async with Proxy(lambda: asyncio.open_connection(redis.hostname, redis.port)).running() as proxy:
        urls = replace(
            api.urls, redis=redis._replace(netloc=redis.netloc.replace(str(redis.port), str(proxy.port))).geturl()
        )
        async with pod(api.settings, urls) as cut_off, opened(cut_off) as stream:
            await stream.event()
            proxy.cut()
            await database.execute("UPDATE schedule_hours SET start_minute = 660 WHERE schedule_id = 101")
            await other.reserve(10, "12:00")
            async with opened(cut_off) as begun_meanwhile:
                assert begun_meanwhile.response.headers["X-Holdfast-Degraded"] == "holds"
                assert "12:00" in starts(await begun_meanwhile.event())
                assert begun_meanwhile.id == ""
                proxy.mend()
                for each in (stream, begun_meanwhile):
                    assert starts(await each.event()) == ["09:00", "10:00", "11:00", "13:00", "14:00"]
