"""What the journeys are made over: a service, who calls it and what they book. And what it shows, asked directly."""

import json
import urllib.parse
import urllib.request
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.error import HTTPError

from scripts.journeys.errors import ClientError

_FIRST_DAY, _LAST_DAY = 7, 9
"""Days from today, where every event type of use has free time and nobody is in the way."""
_PATIENCE_S = 30
ATTENDEE = {"name": "Joe Journey", "email": "joe@journeys.example", "timeZone": "UTC"}


@dataclass(frozen=True, slots=True)
class Case:
    """A running service and the things in it that clients are pointed at.

    Clients book in UTC, by somebody's API key who owns the event type. `username` and `email` are theirs.
    """

    url: str
    key: str
    event_type_id: int
    username: str
    email: str
    oauth_client_id: str
    length: timedelta

    @property
    def first_day(self) -> date:
        """The first day that is asked about."""
        return datetime.now(UTC).date() + timedelta(days=_FIRST_DAY)

    @property
    def last_day(self) -> date:
        """The last day that is asked about."""
        return datetime.now(UTC).date() + timedelta(days=_LAST_DAY)

    def slots(self) -> set[datetime]:
        """Return the starts that are listed."""
        days = self.ask("GET", "/slots", query={**self._window, "eventTypeId": self.event_type_id})
        return {datetime.fromisoformat(slot["start"]) for slots in days.values() for slot in slots}

    @property
    def _window(self) -> dict[str, str]:
        return {"start": self.first_day.isoformat(), "end": self.last_day.isoformat()}

    def book(self, start: datetime) -> str:
        """Book a start and return the booking's uid."""
        body = {"start": text(start), "eventTypeId": self.event_type_id, "attendee": ATTENDEE}
        return str(self.ask("POST", "/bookings", body, version="2024-08-13")["uid"])

    def cancel(self, uid: str) -> None:
        """Cancel a booking."""
        self.ask("POST", f"/bookings/{uid}/cancel", {"cancellationReason": "the journey is over"}, version="2024-08-13")

    def release(self, uid: str) -> None:
        """Give a reservation back."""
        self.ask("DELETE", f"/slots/reservations/{uid}")

    def ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        query: dict[str, Any] | None = None,
        version: str = "2024-09-04",
    ) -> Any:
        """Ask the service and return the data of its answer."""
        url = f"{self.url}/v2{path}?{urllib.parse.urlencode(query or {})}"
        headers = {
            "Authorization": f"Bearer {self.key}",
            "cal-api-version": version,
            "Content-Type": "application/json",
        }
        payload = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, payload, headers, method=method)  # noqa: S310 - the URL is the user's
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:  # noqa: S310 - as above
                return json.load(answer).get("data")
        except HTTPError as error:
            raise ClientError(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from None


def text(instant: datetime) -> str:
    """Write an instant as 2050-09-05T09:00:00Z."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
