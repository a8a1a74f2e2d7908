"""What the service writes down of requests, and what it never does."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import StringIO
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient, TestServer

from app.api.app import web_application
from app.application.keys import with_credentials
from app.application.stores import StoreUrls, open_stores
from app.application.web import use_cases
from app.observing.logs import AccessLog, LogFormat, handler
from app.settings import Settings
from app.storage.holds.redis_holds import RedisHolds
from app.storage.postgres.credentials import CredentialKind
from tests.api.asking import Asking
from tests.api.test_bookings import act, book
from tests.api.world import ANA

pytestmark = pytest.mark.usefixtures("api")
UNREACHABLE = "redis://127.0.0.1:1"


@asynccontextmanager
async def logged(
    settings: Settings, urls: StoreUrls, log_format: LogFormat, redis_url: str | None = None
) -> AsyncIterator[tuple[Asking, StringIO]]:
    """Another pod, and what it logs from info on."""
    stream, root = StringIO(), logging.getLogger()
    writing, level = handler(log_format, stream), root.level
    root.addHandler(writing)
    root.setLevel(logging.INFO)
    urls = StoreUrls(urls.database, redis_url or urls.redis)
    try:
        async with open_stores(settings, urls) as stores:
            access_log = AccessLog(log_format, stream)
            app = web_application(use_cases(settings, stores), access_log=access_log)
            server = TestServer(app)
            await server.start_server(access_log=None)  # As `serve` does.
            async with TestClient(server) as client:
                yield Asking(client, settings, urls), stream
            access_log.flush()
    finally:
        root.removeHandler(writing)
        root.setLevel(level)


def lines_of(stream: StringIO, message: str = "request") -> list[dict[str, Any]]:
    lines = [orjson.loads(line) for line in stream.getvalue().splitlines()]
    return [line for line in lines if line["message"] == message]


async def test_a_line_a_request_says_what_was_asked_and_how_it_ended(settings: Settings, urls: StoreUrls) -> None:
    async with logged(settings, urls, "json") as (pod, stream):
        answer = await pod.ask("GET", "/api/v2/slots/reservations/no-such-uid?a=b")
    (line,) = lines_of(stream)
    assert line.keys() == {"time", "level", "logger", "message", "method", "route", "status", "ms", "request_id"}
    told = line["level"], line["method"], line["route"], line["status"], line["request_id"]
    uid = "/v2/slots/reservations/{uid}"
    assert told == ("INFO", "GET", uid, answer.status, answer.headers["X-Request-Id"])
    assert 0 < line["ms"] < 10_000


async def test_a_person_reads_the_same(settings: Settings, urls: StoreUrls) -> None:
    async with logged(settings, urls, "text") as (pod, stream):
        answer = await pod.slots(eventTypeId=10)
    (line,) = [line for line in stream.getvalue().splitlines() if "app.access" in line]
    assert "INFO app.access: GET /v2/slots 200 " in line
    assert line.endswith(f" ms [{answer.headers['X-Request-Id']}]")


async def test_lines_are_written_while_the_service_runs(settings: Settings, urls: StoreUrls) -> None:
    async with logged(settings, urls, "json") as (pod, stream):
        await pod.slots(eventTypeId=10)
        await asyncio.sleep(0.5)
        assert lines_of(stream)


async def test_no_line_is_made_below_its_level(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    assert not AccessLog("json").wanted
    caplog.set_level(logging.INFO)
    assert AccessLog("json").wanted


# Request ids -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", ["4bf92f3577b34da6", "a.b-c_d.e-f", "A" * 64])
async def test_a_sane_request_id_is_kept(api: Asking, sent: str) -> None:
    answer = await api.ask("GET", "/health/live", headers={"X-Request-Id": sent})
    assert answer.headers["X-Request-Id"] == sent


@pytest.mark.parametrize("sent", ["", "short", "A" * 65, "a b c d e f", 'abcdefgh"', "abcdefgh{}", "äöüäöüäöü"])
async def test_another_is_replaced(api: Asking, sent: str) -> None:
    answer = await api.ask("GET", "/health/live", headers={"X-Request-Id": sent})
    assert len(answer.headers["X-Request-Id"]) == 16
    assert answer.headers["X-Request-Id"] != sent


async def test_pages_may_read_it_and_send_it(api: Asking) -> None:
    answer = await api.ask("GET", "/health/live")
    assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]


async def test_what_goes_wrong_in_a_request_is_logged_with_its_id(settings: Settings, urls: StoreUrls) -> None:
    async with logged(settings, urls, "json", redis_url=UNREACHABLE) as (pod, stream):
        assert (await pod.reserve(10, "10:00")).status == 503
        told = orjson.loads(stream.getvalue().splitlines()[0])
    (line,) = lines_of(stream)
    assert (told["level"], told["logger"]) == ("WARNING", "app.api.middlewares")
    assert told["message"].startswith("POST /v2/slots/reservations: redis does not answer")
    assert told["request_id"] == line["request_id"]


async def test_a_traceback_is_one_line_of_json(
    settings: Settings, urls: StoreUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(RedisHolds, "reservation", broken)
    async with logged(settings, urls, "json") as (pod, stream):
        assert (await pod.ask("GET", "/v2/slots/reservations/secret-uid")).status == 500
    (line,) = lines_of(stream, "GET /v2/slots/reservations/{uid} failed")
    assert "ZeroDivisionError" in line["exc_info"]
    assert "secret-uid" not in stream.getvalue()


# Secrets and people ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("log_format", ["text", "json"])
async def test_a_whole_journey_leaves_nobody_and_no_secret_in_the_log(
    settings: Settings, urls: StoreUrls, log_format: LogFormat
) -> None:
    _, key = await with_credentials(
        settings, urls, lambda credentials: credentials.create(ANA, CredentialKind.API_KEY, None)
    )
    person = {"name": "Zoe Quill", "email": "zoe.quill@example.org", "timeZone": "Europe/Rome"}
    idempotency_key = {"Idempotency-Key": "idempotency-of-zoe"}
    async with logged(settings, urls, log_format) as (pod, stream):
        await pod.slots(username="ana", eventTypeSlug="call")
        held = (await pod.reserve(10, "10:00", token=key)).data["reservationUid"]
        assert (await pod.ask("GET", f"/v2/slots/reservations/{held}")).status == 200
        booked = await book(pod, 10, "10:00", token=key, attendee=person, reservationUid=held, headers=idempotency_key)
        uid = booked.data["uid"]
        assert (await book(pod, 10, "10:00", attendee=person)).status == 400
        assert (await pod.ask("GET", f"/v2/bookings/{uid}", token=f"{key}x")).status == 401
        assert (await pod.ask("GET", f"/v2/bookings?attendeeEmail={person['email']}", token=key)).status == 200
        assert (await act(pod, uid, "cancel", token=key)).status == 200
    text = stream.getvalue()
    assert text.count("/v2/") == 8
    for secret in (key, held, uid, "zoe", "quill", "example.org", "ana", "call", "idempotency-of", "127.0.0.1"):
        assert secret.lower() not in text.lower(), secret
