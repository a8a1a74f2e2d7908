"""What stands between clients and the service: it passes everything on and writes it down.

A client that can be told where the API is gets `url`. Most cannot: https://api.cal.com is written in their code. They
get `environment`, as in a company whose only way out is a proxy that looks into TLS: a proxy (HTTPS_PROXY) and a
certificate authority to trust, made on the spot. So their code, and all that it sends, stays as published. Whatever
else they want from the internet is refused.
"""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

import aiohttp
from aiohttp import web

from scripts.journeys.errors import JourneyError

_HOST = "127.0.0.1"
_PEER = "api.cal.com"
_LARGEST_BYTES = 4 * 1024 * 1024
_CHUNK_BYTES = 65_536
_OF_THIS_CONNECTION = {
    "connection", "content-length", "host", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade",
}  # fmt: skip
_OF_ITS_ENCODING = {*_OF_THIS_CONNECTION, "content-encoding"}
"""The body is read here; its length and its compression are not those of what is sent on."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer."""

    method: str
    path: str
    version: str | None
    """`cal-api-version`, if it was sent."""
    body: str
    status: int
    answer: str


@dataclass(slots=True)
class Recorder:
    """What clients are pointed at, and what they sent so far."""

    url: str
    """The API's origin, over plain HTTP."""
    environment: dict[str, str]
    """What points a client here that has Cal.com's origin in its code."""
    exchanges: list[Exchange] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Other hosts that clients wanted."""


@contextmanager
def recorder(service_url: str) -> Iterator[Recorder]:
    """Pass on to a service until the end of the context."""
    with TemporaryDirectory(prefix="holdfast-recorder-") as folder:
        certificate, key = _certificate(Path(folder))
        started: list[Recorder | Exception] = []
        is_started, loop, end = Event(), asyncio.new_event_loop(), asyncio.Event()

        async def run() -> None:
            try:
                async with _running(service_url, certificate, key) as running:
                    started.append(running)
                    is_started.set()
                    await end.wait()
            except OSError as error:
                started.append(error)
                is_started.set()

        thread = Thread(target=loop.run_until_complete, args=(run(),))
        thread.start()
        try:
            is_started.wait()
            if isinstance(started[0], Exception):
                raise JourneyError(f"nothing can listen on {_HOST}: {started[0]}")
            yield started[0]
        finally:
            loop.call_soon_threadsafe(end.set)
            thread.join()
            loop.close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for the peer's name, which is its own authority, and return it and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        raise JourneyError("the program openssl must be on the PATH")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = [
        openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", f"/CN={_PEER}", "-addext", f"subjectAltName=DNS:{_PEER}",
        "-out", str(certificate), "-keyout", str(key),
    ]  # fmt: skip
    made = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - openssl
    if made.returncode:
        raise JourneyError(f"openssl makes no certificate: {made.stderr}")
    return certificate, key


@asynccontextmanager
async def _running(service_url: str, certificate: Path, key: Path) -> AsyncIterator[Recorder]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        passing = _Passing(service_url, session)
        app = web.Application(client_max_size=_LARGEST_BYTES)
        app.router.add_route("*", "/{path:.*}", passing.on)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            plain, encrypted = web.TCPSite(runner, _HOST, 0), web.TCPSite(runner, _HOST, 0, ssl_context=context)
            await plain.start()
            await encrypted.start()
            plain_port, encrypted_port = (int(address[1]) for address in runner.addresses)
            gate = _Gate(plain_port, encrypted_port)
            server = await asyncio.start_server(gate.enter, _HOST, 0)
            async with server:
                proxy = f"http://{_HOST}:{server.sockets[0].getsockname()[1]}"
                yield Recorder(
                    url=f"http://{_HOST}:{plain_port}",
                    environment=_environment(proxy, certificate),
                    exchanges=passing.exchanges,
                    refused=gate.refused,
                )
        finally:
            await runner.cleanup()


def _environment(proxy: str, certificate: Path) -> dict[str, str]:
    trusting = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    return {"HTTPS_PROXY": proxy, "https_proxy": proxy, **dict.fromkeys(trusting, str(certificate))}


class _Passing:
    """Passes requests on to the service."""

    def __init__(self, service_url: str, session: aiohttp.ClientSession) -> None:
        self.exchanges: list[Exchange] = []
        self._service_url = service_url
        self._session = session

    async def on(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OF_THIS_CONNECTION}
        url = self._service_url + request.path_qs
        async with self._session.request(
            request.method, url, data=body, headers=headers, allow_redirects=False, skip_auto_headers=("Content-Type",)
        ) as answer:
            content = await answer.read()
            answered = {name: value for name, value in answer.headers.items() if name.lower() not in _OF_ITS_ENCODING}
        self.exchanges.append(
            Exchange(
                method=request.method,
                path=request.path_qs,
                version=request.headers.get("cal-api-version"),
                body=body.decode(errors="replace"),
                status=answer.status,
                answer=content.decode(errors="replace"),
            )
        )
        return web.Response(status=answer.status, headers=answered, body=content)


class _Gate:
    """The proxy: it lets clients through to one host, by a tunnel or, as some send to proxies, in plain words."""

    def __init__(self, plain_port: int, encrypted_port: int) -> None:
        self.refused: list[str] = []
        self._plain_port = plain_port
        self._encrypted_port = encrypted_port

    async def enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            method, target = head.decode("latin-1").split(" ")[:2]
            if method == "CONNECT" and target == f"{_PEER}:443":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _join(reader, writer, self._encrypted_port)
            elif target.startswith(f"https://{_PEER}/"):
                await _join(reader, writer, self._plain_port, head)
            else:
                self.refused.append(target)
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
        writer.close()


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, head: bytes = b"") -> None:
    """Join a connection with one to a port here, until either ends."""
    there_reader, there_writer = await asyncio.open_connection(_HOST, port)
    there_writer.write(head)
    ways = [asyncio.create_task(_pass(reader, there_writer)), asyncio.create_task(_pass(there_reader, writer))]
    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    for way in ways:
        way.cancel()
    there_writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
