"""Answers that are compressed."""

import gzip
from typing import Any

import orjson
import pytest

from tests.api.asking import Asking

MONTH = "/v2/slots?eventTypeId=10&start=2050-09-05&end=2050-10-04"
ONE = "/v2/slots?eventTypeId=10&start=2050-09-05T07:00Z&end=2050-09-05T08:00Z"


async def get(api: Asking, path: str, taken: str | None, method: str = "GET", **more: Any) -> Any:
    """Ask as somebody who takes some encodings; return the answer and its bytes as they came."""
    headers = {} if taken is None else {"Accept-Encoding": taken}
    asked = api.client.request(
        method, path, headers=headers, skip_auto_headers=["Accept-Encoding"], auto_decompress=False, **more
    )
    async with asked as response:
        return response, await response.read()


@pytest.mark.parametrize(
    "taken", ["gzip", "GZIP", "gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip ; q=0.001", "x,gzip"]
)
async def test_who_takes_gzip_gets_it(api: Asking, taken: str) -> None:
    plain, expected = await get(api, MONTH, None)
    response, sent = await get(api, MONTH, taken)
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Content-Type"] == plain.headers["Content-Type"]
    assert int(response.headers["Content-Length"]) == len(sent) < len(expected) / 5
    assert gzip.decompress(sent) == expected


@pytest.mark.parametrize(
    "taken",
    [None, "", "identity", "deflate, br", "gzip;q=0", "gzip; q=0.000", "br, gzip;q=0, *", "*", "notgzip", "gzip;q="],
)
async def test_who_does_not_gets_it_plain(api: Asking, taken: str | None) -> None:
    response, sent = await get(api, MONTH, taken)
    assert "Content-Encoding" not in response.headers
    assert orjson.loads(sent)["status"] == "success"


@pytest.mark.parametrize("path", [MONTH, ONE, "/v2/nothing"])
@pytest.mark.parametrize("taken", [None, "gzip"])
async def test_caches_are_told_that_it_depends(api: Asking, path: str, taken: str | None) -> None:
    response, _ = await get(api, path, taken)
    assert response.headers.getall("Vary") == ["Accept-Encoding"]


@pytest.mark.parametrize("path", [ONE, "/v2/nothing", "/health/live"])
async def test_small_answers_stay_plain(api: Asking, path: str) -> None:
    response, sent = await get(api, path, "gzip")
    assert "Content-Encoding" not in response.headers
    assert 0 < len(sent) < 1_024


async def test_other_answers_are_compressed_too(api: Asking) -> None:
    response, sent = await get(api, "/v2/openapi.json", "gzip")
    assert response.headers["Content-Encoding"] == "gzip"
    assert orjson.loads(gzip.decompress(sent))["openapi"] == "3.1.0"
    body = {"items": [{"eventTypeId": 10, "start": "2050-09-05", "end": "2050-10-04"}] * 3}
    response, sent = await get(api, "/v2/slots/batch", "gzip", "POST", json=body)
    assert len(orjson.loads(gzip.decompress(sent))["data"]["items"]) == 3


async def test_a_large_refusal_is_compressed(api: Asking) -> None:
    items = [{"eventTypeId": 999, "slotStart": "2050-09-05T10:00:00Z"}] * 20
    response, sent = await get(api, "/v2/slots/reservations/batch", "gzip", "POST", json={"items": items})
    assert response.status == 404
    assert orjson.loads(gzip.decompress(sent))["status"] == "error"


async def test_a_head_is_as_long_as_what_it_is_the_head_of(api: Asking) -> None:
    whole, _ = await get(api, MONTH, "gzip")
    head, sent = await get(api, MONTH, "gzip", "HEAD")
    assert (sent, head.headers["Content-Encoding"]) == (b"", "gzip")
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]
