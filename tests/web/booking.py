"""Steps of a booking in a browser."""

from playwright.async_api import Locator, Page, Route, expect

INTRO = "/?eventTypeId=1"
ASKED_FOR = "/?eventTypeId=91"
"""What its host must confirm."""
YOGA = "/?eventTypeId=5"
"""A class with seats."""
CONSULTATION = "/?eventTypeId=2"
"""Of 30, 60 or 90 minutes."""


async def choose_day(page: Page, address: str) -> None:
    """Go to a page and choose the first day with times in the next month."""
    await page.goto(address)
    await page.get_by_role("button", name="Month after").click()
    await page.locator(".day:not([aria-disabled])").first.click()
    await expect(page.locator(".times button").first).to_be_visible()


async def slot(page: Page, index: int) -> str:
    key = await page.locator(".times button").nth(index).get_attribute("data-key")
    assert key
    return key


def by_key(page: Page, key: str) -> Locator:
    return page.locator(f'[data-key="{key}"]')


async def hold(page: Page, key: str) -> None:
    await by_key(page, key).click()
    await expect(page.get_by_text("Kept for you for")).to_be_visible()


async def refused(route: Route) -> None:
    """Let a request fail as if nothing were there."""
    await route.abort()
