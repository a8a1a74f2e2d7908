"""What a race has shown, as text and as JSON."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from scripts.races.check import Violation
from scripts.races.faults import FAULTS
from scripts.races.race import Outcome
from scripts.races.record import Hold, Record
from scripts.races.world import EVENT_TYPES, utc_text

_TAKING = ("reserve", "move", "book", "move a booking")
"""Operations that ask for a slot."""
_WON = {"200", "201"}
_NEVER_SENT = {"unreachable", "nothing held"}
_EXAMPLES = 5
_WIDTH = 44


def figures(outcome: Outcome) -> dict[str, Any]:
    """Return the figures. An attempt asks for a slot, by reserving or by moving, and reaches a pod."""
    verdict = outcome.verdict
    told = _by_meaning(outcome.record)
    return {
        "seconds": round(outcome.seconds, 1),
        **{name: {"all": told[name].total(), **told[name]} for name in ("attempts", "wins", "refusals", "uncertain")},
        "releases": outcome.record.outcomes["release", "200"],
        "cancellations": outcome.record.outcomes["cancel a booking", "200"],
        "unreachable": told["unreachable"].total(),
        "faults": {name: outcome.faults[name] for name in FAULTS},
        "podsThatEndedByThemselves": outcome.pods_fell,
        "certainHolds": verdict.certain,
        "certainBookings": verdict.certain_bookings,
        "looksAtLiveHolds": verdict.seen_alive,
        "holdsWatchedToTheirEnd": outcome.record.watched,
        "looksAtEndedHolds": verdict.seen_ended,
        "violations": len(verdict.violations),
        "violationsAcrossEpochs": verdict.across_epochs,
    }


def _by_meaning(record: Record) -> dict[str, Counter[str]]:
    """Sort outcomes by what they mean for who asked."""
    told: dict[str, Counter[str]] = {
        name: Counter() for name in ("attempts", "wins", "refusals", "uncertain", "unreachable")
    }
    for (operation, result), count in sorted(record.outcomes.items()):
        if result in _NEVER_SENT:
            told["unreachable"][operation] += count if result == "unreachable" else 0
            continue
        if operation in _TAKING:
            told["attempts"][operation] += count
        if result == "unanswered" or result.startswith("5"):
            told["uncertain"][f"{operation} {result}"] += count
        elif operation in _TAKING and result in _WON:
            told["wins"][operation] += count
        elif operation in _TAKING:
            told["refusals"][result] += count
    return told


def is_too_little(outcome: Outcome) -> bool:
    """Say whether the race proves nothing: nobody won, nobody lost or nothing was certain."""
    told = _by_meaning(outcome.record)
    return not (told["wins"].total() and told["refusals"].total() and outcome.verdict.certain)


def text(outcome: Outcome) -> str:
    """Return all of it for people to read."""
    return "\n".join([*_lines(figures(outcome)), *_judgement(outcome)])


def _lines(found: dict[str, Any]) -> Iterator[str]:
    yield _line("seconds", found["seconds"])
    yield ""
    for name in ("attempts", "wins", "refusals"):
        yield from _section(name, found[name])
    yield from _section("uncertain (5xx, or no answer in time)", found["uncertain"])
    yield _line("releases", found["releases"])
    yield _line("cancellations", found["cancellations"])
    yield _line("requests that met no pod", found["unreachable"])
    yield ""
    yield from _section("faults", {"all": sum(found["faults"].values()), **found["faults"]})
    yield _line("pods that ended by themselves", found["podsThatEndedByThemselves"])
    yield ""
    yield _line("certain holds checked", found["certainHolds"])
    yield _line("certain bookings checked", found["certainBookings"])
    yield _line("looks at certain holds", found["looksAtLiveHolds"])
    yield _line("holds watched until they ended", found["holdsWatchedToTheirEnd"])
    yield _line("looks a second after the end", found["looksAtEndedHolds"])
    yield ""
    yield _line("violations", found["violations"])
    if found["faults"]["Valkey killed"]:
        yield _line("  if killing Valkey may lose nothing", found["violationsAcrossEpochs"])


def _section(name: str, counts: dict[str, int]) -> Iterator[str]:
    yield _line(name, counts["all"])
    for part, count in counts.items():
        if part != "all":
            yield _line(f"  {part}", count)


def _line(name: str, figure: float) -> str:
    return f"{name:<{_WIDTH}}{figure:>14,}"


def _judgement(outcome: Outcome) -> Iterator[str]:
    if outcome.faults["Valkey killed"]:
        yield ""
        yield "Holds are only promised within one life of Valkey: each time it is killed, an epoch of the check ends."
    for violation in outcome.verdict.violations[:_EXAMPLES]:
        yield ""
        yield from _example(violation)
    if outcome.record.errors:
        yield ""
        yield f"Pods answered 500 {outcome.record.errors:,} times, which no fault excuses; their logs say why."
    if outcome.kept is not None:
        yield ""
        yield f"The pods' logs and the record of all holds are in {outcome.kept}."
    if not outcome.verdict.violations and is_too_little(outcome):
        yield ""
        yield "Too little happened to mean anything."


def _example(violation: Violation) -> Iterator[str]:
    yield f"BROKEN: {violation.promise}"
    for hold in violation.holds:
        yield f"  {_told(hold, violation.at)}"


def _told(hold: Hold, at: float) -> str:
    slug = EVENT_TYPES[hold.event_type_id].slug
    time = f"{utc_text(hold.start)} to {utc_text(hold.end)[-6:]}"
    return f"{hold.uid} {slug} {time}, told {at - hold.acknowledged:.3f} s before, for {hold.until - at:.3f} s more"
