"""Which version a path answers in."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from app.api.versions import by_version


async def older(_: web.Request) -> web.Response:
    return web.Response(text="older")


async def newer(_: web.Request) -> web.Response:
    return web.Response(text="newer")


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (None, "older"),
        ("", "older"),
        ("2023-01-01", "older"),
        ("2024-04-15", "older"),
        ("2024-06-11", "older"),
        ("2024-06-14", "newer"),
        ("2024-08-13", "newer"),
    ],
)
async def test_the_newest_version_that_is_not_newer_than_the_one_asked_for(asked: str | None, answered: str) -> None:
    handler = by_version({"2024-06-14": newer, "2024-04-15": older})
    headers = {} if asked is None else {"cal-api-version": asked}
    response = await handler(make_mocked_request("GET", "/v2/event-types", headers=headers))
    assert isinstance(response, web.Response)
    assert response.text == answered
