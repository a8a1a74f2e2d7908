"""Accounts of people, as those see and change them who made them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain.time_ranges import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFields:
    """What an account is to say; None: what it says already or, of a new one, the default."""

    email: str | None = None
    name: str | None = None
    bio: str | None = None
    avatar_url: str | None = None
    time_zone: str | None = None
    week_start: str | None = None
    time_format: int | None = None
    """Hours that the clock has: 12 or 24."""
    locale: str | None = None
    default_schedule_id: int | None = None
    """One of the account's own."""
    metadata: Mapping[str, Any] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    """Fields without a meaning here, by their public names; those not named stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person as those see them who may act for them."""

    id: int
    username: str
    name: str | None
    email: str
    bio: str | None
    avatar_url: str | None
    time_zone: str
    week_start: str
    time_format: int
    locale: str | None
    default_schedule_id: int | None
    allow_dynamic_booking: bool
    created_at: Instant
    metadata: Mapping[str, Any]
    details: Mapping[str, Any]
