"""What was measured, in words and tables."""

import platform
from dataclasses import dataclass
from statistics import median

from scripts.benchmarks.http.measuring import Figures, Options
from scripts.benchmarks.http.world import DAYS, TEAM_DAYS, TEAM_HOSTS
from scripts.benchmarks.http.wrk import Load
from scripts.benchmarks.table import table


@dataclass(frozen=True, slots=True)
class Row:
    """A measurement beside what it is compared with, and what it should be."""

    title: str
    name: str
    against: str | None
    """What its requests a second are divided by; None: nothing, and the aim is a number a second."""
    aim: float = 0
    """0: none; it is there to compare with."""


ROWS = (
    Row("listing", "listing", "floor: listing", 0.6),
    Row("listing, a hold written every 10 ms", "listing, holds", "floor: listing", 0.3),
    Row("listing, a booking every 10 ms", "listing, bookings", "floor: listing", 0.3),
    Row("listing at first sight", "first sight", "floor: listing", 0.15),
    Row("reserve", "reserve", "floor: reserve", 0.4),
    Row("floor: its round trips alone", "floor: reserve in steps", "floor: reserve"),
    Row("reserve to its round trips alone", "reserve", "floor: reserve in steps"),
    Row(f"round robin of {TEAM_HOSTS}", "team", None, 100),
    Row("listing, two pods to one", "listing, two pods", "listing", 1.7),
    Row("round robin, two pods to one", "team, two pods", "team", 1.7),
    Row("floor: listing, two to one", "floor: listing, two", "floor: listing"),
)


def reached(row: Row, figures: Figures) -> float:
    """Return what is to be compared with a row's aim: the median of the rounds."""
    own = figures.loads[row.name]
    if row.against is None:
        return median(one.load.per_s for one in own)
    pairs = zip(own, figures.loads[row.against], strict=True)
    return median(one.load.per_s / other.load.per_s for one, other in pairs)


def text(figures: Figures, options: Options) -> str:
    """Return all of it."""
    return "\n\n".join(filter(None, [_preface(figures, options), _rows(figures), _rest(figures), _by_load(figures)]))


def _preface(figures: Figures, options: Options) -> str:
    rounds = f"{options.rounds} rounds of {options.seconds} s over {options.connections} connections"
    lines = f"""\
Requests a second on one processor, medians of {rounds}. Python {platform.python_version()}, {figures.cores} processors.
Listings are of one host for {DAYS} days, {figures.slots} slots, and of a round-robin team for {TEAM_DAYS} days.
The floor answers the same bytes after one GET from Redis, and a reservation after one SET NX PX. "Its round trips
alone" are a claim, a read of bookings and a confirmation, made by each request for itself, and nothing else.
"cpu" is a server's own processor time for a request; where others are in the way, its ratio says more than that of
requests a second."""
    return "\n\n".join(filter(None, [lines, figures.shared]))


def _rows(figures: Figures) -> str:
    head = ["", "requests/s", "against", "ratio", "aim", "cpu ms", "ratio", "p50 ms", "p99 ms", "good", "bytes"]
    floors = [Row(name, name, None) for name in ("floor: listing", "floor: reserve")]
    return table(head, [_cells(row, figures) for row in (*floors, *ROWS)])


def _cells(row: Row, figures: Figures) -> list[str]:
    measured, figure = figures.loads[row.name], reached(row, figures)
    loads = [one.load for one in measured]
    against = "" if row.against is None else f"{median(one.load.per_s for one in figures.loads[row.against]):,.0f}"
    aim = f"{row.aim:g}: {'met' if figure >= row.aim else 'missed'}" if row.aim else ""
    return [
        row.title,
        f"{_median(loads, 'per_s'):,.0f}",
        against,
        "" if row.against is None else f"{figure:.2f}",
        aim,
        f"{_cpu_ms(row.name, figures):.2f}",
        "" if row.against is None else f"{_cpu_ms(row.against, figures) / _cpu_ms(row.name, figures):.2f}",
        f"{_median(loads, 'p50_ms'):.2f}",
        f"{_median(loads, 'p99_ms'):.2f}",
        _share(min(load.good for load in loads)),
        f"{_median(loads, 'bytes'):,.0f}",
    ]


def _cpu_ms(name: str, figures: Figures) -> float:
    return median(one.cpu_ms for one in figures.loads[name])


def _median(loads: list[Load], name: str) -> float:
    return float(median(getattr(load, name) for load in loads))


def _share(part: float) -> str:
    """Write a share so that 100 % means all."""
    return "all" if part == 1 else f"{part:.2%}"


def _rest(figures: Figures) -> str:
    rows = [
        [name, f"{asked.statements:.1f}", f"{asked.commands:.1f}", f"{asked.redis_trips:.1f}"]
        for name, asked in figures.asked.items()
    ]
    writes = ", ".join(f"{median(per_s):.0f} {name.rpartition(' ')[2]}" for name, per_s in figures.writes_per_s.items())
    head = ["a request asks", "PostgreSQL statements", "Redis commands", "Redis round trips"]
    memory = f"{figures.bytes_before / 2**20:.0f} MiB before, {figures.bytes_after / 2**20:.0f} MiB after"
    return f"{table(head, rows)}\n\nWritten a second meanwhile, made and ended: {writes}. Memory of the pod: {memory}."


def _by_load(figures: Figures) -> str:
    head = ["at once"]
    for name in figures.by_load:
        head += [f"{name}/s", "p50 ms", "p99 ms"]
    rows = []
    for connections in next(iter(figures.by_load.values()), {}):
        row = [str(connections)]
        for loads in figures.by_load.values():
            load = loads[connections]
            row += [f"{load.per_s:,.0f}", f"{load.p50_ms:.2f}", f"{load.p99_ms:.2f}"]
        rows.append(row)
    return table(head, rows)
