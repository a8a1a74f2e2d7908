"""The page at /explain: a week painted, and times asked about."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.api.asking import Asking
from tests.api.world import ANA, event_type
from tests.web.accessible import serious_violations

pytestmark = pytest.mark.xdist_group("web")

ADDRESS = "/explain?eventTypeId=10&week=2050-09-05&timeZone=Europe/Rome"
BOOKED = {
    "uid": "b1",
    "eventTypeId": 10,
    "userId": ANA,
    "start": "2050-09-05T10:00:00Z",
    "end": "2050-09-05T11:00:00Z",
    "attendees": [{"name": "Guest", "email": "guest@example.org"}],
}


@pytest.fixture
async def week(api: Asking, page: Page) -> Page:
    """Ana's week, as she sees it: booked on Monday from twelve to one in Rome, held from two to three."""
    await api.add(bookings=[BOOKED])
    await api.reserve(10, "12:00")
    await page.goto(ADDRESS)
    await page.get_by_label("API key").fill("cal_key_of_ana")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator(".day .booking")).to_have_count(1)
    return page


async def test_what_is_offered_booked_and_held_is_painted_and_told_as_a_table(week: Page) -> None:
    await expect(week.get_by_role("status")).to_have_text("38 slots are offered this week.")
    for time, what in (
        ("09:00", "offered, open"),
        ("12:30", "booked"),
        ("14:00", "held"),
        ("15:00", "offered"),
        ("17:30", "nothing"),
    ):
        cell = week.get_by_role("gridcell", name=f"Monday 5 September {time}")
        told = (await cell.get_attribute("aria-label") or "").partition(": ")[2]
        assert set(what.split(", ")) <= set(told.split(", ")), (time, told)
    assert (await week.locator(".day .offered").count(), await week.locator(".day .reservation").count()) == (38, 1)
    cell_box = await week.get_by_role("gridcell", name="Monday 5 September 12:00").bounding_box()
    booked_box = await week.locator(".day .booking").bounding_box()
    assert cell_box
    assert booked_box
    assert abs(cell_box["y"] - booked_box["y"]) < 2
    assert abs(2 * cell_box["height"] - booked_box["height"]) < 2

    await week.get_by_text("The same as a table").click()
    rows = week.get_by_role("row").filter(has_text=re.compile("Booked|Held"))
    assert await rows.all_inner_texts() == [
        "Monday 5 September\t12:00\t13:00\tBooked",
        "Monday 5 September\t14:00\t15:00\tHeld",
    ]


async def test_a_time_is_chosen_and_explained_with_keys_alone(week: Page) -> None:
    await week.get_by_label("API key").focus()
    for _ in range(4):
        await week.keyboard.press("Tab")
    reached = [await week.evaluate("document.activeElement.ariaLabel")]
    for key in ("PageDown", "End", "ArrowUp", "ArrowDown", "Home", "ArrowRight", "ArrowLeft", "PageDown", "Enter"):
        await week.keyboard.press(key)
        reached.append(await week.evaluate("document.activeElement.ariaLabel"))
    assert [name.partition(": ")[0] for name in reached] == [
        "Monday 5 September 08:00",
        "Monday 5 September 10:00",
        "Sunday 11 September 10:00",
        "Sunday 11 September 09:30",
        "Sunday 11 September 10:00",
        "Monday 5 September 10:00",
        "Tuesday 6 September 10:00",
        "Monday 5 September 10:00",
        "Monday 5 September 12:00",
        "Monday 5 September 12:00",
    ]
    why = week.get_by_role("region", name="Why this time")
    await expect(why).to_contain_text("Monday 5 September, 12:00")
    await expect(why).to_contain_text("It overlaps a booking (Mon 5 Sept 12:00 to 13:00).")


async def test_strangers_are_told_kinds_and_no_hours(api: Asking, page: Page) -> None:
    await api.add(bookings=[BOOKED])
    await page.goto(ADDRESS)
    told = "hours and what takes them are told to those with a tie to the event type: give an API key."
    await expect(page.get_by_role("status")).to_contain_text(told)
    await expect(page.get_by_label("API key")).to_have_accessible_description(
        re.compile("with a tie to the event type")
    )
    assert await page.locator(".day .open, .day .booking").count() == 0
    await page.get_by_role("gridcell", name="Monday 5 September 12:00").click()
    await expect(page.get_by_role("listitem").filter(has_text="It overlaps a booking.")).to_be_visible()


async def test_the_key_outlives_no_page_and_refusals_are_told(week: Page) -> None:
    await week.get_by_role("button", name="Week after").click()
    await expect(week.get_by_role("columnheader", name=re.compile("Mon 12 Sept"))).to_be_visible()
    assert week.url.endswith("?eventTypeId=10&week=2050-09-12&timeZone=Europe%2FRome")
    kept = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"
    assert await week.evaluate(kept) == '[{},{},""]'
    await week.reload()
    await expect(week.get_by_label("API key")).to_have_value("")
    await week.get_by_label("Event type id").fill("999")
    await week.keyboard.press("Enter")
    await expect(week.get_by_role("status")).to_contain_text("999")


async def test_nobody_is_shut_out(week: Page) -> None:
    """On a phone, in light and in dark."""
    await week.set_viewport_size({"width": 320, "height": 740})
    await week.get_by_text("The same as a table").click()
    await week.get_by_role("gridcell", name="Monday 5 September 12:00").click()
    await expect(week.get_by_role("region", name="Why this time")).to_contain_text("booking")
    assert await week.evaluate("document.documentElement.scrollWidth") <= 320
    assert await serious_violations(week) == []


async def test_starts_at_any_minute_can_be_chosen(api: Asking, page: Page) -> None:
    await api.add(
        eventTypes=[
            event_type(60, "thirds", 20, ownerId=ANA),
            event_type(61, "odd", 7, ownerId=ANA),
            event_type(62, "quarters", 60, ownerId=ANA, slotInterval=15),
        ]
    )
    why = page.get_by_role("region", name="Why this time")
    for type_id, rows, clock in ((60, 3, "09:20"), (61, 12, "09:07"), (62, 4, "10:45"), (10, 2, "10:00")):
        await page.goto(ADDRESS.replace("=10&", f"={type_id}&"))
        await page.get_by_role("gridcell", name=f"Monday 5 September {clock}: offered").click()
        await expect(why).to_contain_text(f"Monday 5 September, {clock}Yes, this start is on offer.")
        await expect(page.get_by_role("rowheader", name=re.compile("^10:"))).to_have_count(rows)


async def test_any_other_time_can_be_asked_about(week: Page) -> None:
    await week.get_by_role("gridcell", name="Monday 5 September 10:00").click()
    await week.get_by_label("Any other time").fill("2050-09-05T10:01")
    await week.keyboard.press("Enter")
    why = week.get_by_role("region", name="Why this time")
    await expect(why).to_contain_text("Monday 5 September, 10:01Free, but not on offer.")
    await expect(week.locator("[aria-selected=true]")).to_have_count(0)
