"""iflow-mcp-danielpeter-99-calcom-mcp: a community MCP server; it sends a version for booking alone."""

from datetime import datetime
from typing import Any

from scripts.journeys import packages
from scripts.journeys.case import ATTENDEE, text
from scripts.journeys.clients.mcp import McpClient
from scripts.journeys.journey import (
    book,
    cancel,
    find_it,
    list_event_types,
    list_schedules,
    list_slots,
    list_teams,
    see_it_back,
    see_it_gone,
)


class CalcomMcp(McpClient):
    """Its tools."""

    package = packages.CALCOM_MCP
    pointed_by = "HTTPS_PROXY and REQUESTS_CA_BUNDLE"
    alone = "It has no tools that list slots or cancel."
    chains = (
        (list_slots, book, see_it_gone, find_it, cancel, see_it_back),
        (list_event_types,),
        (list_schedules,),
        (list_teams,),
    )

    @classmethod
    def command(cls) -> list[str]:
        """Start the program that the package installs."""
        return [str(packages.pypi("calcom-mcp") / "calcom-mcp")]

    def book(self, start: datetime) -> str:
        """Book."""
        booked = self.data(
            "create_booking",
            start_time=text(start),
            event_type_id=self.case.event_type_id,
            attendee_name=ATTENDEE["name"],
            attendee_email=ATTENDEE["email"],
            attendee_timezone=ATTENDEE["timeZone"],
        )
        return str(booked["uid"])

    def bookings(self) -> list[Any]:
        """Return the uids of bookings to come."""
        found = self.data("get_bookings", event_type_id=self.case.event_type_id, status="upcoming", limit=100)
        return [booking["uid"] for booking in found]

    def event_types(self) -> set[int]:
        """List one's own."""
        return {found["id"] for found in self._server.call("list_event_types")}

    def schedules(self) -> list[Any]:
        """List."""
        return list(self.data("list_schedules"))

    def teams(self) -> list[Any]:
        """List."""
        return list(self.data("list_teams"))
