"""Use case: watch a listing, so that every change of it is seen as it happens."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from app.domain.errors import HoldfastError
from app.domain.time_ranges import SECOND, Instant
from app.services.errors import StoreUnavailableError, TooSlowError
from app.services.find_slots import FoundSlots, SlotFinder, SlotsQuestion
from app.services.ports import Changes, Clock
from app.services.sources import ANYTHING
from app.services.watch_queue import WatchQueue
from app.services.watchlist import Watchlist

_PAUSE_S = 0.1
"""From one look at a question to the next, so that many changes at once are few looks."""
_HURRIED_AT_ONCE = 6
"""Looks under way at once, beside the requests, at what changes or is asked."""
_PATIENT_AT_ONCE = 2
"""Looks beside those at what is due: with each minute most of what is watched is."""
_PATIENCE_S = 10.0
"""How long whoever begins to watch waits for a look."""
_PULSE_S = 1.0
"""From one asking whether changes are told to the next; while they are not, everything is looked at as often."""
_AGAIN: Instant = SECOND
"""After which a look is repeated that a store did not answer."""

_logger = logging.getLogger(__name__)


class View:
    """What one watcher sees of a watched question: always the latest, whatever came before it."""

    def __init__(self, watch: "_Watch") -> None:
        self._watch = watch
        self._latest: FoundSlots | None = None
        self._news = asyncio.Event()
        self._over = False

    async def look(self) -> FoundSlots:
        """Return the answer to a look that begins from now on.

        Raises
        ------
        HoldfastError
            As `SlotFinder.find`, and TooSlowError.
        """
        try:
            async with asyncio.timeout(_PATIENCE_S):
                return await self._watch.looked()
        except TimeoutError:
            raise TooSlowError from None

    async def next(self) -> FoundSlots | None:
        """Wait until it was found anew, which need not mean that it differs; None: nothing more will come."""
        await self._news.wait()
        self._news.clear()
        return None if self._over else self._latest

    def show(self, found: FoundSlots) -> None:
        """Let the watcher see this next."""
        self._latest = found
        self._news.set()

    def end(self) -> None:
        """Let nothing more come."""
        self._over = True
        self._news.set()


class SlotWatcher:
    """Watches questions, each once for all who ask it."""

    def __init__(self, finder: SlotFinder, clock: Clock, watchlist: Watchlist, changes: Sequence[Changes]) -> None:
        """Look with `finder`; `changes` tell `watchlist` what changes, or say that they cannot."""
        self._finder = finder
        self._clock = clock
        self._watchlist = watchlist
        self._changes = changes
        self._watches: dict[SlotsQuestion, _Watch] = {}
        self._queue = WatchQueue(hurried=_HURRIED_AT_ONCE, patient=_PATIENT_AT_ONCE)
        self._pulse: asyncio.Task[None] | None = None

    @contextmanager
    def watching(self, question: SlotsQuestion) -> Iterator[View]:
        """Watch a question until the block ends."""
        watch = self._watches.get(question)
        if watch is None:
            watch = self._watches[question] = _Watch(question, self._finder, self._clock, self._watchlist, self._queue)
        if self._pulse is None:
            self._pulse = asyncio.create_task(self._keep_hearing())
        view = View(watch)
        watch.views.add(view)
        try:
            yield view
        finally:
            watch.views.discard(view)
            if not watch.views:
                del self._watches[question]
                watch.stop()
            if not self._watches:
                self._pulse.cancel()
                self._pulse = None

    async def _keep_hearing(self) -> None:
        """Make sure that changes are told; while they are not, everything is looked at every now and then."""
        while True:
            told = await asyncio.gather(*(changes.told() for changes in self._changes), return_exceptions=True)
            if any(one is not True for one in told):
                self._watchlist.tell([ANYTHING])
            await asyncio.sleep(_PULSE_S)


class _Watch:
    """One question, looked at whenever its answer may have changed."""

    def __init__(
        self,
        question: SlotsQuestion,
        finder: SlotFinder,
        clock: Clock,
        watchlist: Watchlist,
        queue: WatchQueue,
    ) -> None:
        self.views = set[View]()
        self._question = question
        self._finder = finder
        self._clock = clock
        self._watchlist = watchlist
        self._queue = queue
        self._waiting: list[asyncio.Future[FoundSlots]] = []
        self._asked, self._woken = asyncio.Event(), asyncio.Event()
        self._until: Instant = clock()
        self._sources = frozenset[str]()
        self._task = asyncio.create_task(self._run())

    async def looked(self) -> FoundSlots:
        """Wait for a look that begins from now on."""
        answer: asyncio.Future[FoundSlots] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self._asked.set()
        self._wake()
        return await answer

    def stop(self) -> None:
        """Look no more."""
        self._task.cancel()
        self._watchlist.put(self._wake, frozenset())

    async def _run(self) -> None:
        while True:
            await self._due()
            async with self._queue.turn(self, hurried=self._woken.is_set()):
                await self._look()
            await self._pause()

    def _wake(self) -> None:
        """Look as soon as may be, before others of whom only the time is up."""
        self._woken.set()
        self._queue.hurry(self)

    async def _due(self) -> None:
        """Wait until somebody asks, something changes, or the last answer's time is up."""
        while not self._woken.is_set() and (left := self._until - self._clock()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left / SECOND):
                    await self._woken.wait()

    async def _pause(self) -> None:
        """Let changes gather, but nobody wait who asks."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PAUSE_S):
                await self._asked.wait()

    async def _look(self) -> None:
        self._asked.clear()
        self._woken.clear()
        asked, self._waiting = self._waiting, []
        try:
            outlook = await self._finder.outlook(self._question)
        except HoldfastError as error:
            _fail(asked, error)
            self._until = self._clock() + _AGAIN
            if not isinstance(error, StoreUnavailableError):
                # There is nothing to list any more: whoever asks again is told why.
                self._end()
        except Exception as error:
            _logger.exception("a watched listing cannot be found")
            _fail(asked, error)
            self._end()
        else:
            self._settle(outlook.sources)
            self._until = outlook.until
            self._answer(asked, outlook.found)

    def _settle(self, sources: frozenset[str]) -> None:
        """Be woken by these sources. What changed in new ones before, nobody said: look once more."""
        if not sources <= self._sources:
            self._woken.set()
        if sources != self._sources:
            self._sources = sources
            self._watchlist.put(self._wake, sources)

    def _answer(self, asked: list[asyncio.Future[FoundSlots]], found: FoundSlots) -> None:
        for answer in asked:
            if not answer.done():
                answer.set_result(found)
        if found.without_holds:
            # What was seen with holds is nearer to the truth: held slots would come back for a moment.
            self._until = min(self._until, self._clock() + _AGAIN)
            return
        for view in self.views:
            view.show(found)

    def _end(self) -> None:
        for view in self.views:
            view.end()


def _fail(asked: list[asyncio.Future[FoundSlots]], error: Exception) -> None:
    for answer in asked:
        if not answer.done():
            answer.set_exception(error)
