"""Clients that do not go on: each is ended after a bounded time, costs nobody a turn, and makes room for others."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

import pytest
from aiohttp import web

from app.application.stores import StoreUrls
from app.application.web import build
from app.serving import Runner
from app.settings import Settings

GET = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /v2/slots/reservations HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n"
DOCUMENT = b"GET /v2/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
CLIENT_S = 0.5
IDLE_S = 1.0
SOON_S = 5.0
"""Generous: what is ended at all is ended within a second or so."""
MOST = 20

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Pod:
    """A pod with short time-outs."""

    runner: Runner
    port: int

    @property
    def open_connections(self) -> int:
        server = self.runner.server
        assert server
        return len(server.connections)

    async def connections_in_the_end(self, number: int) -> None:
        """Wait until so many connections are left."""
        async with asyncio.timeout(SOON_S):
            while self.open_connections != number:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.02)


@asynccontextmanager
async def pod(settings: Settings, urls: StoreUrls, **changed: float) -> AsyncIterator[Pod]:
    settings = settings.model_copy(update={"client_s": CLIENT_S, "idle_s": IDLE_S, "connections": MOST, **changed})
    runner = Runner(await build(settings, urls), settings)
    await runner.setup()
    try:
        listening = socket.create_server(("127.0.0.1", 0))
        # So that little of an answer is left to the system.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        await web.SockSite(runner, listening).start()
        yield Pod(runner, listening.getsockname()[1])
    finally:
        await runner.cleanup()


@pytest.fixture(scope="module")
async def port(settings: Settings, urls: StoreUrls) -> AsyncIterator[int]:
    async with pod(settings, urls) as started:
        yield started.port


async def connect(port: int, sent: bytes = b"") -> Streams:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    return reader, writer


async def ended(streams: Streams, within_s: float = SOON_S) -> bytes:
    """Wait until the server ends a connection; what came before."""
    reader, writer = streams
    received = b""
    try:
        async with asyncio.timeout(within_s):
            while chunk := await reader.read(65_536):
                received += chunk
    except ConnectionResetError:
        pass
    finally:
        writer.close()
    return received


async def answered(streams: Streams) -> int:
    """Ask whether the process lives, and return the status."""
    reader, writer = streams
    writer.write(GET)
    async with asyncio.timeout(SOON_S):
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(len(b'{"status":"ok"}'))
    return int(head.split()[1])


@pytest.mark.parametrize(
    "begun", [b"", b"G", GET[:-2], GET + GET[:-2]], ids=["nothing", "a letter", "no end", "a second without end"]
)
async def test_what_is_opened_and_not_used_is_closed(port: int, begun: bytes) -> None:
    assert b"HTTP/1.1 4" not in await ended(await connect(port, begun))


async def test_a_head_that_trickles_in_is_given_up_before_it_is_there(settings: Settings, urls: StoreUrls) -> None:
    """Each piece comes in time; all of them do not."""
    async with pod(settings, urls, idle_s=60) as started:
        streams = await connect(started.port, b"GET / HTTP/1.1\r\n")
        trickling = asyncio.create_task(trickle(streams[1]))
        assert await ended(streams) == b""
        trickling.cancel()


async def trickle(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"A: b\r\n")
        await asyncio.sleep(0.1)


async def test_a_body_that_trickles_in(port: int) -> None:
    streams = await connect(port, POST + b"{")
    assert (await ended(streams)).startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_nobody_wants(port: int) -> None:
    streams = await connect(port, POST.replace(b"/v2/slots/reservations", b"/v2/nothing") + b"{")
    assert (await ended(streams)).startswith(b"HTTP/1.1 404 ")


async def test_a_connection_is_kept_as_long_as_it_is_used(port: int) -> None:
    """For longer than it may be idle, and than a head may take."""
    streams = await connect(port)
    began = monotonic()
    while monotonic() - began < 1.5 * IDLE_S:
        assert await answered(streams) == 200
        await asyncio.sleep(IDLE_S / 5)
    assert await ended(streams) == b""


@pytest.mark.parametrize(
    "asked",
    [b"GET /" + b"x" * 12_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", DOCUMENT, DOCUMENT * 200],
    ids=["an answer that waits in the process", "one that is too long for that", "answers without end"],
)
async def test_who_does_not_read_is_cut_off(settings: Settings, urls: StoreUrls, asked: bytes) -> None:
    async with pod(settings, urls) as started, not_reading(started.port) as client:
        await asyncio.get_running_loop().sock_sendall(client, asked)
        await started.connections_in_the_end(1)
        await started.connections_in_the_end(0)


@asynccontextmanager
async def not_reading(port: int) -> AsyncIterator[socket.socket]:
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
        yield client


async def test_connections_beyond_the_bound_take_the_place_of_idle_ones(settings: Settings, urls: StoreUrls) -> None:
    """The longest idle go first: who has just asked keeps its own."""
    async with pod(settings, urls, idle_s=60) as started:
        used = await connect(started.port)
        idle = [await connect(started.port) for _ in range(MOST - 1)]
        await started.connections_in_the_end(MOST)
        assert await answered(used) == 200
        newcomer = await connect(started.port)
        assert await answered(newcomer) == 200
        assert await answered(used) == 200
        for one in idle[:2]:
            assert await ended(one) == b""
        await started.connections_in_the_end(MOST - 1)
        for one in (used, newcomer, *idle[2:]):
            one[1].close()


async def test_no_connection_at_work_is_closed_for_another(settings: Settings, urls: StoreUrls) -> None:
    async with pod(settings, urls, client_s=60, idle_s=60) as started:
        working = [await connect(started.port, POST) for _ in range(MOST)]
        await started.connections_in_the_end(MOST)
        assert await ended(await connect(started.port)) == b""
        for reader, writer in working:
            writer.write(b"{}" + b" " * 18)
            async with asyncio.timeout(SOON_S):
                assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")
            writer.close()
