"""`scripts/bench memory`: what a pod takes while very many event types are asked for, beside what it may take."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import click
import psutil
import uvloop
from aiohttp import ClientSession, TCPConnector

from app.storage.embedded import EmbeddedServers
from scripts.benchmarks.table import table
from scripts.races.servers import Pod, Pods, free_ports

_ROOT = Path(__file__).parents[2]
_TYPES_OF_A_PERSON = 10
_DAYS = 31
_AT_ONCE = 16
_ROWS = 10
"""Lines of the table."""
_TRIES = 10
_MB = 1024 * 1024

_PEOPLE = """
INSERT INTO users (id, username, email, time_zone)
SELECT n, 'person-' || n, n || '@example.org', 'Europe/Rome' FROM generate_series(1, $1::int) AS n
"""
_EVENT_TYPES = """
INSERT INTO event_types (id, slug, owner_id, length_minutes)
SELECT n, 'type-' || n, 1 + n % $1::int, 60 FROM generate_series(1, $2::int) AS n
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a pod takes after so many questions."""

    asked: int
    rss: int
    """Bytes."""


@click.command()
@click.option("--event-types", type=click.IntRange(1), default=1_000_000, show_default=True, help="In the database.")
@click.option("--asked", type=click.IntRange(1), default=50_000, show_default=True, help="Different ones asked for.")
@click.option(
    "--remembered", type=click.IntRange(0), default=100_000, show_default=True, help="HOLDFAST_REMEMBERED_ITEMS."
)
@click.option(
    "--limit", type=click.IntRange(1), default=300, show_default=True, help="Megabytes that the pod may take."
)
def memory(event_types: int, asked: int, remembered: int, limit: int) -> None:
    """Fill a database with event types, list the slots of many, each once, and watch the pod's resident memory.

    Ends with status 1 if the pod ever takes more than the limit.
    """
    with _pod(event_types, remembered) as (pid, url):
        click.echo(f"{event_types:,} event types, {asked:,} of them listed for {_DAYS} days each.\n", err=True)
        seen = uvloop.run(_watch(pid, url, event_types, min(asked, event_types)))
    rows = [[f"{one.asked:,}", f"{one.rss / _MB:.0f} MB", f"{limit} MB"] for one in seen]
    click.echo(table(["asked", "resident", "limit"], rows))
    if max(one.rss for one in seen) > limit * _MB:
        raise click.ClickException("the pod takes more than the limit")


@contextmanager
def _pod(event_types: int, remembered: int) -> Iterator[tuple[int, str]]:
    """Run a pod on stores of its own, as many event types in them; its process id and URL."""
    with TemporaryDirectory(prefix="holdfast-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o711)  # As root, the stores run as somebody else.
        embedded = stack.enter_context(EmbeddedServers.use(folder / "data", postgres=True, valkey=True))
        database_url = embedded.urls.database_url or ""
        own = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}
        environment = {
            **own,
            "DATABASE_URL": database_url,
            "REDIS_URL": embedded.urls.redis_url or "",
            "HOLDFAST_REMEMBERED_ITEMS": str(remembered),
            "HOLDFAST_LOG_LEVEL": "warning",
        }
        migrated = [sys.executable, "-m", "app", "migrate"]
        subprocess.run(migrated, cwd=_ROOT, env=environment, check=True, capture_output=True)  # noqa: S603 - our own command
        asyncio.run(_fill(database_url, event_types))
        pods = Pods(folder)
        stack.callback(pods.end)
        [port] = free_ports(1)
        served = [sys.executable, "-m", "app", "serve", "--port", str(port)]
        pod = Pod(served, port, folder / "pod.log", environment)
        pods.all.append(pod)
        pod.start()
        pods.wait_until_ready()
        yield pod.pid, pod.url


async def _fill(database_url: str, event_types: int) -> None:
    people = 1 + event_types // _TYPES_OF_A_PERSON
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction():
            await connection.execute(_PEOPLE, people)
            await connection.execute(_EVENT_TYPES, people, event_types)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def _watch(pid: int, url: str, event_types: int, asked: int) -> list[Seen]:
    """Ask for event types spread over all there are, each once."""
    process = psutil.Process(pid)
    numbers = range(1, 1 + event_types, event_types // asked)[:asked]
    between = max(1, asked // _ROWS)
    seen = [Seen(0, process.memory_info().rss)]
    async with ClientSession(url, connector=TCPConnector(limit=_AT_ONCE)) as client:
        for first in range(0, asked, between):
            async with asyncio.TaskGroup() as asking:
                for number in numbers[first : first + between]:
                    asking.create_task(_list_slots(client, number))
            seen.append(Seen(min(asked, first + between), process.memory_info().rss))
    return seen


async def _list_slots(client: ClientSession, event_type_id: int) -> None:
    start = datetime.now(UTC).date() + timedelta(days=1)
    days = {"start": str(start), "end": str(start + timedelta(days=_DAYS - 1))}
    query = {"eventTypeId": str(event_type_id), **days}
    status, text = 0, ""
    for _ in range(_TRIES):
        async with client.get("/v2/slots", params=query, headers={"cal-api-version": "2024-09-04"}) as answer:
            status, text = answer.status, await answer.text()
        if status == HTTPStatus.OK and '"start"' in text:
            return
        # A machine with other work may be too slow for a moment.
        await asyncio.sleep(1)
    raise click.ClickException(f"event type {event_type_id}: {status} {text[:200]}")
