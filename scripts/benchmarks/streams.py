"""`scripts/bench streams`: what thousands of open streams cost a pod, and how soon each is told of a change."""

import asyncio
import resource
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import click
import psutil
import uvloop
from typing_extensions import override

from app.storage.embedded import EmbeddedServersError
from scripts.benchmarks.http.cores import Cores
from scripts.benchmarks.http.servers import Servers, servers
from scripts.benchmarks.http.world import FIRST_DESK, World
from scripts.benchmarks.table import table
from scripts.races.servers import Pod, RaceError

_OPENED_AT_ONCE = 50
_OPEN_S = 60.0
_TOLD_S = 10.0
_IDLE_S = 5.0
_FILES = 65_536
_KINDS = ("reservation", "booking")


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured."""

    streams: int
    event_types: int
    writes: int
    per_s: int


@dataclass(slots=True, eq=False)
class Write:
    """A start that is taken, and when who got to know of it, by the monotonic clock."""

    kind: str
    start: str
    answered: float = 0.0
    seen: list[float] = field(default_factory=list)

    @property
    def text(self) -> bytes:
        """How a listing has it."""
        return self.start.encode()


class Reader(asyncio.Protocol):
    """Reads one stream of an event type, and notes when a start is no longer in an event."""

    def __init__(self, writes: set[Write]) -> None:
        """Wait for `writes`, those of the stream's event type."""
        self._writes = writes
        self._told = set[Write]()
        self._unread = b""
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @override
    def data_received(self, data: bytes) -> None:
        *whole, self._unread = (self._unread + data).split(b"\n\n")
        for block in whole:
            if b"\ndata: " in block:
                self._event(block)

    def _event(self, block: bytes) -> None:
        if not self.begun.done():
            self.begun.set_result(None)
        for write in self._writes - self._told:
            if write.text not in block:
                self._told.add(write)
                write.seen.append(time.monotonic())

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not self.begun.done():
            self.begun.set_exception(click.ClickException(f"a stream was refused: {self._unread[:500].decode()}"))


@dataclass(frozen=True, slots=True)
class Used:
    """What a process has used so far."""

    bytes: int
    cpu_s: float

    @classmethod
    def by(cls, pod: Pod) -> "Used":
        """Look at it now."""
        process = psutil.Process(pod.pid)
        times = process.cpu_times()
        return cls(process.memory_info().rss, times.user + times.system)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured."""

    before: Used
    opened: Used
    idle: Used
    idle_s: float
    written: Used
    opening_s: float
    writes: list[Write]


@click.command()
@click.option("--streams", "number", type=click.IntRange(1, 20_000), default=2_000, show_default=True)
@click.option("--event-types", type=click.IntRange(1, 500), default=20, show_default=True, help="That they ask for.")
@click.option("--writes", type=click.IntRange(2, 2_000), default=100, show_default=True, help="Half of each kind.")
@click.option("--per-s", type=click.IntRange(1, 1_000), default=10, show_default=True, help="Writes a second.")
def streams(*, number: int, event_types: int, writes: int, per_s: int) -> None:
    """Open streams on one pod, make reservations and bookings through another, and time how soon each stream is told.

    Starts PostgreSQL, Valkey and pods on 127.0.0.1, and ends them. Lag is from the answer to whoever wrote until the
    event without that start has arrived, and may be below nothing: events do not wait for the answer. This process
    reads all streams, and where it shares a processor with the pod it adds to the lag. It takes under a minute.
    """
    # Whoever ends it, what it started ends too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, _FILES), hard))
    options = Options(number, event_types, writes, per_s)
    world = World.from_tomorrow(strangers=0)
    try:
        with servers(world, Cores.of_this_machine()) as started:
            figures = uvloop.run(_measured(started, world, options))
    except (RaceError, EmbeddedServersError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(_report(figures, options))


async def _measured(started: Servers, world: World, options: Options) -> Figures:
    types = range(FIRST_DESK, FIRST_DESK + options.event_types)
    waited_for: dict[int, set[Write]] = {event_type_id: set() for event_type_id in types}
    async with aiohttp.ClientSession() as client:
        free = {one: await _free(client, started.pod.url + world.listing(one)) for one in types}
        before, began = Used.by(started.pod), time.monotonic()
        async with _opened(started.pod, world, waited_for, options.streams):
            opening_s = time.monotonic() - began
            # What follows at once is over: each question is looked at twice.
            await asyncio.sleep(1)
            opened, began = Used.by(started.pod), time.monotonic()
            await asyncio.sleep(_IDLE_S)
            idle, idle_s = Used.by(started.pod), time.monotonic() - began
            writes = await _written(client, started.second_pod.url, free, waited_for, options)
            return Figures(
                before=before,
                opened=opened,
                idle=idle,
                idle_s=idle_s,
                written=Used.by(started.pod),
                opening_s=opening_s,
                writes=writes,
            )


async def _free(client: aiohttp.ClientSession, url: str) -> Iterator[str]:
    """Return starts of an event type, in the order they are taken in."""
    async with client.get(url) as answer:
        answer.raise_for_status()
        days = (await answer.json())["data"].values()
    return iter([slot["start"] for day in days for slot in day])


# Streams -------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _opened(pod: Pod, world: World, waited_for: dict[int, set[Write]], number: int) -> AsyncIterator[None]:
    """Open streams, each from an address of its own, as through a proxy."""
    turns, types = asyncio.Semaphore(_OPENED_AT_ONCE), [*waited_for]
    loop = asyncio.get_running_loop()

    async def opened(stream: int) -> asyncio.BaseTransport:
        event_type_id = types[stream % len(types)]
        path = world.listing(event_type_id).replace("/v2/slots?", "/v2/slots/stream?")
        address = f"10.{stream >> 16}.{stream >> 8 & 255}.{stream & 255}"
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: {address}\r\n\r\n".encode()
        async with turns:
            transport, reader = await loop.create_connection(
                lambda: Reader(waited_for[event_type_id]), "127.0.0.1", pod.port
            )
            transport.write(request)
            await reader.begun
        return transport

    async with asyncio.timeout(_OPEN_S):
        transports = await asyncio.gather(*map(opened, range(number)))
    try:
        yield
    finally:
        for transport in transports:
            transport.close()


# Writes --------------------------------------------------------------------------------------------------------------


async def _written(
    client: aiohttp.ClientSession,
    url: str,
    free: dict[int, Iterator[str]],
    waited_for: dict[int, set[Write]],
    options: Options,
) -> list[Write]:
    """Take starts one after the other, and wait until every stream that lists them has been told."""
    readers = {one: len(range(place, options.streams, len(free))) for place, one in enumerate(free)}
    writes: list[tuple[int, Write]] = []
    for number in range(options.writes):
        event_type_id = [*free][number % len(free)]
        write = Write(_KINDS[number % 2 ^ number // len(free) % 2], next(free[event_type_id]))
        writes.append((event_type_id, write))
        waited_for[event_type_id].add(write)
        await asyncio.gather(_take(client, url, event_type_id, write, number), asyncio.sleep(1 / options.per_s))
    try:
        async with asyncio.timeout(_TOLD_S):
            while any(len(write.seen) < readers[event_type_id] for event_type_id, write in writes):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    except TimeoutError:
        missing = sum(readers[event_type_id] - len(write.seen) for event_type_id, write in writes)
        raise click.ClickException(f"{missing} events have not arrived") from None
    return [write for _, write in writes]


async def _take(client: aiohttp.ClientSession, url: str, event_type_id: int, write: Write, number: int) -> None:
    body: dict[str, object]
    if write.kind == "booking":
        attendee = {"name": "Mia", "email": f"mia-{number}@example.org", "timeZone": "UTC"}
        path, body = "/v2/bookings", {"start": write.start, "attendee": attendee}
    else:
        path, body = "/v2/slots/reservations", {"slotStart": write.start}
    headers = {"cal-api-version": "2024-08-13", "X-Forwarded-For": f"11.0.{number >> 8}.{number & 255}"}
    async with client.post(url + path, json={"eventTypeId": event_type_id, **body}, headers=headers) as answer:
        if answer.status != 201:
            raise click.ClickException(f"{path} was refused: {await answer.text()}")
        write.answered = time.monotonic()


# Report --------------------------------------------------------------------------------------------------------------


def _report(figures: Figures, options: Options) -> str:
    kibibytes = (figures.opened.bytes - figures.before.bytes) / 1_024
    events = sum(len(write.seen) for write in figures.writes)
    cpu_ms = (figures.written.cpu_s - figures.idle.cpu_s) * 1_000
    idle = (figures.idle.cpu_s - figures.opened.cpu_s) / figures.idle_s
    rows = [_lags(kind, figures.writes) for kind in _KINDS]
    return (
        f"{options.streams:,} streams of {options.event_types} event types, opened in {figures.opening_s:.1f} s.\n\n"
        f"memory of the pod     {_mib(figures.before)} MiB before, {_mib(figures.opened)} MiB with them, "
        f"{_mib(figures.written)} MiB after the writes: {kibibytes / options.streams:.1f} KiB a stream\n"
        f"processor, idle       {idle:.1%} of one\n"
        f"processor, writing    {cpu_ms / options.writes:.1f} ms a write, {cpu_ms / events:.3f} ms an event\n\n"
        f"Lag from the write's answer to the event's arrival, in ms:\n\n"
        f"{table(['write', 'events', 'p50', 'p99', 'max'], rows)}"
    )


def _mib(used: Used) -> str:
    return f"{used.bytes / 2**20:.0f}"


def _lags(kind: str, writes: list[Write]) -> list[str]:
    lags = sorted((seen - write.answered) * 1_000 for write in writes if write.kind == kind for seen in write.seen)
    return [kind, f"{len(lags):,}", *(f"{lags[int(share * (len(lags) - 1))]:.1f}" for share in (0.5, 0.99, 1))]
