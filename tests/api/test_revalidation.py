"""Listings that callers have already: `ETag`, `If-None-Match` and 304."""

import re
from collections.abc import Collection
from typing import Any

import pytest
from typing_extensions import override

from app.domain.busy import Reservation
from app.domain.time_ranges import Range
from app.services.errors import StoreUnavailableError
from app.storage.holds.redis_holds import RedisHolds
from tests.api.asking import Asking
from tests.api.pods import pod_with

NEWER = "/v2/slots?eventTypeId=10&start=2050-09-05&end=2050-09-09"
OLDER = "/v2/slots/available?eventTypeId=10&startTime=2050-09-05&endTime=2050-09-09"
BOTH = pytest.mark.parametrize("path", [NEWER, OLDER])


@pytest.fixture(autouse=True)
def _no_cookies(api: Asking) -> None:
    api.client.session.cookie_jar.clear()


async def get(api: Asking, path: str, known: str | None = None, method: str = "GET", **headers: str) -> Any:
    """Return an answer, its body read; a 304 and a HEAD's have none."""
    if known is not None:
        headers["If-None-Match"] = known
    async with api.client.request(method, path, headers=headers) as response:
        body = await response.read()
        assert bool(body) == (response.status != 304 and method == "GET")
        return response


async def tag_of(api: Asking, path: str, **headers: str) -> str:
    response = await get(api, path, **headers)
    assert response.status == 200
    return str(response.headers["ETag"])


@BOTH
async def test_a_listing_has_a_weak_tag(api: Asking, path: str) -> None:
    tag = await tag_of(api, path)
    assert re.fullmatch(r'W/"[0-9a-f]{32}"', tag)
    assert tag == await tag_of(api, path)


@BOTH
async def test_who_has_it_already_gets_no_body(api: Asking, path: str) -> None:
    tag = await tag_of(api, path)
    response = await get(api, path, tag)
    assert response.status == 304
    assert response.headers["ETag"] == tag
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert not {"Content-Type", "Content-Length", "Content-Encoding"} & response.headers.keys()


@BOTH
async def test_both_answers_vary_alike(api: Asking, path: str) -> None:
    whole = await get(api, path)
    nothing_new = await get(api, path, whole.headers["ETag"])
    expected = {"Accept-Encoding"} if path == NEWER else {"Accept-Encoding", "Cookie"}
    assert set(whole.headers.getall("Vary")) == set(nothing_new.headers.getall("Vary")) == expected


@BOTH
@pytest.mark.parametrize("written", ["{}", '"other", {}', 'W/"other",{} , "x"', "*", "strong {}"])
async def test_spellings_of_what_a_caller_has(api: Asking, path: str, written: str) -> None:
    """Compared weakly: it may be said to be strong."""
    tag = await tag_of(api, path)
    known = tag.removeprefix("W/") if written == "strong {}" else written.format(tag)
    assert (await get(api, path, known)).status == 304


@BOTH
@pytest.mark.parametrize("known", ["", '"other"', 'W/"other"', "other", '"', ",", "W/*", '"0", W/"1"'])
async def test_who_has_something_else_gets_the_listing(api: Asking, path: str, known: str) -> None:
    response = await get(api, path, known)
    assert response.status == 200
    assert (await response.json())["status"] == "success"


@BOTH
async def test_a_change_is_seen_at_once(api: Asking, path: str) -> None:
    before = await tag_of(api, path)
    uid = (await api.reserve(10, "10:00")).data["reservationUid"]
    changed = await get(api, path, before)
    assert changed.status == 200
    assert changed.headers["ETag"] != before
    await api.ask("DELETE", f"/v2/slots/reservations/{uid}")
    assert (await get(api, path, before)).status == 304


async def test_the_tag_is_that_of_the_answer_not_of_the_question(api: Asking) -> None:
    plain = await tag_of(api, NEWER)
    assert plain == await tag_of(api, NEWER + "&format=time&limit=1")
    assert plain != await tag_of(api, NEWER + "&format=range")
    assert plain != await tag_of(api, NEWER + "&timeZone=Asia/Tokyo")


@BOTH
async def test_the_encoding_does_not_matter(api: Asking, path: str) -> None:
    tag = await tag_of(api, path, **{"Accept-Encoding": "gzip"})
    assert (await get(api, path, tag, **{"Accept-Encoding": "identity"})).status == 304
    assert (await get(api, path, tag, **{"Accept-Encoding": "gzip"})).status == 304


@BOTH
async def test_heads_have_it_too(api: Asking, path: str) -> None:
    tag = await tag_of(api, path)
    assert (await get(api, path, method="HEAD")).headers["ETag"] == tag
    assert (await get(api, path, tag, method="HEAD")).status == 304


@BOTH
async def test_a_page_of_another_origin_may_read_it(api: Asking, path: str) -> None:
    response = await get(api, path, Origin="https://shop.example")
    assert "ETag" in response.headers["Access-Control-Expose-Headers"].split(", ")


async def test_refusals_have_none(api: Asking) -> None:
    response = await get(api, NEWER.replace("=10", "=999"), "*")
    assert response.status == 404
    assert "ETag" not in response.headers


class AwayHolds(RedisHolds):
    @override
    async def live(self, host_ids: Collection[int], around: Range) -> tuple[Reservation, ...]:
        raise StoreUnavailableError("redis")


@BOTH
async def test_a_listing_without_holds_has_none(api: Asking, path: str) -> None:
    """It may be the same, but it must not be kept for one that can be relied on, nor taken for one."""
    tag = await tag_of(api, path)
    async with pod_with(api.settings, api.urls, AwayHolds) as pod:
        for known in (tag, "*"):
            response = await get(pod, path, known)
            assert (response.status, response.headers["X-Holdfast-Degraded"]) == (200, "holds")
            assert "ETag" not in response.headers
