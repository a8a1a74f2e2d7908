"""How many requests are worked on at once: past what it can serve, a process refuses instead of slowing everybody down.

What there is too little of first is the process's own time, and the event loop tells: it comes late to what is due. A
number alone would not do, since a request that waits for a store, or for another's claim, takes no time from anybody.
So the number follows the delay, as CoDel does for the queues of routers: only delay that stands counts, not that of a
single long computation.

Who has no turn waits for one, the last to come being the first to go in: under a load that lasts, some are served at
once and some refused, where in the order of arrival everybody would be served late. A burst is no such load: whoever
came with a thousand others at the same moment is served, if a little later.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from aiohttp import web

from app.api.errors import RequestError
from app.observing.metrics import SHED

_USUAL = 64
"""At once, while nothing is known or little asked."""
_LEAST = 8
"""However late the loop is: enough to keep it busy while some wait for the stores."""
_LATE_S = 0.05
"""A request goes through the loop three or four times, and so meets about that many of these delays."""
_LOOK_S = 0.02
_LOOKS = 5
"""The least of the delays seen in as many looks is the one that stands."""
_FEWER = 0.7
_MORE = 1.5
_BURST = 10
"""So many times as long as usual one waits for a turn while the line is younger than that."""
_RETRY_AFTER_S = 2
_WITHOUT_TURN = "/health/"
"""Asked by machines that must know how the process is, above all now."""
_STREAM = "/slots/stream"
"""Open for days, while nothing is done for it; streams have a bound of their own."""
_SHED = SHED.labels("turn")


def overloaded() -> RequestError:
    """Return the refusal of a request that got no turn."""
    return RequestError(
        503, "The service has more requests than it can serve. Please try again.", retry_after_s=_RETRY_AFTER_S
    )


class Admission:
    """Lets so many requests in at once, more while the event loop keeps up and fewer while it does not."""

    def __init__(self, most: int, patience_s: float) -> None:
        """Let never more than `most` in, and nobody wait longer than `patience_s` once others have done so for long."""
        self._most = most
        self._least = min(_LEAST, most)
        self._patience_s = patience_s
        self._at_work = 0
        self._waiting: dict[asyncio.Future[bool], None] = {}
        self._line_began = 0.0
        """When somebody had to wait after nobody did, by the event loop's clock."""
        self._was_full = False
        self.limit = min(_USUAL, most)
        """How many are let in at the moment."""

    async def enter(self) -> None:
        """Wait for a turn.

        Raises
        ------
        RequestError
            If it does not come in time.
        """
        if self._at_work < self.limit:
            self._at_work += 1
        elif not await self._turn_came():
            _SHED.inc()
            raise overloaded()

    def leave(self) -> None:
        """Give the turn to whoever came last."""
        self._at_work -= 1
        self._let_in()

    async def _turn_came(self) -> bool:
        self._was_full = True
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[bool] = loop.create_future()
        if not self._waiting:
            self._line_began = loop.time()
        self._waiting[turn] = None
        of_a_burst_s = self._patience_s * _BURST
        is_burst = loop.time() - self._line_began < of_a_burst_s
        end = loop.call_later(of_a_burst_s if is_burst else self._patience_s, _give_up, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            # It may have come in the same moment.
            if turn.done() and not turn.cancelled() and turn.result():
                self.leave()
            raise
        finally:
            end.cancel()
            self._waiting.pop(turn, None)

    def _let_in(self) -> None:
        while self._waiting and self._at_work < self.limit:
            turn, _ = self._waiting.popitem()
            if not turn.done():
                turn.set_result(True)
                self._at_work += 1

    # How many -------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def adapting(self, _: web.Application) -> AsyncIterator[None]:
        """Look how late the event loop is, and change the limit accordingly, until the block ends."""
        looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            looking.cancel()

    async def _look(self) -> None:
        while True:
            self._adapt(min([await _delay() for _ in range(_LOOKS)]))

    def _adapt(self, standing_delay_s: float) -> None:
        if standing_delay_s > _LATE_S:
            self.limit = max(self._least, int(self.limit * _FEWER))
        elif self._was_full or self._waiting or self.limit < _USUAL:
            self.limit = min(self._most, int(self.limit * _MORE) + 1)
        self._was_full = False
        self._let_in()


def _give_up(turn: asyncio.Future[bool]) -> None:
    if not turn.done():
        turn.set_result(False)


async def _delay() -> float:
    """Return by how many seconds the event loop is late."""
    began = monotonic()
    await asyncio.sleep(_LOOK_S)
    return monotonic() - began - _LOOK_S


class Turn:
    """One request's turn."""

    def __init__(self, admission: Admission) -> None:
        """Have none yet."""
        self._admission = admission
        self._taken = False

    async def take(self) -> None:
        """Wait for it; RequestError if it does not come in time."""
        await self._admission.enter()
        self._taken = True

    def give_back(self) -> None:
        """Let somebody else have it, if it was taken."""
        if self._taken:
            self._taken = False
            self._admission.leave()

    @asynccontextmanager
    async def set_aside(self) -> AsyncIterator[None]:
        """Let others have it while the block waits for the caller; then wait for another."""
        self.give_back()
        yield
        await self.take()


ADMISSION = web.AppKey("ADMISSION", Admission)
TURN = web.RequestKey("TURN", Turn)
"""Not there: the request needs none."""


def is_preflight(request: web.Request) -> bool:
    """Return whether a browser asks what it may send."""
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def needs_turn(request: web.Request) -> bool:
    """Return whether a request is work, and no preflight, look at the process's health or stream."""
    path = request.path
    return not (is_preflight(request) or path.startswith(_WITHOUT_TURN) or path.removesuffix("/").endswith(_STREAM))
