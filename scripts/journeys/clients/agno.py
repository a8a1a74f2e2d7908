"""agno's CalComTools: the toolkit that its agents are given. Its functions answer in sentences, for a model to read."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from scripts.journeys import packages
from scripts.journeys.calls import Process
from scripts.journeys.case import ATTENDEE, Case, text
from scripts.journeys.errors import ClientError
from scripts.journeys.journey import BOOK_MOVE_AND_CANCEL, Chain
from scripts.journeys.recorder import Recorder

_DRIVER = Path(__file__).parents[1] / "drivers" / "agno_toolkit.py"
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")
_UID = re.compile(r"uid: ([^\s,]+)")


class Agno:
    """Its functions, called one by one."""

    package = packages.AGNO
    pointed_by = "HTTPS_PROXY and REQUESTS_CA_BUNDLE"
    lacks = ""
    chains: tuple[Chain, ...] = (BOOK_MOVE_AND_CANCEL,)

    def __init__(self, case: Case, process: Process) -> None:
        """Call the functions of a running driver."""
        self.case = case
        self._process = process

    @classmethod
    @contextmanager
    def ready(cls, case: Case, recorder: Recorder, log: Path) -> Iterator[Self]:
        """Run the driver with agno's own Python."""
        environment = {
            **packages.environment(),
            **recorder.environment,
            "CALCOM_API_KEY": case.key,
            "CALCOM_EVENT_TYPE_ID": str(case.event_type_id),
            "AGNO_TELEMETRY": "false",
        }
        with Process([str(packages.pypi("agno") / "python"), str(_DRIVER)], environment, log) as process:
            yield cls(case, process)

    def slots(self) -> set[datetime]:
        """Read the times out of its sentence."""
        window = {"start_date": self.case.first_day.isoformat(), "end_date": self.case.last_day.isoformat()}
        return set(map(_read_time, _TIME.findall(self._said("get_available_slots", "Available slots", **window))))

    def book(self, start: datetime) -> str:
        """Book."""
        who = {"name": ATTENDEE["name"], "email": ATTENDEE["email"]}
        return _uid(self._said("create_booking", "Booking created", start_time=text(start), **who))

    def bookings(self) -> list[Any]:
        """Return the uids of the attendee's bookings."""
        return _UID.findall(self._said("get_upcoming_bookings", "Upcoming bookings", email=ATTENDEE["email"]))

    def reschedule(self, uid: str, start: datetime) -> str:
        """Move."""
        moved = {"booking_uid": uid, "new_start_time": text(start), "reason": "something came up"}
        return _uid(self._said("reschedule_booking", "Booking rescheduled", **moved))

    def cancel(self, uid: str) -> None:
        """Cancel."""
        self._said("cancel_booking", "Booking cancelled", booking_uid=uid, reason="the journey is over")

    def _said(self, function: str, begins: str, **arguments: str) -> str:
        """Return its sentence, which begins so if all went well."""
        sentence = str(self._process.call(function, arguments))
        if not sentence.startswith(begins):
            raise ClientError(sentence)
        return sentence


def _read_time(told: str) -> datetime:
    return datetime.strptime(told, "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC)


def _uid(sentence: str) -> str:
    found = _UID.search(sentence)
    if found is None:
        raise ClientError(f"it names no uid: {sentence}")
    return found.group(1)
