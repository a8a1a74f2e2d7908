"""Listings as bytes, written once for as long as the same slots are found."""

from collections.abc import Callable
from hashlib import blake2b
from typing import NamedTuple
from weakref import WeakKeyDictionary

from app.api.bodies import success_body
from app.services.find_slots import FoundSlots

Write = Callable[[FoundSlots, str | None, str], object]
"""Writes what was found for a zone, in a format: `listing.listing_2024_09_04` and its older sister."""

_MOST_WAYS = 8
"""In how many zones and formats the same slots are kept."""


class Written(NamedTuple):
    """An answer's bytes, and what tells them from others."""

    body: bytes
    tag: str


_Way = tuple[Write, str | None, str]
_kept: "WeakKeyDictionary[FoundSlots, dict[_Way, Written]]" = WeakKeyDictionary()
"""By what `SlotFinder` returns, which is the same object as long as it remembers the answer."""


def written(found: FoundSlots, write: Write, time_zone: str | None, slot_format: str) -> Written:
    """Return a listing in the envelope of a good answer."""
    ways = _kept.get(found)
    if ways is None:
        ways = _kept[found] = {}
    way = write, time_zone, slot_format
    known = ways.get(way)
    if known is None:
        if len(ways) == _MOST_WAYS:
            del ways[next(iter(ways))]
        body = success_body(write(found, time_zone, slot_format))
        known = ways[way] = Written(body, blake2b(body, digest_size=16).hexdigest())
    return known
