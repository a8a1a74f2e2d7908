"""What holds for every route: envelope, aliases, CORS, health."""

import importlib
import inspect
import pkgutil
from typing import Any

import pytest

from app import domain, services
from app.api.refusals import TABLE
from app.domain.errors import HoldfastError
from tests.api.asking import Asking

LISTING = {"eventTypeId": "10", "start": "2050-09-05", "end": "2050-09-05"}


@pytest.mark.parametrize("path", ["/v2/slots", "/v2/slots/", "/api/v2/slots", "/api/v2/slots/"])
async def test_every_spelling_of_a_path(api: Asking, path: str) -> None:
    assert (await api.ask("GET", path, params=LISTING, allow_redirects=False)).status == 200


@pytest.mark.parametrize("slash", ["", "/"])
async def test_every_spelling_of_a_reservations_path(api: Asking, slash: str) -> None:
    body = {"eventTypeId": 10, "slotStart": "2050-09-05T10:00:00Z"}
    uid = (await api.ask("POST", "/api/v2/slots/reservations" + slash, json=body)).data["reservationUid"]
    path = f"/api/v2/slots/reservations/{uid}{slash}"
    assert (await api.ask("GET", path)).data["reservationUid"] == uid
    assert (await api.ask("PATCH", path, json=body)).status == 200
    assert (await api.ask("DELETE", path)).status == 200


@pytest.mark.parametrize("version", ["", "2024-04-15", "2024-06-14", "2024-09-04", "banana"])
async def test_a_path_of_one_version_answers_whatever_the_header_says(api: Asking, version: str) -> None:
    answer = await api.ask("GET", "/v2/slots", params=LISTING, headers={"cal-api-version": version})
    assert answer.data["2050-09-05"][0] == {"start": "2050-09-05T07:00:00.000Z"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v2/nothing"),
        ("POST", "/v2/slots"),
        ("PUT", "/v2/slots/reservations"),
        ("GET", "/v2/%00"),
    ],
)
async def test_what_is_not_there(api: Asking, method: str, path: str) -> None:
    answer = await api.ask(method, path)
    assert (answer.status, answer.body["error"]["code"]) == (404, "NotFoundException")
    assert answer.message.startswith(f"Cannot {method} /")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("slots/reservations", "usernames"),
        ("slots/batch", "items"),
        ("bookings", "metadata"),
        ("teams", "name"),
    ],
)
async def test_bodies_are_nested_only_so_deep(api: Asking, path: str, field: str) -> None:
    for depth in (31, 32, 1_000):
        body = f'{{"{field}": {"[" * depth}1{"]" * depth}}}'
        headers = {"Content-Type": "application/json"}
        answer = await api.ask("POST", f"/v2/{path}", data=body, headers=headers, token="cal_key_of_ana")
        assert (answer.status, "32 levels" in answer.message) == (400, depth > 31)


async def test_an_error_says_when_and_where(api: Asking) -> None:
    answer = await api.ask("GET", "/v2/slots?eventTypeId=999&start=2050-09-05&end=2050-09-05")
    assert answer.body["path"] == "/v2/slots?eventTypeId=999&start=2050-09-05&end=2050-09-05"
    assert answer.body["timestamp"].endswith("Z")
    assert answer.body["error"]["details"] == {
        "message": "Event Type not found",
        "error": "Not Found",
        "statusCode": 404,
    }


async def test_a_preflight_from_another_origin(api: Asking) -> None:
    asked = "authorization,cal-api-version,content-type,x-cal-client-id,x-cal-platform-embed"
    headers = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": asked,
    }
    async with api.client.options("/v2/slots/reservations", headers=headers) as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]
        assert answer.headers["Access-Control-Allow-Headers"] == asked


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v2/slots"), ("GET", "/nothing"), ("POST", "/v2/slots/reservations")]
)
async def test_errors_can_be_read_from_another_origin(api: Asking, method: str, path: str) -> None:
    answer = await api.ask(method, path, headers={"Origin": "https://shop.example"})
    assert answer.status >= 400
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


async def test_health(api: Asking) -> None:
    async with api.client.get("/health/live") as live, api.client.get("/health/ready/") as ready:
        assert (live.status, await live.json()) == (200, {"status": "ok"})
        stores: dict[str, Any] = {"postgres": "up", "redis": "up"}
        assert (ready.status, await ready.json()) == (200, {"status": "ok", "stores": stores})


@pytest.mark.parametrize(
    "path", ["/health/live", "/health/ready", "/v2/slots?eventTypeId=10&start=2050-09-05&end=2050-09-05"]
)
async def test_heads_of_answers(api: Asking, path: str) -> None:
    async with api.client.head(path) as answer:
        assert (answer.status, await answer.read()) == (200, b"")


def test_every_error_has_a_status_and_a_text() -> None:
    """What a use case raises never falls through to a 500."""
    known = {
        kind
        for package in (domain, services)
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
        for _, kind in inspect.getmembers(importlib.import_module(found.name), inspect.isclass)
        if issubclass(kind, HoldfastError) and kind is not HoldfastError
    }
    assert known == TABLE.keys()
