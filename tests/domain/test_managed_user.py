"""Addresses of managed users."""

import pytest

from app.domain.managed_user import managed_email


@pytest.mark.parametrize(
    ("email", "known"),
    [
        ("alice@example.com", "alice+c1@example.com"),
        ("alice+x@example.com", "alice+x+c1@example.com"),
        ("alice+c1@example.com", "alice+c1@example.com"),
    ],
)
def test_an_address_carries_its_client(email: str, known: str) -> None:
    assert managed_email(email, "c1") == known
