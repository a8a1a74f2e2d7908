"""How an open page follows what becomes of slots elsewhere: by a stream, without one, and while nobody looks."""

import asyncio
import json
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Page, Route, expect

from app.api.streams import Streams
from tests.web.booking import INTRO, by_key, choose_day, hold, refused, slot
from tests.web.conftest import embedding, opened

pytestmark = pytest.mark.xdist_group("web")

STREAMS = "**/v2/slots/stream*"
LISTINGS = "**/v2/slots?*"
STEP_MS = 1_000
_LONG_S = 60
"""For what takes a moment, unless the machine stands still."""
NOTED = """
    // When listings were asked for by the page's clock, for how many it waits, how many streams have ended, and how
    // often one has told a listing.
    window.asked = [];
    window.waiting = 0;
    window.cut = 0;
    window.told = 0;
    const ask = window.fetch;
    window.fetch = (address, options) => {
      if (!String(address).includes("/v2/slots?")) return ask(address, options);
      asked.push(Date.now());
      waiting += 1;
      return ask(address, options).finally(() => { waiting -= 1; });
    };
    window.EventSource = class extends EventSource {
      constructor(address) {
        super(address);
        this.addEventListener("error", () => { cut += 1; });
        this.addEventListener("slots", () => { told += 1; });
      }
    };
"""


@pytest.fixture(scope="session")
async def _timed(browser: Browser) -> AsyncIterator[Page]:
    async with opened(browser, timezone_id="Europe/London", locale="en-GB") as page:
        await page.add_init_script(NOTED)
        await page.clock.install(time=datetime.now(UTC))
        yield page


@pytest.fixture
async def timed(_timed: Page) -> AsyncIterator[Page]:
    """A page whose time goes on when a test says so."""
    await _timed.clock.pause_at(await _timed.evaluate("Date.now() / 1000 + 1"))
    yield _timed
    await _timed.unroute_all(behavior="ignoreErrors")
    await _timed.goto("about:blank")


async def _until(happened: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(_LONG_S):
        while not await happened():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


async def _come_to(streams: Streams, count: int) -> None:
    async def are() -> bool:
        return len(streams) == count

    await _until(are)


async def _asked(page: Page) -> int:
    return int(await page.evaluate("asked.length"))


async def _be_seen(page: Page, *, seen: bool) -> None:
    """Show a page or cover it: what Chromium without a window never does to one by itself."""
    await page.evaluate(
        """(seen) => {
          // As it is by itself, so that it knows when it is left: else its stream would outlive it.
          if (seen) delete document.hidden;
          else Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        seen,
    )


# What becomes of a slot elsewhere ------------------------------------------------------------------------------------


async def test_a_held_slot_vanishes_elsewhere_within_a_second(mine: Page, other: Page, site: str) -> None:
    """By the stream: whoever asks every second does not know for sure in time."""
    await other.route(LISTINGS, refused)
    await asyncio.gather(choose_day(mine, site + INTRO), choose_day(other, site + INTRO))
    took = [await _vanishing_ms(mine, other, await slot(mine, 0)) for _ in range(3)]
    # One of them may be late because this machine is busy.
    assert statistics.median(took) < 1_000, took
    await other.unroute(LISTINGS)


async def _vanishing_ms(mine: Page, other: Page, key: str) -> float:
    """Hold a slot here and let it go; how long it was still on offer there after the service's answer."""
    gone = await other.evaluate_handle(
        """(key) => {
          const root = document.querySelector("holdfast-slots").shadowRoot;
          const button = root.querySelector(`[data-key="${key}"]`);
          const seen = new Promise((done) => new MutationObserver(() => {
            if (!button.isConnected) done(performance.timeOrigin + performance.now());
          }).observe(root, { childList: true, subtree: true }));
          return { seen };
        }""",
        key,
    )
    await hold(mine, key)
    answered = await mine.evaluate(
        """performance.timeOrigin + performance.getEntriesByType("resource")
          .findLast(({ name }) => name.endsWith("/v2/slots/reservations")).responseEnd"""
    )
    seen = await gone.evaluate("({ seen }) => seen")
    await mine.get_by_role("button", name="Choose another time").click()
    await expect(by_key(other, key)).to_be_visible()
    return float(seen - answered)


async def test_without_streams_it_vanishes_and_comes_back_too(mine: Page, other: Page, site: str) -> None:
    await other.route(STREAMS, refused)
    await asyncio.gather(choose_day(mine, site + INTRO), choose_day(other, site + INTRO))
    key = await slot(mine, 0)
    await hold(mine, key)
    await expect(by_key(other, key)).to_have_count(0)
    await mine.get_by_role("button", name="Choose another time").click()
    await expect(by_key(other, key)).to_be_visible()
    await other.unroute(STREAMS)


async def test_a_stream_that_is_kept_back_on_the_way_is_not_waited_for(timed: Page, site: str) -> None:
    async def keep_back(_: Route) -> None:
        """Answer nothing, as a proxy does that waits for the end."""

    await timed.route(STREAMS, keep_back)
    await timed.goto(site + INTRO)
    await expect(timed.get_by_text("Looking for times")).to_be_visible()
    await timed.clock.run_for(4_000)
    await expect(timed.get_by_text("Looking for times")).to_have_count(0)


# While nobody looks --------------------------------------------------------------------------------------------------


async def test_a_page_that_nobody_sees_follows_nothing_and_catches_up(
    mine: Page, other: Page, site: str, streams: Streams
) -> None:
    await asyncio.gather(choose_day(mine, site + INTRO), choose_day(other, site + INTRO))
    await _come_to(streams, 2)
    await _be_seen(other, seen=False)
    await _come_to(streams, 1)
    key = await slot(mine, 0)
    await hold(mine, key)
    await expect(by_key(other, key)).to_be_visible()
    await _be_seen(other, seen=True)
    await expect(by_key(other, key)).to_have_count(0)
    await mine.get_by_role("button", name="Choose another time").click()
    await expect(by_key(other, key)).to_be_visible()


async def test_nor_does_it_ask(timed: Page, site: str) -> None:
    await timed.route(STREAMS, refused)
    await timed.goto(site + INTRO)
    await _until(lambda: _is_cut(timed, 1))
    await timed.clock.run_for(1)
    await expect(timed.get_by_text("Looking for times")).to_have_count(0)
    await _be_seen(timed, seen=False)
    asked = await _asked(timed)
    await timed.clock.run_for(600_000)
    assert await _asked(timed) == asked
    await _be_seen(timed, seen=True)
    await _until(lambda: _is_cut(timed, 2))
    await timed.clock.run_for(1)
    assert await _asked(timed) == asked + 1


async def _is_cut(page: Page, count: int) -> bool:
    return int(await page.evaluate("cut")) == count


async def test_a_countdown_is_right_when_it_is_seen_again(timed: Page, site: str) -> None:
    """Timers of pages that nobody sees may wait for a minute and longer, a sleeping machine's for hours."""
    await choose_day(timed, site + INTRO)
    await hold(timed, await slot(timed, 0))
    await expect(timed.locator(".left")).to_have_text("5:00")
    began = await timed.evaluate("Date.now()") / 1_000
    await _be_seen(timed, seen=False)
    await timed.clock.set_system_time(began + 90)
    await _be_seen(timed, seen=True)
    await expect(timed.locator(".left")).to_have_text("3:30")
    await _be_seen(timed, seen=False)
    await timed.clock.set_system_time(began + 400)
    await _be_seen(timed, seen=True)
    await expect(timed.get_by_role("alert")).to_have_text("Your time was kept no longer. Please choose again.")


# Many, and none ------------------------------------------------------------------------------------------------------


async def test_many_widgets_leave_connections_for_all_else(
    mine: Page, other: Page, site: str, streams: Streams
) -> None:
    """A browser opens six to a host, unless that speaks HTTP/2."""
    await other.goto("about:blank")
    count = 8
    async with embedding('<holdfast-slots event-type-id="1"></holdfast-slots>' * count, site) as address:
        await mine.goto(address)
        ready = mine.get_by_text("Choose a day to see its times.").or_(mine.get_by_text("No times in this month."))
        await expect(ready).to_have_count(count)
        await _come_to(streams, 3)
        await mine.goto("about:blank")


async def test_who_is_refused_asks_ever_more_seldom(timed: Page, site: str) -> None:
    refusals = 0

    async def refuse(route: Route) -> None:
        nonlocal refusals
        refusals += 1
        headers = {"Retry-After": "7"} if refusals == 1 else {}
        await route.fulfill(status=503, headers=headers, json={"error": {"message": f"Not now ({refusals})."}})

    alert = timed.get_by_role("alert")
    await timed.route(STREAMS, refused)
    await timed.route(LISTINGS, refuse)
    await timed.goto(site + INTRO)
    await _until(lambda: _is_cut(timed, 1))
    await timed.clock.run_for(1)
    for count, least_s in enumerate((7, 2, 4, 8, 16, 32, 60, 60), 1):
        await expect(alert).to_have_text(f"Not now ({count}).")
        await timed.clock.run_for(least_s * 1_000 - 10)
        assert await _asked(timed) == count
        await _run_until_asked(timed, count + 1, least_s * 500 + 20)
    # Nor was a stream tried meanwhile.
    assert await _is_cut(timed, 1)
    await timed.unroute(LISTINGS)
    await _run_until_asked(timed, 10, 90_000)
    await expect(alert).to_have_count(0)
    # Now one was, and is over: what is on its way while nobody routes any more may hang for ever.
    await _until(lambda: _is_cut(timed, 2))
    # The listing is still the same, and all is well once more.
    await timed.route(LISTINGS, refused)
    await _step(timed)
    await expect(alert).to_have_text("The service cannot be reached. Please try again.")
    await timed.unroute_all(behavior="wait")
    await _step(timed)
    await _step(timed)
    await expect(alert).to_have_count(0)

    async def is_streamed_again() -> bool:
        await _step(timed)
        return bool(await timed.evaluate("told"))

    await _until(is_streamed_again)


async def _run_until_asked(page: Page, count: int, most_ms: int) -> None:
    """Let time pass until it was asked so often."""
    for _ in range(0, most_ms, STEP_MS):
        await _step(page)
        if await _asked(page) == count:
            return
    pytest.fail("It was not asked.")


async def _step(page: Page) -> None:
    """Let so little time pass that no deadline does: that goes by the page's clock, and answers take their own time."""

    async def is_answered() -> bool:
        return bool(await page.evaluate("waiting === 0"))

    await page.clock.run_for(STEP_MS)
    await _until(is_answered)


async def test_those_whose_streams_end_at_once_do_not_ask_at_once(timed: Page, site: str) -> None:
    async def tell_and_end(route: Route) -> None:
        body = f"event: slots\nid: a\ndata: {json.dumps({'data': {}})}\n\n"
        await route.fulfill(content_type="text/event-stream", headers={"Access-Control-Allow-Origin": "*"}, body=body)

    await timed.route(STREAMS, tell_and_end)
    async with embedding('<holdfast-slots event-type-id="1"></holdfast-slots>' * 3, site) as address:
        await timed.goto(address)
        await _until(lambda: _is_cut(timed, 3))
        await timed.clock.run_for(1_001)
        asked = await timed.evaluate("asked")
        assert len(asked) == 3
        assert len(set(asked)) > 1
        await timed.goto("about:blank")
