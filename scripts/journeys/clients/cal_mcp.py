"""@calcom/cal-mcp: Cal.com's own MCP server, made from its OpenAPI document. Arguments are `params` and `body`."""

from datetime import datetime
from typing import Any

from scripts.journeys import packages
from scripts.journeys.case import ATTENDEE, Case, text
from scripts.journeys.clients.mcp import McpClient
from scripts.journeys.journey import (
    BOOK_MOVE_AND_CANCEL,
    HOLD,
    list_event_types,
    list_schedules,
    list_teams,
    look_it_up,
    look_up_event_type,
    who_am_i,
)


class CalMcp(McpClient):
    """Its tools, all of them (--all-tools): by default it has none for slots."""

    package = packages.CAL_MCP
    pointed_by = "HTTPS_PROXY and NODE_EXTRA_CA_CERTS"
    chains = (
        HOLD,
        (*BOOK_MOVE_AND_CANCEL[:4], look_it_up, *BOOK_MOVE_AND_CANCEL[4:]),
        (list_event_types,),
        (look_up_event_type,),
        (list_schedules,),
        (list_teams,),
        (who_am_i,),
    )

    @classmethod
    def command(cls) -> list[str]:
        """Start the program that the package installs."""
        return [str(packages.npm("cal-mcp") / "node_modules" / ".bin" / "cal-mcp-demo"), "--all-tools"]

    @classmethod
    def settings(cls, case: Case) -> dict[str, str]:
        """Give it the whole Authorization header: it sends its key as it is."""
        return {"CAL_API_KEY": f"Bearer {case.key}"}

    def slots(self) -> set[datetime]:
        """List in the newer version."""
        window = {"start": self.case.first_day.isoformat(), "end": self.case.last_day.isoformat()}
        days = self.data("getAvailableSlots", params={**window, "eventTypeId": self.case.event_type_id})
        return {datetime.fromisoformat(slot["start"]) for slots in days.values() for slot in slots}

    def reserve(self, start: datetime) -> str:
        """Keep without credentials: it sends none here."""
        body = {"eventTypeId": self.case.event_type_id, "slotStart": text(start)}
        return str(self.data("reserveSlot", body=body)["reservationUid"])

    def release(self, uid: str) -> None:
        """Give back."""
        self._server.call("deleteReservedSlot", params={"uid": uid})

    def book(self, start: datetime) -> str:
        """Book."""
        body = {"start": text(start), "eventTypeId": self.case.event_type_id, "attendee": ATTENDEE}
        return str(self.data("createBooking", body=body)["uid"])

    def bookings(self) -> list[Any]:
        """Return the uids of the attendee's bookings."""
        found = self.data("getBookings", params={"status": ["upcoming"], "attendeeEmail": ATTENDEE["email"]})
        return [booking["uid"] for booking in found]

    def booking(self, uid: str) -> str:
        """Look up."""
        return str(self.data("getBooking", params={"bookingUid": uid})["uid"])

    def reschedule(self, uid: str, start: datetime) -> str:
        """Move."""
        body = {"start": text(start), "reschedulingReason": "something came up"}
        return str(self.data("rescheduleBooking", params={"bookingUid": uid}, body=body)["uid"])

    def cancel(self, uid: str) -> None:
        """Cancel."""
        self.data("cancelBooking", params={"bookingUid": uid}, body={"cancellationReason": "the journey is over"})

    def event_types(self) -> set[int]:
        """List somebody's."""
        return {found["id"] for found in self.data("getEventTypes", params={"username": self.case.username})}

    def event_type(self) -> int:
        """Look up."""
        return int(self.data("getEventTypeById", params={"eventTypeId": str(self.case.event_type_id)})["id"])

    def schedules(self) -> list[Any]:
        """List."""
        return list(self.data("getSchedules"))

    def teams(self) -> list[Any]:
        """List."""
        return list(self.data("getTeams"))

    def email(self) -> str:
        """Look at the account."""
        return str(self.data("getMe")["email"])
