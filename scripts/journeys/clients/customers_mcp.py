"""calcom-mcp-for-customers: a community MCP server for those who book."""

from datetime import datetime
from typing import Any

from scripts.journeys import packages
from scripts.journeys.clients.calcom_mcp import CalcomMcp
from scripts.journeys.journey import book, cancel, find_it, list_event_types, list_slots, see_it_back, see_it_gone


class CustomersMcp(CalcomMcp):
    """Its tools, which are a few of those of the server that it was made from."""

    package = packages.CUSTOMERS_MCP
    chains = ((list_slots, book, see_it_gone, find_it, cancel, see_it_back), (list_event_types,))

    @classmethod
    def command(cls) -> list[str]:
        """Start the program that the package installs."""
        return [str(packages.pypi("calcom-mcp") / "calcom-mcp-for-customers"), "stdio"]

    def bookings(self) -> list[Any]:
        """Return the starts of bookings in the days asked about: it tells no uids."""
        window = {"date_from": f"{self.case.first_day}T00:00:00Z", "date_to": f"{self.case.last_day}T23:59:59Z"}
        found = self._server.call("get_bookings", event_type_id=self.case.event_type_id, **window)
        return [datetime.fromisoformat(booking["start"]) for booking in found["bookings"]]
