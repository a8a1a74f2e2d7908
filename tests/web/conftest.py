"""Chromium, and the service that its pages come from."""

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser, Page, async_playwright, expect
from pydantic import SecretStr

from app.api.streams import STREAMS, Streams
from app.application.stores import StoreUrls
from app.application.web import build
from app.application.worlds import load
from app.settings import Settings
from app.storage.embedded import EmbeddedUrls
from app.storage.postgres.migrate import migrate
from app.storage.world_files.reading import read_world, world_of
from tests.api.conftest import api, database, loaded, redis, settings
from tests.api.pods import serving
from tests.engines import new_database

ROOT = Path(__file__).parents[2]
HIDDEN = {"id": 90, "slug": "secret", "title": "Secret", "ownerId": 1, "lengthInMinutes": 30, "hidden": True}
ASKED_FOR = {**HIDDEN, "id": 91, "slug": "asked-for", "confirmationPolicy": {"type": "always"}}

__all__ = ["api", "database", "loaded", "redis", "settings"]


class Pod(NamedTuple):
    app: web.Application
    settings: Settings


@pytest.fixture(scope="session")
async def urls(servers: EmbeddedUrls) -> StoreUrls:
    """A database of its own for these tests, with its schema."""
    assert servers.redis_url
    database_url = await new_database(servers, "web_tests")
    await migrate(database_url, timeout_s=30)
    return StoreUrls(database_url, servers.redis_url)


@pytest.fixture(scope="session")
async def client(settings: Settings, urls: StoreUrls) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(await build(settings, urls))) as started:
        yield started


@pytest.fixture(scope="session")
async def pod(servers: EmbeddedUrls) -> Pod:
    """A pod with the demo world."""
    urls = StoreUrls(await new_database(servers, "demo_tests"), servers.redis_url or "")
    settings = Settings(
        database_url=SecretStr(urls.database),
        redis_url=SecretStr(urls.redis),
        # Browsers, servers and other tests share two processors: what is said after a deadline is tested elsewhere.
        store_deadline_s=10,
        page_usernames=("ada", "ben"),
        page_team_ids=(50, 51),
    )
    with as_file(files("app.storage.world_files").joinpath("demo.yaml")) as path:
        await load(settings, urls, read_world(path), "empty")
    await load(settings, urls, world_of({"eventTypes": [HIDDEN, ASKED_FOR]}), "merge")
    return Pod(await build(settings, urls), settings)


@pytest.fixture(scope="session")
async def site(pod: Pod) -> AsyncIterator[str]:
    """Where that pod serves."""
    async with serving(pod.app, pod.settings) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def streams(pod: Pod) -> Streams:
    """The streams that it has open."""
    return pod.app[STREAMS]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, with no window."""
    found = subprocess.run([ROOT / "scripts" / "_chromium"], capture_output=True, text=True, timeout=100, check=False)  # noqa: ASYNC221 - our own script, before anything else runs
    assert found.returncode == 0, found.stderr
    program = found.stdout.strip()
    expect.set_options(timeout=15_000)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=program,
            # It cannot be had as root; it sees nothing but this service's pages.
            chromium_sandbox=False,
            # Pages are kept for the way back, as people's browsers do.
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield started
        await started.close()


@asynccontextmanager
async def opened(browser: Browser, **options: Any) -> AsyncIterator[Page]:
    """A page of a browser that nobody has used."""
    context = await browser.new_context(**options)
    context.set_default_timeout(15_000)
    yield await context.new_page()
    await context.close()


@pytest.fixture(scope="session")
async def used_page(browser: Browser, client: TestClient[Any, Any]) -> AsyncIterator[Page]:
    """A page in Rome, for one test after the other."""
    base = str(client.make_url("/"))
    async with opened(browser, base_url=base, timezone_id="Europe/Rome", locale="en-GB") as page:
        yield page


@pytest.fixture
async def page(used_page: Page) -> Page:
    """A page in Rome where nothing is shown yet: a new one would take a second."""
    await used_page.goto("about:blank")
    await used_page.set_viewport_size({"width": 1280, "height": 720})
    await used_page.emulate_media(color_scheme="light")
    return used_page


@pytest.fixture(scope="session")
async def mine(browser: Browser) -> AsyncIterator[Page]:
    """My browser, in London, for one test after the other."""
    async with opened(browser, timezone_id="Europe/London", locale="en-GB") as page:
        yield page


@pytest.fixture(scope="session")
async def other(browser: Browser) -> AsyncIterator[Page]:
    """Somebody else's."""
    async with opened(browser, timezone_id="Europe/London", locale="en-GB") as page:
        yield page


@asynccontextmanager
async def embedding(widgets: str, site: str) -> AsyncIterator[str]:
    """Where a page of somebody else's has widgets."""
    text = f'<!doctype html><title>Elsewhere</title><script type="module" src="{site}/widget.js"></script>{widgets}'

    async def get_page(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", get_page)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))
