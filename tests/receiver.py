"""A receiver of webhooks, on a free port of 127.0.0.1."""

import asyncio
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

WAIT_S = 10.0


@dataclass(frozen=True)
class Received:
    """A request that arrived."""

    at: float
    """By a clock that only goes forward, in seconds."""
    body: bytes
    headers: dict[str, str]

    @property
    def told(self) -> Any:
        return json.loads(self.body)

    @property
    def trigger(self) -> str:
        return str(self.told["triggerEvent"])

    @property
    def payload(self) -> Any:
        return self.told["payload"]

    @property
    def delivery(self) -> str:
        return self.headers["X-Holdfast-Delivery"]

    def is_signed_with(self, secret: str) -> bool:
        signature = hmac.new(secret.encode(), self.body, sha256).hexdigest()
        return self.headers["X-Cal-Signature-256"] == signature


@dataclass
class Receiver:
    """Remembers what arrives, and answers as it is told to."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    """What to answer, one after the other; then 200."""
    silent: bool = False
    """Whether it never answers."""
    endless: bool = False
    """Whether its answers have no end."""
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        async with self.arrived:
            self.received.append(Received(time.monotonic(), await request.read(), dict(request.headers)))
            self.arrived.notify_all()
        if self.silent:
            await asyncio.Event().wait()
        if self.endless:
            return await _endless(request)
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, headers={"Location": self.url} if status == 302 else {})

    async def got(self, number: int) -> list[Received]:
        """Return what arrived, once it is at least so much."""
        async with asyncio.timeout(WAIT_S), self.arrived:
            await self.arrived.wait_for(lambda: len(self.received) >= number)
        return list(self.received)

    @property
    def triggers(self) -> list[str]:
        return [one.trigger for one in self.received]


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    _ = await response.prepare(request)
    while True:
        await response.write(b" " * 10_000)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Run a receiver."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server(shutdown_timeout=0, access_log=None)
    receiver.port = server.port or 0
    try:
        yield receiver
    finally:
        await server.close()
