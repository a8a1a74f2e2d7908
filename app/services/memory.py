"""What was read is remembered until something that it was read from changes."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from cachetools import LRUCache
from typing_extensions import override

from app.services.sources import ANYTHING

Value = TypeVar("Value")
_UNKNOWN: Final = object()


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    key: Hashable
    value: Any
    sources: frozenset[str]
    weight: int


@dataclass(slots=True, eq=False)
class _Reading:
    """A read under way, what has changed since it began, and what others wait for, if any do."""

    changed: set[str] = field(default_factory=set)
    outcome: "asyncio.Future[Any] | None" = None

    async def joined(self) -> Any:
        """Wait for what is read, or for `_UNKNOWN` if who reads gives up; who leaves takes nobody along."""
        if self.outcome is None:
            self.outcome = asyncio.get_running_loop().create_future()
        return await asyncio.shield(self.outcome)

    def ended(self, value: Any) -> None:
        """Tell those who wait what was read."""
        if self.outcome is not None:
            self.outcome.set_result(value)

    def failed(self, error: BaseException) -> None:
        """Tell those who wait why nothing was read."""
        if self.outcome is None:
            return
        if isinstance(error, Exception):
            self.outcome.set_exception(error)
            # All who waited may have left, and then nobody is to be told that nobody looked.
            self.outcome.exception()
        else:
            self.outcome.set_result(_UNKNOWN)

    def is_overtaken(self, sources: Collection[str]) -> bool:
        return ANYTHING in self.changed or not self.changed.isdisjoint(sources)


class Memory:
    """Bounded by weight, to which each source adds: what has not been asked for the longest goes first.

    Sources are names of what can change, as `services.ports.Changes` tells them. A read that a change overtakes is
    handed to whoever began it and not kept, since nobody can tell which of the two it saw. As long as nothing at all
    has changed, those who ask for the same wait for the read that is under way.
    """

    def __init__(self, most: int) -> None:
        """Keep values that weigh no more than `most` in all, each with one for itself."""
        self._kept: _Index = _Index(most)
        self._readings: set[_Reading] = set()
        self._latest: dict[Hashable, _Reading] = {}
        """Of the readings, the last that began, by key."""
        self.hits = 0
        """How often something was asked for that was kept, or was being read."""
        self.misses = 0

    async def recall(
        self,
        key: Hashable,
        read: Callable[[], Awaitable[Value]],
        sources: Callable[[Value], Iterable[str]],
        weigh: Callable[[Value], int],
    ) -> Value:
        """Return what is kept under a key, or else read it: from the sources, and of the weight, that it says."""
        known = await self._known(key)
        if known is not _UNKNOWN:
            self.hits += 1
            value: Value = known
            return value
        self.misses += 1
        reading = _Reading()
        value = await self._read(key, reading, read)
        named = frozenset(sources(value))
        if not reading.is_overtaken(named):
            self._kept.keep(_Kept(key, value, named, 1 + len(named) + weigh(value)))
        return value

    async def _known(self, key: Hashable) -> Any:
        """Return what is kept, or what is being read, or `_UNKNOWN`."""
        while True:
            kept = self._kept.get(key)
            if kept is not None:
                return kept.value
            under_way = self._latest.get(key)
            if under_way is None or under_way.changed:
                return _UNKNOWN
            value = await under_way.joined()
            if value is not _UNKNOWN:
                return value

    async def _read(self, key: Hashable, reading: _Reading, read: Callable[[], Awaitable[Value]]) -> Value:
        self._readings.add(reading)
        self._latest[key] = reading
        try:
            value = await read()
        except BaseException as error:
            reading.failed(error)
            raise
        finally:
            self._readings.discard(reading)
            if self._latest.get(key) is reading:
                del self._latest[key]
        reading.ended(value)
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
    """What is kept, by key and by source."""

    def __init__(self, most: int) -> None:
        super().__init__(most, getsizeof=lambda kept: kept.weight)
        self._by_source: dict[str, set[_Kept]] = {}

    def keep(self, kept: _Kept) -> None:
        if kept.weight > self.maxsize:
            return
        self._leave(self.pop(kept.key, None))
        self[kept.key] = kept
        for source in kept.sources:
            self._by_source.setdefault(source, set()).add(kept)

    def drop(self, sources: Collection[str]) -> None:
        for source in sources:
            for kept in tuple(self._by_source.get(source, ())):
                self._leave(self.pop(kept.key))

    @override
    def popitem(self) -> tuple[Hashable, _Kept]:
        """Let go of what has not been asked for the longest."""
        key, kept = super().popitem()
        self._leave(kept)
        return key, kept

    @override
    def clear(self) -> None:
        super().clear()
        self._by_source.clear()

    def _leave(self, kept: _Kept | None) -> None:
        if kept is None:
            return
        for source in kept.sources:
            others = self._by_source[source]
            others.discard(kept)
            if not others:
                del self._by_source[source]
