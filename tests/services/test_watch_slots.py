"""When a watched question is looked at, and what its watchers see of it."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack, suppress

import pytest
from typing_extensions import override

from app.domain.errors import EventTypeNotFoundError
from app.domain.reference import ById
from app.services import watch_slots
from app.services.errors import StoreUnavailableError, TooSlowError
from app.services.find_slots import FoundSlots, Outlook, SlotFinder, SlotsQuestion
from app.services.watch_slots import SlotWatcher, View
from app.services.watchlist import Watchlist

QUESTION = SlotsQuestion(reference=ById(1), window=(0, 1))
NOW, NEVER = 1_000, 10**9
SOON_S = 5.0


def found(*, without_holds: bool = False) -> FoundSlots:
    return FoundSlots(starts=[], length=30, only_first=False, seats=None, seated={}, without_holds=without_holds)


class Finder(SlotFinder):
    """Finds something new at each look, or does what a test says."""

    def __init__(self) -> None:
        self.looks: list[FoundSlots] = []
        self.asked: list[SlotsQuestion] = []
        self.sources_of: Callable[[SlotsQuestion], frozenset[str]] = lambda _: frozenset({"h:1"})
        self.until = NEVER
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.error: Exception | None = None
        self.find_next: Callable[[], FoundSlots] = found

    @override
    async def outlook(self, question: SlotsQuestion) -> Outlook:
        answer = self.find_next()
        self.looks.append(answer)
        self.asked.append(question)
        sources, until = self.sources_of(question), self.until
        await self.go_on.wait()
        if self.error is not None:
            raise self.error
        return Outlook(answer, sources, until)


class Told:
    """Whether changes are told."""

    def __init__(self) -> None:
        self.well = True

    async def told(self) -> bool:
        return self.well


class Watched:
    """A watcher on a finder and a channel of the test's."""

    def __init__(self) -> None:
        self.finder, self.changes, self.watchlist = Finder(), Told(), Watchlist()
        self.now = NOW
        self.watcher = SlotWatcher(self.finder, lambda: self.now, self.watchlist, [self.changes])

    async def quiet(self) -> int:
        """Wait until what has been begun is over, and return how often was looked."""
        await asyncio.sleep(0.1)
        return len(self.finder.looks)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setattr(watch_slots, "_PAUSE_S", 0.01)
    monkeypatch.setattr(watch_slots, "_PULSE_S", 0.02)
    return Watched()


async def shown(view: View) -> FoundSlots | None:
    async with asyncio.timeout(SOON_S):
        return await view.next()


async def test_a_question_is_looked_at_when_what_it_depends_on_changes_and_not_else(watched: Watched) -> None:
    with watched.watcher.watching(QUESTION) as view:
        await view.look()
        before = await watched.quiet()
        watched.watchlist.tell(["h:2"])
        assert await watched.quiet() == before
        watched.watchlist.tell(["h:1"])
        assert await watched.quiet() == before + 1
        assert await shown(view) is watched.finder.looks[-1]


async def test_what_changes_before_it_was_known_to_matter_is_looked_at_again(watched: Watched) -> None:
    watched.finder.go_on.clear()
    with watched.watcher.watching(QUESTION):
        assert await watched.quiet() == 1
        watched.watchlist.tell(["h:1"])
        watched.finder.go_on.set()
        assert await watched.quiet() == 2


async def test_what_changes_during_a_look_is_looked_at_again(watched: Watched) -> None:
    with watched.watcher.watching(QUESTION) as view:
        await view.look()
        before = await watched.quiet()
        watched.finder.go_on.clear()
        watched.watchlist.tell(["h:1"])
        await watched.quiet()
        watched.watchlist.tell(["h:1"])
        watched.finder.go_on.set()
        assert await watched.quiet() == before + 2


async def test_whoever_asks_is_answered_by_a_look_that_began_later_and_shared_with_others(watched: Watched) -> None:
    with watched.watcher.watching(QUESTION) as view, watched.watcher.watching(QUESTION) as other:
        await view.look()
        await watched.quiet()
        watched.finder.go_on.clear()
        watched.watchlist.tell(["h:1"])
        before = await watched.quiet()
        asked = [asyncio.create_task(one.look()) for one in (view, other)]
        await watched.quiet()
        watched.finder.go_on.set()
        assert await asyncio.gather(*asked) == [watched.finder.looks[before]] * 2
        assert await watched.quiet() == before + 1


async def test_while_changes_are_not_told_everything_is_looked_at_again_and_again(watched: Watched) -> None:
    watched.changes.well = False
    with watched.watcher.watching(QUESTION) as view:
        await view.look()
        before = await watched.quiet()
        assert await watched.quiet() > before
    after = await watched.quiet()
    assert await watched.quiet() == after, "nobody watches any more"


async def test_what_is_gone_ends_and_a_store_that_is_away_does_not(watched: Watched) -> None:
    with watched.watcher.watching(QUESTION) as view:
        await view.look()
        await watched.quiet()
        assert await shown(view) is not None
        watched.finder.error = StoreUnavailableError("postgres")
        with pytest.raises(StoreUnavailableError):
            await view.look()
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                pytest.fail(f"it was shown {await view.next()}")
        watched.finder.error = EventTypeNotFoundError(1)
        with pytest.raises(EventTypeNotFoundError):
            await view.look()
        assert await shown(view) is None


async def test_what_is_found_without_holds_is_for_those_who_ask_alone(watched: Watched) -> None:
    with watched.watcher.watching(QUESTION) as view:
        good = await view.look()
        await watched.quiet()
        assert await shown(view) is watched.finder.looks[-1] is not good
        watched.finder.find_next = lambda: found(without_holds=True)
        assert (await view.look()).without_holds
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                pytest.fail(f"it was shown {await view.next()}")


async def test_nobody_waits_for_a_look_without_end(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_slots, "_PATIENCE_S", 0.05)
    watched.finder.go_on.clear()
    with watched.watcher.watching(QUESTION) as view, pytest.raises(TooSlowError):
        await view.look()


# Many at once --------------------------------------------------------------------------------------------------------


async def test_what_has_changed_is_looked_at_before_what_a_new_minute_may_have_changed(watched: Watched) -> None:
    """Of many questions whose time is up at the same moment, one is told of a change and another is new."""
    many = [SlotsQuestion(reference=ById(number), window=(0, 1)) for number in range(100)]
    changed, new = many[90], SlotsQuestion(reference=ById(1_000), window=(0, 1))
    finder, watcher = watched.finder, watched.watcher
    finder.until = NOW + 20
    finder.sources_of = lambda question: frozenset({f"h:{question.reference}"})
    with ExitStack() as stack:
        for question in many:
            await stack.enter_context(watcher.watching(question)).look()
        await watched.quiet()
        finder.go_on.clear()
        finder.until = NEVER
        finder.asked.clear()
        watched.now = NOW + 20
        await watched.quiet()
        begun = len(finder.asked)
        assert 0 < begun < 10, "most wait"
        watched.watchlist.tell([f"h:{changed.reference}"])
        view = stack.enter_context(watcher.watching(new))
        asking = asyncio.create_task(view.look())
        await watched.quiet()
        finder.go_on.set()
        await asking
        await watched.quiet()
        assert set(finder.asked[begun : begun + 2]) == {changed, new}
        assert set(finder.asked) == {*many, new}, "the others are looked at after them"
