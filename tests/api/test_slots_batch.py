"""`POST /v2/slots/batch`."""

import asyncio
from collections.abc import Collection
from time import monotonic
from typing import Any

import orjson
import pytest
from typing_extensions import override

from app.api import slots_batch
from app.domain.busy import Reservation
from app.domain.time_ranges import Range
from app.services.errors import StoreUnavailableError
from app.storage.holds.redis_holds import RedisHolds
from tests.api.asking import Answer, Asking
from tests.api.pods import pod_with
from tests.api.test_slots import EIGHT

BATCH = "/v2/slots/batch"
MONDAY = {"start": "2050-09-05", "end": "2050-09-05"}
ANA_ONLY, BEN_ONLY = 10, 13
AT_ONCE = 5
"""Half of the connections that a process has by default."""


def item(event_type_id: object = ANA_ONLY, **more: object) -> dict[str, Any]:
    return {"eventTypeId": event_type_id, **MONDAY, **more}


async def post(api: Asking, *items: object, **more: Any) -> Answer:
    return await api.ask("POST", BATCH, json={"items": items, **more})


async def outcomes(api: Asking, *items: object, **more: Any) -> list[Any]:
    answer = await post(api, *items, **more)
    assert answer.data.keys() == {"items"}
    return list(answer.data["items"])


def statuses(items: list[Any]) -> list[str | int]:
    """What became of each item: "success", or the status of its refusal."""
    return [one["status"] if one["status"] == "success" else one["error"]["details"]["statusCode"] for one in items]


def starts(one: Any) -> list[str]:
    """The hours and minutes (UTC) of Monday's starts."""
    return [slot["start"][11:16] for slot in one["data"].get("2050-09-05", [])]


# Items -------------------------------------------------------------------------------------------------------------

WEEK = {"start": "2050-09-05", "end": "2050-09-09"}
QUESTIONS: list[dict[str, Any]] = [
    {"eventTypeId": 10},
    {"eventTypeId": "10.0"},
    {"eventTypeSlug": "call", "username": "ana"},
    {"eventTypeSlug": "call", "username": "ana", "organizationSlug": "acme"},
    {"eventTypeSlug": "both", "teamSlug": "crew"},
    {"eventTypeSlug": "both", "teamSlug": "crew", "organizationSlug": "acme"},
    {"usernames": "ana,ben", "duration": 60},
    {"usernames": "dora,ana", "organizationSlug": "acme", "duration": 60},
    {"eventTypeId": 10, "timeZone": "asia/tokyo"},
    {"eventTypeId": 10, "format": "Range"},
    {"eventTypeId": 10, "slotFormat": "range"},
    {"eventTypeId": 11, "duration": 30},
    {"eventTypeId": 12},
    {"eventTypeId": 26, "rrHostSubsetIds": 2},
    {"eventTypeId": 10, "bookingUidToReschedule": "b1"},
    {"eventTypeId": 10, "start": "2050-09-10", "end": "2050-09-11"},
    {"eventTypeId": 10, "limit": 1},
]
REFUSED: list[dict[str, Any]] = [
    {"eventTypeId": 999},
    {"eventTypeId": 24},
    {"eventTypeSlug": "call", "username": "nobody"},
    {"usernames": "ana"},
    {},
    {"eventTypeId": 10, "colour": "red"},
    {"eventTypeId": 10, "end": "tomorrow"},
    {"eventTypeId": 10, "duration": 7},
    {"eventTypeId": 10, "timeZone": "Mars/Olympus"},
    {"eventTypeId": 10, "end": "2052-09-05"},
]


async def test_each_item_is_answered_as_a_get_of_its_own(api: Asking) -> None:
    await api.reserve(ANA_ONLY, "10:00")
    await api.reserve(12, "12:00")
    asked = [{**WEEK, **question} for question in QUESTIONS]
    single = [(await api.ask("GET", "/v2/slots", params=question)).body for question in asked]
    assert await outcomes(api, *asked) == single


async def test_each_refusal_is_that_of_a_get_of_its_own(api: Asking) -> None:
    asked = [{**WEEK, **question} for question in REFUSED]
    single = [(await api.ask("GET", "/v2/slots", params=question)).body for question in asked]
    assert await outcomes(api, *asked) == [{"status": "error", "error": one["error"]} for one in single]


async def test_lists_are_written_as_json_has_them(api: Asking) -> None:
    await api.reserve(ANA_ONLY, "07:00")
    several, ben, both = await outcomes(
        api,
        {"usernames": ["ana", "ben"], "duration": 60, **MONDAY},
        item(26, rrHostSubsetIds=[2]),
        item(26, rrHostSubsetIds=[1, 2]),
    )
    assert (starts(several), starts(ben), starts(both)) == (EIGHT[1:], EIGHT, EIGHT)


async def test_the_own_reservation_is_named_item_by_item(api: Asking) -> None:
    uid = (await api.reserve(ANA_ONLY, "10:00")).data["reservationUid"]
    own, others = await outcomes(api, item(reservationUid=uid), item())
    assert "10:00" in starts(own)
    assert "10:00" not in starts(others)


async def test_null_says_nothing(api: Asking) -> None:
    [one] = await outcomes(api, item(timeZone=None, format=None, rrHostSubsetIds=None, duration=None))
    assert starts(one) == EIGHT


async def test_wrong_items_spoil_no_other(api: Asking) -> None:
    items = await outcomes(api, item(999), item(), item(24), {}, item("ten"), item(BEN_ONLY))
    assert statuses(items) == [404, "success", 400, 400, 400, "success"]


async def test_a_batch_of_wrong_items_is_answered_item_by_item_too(api: Asking) -> None:
    assert statuses(await outcomes(api, item(999), {})) == [404, 400]


# Bodies ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": []},
        {"items": [item()] * 101},
        {"items": item()},
        {"items": ["10"]},
        {"items": [item(), None]},
        {"items": [item()], "timeoutMs": 0},
        {"items": [item()], "timeoutMs": 10_001},
        {"items": [item()], "timeoutMs": "soon"},
    ],
)
async def test_what_is_no_batch(api: Asking, body: dict[str, Any]) -> None:
    answer = await api.ask("POST", BATCH, json=body)
    assert (answer.status, answer.message) == (400, "Bad Request Exception")
    assert answer.body["error"]["details"]["errors"][0]["property"].split(".")[0] in {"items", "timeoutMs"}


async def test_a_batch_may_have_a_hundred_items(api: Asking) -> None:
    items = await outcomes(api, *[item(BEN_ONLY if number % 3 else ANA_ONLY) for number in range(100)])
    assert [len(starts(one)) for one in items] == [8 if number % 3 == 0 else 16 for number in range(100)]


async def test_windows_are_bounded_together(api: Asking) -> None:
    """Of a year each there may be ten, though of shorter ones a hundred."""
    year = item(start="2050-01-01", end="2050-12-31")
    assert statuses(await outcomes(api, *[year] * 10)) == ["success"] * 10
    answer = await post(api, *[year] * 11)
    assert answer.status == 400
    assert "3660 days" in answer.message


async def test_answers_are_bounded_together(api: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a slot begins each minute a year has half a million."""
    [short] = await outcomes(api, item())
    monkeypatch.setattr(slots_batch, "MOST_BYTES", 2 * len(orjson.dumps(short)))
    items = await outcomes(api, *[item()] * 3)
    assert statuses(items) == ["success", "success", 400]
    assert "too long together" in str(items[2])


async def test_larger_bodies_are_refused(api: Asking) -> None:
    assert (await post(api, *[item(username="x" * 1_000)] * 70)).status == 413


@pytest.mark.parametrize("version", ["", "2024-04-15", "2024-09-04", "banana"])
async def test_any_version_header_and_no_credentials_will_do(api: Asking, version: str) -> None:
    answer = await api.ask(
        "POST", "/api/v2/slots/batch/", json={"items": [item()]}, headers={"cal-api-version": version}
    )
    assert starts(answer.data["items"][0]) == EIGHT


async def test_wrong_credentials_will_not(api: Asking) -> None:
    assert (await api.ask("POST", BATCH, json={"items": [item()]}, token="cal_wrong")).status == 401


# Time, and stores that fail ------------------------------------------------------------------------------------------


class Holds(RedisHolds):
    """Does what a test says when it is asked for the holds of Ana alone; how many asked at once is counted."""

    most_at_once = 0
    _asking = 0

    @override
    async def live(self, host_ids: Collection[int], around: Range) -> tuple[Reservation, ...]:
        self._asking += 1
        Holds.most_at_once = max(Holds.most_at_once, self._asking)
        try:
            await self.wait_for(host_ids)
            return await super().live(host_ids, around)
        finally:
            self._asking -= 1

    async def wait_for(self, hosts: Collection[int]) -> None:  # noqa: ARG002 - those below look at it
        await asyncio.sleep(0.02)


class SlowForAna(Holds):
    """Takes longer than anybody waits."""

    @override
    async def wait_for(self, hosts: Collection[int]) -> None:
        if set(hosts) == {1}:
            await asyncio.sleep(60)


class AwayForAna(Holds):
    """Cannot be reached."""

    @override
    async def wait_for(self, hosts: Collection[int]) -> None:
        if set(hosts) == {1}:
            raise StoreUnavailableError("redis")


async def test_what_is_not_ready_in_time_is_told_by_item(api: Asking) -> None:
    async with pod_with(api.settings, api.urls, SlowForAna) as pod:
        started = monotonic()
        items = await outcomes(pod, item(BEN_ONLY), item(), item(BEN_ONLY), item(), timeoutMs=500)
        assert 0.5 <= monotonic() - started < 2
    assert statuses(items) == ["success", 503, "success", 503]
    assert items[1]["error"]["message"] == "The service could not answer in time. Please try again."


async def test_items_that_wait_for_their_turn_wait_no_longer(api: Asking) -> None:
    async with pod_with(api.settings, api.urls, SlowForAna) as pod:
        started = monotonic()
        items = await outcomes(pod, *[item()] * AT_ONCE, item(BEN_ONLY), timeoutMs=300)
        assert monotonic() - started < 2
        assert statuses(items) == [503] * (AT_ONCE + 1)
        # Nothing is left of them that others would wait for.
        assert statuses(await outcomes(pod, item(BEN_ONLY), timeoutMs=2_000)) == ["success"]


async def test_a_batch_leaves_connections_to_others(api: Asking) -> None:
    Holds.most_at_once = 0
    async with pod_with(api.settings, api.urls, Holds) as pod:
        batches = await asyncio.gather(*(outcomes(pod, *[item()] * 12) for _ in range(3)))
    assert all(statuses(items) == ["success"] * 12 for items in batches)
    assert Holds.most_at_once == AT_ONCE


async def test_a_small_batch_does_not_wait_for_the_whole_of_a_large_one(api: Asking) -> None:
    async with pod_with(api.settings, api.urls, Holds) as pod:
        large = asyncio.create_task(outcomes(pod, *[item()] * 100))
        await asyncio.sleep(0.1)
        await outcomes(pod, item(), item())
        assert not large.done()
        await large


async def test_without_holds_the_answer_says_so(api: Asking) -> None:
    async with pod_with(api.settings, api.urls, AwayForAna) as pod:
        answer = await post(pod, item(BEN_ONLY), item())
        assert answer.headers["X-Holdfast-Degraded"] == "holds"
        assert statuses(answer.data["items"]) == ["success", "success"]
        assert "X-Holdfast-Degraded" not in (await post(pod, item(BEN_ONLY))).headers
