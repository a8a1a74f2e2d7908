"""@calcom/atoms: Cal.com's React components, driven by what is below them: its provider, hooks and API client.

They run in jsdom, built as a page's build tool would, so that requests go out as a browser's: with CORS preflights.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from scripts.journeys import packages
from scripts.journeys.calls import Process
from scripts.journeys.case import ATTENDEE, Case, text
from scripts.journeys.journey import (
    BOOK_MOVE_AND_CANCEL,
    HOLD,
    Chain,
    list_event_types,
    list_schedules,
    look_it_up,
    who_am_i,
)
from scripts.journeys.recorder import Recorder

_DRIVER = Path(__file__).parents[1] / "drivers" / "atoms.mjs"


class Atoms:
    """Its hooks, each rendered inside its CalProvider."""

    package = packages.ATOMS
    pointed_by = "its option apiUrl"
    lacks = ""
    chains: tuple[Chain, ...] = (
        HOLD,
        (*BOOK_MOVE_AND_CANCEL[:4], look_it_up, *BOOK_MOVE_AND_CANCEL[4:]),
        (list_event_types,),
        (list_schedules,),
        (who_am_i,),
    )

    def __init__(self, case: Case, process: Process) -> None:
        """Call the hooks of a running driver."""
        self.case = case
        self._process = process

    @classmethod
    @contextmanager
    def ready(cls, case: Case, recorder: Recorder, log: Path) -> Iterator[Self]:
        """Run the driver with the package's folder."""
        settings = {
            "CLIENT_FOLDER": str(packages.npm("atoms")),
            "CLIENT_API_URL": f"{recorder.url}/v2",
            "CLIENT_ACCESS_TOKEN": case.key,
            "CLIENT_ID": case.oauth_client_id,
        }
        with Process(["node", str(_DRIVER)], {**packages.environment(), **settings}, log) as process:
            yield cls(case, process)

    def slots(self) -> set[datetime]:
        """List."""
        window = {"startTime": f"{self.case.first_day}T00:00:00Z", "endTime": f"{self.case.last_day}T23:59:59Z"}
        found = self._process.call("useAvailableSlots", {**window, "eventTypeId": self.case.event_type_id})
        return {datetime.fromisoformat(slot["time"]) for slots in found["slots"].values() for slot in slots}

    def reserve(self, start: datetime) -> str:
        """Keep."""
        times = {"slotUtcStartDate": text(start), "slotUtcEndDate": text(start + self.case.length)}
        wanted = {**times, "eventTypeId": self.case.event_type_id, "_isDryRun": False}
        return str(self._process.call("useReserveSlot", wanted)["data"])

    def release(self, uid: str) -> None:
        """Give back."""
        self._process.call("useDeleteSelectedSlot", {"uid": uid})

    def book(self, start: datetime) -> str:
        """Book."""
        return self._book(start)

    def reschedule(self, uid: str, start: datetime) -> str:
        """Book anew, in place of another booking."""
        return self._book(start, rescheduleUid=uid, rescheduledBy=ATTENDEE["email"])

    def _book(self, start: datetime, **more: str) -> str:
        """Book, with the body that its Booker makes of a filled-in form."""
        form = {
            "values": {"responses": {"name": ATTENDEE["name"], "email": ATTENDEE["email"], "guests": []}},
            "event": {"id": self.case.event_type_id},
            "date": text(start),
            "duration": self.case.length.total_seconds() / 60,
            "timeZone": ATTENDEE["timeZone"],
            "language": "en",
            "username": self.case.username,
            **more,
        }
        return str(self._process.call("useCreateBooking", form)["data"]["uid"])

    def bookings(self) -> list[Any]:
        """Return the uids of the attendee's bookings."""
        found = self._process.call("useBookings", {"status": ["upcoming"], "attendeeEmail": ATTENDEE["email"]})
        return [booking["uid"] for booking in found]

    def booking(self, uid: str) -> str:
        """Look up."""
        return str(self._process.call("useBooking", {"uid": uid})["uid"])

    def cancel(self, uid: str) -> None:
        """Cancel."""
        self._process.call("useCancelBooking", {"uid": uid, "cancellationReason": "the journey is over"})

    def event_types(self) -> set[int]:
        """List somebody's."""
        return {found["id"] for found in self._process.call("useEventTypes", {"username": self.case.username})}

    def schedules(self) -> list[Any]:
        """List."""
        return list(self._process.call("useSchedules", {}))

    def email(self) -> str:
        """Look at the account."""
        return str(self._process.call("useMe", {})["data"]["email"])
