"""Who is woken by what."""

from app.services.sources import ANYTHING
from app.services.watchlist import Watchlist


class Sleepers:
    """Who was woken, in the order of their names."""

    def __init__(self) -> None:
        self.woken: list[str] = []
        self.watchlist = Watchlist()
        self._wake = {name: lambda name=name: self.woken.append(name) for name in "abc"}

    def put(self, name: str, *sources: str) -> None:
        self.watchlist.put(self._wake[name], frozenset(sources))

    def told(self, *sources: str) -> list[str]:
        self.woken.clear()
        self.watchlist.tell(sources)
        return sorted(self.woken)


def test_each_is_woken_by_what_they_depend_on_and_once() -> None:
    sleepers = Sleepers()
    sleepers.put("a", "h:1", "b1")
    sleepers.put("b", "h:1")
    assert sleepers.told("h:1", "b1") == ["a", "b"]
    assert sleepers.told("b1") == ["a"]
    assert sleepers.told("h:2", "proof-1") == []


def test_what_may_be_anything_wakes_all() -> None:
    sleepers = Sleepers()
    sleepers.put("a", "h:1")
    sleepers.put("b", "h:2")
    assert sleepers.told("h:3", ANYTHING) == ["a", "b"]


def test_the_latest_sources_count_and_those_who_have_none_are_left_alone() -> None:
    sleepers = Sleepers()
    sleepers.put("a", "h:1", "h:2")
    sleepers.put("a", "h:2", "h:3")
    assert [sleepers.told(source) for source in ("h:1", "h:2", "h:3")] == [[], ["a"], ["a"]]
    sleepers.put("a")
    assert sleepers.told("h:2") == sleepers.told(ANYTHING) == []
