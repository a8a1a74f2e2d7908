"""The ways of saying which event type a question is about (docs/rules.md 12 and 13)."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class ById:
    """Any event type, one's own or a team's, by its number."""

    event_type_id: int


@dataclass(frozen=True, slots=True)
class ByUser:
    """A person's event type; with an organization the username is a profile's."""

    slug: str
    username: str
    organization_slug: str | None = None


@dataclass(frozen=True, slots=True)
class ByTeam:
    """A team's event type; with an organization the team is one of it, without one of none."""

    slug: str
    team_slug: str
    organization_slug: str | None = None


@dataclass(frozen=True, slots=True)
class ByUsernames:
    """A dynamic event of several people."""

    usernames: tuple[str, ...]
    organization_slug: str | None = None


@dataclass(frozen=True, slots=True)
class ByUserIds:
    """A dynamic event of several people whom a booking names already."""

    user_ids: tuple[int, ...]


EventTypeReference: TypeAlias = ById | ByUser | ByTeam | ByUsernames | ByUserIds
