"""What is fought over: a few hosts, many event types over the same ones, and few days in which all want them.

The checker reads these facts, and the service gets them as a world file: neither asks the other what they mean.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, Literal

MINUTE = 60_000
DAY = 1_440 * MINUTE
HOST_IDS = (1, 2, 3, 4)
HOT_DAYS = 3
HOT_START = int(datetime(2040, 3, 5, tzinfo=UTC).timestamp()) * 1_000
"""Unix ms. Far away, so that no run meets it; any month would do, since everybody is always open."""
_TEAM_ID = 1
_SEATED_STARTS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """What may be held, and what that takes. Lengths and buffers are in minutes."""

    id: int
    slug: str
    host_ids: tuple[int, ...]
    scheduling: Literal["collective", "roundRobin"] | None = None
    """None: it belongs to its one host."""
    lengths: tuple[int, ...]
    """The first one is taken unless another is asked for."""
    before: int = 0
    after: int = 0
    seats: int | None = None
    per_day: int | None = None
    """The most of a day (UTC)."""
    asks: bool = False
    """Whether its host confirms bookings, which leave their time on offer until then."""

    @property
    def any_host(self) -> bool:
        """Whether a hold takes only one of the hosts, and does not tell which."""
        return self.scheduling == "roundRobin"

    @property
    def starts(self) -> list[int]:
        """The starts of a seated type that clients ask for: few, or nobody would share one."""
        drawn = Random(self.slug)  # noqa: S311 - no secret
        return [HOT_START + minute * MINUTE for minute in drawn.sample(range(HOT_DAYS * 1_440), _SEATED_STARTS)]


EVENT_TYPES = {
    event_type.id: event_type
    for event_type in (
        EventType(id=1, slug="call", host_ids=(1,), lengths=(30, 15, 60), before=5, after=10),
        EventType(id=2, slug="talk", host_ids=(1,), lengths=(45,)),
        EventType(id=3, slug="visit", host_ids=(2,), lengths=(30,), before=10),
        EventType(id=4, slug="pair", host_ids=(1, 2), scheduling="collective", lengths=(30,)),
        EventType(id=5, slug="panel", host_ids=(2, 3, 4), scheduling="collective", lengths=(20,), after=5),
        EventType(id=6, slug="help", host_ids=(2, 3, 4), scheduling="roundRobin", lengths=(30,)),
        EventType(id=7, slug="advice", host_ids=(2, 3, 4), scheduling="roundRobin", lengths=(50,), before=5, after=5),
        EventType(id=8, slug="class", host_ids=(1,), lengths=(40,), after=5, seats=3),
        EventType(id=9, slug="rare", host_ids=(3,), lengths=(15,), per_day=4),
        EventType(id=10, slug="scarce", host_ids=(2, 3, 4), scheduling="roundRobin", lengths=(25,), per_day=5),
        EventType(id=11, slug="asking", host_ids=(2,), lengths=(30,), after=5, asks=True),
        EventType(id=12, slug="course", host_ids=(4,), lengths=(30,), seats=3, per_day=4),
    )
}


def utc_text(instant: int) -> str:
    """Write an instant of slot time as 2040-03-05T07:00Z; all of them are whole minutes."""
    return f"{datetime.fromtimestamp(instant / 1_000, UTC):%Y-%m-%dT%H:%MZ}"


def token(event_type: EventType) -> str:
    """Return an API key that may say for how long a slot of the event type is kept."""
    return host_token(event_type.host_ids[0])


def host_token(host_id: int) -> str:
    """Return the API key of a host."""
    return f"cal_race_host_{host_id}"


def world_file() -> dict[str, Any]:
    """Return all of it as a world file."""
    return {
        "users": [_user(host_id) for host_id in HOST_IDS],
        "schedules": [_schedule(host_id) for host_id in HOST_IDS],
        "teams": [{"id": _TEAM_ID, "slug": "all"}],
        "memberships": [{"userId": host_id, "teamId": _TEAM_ID} for host_id in HOST_IDS],
        "eventTypes": [_event_type(event_type) for event_type in EVENT_TYPES.values()],
        "apiKeys": [{"token": host_token(host_id), "userId": host_id} for host_id in HOST_IDS],
    }


def _user(host_id: int) -> dict[str, Any]:
    name = f"host{host_id}"
    return {"id": host_id, "username": name, "email": f"{name}@example.com", "timeZone": "UTC"}


def _schedule(host_id: int) -> dict[str, Any]:
    days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    always = {"days": days, "startTime": "00:00", "endTime": "24:00"}
    return {"id": host_id, "ownerId": host_id, "timeZone": "UTC", "isDefault": True, "availability": [always]}


def _event_type(event_type: EventType) -> dict[str, Any]:
    known: dict[str, Any] = {
        "id": event_type.id,
        "slug": event_type.slug,
        "lengthInMinutes": event_type.lengths[0],
        "minimumBookingNotice": 0,
        "beforeEventBuffer": event_type.before,
        "afterEventBuffer": event_type.after,
    }
    if event_type.scheduling is None:
        known["ownerId"] = event_type.host_ids[0]
    else:
        known["teamId"] = _TEAM_ID
        known["schedulingType"] = event_type.scheduling
        known["hosts"] = [{"userId": host_id} for host_id in event_type.host_ids]
    if len(event_type.lengths) > 1:
        known["lengthInMinutesOptions"] = event_type.lengths
    if event_type.seats is not None:
        known["seatsPerTimeSlot"] = event_type.seats
    if event_type.asks:
        known["confirmationPolicy"] = {"type": "always", "blockUnconfirmedBookingsInBooker": False}
    if event_type.per_day is not None:
        known["bookingLimitsCount"] = {"day": event_type.per_day}
    return known
