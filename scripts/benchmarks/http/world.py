"""Whose slots are asked for: people with office hours and an event type each, and a team of a hundred."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS = 31
"""Of a listing of one host: 168 to 184 slots."""
TEAM_DAYS = 28
TEAM_HOSTS = 100
ZONE = "Europe/Rome"
LENGTH = 60
"""Minutes of a slot and of a booking."""
QUIET, BUSY = 1, 2
"""The event type that only is asked for, and the one that is written to meanwhile."""
FIRST_DESK, DESKS = 1_001, 500
"""Event types whose slots are reserved."""
FIRST_STRANGER = 10_001
"""Event types that are asked for once."""
TEAM_EVENT_TYPE = 9_001
_TEAM_ID = 1
_FIRST_TEAM_HOST = 9_001
_BOOKED = ((1, 9), (2, 14), (8, 11), (15, 16), (19, 10))
"""Working day and hour of every host's bookings: a calendar that is empty would be too easy."""
_WEEK = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]


@dataclass(frozen=True, slots=True)
class World:
    """Everything that is loaded, from tomorrow on."""

    strangers: int
    """Event types that nobody has asked for yet."""
    first_day: date

    @classmethod
    def from_tomorrow(cls, strangers: int) -> "World":
        """Return a world whose days begin when every slot of theirs may still be had."""
        return cls(strangers, datetime.now(ZoneInfo(ZONE)).date() + timedelta(days=1))

    def listing(self, event_type_id: int) -> str:
        """Return the path that lists an event type's slots, those of the team for fewer days."""
        days = TEAM_DAYS if event_type_id == TEAM_EVENT_TYPE else DAYS
        last_day = self.first_day + timedelta(days=days - 1)
        return f"/v2/slots?eventTypeId={event_type_id}&start={self.first_day}&end={last_day}&timeZone={ZONE}"

    @property
    def stranger_ids(self) -> range:
        """The event types that are asked for once."""
        return range(FIRST_STRANGER, FIRST_STRANGER + self.strangers)

    def file(self) -> dict[str, Any]:
        """Return all of it as a world file."""
        alone = [QUIET, BUSY, *range(FIRST_DESK, FIRST_DESK + DESKS), *self.stranger_ids]
        team = range(_FIRST_TEAM_HOST, _FIRST_TEAM_HOST + TEAM_HOSTS)
        people = [*alone, *team]
        return {
            "users": [_user(number) for number in people],
            "schedules": [_schedule(number) for number in people],
            "teams": [{"id": _TEAM_ID, "slug": "team"}],
            "memberships": [{"userId": number, "teamId": _TEAM_ID} for number in team],
            "eventTypes": [*map(_event_type, alone), _team_event_type(team)],
            "bookings": [booking for number in people for booking in self._bookings(number, in_team=number in team)],
            "apiKeys": [{"token": host_token(BUSY), "userId": BUSY}],
        }

    def _bookings(self, host_id: int, *, in_team: bool) -> list[dict[str, Any]]:
        days = [self.first_day + timedelta(days=number) for number in range(DAYS)]
        working_days = [day for day in days if day.weekday() < 5]
        # Those of a team are booked at different hours, or all would be away at once.
        later = host_id % 7 if in_team else 0
        return [
            _booking(host_id, TEAM_EVENT_TYPE if in_team else host_id, working_days[day], 9 + (hour - 9 + later) % 8)
            for day, hour in _BOOKED
        ]


def host_token(host_id: int) -> str:
    """Return the API key of a host."""
    return f"cal_bench_host_{host_id}"


def _user(number: int) -> dict[str, Any]:
    return {"id": number, "username": f"host{number}", "email": f"host{number}@example.com", "timeZone": ZONE}


def _schedule(number: int) -> dict[str, Any]:
    hours = {"days": _WEEK, "startTime": "09:00", "endTime": "17:00"}
    return {"id": number, "ownerId": number, "timeZone": ZONE, "isDefault": True, "availability": [hours]}


def _event_type(number: int) -> dict[str, Any]:
    return {"id": number, "slug": "call", "ownerId": number, "lengthInMinutes": LENGTH}


def _team_event_type(host_ids: range) -> dict[str, Any]:
    return {
        "id": TEAM_EVENT_TYPE,
        "slug": "anybody",
        "teamId": _TEAM_ID,
        "schedulingType": "roundRobin",
        "lengthInMinutes": LENGTH,
        "hosts": [{"userId": number} for number in host_ids],
    }


def _booking(host_id: int, event_type_id: int, day: date, hour: int) -> dict[str, Any]:
    start = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
    return {
        "uid": f"booking-{host_id}-{start:%Y%m%d%H}",
        "eventTypeId": event_type_id,
        "userId": host_id,
        "start": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{start + timedelta(minutes=LENGTH):%Y-%m-%dT%H:%M:%SZ}",
        # Guests differ, as people do: a single address would make PostgreSQL believe that all bookings are one guest's.
        "attendees": [{"email": f"guest-{host_id}-{start:%d}@example.org"}],
    }
