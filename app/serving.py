"""Running the web application: in this process, or in several that share a port."""

import asyncio
import gc
import logging
import resource
import signal
from collections.abc import Callable
from typing import Any

import uvloop
from aiohttp import web
from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger
from typing_extensions import override

from app.api.server import ConnectionLimits, Server
from app.api.under_way import UNDER_WAY
from app.application.stores import StoreUrls
from app.application.web import build
from app.settings import Settings

_LONGEST_LINE = 32 * 1024
"""Bytes of a request line or header; some clients put long lists into a query."""
_OTHER_FILES = 1_000
"""Connections to the stores, of webhooks and of feeds, and what Python opens."""
_OBJECTS_BETWEEN_COLLECTIONS = 10_000
_logger = logging.getLogger(__name__)


def serve(settings: Settings, urls: StoreUrls, on_listening: Callable[[], None]) -> None:
    """Serve until the process is asked to stop; then requests under way finish and new connections are refused."""
    _allow_open_files(settings.connections)
    if settings.workers > 1:
        _Workers(settings, urls, on_listening).run()
    else:
        uvloop.run(_serve_here(settings, urls, on_listening))


def _allow_open_files(connections: int) -> None:
    """Raise what the system allows this process by default, often a thousand, as far as it lets itself be asked."""
    wanted = connections + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
        if allowed < wanted:
            _logger.warning("%d connections need %d open files, but only %d are allowed", connections, wanted, allowed)


def _collect_garbage_seldom() -> None:
    """Look for garbage less often than Python does by itself, and only among what is made from now on.

    By default it looks after 700 new objects, which a few listings are, and now and then at all there is: a pause that
    everybody waits through.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, 10, 10)


class Runner(web.AppRunner):
    """Serves on for as long as balancers need to look elsewhere, then refuses new connections.

    After that it waits for requests under way, then ends the rest.
    """

    def __init__(self, app: web.Application, settings: Settings) -> None:
        super().__init__(
            app, access_log=None, shutdown_timeout=1, max_line_size=_LONGEST_LINE, max_field_size=_LONGEST_LINE
        )
        self._drain_s = settings.drain_s
        self._patience_s = settings.shutdown_s
        self._limits = ConnectionLimits(settings.connections, settings.client_s, settings.idle_s)

    @override
    async def _make_server(self) -> web.Server:
        return Server(await super()._make_server(), self._limits, **self._kwargs)

    @override
    async def cleanup(self) -> None:
        self.app[UNDER_WAY].stop()
        await asyncio.sleep(self._drain_s)
        for site in list(self.sites):
            await site.stop()
        await self.app[UNDER_WAY].finished(self._patience_s)
        await super().cleanup()


async def _serve_here(settings: Settings, urls: StoreUrls, on_listening: Callable[[], None]) -> None:
    stop = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    runner = Runner(await build(settings, urls), settings)
    await runner.setup()
    _collect_garbage_seldom()
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
        on_listening()
        await stop.wait()
    finally:
        await runner.cleanup()


class _Logger(Logger):
    """Leaves gunicorn's lines to the handler that writes all others."""

    @override
    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class _Workers(BaseApplication):
    """Several processes under gunicorn, which begins one again when it dies."""

    def __init__(self, settings: Settings, urls: StoreUrls, on_listening: Callable[[], None]) -> None:
        self._settings = settings
        self._urls = urls
        self._on_listening = on_listening
        super().__init__()

    @override
    def load_config(self) -> None:
        chosen = {
            "bind": self._settings.address,
            "workers": self._settings.workers,
            "worker_class": "aiohttp.GunicornUVLoopWebWorker",
            # A little longer than a worker waits by itself.
            "graceful_timeout": int(self._settings.drain_s + self._settings.shutdown_s) + 2,
            "loglevel": "warning",
            "logger_class": _Logger,
            "when_ready": lambda _: self._on_listening(),
            # It would be a file in the home folder, one for all that serve there.
            "control_socket_disable": True,
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    @override
    def load(self) -> Any:
        async def fresh() -> web.AppRunner:
            runner = Runner(await build(self._settings, self._urls), self._settings)
            _collect_garbage_seldom()
            return runner

        return fresh
