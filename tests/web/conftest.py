"""Chromium, and the service that its pages come from."""

from collections.abc import AsyncIterator
from shutil import which
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser, Page, async_playwright

from app import application
from app.application import StoreUrls
from app.settings import Settings
from app.storage.embedded import EmbeddedUrls
from app.storage.postgres.migrate import migrate
from tests.api.conftest import api, database, loaded, redis, settings

__all__ = ["api", "database", "loaded", "redis", "settings"]


@pytest.fixture(scope="session")
async def urls(servers: EmbeddedUrls) -> StoreUrls:
    """A database of its own for these tests, with its schema."""
    assert servers.database_url
    assert servers.redis_url
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute("CREATE DATABASE web_tests")
    await connection.close()
    database_url = servers.database_url.replace("/holdfast?", "/web_tests?")
    await migrate(database_url, timeout_s=30)
    return StoreUrls(database_url, servers.redis_url)


@pytest.fixture(scope="session")
async def client(settings: Settings, urls: StoreUrls) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(await application.build(settings, urls))) as started:
        yield started


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, with no window."""
    program = which("chromium")
    assert program, "apt-get install chromium"
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
