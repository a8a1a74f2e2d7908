"""What axe finds, on light and on dark."""

from typing import Any, Literal

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


async def violations(page: Page) -> list[dict[str, Any]]:
    """Return the rules that a page breaks, in light or in dark."""
    found: list[dict[str, Any]] = []
    for scheme in _SCHEMES:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        # Without the long lists of what is right axe takes a third of the time.
        result = await Axe().run(page, options={"resultTypes": ["violations"]})
        found += result.response["violations"]
    return found


async def serious_violations(page: Page) -> list[dict[str, Any]]:
    """Return those of them that shut somebody out."""
    return [one for one in await violations(page) if one["impact"] in ("serious", "critical")]
