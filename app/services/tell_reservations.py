"""Use case: let webhooks hear of reservations, as well as can be without making anybody wait for it.

Reservations live in Redis and bookings in PostgreSQL, so unlike those these cannot be told in the same step. What
happens is noted in this process and written to the outbox a moment later: a pod that dies in between keeps it to
itself. That a reservation expires is written as soon as it is made, to be sent when its time is up, and withdrawn when
it is moved, given up or booked, by whichever process that is: what several processes note of one reservation may be
written in any order.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from app.domain.reservation import KeptReservation
from app.domain.reservation_event import created, expired, released
from app.domain.time_ranges import Instant
from app.domain.webhook import Event
from app.services.errors import StoreUnavailableError

_MOST_NOTED = 10_000
"""What is not written yet; beyond, the oldest is dropped."""
_AT_ONCE = 100
_PAUSE_S = 0.2
"""From one writing to the next, so that many reservations are few writings."""
_STOPPING_S = 2.0
"""How long a process that stops goes on writing."""

_logger = logging.getLogger(__name__)


class Course(Enum):
    """What a reservation's end depends on."""

    BEGUN = auto()
    """It was made: its end is to come, unless something else is known of it already."""
    MOVED = auto()
    """It keeps another slot: another end is to come."""
    OVER = auto()
    """It was given up or booked: no end is to come."""


@dataclass(frozen=True, slots=True)
class ReservationNews:
    """What happened to a reservation. What to tell of it is worded only where somebody wants to hear."""

    reservation: KeptReservation
    course: Course
    instead_of: KeptReservation | None = None
    """The same reservation before it was moved."""
    is_booked: bool = False
    """Whether it is over because it became a booking, of which webhooks are told by itself."""

    @property
    def uid(self) -> str:
        """Whose news it is."""
        return self.reservation.uid

    @property
    def event(self) -> Event | None:
        """What to tell now."""
        if self.is_booked:
            return None
        if self.course is Course.OVER:
            return released(self.reservation)
        return created(self.reservation, self.instead_of)

    @property
    def expiry(self) -> Event:
        """What to tell when its time is up, if that is still to come."""
        return expired(self.reservation)

    @property
    def until(self) -> Instant:
        """When its time is up."""
        return self.reservation.until


class ReservationOutbox(Protocol):
    """Keeps what is to be sent."""

    async def write(self, news: Sequence[ReservationNews]) -> bool:
        """Write down what webhooks are to be sent, in this order; False if none wants to hear of reservations.

        Of a reservation that was booked, or is over by what any process wrote at any time, no end is told.

        Raises
        ------
        StoreUnavailableError
            If the store does not answer in time; then nothing is written, unless it was the last answer that got lost.
        """


class Noticeboard:
    """Where what happens to reservations is noted until it is written."""

    def __init__(self) -> None:
        """Begin empty."""
        self._noted = deque[ReservationNews]()
        self._is_noted = asyncio.Event()
        self._overflows = False
        self.closed = False

    def kept(self, reservation: KeptReservation, instead_of: KeptReservation | None = None) -> None:
        """Note that a slot is kept, perhaps instead of an earlier one of the same reservation."""
        course = Course.BEGUN if instead_of is None else Course.MOVED
        self._note(ReservationNews(reservation, course, instead_of))

    def released(self, reservation: KeptReservation) -> None:
        """Note that a reservation was given up."""
        self._note(ReservationNews(reservation, Course.OVER))

    def booked(self, reservation: KeptReservation) -> None:
        """Note that a reservation became a booking."""
        self._note(ReservationNews(reservation, Course.OVER, is_booked=True))

    def _note(self, news: ReservationNews) -> None:
        if len(self._noted) >= _MOST_NOTED:
            self._noted.popleft()
            self._log_overflow()
        self._noted.append(news)
        self._is_noted.set()

    def _log_overflow(self) -> None:
        if not self._overflows:
            _logger.warning("more happens to reservations than can be written: webhooks do not hear of the oldest")
        self._overflows = True

    async def oldest(self, most: int) -> list[ReservationNews]:
        """Wait until something is noted, and take some of it off; nothing once it is closed and empty."""
        await self._is_noted.wait()
        taken = [self._noted.popleft() for _ in range(min(most, len(self._noted)))]
        if not self._noted:
            self._overflows = False
            if not self.closed:
                self._is_noted.clear()
        return taken

    def put_back(self, taken: Sequence[ReservationNews]) -> None:
        """Note again, before everything else, what could not be written."""
        self._noted.extendleft(reversed(taken))
        self._is_noted.set()

    def close(self) -> None:
        """Let nobody wait for more than is noted."""
        self.closed = True
        self._is_noted.set()


class ReservationTeller:
    """Writes down what was noted, while the process runs."""

    def __init__(self, noticeboard: Noticeboard, outbox: ReservationOutbox, news: asyncio.Event) -> None:
        """Take from a noticeboard; `news` is set when there is something to send."""
        self._noticeboard = noticeboard
        self._outbox = outbox
        self._news = news

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write until the block ends; what is noted by then has a moment to be written."""
        task = asyncio.create_task(self._write())
        try:
            yield
        finally:
            self._noticeboard.close()
            written, _ = await asyncio.wait([task], timeout=_STOPPING_S)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if not written:
                _logger.warning("webhooks do not hear what last happened to reservations")

    async def _write(self) -> None:
        at_once = _AT_ONCE
        while noted := await self._noticeboard.oldest(at_once):
            try:
                if await self._outbox.write(noted):
                    self._news.set()
            except StoreUnavailableError:
                self._noticeboard.put_back(noted)  # Every request says so in the log already.
                # Or a slow one has no time for so much.
                at_once = max(1, len(noted) // 2)
            except Exception:
                _logger.exception("writing what happened to reservations failed")
            else:
                is_full = len(noted) == at_once
                at_once = min(_AT_ONCE, at_once + 1)
                # What keeps coming is written as fast as it can be.
                if self._noticeboard.closed or is_full:
                    continue
            await asyncio.sleep(_PAUSE_S)
