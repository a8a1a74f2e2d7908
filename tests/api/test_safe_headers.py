"""Answers are safe in a browser: JSON is not taken for something else, and addresses, which hold uids, stay here."""

import pytest

from tests.api.asking import Asking


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health/live"),
        ("GET", "/v2/slots?eventTypeId=10&start=2050-09-05&end=2050-09-05"),
        ("GET", "/v2/slots"),
        ("GET", "/nowhere"),
        ("POST", "/v2/slots/reservations"),
    ],
)
async def test_every_answer_has_them(api: Asking, method: str, path: str) -> None:
    async with api.client.request(method, path) as response:
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Referrer-Policy"] == "no-referrer"
