"""What a request spends its time on.

A phase is a block: `with LOAD: ...`. Blocks of one phase may nest and run beside each other; their time counts once.
Outside of a request they cost next to nothing.
"""

from contextvars import ContextVar
from time import perf_counter
from typing import Final

NAMES: Final = ("parse", "load", "holds", "render")
COMPUTE: Final = "compute"
"""All the rest of a request: mostly the domain's work, and short waits for others' unfinished claims."""


class Spent:
    """How many seconds of one request each phase has taken so far, in the order of `NAMES`."""

    __slots__ = ("open", "seconds", "since")

    def __init__(self) -> None:
        """Begin with nothing."""
        self.seconds = [0.0, 0.0, 0.0, 0.0]
        self.open = [0, 0, 0, 0]
        """How many blocks of each phase run."""
        self.since = [0.0, 0.0, 0.0, 0.0]
        """When the first of them began."""

    def compute(self, total: float) -> float:
        """Return what is left of the request's `total`, in seconds."""
        return max(0.0, total - sum(self.seconds))


CURRENT: ContextVar[Spent | None] = ContextVar("CURRENT", default=None)
"""Of the request that is being answered."""


class Phase:
    """A phase that is entered as a block, any number of times."""

    __slots__ = ("_number",)

    def __init__(self, name: str) -> None:
        """Count for the phase of this name."""
        self._number = NAMES.index(name)

    def __enter__(self) -> None:
        """Begin, unless another block of this phase runs."""
        spent = CURRENT.get()
        if spent is not None:
            number = self._number
            if not spent.open[number]:
                spent.since[number] = perf_counter()
            spent.open[number] += 1

    def __exit__(self, *_: object) -> None:
        """End, unless another block of this phase runs."""
        spent = CURRENT.get()
        if spent is not None:
            number = self._number
            spent.open[number] -= 1
            if not spent.open[number]:
                spent.seconds[number] += perf_counter() - spent.since[number]


PARSE = Phase("parse")
"""Reading what was sent."""
LOAD = Phase("load")
"""Waiting for rules, bookings and credentials: PostgreSQL, or memory and the word that it is up to date."""
HOLDS = Phase("holds")
"""Waiting for the store of holds."""
RENDER = Phase("render")
"""Writing the answer."""
