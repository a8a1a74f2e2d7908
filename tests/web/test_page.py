"""The booking page as people use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Locator, Page, Route, expect

pytestmark = pytest.mark.xdist_group("web")

_GIVE_UP_MS = 15_000


@asynccontextmanager
async def _opened(chromium: Browser, address: str, *, streams: bool = True, **options: Any) -> AsyncIterator[Page]:
    """A browser of somebody's own on a page, where the last day of the month's first week with times is chosen."""
    context = await chromium.new_context(timezone_id="Europe/London", **options)
    context.set_default_timeout(_GIVE_UP_MS)
    if not streams:
        await context.route("**/v2/slots/stream*", _refused)
    page = await context.new_page()
    await page.goto(address)
    await page.get_by_role("button", name="Month after").click()
    await page.locator(".day:not([aria-disabled])").first.click()
    await expect(page.locator(".times button").first).to_be_visible()
    yield page
    await context.close()


async def _refused(route: Route) -> None:
    await route.abort()


async def _slot(page: Page, index: int) -> str:
    key = await page.locator(".times button").nth(index).get_attribute("data-key")
    assert key
    return key


def _by_key(page: Page, key: str) -> Locator:
    return page.locator(f'[data-key="{key}"]')


@pytest.mark.parametrize("streams", [True, False], ids=["stream", "polling"])
async def test_a_held_slot_vanishes_elsewhere_and_comes_back_when_it_is_let_go(
    chromium: Browser, site: str, *, streams: bool
) -> None:
    async with _opened(chromium, site) as mine, _opened(chromium, site, streams=streams) as other:
        key = await _slot(mine, 0)
        await expect(_by_key(other, key)).to_be_visible()
        await _by_key(mine, key).click()
        await expect(mine.get_by_text("Kept for you for")).to_be_visible()
        await expect(_by_key(other, key)).to_have_count(0)
        await mine.get_by_role("button", name="Choose another time").click()
        await expect(_by_key(other, key)).to_be_visible()


async def test_a_booking_is_made_and_cancelled(chromium: Browser, site: str) -> None:
    async with _opened(chromium, site) as page:
        key = await _slot(page, 3)
        await _by_key(page, key).click()
        await page.get_by_label("Name", exact=True).fill("Mia")
        await page.get_by_label("Email", exact=True).fill("mia@example.org")
        await page.get_by_role("button", name="Book", exact=True).click()
        await expect(page.get_by_role("heading", name="Booked")).to_be_focused()
        await page.get_by_role("button", name="Cancel this booking").click()
        await expect(_by_key(page, key)).to_be_visible()


async def test_times_are_shown_in_the_zone_that_is_chosen(chromium: Browser, site: str) -> None:
    async with _opened(chromium, site) as page:
        await page.get_by_label("Time zone").select_option("Asia/Katmandu")  # As Chromium spells it.
        await page.locator(".day:not([aria-disabled])").first.click()
        await expect(page.locator(".times button").first).to_contain_text(":45")


async def test_the_keyboard_is_enough(chromium: Browser, site: str) -> None:
    async with _opened(chromium, site) as page:
        day = page.locator('.day[tabindex="0"]')
        await day.focus()
        before = await day.get_attribute("data-date")
        await page.keyboard.press("ArrowRight")
        await expect(page.locator(".day:focus")).not_to_have_attribute("data-date", before or "")
        await page.keyboard.press("ArrowLeft")
        await page.keyboard.press("Enter")
        await expect(page.locator('[data-key="times"]')).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.locator(".times button:focus")).to_have_count(1)
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("Kept for you for")).to_be_visible()
        await page.get_by_role("button", name="Choose another time").press("Enter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_axe_finds_nothing(chromium: Browser, site: str, scheme: str, width: int) -> None:
    size = {"width": width, "height": 844}
    async with _opened(chromium, site, color_scheme=scheme, viewport=size, reduced_motion="reduce") as page:
        assert (await Axe().run(page)).response["violations"] == []
        await _by_key(page, await _slot(page, 6)).click()
        await expect(page.get_by_label("Name", exact=True)).to_be_visible()
        assert (await Axe().run(page)).response["violations"] == []
        await page.get_by_role("button", name="Choose another time").click()
