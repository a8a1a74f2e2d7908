"""What a caller gets whose request never reaches a handler, because it is no HTTP that can be read."""

import asyncio
import logging
from collections.abc import AsyncIterator

import orjson
import pytest
from aiohttp import web

from app.api.state import Handler
from app.application.stores import StoreUrls
from app.application.web import build
from app.settings import Settings
from tests.api.asking import Answer
from tests.api.pods import serving

POST = b"POST /v2/slots/reservations HTTP/1.1\r\nHost: x\r\n"
UNREADABLE = {
    "no HTTP at all": b"nonsense\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "an unknown version": b"GET /v2/slots HTTP/9.9\r\nHost: x\r\n\r\n",
    "no host": b"GET /v2/slots HTTP/1.1\r\n\r\n",
    "no URL": b"GET http://secret:99999/ HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header without a colon": b"GET /v2/slots HTTP/1.1\r\nHost: x\r\nsecret\r\n\r\n",
    "NUL in a header": b"GET /v2/slots HTTP/1.1\r\nHost: x\r\nA: secret\0\r\n\r\n",
    "too many headers": b"GET /v2/slots HTTP/1.1\r\nHost: x\r\n" + b"A: secret\r\n" * 1_000 + b"\r\n",
    "a bad length": POST + b"Content-Length: secret\r\n\r\n{}",
    "two lengths": POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    "a bad chunk": POST + b"Transfer-Encoding: chunked\r\n\r\nsecret\r\n{}\r\n0\r\n\r\n",
}
TOO_LONG = {
    "a long path": b"GET /v2/slots?a=" + b"secret" * 10_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a long header": b"GET /v2/slots HTTP/1.1\r\nHost: x\r\nA: " + b"secret" * 10_000 + b"\r\n\r\n",
}


@pytest.fixture(scope="module")
async def port(settings: Settings, urls: StoreUrls) -> AsyncIterator[int]:
    async with serving(await build(settings, urls), settings) as port:
        yield port


async def send(port: int, request: bytes) -> Answer:
    """Send bytes and return the answer, after which the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    async with asyncio.timeout(5):
        received = await reader.read()
    writer.close()
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, *fields = head.decode().split("\r\n")
    return Answer(int(status_line.split()[1]), orjson.loads(body), dict(field.split(": ", 1) for field in fields))


@pytest.mark.parametrize(
    ("request_bytes", "told"),
    [
        *(pytest.param(sent, "no HTTP that can be read", id=name) for name, sent in UNREADABLE.items()),
        *(pytest.param(sent, "too long", id=name) for name, sent in TOO_LONG.items()),
    ],
)
async def test_what_is_no_request_is_refused_in_the_envelope(
    port: int, request_bytes: bytes, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    """And without an echo; the log has one line, for anybody can write as many of them as they like."""
    with caplog.at_level(logging.DEBUG):
        answer = await send(port, request_bytes)
    assert (answer.status, answer.body["path"]) == (400, "/")
    assert told in answer.message
    assert "secret" not in answer.message
    assert answer.body["error"]["code"] == "BadRequestException"
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    (record,) = caplog.records
    assert (record.levelno, record.exc_info) == (logging.INFO, None)
    assert "secret" not in record.getMessage()


@pytest.mark.parametrize("path", ["/v2/slots/reservations", "/v2/nothing"])
async def test_an_expectation_that_nobody_knows(port: int, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nExpect: secret\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
    answer = await send(port, head.encode() + b"{}")
    assert (answer.status, answer.body["path"]) == (417, path)
    assert answer.message == "The only expectation that can be met is 100-continue."
    assert answer.body["error"]["details"]["error"] == "Expectation Failed"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


async def test_the_expectation_that_everybody_knows(port: int) -> None:
    """Told to go on before the body is there."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    async with asyncio.timeout(5):
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"{}")
        assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
    writer.close()


@pytest.mark.parametrize(
    ("headers", "body"),
    [(b"Content-Length: 20\r\n\r\n", b"{"), (b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n", b"{}")],
    ids=["half a body", "a body that is not as its headers say"],
)
async def test_what_a_caller_does_wrong_is_no_error_in_the_log(
    port: int, headers: bytes, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(POST + headers + body)
    await asyncio.sleep(0.1)
    writer.close()
    await asyncio.sleep(0.1)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@web.middleware
async def _mistaken(request: web.Request, handler: Handler) -> web.StreamResponse:  # noqa: ARG001
    raise ValueError("a secret")


async def test_a_mistake_outside_all_middlewares(
    settings: Settings, urls: StoreUrls, caplog: pytest.LogCaptureFixture
) -> None:
    app = await build(settings, urls)
    app.middlewares.insert(0, _mistaken)
    async with serving(app, settings) as port:
        answer = await send(port, b"GET /v2/slots HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (answer.status, answer.message, answer.body["path"]) == (500, "Internal server error.", "/v2/slots")
    assert "a secret" in caplog.text
