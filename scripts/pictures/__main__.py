"""Takes the pictures of the pages: `scripts/screenshots --help`."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import click
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright, expect

from app.application.stores import StoreUrls, reachable
from app.application.web import build
from app.application.worlds import load
from app.serving import Runner
from app.settings import Settings
from scripts.pictures.world import CONSULTATION, INTRODUCTION, KEY, WEEK, busy_week, demo_world

_ROOT = Path(__file__).parents[2]
_TO = _ROOT / "docs" / "images"
_NOW = datetime(2050, 9, 1, 8, tzinfo=UTC)
"""By the browser's clock: the calendar opens at the month that has the week."""
_EPILOG = """\b
What they show:
  page-desktop-light.png, page-desktop-dark.png  the booking page on a wide screen: a day is chosen
  page-phone-light.png, page-phone-dark.png      on a phone: a slot is held, and the time it is kept for runs
  explain.png                                    a week at /explain, and why one start is not on offer

\b
Try:
  scripts/screenshots
  scripts/screenshots --to pictures
"""
_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}, epilog=_EPILOG)
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    default=_TO,
    help="Folder that the pictures are written to. [default: docs/images]",
)
def main(to: Path) -> None:
    """Take the pictures of the pages that the README shows, anew.

    It starts a service of its own with the demo world in a folder that goes away, drives the Chromium on the PATH, or
    Debian's, without a window, and has optipng make the files small. All is of a week of 2050, so that a picture
    changes only when its page does: take them after a change to app/web, look at them, and commit those that changed.
    """
    to.mkdir(parents=True, exist_ok=True)
    chromium, optipng = _program("_chromium"), _program("_optipng")
    with TemporaryDirectory(prefix="holdfast-pictures-") as folder:
        settings = Settings(
            database_url=None,
            redis_url=None,
            data_dir=Path(folder),
            page_usernames=("ada", "ben"),
            page_team_ids=(50, 51),
            log_level="warning",
        )
        with reachable(settings) as urls:
            asyncio.run(_take_all(settings, urls, chromium, to))
    taken = sorted(to.glob("*.png"))
    subprocess.run([optipng, "-quiet", "-strip", "all", *taken], check=True)  # noqa: S603 - what _program found
    for picture in taken:
        click.echo(f"{picture}  {picture.stat().st_size / 1_000:.0f} kB")


def _program(script: str) -> str:
    """Return the path that one of our scripts prints."""
    found = subprocess.run([_ROOT / "scripts" / script], capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if found.returncode:
        raise click.ClickException(found.stderr)
    return found.stdout.strip()


async def _take_all(settings: Settings, urls: StoreUrls, program: str, to: Path) -> None:
    await load(settings, urls, demo_world(), "empty")
    await load(settings, urls, busy_week(), "merge")
    async with _serving(settings, urls) as site, async_playwright() as playwright:
        # Its sandbox cannot be had as root; it sees nothing but this service's pages.
        browser = await playwright.chromium.launch(executable_path=program, chromium_sandbox=False)
        for take in (_take_desktop, _take_phone, _take_explain):
            await take(browser, site, to)
        await browser.close()


@asynccontextmanager
async def _serving(settings: Settings, urls: StoreUrls) -> AsyncIterator[str]:
    runner = Runner(await build(settings, urls), settings)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{site.port}"
    await runner.cleanup()


@asynccontextmanager
async def _opened(browser: Browser, address: str, width: int, scale: float) -> AsyncIterator[Page]:
    context = await browser.new_context(
        viewport={"width": width, "height": 700},
        device_scale_factor=scale,
        timezone_id="Europe/London",
        locale="en-GB",
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await page.clock.set_fixed_time(_NOW)
    await page.goto(address)
    yield page
    await context.close()


async def _take_desktop(browser: Browser, site: str, to: Path) -> None:
    async with _opened(browser, f"{site}/?eventTypeId={CONSULTATION}", 960, 1) as page:
        await page.locator(f'[data-date="{WEEK}"]').click()
        await expect(page.locator(".times button").first).to_be_visible()
        await _take(page, to, "page-desktop")


async def _take_phone(browser: Browser, site: str, to: Path) -> None:
    async with _opened(browser, f"{site}/?eventTypeId={INTRODUCTION}", 390, 1.5) as page:
        await page.locator(f'[data-date="{WEEK}"]').click()
        await page.locator(".times button").nth(3).click()
        await page.get_by_label("Name", exact=True).fill("Mia")
        await page.get_by_label("Email", exact=True).fill("mia@example.org")
        await _take(page, to, "page-phone")
        await page.get_by_role("button", name="Choose another time").click()


async def _take_explain(browser: Browser, site: str, to: Path) -> None:
    address = f"{site}/explain?eventTypeId={INTRODUCTION}&week={WEEK}&timeZone=Europe/London"
    async with _opened(browser, address, 1_100, 1) as page:
        await page.get_by_label("API key").fill(KEY)
        await page.get_by_role("button", name="Show").click()
        await page.get_by_role("gridcell", name="Monday 5 September 15:00").click()
        await expect(page.get_by_role("listitem").filter(has_text="held for somebody")).to_be_visible()
        await page.screenshot(path=to / "explain.png", full_page=True)


async def _take(page: Page, to: Path, name: str) -> None:
    """Take a picture in light and one in dark."""
    await page.mouse.move(0, 0)
    await page.evaluate("document.activeElement.shadowRoot?.activeElement?.blur()")
    for scheme in _SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        await page.screenshot(path=to / f"{name}-{scheme}.png", full_page=True)


if __name__ == "__main__":
    main(prog_name="scripts/screenshots")
