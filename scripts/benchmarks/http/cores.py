"""Which processor does what: what is compared must not have to share with what it is compared by."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cores:
    """Processors by what runs on them."""

    pods: tuple[int, int]
    """The first pod, and the floor, on one; the second pod on the other."""
    load: int
    """The load generator, and this process."""
    stores: frozenset[int]

    @classmethod
    def of_this_machine(cls) -> "Cores":
        """Share out the processors that this process may use. With fewer than four some do several things."""
        available = sorted(os.sched_getaffinity(0))
        first, *others = available
        second, *rest = others or available
        rest = rest or [second]
        return cls((first, second), rest[-1], frozenset(rest[:-1] or rest))

    @property
    def shared(self) -> str:
        """Say what shares a processor, and what that does to the figures; "" if nothing does."""
        if self.pods[0] == self.pods[1]:
            return "All on one processor: the load generator and the stores take their time from what is measured."
        if self.load in self.pods:
            return (
                "Two processors: the second pod shares its one with the load generator and the stores. What two pods\n"
                "are to one is more than is shown here, by as much as those take."
            )
        return ""


@contextmanager
def on(cores: set[int] | frozenset[int]) -> Iterator[None]:
    """Let what is started inside the block run on these processors, and nowhere else."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
