"""`scripts/bench holds`: what a claim costs, by how many holds there are and how many lie across it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter_ns, time

import click
import uvloop

from app.domain.reservation import Claim, Claimed, Held, KeptReservation
from app.domain.time_ranges import DAY, MINUTE, Instant
from app.storage.embedded import EmbeddedServers
from app.storage.holds.connection import Client, open_redis
from app.storage.holds.redis_holds import RedisHolds
from scripts.benchmarks.table import table

_HOST = 1
"""All holds are one host's, so that they share an index: the hardest case."""
_FIRST: Instant = 2_546_150_400_000
_LENGTH = 30 * MINUTE
_EVERY = 60 * MINUTE
_BATCH = 1_000
_DEADLINE_S = 60.0


@dataclass(frozen=True, slots=True)
class Spread:
    """How long single claims took, one after the other, in microseconds."""

    p50: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured with some live holds."""

    live: int
    won: Spread | None
    refused: Spread | None
    cycles_per_s: float
    bytes_per_hold: float | None


@click.command()
@click.option(
    "--live",
    type=click.IntRange(0),
    multiple=True,
    default=(0, 1_000, 100_000),
    show_default=True,
    help="Live holds of the one host.",
)
@click.option("--claims", type=click.IntRange(2), default=3_000, show_default=True, help="Claims of each kind.")
@click.option("--at-once", type=click.IntRange(1), default=32, show_default=True, help="Clients for the throughput.")
def holds(live: tuple[int, ...], claims: int, at_once: int) -> None:
    """Time claims on an embedded Valkey, while the same host has more and more live holds.

    A claim should cost what overlaps it, whatever else exists: the figures of a column should stay as they are.
    """
    # Its own folder and servers: nothing of anybody's is touched.
    with (
        TemporaryDirectory(prefix="holdfast-bench-") as folder,
        EmbeddedServers.use(Path(folder), postgres=False, valkey=True) as servers,
    ):
        figures = uvloop.run(_measured(servers.urls.redis_url or "", sorted(set(live)), claims, at_once))
    click.echo(_report(figures, claims, at_once))


async def _measured(url: str, sizes: list[int], claims: int, at_once: int) -> list[Figures]:
    async with open_redis(url, deadline_s=_DEADLINE_S) as redis:
        store = RedisHolds(redis, deadline_s=_DEADLINE_S)
        empty = await _memory(redis)
        figures, filled = [], 0
        for size in sizes:
            await _fill(store, filled, size)
            filled = size
            bytes_used = await _memory(redis) - empty
            figures.append(
                Figures(
                    live=size,
                    won=await _timed(claims, lambda number: _won(store, _claim(f"won-{number}", -1 - number))),
                    refused=await _timed(claims if size else 0, _refusing(store, size)),
                    cycles_per_s=await _throughput(store, claims, at_once),
                    bytes_per_hold=bytes_used / size if size else None,
                )
            )
    return figures


async def _memory(redis: Client) -> int:
    return int((await redis.info("memory"))["used_memory"])


def _claim(name: str, place: int) -> Claim:
    """Return a claim; those of different places do not overlap."""
    start = _FIRST + place * _EVERY
    return Claim(
        id=name,
        reservation_uid=f"uid-{name}",
        event_type_id=1,
        host_ids=(_HOST,),
        start=start,
        end=start + _LENGTH,
        before_buffer=0,
        after_buffer=0,
    )


async def _fill(store: RedisHolds, first: int, after: int) -> None:
    until = int(time() * 1_000) + DAY
    for batch in range(first, after, _BATCH):
        places = range(batch, min(batch + _BATCH, after))
        await store.load([KeptReservation(claim=_claim(f"live-{place}", place), until=until) for place in places])


async def _timed(times: int, act: Callable[[int], Awaitable[int]]) -> Spread | None:
    """Return how long some acts took, each of which says itself; None of none."""
    if not times:
        return None
    taken = sorted([await act(number) for number in range(times)])
    return Spread(taken[times // 2] / 1_000, taken[times * 99 // 100] / 1_000)


async def _won(store: RedisHolds, claim: Claim) -> int:
    """Claim free time, and release it again; return the nanoseconds of the claim."""
    began = perf_counter_ns()
    outcome = await store.claim(claim, None)
    taken = perf_counter_ns() - began
    if not isinstance(outcome, Claimed):
        raise click.ClickException(f"free time was refused: {outcome}")
    await store.release(claim)
    return taken


def _refusing(store: RedisHolds, live: int) -> Callable[[int], Awaitable[int]]:
    async def refused(number: int) -> int:
        """Claim what is held; return the nanoseconds of the refusal."""
        claim = _claim(f"refused-{number}", number % live)
        began = perf_counter_ns()
        outcome = await store.claim(claim, None)
        taken = perf_counter_ns() - began
        if not isinstance(outcome, Held):
            raise click.ClickException(f"held time was not refused: {outcome}")
        return taken

    return refused


async def _throughput(store: RedisHolds, times: int, at_once: int) -> float:
    """Return how many a second are claimed, kept and ended by several clients in one process."""

    async def client(number: int) -> None:
        for turn in range(number, times, at_once):
            outcome = await store.claim(_claim(f"cycle-{turn}", -1 - turn), None)
            if not isinstance(outcome, Claimed) or not await store.keep(outcome.claim, outcome.at + MINUTE):
                raise click.ClickException(f"free time was refused: {outcome}")
            await store.end(outcome.claim.reservation_uid)

    began = perf_counter_ns()
    await asyncio.gather(*(client(number) for number in range(at_once)))
    return times * 1e9 / (perf_counter_ns() - began)


def _report(figures: list[Figures], claims: int, at_once: int) -> str:
    head = ["live holds", "won p50", "p99", "refused p50", "p99", "cycles/s", "bytes a hold", "won against first"]
    rows = [
        [
            f"{one.live:,}",
            *_cells(one.won),
            *_cells(one.refused),
            f"{one.cycles_per_s:,.0f}",
            "" if one.bytes_per_hold is None else f"{one.bytes_per_hold:,.0f}",
            _ratio(one, figures[0]),
        ]
        for one in figures
    ]
    return (
        f"Claims on one host, by its live holds: microseconds, {claims:,} of each kind one after the other.\n"
        f"A cycle claims, keeps and ends; {at_once} at once, from one process.\n\n{table(head, rows)}"
    )


def _cells(spread: Spread | None) -> list[str]:
    return ["", ""] if spread is None else [f"{spread.p50:,.0f}", f"{spread.p99:,.0f}"]


def _ratio(one: Figures, first: Figures) -> str:
    return f"x{one.won.p50 / first.won.p50:.2f} time" if one.won and first.won and one is not first else ""
