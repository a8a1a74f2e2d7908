"""HAProxy with config/haproxy.cfg: whom it hears, what it keeps from pods, and how it finds those that moved."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import aiohttp
import pytest
from aiohttp import web
from typing_extensions import override

from tests.e2e.proxied import CONFIG, haproxy

NOBODY = "127.0.0.1:1"
DEADLINE_S = 10.0
_A = b"\0\1"


async def tell(request: web.Request) -> web.Response:
    """Say which pod this is, and from whom the request is said to be."""
    transport = request.transport
    assert transport is not None
    return web.json_response([transport.get_extra_info("sockname")[0], request.headers.getall("X-Forwarded-For", [])])


async def weigh(request: web.Request) -> web.StreamResponse:
    """Begin an answer at once, and say in it how long the body is that came."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(str(len(await request.read())).encode())
    return response


@asynccontextmanager
async def pod(port: int, host: str = "127.0.0.1") -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/{path:.*}", tell)
    app.router.add_post("/{path:.*}", weigh)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    try:
        yield f"{host}:{port}"
    finally:
        await runner.cleanup()


async def told(session: aiohttp.ClientSession, port: int, *forwarded: str) -> list[str]:
    """Return from whom a request is said to be."""
    headers = [("X-Forwarded-For", one) for one in forwarded]
    async with session.get(f"http://127.0.0.1:{port}/v2/slots", headers=headers) as answer:
        assert answer.status == 200
        return list((await answer.json())[1])


@pytest.mark.parametrize("proxies", ["", "10.0.0.0/8"])
async def test_what_clients_write_themselves_is_not_believed(
    proxies: str, unused_tcp_port_factory: Callable[[], int]
) -> None:
    port = unused_tcp_port_factory()
    async with pod(unused_tcp_port_factory()) as one, aiohttp.ClientSession() as session:
        with haproxy(port, (one, NOBODY), HOLDFAST_PROXIES_IN_FRONT=proxies):
            assert await told(session, port, "203.0.113.7") == ["127.0.0.1"]


async def test_a_proxy_in_front_that_is_named_says_whom_it_heard(unused_tcp_port_factory: Callable[[], int]) -> None:
    port = unused_tcp_port_factory()
    async with pod(unused_tcp_port_factory()) as one, aiohttp.ClientSession() as session:
        with haproxy(port, (one, NOBODY), HOLDFAST_PROXIES_IN_FRONT="10.0.0.0/8 127.0.0.1"):
            # All by one connection: each request is of its own visitor.
            assert await told(session, port, "198.51.100.9, 203.0.113.7") == ["203.0.113.7"]
            assert await told(session, port, "198.51.100.9", "2001:db8::7") == ["2001:db8::7"]
            assert await told(session, port, "nonsense") == ["127.0.0.1"]
            assert await told(session, port) == ["127.0.0.1"]


async def test_the_proxy_protocol_can_be_asked_for(unused_tcp_port_factory: Callable[[], int]) -> None:
    port = unused_tcp_port_factory()
    async with pod(unused_tcp_port_factory()) as one:
        with haproxy(port, (one, NOBODY), HOLDFAST_BIND=f"127.0.0.1:{port} accept-proxy"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.9\r\nConnection: close\r\n\r\n"
            writer.write(b"PROXY TCP4 203.0.113.7 127.0.0.1 4711 80\r\n" + head)
            assert (await reader.read()).endswith(b'["203.0.113.7"]]')
            writer.close()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A key and a certificate."""
    file = tmp_path / "site.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x"]
    subprocess.run([*made, "-keyout", file, "-out", file], capture_output=True, timeout=20, check=True)
    return file


async def test_pages_can_share_a_connection_by_http_2(site: Path, unused_tcp_port_factory: Callable[[], int]) -> None:
    [options] = [
        line.partition(":443 ")[2].split('"')[0] for line in CONFIG.read_text().splitlines() if ":443 " in line
    ]
    port = unused_tcp_port_factory()
    bind = f"127.0.0.1:{port} {options.replace('/etc/haproxy/site.pem', str(site))}"
    client = ssl.create_default_context(cafile=site)
    client.check_hostname = False
    client.set_alpn_protocols(["h2", "http/1.1"])
    with haproxy(port, (NOBODY, NOBODY), HOLDFAST_BIND=bind):
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client)
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        writer.close()


async def test_a_body_that_does_not_go_on_never_reaches_a_pod(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    port = unused_tcp_port_factory()
    config, text = tmp_path / "haproxy.cfg", CONFIG.read_text()
    assert text.count("timeout http-request 10s") == 1
    config.write_text(text.replace("timeout http-request 10s", "timeout http-request 300ms"))
    async with pod(unused_tcp_port_factory()) as one:
        with haproxy(port, (one, NOBODY), config):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST /v2/slots/reservations HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{}\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
            writer.close()


async def test_a_body_may_be_larger_than_the_proxy_s_buffer(unused_tcp_port_factory: Callable[[], int]) -> None:
    port = unused_tcp_port_factory()
    async with pod(unused_tcp_port_factory()) as one, aiohttp.ClientSession() as session:
        with haproxy(port, (one, NOBODY)):
            async with session.post(f"http://127.0.0.1:{port}/v2/slots/reservations", data=bytes(65_536)) as answer:
                assert await answer.text() == "65536"


async def test_a_widget_of_another_origin_can_read_that_it_asks_too_often(
    unused_tcp_port_factory: Callable[[], int],
) -> None:
    port = unused_tcp_port_factory()
    async with pod(unused_tcp_port_factory()) as one, aiohttp.ClientSession() as session:
        with haproxy(port, (one, NOBODY), HOLDFAST_REQUESTS_PER_10_S="1"):
            await told(session, port)
            async with session.get(f"http://127.0.0.1:{port}/v2/slots", headers={"Origin": "http://x"}) as answer:
                assert (answer.status, answer.headers["Retry-After"]) == (429, "10")
                assert answer.headers["Access-Control-Allow-Origin"] == "*"
                assert answer.headers["Access-Control-Expose-Headers"] == "Retry-After"


class Names(asyncio.DatagramProtocol):
    """A name server to which every name has the one address, by IPv4."""

    def __init__(self) -> None:
        self.address = "127.0.0.1"
        self._transport: asyncio.DatagramTransport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self._transport is not None
        question = data[12 : data.index(b"\0", 12) + 5]
        record = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + socket.inet_aton(self.address)
        answers = [record] if question[-4:-2] == _A else []
        head = data[:2] + b"\x81\x80\0\1" + len(answers).to_bytes(2, "big") + bytes(4)
        self._transport.sendto(head + question + b"".join(answers), addr)


@asynccontextmanager
async def name_server() -> AsyncIterator[tuple[Names, str]]:
    transport, names = await asyncio.get_running_loop().create_datagram_endpoint(Names, ("127.0.0.1", 0))
    try:
        yield names, "{}:{}".format(*transport.get_extra_info("sockname"))
    finally:
        transport.close()


async def test_a_pod_whose_name_leads_elsewhere_is_found_there(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    port, pod_port = unused_tcp_port_factory(), unused_tcp_port_factory()
    config, text = tmp_path / "haproxy.cfg", CONFIG.read_text()
    assert text.count("parse-resolv-conf") == 1
    async with name_server() as (names, server), aiohttp.ClientSession() as session:
        config.write_text(text.replace("parse-resolv-conf", f"nameserver ours {server}"))
        # It starts, though nobody else knows that name.
        with haproxy(port, (f"pod1.invalid:{pod_port}", NOBODY), config):
            async with pod(pod_port):
                await _until_answered_by("127.0.0.1", session, port)
            names.address = "127.0.0.2"
            async with pod(pod_port, "127.0.0.2"):
                await _until_answered_by("127.0.0.2", session, port)


async def _until_answered_by(address: str, session: aiohttp.ClientSession, port: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            async with session.get(f"http://127.0.0.1:{port}/v2/slots") as answer:
                if answer.status == 200 and (await answer.json())[0] == address:
                    return
            await asyncio.sleep(0.05)
