"""One Chromium and one pod with the demo world for all of these tests."""

import shutil
from collections.abc import AsyncIterator
from importlib.resources import as_file, files

import asyncpg
import pytest
from playwright.async_api import Browser, async_playwright
from pydantic import SecretStr

from app import application
from app.application import StoreUrls
from app.settings import Settings
from app.storage.embedded import EmbeddedUrls
from app.storage.world_files.reading import read_world
from tests.api.pods import serving


@pytest.fixture(scope="session")
async def site(servers: EmbeddedUrls) -> AsyncIterator[str]:
    """Where a pod with the demo world serves."""
    assert servers.database_url
    assert servers.redis_url
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute("CREATE DATABASE web_tests")
    await connection.close()
    urls = StoreUrls(servers.database_url.replace("/holdfast?", "/web_tests?"), servers.redis_url)
    settings = Settings(
        database_url=SecretStr(urls.database), redis_url=SecretStr(urls.redis), page_usernames=("ada", "ben")
    )
    with as_file(files("app.storage.world_files").joinpath("demo.yaml")) as path:
        await application.load(settings, urls, read_world(path), "empty")
    async with serving(await application.build(settings, urls), settings) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    program = shutil.which("chromium")
    assert program, "These tests want Chromium on the PATH. On Debian: apt install chromium"
    async with async_playwright() as playwright:
        # Chromium's sandbox does not work as root; it only opens pages of our own.
        browser = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        await browser.close()
