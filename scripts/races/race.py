"""One race from start to end: servers, clients, faults, and the judgement of what the clients were told."""

import multiprocessing
import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, MutableSequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory, mkdtemp

import click
import orjson

from scripts.races.check import Verdict, check
from scripts.races.clients import Orders, Plan, attack
from scripts.races.faults import Faults
from scripts.races.record import Record
from scripts.races.servers import Pods, RaceError, Stores

_TICK_S = 0.05
_PROGRESS_S = 2.0
_STARTED_S = 60.0
"""How long the first request may take to reach a pod."""
_CLIENT_PROCESSES = 1 if (os.cpu_count() or 1) < 8 else 2
"""One asks some 2,000 times a second: more than pods answer on a few cores, which a second one would only take away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked for."""

    seconds: float
    pods: int
    clients: int
    kill_every: float
    attempts: int | None
    watched: int
    seed: str
    claim: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How it went."""

    seconds: float
    record: Record
    faults: Counter[str]
    """How often each was injected."""
    pods_fell: int
    verdict: Verdict
    kept: Path | None
    """Where the logs and the record are, if they are worth a look."""


def run(options: Options) -> Outcome:
    """Run a race and judge it. Ctrl-C ends it early; what was recorded until then is judged all the same.

    Raises
    ------
    RaceError, EmbeddedServersError
        If it cannot be run.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="holdfast-race-")))
        folder.chmod(0o711)  # As root, the stores run as somebody else.
        stores, pods = Stores(folder), Pods(folder)
        stack.callback(stores.stop)
        stack.callback(pods.end)
        # These run first: a second Ctrl-C must not leave servers behind.
        stack.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)
        stack.callback(signal.signal, signal.SIGTERM, signal.SIG_IGN)
        _say("Starting PostgreSQL, Valkey and pods ...")
        stores.start()
        pods.start(options.pods, options.claim, stores.environment)
        faults = Faults(Random(options.seed), stores, pods)  # noqa: S311 - no secret
        with _clients(options, pods) as clients:
            seconds = _race(options, clients, faults)
            record = _collected(clients, pods)
        _say(f"Checking {len(record.holds):,} holds ...")
        verdict = check(record, stores.epochs)
        kept = _keep(folder, record, faults, verdict) if verdict.violations or record.errors else None
    return Outcome(
        seconds=seconds,
        record=record,
        faults=Counter(name for _, name in faults.injected),
        pods_fell=pods.fell,
        verdict=verdict,
        kept=kept,
    )


# Clients ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Clients:
    """The clients' processes as this one sees them."""

    orders: Orders
    processes: list[BaseProcess] = field(default_factory=list)
    tallies: list[MutableSequence[int]] = field(default_factory=list)
    """Attempts and wins of each, as they happen."""
    records: list[Connection] = field(default_factory=list)

    @property
    def attempts(self) -> int:
        return sum(tally[0] for tally in self.tallies)

    @property
    def wins(self) -> int:
        return sum(tally[1] for tally in self.tallies)


@contextmanager
def _clients(options: Options, pods: Pods) -> Iterator[_Clients]:
    """Start the clients' processes, and end them with the block, whatever they do."""
    # Not forked: this process may have threads and open files that are not theirs.
    context = multiprocessing.get_context("spawn")
    clients = _Clients(Orders(context.Event(), context.Event()))
    try:
        for number in range(_CLIENT_PROCESSES):
            plan = Plan(
                seed=f"{options.seed}/{number}",
                pods=tuple(pod.url for pod in pods.all),
                clients=_part(options.clients, number),
                watched=_part(options.watched, number),
            )
            tally: MutableSequence[int] = context.RawArray("Q", 2)
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=attack, args=(plan, clients.orders, tally, theirs), daemon=True)
            with _without_interrupts():
                process.start()
            theirs.close()
            clients.processes.append(process)
            clients.tallies.append(tally)
            clients.records.append(ours)
        yield clients
    finally:
        for started in clients.processes:
            started.kill()
            started.join()


def _part(number: int, process: int) -> int:
    """Return what one of the processes gets of a number."""
    return number * (process + 1) // _CLIENT_PROCESSES - number * process // _CLIENT_PROCESSES


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Let processes that start here ignore Ctrl-C: they are told when to stop."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# The race --------------------------------------------------------------------------------------------------------


def _race(options: Options, clients: _Clients, faults: Faults) -> float:
    """Let things go wrong until time is up, there were enough attempts, or somebody has seen enough."""
    began = time.monotonic()
    try:
        _wait_for_an_attempt(clients, faults.pods)
        began = shown = time.monotonic()
        next_fault = began + options.kill_every if options.kill_every else float("inf")
        while time.monotonic() - began < options.seconds and clients.attempts < (options.attempts or float("inf")):
            time.sleep(_TICK_S)
            _refuse_dead(clients)
            faults.pods.tend()
            if time.monotonic() > next_fault:
                faults.inject()
                next_fault = time.monotonic() + options.kill_every
            if time.monotonic() > shown + _PROGRESS_S:
                shown = time.monotonic()
                _show_progress(shown - began, clients, faults)
    except KeyboardInterrupt:
        _say("Interrupted: what was recorded so far is checked. Once more to give up.")
        clients.orders.hurry.set()
    return time.monotonic() - began


def _wait_for_an_attempt(clients: _Clients, pods: Pods) -> None:
    """Let the clients' processes start: on a busy machine that takes longer than a short race."""
    deadline = time.monotonic() + _STARTED_S
    while not clients.attempts:
        _refuse_dead(clients)
        pods.tend()
        if time.monotonic() > deadline:
            raise RaceError(f"no client reached a pod within {_STARTED_S:g} s")
        time.sleep(_TICK_S)


def _collected(clients: _Clients, pods: Pods) -> Record:
    """Let the clients finish, and return what they recorded."""
    pods.resume()
    clients.orders.stop.set()
    _say("Waiting for the clients, and for the holds that are watched until they end ...")
    record = Record()
    for their in clients.records:
        while not their.poll(_TICK_S):
            pods.tend()
        try:
            record.add(their.recv())
        except EOFError:
            raise RaceError("a process of clients died; what it said is above") from None
    return record


def _refuse_dead(clients: _Clients) -> None:
    if not all(process.is_alive() for process in clients.processes):
        raise RaceError("a process of clients died; what it said is above")


def _keep(folder: Path, record: Record, faults: Faults, verdict: Verdict) -> Path:
    """Keep what tells how a violation came about: the pods' logs, all holds and looks, the faults."""
    kept = Path(mkdtemp(prefix="holdfast-race-found-"))
    for log in folder.glob("pod-*.log"):
        shutil.copy(log, kept)
    found = {
        "violations": verdict.violations,
        "faults": faults.injected,
        "epochs": faults.stores.epochs,
        "holds": record.holds,
        "looks": record.looks,
    }
    (kept / "record.json").write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    return kept


# Telling ---------------------------------------------------------------------------------------------------------


def _say(text: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{text}", err=True)


def _show_progress(seconds: float, clients: _Clients, faults: Faults) -> None:
    if sys.stderr.isatty():
        told = f"{seconds:.0f} s: {clients.attempts:,} attempts, {clients.wins:,} wins, {len(faults.injected)} faults"
        click.echo(f"\r\033[K{told}", nl=False, err=True)
