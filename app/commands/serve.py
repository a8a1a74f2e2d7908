"""`serve` and `migrate`."""

from importlib.resources import as_file, files

import click
import uvloop

from app import serving
from app.application.stores import StoreUrls, prepare, reachable
from app.application.worlds import load
from app.commands.shared import examples, read_settings, told
from app.settings import Settings
from app.storage.postgres.load import DatabaseNotEmptyError
from app.storage.world_files.reading import read_world
from app.welcome import offering_demo, welcome

_DEMO = files("app.storage.world_files").joinpath("demo.yaml")


@click.command(epilog=examples("serve --demo", "serve --host 0.0.0.0 --port 9000 --workers 4"))
@click.option("--host", help="Address to listen on. [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on. [default: 8080]")
@click.option("--workers", type=int, help="Processes that serve. [default: 1]")
@click.option("--demo", is_flag=True, help="Load the demo world if the database is empty, and say what to try.")
def serve(host: str | None, port: int | None, workers: int | None, *, demo: bool) -> None:
    """Bring the schema up and serve the API. Ctrl-C or SIGTERM stops it."""
    settings = read_settings(host=host, port=port, workers=workers)
    with told(), reachable(settings) as urls:
        for revision in uvloop.run(prepare(settings, urls)):
            click.echo(f"Schema brought up to {revision}.", err=True)
        if demo:
            _load_demo(settings, urls)
            settings = uvloop.run(offering_demo(settings, urls))
        serving.serve(settings, urls, lambda: _say_listening(settings))


def _say_listening(settings: Settings) -> None:
    click.echo(f"Holdfast listens on http://{settings.address} (Ctrl-C stops it).", err=True)


def _load_demo(settings: Settings, urls: StoreUrls) -> None:
    with as_file(_DEMO) as path:
        world = read_world(path)
    try:
        uvloop.run(load(settings, urls, world, "empty"))
        click.echo("The database was empty: loaded the demo world.", err=True)
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
