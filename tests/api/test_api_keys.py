"""Exchanging API keys."""

import asyncio
from typing import Any

import asyncpg
import pytest

from tests.api.asking import Answer, Asking

ACME = {"x-cal-client-id": "client-of-acme", "x-cal-secret-key": "secret-of-acme"}


async def refresh(api: Asking, key: str, **body: Any) -> Answer:
    return await api.ask("POST", "/v2/api-keys/refresh", token=key, json=body)


async def days_left(api: Asking) -> float | None:
    """Until the newest key ends."""
    connection = await asyncpg.connect(api.urls.database)
    try:
        days: float | None = await connection.fetchval(
            "SELECT extract(epoch FROM expires_at - now()) / 86400 FROM credentials ORDER BY id DESC LIMIT 1"
        )
    finally:
        await connection.close()
    return days


async def test_the_old_key_ends_and_the_new_one_begins(api: Asking) -> None:
    answer = await refresh(api, "cal_key_of_ana")
    assert answer.status == 200
    new = answer.data["apiKey"]
    assert new.startswith("cal_")
    assert (await api.ask("GET", "/v2/teams", token="cal_key_of_ana")).status == 401
    assert [team["id"] for team in (await api.ask("GET", "/v2/teams", token=new)).data] == [50]
    assert (await refresh(api, "cal_key_of_ana")).status == 401


@pytest.mark.parametrize(
    ("body", "days"),
    [
        ({}, 30),
        ({"apiKeyDaysValid": 60}, 60),
        ({"apiKeyDaysValid": 60, "apiKeyNeverExpires": True}, None),
        ({"apiKeyNeverExpires": False}, 30),
    ],
)
async def test_how_long_it_lives(api: Asking, body: dict[str, Any], days: int | None) -> None:
    assert (await refresh(api, "cal_key_of_ana", **body)).status == 200
    left = await days_left(api)
    assert left is None if days is None else left == pytest.approx(days, abs=0.01)


@pytest.mark.parametrize("days", [0, -1, 3_651, 1.5, "30", True])
async def test_lives_that_cannot_be(api: Asking, days: object) -> None:
    assert (await refresh(api, "cal_key_of_ana", apiKeyDaysValid=days)).status == 400
    assert (await api.ask("GET", "/v2/teams", token="cal_key_of_ana")).status == 200


async def test_only_an_api_key_is_exchanged(api: Asking) -> None:
    assert (await api.ask("POST", "/v2/api-keys/refresh", json={})).status == 401
    assert (await api.ask("POST", "/v2/api-keys/refresh", json={}, headers=ACME)).status == 401
    assert (await refresh(api, "cal_key_expired")).status == 401


async def test_of_many_who_exchange_one_key_one_gets_a_new_one(api: Asking) -> None:
    answers = await asyncio.gather(*(refresh(api, "cal_key_of_ana") for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [401] * 7
