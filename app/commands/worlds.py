"""`load` and `slots`: world files."""

import asyncio
import sys
from pathlib import Path
from typing import Any, BinaryIO

import click
import orjson
import uvloop

from app.application import worlds
from app.application.offline import answers
from app.application.stores import reachable
from app.commands.shared import examples, progress, read_settings, told
from app.domain.errors import HoldfastError
from app.storage.postgres.load import Mode
from app.storage.world_files.reading import read_world, world_of_line

_WORLD_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog=examples("load --merge dee.yaml"))
@click.argument("file", type=_WORLD_FILE)
@click.option("--replace", "mode", flag_value="replace", help="Empty the database first, live reservations too.")
@click.option("--merge", "mode", flag_value="merge", help="Add to what is there; an id that exists is an error.")
def load(file: Path, mode: Mode | None) -> None:
    """Fill the database from a world FILE, all or nothing.

    It is JSON, or YAML by its ending. Works while the service runs, which shows the change at once.
    """
    settings = read_settings()
    with told():
        world = read_world(file)
        with reachable(settings) as urls, progress() as tell:
            loaded = uvloop.run(worlds.load(settings, urls, world, mode or "empty", tell))
    click.echo(report(loaded))


def report(loaded: worlds.Loaded) -> str:
    """Say what was loaded, for people to read."""
    holds, overlapping_bookings = loaded.holds, loaded.report.overlapping_bookings
    counts = {**loaded.report.counts, "reservations": len(holds.live)}
    brought = [f"{name} {count}" for name, count in counts.items() if count]
    lines = [f"Loaded: {', '.join(brought) or 'nothing'}."]
    if overlapping_bookings:
        lines.append(
            f"Imported as they are, though they share a host's time with others: bookings {overlapping_bookings}."
        )
    if holds.overlapping:
        lines.append(
            "Imported as they are, though they share a host's time with others of this file: "
            f"reservations {holds.overlapping}."
        )
    if holds.past:
        lines.append(f"Left out, because their reservationUntil is past: reservations {holds.past}.")
    return "\n".join(lines)


@click.command(epilog=examples("slots dee.yaml", "slots - <worlds.jsonl >answers.jsonl"))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--explain", is_flag=True, help="Say why times are not on offer, as `GET /v2/slots/explain` would.")
def slots(file: str, *, explain: bool) -> None:
    """Answer the queries of a world FILE without any server.

    The answers are those that `GET /v2/slots` would give.

    With "-": read a world a line from standard input, and write its answers a line. With --explain a
    query may have an "at", the one start to explain.
    """
    if file == "-":
        sys.exit(_answer_lines(sys.stdin.buffer, sys.stdout.buffer, explain=explain))
    with told():
        found = uvloop.run(answers(read_world(Path(file)), explain=explain))
    click.echo(orjson.dumps({"answers": found}, option=orjson.OPT_INDENT_2))


def _answer_lines(lines: BinaryIO, out: BinaryIO, *, explain: bool) -> int:
    """Answer a world a line. A line that is no world is told in its place, and in the exit status."""
    status = 0
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in filter(bytes.strip, lines):
            try:
                answer: dict[str, Any] = {"answers": runner.run(answers(world_of_line(line), explain=explain))}
            except HoldfastError as error:
                answer, status = {"error": str(error)}, 1
            out.write(orjson.dumps(answer) + b"\n")
            out.flush()
    return status
