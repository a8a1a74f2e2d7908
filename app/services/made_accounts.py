"""Accounts that an organization or an OAuth client makes for others, as these see and change them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.account import Account
from app.domain.time_ranges import Instant


@dataclass(frozen=True, slots=True)
class AccountValues:
    """What an account is to say. What is not named stays or, of a new one, is the default."""

    values: Mapping[str, Any]
    """By the field names of `Account`."""
    details: Mapping[str, Any]
    """Fields without a meaning here, by their public names."""


@dataclass(frozen=True, slots=True)
class MadeAccount:
    """An account with what only those see of it who may act for its person."""

    account: Account
    allow_dynamic_booking: bool
    created_at: Instant
    details: Mapping[str, Any]
