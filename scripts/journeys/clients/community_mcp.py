"""Two community MCP servers, the second made from the first: for those who are booked, and for those who book."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from scripts.journeys import packages
from scripts.journeys.calls import McpServer, Process
from scripts.journeys.case import ATTENDEE, Case, text
from scripts.journeys.journey import (
    Chain,
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
from scripts.journeys.recorder import Recorder

_POINTED_BY = "HTTPS_PROXY and REQUESTS_CA_BUNDLE"
_LACKS = "It has no tools that list slots or cancel."
_BOOK = (list_slots, book, see_it_gone, find_it, cancel, see_it_back)


class _Server:
    """What both can do."""

    def __init__(self, case: Case, server: McpServer) -> None:
        """Call the tools of a running server."""
        self.case = case
        self._server = server

    def book(self, start: datetime) -> str:
        """Book."""
        booked = self._server.data(
            "create_booking",
            start_time=text(start),
            event_type_id=self.case.event_type_id,
            attendee_name=ATTENDEE["name"],
            attendee_email=ATTENDEE["email"],
            attendee_timezone=ATTENDEE["timeZone"],
        )
        return str(booked["uid"])

    def event_types(self) -> set[int]:
        """List one's own."""
        return {found["id"] for found in self._server.call("list_event_types")}


class CalcomMcp(_Server):
    """iflow-mcp-danielpeter-99-calcom-mcp: it names a version for booking alone."""

    package = packages.CALCOM_MCP
    pointed_by = _POINTED_BY
    lacks = _LACKS
    chains: tuple[Chain, ...] = (_BOOK, (list_event_types,), (list_schedules,), (list_teams,))

    @classmethod
    @contextmanager
    def ready(cls, case: Case, recorder: Recorder, log: Path) -> Iterator[Self]:
        """Start the program that the package installs."""
        with Process([str(packages.pypi("calcom-mcp") / "calcom-mcp")], _environment(case, recorder), log) as process:
            yield cls(case, McpServer(process))

    def bookings(self) -> list[Any]:
        """Return the uids of bookings to come."""
        found = self._server.data("get_bookings", event_type_id=self.case.event_type_id, status="upcoming", limit=100)
        return [booking["uid"] for booking in found["bookings"]]

    def schedules(self) -> list[Any]:
        """List."""
        return list(self._server.data("list_schedules"))

    def teams(self) -> list[Any]:
        """List."""
        return list(self._server.data("list_teams"))


class CustomersMcp(_Server):
    """calcom-mcp-for-customers."""

    package = packages.CUSTOMERS_MCP
    pointed_by = _POINTED_BY
    lacks = _LACKS
    chains: tuple[Chain, ...] = (_BOOK, (list_event_types,))

    @classmethod
    @contextmanager
    def ready(cls, case: Case, recorder: Recorder, log: Path) -> Iterator[Self]:
        """Start the program that the package installs."""
        command = [str(packages.pypi("calcom-mcp") / "calcom-mcp-for-customers"), "stdio"]
        with Process(command, _environment(case, recorder), log) as process:
            yield cls(case, McpServer(process))

    def bookings(self) -> list[Any]:
        """Return the starts of bookings in the days asked about: it tells no uids."""
        window = {"date_from": f"{self.case.first_day}T00:00:00Z", "date_to": f"{self.case.last_day}T23:59:59Z"}
        found = self._server.call("get_bookings", event_type_id=self.case.event_type_id, **window)
        return [datetime.fromisoformat(booking["start"]) for booking in found["bookings"]]


def _environment(case: Case, recorder: Recorder) -> dict[str, str]:
    return {**packages.environment(), **recorder.environment, "CALCOM_API_KEY": case.key}
