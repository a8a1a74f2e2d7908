"""Who somebody is, and how they like to be shown times."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user as they see themselves."""

    id: int
    username: str
    email: str
    name: str | None = None
    zone: str
    week_start: str
    """A day of the week, in English."""
    time_format: int
    """Hours of a clock's round: 12 or 24."""
    locale: str | None = None
    avatar_url: str | None = None
    bio: str | None = None
    metadata: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    default_schedule_id: int | None = None
    """The schedule that their hours come from where nothing names another (docs/rules.md 2)."""
    organization_id: int | None = None
    """The organization they belong to; of several the first."""
