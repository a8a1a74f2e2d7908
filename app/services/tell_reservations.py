"""Use case: let webhooks hear of reservations, as well as can be without making anybody wait for it.

Reservations live in Redis and bookings in PostgreSQL, so unlike those these cannot be told in the same step. What
happens is noted in this process and written to the outbox a moment later: a pod that dies in between keeps it to
itself. That a reservation expires is written as soon as it is made, to be sent when its time is up, and withdrawn when
it is moved, given up or booked.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
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

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationNews:
    """What happened to a reservation. What was to be told of it later no longer is."""

    uid: str
    event: Event | None = None
    """What to tell now."""
    expiry: Event | None = None
    """What to tell when its time is up."""
    until: Instant = 0


class ReservationOutbox(Protocol):
    """Keeps what is to be sent."""

    async def write(self, news: Sequence[ReservationNews]) -> bool:
        """Write down what webhooks are to be sent, in this order; False if none wants to hear of reservations.

        Raises
        ------
        StoreUnavailableError
            If the store does not answer in time; then nothing is written.
        """


class Noticeboard:
    """Where what happens to reservations is noted until it is written."""

    def __init__(self) -> None:
        """Begin empty."""
        self._noted = deque[ReservationNews](maxlen=_MOST_NOTED)
        self._is_noted = asyncio.Event()

    def kept(self, reservation: KeptReservation, instead_of: KeptReservation | None = None) -> None:
        """Note that a slot is kept, perhaps instead of an earlier one of the same reservation."""
        event, expiry = created(reservation, instead_of), expired(reservation)
        self._note(ReservationNews(uid=reservation.uid, event=event, expiry=expiry, until=reservation.until))

    def released(self, reservation: KeptReservation) -> None:
        """Note that a reservation was given up."""
        self._note(ReservationNews(uid=reservation.uid, event=released(reservation)))

    def booked(self, reservation: KeptReservation) -> None:
        """Note that a reservation became a booking, of which webhooks are told by itself."""
        self._note(ReservationNews(uid=reservation.uid))

    def _note(self, news: ReservationNews) -> None:
        self._noted.append(news)
        self._is_noted.set()

    async def oldest(self) -> list[ReservationNews]:
        """Wait until something is noted, and take some of it off."""
        await self._is_noted.wait()
        taken = [self._noted.popleft() for _ in range(min(_AT_ONCE, len(self._noted)))]
        if not self._noted:
            self._is_noted.clear()
        return taken


class ReservationTeller:
    """Writes down what was noted, while the process runs."""

    def __init__(self, noticeboard: Noticeboard, outbox: ReservationOutbox, news: asyncio.Event) -> None:
        """Take from a noticeboard; `news` is set when there is something to send."""
        self._noticeboard = noticeboard
        self._outbox = outbox
        self._news = news

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write until the block ends."""
        task = asyncio.create_task(self._write())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _write(self) -> None:
        while True:
            noted = await self._noticeboard.oldest()
            try:
                if await self._outbox.write(noted):
                    self._news.set()
            except StoreUnavailableError:
                _logger.warning("webhooks do not hear what happened to %d reservations", len(noted))
            except Exception:
                _logger.exception("writing what happened to reservations failed")
            await asyncio.sleep(_PAUSE_S)
