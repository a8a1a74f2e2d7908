"""What axe finds, on light and on dark."""

from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

_RUN = "(options) => axe.run(document, { resultTypes: ['violations'], ...options }).then((result) => result.violations)"
"""Without all that is right, in long lists, it takes half the time."""
_OF_COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}


async def violations(page: Page) -> list[dict[str, Any]]:
    """Return the rules that a page breaks, in light or, since nothing but colours is another there, in dark."""
    await page.evaluate(Axe().axe_script)
    await page.emulate_media(color_scheme="light", reduced_motion="reduce")
    in_light: list[dict[str, Any]] = await page.evaluate(_RUN, {})
    await page.emulate_media(color_scheme="dark")
    in_dark: list[dict[str, Any]] = await page.evaluate(_RUN, _OF_COLOURS)
    return in_light + in_dark


async def serious_violations(page: Page) -> list[dict[str, Any]]:
    """Return those of them that shut somebody out."""
    return [one for one in await violations(page) if one["impact"] in ("serious", "critical")]
