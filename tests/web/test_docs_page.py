"""The page at /docs: the service's own document, shown without any other host."""

from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from tests.api.asking import Asking
from tests.web.accessible import serious_violations
from tests.web.booking import refused
from tests.web.conftest import opened

pytestmark = pytest.mark.xdist_group("web")


@pytest.fixture
async def docs(page: Page) -> Page:
    await page.goto("/docs")
    await expect(page.get_by_role("status").first).to_contain_text("operations")
    return page


async def test_every_operation_is_listed_and_can_be_opened(api: Asking, page: Page) -> None:
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text) if "Security Policy" in message.text else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    await page.goto("/docs")
    document = (await api.client.get("/v2/openapi.json")).json()
    operations = sum(len(methods) for methods in (await document)["paths"].values())
    await expect(page.get_by_role("status").first).to_have_text(f"{operations} operations")
    assert await page.locator(".operation").count() == operations
    await page.evaluate("document.querySelectorAll('.operation').forEach((one) => { one.open = true; })")
    await expect(page.locator(".operation form")).to_have_count(operations)
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(page.url).netloc}
    assert wrong == []


@pytest.mark.usefixtures("api")
async def test_an_operation_is_told_and_tried(docs: Page) -> None:
    await docs.get_by_label("Find").fill("post reservations")
    await docs.get_by_text("Keep a slot", exact=True).click()
    told = docs.locator("#post_slots_reservations")
    await expect(told).to_contain_text("Credentials are optional.")
    await expect(told.get_by_role("listitem").filter(has_text="slotStart")).to_contain_text("required")
    await told.get_by_text("201", exact=True).click()
    await expect(told.get_by_role("listitem").filter(has_text="data").last).to_contain_text("KeptData")
    await told.get_by_label("Body").fill('{"eventTypeId": 10, "slotStart": "2050-09-05T07:00:00Z"}')
    await told.get_by_role("button", name="Send POST").click()
    # Of all that is told this alone is read aloud.
    await expect(told.get_by_role("status")).to_have_text("POST /v2/slots/reservations: 201")
    await expect(told.locator("form pre")).to_contain_text("reservationUid")


@pytest.mark.usefixtures("api")
async def test_an_address_names_an_operation(docs: Page) -> None:
    await docs.goto("/docs#get_slots")
    tried = docs.locator("#get_slots form")
    for name, value in (("start", "2050-09-05"), ("end", "2050-09-05"), ("eventTypeId", "10")):
        await tried.get_by_label(name, exact=True).fill(value)
    await tried.get_by_role("button", name="Send GET").click()
    await expect(tried.get_by_role("status")).to_contain_text("eventTypeId=10: 200")
    await expect(tried.locator("pre")).to_contain_text("2050-09-05T07:00:00.000Z")


async def test_without_scripts_it_says_where_the_document_is(browser: Browser, site: str) -> None:
    async with opened(browser, java_script_enabled=False) as bare:
        await bare.goto(f"{site}/docs")
        told = bare.locator("noscript p")
        await expect(told).to_be_visible()
        await expect(told.locator("a")).to_have_attribute("href", "/v2/openapi.json")
        await expect(bare.get_by_role("status")).to_be_empty()


async def test_nobody_is_shut_out(docs: Page) -> None:
    """On a phone, in light and in dark."""
    await docs.set_viewport_size({"width": 320, "height": 740})
    await docs.get_by_label("Find").fill("post reservations")
    await docs.get_by_text("Keep a slot", exact=True).click()
    await expect(docs.locator("#post_slots_reservations form")).to_be_visible()
    await _check_accessible(docs)


@pytest.mark.usefixtures("api")
async def test_nobody_is_shut_out_when_something_goes_wrong(page: Page) -> None:
    await page.set_viewport_size({"width": 320, "height": 740})
    await page.goto("/docs#get_slots")
    tried = page.locator("#get_slots form")
    for name, value in (("start", "2050-09-05"), ("end", "2050-09-05"), ("eventTypeId", "999")):
        await tried.get_by_label(name, exact=True).fill(value)
    await tried.get_by_role("button", name="Send GET").click()
    await expect(tried.get_by_role("status")).to_contain_text("eventTypeId=999: 404")
    await _check_accessible(page)
    await page.route("**/v2/slots?*", refused)
    await tried.get_by_role("button", name="Send GET").click()
    await expect(tried.get_by_role("status")).to_have_text("The service does not answer.")
    await expect(tried.locator("pre")).to_have_count(0)
    await page.route("**/v2/openapi.json", refused)
    await page.reload()
    await expect(page.get_by_role("status")).to_contain_text("The document cannot be read.")
    await _check_accessible(page)
    await page.unroute_all()


async def _check_accessible(page: Page) -> None:
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    assert await serious_violations(page) == []
