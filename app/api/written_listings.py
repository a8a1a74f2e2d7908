"""Listings as bytes, written once for as long as the same slots are found."""

from collections.abc import Callable
from hashlib import blake2b
from typing import NamedTuple
from weakref import WeakKeyDictionary

from app.api.bodies import success_body
from app.services.find_slots import FoundSlots

Write = Callable[[FoundSlots, str | None, str], object]
"""Writes what was found for a zone, in a format: `listing.writable_2024_09_04` and its older sister."""

_MOST_WAYS = 8
"""In how many zones and formats the same slots are kept."""


class Written(NamedTuple):
    """An answer's bytes, and what tells them from others."""

    body: bytes
    tag: str


_Way = tuple[Write, str | None, str]


class _Kept:
    """What was written, by what `SlotFinder` returns: the same object as long as it remembers the answer."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[FoundSlots, dict[_Way, Written]] = WeakKeyDictionary()

    def recall(self, found: FoundSlots, way: _Way, make: Callable[[], Written]) -> Written:
        ways = self._kept.get(found)
        if ways is None:
            ways = self._kept[found] = {}
        known = ways.get(way)
        if known is None:
            if len(ways) == _MOST_WAYS:
                del ways[next(iter(ways))]
            known = ways[way] = make()
        return known


_listings, _events = _Kept(), _Kept()


def written(found: FoundSlots, write: Write, time_zone: str | None, slot_format: str) -> Written:
    """Return a listing in the envelope of a good answer."""

    def make() -> Written:
        body = success_body(write(found, time_zone, slot_format))
        return Written(body, blake2b(body, digest_size=16).hexdigest())

    return _listings.recall(found, (write, time_zone, slot_format), make)


def written_event(found: FoundSlots, write: Write, time_zone: str | None, slot_format: str) -> Written:
    """Return a listing as an event of a stream, whose id is its tag: streams without number send the same bytes.

    Without holds it may be wrong, so it has no id by which anybody could know it again.
    """

    def make() -> Written:
        body, tag = written(found, write, time_zone, slot_format)
        known_by = "" if found.without_holds else tag
        return Written(b"event: slots\nid: %b\ndata: %b\n\n" % (known_by.encode(), body), known_by)

    return _events.recall(found, (write, time_zone, slot_format), make)
