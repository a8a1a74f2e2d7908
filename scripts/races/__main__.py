"""The command: `scripts/race --help`."""

import secrets
import signal
import sys

import click
import orjson

from app.storage.embedded import EmbeddedServersError
from scripts.races import report
from scripts.races.race import Options, run
from scripts.races.servers import RaceError

_VIOLATED, _SAYS_NOTHING = 1, 2


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--seconds", type=click.FloatRange(1), default=60.0, show_default=True, help="How long to attack.")
@click.option("--attempts", type=click.IntRange(1), help="Stop when there were so many. [default: when time is up]")
@click.option("--pods", type=click.IntRange(1, 20), default=4, show_default=True, help="Processes that serve.")
@click.option("--clients", type=click.IntRange(1, 2_000), default=64, show_default=True, help="Clients at once.")
@click.option(
    "--kill-every", type=click.FloatRange(0), default=5.0, show_default=True, help="Seconds between faults; 0: none."
)
@click.option(
    "--watch",
    "watched",
    type=click.IntRange(0),
    default=50,
    show_default=True,
    help="Holds to watch until they end. That takes up to a minute more; 0: none.",
)
@click.option("--seed", help="What clients and faults are drawn by; timing differs all the same. [default: drawn]")
@click.option(
    "--claim",
    type=click.Choice(["atomic", "check-then-set"]),
    default="atomic",
    show_default=True,
    help="How pods claim; check-then-set is broken on purpose, and must be found out.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def main(  # noqa: PLR0913 - an option each
    *,
    seconds: float,
    attempts: int | None,
    pods: int,
    clients: int,
    kill_every: float,
    watched: int,
    seed: str | None,
    claim: str,
    as_json: bool,
) -> None:
    """Attack the promise that nobody else gets a held slot.

    Starts PostgreSQL, Valkey and pods of its own on 127.0.0.1. Many clients reserve, move, release and look at slots of
    the same few hosts, whose event types overlap in every way: buffers, teams, round robin, seats, limits. They book
    them, or others straight away, and move, confirm, reassign and cancel bookings. Meanwhile pods and stores are killed
    and paused. The clients write down what they were told; afterwards that is checked by rules of its own:

    \b
    - No two holds or bookings that were certain at the same time take the same time of a host, buffers included; no
      more of a round-robin team than it has hosts, of a start than it has seats, of a day than its limit.
    - A hold is there until `reservationUntil`, and gone a second later.
    - A booking is there, with its hosts, until it is cancelled or moved, whatever was killed meanwhile.

    A hold is certain from when its acknowledgement arrived until its time is up, its release, move or booking is sent
    or Valkey is killed; a booking until its cancellation or move is sent. What was not answered, or with 5xx, is
    uncertain and not counted on.

    Exit status: 0 if nothing was violated, 1 if something was, 2 if too little was checked to mean anything or the race
    could not be run. Ctrl-C or SIGTERM ends a race early and checks what there is; once more gives up.

    Try `scripts/race --seconds 20 --watch 0`, then `--claim check-then-set` to see it find something. A million
    attempts take an hour or so: `scripts/race --seconds 7200 --attempts 1000000`.
    """  # noqa: D301 - click wants the character itself
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = Options(
        seconds=seconds,
        pods=pods,
        clients=clients,
        kill_every=kill_every,
        attempts=attempts,
        watched=watched,
        seed=seed or secrets.token_hex(4),
        claim=claim,
    )
    try:
        outcome = run(options)
    except (RaceError, EmbeddedServersError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(_SAYS_NOTHING)
    except KeyboardInterrupt:
        click.echo("Given up.", err=True)
        sys.exit(_SAYS_NOTHING)
    if as_json:
        click.echo(orjson.dumps({"seed": options.seed, **report.figures(outcome)}, option=orjson.OPT_INDENT_2))
    else:
        click.echo(f"Seed {options.seed}, {pods} pods, {clients} clients, claims {claim}\n\n{report.text(outcome)}")
    if outcome.verdict.violations:
        sys.exit(_VIOLATED)
    sys.exit(_SAYS_NOTHING if report.is_too_little(outcome) else 0)


if __name__ == "__main__":
    main(prog_name="scripts/race")
