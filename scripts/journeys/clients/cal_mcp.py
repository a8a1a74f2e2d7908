"""@calcom/cal-mcp: Cal.com's own MCP server, made from its OpenAPI document. Arguments are `params` and `body`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from scripts.journeys import packages
from scripts.journeys.calls import McpServer, Process
from scripts.journeys.case import ATTENDEE, Case, text
from scripts.journeys.journey import (
    BOOK_MOVE_AND_CANCEL,
    HOLD,
    Chain,
    list_event_types,
    list_schedules,
    look_it_up,
    look_up_event_type,
)
from scripts.journeys.recorder import Recorder


class CalMcp:
    """Its tools, all of them (--all-tools): by default it has none for slots."""

    package = packages.CAL_MCP
    pointed_by = "HTTPS_PROXY and NODE_EXTRA_CA_CERTS"
    lacks = ""
    chains: tuple[Chain, ...] = (
        HOLD,
        (*BOOK_MOVE_AND_CANCEL[:4], look_it_up, *BOOK_MOVE_AND_CANCEL[4:]),
        (list_event_types,),
        (look_up_event_type,),
        (list_schedules,),
    )

    def __init__(self, case: Case, server: McpServer) -> None:
        """Call the tools of a running server."""
        self.case = case
        self._server = server

    @classmethod
    @contextmanager
    def ready(cls, case: Case, recorder: Recorder, log: Path) -> Iterator[Self]:
        """Start it with the whole Authorization header for a key: it sends that as it is."""
        command = [str(packages.npm("cal-mcp") / "node_modules" / ".bin" / "cal-mcp-demo"), "--all-tools"]
        settings = {"CAL_API_KEY": f"Bearer {case.key}"}
        with Process(command, {**packages.environment(), **recorder.environment, **settings}, log) as process:
            yield cls(case, McpServer(process))

    def slots(self) -> set[datetime]:
        """List in the newer version."""
        window = {"start": self.case.first_day.isoformat(), "end": self.case.last_day.isoformat()}
        days = self._server.data("getAvailableSlots", params={**window, "eventTypeId": self.case.event_type_id})
        return {datetime.fromisoformat(slot["start"]) for slots in days.values() for slot in slots}

    def reserve(self, start: datetime) -> str:
        """Keep without credentials: it sends none here."""
        body = {"eventTypeId": self.case.event_type_id, "slotStart": text(start)}
        return str(self._server.data("reserveSlot", body=body)["reservationUid"])

    def release(self, uid: str) -> None:
        """Give back."""
        self._server.call("deleteReservedSlot", params={"uid": uid})

    def book(self, start: datetime) -> str:
        """Book."""
        body = {"start": text(start), "eventTypeId": self.case.event_type_id, "attendee": ATTENDEE}
        return str(self._server.data("createBooking", body=body)["uid"])

    def bookings(self) -> list[Any]:
        """Return the uids of the attendee's bookings."""
        found = self._server.data("getBookings", params={"status": ["upcoming"], "attendeeEmail": ATTENDEE["email"]})
        return [booking["uid"] for booking in found]

    def booking(self, uid: str) -> str:
        """Look up."""
        return str(self._server.data("getBooking", params={"bookingUid": uid})["uid"])

    def reschedule(self, uid: str, start: datetime) -> str:
        """Move."""
        body = {"start": text(start), "reschedulingReason": "something came up"}
        return str(self._server.data("rescheduleBooking", params={"bookingUid": uid}, body=body)["uid"])

    def cancel(self, uid: str) -> None:
        """Cancel."""
        self._server.data(
            "cancelBooking", params={"bookingUid": uid}, body={"cancellationReason": "the journey is over"}
        )

    def event_types(self) -> set[int]:
        """List somebody's."""
        return {found["id"] for found in self._server.data("getEventTypes", params={"username": self.case.username})}

    def event_type(self) -> int:
        """Look up."""
        return int(self._server.data("getEventTypeById", params={"eventTypeId": str(self.case.event_type_id)})["id"])

    def schedules(self) -> list[Any]:
        """List."""
        return list(self._server.data("getSchedules"))
