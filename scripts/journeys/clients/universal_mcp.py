"""universal-mcp-cal-com-v2: an MCP server made from Cal.com's OpenAPI document.

It sends no version, and no body where its tool names none.
"""

import ast
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
    look_it_up,
    make_a_schedule,
    release,
    remove_the_schedule,
    reserve,
    see_it_back,
    see_it_gone,
    see_it_gone_for_others,
    who_am_i,
)
from scripts.journeys.recorder import Recorder


class UniversalMcp:
    """Its tools."""

    package = packages.UNIVERSAL_MCP
    pointed_by = "HTTPS_PROXY and SSL_CERT_FILE"
    lacks = "It has no tool that books, and its tool that reschedules sends no new start."
    chains: tuple[Chain, ...] = (
        (list_slots, reserve, see_it_gone_for_others, release, see_it_back),
        (list_slots, book, see_it_gone, find_it, look_it_up, cancel, see_it_back),
        (list_event_types,),
        (list_schedules,),
        (make_a_schedule, remove_the_schedule),
        (list_teams,),
        (who_am_i,),
    )

    def __init__(self, case: Case, server: McpServer) -> None:
        """Call the tools of a running server."""
        self.case = case
        self._server = server

    @classmethod
    @contextmanager
    def ready(cls, case: Case, recorder: Recorder, log: Path) -> Iterator[Self]:
        """Start the module that serves. What its tools say is written as Python writes it."""
        command = [str(packages.pypi("universal-mcp") / "python"), "-m", "universal_mcp_cal_com_v2.server"]
        settings = {"CAL_COM_V2_API_KEY": case.key}
        with Process(command, {**packages.environment(), **recorder.environment, **settings}, log) as process:
            yield cls(case, McpServer(process, ast.literal_eval))

    def _call(self, tool: str, **arguments: Any) -> Any:
        return self._server.call(f"cal-com-v2_{tool}", **arguments)

    def _data(self, tool: str, **arguments: Any) -> Any:
        return self._server.data(f"cal-com-v2_{tool}", **arguments)

    def slots(self) -> set[datetime]:
        """List in the older version."""
        window = {"startTime": f"{self.case.first_day}T00:00:00Z", "endTime": f"{self.case.last_day}T23:59:59Z"}
        found = self._data("list_available_slots", **window, eventTypeId=self.case.event_type_id)["slots"]
        return {datetime.fromisoformat(slot["time"]) for slots in found.values() for slot in slots}

    def reserve(self, start: datetime) -> str:
        """Keep in the older version."""
        times = {"slotUtcStartDate": text(start), "slotUtcEndDate": text(start + self.case.length)}
        return str(self._data("slots_controller_reserve_slot", eventTypeId=self.case.event_type_id, **times))

    def release(self, uid: str) -> None:
        """Give back."""
        self._call("delete_selected_slot", uid=uid)

    def bookings(self) -> list[Any]:
        """Return the uids of the attendee's bookings."""
        found = self._data("list_bookings", status=["upcoming"], attendeeEmail=ATTENDEE["email"])
        return [booking["uid"] for booking in found["bookings"]]

    def booking(self, uid: str) -> str:
        """Look up."""
        return str(self._data("get_booking_by_uid", bookingUid=uid)["uid"])

    def cancel(self, uid: str) -> None:
        """Cancel, without a body."""
        self._call("cancel_booking_by_uid", bookingUid=uid)

    def event_types(self) -> set[int]:
        """List one's own."""
        groups = self._data("list_event_types")["eventTypeGroups"]
        return {found["id"] for group in groups for found in group["eventTypes"]}

    def schedules(self) -> list[Any]:
        """List."""
        return list(self._data("list_schedules"))

    def new_schedule(self) -> int:
        """Make one."""
        hours = [{"days": ["Monday"], "startTime": "10:00", "endTime": "12:00"}]
        made = self._server.data(
            "cal-com-v2_create_schedule", name="Of the journey", timeZone="UTC", isDefault=False, availability=hours
        )
        return int(made["id"])

    def drop_schedule(self, schedule_id: int) -> None:
        """Remove it."""
        self._call("delete_schedule_by_id", scheduleId=str(schedule_id))

    def teams(self) -> list[Any]:
        """List."""
        return list(self._data("teams_controller_get_teams"))

    def email(self) -> str:
        """Look at the account."""
        return str(self._data("me_controller_get_me")["email"])
