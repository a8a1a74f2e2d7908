"""The booking page as people use it."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Browser, Page, Route, expect
from redis.asyncio import Redis

from app.storage.holds.redis_holds import RedisHolds
from tests.web.accessible import violations
from tests.web.booking import ASKED_FOR, CONSULTATION, INTRO, YOGA, by_key, choose_day, hold, refused, slot
from tests.web.conftest import embedding, opened

pytestmark = pytest.mark.xdist_group("web")

AWAY = "The service cannot be reached. Please try again."
KEPT_S = 300
"""How long the service keeps a slot for somebody without credentials."""


# What is on offer ----------------------------------------------------------------------------------------------------


async def test_the_page_offers_people_and_teams_and_nothing_hidden(mine: Page, site: str) -> None:
    await mine.goto(site)
    links = mine.get_by_role("navigation", name="What to book").get_by_role("link")
    await expect(links).to_have_text(
        [
            "Introduction30 min · Ada",
            "Consultation30, 60, or 90 min · Ben",
            "Help desk20 min · Support",
            "Design review60 min · Support",
            "Morning yoga60 min · Studio",
        ]
    )
    await links.nth(2).click()
    await expect(links.nth(2)).to_have_attribute("aria-current", "page")
    await expect(links).to_have_count(5)


async def test_an_address_may_name_somebody(mine: Page, site: str) -> None:
    await mine.goto(f"{site}/?username=ada")
    await expect(mine.get_by_role("link")).to_have_text(["Introduction30 min · Ada"])
    await mine.goto(f"{site}/?teamId=51")
    await expect(mine.get_by_role("link")).to_have_text(["Morning yoga60 min · Studio"])
    await mine.goto(f"{site}/?username=nobody")
    await expect(mine.get_by_role("status").first).to_contain_text("Nothing can be booked here.")


async def test_times_are_shown_in_the_zone_that_is_chosen(mine: Page, site: str) -> None:
    await choose_day(mine, site + INTRO)
    await mine.get_by_label("Time zone").select_option("Asia/Katmandu")  # As Chromium spells it.
    await mine.locator(".day:not([aria-disabled])").first.click()
    await expect(mine.locator(".times button").first).to_contain_text(":45")


async def test_hours_are_told_as_the_browser_does_or_as_one_likes(browser: Browser, site: str) -> None:
    """For as long as one is here: the widget keeps nothing in browsers."""
    async with opened(browser, timezone_id="Europe/London", locale="en-US") as page:
        await choose_day(page, site + INTRO)
        switch = page.get_by_role("button", name="24-hour clock")
        await expect(switch).to_have_attribute("aria-pressed", "false")
        at_two = page.locator(".times").get_by_role("button", name=re.compile("^(2:00 PM|14:00)$"))
        await expect(at_two).to_have_accessible_name("2:00\N{NARROW NO-BREAK SPACE}PM")
        await switch.press("Enter")
        await expect(switch).to_be_focused()
        await expect(switch).to_have_attribute("aria-pressed", "true")
        await expect(at_two).to_have_accessible_name("14:00")
        await at_two.click()
        heading = page.locator('[data-key="heading"]')
        await expect(heading).to_have_text(re.compile(", 14:00 \N{EN DASH} 14:30$"))
        await page.get_by_role("button", name="Choose another time").click()
        await switch.click()
        await at_two.click()
        await expect(heading).to_have_text(re.compile(", 2:00.PM \N{EN DASH} 2:30.PM$"))
        await page.get_by_role("button", name="Choose another time").click()
        await switch.click()
        await choose_day(page, site + INTRO)
        await expect(switch).to_have_attribute("aria-pressed", "false")


async def test_hours_that_clocks_show_twice_are_told_apart(mine: Page, site: str) -> None:
    await mine.goto(f"{site}/example.html")
    instants = [f"2027-04-03T{hour}:00:00Z" for hour in (14, 15, 16, 17)]
    told = await mine.evaluate(
        """async (instants) => {
          const { timeText } = await import("/widget/zones.js");
          return instants.map((instant) => timeText(instant, "Australia/Sydney", false));
        }""",
        instants,
    )
    assert told == ["01:00", "02:00 GMT+11", "02:00 GMT+10", "03:00"]


async def test_what_cannot_be_shown_is_told_in_words(mine: Page, site: str) -> None:
    async def broken(route: Route) -> None:
        """Answer as a proxy does that finds nobody behind it."""
        await route.fulfill(status=502, content_type="text/html", body="<h1>Bad gateway</h1>")

    async def elsewhere(route: Route) -> None:
        """Answer as a network does that wants somebody to log in."""
        await route.fulfill(status=200, content_type="text/html", body="<h1>Welcome</h1>")

    wrong: list[str] = []
    mine.on("pageerror", lambda error: wrong.append(str(error)))
    offered = "**/site/offered.json"
    for answer, text in ((refused, AWAY), (elsewhere, AWAY), (broken, "That did not work. Please try again.")):
        await mine.route(offered, answer)
        await mine.goto(site)
        await expect(mine.get_by_role("status")).to_have_text(text)
        await mine.unroute(offered)
        await mine.route("**/v2/slots**", answer)
        await mine.goto(site + INTRO)
        await expect(mine.get_by_role("alert")).to_have_text(text)
        await mine.unroute("**/v2/slots**")
    await mine.goto(f"{site}/?eventTypeId=999")
    await expect(mine.get_by_role("alert")).to_have_text("Event Type not found")
    await expect(mine.get_by_text("Looking for times")).to_have_count(0)
    assert wrong == []


async def test_the_length_that_is_chosen_is_held_and_booked(mine: Page, other: Page, site: str) -> None:
    await asyncio.gather(choose_day(mine, site + CONSULTATION), choose_day(other, site + CONSULTATION))
    await expect(mine.get_by_role("radio", name="30 min")).to_be_checked()
    first, second, third = [await slot(other, index) for index in range(3)]
    await mine.get_by_role("radio", name="60 min").check()
    await by_key(mine, first).click()
    await expect(mine.locator('[data-key="heading"]')).to_contain_text("09:00 \N{EN DASH} 10:00")
    for taken in (first, second):
        await expect(by_key(other, taken)).to_have_count(0)
    await expect(by_key(other, third)).to_be_visible()
    await mine.get_by_label("Name", exact=True).fill("Mia")
    await mine.get_by_label("Email", exact=True).fill("mia@example.org")
    async with mine.expect_response("**/v2/bookings") as booked:
        await mine.get_by_role("button", name="Book", exact=True).click()
    assert (await (await booked.value).json())["data"]["duration"] == 60
    await mine.get_by_role("button", name="Cancel this booking").click()
    await expect(by_key(other, first)).to_be_visible()


async def test_what_stands_inside_the_widget_is_shown_where_no_script_runs(
    browser: Browser, mine: Page, site: str
) -> None:
    await mine.goto(f"{site}/example.html")
    await expect(mine.get_by_label("Time zone")).to_be_visible()
    await expect(mine.get_by_role("link", include_hidden=True)).to_have_count(1)
    await expect(mine.get_by_role("link")).to_have_count(0)
    async with opened(browser, java_script_enabled=False) as bare:
        await bare.goto(f"{site}/example.html")
        await bare.get_by_role("link", name="Book a time").click()
        assert bare.url == f"{site}/?eventTypeId=1"


# Holding -------------------------------------------------------------------------------------------------------------


async def test_of_two_who_click_at_once_one_gets_it_and_the_other_is_told(mine: Page, other: Page, site: str) -> None:
    pages = [mine, other]
    await asyncio.gather(*(choose_day(page, site + INTRO) for page in pages))
    key = await slot(mine, 1)
    at_ms = time.time() * 1_000 + 300
    click = "(button, at) => new Promise((done) => setTimeout(() => done(button.click()), at - Date.now()))"
    await asyncio.gather(*(by_key(page, key).evaluate(click, at_ms) for page in pages))
    for page in pages:
        await expect(page.get_by_text("Kept for you for").or_(page.get_by_role("alert"))).to_be_visible()
    [winner] = [page for page in pages if await page.get_by_text("Kept for you for").is_visible()]
    [loser] = [page for page in pages if page is not winner]
    await expect(by_key(loser, key)).to_have_count(0)
    await winner.get_by_role("button", name="Choose another time").click()
    await expect(by_key(loser, key)).to_be_visible()
    # What is told stands, however the listing changes, until something else is done.
    await expect(loser.get_by_role("alert")).to_have_text(
        "This time slot is already reserved by another user. Please choose a different time."
    )
    await hold(loser, key)
    await expect(loser.get_by_role("alert")).to_have_count(0)


async def test_a_listing_that_changes_takes_nothing_out_of_ones_hands(mine: Page, other: Page, site: str) -> None:
    await asyncio.gather(choose_day(mine, site + INTRO), choose_day(other, site + INTRO))
    zones = await mine.get_by_label("Time zone").element_handle()
    times = mine.locator(".times")
    await times.evaluate("(list) => list.scrollTo(0, 20)")
    key = await slot(mine, -1)
    await by_key(mine, await slot(mine, 4)).hover()
    await mine.mouse.down()
    await hold(other, key)
    await expect(by_key(mine, key)).to_have_count(0)
    # A list that is open would be closed if another one took its place, and a scrolled one would jump.
    assert await zones.evaluate("(list) => list.isConnected")
    assert await times.evaluate("(list) => list.scrollTop") == 20
    await other.get_by_role("button", name="Choose another time").click()
    await expect(by_key(mine, key)).to_be_visible()
    assert await slot(mine, -1) == key
    # Nor would a button that is pressed be clicked.
    await mine.mouse.up()
    await expect(mine.get_by_text("Kept for you for")).to_be_visible()
    await mine.get_by_role("button", name="Choose another time").click()


async def test_ones_own_slot_stays_on_offer_to_oneself(mine: Page, site: str) -> None:
    await choose_day(mine, site + INTRO)
    key = await slot(mine, 2)
    async with mine.expect_request("**/v2/slots/stream*") as asked:
        await hold(mine, key)
    assert "reservationUid=" in (await asked.value).url
    await mine.route("**/v2/slots/reservations/*", refused)
    await mine.get_by_role("button", name="Choose another time").click()
    await expect(by_key(mine, key)).to_be_visible()
    await mine.unroute("**/v2/slots/reservations/*")


async def test_a_hold_runs_out_by_itself_though_the_browsers_clock_is_wrong(
    browser: Browser, other: Page, site: str, redis: Redis
) -> None:
    async with opened(browser, timezone_id="Europe/London") as page:
        await page.clock.install(time=datetime.now(UTC) + timedelta(minutes=10))
        await choose_day(page, site + INTRO)
        key = await slot(page, 3)
        async with page.expect_response("**/v2/slots/reservations") as answered:
            await hold(page, key)
        await expect(page.locator(".left")).to_have_text(re.compile("5:00|4:5[0-9]"))
        # Nobody gives it back: it ends. To wait for that, five minutes become four seconds, here and there.
        await page.route("**/v2/slots/reservations/*", refused)
        await _end_in(4, (await (await answered.value).json())["data"]["reservationUid"], redis)
        await page.clock.fast_forward((KEPT_S - 4) * 1_000)
        await choose_day(other, site + INTRO)
        await expect(by_key(other, key)).to_have_count(0)
        await expect(page.get_by_role("alert")).to_have_text("Your time was kept no longer. Please choose again.")
        await expect(by_key(other, key)).to_be_visible()


async def test_what_somebody_typed_is_there_when_they_choose_again_until_they_book(browser: Browser, site: str) -> None:
    async with opened(browser, timezone_id="Europe/London") as page:
        await page.clock.install(time=datetime.now(UTC))
        await choose_day(page, site + INTRO)
        fields = [page.get_by_label(label, exact=True) for label in ("Name", "Email")]
        await hold(page, await slot(page, 3))
        await fields[0].fill("Mia")
        await fields[1].fill("mia@example.org")
        await page.get_by_role("button", name="Choose another time").click()
        await hold(page, await slot(page, 4))
        assert [await field.input_value() for field in fields] == ["Mia", "mia@example.org"]
        await page.clock.fast_forward(KEPT_S * 1_000)
        await expect(page.get_by_role("alert")).to_have_text("Your time was kept no longer. Please choose again.")
        await hold(page, await slot(page, 3))
        assert [await field.input_value() for field in fields] == ["Mia", "mia@example.org"]
        await page.get_by_role("button", name="Book", exact=True).click()
        await page.get_by_role("button", name="Cancel this booking").click()
        await hold(page, await slot(page, 4))
        assert [await field.input_value() for field in fields] == ["", ""]
        await page.get_by_role("button", name="Choose another time").click()


async def _end_in(seconds: int, uid: str, redis: Redis, first_s_ago: int = 0) -> float:
    """Let a reservation end earlier than it was made to, or be one that was first made earlier; return its end."""
    holds = RedisHolds(redis, deadline_s=2)
    reservation = await holds.reservation(uid)
    assert reservation is not None
    await holds.end(uid)
    now = int(time.time() * 1_000)
    claim = replace(reservation.claim, first_at=now - first_s_ago * 1_000)
    until = now + seconds * 1_000
    await holds.load([replace(reservation, claim=claim, until=until)])
    return until / 1_000


@asynccontextmanager
async def _holding_until(
    browser: Browser, site: str, seconds: int, redis: Redis, first_s_ago: int = 0
) -> AsyncIterator[tuple[Page, str]]:
    """A page that holds a slot of an hour, and the hold's uid, as some seconds are left of it.

    The page's clock is put forward. The service's cannot be: there the hold is made older.
    """
    uid = ""

    async def older(route: Route) -> None:
        nonlocal uid
        response = await route.fetch()
        body = await response.json()
        uid = body["data"]["reservationUid"]
        until = await _end_in(seconds, uid, redis, first_s_ago)
        body["data"]["reservationUntil"] = datetime.fromtimestamp(until, UTC).isoformat()
        await route.fulfill(response=response, json=body)

    async with opened(browser, timezone_id="Europe/London", locale="en-GB") as page:
        await page.clock.install(time=datetime.now(UTC))
        await page.route("**/v2/slots/reservations", older)
        await choose_day(page, site + CONSULTATION)
        await page.get_by_role("radio", name="60 min").check()
        await hold(page, await slot(page, 5))
        await page.clock.fast_forward((KEPT_S - seconds) * 1_000)
        yield page, uid
        await page.get_by_role("button", name="Choose another time").click()
        await expect(page.locator(".times")).to_be_visible()


async def test_who_needs_longer_asks_for_it_with_keys_alone(browser: Browser, site: str, redis: Redis) -> None:
    async with _holding_until(browser, site, 130, redis) as (page, uid):
        longer, name = page.get_by_role("button", name="Keep it longer"), page.get_by_label("Name", exact=True)
        left, spoken = page.locator(".left"), page.get_by_role("status").first
        await expect(left).to_have_text(re.compile("2:0[1-9]|2:10"))
        await expect(longer).to_have_count(0)
        await name.focus()
        at = await name.bounding_box()
        await page.clock.run_for(10_000)
        await expect(spoken).to_have_text("120 seconds left. You can keep it longer.")
        # Nothing is taken out of one's hands, nor moved under them.
        await expect(name).to_be_focused()
        assert await name.bounding_box() == at
        await page.keyboard.press("Shift+Tab")
        await expect(longer).to_be_focused()
        told = page.evaluate(
            "new Promise((done) => addEventListener('holdfast-held', ({ detail }) => done(detail), { once: true }))"
        )
        [detail, _] = await asyncio.gather(told, page.keyboard.press("Enter"))
        await expect(spoken).to_have_text("Kept for 5 more minutes.")
        await expect(left).to_have_text(re.compile("4:[45]."))
        await expect(longer).to_have_count(0)
        await expect(page.locator(".kept")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(name).to_be_focused()

        kept = await RedisHolds(redis, deadline_s=2).reservation(uid)
        assert kept is not None
        assert kept.length == 60
        assert kept.until > (time.time() + KEPT_S - 30) * 1_000
        assert datetime.fromisoformat(detail["until"]).timestamp() == kept.until / 1_000
        await page.clock.fast_forward(150_000)
        await expect(left).to_have_text(re.compile("2:.."))
        await expect(page.get_by_role("alert")).to_have_count(0)


async def test_who_is_given_no_more_time_is_told(browser: Browser, site: str, redis: Redis) -> None:
    """The service keeps a slot for an hour in all."""
    async with _holding_until(browser, site, 60, redis, first_s_ago=3_600 - 100) as (page, _):
        longer, alert = page.get_by_role("button", name="Keep it longer"), page.get_by_role("alert")
        await _check_accessible(page, 320)
        assert await _width(page) == 320
        reservation = "**/v2/slots/reservations/*"
        for answer, text in ((refused, AWAY), (_refused_for_now, "Too many slots are held.")):
            await page.route(reservation, answer)
            await longer.press("Enter")
            await expect(alert).to_have_text(f"It is not kept longer. {text}")
            await expect(longer).to_be_focused()
            await page.unroute(reservation)
        await longer.press("Enter")
        await expect(page.get_by_role("status").first).to_have_text(
            re.compile(r"^Kept for (100|[89]\d) more seconds\.$")
        )
        await expect(alert).to_have_count(0)
        await expect(longer).to_be_focused()
        await longer.press("Enter")
        await expect(alert).to_have_text("It cannot be kept any longer. Please book it before its time is up.")
        await expect(longer).to_have_count(0)
        await expect(page.locator(".kept")).to_be_focused()
        await expect(page.locator(".left")).to_have_text(re.compile("1:[1-3]."))


async def test_who_asks_for_longer_too_late_is_told(browser: Browser, site: str, redis: Redis) -> None:
    async with _holding_until(browser, site, 60, redis) as (page, uid):
        await RedisHolds(redis, deadline_s=2).end(uid)
        await page.get_by_role("button", name="Keep it longer").click()
        await expect(page.get_by_role("alert")).to_have_text("Your time was kept no longer. Please choose again.")
        await hold(page, await slot(page, 5))


async def test_whoever_leaves_lets_go(mine: Page, other: Page, site: str) -> None:
    await asyncio.gather(choose_day(mine, site + INTRO), choose_day(other, site + INTRO))
    key = await slot(mine, 4)
    await hold(mine, key)
    await expect(by_key(other, key)).to_have_count(0)
    await mine.goto("about:blank")
    await expect(by_key(other, key)).to_be_visible()
    await mine.go_back(wait_until="commit")
    # The browser kept the page as it was left; but what it held is somebody else's now.
    assert await mine.evaluate("performance.getEntriesByType('navigation')[0].type") == "navigate"
    await expect(mine.get_by_text("Choose a day to see its times.")).to_be_visible()
    await expect(mine.get_by_text("Kept for you for")).to_have_count(0)


async def test_a_page_of_another_origin_holds_and_lets_go_as_its_tab_is_closed(
    mine: Page, other: Page, site: str
) -> None:
    async with embedding('<holdfast-slots event-type-id="1"></holdfast-slots>', site) as address:
        page = await mine.context.new_page()
        await asyncio.gather(choose_day(page, address), choose_day(other, site + INTRO))
        key = await slot(page, 5)
        await hold(page, key)
        await expect(by_key(other, key)).to_have_count(0)
        await page.close(run_before_unload=True)
        await expect(by_key(other, key)).to_be_visible()


async def _book(page: Page) -> None:
    await page.get_by_label("Name", exact=True).fill("Mia")
    await page.get_by_label("Email", exact=True).fill("mia@example.org")
    await page.get_by_role("button", name="Book", exact=True).click()
    await expect(page.get_by_role("heading", name=re.compile("^(Booked|Asked for)$"))).to_be_visible()


@pytest.mark.parametrize(("address", "status"), [(INTRO, "accepted"), (ASKED_FOR, "pending")])
async def test_the_page_around_is_told_whether_a_booking_waits_for_its_host(
    mine: Page, site: str, address: str, status: str
) -> None:
    await choose_day(mine, site + address)
    await mine.evaluate("addEventListener('holdfast-booked', ({ detail }) => { window.booked = detail; })")
    await hold(mine, await slot(mine, 6))
    await _book(mine)
    booked = await mine.evaluate("booked")
    assert (booked["status"], set(booked)) == (status, {"uid", "start", "end", "status"})
    await mine.get_by_role("button", name="Cancel this booking").click()
    await expect(mine.get_by_text("The booking is cancelled.")).to_be_attached()


async def test_of_a_class_the_own_seat_is_cancelled(mine: Page, site: str) -> None:
    await choose_day(mine, site + YOGA)
    await hold(mine, await slot(mine, 0))
    await _book(mine)
    async with mine.expect_response("**/cancel") as cancelled:
        await mine.get_by_role("button", name="Cancel this booking").click()
    assert (await cancelled.value).status == 200
    await expect(mine.get_by_text("The booking is cancelled.")).to_be_attached()


async def test_an_answer_that_is_lost_is_asked_for_again(mine: Page, site: str) -> None:
    """What was kept, or booked, is not in its own way."""
    lost = list[str]()

    async def lose_the_first(route: Route) -> None:
        if route.request.method != "POST" or route.request.url in lost:
            await route.continue_()
            return
        lost.append(route.request.url)
        assert (await route.fetch()).status == 201
        await route.abort()

    await mine.route(re.compile("/v2/(slots/reservations|bookings)$"), lose_the_first)
    await choose_day(mine, site + CONSULTATION)
    await hold(mine, await slot(mine, 8))
    await _book(mine)
    assert len(lost) == 2
    await mine.unroute_all()
    await mine.get_by_role("button", name="Cancel this booking").click()
    await expect(mine.get_by_text("The booking is cancelled.")).to_be_attached()


async def test_what_is_wrong_with_a_name_or_an_address_is_told(mine: Page, site: str) -> None:
    await choose_day(mine, site + CONSULTATION)
    await hold(mine, await slot(mine, 10))
    name = mine.get_by_label("Name", exact=True)
    await name.fill("  ")
    await mine.get_by_label("Email", exact=True).fill("mia@example")
    await mine.get_by_role("button", name="Book", exact=True).click()
    await expect(name).to_be_focused()
    await name.fill("Mia")
    await mine.get_by_role("button", name="Book", exact=True).click()
    await expect(mine.get_by_role("alert")).to_have_text("email: must be an e-mail address.")
    await mine.get_by_role("button", name="Choose another time").click()


async def test_one_who_clicks_twice_cancels_once(mine: Page, site: str) -> None:
    await choose_day(mine, site + CONSULTATION)
    await hold(mine, await slot(mine, 11))
    await _book(mine)
    asked: list[str] = []
    mine.on("request", lambda request: asked.append(request.url))
    await mine.get_by_role("button", name="Cancel this booking").evaluate(
        "(button) => { button.click(); button.click(); }"
    )
    await expect(mine.get_by_text("The booking is cancelled.")).to_be_attached()
    assert len([url for url in asked if url.endswith("/cancel")]) == 1


# For everybody -------------------------------------------------------------------------------------------------------


async def test_the_keyboard_is_enough(mine: Page, site: str) -> None:
    await choose_day(mine, site + CONSULTATION)
    keys = mine.keyboard
    await mine.get_by_role("radio", name="30 min").focus()
    await keys.press("ArrowRight")
    await expect(mine.get_by_role("radio", name="60 min")).to_be_checked()
    await expect(mine.get_by_role("radio", name="60 min")).to_be_focused()
    day = mine.locator('.day[tabindex="0"]')
    await day.focus()
    before = await day.get_attribute("data-date")
    await keys.press("ArrowRight")
    await expect(mine.locator(".day:focus")).not_to_have_attribute("data-date", before or "")
    await keys.press("ArrowLeft")
    await keys.press("Enter")
    await expect(mine.locator('[data-key="times"]')).to_be_focused()
    await keys.press("Tab")
    await expect(mine.locator(".times button:focus")).to_have_count(1)
    await keys.press("Enter")
    await expect(mine.locator('[data-key="heading"]')).to_be_focused()
    for typed in ("Mia", "mia@example.org"):
        await keys.press("Tab")
        await keys.type(typed)
    await keys.press("Enter")
    await expect(mine.get_by_role("heading", name="Booked")).to_be_focused()
    await keys.press("Tab")
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(mine.locator('[data-key="times"]')).to_be_focused()


async def test_the_narrowest_of_phones_shows_all_of_it(mine: Page, site: str) -> None:
    """As wide as a window of 1280 that is enlarged four times: nothing is to be looked for aside."""
    await mine.set_viewport_size({"width": 320, "height": 640})
    await choose_day(mine, site + CONSULTATION)
    assert await _width(mine) == 320
    await hold(mine, await slot(mine, 9))
    assert await _width(mine) == 320
    await mine.get_by_role("button", name="Choose another time").click()
    await mine.set_viewport_size({"width": 1280, "height": 720})


async def _width(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth"))


async def test_months_are_told_and_take_the_chosen_day_along(mine: Page, site: str) -> None:
    await choose_day(mine, site + INTRO)
    await mine.get_by_role("button", name="Month after").press("Enter")
    await expect(mine.get_by_text("Choose a day to see its times.")).to_be_visible()
    await expect(mine.get_by_role("status").filter(has_text="times are shown")).to_be_attached()
    for _ in range(2):
        await mine.get_by_role("button", name="Month before").press("Enter")
    # There is no month before this one: what was focused cannot be any more.
    await expect(mine.get_by_role("button", name="Month before")).to_be_disabled()
    await expect(mine.locator(".day:focus")).to_have_count(1)


async def test_axe_finds_nothing(mine: Page, site: str) -> None:
    """On a phone and a wide screen, in light and in dark."""
    await choose_day(mine, site + CONSULTATION)
    await _check_accessible(mine)
    await hold(mine, await slot(mine, 6))
    await _check_accessible(mine)
    await _book(mine)
    await _check_accessible(mine, 390)
    await mine.get_by_role("button", name="Cancel this booking").click()
    await expect(mine.locator(".times")).to_be_visible()


async def test_axe_finds_nothing_when_something_goes_wrong(mine: Page, site: str) -> None:
    alert = mine.get_by_role("alert")
    await choose_day(mine, site + CONSULTATION)
    await mine.route("**/v2/slots/reservations", _refused_for_now)
    key = await slot(mine, 7)
    await by_key(mine, key).click()
    await expect(alert).to_have_text("Too many slots are held.")
    await _check_accessible(mine, 390)
    await mine.unroute("**/v2/slots/reservations")
    await hold(mine, key)
    await mine.route("**/v2/bookings", refused)
    await mine.get_by_label("Name", exact=True).fill("Mia")
    await mine.get_by_label("Email", exact=True).fill("mia@example.org")
    await mine.get_by_role("button", name="Book", exact=True).click()
    await expect(alert).to_have_text(AWAY)
    await _check_accessible(mine, 390)
    await mine.route("**/v2/slots**", refused)
    await mine.goto(site + CONSULTATION)
    await expect(alert).to_have_text(AWAY)
    await expect(mine.get_by_text("Times cannot be shown now.")).to_be_visible()
    await _check_accessible(mine, 390)
    await mine.route("**/v2/event-types**", refused)
    await mine.route("**/v2/teams/**", refused)
    await mine.goto(site)
    await expect(mine.get_by_role("status")).to_have_text(AWAY)
    await _check_accessible(mine, 390)
    await mine.unroute_all()


async def _refused_for_now(route: Route) -> None:
    await route.fulfill(
        status=429, headers={"Retry-After": "60"}, json={"error": {"message": "Too many slots are held."}}
    )


async def _check_accessible(page: Page, *widths: int) -> None:
    for width in widths or (390, 1280):
        await page.set_viewport_size({"width": width, "height": 844})
        assert await violations(page) == []
