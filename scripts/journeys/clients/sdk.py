"""@calcom/sdk: Cal.com's SDK for its platform. It speaks the older version; what it knows of bookings is nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from scripts.journeys import packages
from scripts.journeys.calls import Process
from scripts.journeys.case import Case, text
from scripts.journeys.journey import (
    HOLD,
    Chain,
    list_schedules,
    look_up_event_type,
    make_a_schedule,
    remove_the_schedule,
)
from scripts.journeys.recorder import Recorder

_DRIVER = Path(__file__).parents[1] / "drivers" / "sdk.mjs"


class Sdk:
    """Its handlers: slots, schedules and event types."""

    package = packages.SDK
    pointed_by = "its option baseUrl"
    lacks = "It has no bookings, and releases at DELETE /v2/slots/delete, which Cal.com's API does not have either."
    chains: tuple[Chain, ...] = (HOLD, (look_up_event_type,), (list_schedules,), (make_a_schedule, remove_the_schedule))

    def __init__(self, case: Case, process: Process) -> None:
        """Call the methods of a running driver."""
        self.case = case
        self._process = process

    @classmethod
    @contextmanager
    def ready(cls, case: Case, recorder: Recorder, log: Path) -> Iterator[Self]:
        """Run the driver with the SDK's folder."""
        settings = {
            "CLIENT_FOLDER": str(packages.npm("sdk")),
            "CLIENT_BASE_URL": f"{recorder.url}/",
            "CLIENT_ACCESS_TOKEN": case.key,
            "CLIENT_ID": case.oauth_client_id,
        }
        with Process(["node", str(_DRIVER)], {**packages.environment(), **settings}, log) as process:
            yield cls(case, process)

    def slots(self) -> set[datetime]:
        """List."""
        window = {"startTime": f"{self.case.first_day}T00:00:00Z", "endTime": f"{self.case.last_day}T23:59:59Z"}
        found = self._process.call("slots.getAvailableSlots", {**window, "eventTypeId": self.case.event_type_id})
        return {datetime.fromisoformat(slot["time"]) for slots in found["slots"].values() for slot in slots}

    def reserve(self, start: datetime) -> str:
        """Keep."""
        times = {"slotUtcStartDate": text(start), "slotUtcEndDate": text(start + self.case.length)}
        return str(self._process.call("slots.reserveSlot", {**times, "eventTypeId": self.case.event_type_id}))

    def event_type(self) -> int:
        """Look up. In the older version it comes under a name of its own."""
        return int(
            self._process.call("eventTypes.getEventType", {"id": str(self.case.event_type_id)})["eventType"]["id"]
        )

    def schedules(self) -> list[Any]:
        """List."""
        return list(self._process.call("schedules.getSchedules", {}))

    def new_schedule(self) -> int:
        """Make one."""
        hours = [{"days": [1], "startTime": "1970-01-01T10:00:00.000Z", "endTime": "1970-01-01T12:00:00.000Z"}]
        wanted = {"name": "Of the journey", "timeZone": "UTC", "isDefault": False, "availabilities": hours}
        return int(self._process.call("schedules.createSchedule", wanted)["id"])

    def drop_schedule(self, schedule_id: int) -> None:
        """Remove it."""
        self._process.call("schedules.deleteSchedule", {"id": schedule_id})
