"""Chromium, and the service that its pages come from."""

import subprocess
from collections.abc import AsyncIterator
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser, Page, async_playwright
from pydantic import SecretStr

from app.application.stores import StoreUrls
from app.application.web import build
from app.application.worlds import load
from app.settings import Settings
from app.storage.embedded import EmbeddedUrls
from app.storage.postgres.migrate import migrate
from app.storage.world_files.reading import read_world
from tests.api.conftest import api, database, loaded, redis, settings
from tests.api.pods import serving

ROOT = Path(__file__).parents[2]

__all__ = ["api", "database", "loaded", "redis", "settings"]


@pytest.fixture(scope="session")
async def urls(servers: EmbeddedUrls) -> StoreUrls:
    """A database of its own for these tests, with its schema."""
    assert servers.redis_url
    database_url = await _new_database(servers, "web_tests")
    await migrate(database_url, timeout_s=30)
    return StoreUrls(database_url, servers.redis_url)


async def _new_database(servers: EmbeddedUrls, name: str) -> str:
    assert servers.database_url
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return servers.database_url.replace("/holdfast?", f"/{name}?")


@pytest.fixture(scope="session")
async def client(settings: Settings, urls: StoreUrls) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(await build(settings, urls))) as started:
        yield started


@pytest.fixture(scope="session")
async def site(servers: EmbeddedUrls) -> AsyncIterator[str]:
    """Where a pod with the demo world serves."""
    urls = StoreUrls(await _new_database(servers, "demo_tests"), servers.redis_url or "")
    settings = Settings(
        database_url=SecretStr(urls.database), redis_url=SecretStr(urls.redis), page_usernames=("ada", "ben")
    )
    with as_file(files("app.storage.world_files").joinpath("demo.yaml")) as path:
        await load(settings, urls, read_world(path), "empty")
    async with serving(await build(settings, urls), settings) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, with no window."""
    found = subprocess.run([ROOT / "scripts" / "_chromium"], capture_output=True, text=True, timeout=100, check=False)  # noqa: ASYNC221 - our own script, before anything else runs
    assert found.returncode == 0, found.stderr
    program = found.stdout.strip()
    async with async_playwright() as playwright:
        # Its sandbox cannot be had as root; it sees nothing but this service's pages.
        started = await playwright.chromium.launch(executable_path=program, chromium_sandbox=False)
        yield started
        await started.close()


@pytest.fixture
async def page(browser: Browser, client: TestClient[Any, Any]) -> AsyncIterator[Page]:
    """A page of a browser that nobody has used, in Rome."""
    context = await browser.new_context(base_url=str(client.make_url("/")), timezone_id="Europe/Rome", locale="en-GB")
    context.set_default_timeout(15_000)
    yield await context.new_page()
    await context.close()
