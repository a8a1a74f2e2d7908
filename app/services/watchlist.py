"""Who is to be woken when something changes."""

from collections.abc import Callable, Collection

from app.services.sources import ANYTHING

Wake = Callable[[], None]


class Watchlist:
    """Wakes whoever has said that they depend on a source, by the names of `services.sources`."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._sources: dict[Wake, frozenset[str]] = {}
        self._by_source: dict[str, set[Wake]] = {}

    def put(self, wake: Wake, sources: frozenset[str]) -> None:
        """Wake somebody from now on when one of these sources changes, and no other."""
        before = self._sources.pop(wake, frozenset())
        for source in before - sources:
            others = self._by_source[source]
            others.discard(wake)
            if not others:
                del self._by_source[source]
        for source in sources - before:
            self._by_source.setdefault(source, set()).add(wake)
        if sources:
            self._sources[wake] = sources

    def tell(self, sources: Collection[str]) -> None:
        """Wake whoever depends on any of these."""
        if ANYTHING in sources:
            woken = set(self._sources)
        else:
            woken = set().union(*(self._by_source.get(source, ()) for source in sources))
        for wake in woken:
            wake()
