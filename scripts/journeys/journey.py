"""Journeys: what clients are asked to do, step by step, and what came of each step."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from scripts.journeys.case import Case
from scripts.journeys.errors import ClientError
from scripts.journeys.recorder import Exchange, Recorder

Chosen = TypeVar("Chosen")


class Client(ABC):
    """A published client. A method that it leaves as it is here is done for it, over plain HTTP: it cannot do that itself.

    A journey asks only for what `chains` names.
    """

    package: ClassVar[str]
    """Its name and exact version."""
    pointed_by: ClassVar[str]
    """How it is pointed at the service."""
    alone: ClassVar[str] = ""
    """What it cannot do, so that the journey does it over plain HTTP."""
    chains: "ClassVar[tuple[Chain, ...]]"

    def __init__(self, case: Case) -> None:
        """Book what the case names."""
        self.case = case

    @classmethod
    @abstractmethod
    @contextmanager
    def ready(cls, case: Case, recorder: Recorder, log: Path) -> "Iterator[Client]":
        """Install and start it, pointed at the recorder."""

    def slots(self) -> set[datetime]:
        """Return the starts that it lists."""
        return self.case.slots()

    def reserve(self, start: datetime) -> str:
        """Keep a start and return the reservation's uid."""
        raise ClientError("it cannot reserve")

    def release(self, uid: str) -> None:
        """Give a reservation back."""
        self.case.release(uid)

    def book(self, start: datetime) -> str:
        """Book a start and return the booking's uid."""
        return self.case.book(start)

    def bookings(self) -> list[Any]:
        """Return something of each of its bookings: uids, or starts where it tells no uids."""
        raise ClientError("it cannot list bookings")

    def booking(self, uid: str) -> str:
        """Return the uid of a booking that it looks up."""
        raise ClientError("it cannot look up bookings")

    def reschedule(self, uid: str, start: datetime) -> str:
        """Move a booking and return the new one's uid."""
        raise ClientError("it cannot reschedule")

    def cancel(self, uid: str) -> None:
        """Cancel a booking."""
        self.case.cancel(uid)

    def event_types(self) -> set[int]:
        """Return the ids of the event types that it lists."""
        raise ClientError("it cannot list event types")

    def event_type(self) -> int:
        """Return the id of the case's event type, looked up."""
        raise ClientError("it cannot look up event types")

    def schedules(self) -> list[Any]:
        """Return the schedules that it lists."""
        raise ClientError("it cannot list schedules")

    def new_schedule(self) -> int:
        """Make a schedule and return its id."""
        raise ClientError("it cannot make schedules")

    def drop_schedule(self, schedule_id: int) -> None:
        """Remove a schedule."""
        raise ClientError("it cannot remove schedules")

    def teams(self) -> list[Any]:
        """Return the teams that it lists."""
        raise ClientError("it cannot list teams")

    def email(self) -> str:
        """Return whose account it says this is."""
        raise ClientError("it cannot look at the account")


class Visit:
    """One client's way through one chain, and what it remembers between steps."""

    def __init__(self, client: Client) -> None:
        """Begin."""
        self.client = client
        self.start = self.other = datetime.min
        self.uid = ""
        self.schedule_id = 0


Step = Callable[[Visit], None]
"""Raises ClientError if the client does not do it."""
Chain = tuple[Step, ...]
"""Steps that each need those before them."""


def _expect(told: bool, otherwise: str) -> None:  # noqa: FBT001 - a condition
    if not told:
        raise ClientError(otherwise)


def list_slots(visit: Visit) -> None:
    """Find two starts to use."""
    starts = sorted(visit.client.slots())
    _expect(len(starts) > 1, "it lists no slots")
    _expect(set(starts) == visit.client.case.slots(), "it lists other slots than the service")
    visit.start, visit.other = starts[0], starts[-1]


def reserve(visit: Visit) -> None:
    """Keep the first."""
    visit.uid = visit.client.reserve(visit.start)


def see_it_gone(visit: Visit) -> None:
    """Look whether it is off the list."""
    _expect(visit.start not in visit.client.slots(), "the start is still listed")


def release(visit: Visit) -> None:
    """Give it back."""
    visit.client.release(visit.uid)


def see_it_back(visit: Visit) -> None:
    """Look whether both are on the list."""
    _expect({visit.start, visit.other} <= visit.client.slots(), "the start is not listed again")


def book(visit: Visit) -> None:
    """Book the first."""
    visit.uid = visit.client.book(visit.start)


def find_it(visit: Visit) -> None:
    """Look for the booking in the list."""
    told = visit.client.bookings()
    _expect(visit.uid in told or visit.start in told, f"the booking is not listed: {told}")


def look_it_up(visit: Visit) -> None:
    """Look the booking up."""
    _expect(visit.client.booking(visit.uid) == visit.uid, "it shows another booking")


def reschedule(visit: Visit) -> None:
    """Move it to the other start."""
    visit.uid = visit.client.reschedule(visit.uid, visit.other)


def see_it_moved(visit: Visit) -> None:
    """Look whether the starts changed places."""
    listed = visit.client.slots()
    _expect(visit.start in listed, "the old start is not listed again")
    _expect(visit.other not in listed, "the new start is still listed")


def cancel(visit: Visit) -> None:
    """Cancel it."""
    visit.client.cancel(visit.uid)


def list_event_types(visit: Visit) -> None:
    """Find the event type in the list."""
    _expect(visit.client.case.event_type_id in visit.client.event_types(), "the event type is not listed")


def look_up_event_type(visit: Visit) -> None:
    """Look the event type up."""
    _expect(visit.client.event_type() == visit.client.case.event_type_id, "it shows another event type")


def list_schedules(visit: Visit) -> None:
    """See whether there are schedules."""
    _expect(bool(visit.client.schedules()), "it lists no schedules")


def make_a_schedule(visit: Visit) -> None:
    """Make a schedule."""
    visit.schedule_id = visit.client.new_schedule()


def remove_the_schedule(visit: Visit) -> None:
    """Remove it."""
    visit.client.drop_schedule(visit.schedule_id)


def list_teams(visit: Visit) -> None:
    """See whether there are teams."""
    _expect(bool(visit.client.teams()), "it lists no teams")


def who_am_i(visit: Visit) -> None:
    """See whether it is the right account."""
    _expect(visit.client.email() == visit.client.case.email, "it shows another account")


HOLD: Chain = (list_slots, reserve, see_it_gone, release, see_it_back)
BOOK_AND_CANCEL: Chain = (list_slots, book, see_it_gone, cancel, see_it_back)
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
