"""What clients wish for: times that many others want too."""

import time
from dataclasses import dataclass
from random import Random
from typing import Any

from scripts.races.record import Hold
from scripts.races.world import EVENT_TYPES, HOT_DAYS, HOT_START, MINUTE, EventType, token, utc_text

WATCHED_MINUTES = 1
_CROWD_S = 0.1
"""For so long, many clients want about the same time; then it is another one's turn."""
_CROWD_MINUTES = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """A slot to ask for."""

    event_type: EventType
    start: int
    length: int
    keep_minutes: int | None
    """None: without credentials, for as long as the service gives anybody."""

    @property
    def body(self) -> dict[str, Any]:
        """What asks to keep it."""
        asked: dict[str, Any] = {"eventTypeId": self.event_type.id, "slotStart": utc_text(self.start)}
        if len(self.event_type.lengths) > 1:
            asked["slotDuration"] = self.length
        if self.keep_minutes is not None:
            asked["reservationDuration"] = self.keep_minutes
        return asked

    @property
    def headers(self) -> dict[str, str]:
        """Who may ask so."""
        return {} if self.keep_minutes is None else {"Authorization": f"Bearer {token(self.event_type)}"}


class Wisher:
    """Draws wishes."""

    def __init__(self, random: Random) -> None:
        """Draw by this."""
        self._random = random

    def wish(self, near: Hold | None = None) -> Wish:
        """Return a wish, perhaps for about the time of a hold."""
        event_type = self._random.choice(list(EVENT_TYPES.values()))
        if near is not None and self._random.random() < 0.7:
            event_type = EVENT_TYPES[near.event_type_id]
        return Wish(
            event_type,
            self.start(event_type, near),
            self._random.choice(event_type.lengths),
            self._random.choice((None, WATCHED_MINUTES)),
        )

    def start(self, event_type: EventType, near: Hold | None) -> int:
        """Return a start of an event type, perhaps about that of a hold; Unix ms."""
        if event_type.seats is not None:
            return self._random.choice(event_type.starts)
        if near is not None and self._random.random() < 0.5:
            # So near that the new time overlaps the old one.
            return near.start + self._random.randint(-_CROWD_MINUTES, _CROWD_MINUTES) * MINUTE
        if self._random.random() < 0.5:
            return _any_start(self._random)
        # All processes draw the same one, whatever their seeds.
        crowd = _any_start(Random(int(time.time() / _CROWD_S)))  # noqa: S311 - no secret
        return crowd + self._random.randint(0, _CROWD_MINUTES) * MINUTE


def _any_start(random: Random) -> int:
    """Return any minute: nothing here is on a grid."""
    return HOT_START + random.randrange(HOT_DAYS * 1_440) * MINUTE
