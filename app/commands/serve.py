"""`serve` and `migrate`."""

import logging
from importlib.resources import as_file, files

import click
import uvloop

from app import serving
from app.application.stores import StoreUrls, prepare, reachable
from app.application.web import tracing_class
from app.application.worlds import load
from app.commands.shared import examples, read_settings, told
from app.settings import Settings
from app.storage.postgres.load import DatabaseNotEmptyError
from app.storage.world_files.reading import read_world
from app.welcome import offering_demo, welcome

_logger = logging.getLogger(__name__)

_DEMO = files("app.storage.world_files").joinpath("demo.yaml")


@click.command(epilog=examples("serve --demo", "serve --host 0.0.0.0 --port 9000 --workers 4"))
@click.option("--host", help="Address to listen on. [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on. [default: 8080]")
@click.option("--workers", type=int, help="Processes that serve. [default: 1]")
@click.option("--demo", is_flag=True, help="Load the demo world if the database is empty, and say what to try.")
def serve(host: str | None, port: int | None, workers: int | None, *, demo: bool) -> None:
    """Bring the schema up and serve the API. Ctrl-C or SIGTERM stops it."""
    settings = read_settings(host=host, port=port, workers=workers)
    with told():
        if settings.otel_exporter_otlp_endpoint is not None:
            # Before anything starts: here it can be told in a sentence, in a worker it could not.
            tracing_class()
        with reachable(settings) as urls:
            _serve(settings, urls, demo=demo)


def _serve(settings: Settings, urls: StoreUrls, *, demo: bool) -> None:
    for revision in uvloop.run(prepare(settings, urls)):
        _say(settings, f"Schema brought up to {revision}.")
    if demo:
        _load_demo(settings, urls)
        settings = uvloop.run(offering_demo(settings, urls))
    listening = f"Holdfast listens on http://{settings.address} (Ctrl-C stops it)."
    serving.serve(settings, urls, lambda: _say(settings, listening))


def _say(settings: Settings, line: str) -> None:
    """Say it to a person, or log it where machines read."""
    if settings.log_format == "json":
        _logger.info(line)
    else:
        click.echo(line, err=True)


def _load_demo(settings: Settings, urls: StoreUrls) -> None:
    with as_file(_DEMO) as path:
        world = read_world(path)
    try:
        uvloop.run(load(settings, urls, world, "empty"))
        _say(settings, "The database was empty: loaded the demo world.")
    except DatabaseNotEmptyError:
        pass  # Somebody's data, or the demo world of an earlier start.
    click.echo(uvloop.run(welcome(settings, urls)))


@click.command(epilog=examples("migrate"))
def migrate() -> None:
    """Bring the database's schema up. `serve` and `load` do it too."""
    settings = read_settings()
    with told(), reachable(settings) as urls:
        applied = uvloop.run(prepare(settings, urls))
    click.echo(f"Applied {', '.join(applied)}." if applied else "The schema is up to date.")
