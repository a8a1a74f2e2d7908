"""The command: `scripts/bench http --help`."""

import signal
from dataclasses import replace
from pathlib import Path

import click
import orjson

from app.storage.embedded import EmbeddedServersError
from scripts.benchmarks.http.measuring import Options, measured
from scripts.benchmarks.http.picture import picture
from scripts.benchmarks.http.report import ROWS, reached, text
from scripts.races.servers import RaceError

_LOADS = (1, 2, 4, 8, 16, 32, 64, 128)
_FEW_LOADS = (1, 8, 64)


@click.command()
@click.option("--rounds", type=click.IntRange(1, 50), default=5, show_default=True, help="Turns of each measurement.")
@click.option("--seconds", type=click.IntRange(1, 60), default=3, show_default=True, help="Of each measurement.")
@click.option(
    "--connections", type=click.IntRange(1, 512), default=16, show_default=True, help="To each server at once."
)
@click.option("--quick", is_flag=True, help="Two rounds of a second each: under a minute.")
@click.option(
    "--picture",
    "picture_file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    default=Path("bench-http.svg"),
    show_default=True,
    help="Where to write the picture of latency by load.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the raw figures as JSON.")
def http(*, rounds: int, seconds: int, connections: int, quick: bool, picture_file: Path, as_json: bool) -> None:
    """Load the service, and beside it the floor: the least with which a server could answer.

    Starts PostgreSQL, Valkey, two pods and two floors on 127.0.0.1, and ends them. The load generator is wrk, which
    must be on the PATH. A pod and the floor take turns on one processor; the load generator and the stores have
    others, where there are any. Compare ratios, never requests a second of two runs.

    \b
    - listing: 31 days of one host. Also while a hold, or a booking, of that host is made or ended every 10 ms through
      the other pod; and at first sight, where each event type is asked for once.
    - reserve: each request another free slot, and another client. Also beside its round trips alone.
    - round robin: 28 days of a team of 100.
    - two pods: what both answer together, beside what the first one does alone; and what two floors are to one.

    Besides latencies it prints what a request asks of the stores and the pod's memory, and draws latency by load.
    It takes about four minutes. The exit status tells whether everything worked, not whether it was fast.
    """  # noqa: D301 - click wants the character itself
    # Whoever ends it, what it started ends too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = Options(rounds=rounds, seconds=seconds, connections=connections, strangers=6_000, loads=_LOADS)
    if quick:
        options = replace(options, rounds=2, seconds=1, strangers=1_000, loads=_FEW_LOADS)
    try:
        figures = measured(options)
    except (RaceError, EmbeddedServersError) as error:
        raise click.ClickException(str(error)) from None
    picture_file.write_text(picture(figures.by_load))
    if as_json:
        ratios = {row.name: reached(row, figures) for row in ROWS}
        found = {"options": options, "reached": ratios, "figures": figures}
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))
    else:
        click.echo(f"{text(figures, options)}\n\nLatency by load is drawn in {picture_file}.")
