"""`scripts/bench domain`: the time that a listing takes between the stores' answers and the bytes of its own."""

import gc
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from statistics import median
from time import perf_counter_ns

import click
import orjson

from app.domain.event_type import SchedulingType
from scripts.benchmarks.questions import LENGTH, MOST_BOOKINGS, TEAM_DAYS, ZONES, Question, of_one_host, of_team, render
from scripts.benchmarks.table import table

_AIMS_MS = {("one host", 1, 31): 0.5, ("round robin", 100, TEAM_DAYS): 20.0, ("collective", 100, TEAM_DAYS): 20.0}
"""The most that a call should take, by kind, hosts and days."""
_BATCH_NS = 20_000_000
"""Calls are repeated for so long before the next question's turn: a single one may be shorter than a hiccup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured of one question. Times are in milliseconds for one call."""

    kind: str
    hosts: int
    days: int
    bookings: int
    slots: int
    bytes: int
    compute_ms: float
    render_ms: float
    both_ms: float


@dataclass(frozen=True, slots=True)
class Section:
    """Questions that differ in how much they ask, from little to much, and the table of their figures."""

    heading: str
    questions: list[Question]
    as_table: Callable[[list[Figures]], str]


_sizes = partial(click.option, multiple=True, show_default=True)
"""An option that may be given several times."""


@click.command()
@_sizes("--days", type=click.IntRange(1, 366), default=(7, 31, 365), help="Days asked about.")
@_sizes("--hosts", type=click.IntRange(1), default=(10, 100, 500), help="Hosts of a team.")
@_sizes("--bookings", type=click.IntRange(0), default=(0, 100, 2_000), help="Bookings of a team, in all.")
@click.option("--rounds", type=click.IntRange(1), default=25, show_default=True, help="Turns of each question.")
@click.option("--json", "as_json", is_flag=True, help="Print the raw figures as JSON.")
def domain(
    days: tuple[int, ...], hosts: tuple[int, ...], bookings: tuple[int, ...], rounds: int, *, as_json: bool
) -> None:
    """Time the domain: compute a listing from what the stores answered and render it to bytes.

    Asks about one host and about a team for several numbers of days, then about round-robin and collective teams for
    several numbers of hosts and bookings. Options for sizes may be given several times, say `--days 7 --days 90`.
    """
    if max(bookings) > min(hosts) * MOST_BOOKINGS:
        raise click.UsageError(f"a host has time for {MOST_BOOKINGS} bookings; ask for fewer, or for more hosts")
    sections = _sections(sorted(set(days)), sorted(set(hosts)), sorted(set(bookings)))
    figures = _measured([question for section in sections for question in section.questions], rounds)
    if as_json:
        click.echo(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
    else:
        click.echo(_report(sections, figures, rounds))


def _sections(days: list[int], hosts: list[int], bookings: list[int]) -> list[Section]:
    few_hosts = hosts[0]
    team_by_days = [of_team(SchedulingType.ROUND_ROBIN, few_hosts, days=number) for number in days]
    round_robin, collective = (
        [of_team(scheduling, number, bookings=booked) for number in hosts for booked in bookings]
        for scheduling in (SchedulingType.ROUND_ROBIN, SchedulingType.COLLECTIVE)
    )
    spread = f"{TEAM_DAYS} days; bookings are the whole team's, spread evenly over its hosts and their days"
    return [
        Section(f"One host in {ZONES[0]}; no bookings", [*map(of_one_host, days)], _days_table),
        Section(f"Round robin, one of {few_hosts} hosts; no bookings", team_by_days, _days_table),
        Section(f"Round robin, one of the hosts; {spread}", round_robin, _team_table),
        Section(f"Collective, all of the hosts; {spread}", collective, _team_table),
    ]


# Measuring -------------------------------------------------------------------------------------------------------


def _measured(questions: list[Question], rounds: int) -> list[Figures]:
    """Measure the questions in turns, so that whatever else the machine does hits all of them alike."""
    # The first answers also fill the caches of time zones, as they are in a service that has run for a while.
    sizes = [_size(question) for question in questions]
    times: list[list[tuple[float, float]]] = [[] for _ in questions]
    # Garbage that the calls make is collected in their time, as in a service. But the collector would also walk over
    # all the questions' hosts and bookings, which no service has in memory at once.
    gc.freeze()
    try:
        with click.progressbar(range(rounds), label="Measuring", file=sys.stderr) as turns:
            for _ in turns:
                for question, own in zip(questions, times, strict=True):
                    own.append(_batch_ms(question))
    finally:
        gc.unfreeze()
    return [_figures(*one) for one in zip(questions, sizes, times, strict=True)]


def _size(question: Question) -> tuple[int, int]:
    """Return the number of slots and of bytes in an answer."""
    found = question.compute()
    return len(found.starts), render(found).content_length or 0


def _batch_ms(question: Question) -> tuple[float, float]:
    """Return the time per call of computing and of rendering."""
    computing = rendering = calls = 0
    while computing + rendering < _BATCH_NS:
        began = perf_counter_ns()
        found = question.compute()
        computed = perf_counter_ns()
        render(found)
        rendering += perf_counter_ns() - computed
        computing += computed - began
        calls += 1
    return computing / calls / 1e6, rendering / calls / 1e6


def _figures(question: Question, size: tuple[int, int], times: list[tuple[float, float]]) -> Figures:
    return Figures(
        kind=question.kind,
        hosts=question.hosts,
        days=question.days,
        bookings=question.bookings,
        slots=size[0],
        bytes=size[1],
        compute_ms=median(computing for computing, _ in times),
        render_ms=median(rendering for _, rendering in times),
        both_ms=median(map(sum, times)),
    )


# Telling ---------------------------------------------------------------------------------------------------------

_HEAD = ("slots", "bytes", "compute", "render", "both", "aim")


def _report(sections: list[Section], figures: list[Figures], rounds: int) -> str:
    rest = iter(figures)
    tables = [
        f"{section.heading}\n\n{section.as_table(list(islice(rest, len(section.questions))))}" for section in sections
    ]
    return "\n\n".join([_preface(rounds), *tables])


def _preface(rounds: int) -> str:
    return f"""\
From the stores' answers to the bytes of a listing: milliseconds per call on one core, median of {rounds} rounds.
Time should grow no faster than days, hosts and bookings. Python {platform.python_version()}, caches of time zones warm.

Hosts work Monday to Friday, nine to five, in {", ".join(ZONES)}; of ten in a team
one has overrides and one is away for a week. Slots and bookings take {LENGTH} minutes."""


def _days_table(figures: list[Figures]) -> str:
    fewest = figures[0]
    return table(
        ["days", *_HEAD, f"against {fewest.days} days"],
        [[str(one.days), *_cells(one), _growth(fewest.days, one.days, "days", fewest, one)] for one in figures],
    )


def _team_table(figures: list[Figures]) -> str:
    by_size = {(one.hosts, one.bookings): one for one in figures}
    fewest = figures[0]
    rows = []
    for one in figures:
        few_hosts, few_bookings = by_size[fewest.hosts, one.bookings], by_size[one.hosts, fewest.bookings]
        with_hosts = _growth(fewest.hosts, one.hosts, "hosts", few_hosts, one)
        rows.append([str(one.hosts), f"{one.bookings:,}", *_cells(one), with_hosts, _cost(few_bookings, one)])
    against = [f"against {fewest.hosts} hosts", f"against {fewest.bookings:,} bookings"]
    return table(["hosts", "bookings", *_HEAD, *against], rows)


def _cells(one: Figures) -> list[str]:
    times = [f"{time:.3f}" for time in (one.compute_ms, one.render_ms, one.both_ms)]
    return [f"{one.slots:,}", f"{one.bytes:,}", *times, _aim(one)]


def _aim(one: Figures) -> str:
    aim = _AIMS_MS.get((one.kind, one.hosts, one.days))
    if aim is None:
        return ""
    return f"under {aim:g}: {'met' if one.both_ms < aim else 'missed'}"


def _growth(few: int, many: int, what: str, before: Figures, after: Figures) -> str:
    """Say how time grew with a number that it should be linear to, or less."""
    if few == many:
        return ""
    return f"x{many / few:.1f} {what} -> x{after.both_ms / before.both_ms:.1f} time"


def _cost(before: Figures, after: Figures) -> str:
    """Say how time grew with bookings; where it is linear, each costs the same however many there are."""
    more = after.bookings - before.bookings
    if not more:
        return ""
    each_us = (after.both_ms - before.both_ms) * 1_000 / more
    return f"+{more:,} -> x{after.both_ms / before.both_ms:.1f} time, {each_us:+.1f} us each"
