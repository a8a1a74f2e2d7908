"""`/v2/calendars`: whose feeds they are, that they hide slots at once, and what they tell."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer

from app.application.clock import now
from app.application.web import build
from app.delivery.feed_reader import open_feed_reader
from app.services.calendar_feeds import MOST_FEEDS, FeedRules
from app.services.refresh_feeds import FeedRefresher
from app.storage.postgres.calendar_feeds import PostgresCalendarFeeds
from app.storage.postgres.pool import Pool, open_pool
from tests.api.asking import Answer, Asking
from tests.api.pods import pod
from tests.feeds import FeedServer, at, calendar, event, serving_feeds

KEY = "cal_key_of_"
SAVE, CHECK, DISCONNECT = (f"/v2/calendars/ics-feed/{what}" for what in ("save", "check", "disconnect"))
HOURS = [f"{hour:02d}:00" for hour in range(9, 17)]
"""The starts of Ana's event type 10 on a free day, by Rome's clocks."""

AT_NO_TIME = "9000-01-01T00:00:00.000Z"
"""When it ends that somebody is busy throughout."""


def monday() -> date:
    """A Monday some weeks from now: feeds are read so far ahead and no further."""
    today = datetime.now(UTC).date()
    return today + timedelta(days=42 - today.weekday())


DAY = monday().isoformat()
PLAIN = DAY.replace("-", "")
NINE_TO_ELEVEN = calendar(event(*at(PLAIN, "0900", "1100"), "SUMMARY:A secret meeting"))


@pytest.fixture
async def feeds() -> AsyncIterator[FeedServer]:
    async with serving_feeds() as started:
        yield started


async def save(api: Asking, *urls: str, who: str = "ana", **more: Any) -> Answer:
    return await api.ask("POST", SAVE, json={"urls": urls, **more}, token=KEY + who)


async def ask(api: Asking, path: str, who: str = "ana", **query: Any) -> Answer:
    return await api.ask("GET", path, params=query, token=KEY + who)


async def starts(api: Asking) -> list[str]:
    listing = (await api.slots(eventTypeId=10, start=DAY, end=DAY, timeZone="Europe/Rome")).data
    return [slot["start"][11:16] for slot in listing.get(DAY, [])]


async def busy(api: Asking, **query: Any) -> list[dict[str, Any]]:
    asked = {"dateFrom": DAY, "dateTo": DAY, "timeZone": "Europe/Rome", **query}
    times = (await ask(api, "/v2/calendars/busy-times", **asked)).data
    assert isinstance(times, list)
    return times


async def refresh(api: Asking) -> None:
    """Let all feeds be read anew, by whichever pod takes them first."""
    pool = await open_pool(api.urls.database)
    async with pool.connection() as connection:
        await connection.execute("UPDATE calendar_feeds SET due_at = now()")
    rules = FeedRules(refresh_minutes=15, dead_after_hours=24, dead_is_busy=False)
    store = PostgresCalendarFeeds(pool, rules)
    async with (
        open_feed_reader(private_addresses=True) as reader,
        FeedRefresher(store, reader, now, poll_s=0.02).running(),
    ):
        await _none_is_due(pool)
    await pool.close()


async def _none_is_due(pool: Pool) -> None:
    """Wait until each feed has been read; one that somebody is reading is put off by less than an interval."""
    async with asyncio.timeout(5):
        while True:
            async with pool.connection() as connection:
                soonest = await connection.fetchval("SELECT min(due_at) - now() FROM calendar_feeds")
            if soonest > timedelta(minutes=10):
                return
            await asyncio.sleep(0.02)


# Hiding slots --------------------------------------------------------------------------------------------------------


async def test_a_saved_feed_hides_slots_at_once(api: Asking, feeds: FeedServer) -> None:
    assert await starts(api) == HOURS
    saved = await save(api, feeds.give(NINE_TO_ELEVEN))
    assert (saved.status, saved.data) == (
        201,
        {
            "id": saved.data["id"],
            "type": "ics-feed_calendar",
            "userId": 1,
            "teamId": None,
            "appId": "ics-feed",
            "invalid": False,
        },
    )
    assert await starts(api) == HOURS[2:]
    at_nine = {"eventTypeId": 10, "slotStart": (await busy(api))[0]["start"]}
    assert (await api.ask("POST", "/v2/slots/reservations", json=at_nine)).status == 422


async def test_feeds_take_the_place_of_those_before(api: Asking, feeds: FeedServer) -> None:
    first = feeds.give(NINE_TO_ELEVEN)
    second = feeds.give(calendar(event(*at(PLAIN, "1500", "1700"))), "/other.ics")
    credential = (await save(api, first)).data["id"]
    assert (await save(api, first, second)).data["id"] == credential
    assert await starts(api) == HOURS[2:-2]
    await save(api, second)
    assert await starts(api) == HOURS[:-2]


async def test_a_change_of_a_feed_is_seen_after_a_refresh(api: Asking, feeds: FeedServer) -> None:
    await save(api, feeds.give(NINE_TO_ELEVEN))
    feeds.give(calendar(event(*at(PLAIN, "1400", "1700")), head="X-WR-CALNAME:Renamed"))
    await refresh(api)
    assert await starts(api) == HOURS[:-3]
    assert [one["source"] for one in await busy(api)] == ["Renamed"]


async def test_feeds_are_forgotten_with_their_busy_times(api: Asking, feeds: FeedServer) -> None:
    saved = (await save(api, feeds.give(NINE_TO_ELEVEN))).data
    body = {"id": saved["id"]}
    assert (await api.ask("POST", DISCONNECT, json=body, token=KEY + "ben")).status == 404
    assert (await api.ask("POST", DISCONNECT, json=body, token=KEY + "ana")).data == saved
    assert (await api.ask("POST", DISCONNECT, json=body, token=KEY + "ana")).status == 404
    assert await starts(api) == HOURS
    assert (await ask(api, CHECK)).status == 404


# Real pods ----------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def refreshing_pod(api: Asking, **settings: Any) -> AsyncIterator[None]:
    """A whole pod, which looks for feeds that are due as soon as it has started."""
    app = await build(api.settings.model_copy(update=settings), api.urls)
    async with TestClient(TestServer(app)):
        yield


async def make_due(api: Asking) -> None:
    connection = await asyncpg.connect(api.urls.database)
    await connection.execute("UPDATE calendar_feeds SET due_at = now()")
    await connection.close()


async def becomes(api: Asking, expected: list[str]) -> None:
    """Wait until a listing has these starts; a pod looks every five seconds."""
    async with asyncio.timeout(15):
        while True:
            if await starts(api) == expected:
                return
            await asyncio.sleep(0.05)


async def test_pods_read_feeds_that_are_due(api: Asking, feeds: FeedServer) -> None:
    await save(api, feeds.give(NINE_TO_ELEVEN))
    feeds.give(calendar())
    await make_due(api)
    async with refreshing_pod(api):
        await becomes(api, HOURS)


async def test_pods_close_the_time_of_who_has_a_dead_feed_if_told_to(api: Asking, feeds: FeedServer) -> None:
    saved = (await save(api, feeds.give(NINE_TO_ELEVEN))).data
    feeds.texts.clear()
    async with asyncio.timeout(30):
        while not await _is_closed(api):
            # The other pod may take it, which closes nothing. Each looks every five seconds, so that one which begins
            # just after the other would never come first: it begins anew each time.
            await make_due(api)
            async with refreshing_pod(api, dead_feeds="closed", dead_feed_hours=0):
                await asyncio.sleep(1)
    await api.ask("POST", DISCONNECT, json={"id": saved["id"]}, token=KEY + "ana")
    assert await starts(api) == HOURS


async def _is_closed(api: Asking) -> bool:
    """Whether Ana has no time at all, and is told so wherever she may look for the reason."""
    [feed] = (await ask(api, CHECK)).data["feeds"]
    sources = [one["source"] for one in await busy(api)]
    explained = (await ask(api, "/v2/slots/explain", eventTypeId=10, at=f"{DAY}T13:00:00Z")).data
    ends = [one["end"] for host in explained["hosts"] for one in host["reasons"]]
    told = (feed["dead"], sources, ends)
    return told == (True, ["Work, which cannot be read", "Work"], [AT_NO_TIME]) and await starts(api) == []


# Feeds that die ------------------------------------------------------------------------------------------------------


async def test_a_feed_that_dies_is_named_and_comes_back(api: Asking, feeds: FeedServer) -> None:
    url = feeds.give(NINE_TO_ELEVEN)
    await save(api, url)
    feeds.texts.clear()
    await refresh(api)
    dead = (await ask(api, CHECK)).data
    assert (dead["invalid"], [(one["externalId"], one["error"]) for one in dead["feeds"]]) == (
        True,
        [(url, "answered with the status 404")],
    )
    listed = (await ask(api, "/v2/calendars")).data["connectedCalendars"][0]["calendars"]
    assert listed == dead["feeds"]
    assert await starts(api) == HOURS[2:]  # As last known.
    feeds.give(calendar())
    await refresh(api)
    alive = (await ask(api, CHECK)).data
    assert (alive["invalid"], alive["feeds"][0]["error"]) == (False, None)
    assert alive["feeds"][0]["lastRefreshedAt"] > dead["feeds"][0]["lastRefreshedAt"]
    assert await starts(api) == HOURS


# What is refused -----------------------------------------------------------------------------------------------------


async def test_if_one_feed_cannot_be_read_each_such_is_named_and_nothing_changes(
    api: Asking, feeds: FeedServer
) -> None:
    good, other = feeds.give(NINE_TO_ELEVEN), feeds.give(calendar(), "/other.ics")
    page = feeds.give("<html></html>", "/page")
    await save(api, good)
    refused = await save(api, other, page, feeds.url("/gone"))
    assert refused.status == 400
    assert [(one["property"], *one["constraints"]) for one in refused.body["error"]["details"]["errors"]] == [
        ("urls.1", "notACalendar"),
        ("urls.2", "badStatus"),
    ]
    assert [one["externalId"] for one in (await ask(api, CHECK)).data["feeds"]] == [good]
    assert await starts(api) == HOURS[2:]


async def test_a_feed_that_is_down_is_no_reason_to_keep_no_others(api: Asking, feeds: FeedServer) -> None:
    down = feeds.give(NINE_TO_ELEVEN)
    await save(api, down)
    feeds.texts.clear()
    other = feeds.give(calendar(event(*at(PLAIN, "1500", "1700"))), "/other.ics")
    saved = await save(api, down, other)
    assert (saved.status, saved.data["invalid"]) == (201, True)
    shown = (await ask(api, CHECK)).data["feeds"]
    assert [(one["externalId"], one["error"]) for one in shown] == [
        (down, "answered with the status 404"),
        (other, None),
    ]
    assert await starts(api) == HOURS[2:-2]
    refused = await save(api, down, feeds.url("/gone"))
    assert [one["property"] for one in refused.body["error"]["details"]["errors"]] == ["urls.1"]


async def test_a_feed_that_is_named_several_times_is_read_once(api: Asking, feeds: FeedServer) -> None:
    url = feeds.give(NINE_TO_ELEVEN)
    assert (await save(api, url, url, url)).status == 201
    assert feeds.asked == ["/work.ics"]
    assert len((await ask(api, CHECK)).data["feeds"]) == 1
    gone = feeds.url("/gone")
    refused = await save(api, gone, url, gone)
    assert [one["property"] for one in refused.body["error"]["details"]["errors"]] == ["urls.0", "urls.2"]


async def test_one_persons_feeds_are_saved_by_one_request_at_a_time(api: Asking, feeds: FeedServer) -> None:
    feeds.give(NINE_TO_ELEVEN)
    feeds.waits = asyncio.Event()
    first = asyncio.create_task(save(api, feeds.url()))
    await feeds.is_asked(1)
    second = await save(api, feeds.url())
    assert (second.status, second.headers["Retry-After"]) == (409, "2")
    others = asyncio.create_task(save(api, feeds.url(), who="ben"))
    await feeds.is_asked(2)
    feeds.waits.set()
    assert [(await one).status for one in (first, others)] == [201, 201]
    assert (await save(api, feeds.url())).status == 201


async def test_one_person_leaves_room_for_others(api: Asking, feeds: FeedServer) -> None:
    feeds.waits = asyncio.Event()
    many = asyncio.create_task(save(api, *(feeds.url(f"/{number}") for number in range(MOST_FEEDS))))
    await feeds.is_asked(3)
    await asyncio.sleep(0.1)
    assert len(feeds.asked) == 3
    feeds.waits.set()
    assert (await many).status == 400
    assert len(feeds.asked) == MOST_FEEDS


async def test_a_failure_of_ours_refuses_no_feed(
    api: Asking, feeds: FeedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = feeds.give(NINE_TO_ELEVEN)
    with monkeypatch.context() as without:
        without.setattr(sys, "executable", "/nowhere/python")
        failed = await save(api, url)
    assert (failed.status, failed.headers["Retry-After"]) == (503, "2")
    assert (await save(api, url)).status == 201


async def test_private_addresses_are_refused_unless_allowed(api: Asking, feeds: FeedServer) -> None:
    url = feeds.give(NINE_TO_ELEVEN)
    async with pod(api.settings.model_copy(update={"webhook_private_addresses": False}), api.urls) as careful:
        refused = await save(careful, url)
    assert list(refused.body["error"]["details"]["errors"][0]["constraints"]) == ["privateAddress"]
    assert feeds.asked == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("urls", None),
        ("urls", []),
        ("urls", "https://example.com/"),
        ("urls", ["https://example.com/"] * (MOST_FEEDS + 1)),
        ("urls.0", ["ftp://example.com/"]),
        ("urls.0", ["nowhere"]),
        ("urls.0", ["https://example.com/\0"]),
        ("urls.0", ["https://example.com/" + "x" * 2_000]),
        ("readOnly", "perhaps"),
    ],
)
async def test_a_wrong_field_is_named(api: Asking, field: str, value: Any) -> None:
    body = {"urls": ["http://127.0.0.1:1/"], field.partition(".")[0]: value}
    answer = await api.ask("POST", SAVE, json=body, token=KEY + "ana")
    assert (answer.status, [one["property"] for one in answer.body["error"]["details"]["errors"]]) == (400, [field])


async def test_webcal_stands_for_https(api: Asking) -> None:
    refused = await save(api, "webcal://127.0.0.1:1/work.ics")
    assert list(refused.body["error"]["details"]["errors"][0]["constraints"]) == ["unreachable"]


# Whose ---------------------------------------------------------------------------------------------------------------


async def test_feeds_are_shown_to_their_owner_alone(api: Asking, feeds: FeedServer) -> None:
    url = feeds.give(NINE_TO_ELEVEN)
    saved = (await save(api, url, readOnly=False)).data
    mine = (await ask(api, "/v2/calendars")).data
    assert mine["destinationCalendar"] is None
    [connected] = mine["connectedCalendars"]
    [feed] = connected["calendars"]
    assert (connected["credentialId"], connected["integration"]["type"]) == (saved["id"], "ics-feed_calendar")
    assert (feed["externalId"], feed["name"], feed["readOnly"], feed["error"]) == (url, "Work", False, None)
    assert (await ask(api, "/v2/calendars", "ben")).data["connectedCalendars"] == []
    assert (await ask(api, CHECK, "ben")).status == 404
    others = {"credentialId": saved["id"], "externalId": url, "dateFrom": DAY, "dateTo": DAY}
    assert (await ask(api, "/v2/calendars/busy-times", "ben", **others)).status == 404


async def test_an_organizations_client_has_no_calendars(api: Asking) -> None:
    headers = {"x-cal-client-id": "client-of-acme", "x-cal-secret-key": "secret-of-acme"}
    assert (await api.ask("GET", "/v2/calendars", headers=headers)).status == 403


async def test_addresses_are_not_logged(api: Asking, feeds: FeedServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "app")
    await save(api, feeds.give(NINE_TO_ELEVEN, "/secret-token"))
    feeds.texts.clear()
    await refresh(api)
    assert "status 404" in caplog.text
    assert "secret-token" not in caplog.text


# Busy times ----------------------------------------------------------------------------------------------------------


async def test_busy_times_are_told_by_the_days_of_a_zone(api: Asking, feeds: FeedServer) -> None:
    late = event(*at(PLAIN, "2330", "2345"), uid="2")
    await save(api, feeds.give(calendar(event(*at(PLAIN, "0000", "0030")), late)))
    times = await busy(api)
    assert [one["source"] for one in times] == ["Work", "Work"]
    assert all(one["start"].endswith(":00.000Z") and one["start"] < one["end"] for one in times)
    assert len(await busy(api, timeZone="UTC")) == 1  # That day begins later, and this event before it.
    assert await busy(api, dateFrom=times[0]["end"], dateTo=times[1]["start"]) == []
    assert await busy(api, dateFrom=times[0]["start"], dateTo=times[1]["end"]) == times


async def test_the_older_name_of_the_zone_is_understood(api: Asking, feeds: FeedServer) -> None:
    await save(api, feeds.give(calendar(event(*at(PLAIN, "0000", "0030")))))
    asked = {"dateFrom": DAY, "dateTo": DAY}
    assert len((await ask(api, "/v2/calendars/busy-times", **asked, loggedInUsersTz="Europe/Rome")).data) == 1
    assert (await ask(api, "/v2/calendars/busy-times", **asked)).data == []


async def test_calendars_are_chosen_in_either_way(api: Asking, feeds: FeedServer) -> None:
    work = feeds.give(NINE_TO_ELEVEN)
    home = feeds.give(calendar(event(*at(PLAIN, "1500", "1600")), head="NAME:Home"), "/home.ics")
    credential = (await save(api, work, home)).data["id"]

    def named(number: int, url: str) -> dict[str, Any]:
        of = f"calendarsToLoad[{number}]"
        return {f"{of}[credentialId]": credential, f"{of}[externalId]": url}

    async def sources(**query: Any) -> list[str]:
        return [one["source"] for one in await busy(api, **query)]

    assert await sources() == ["Work", "Home"]
    assert await sources(**named(0, home)) == ["Home"]
    assert await sources(**named(0, work), **named(1, home)) == ["Work", "Home"]
    assert await sources(credentialId=credential, externalId=home) == ["Home"]
    unknown = {"dateFrom": DAY, "dateTo": DAY, **named(0, "https://example.com/")}
    assert (await ask(api, "/v2/calendars/busy-times", **unknown)).status == 404


async def test_what_other_sources_report_is_told_too(api: Asking) -> None:
    await api.add(busyTimes=[{"userId": 1, "start": f"{DAY}T10:00:00Z", "end": f"{DAY}T11:00:00Z"}])
    assert await busy(api) == [{"start": f"{DAY}T10:00:00.000Z", "end": f"{DAY}T11:00:00.000Z", "source": None}]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"dateFrom": DAY},
        {"dateFrom": "soon", "dateTo": DAY},
        {"dateFrom": DAY, "dateTo": "2020-01-01"},
        {"dateFrom": "2020-01-01", "dateTo": "2022-01-01"},
        {"dateFrom": DAY, "dateTo": DAY, "timeZone": "Nowhere"},
        {"dateFrom": DAY, "dateTo": DAY, "credentialId": "x", "externalId": "y"},
        {"dateFrom": DAY, "dateTo": DAY, "calendarsToLoad[0][credentialId]": "1"},
        {"dateFrom": DAY, "dateTo": DAY, **{f"calendarsToLoad[{n}][externalId]": "y" for n in range(30)}},
    ],
)
async def test_what_cannot_be_understood(api: Asking, query: dict[str, str]) -> None:
    assert (await ask(api, "/v2/calendars/busy-times", **query)).status == 400
