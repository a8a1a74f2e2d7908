"""When somebody is out of office, as they keep it; `schedule.Absence` is what listings make of it."""

from dataclasses import dataclass
from enum import Enum

from app.domain.time_ranges import Instant


class AwayReason(Enum):
    """Why somebody is away; the values are the public API's."""

    UNSPECIFIED = "unspecified"
    VACATION = "vacation"
    TRAVEL = "travel"
    SICK = "sick"
    PUBLIC_HOLIDAY = "public_holiday"


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """A time away. It takes whole dates: those from its first to its last UTC date (docs/rules.md 5)."""

    start: Instant
    end: Instant
    reason: AwayReason = AwayReason.UNSPECIFIED
    notes: str | None = None
    to_user_id: int | None = None
    """Who covers meanwhile. Bookings do not go to them by themselves (docs/rules.md 5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfOffice:
    """An entry of somebody's."""

    id: int
    uid: str
    user_id: int
    away: Away
