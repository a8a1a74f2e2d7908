"""The command: `scripts/clients --help`."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from scripts.journeys import report
from scripts.journeys.case import Case
from scripts.journeys.clients import CLIENTS
from scripts.journeys.errors import ClientError, JourneyError
from scripts.journeys.journey import Client, Outcome, make
from scripts.journeys.recorder import Recorder, recorder
from scripts.journeys.service import own_service

_FAILED, _NOT_MADE = 1, 2


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--client", "names", type=click.Choice(list(CLIENTS)), multiple=True, help="Only this one; may be repeated."
)
@click.option("--requests", "with_requests", is_flag=True, help="Show each request that a client sent, and its status.")
@click.option("--url", help="A service that runs, such as http://127.0.0.1:8080. [default: one of its own]")
@click.option("--key", help="With --url: an API key (cal_...) of whoever owns the event type.")
@click.option("--event-type", "event_type_id", type=int, help="With --url: the id of an event type of one length.")
@click.option("--minutes", type=int, default=30, show_default=True, help="With --url: the event type's length.")
@click.option("--username", help="With --url: the owner's.")
@click.option("--email", help="With --url: the owner's.")
@click.option("--oauth-client", "oauth_client_id", default="none", help="With --url: the id of an OAuth client.")
def main(
    *,
    names: tuple[str, ...],
    with_requests: bool,
    url: str | None,
    **known: str | int | None,
) -> None:
    """Let published clients of Cal.com's API v2 make whole journeys against this service.

    Installs each client from its registry, at an exact version, into .venv/clients, and asks it, through its own
    functions, tools or hooks, to list slots, reserve one, see it gone, book, reschedule, cancel and see it back, and to
    list event types, schedules, teams and the account, as far as it can. Their code is not changed. Those with
    https://api.cal.com written in it are led here by the environment: HTTPS_PROXY and a certificate authority
    that is made on the spot.

    By default it starts a service of its own, with embedded servers and a small world, and stops it at the end. With
    --url it books and cancels 7 to 9 days from today there.

    Wants Node 20 or later, npm and openssl on the PATH. All clients together take 1.3 GB on disk and, at
    the first run, a few minutes.

    Exit status: 0 if every step went well, 1 if one failed, 2 if the journeys could not be made.

    Try `scripts/clients --client agno --requests`.
    """
    try:
        with TemporaryDirectory(prefix="holdfast-journeys-") as logs, _case(url, known) as case:
            outcomes = [
                outcome
                for name in names or CLIENTS
                for outcome in _journey(CLIENTS[name], case, Path(logs) / name, with_requests=with_requests)
            ]
    except JourneyError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(_NOT_MADE)
    failed = sum(outcome.error is not None for outcome in outcomes)
    click.echo(report.summary(len(outcomes) - failed, failed))
    sys.exit(_FAILED if failed else 0)


@contextmanager
def _case(url: str | None, known: dict[str, str | int | None]) -> Iterator[Case]:
    """Yield what is run over: what the options name, or a service that is started for this."""
    if url is None:
        with own_service() as case:
            yield case
        return
    missing = [name for name, value in known.items() if value is None]
    if missing:
        raise JourneyError(f"--url needs all of the options that go with it; missing: {', '.join(missing)}")
    yield Case(
        url=url.rstrip("/"),
        key=str(known["key"]),
        event_type_id=int(known["event_type_id"] or 0),
        username=str(known["username"]),
        email=str(known["email"]),
        oauth_client_id=str(known["oauth_client_id"]),
        length=timedelta(minutes=int(known["minutes"] or 0)),
    )


def _journey(client: type[Client], case: Case, log: Path, *, with_requests: bool) -> Iterator[Outcome]:
    """Make one client's journey, and tell each step when it is done."""
    _say(report.heading(client))
    with ExitStack() as stack:
        passing: Recorder = stack.enter_context(recorder(case.url))
        try:
            ready = stack.enter_context(client.ready(case, passing, log))
        except ClientError as error:
            outcome = Outcome("start", str(error))
            _say(report.line(outcome, with_requests=with_requests))
            yield outcome
            return
        for outcome in make(ready, passing):
            _say(report.line(outcome, with_requests=with_requests))
            yield outcome
        _say(report.refused(passing.refused))


def _say(lines: Iterator[str]) -> None:
    for line in lines:
        click.echo(line)


if __name__ == "__main__":
    main(prog_name="scripts/clients")
