"""The measurements: what is asked of whom, in turns, and what came of it."""

import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain

import click
import orjson
import psutil

from scripts.benchmarks.http.cores import Cores, on
from scripts.benchmarks.http.floor import LISTING, STEPS
from scripts.benchmarks.http.requests import Request, ask, listing, reservations
from scripts.benchmarks.http.servers import Servers, servers
from scripts.benchmarks.http.stores import Asked
from scripts.benchmarks.http.world import BUSY, DESKS, FIRST_DESK, QUIET, TEAM_EVENT_TYPE, World
from scripts.benchmarks.http.writer import Kind, writing
from scripts.benchmarks.http.wrk import Load, Wrk
from scripts.races.servers import Pod

_REQUESTS_ASKED = 50
"""How many requests are sent to see what they ask of the stores."""
_RESERVED_A_ROUND = 12_000
"""Reservations to try for; a round ends when there are no more of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for."""

    rounds: int
    seconds: int
    """Of each measurement."""
    connections: int
    """Of the load generator to each server."""
    strangers: int
    """Event types that are asked for once."""
    loads: tuple[int, ...]
    """Connections at which latency is measured."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen from outside, and what it cost inside."""

    load: Load
    cpu_ms: float
    """Processor time of the servers for a request, whether or not others were in their way."""


@dataclass(slots=True)
class Figures:
    """Everything that was measured."""

    loads: dict[str, list[Measured]] = field(default_factory=lambda: defaultdict(list))
    """By what was measured, in the order of rounds."""
    writes_per_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """What was written meanwhile."""
    by_load: dict[str, dict[int, Load]] = field(default_factory=lambda: defaultdict(dict))
    """By connections, of the service and of the floor."""
    asked: dict[str, Asked] = field(default_factory=dict)
    slots: int = 0
    """In a listing of one host."""
    bytes_before: int = 0
    """Memory of the first pod."""
    bytes_after: int = 0
    cores: int = 0
    """That could be used."""
    shared: str = ""
    """What shares a processor, in words."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to measure, by name."""

    name: str
    run: Callable[[], None]


def measured(options: Options) -> Figures:
    """Start everything, measure and end everything.

    Raises
    ------
    ClickException, RaceError, EmbeddedServersError
        If something does not work.
    """
    wrk, cores, world = Wrk.found(), Cores.of_this_machine(), World.from_tomorrow(options.strangers)
    figures = Figures(cores=len(os.sched_getaffinity(0)), shared=cores.shared)
    with on({cores.load}):
        click.echo("Starting PostgreSQL, Valkey, two pods and two floors; loading the world ...", err=True)
        with servers(world, cores) as started:
            bench = _Bench(options, world, started, wrk, figures)
            figures.bytes_before = _memory(started.pod)
            steps = list(chain(bench.warming_up(), bench.rounds(), bench.latency()))
            with click.progressbar(steps, label="Measuring", item_show_func=_name, file=sys.stderr) as going:
                for step in going:
                    step.run()
            figures.bytes_after = _memory(started.pod)
    return figures


def _name(step: Step | None) -> str:
    return "" if step is None else step.name


def _cpu_s(pods: list[Pod]) -> float:
    times = [psutil.Process(pod.pid).cpu_times() for pod in pods]
    return float(sum(one.user + one.system for one in times))


def _memory(pod: Pod) -> int:
    return int(psutil.Process(pod.pid).memory_info().rss)


class _Bench:
    """Everything that a measurement needs."""

    def __init__(self, options: Options, world: World, started: Servers, wrk: Wrk, figures: Figures) -> None:
        """Ask for what is on offer, which is also what the floor answers."""
        self._options = options
        self._servers = started
        self._wrk = wrk
        self._figures = figures
        self._quiet, self._busy, self._team = (
            [listing(world.listing(event_type_id))] for event_type_id in (QUIET, BUSY, TEAM_EVENT_TYPE)
        )
        answer = ask(started.pod.url, self._quiet[0])
        started.stores.put(LISTING, answer)
        # All of those who are alone work the same hours, and are booked at the same ones.
        self._starts = [slot["start"] for day in orjson.loads(answer)["data"].values() for slot in day]
        figures.slots = len(self._starts)
        strangers = [listing(world.listing(event_type_id)) for event_type_id in world.stranger_ids]
        self._strangers, self._few_strangers = strangers[_REQUESTS_ASKED:], strangers[:_REQUESTS_ASKED]
        desks = range(FIRST_DESK, FIRST_DESK + DESKS)
        self._reservations = reservations(desks, self._starts)
        self._in_steps = reservations(desks, self._starts, under=STEPS)

    def warming_up(self) -> Iterator[Step]:
        """Connect, fill what is kept, and see what a request asks of the stores."""
        pods, floor = [self._servers.pod, self._servers.second_pod], [self._servers.floor]
        for requests in (self._quiet, self._busy, self._team):
            yield Step("warming up", lambda requests=requests: self._discard(pods, requests))  # type: ignore[misc]
        few_reservations, rest = self._reservations[:DESKS], self._reservations[DESKS : 2 * DESKS]
        yield Step("warming up", lambda: self._discard(pods[:1], rest))
        yield Step("warming up", lambda: self._discard([*floor, self._servers.second_floor], self._quiet))
        for name, requests in (
            ("listing", self._quiet * _REQUESTS_ASKED),
            ("first sight", self._few_strangers),
            ("reserve", few_reservations[:_REQUESTS_ASKED]),
            ("team", self._team * _REQUESTS_ASKED),
        ):
            yield Step("questions to the stores", lambda name=name, requests=requests: self._ask(name, requests))  # type: ignore[misc]

    def _discard(self, pods: list[Pod], requests: list[Request]) -> None:
        self._load(pods, requests, seconds=1, once=len(requests) > 1)

    def _ask(self, name: str, requests: list[Request]) -> None:
        self._figures.asked[name] = self._servers.stores.asked_by(self._servers.pod.url, requests)

    # Rounds ------------------------------------------------------------------------------------------------------

    def rounds(self) -> Iterator[Step]:
        """Measure everything in turns, so that whatever else the machine does hits all of it alike."""
        for number in range(self._options.rounds):
            yield from self._round(number)

    def _round(self, number: int) -> Iterator[Step]:
        pod, both, floor = [self._servers.pod], [self._servers.pod, self._servers.second_pod], [self._servers.floor]
        floors = [*floor, self._servers.second_floor]
        strangers = self._part(self._strangers, number)
        wanted, in_steps = (
            self._part(all_of_them[2 * DESKS :], number)[:_RESERVED_A_ROUND]
            for all_of_them in (self._reservations, self._in_steps)
        )
        yield self._step("floor: listing", floor, self._quiet)
        yield self._step("listing", pod, self._quiet)
        yield Step("listing, holds", lambda: self._with_writes("holds"))
        yield Step("listing, bookings", lambda: self._with_writes("bookings"))
        yield self._step("first sight", pod, strangers, once=True)
        yield self._step("floor: reserve", floor, wanted, once=True)
        yield self._step("floor: reserve in steps", floor, in_steps, once=True)
        yield self._step("reserve", pod, wanted, once=True)
        yield self._step("team", pod, self._team)
        yield self._step("listing, two pods", both, self._quiet)
        yield self._step("floor: listing, two", floors, self._quiet)
        yield self._step("team, two pods", both, self._team)

    def _part(self, requests: list[Request], number: int) -> list[Request]:
        size = len(requests) // self._options.rounds
        return requests[number * size : (number + 1) * size]

    def _step(self, name: str, pods: list[Pod], requests: list[Request], *, once: bool = False) -> Step:
        def run() -> None:
            self._figures.loads[name].append(self._load(pods, requests, once=once))

        return Step(name, run)

    def _with_writes(self, kind: Kind) -> None:
        name, pod = f"listing, {kind}", [self._servers.pod]
        with writing(self._servers.second_pod.url, kind, self._starts) as written:
            self._figures.loads[name].append(self._load(pod, self._busy))
            self._figures.writes_per_s[name].append(written.number / self._options.seconds)

    def _load(
        self,
        pods: list[Pod],
        requests: list[Request],
        *,
        seconds: int | None = None,
        connections: int | None = None,
        once: bool = False,
    ) -> Measured:
        before = _cpu_s(pods)
        load = self._wrk.load(
            [pod.url for pod in pods],
            requests,
            seconds=seconds or self._options.seconds,
            connections=connections or self._options.connections,
            once=once,
        )
        return Measured(load, cpu_ms=(_cpu_s(pods) - before) * 1_000 / max(load.answers, 1))

    # Latency -----------------------------------------------------------------------------------------------------

    def latency(self) -> Iterator[Step]:
        """Measure how long a listing takes the more are asked for at once."""
        for connections in self._options.loads:
            for name, pod in (("floor", self._servers.floor), ("listing", self._servers.pod)):
                yield self._latency_step(name, pod, connections)

    def _latency_step(self, name: str, pod: Pod, connections: int) -> Step:
        def run() -> None:
            seconds = max(self._options.seconds // 2, 1)
            measured = self._load([pod], self._quiet, seconds=seconds, connections=connections)
            self._figures.by_load[name][connections] = measured.load

        return Step(f"latency of {connections} at once", run)
