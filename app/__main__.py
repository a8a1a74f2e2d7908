"""The commands: `python -m app --help`."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click
import orjson
import uvloop

from app import application, serving
from app.api.app import document_text
from app.api.instants import utc_text
from app.application import Loaded, StoreUrls
from app.commands.doctor import doctor
from app.commands.holds import holds
from app.commands.shared import examples, progress, read_settings, told
from app.domain.errors import HoldfastError
from app.domain.time_ranges import DAY
from app.import_report import import_report
from app.settings import Settings
from app.storage.postgres.credentials import Credential, CredentialKind, PostgresCredentials
from app.storage.postgres.load import DatabaseNotEmptyError, Mode
from app.storage.world_files.reading import read_world, world_of_line
from app.welcome import welcome

Result = TypeVar("Result")

_DEMO = files("app.storage.world_files").joinpath("demo.yaml")
_DEMO_USERNAMES = ("ada", "ben")
_WORLD_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=examples("serve --demo", "doctor", "holds list --help"),
)
def main() -> None:
    """Holdfast says when something can be booked and keeps a slot for somebody while they decide.

    Without DATABASE_URL and REDIS_URL it starts servers of its own and keeps their data in
    HOLDFAST_DATA_DIR (.data). Try `python -m app serve --demo`, then follow the lines it prints.
    """


# Serving ---------------------------------------------------------------------------------------------------------


@main.command(epilog=examples("serve --demo", "serve --host 0.0.0.0 --port 9000 --workers 4"))
@click.option("--host", help="Address to listen on. [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on. [default: 8080]")
@click.option("--workers", type=int, help="Processes that serve. [default: 1]")
@click.option("--demo", is_flag=True, help="Load the demo world if the database is empty, and say what to try.")
def serve(host: str | None, port: int | None, workers: int | None, *, demo: bool) -> None:
    """Bring the schema up and serve the API until stopped with Ctrl-C or SIGTERM."""
    settings = read_settings(host=host, port=port, workers=workers)
    with told(), application.reachable(settings) as urls:
        for revision in uvloop.run(application.prepare(settings, urls)):
            click.echo(f"Schema brought up to {revision}.", err=True)
        if demo:
            _load_demo(settings, urls)
            settings = settings.model_copy(update={"page_usernames": settings.page_usernames or _DEMO_USERNAMES})
        serving.serve(settings, urls, lambda: _say_listening(settings))


def _say_listening(settings: Settings) -> None:
    click.echo(f"Holdfast listens on http://{settings.address} (Ctrl-C stops it).", err=True)


def _load_demo(settings: Settings, urls: StoreUrls) -> None:
    with as_file(_DEMO) as path:
        world = read_world(path)
    try:
        uvloop.run(application.load(settings, urls, world, "empty"))
        click.echo("The database was empty: loaded the demo world.", err=True)
    except DatabaseNotEmptyError:
        pass  # Somebody's data, or the demo world of an earlier start.
    click.echo(uvloop.run(welcome(settings, urls)))


@main.command(epilog=examples("migrate"))
def migrate() -> None:
    """Bring the database's schema up to this version; `serve` and `load` do it too."""
    settings = read_settings()
    with told(), application.reachable(settings) as urls:
        applied = uvloop.run(application.prepare(settings, urls))
    click.echo(f"Applied {', '.join(applied)}." if applied else "The schema is up to date.")


# World files -----------------------------------------------------------------------------------------------------


@main.command(epilog=examples("load --merge dee.yaml"))
@click.argument("file", type=_WORLD_FILE)
@click.option("--replace", "mode", flag_value="replace", help="Empty the database first, live reservations too.")
@click.option("--merge", "mode", flag_value="merge", help="Add to what is there; an id that exists is an error.")
def load(file: Path, mode: Mode | None) -> None:
    """Fill the database from a world FILE, all or nothing: JSON, or YAML by its ending.

    Works while the service runs, which shows the change at once.
    """
    settings = read_settings()
    with told():
        world = read_world(file)
        with application.reachable(settings) as urls, progress() as tell:
            loaded = uvloop.run(application.load(settings, urls, world, mode or "empty", tell))
    click.echo(_report(loaded))


def _report(loaded: Loaded) -> str:
    counts = {**loaded.report.counts, "reservations": len(loaded.holds.live)}
    brought = [f"{name} {count}" for name, count in counts.items() if count]
    overlapping = {"bookings": loaded.report.overlapping_bookings, "reservations": loaded.holds.overlapping}
    lines = [f"Loaded: {', '.join(brought) or 'nothing'}."]
    lines += [
        f"Marked as imported, because they share a host's time with others: {name} {count}."
        for name, count in overlapping.items()
        if count
    ]
    if loaded.holds.past:
        lines.append(f"Left out, because their reservationUntil is past: reservations {loaded.holds.past}.")
    return "\n".join(lines)


@main.command(epilog=examples("slots dee.yaml", "slots - <worlds.jsonl >answers.jsonl"))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--explain", is_flag=True, help="Say why times are not on offer, as `GET /v2/slots/explain` would.")
def slots(file: str, *, explain: bool) -> None:
    """Answer the queries of a world FILE without any server, as `GET /v2/slots` would.

    With "-": read a world a line from standard input, and write its answers a line. With --explain a
    query may have an "at", the one start to explain.
    """
    if file == "-":
        sys.exit(_answer_lines(sys.stdin.buffer, sys.stdout.buffer, explain=explain))
    with told():
        found = uvloop.run(application.answers(read_world(Path(file)), explain=explain))
    click.echo(orjson.dumps({"answers": found}, option=orjson.OPT_INDENT_2))


def _answer_lines(lines: BinaryIO, out: BinaryIO, *, explain: bool) -> int:
    """Answer a world a line. A line that is no world is told in its place, and in the exit status."""
    status = 0
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in filter(bytes.strip, lines):
            try:
                answer: dict[str, Any] = {
                    "answers": runner.run(application.answers(world_of_line(line), explain=explain))
                }
            except HoldfastError as error:
                answer, status = {"error": str(error)}, 1
            out.write(orjson.dumps(answer) + b"\n")
            out.flush()
    return status


# Cal.com ---------------------------------------------------------------------------------------------------------


@main.command("import-calcom", epilog=examples("import-calcom --from postgresql://localhost/calendso"))
@click.option(
    "--from",
    "source_url",
    required=True,
    envvar="CALCOM_DATABASE_URL",
    show_envvar=True,
    help="URL of Cal.com's PostgreSQL, as its DATABASE_URL. In the environment others cannot see it.",
)
def import_calcom(source_url: str) -> None:
    """Bring in the data of a self-hosted Cal.com: people, schedules, teams, event types, bookings, API keys.

    Its database is only read, as it stands at one moment. All or nothing: what makes no sense there is left out and
    named at the end, with what has no counterpart here. Ids, uids and keys stay as they are; bookings and
    memberships have new numbers. Slots can be listed and reserved meanwhile, but nothing can be booked.

    Run it again to follow Cal.com. Afterwards, what came from there is as it is there: changes made here to it are
    undone, and what is gone there, or can no longer be taken, is deleted here with what hangs on it. People who
    have bookings that were made here stay. What was made here otherwise is left alone; where it has an id, uid or
    name that Cal.com uses, nothing is imported. So import into an empty database, and make nothing by hand before
    the last import but bookings.
    """
    settings = read_settings()
    with told(), application.reachable(settings) as urls, progress() as tell:
        imported = uvloop.run(application.import_from_calcom(settings, urls, source_url, tell))
    click.echo("\n".join(import_report(imported)))


# Keys ------------------------------------------------------------------------------------------------------------


@main.group(epilog=examples("keys create 1 --days 30", "keys list", "keys revoke 1"))
def keys() -> None:
    """Make, list and revoke API keys and access tokens."""


@keys.command(epilog=examples("keys create 1", "keys create 1 --days 30 --access-token"))
@click.argument("user_id", type=int)
@click.option("--days", type=click.IntRange(1, 36_500), help="How long it is good for. [default: for ever]")
@click.option("--access-token", is_flag=True, help="Make an access token, not an API key (cal_...).")
def create(user_id: int, days: int | None, *, access_token: bool) -> None:
    """Make a key for a user, by id. It is shown once, here, and kept only as a hash."""
    kind = CredentialKind.ACCESS_TOKEN if access_token else CredentialKind.API_KEY
    expires_at = None if days is None else application.now() + days * DAY
    key_id, token = _with_credentials(lambda credentials: credentials.create(user_id, kind, expires_at))
    click.echo(token)
    click.echo(f"This is key {key_id}. It is not shown again; `keys revoke {key_id}` ends it.", err=True)


@keys.command("list", epilog=examples("keys list --user 1"))
@click.option("--user", "user_id", type=int, help="Only this user's, by id.")
def list_keys(user_id: int | None) -> None:
    """List keys: id, user, kind, first characters, and how they stand."""
    for key in _with_credentials(lambda credentials: credentials.list_all(user_id)):
        click.echo(f"{key.id}\tuser {key.user_id}\t{key.kind.value}\t{key.hint}...\t{_standing(key)}")


def _standing(key: Credential) -> str:
    if key.revoked_at is not None:
        return f"revoked {utc_text(key.revoked_at)}"
    if key.expires_at is None:
        return "good for ever"
    return f"{'expired' if key.expires_at <= application.now() else 'good until'} {utc_text(key.expires_at)}"


@keys.command(epilog=examples("keys revoke 1"))
@click.argument("key_id", type=int)
def revoke(key_id: int) -> None:
    """End a key, at once and for good."""
    if not _with_credentials(lambda credentials: credentials.revoke(key_id)):
        raise click.ClickException(f"there is no key {key_id} that is still good; `keys list` shows those there are")
    click.echo(f"Key {key_id} is revoked.")


def _with_credentials(use: Callable[[PostgresCredentials], Awaitable[Result]]) -> Result:
    settings = read_settings()
    with told(), application.reachable(settings) as urls:
        return uvloop.run(application.with_credentials(settings, urls, use))


# Description -----------------------------------------------------------------------------------------------------


@main.command(epilog=examples("openapi >openapi.json"))
def openapi() -> None:
    """Print the API's description, as `GET /v2/openapi.json` gives it, without any server."""
    click.echo(document_text())


main.add_command(doctor)
main.add_command(holds)


if __name__ == "__main__":
    main()
