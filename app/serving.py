"""Running the web application: in this process, or in several that share a port."""

from typing import Any

import uvloop
from aiohttp import web
from gunicorn.app.base import BaseApplication

from app.application import StoreUrls, build
from app.settings import Settings


def serve(settings: Settings, urls: StoreUrls) -> None:
    """Serve until the process is asked to stop; then requests under way finish and new ones are refused."""
    if settings.workers > 1:
        _Workers(settings, urls).run()
        return
    web.run_app(
        build(settings, urls),
        host=settings.host,
        port=settings.port,
        shutdown_timeout=settings.shutdown_s,
        access_log=None,
        print=None,
        loop=uvloop.new_event_loop(),
    )


class _Workers(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    """Several processes, begun again when one dies, under gunicorn."""

    def __init__(self, settings: Settings, urls: StoreUrls) -> None:
        self._settings = settings
        self._urls = urls
        super().__init__()

    def load_config(self) -> None:
        """Say how gunicorn should run us; it asks for this."""
        chosen = {
            "bind": f"{self._settings.host}:{self._settings.port}",
            "workers": self._settings.workers,
            "worker_class": "aiohttp.GunicornUVLoopWebWorker",
            "graceful_timeout": int(self._settings.shutdown_s),
            "loglevel": "warning",
        }
        for name, value in chosen.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return what each worker serves; gunicorn asks for this."""

        async def fresh() -> web.Application:
            return await build(self._settings, self._urls)

        return fresh
