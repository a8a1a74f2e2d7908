"""What an import says at its end: what was left out and what has no counterpart here."""

from collections.abc import Iterable
from dataclasses import dataclass, field

_SHOWN = 3


@dataclass(slots=True)
class Tally:
    """How many there were of something, and the first few."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, example: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.examples) < _SHOWN:
            self.examples.append(example)


@dataclass(slots=True)
class Findings:
    """What an import met that it did not take as it was. Bounded, however much there is."""

    left_out: dict[str, Tally] = field(default_factory=dict)
    """By list: what makes no sense, or needed something of that kind; examples say why."""
    unmatched: dict[tuple[str, str], Tally] = field(default_factory=dict)
    """By list and what it is of its items that has no counterpart here."""
    not_taken: dict[str, int] = field(default_factory=dict)
    """By Cal.com's table: rows of kinds that are not taken at all."""

    def leave_out(self, list_name: str, what: str) -> None:
        """Note an item that is left out, and why."""
        self.left_out.setdefault(list_name, Tally()).add(what)

    def note(self, list_name: str, label: str, notes: Iterable[str]) -> None:
        """Note what of an item has no counterpart."""
        for text in notes:
            self.unmatched.setdefault((list_name, text), Tally()).add(label)
