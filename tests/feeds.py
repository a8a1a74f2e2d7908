"""Calendar feeds: texts of iCalendar, and a server that gives them on a free port of 127.0.0.1."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer


def event(*lines: str, uid: str = "1") -> str:
    """Return an event of these lines."""
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT", ""])


def calendar(*components: str, head: str = "X-WR-CALNAME:Work") -> str:
    """Return a calendar of these components."""
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//tests//EN\r\n{head}\r\n{''.join(components)}END:VCALENDAR\r\n"


def at(day: str, start: str, end: str, zone: str = "Europe/Rome") -> tuple[str, str]:
    """Return the lines that say when an event is, by clocks of a zone: at("20500905", "0900", "1000")."""
    return f"DTSTART;TZID={zone}:{day}T{start}00", f"DTEND;TZID={zone}:{day}T{end}00"


@dataclass
class FeedServer:
    """Gives what it is told to at each path."""

    port: int = 0
    texts: dict[str, str] = field(default_factory=dict)
    """By path; others are 404."""
    redirects: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    """Whether it never answers."""
    waits: asyncio.Event | None = None
    """What it waits for before it answers."""
    asked: list[str] = field(default_factory=list)
    """Paths, in order."""

    def url(self, path: str = "/work.ics") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def give(self, text: str, path: str = "/work.ics") -> str:
        """Give a text from now on, and return its URL."""
        self.texts[path] = text
        return self.url(path)

    async def is_asked(self, times: int) -> None:
        """Wait until it has been asked so often."""
        async with asyncio.timeout(5):
            while True:
                if len(self.asked) >= times:
                    return
                await asyncio.sleep(0.01)

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if self.silent:
            await asyncio.Event().wait()
        if self.waits is not None:
            await self.waits.wait()
        if request.path in self.redirects:
            raise web.HTTPFound(self.redirects[request.path])
        if request.path not in self.texts:
            raise web.HTTPNotFound
        return web.Response(text=self.texts[request.path], content_type="text/calendar")


@asynccontextmanager
async def serving_feeds() -> AsyncIterator[FeedServer]:
    """Run a server of feeds."""
    feeds = FeedServer()
    app = web.Application()
    app.router.add_get("/{path:.*}", feeds.handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server(shutdown_timeout=0, access_log=None)
    feeds.port = server.port or 0
    try:
        yield feeds
    finally:
        await server.close()
