"""`GET /metrics` on a port of its own, which is not the public's."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

_AGAIN_S = 1.0
_logger = logging.getLogger(__name__)


@asynccontextmanager
async def serving_metrics(host: str, ports: range, exposition: Callable[[], Awaitable[bytes]]) -> AsyncIterator[None]:
    """Answer on the first of `ports` that is free, until the block ends; each of several processes gets its own.

    While none is free, as when the process before this one is still finishing, the service goes on without.
    """

    async def get_metrics(_: web.Request) -> web.Response:
        return web.Response(body=await exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.router.add_get("/metrics", get_metrics)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    listening = None if await _listens(runner, host, ports) else asyncio.create_task(_listen(runner, host, ports))
    try:
        yield
    finally:
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, ports: range) -> None:
    _logger.warning("no metrics yet: nothing can listen on %s, ports %s", host, ", ".join(map(str, ports)))
    while True:
        await asyncio.sleep(_AGAIN_S)
        if await _listens(runner, host, ports):
            return


async def _listens(runner: web.AppRunner, host: str, ports: range) -> bool:
    for port in ports:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError:
            await site.stop()
        else:
            return True
    return False
