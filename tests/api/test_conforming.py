"""Answers that the document does not describe are noticed."""

from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from tests.api.conforming import Conformance


@pytest.mark.parametrize(
    ("body", "options", "noticed"),
    [
        ({"status": "ok"}, {}, ""),
        ({"status": "ok", "more": 1}, {}, "'more' was unexpected"),
        ({"status": "well"}, {}, '"ok" was expected'),
        ({}, {}, '"status" is a required property'),
        ({"status": "ok"}, {"status": 201}, "This status is not described."),
        ({"status": "ok"}, {"headers": {"Retry-After": "1"}}, "The header Retry-After is not described."),
    ],
)
async def test_an_answer_that_differs_is_noticed(body: Any, options: dict[str, Any], noticed: str) -> None:
    async def get_live(_: web.Request) -> web.Response:
        return web.Response(body=orjson.dumps(body), content_type="application/json", **options)

    app, conformance = web.Application(), Conformance()
    app.router.add_get("/health/live", get_live)
    conformance.watch(app)
    async with TestClient(TestServer(app)) as client, client.get("/health/live"):
        pass
    assert noticed in "".join(conformance.wrong)
    assert bool(noticed) == bool(conformance.wrong)


@pytest.mark.parametrize(("body", "noticed"), [(None, []), (b"{}", ["There is a body, but none is described."])])
async def test_a_body_where_none_is_described_is_noticed(body: bytes | None, noticed: list[str]) -> None:
    async def get_slots(_: web.Request) -> web.Response:
        return web.Response(status=304, body=body)

    app, conformance = web.Application(), Conformance()
    app.router.add_get("/v2/slots", get_slots)
    conformance.watch(app)
    async with TestClient(TestServer(app)) as client, client.get("/v2/slots"):
        pass
    assert [one.partition("\n")[0] for one in conformance.wrong] == noticed
