"""Journeys: what clients are asked to do, step by step, and what came of each step."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from scripts.journeys.case import Case
from scripts.journeys.errors import ClientError
from scripts.journeys.recorder import Exchange, Recorder


class Client(Protocol):
    """A published client: what it can do are methods of its own, such as `slots`, `reserve` and `book`.

    Starts are aware datetimes; reservations and bookings are told by uid. A method raises ClientError if the client
    does not do what it was asked to. What a client cannot do and others need, the case does for it, over plain HTTP.
    """

    package: str
    """Its name and exact version."""
    pointed_by: str
    """How it is pointed at the service."""
    lacks: str
    """What it cannot do, so that the case does it."""
    chains: tuple["Chain", ...]
    """What it is asked to do."""
    case: Case

    @classmethod
    def ready(cls, case: Case, recorder: Recorder, log: Path) -> AbstractContextManager["Client"]:
        """Install it, if need be, and start it, pointed at the recorder."""


class Visit:
    """One client's way through one chain, and what it remembers between steps."""

    def __init__(self, client: Client) -> None:
        """Begin."""
        self.case = client.case
        self._client = client
        self.start = self.other = datetime.min.replace(tzinfo=UTC)
        self.uid = ""
        self.schedule_id = 0

    def asks(self, function: str, *arguments: Any) -> Any:
        """Let the client do something, or the case, if the client cannot."""
        does = getattr(self._client, function, None) or getattr(self.case, function)
        return does(*arguments)


Step = Callable[[Visit], None]
"""Raises ClientError if the client does not do it."""
Chain = tuple[Step, ...]
"""Steps that each need those before them."""


def _expect(told: bool, otherwise: str) -> None:  # noqa: FBT001 - a condition
    if not told:
        raise ClientError(otherwise)


def list_slots(visit: Visit) -> None:
    """Find two starts to use."""
    starts = sorted(visit.asks("slots"))
    _expect(len(starts) > 1, "it lists no slots")
    _expect(set(starts) == visit.case.slots(), "it lists other slots than the service")
    visit.start, visit.other = starts[0], starts[-1]


def reserve(visit: Visit) -> None:
    """Keep the first."""
    visit.uid = visit.asks("reserve", visit.start)


def see_it_gone(visit: Visit) -> None:
    """Look whether it is off the list."""
    _expect(visit.start not in visit.asks("slots"), "the start is still listed")


def see_it_gone_for_others(visit: Visit) -> None:
    """Look whether it is off everybody else's list. A client that keeps cookies goes on to see its own reservation."""
    _expect(visit.start not in visit.case.slots(), "the start is still listed")
    _expect(visit.start in visit.asks("slots"), "its own reservation hides the start from itself")


def release(visit: Visit) -> None:
    """Give it back."""
    visit.asks("release", visit.uid)


def see_it_back(visit: Visit) -> None:
    """Look whether both are on the list."""
    _expect({visit.start, visit.other} <= visit.asks("slots"), "the start is not listed again")


def book(visit: Visit) -> None:
    """Book the first."""
    visit.uid = visit.asks("book", visit.start)


def find_it(visit: Visit) -> None:
    """Look for the booking in the list."""
    told = visit.asks("bookings")
    _expect(visit.uid in told or visit.start in told, f"the booking is not listed: {told}")


def look_it_up(visit: Visit) -> None:
    """Look the booking up."""
    _expect(visit.asks("booking", visit.uid) == visit.uid, "it shows another booking")


def reschedule(visit: Visit) -> None:
    """Move it to the other start."""
    visit.uid = visit.asks("reschedule", visit.uid, visit.other)


def see_it_moved(visit: Visit) -> None:
    """Look whether the starts changed places."""
    listed = visit.asks("slots")
    _expect(visit.start in listed, "the old start is not listed again")
    _expect(visit.other not in listed, "the new start is still listed")


def cancel(visit: Visit) -> None:
    """Cancel it."""
    visit.asks("cancel", visit.uid)


def list_event_types(visit: Visit) -> None:
    """Find the event type in the list."""
    _expect(visit.case.event_type_id in visit.asks("event_types"), "the event type is not listed")


def look_up_event_type(visit: Visit) -> None:
    """Look the event type up."""
    _expect(visit.asks("event_type") == visit.case.event_type_id, "it shows another event type")


def list_schedules(visit: Visit) -> None:
    """See whether there are schedules."""
    _expect(bool(visit.asks("schedules")), "it lists no schedules")


def make_a_schedule(visit: Visit) -> None:
    """Make a schedule."""
    visit.schedule_id = visit.asks("new_schedule")


def remove_the_schedule(visit: Visit) -> None:
    """Remove it."""
    visit.asks("drop_schedule", visit.schedule_id)


def list_teams(visit: Visit) -> None:
    """See whether there are teams."""
    _expect(bool(visit.asks("teams")), "it lists no teams")


def who_am_i(visit: Visit) -> None:
    """See whether it is the right account."""
    _expect(visit.asks("email") == visit.case.email, "it shows another account")


HOLD: Chain = (list_slots, reserve, see_it_gone, release, see_it_back)
BOOK_MOVE_AND_CANCEL: Chain = (
    list_slots, book, see_it_gone, find_it, reschedule, see_it_moved, cancel, see_it_back,
)  # fmt: skip


# Making them ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a step."""

    step: str
    error: str | None
    """None: it went well."""
    exchanges: tuple[Exchange, ...] = ()
    """What the client sent for it."""


def make(client: Client, recorder: Recorder) -> Iterator[Outcome]:
    """Make a client's journey. After a step that failed, the rest of its chain is left out."""
    for chain in client.chains:
        visit = Visit(client)
        for step in chain:
            outcome = _taken(step, visit, recorder)
            yield outcome
            if outcome.error is not None:
                break


def _taken(step: Step, visit: Visit, recorder: Recorder) -> Outcome:
    sent_before = len(recorder.exchanges)
    error = None
    try:
        step(visit)
    except ClientError as told:
        error = str(told)
    except (KeyError, TypeError, ValueError) as unread:
        error = f"its answer lacks what it should have: {unread!r}"
    name = step.__name__.replace("_", " ")
    return Outcome(name, error, tuple(recorder.exchanges[sent_before:]))
