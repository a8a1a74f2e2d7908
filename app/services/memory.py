"""What was read is remembered until something that it was read from changes."""

from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cachetools import LRUCache
from typing_extensions import override

Value = TypeVar("Value")

ANYTHING = "*"
"""A source that stands for all of them."""


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Any
    sources: frozenset[str]
    weight: int


@dataclass(slots=True, eq=False)
class _Reading:
    """A read under way, and what has changed since it began."""

    changed: set[str] = field(default_factory=set)

    def is_overtaken(self, sources: Collection[str]) -> bool:
        return ANYTHING in self.changed or not self.changed.isdisjoint(sources)


class Memory:
    """Bounded by weight: what has not been asked for the longest goes first.

    Sources are names of what can change, as `services.ports.Changes` tells them. A read that a change overtakes is
    handed to whoever began it and not kept, since nobody can tell which of the two it saw.
    """

    def __init__(self, most: int) -> None:
        """Keep values that weigh no more than `most` in all, each with one for itself."""
        self._kept: _Index = _Index(most)
        self._readings: set[_Reading] = set()

    async def recall(
        self,
        key: Hashable,
        read: Callable[[], Awaitable[Value]],
        sources: Callable[[Value], Iterable[str]],
        weigh: Callable[[Value], int],
    ) -> Value:
        """Return what is kept under a key, or else read it: from the sources, and of the weight, that it says."""
        kept = self._kept.get(key)
        if kept is not None:
            known: Value = kept.value
            return known
        reading = _Reading()
        self._readings.add(reading)
        try:
            value = await read()
        finally:
            self._readings.discard(reading)
        named = frozenset(sources(value))
        if not reading.is_overtaken(named):
            self._kept.keep(key, _Kept(value, named, 1 + weigh(value)))
        return value

    def forget(self, sources: Collection[str]) -> None:
        """Drop what was read from any of these sources."""
        for reading in self._readings:
            reading.changed.update(sources)
        if ANYTHING in sources:
            self._kept.clear()
        else:
            self._kept.drop(sources)

    @property
    def weight(self) -> int:
        """What all that is kept weighs."""
        return int(self._kept.currsize)


class _Index(LRUCache[Hashable, _Kept]):
    """Values by key, and keys by source."""

    def __init__(self, most: int) -> None:
        super().__init__(most, getsizeof=lambda kept: kept.weight)
        self._keys: dict[str, set[Hashable]] = {}

    def keep(self, key: Hashable, kept: _Kept) -> None:
        if kept.weight > self.maxsize:
            return
        self._leave(key, self.pop(key, None))
        self[key] = kept
        for source in kept.sources:
            self._keys.setdefault(source, set()).add(key)

    def drop(self, sources: Collection[str]) -> None:
        for source in sources:
            for key in tuple(self._keys.get(source, ())):
                self._leave(key, self.pop(key))

    @override
    def popitem(self) -> tuple[Hashable, _Kept]:
        """Let go of what has not been asked for the longest."""
        key, kept = super().popitem()
        self._leave(key, kept)
        return key, kept

    @override
    def clear(self) -> None:
        super().clear()
        self._keys.clear()

    def _leave(self, key: Hashable, kept: _Kept | None) -> None:
        for source in () if kept is None else kept.sources:
            keys = self._keys[source]
            keys.remove(key)
            if not keys:
                del self._keys[source]
