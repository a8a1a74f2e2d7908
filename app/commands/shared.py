"""What commands share: settings, errors told in a sentence, progress."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import click
from pydantic import ValidationError

from app.domain.errors import HoldfastError
from app.observing import logs
from app.services.errors import StoreUnavailableError
from app.settings import Settings
from app.storage.postgres.load import Progress


def examples(*lines: str) -> str:
    """Return what `--help` ends with: commands to type, of which the first words are left out here."""
    # \b: not to be wrapped.
    return "\n".join(["\b", "Examples:", *(f"  python -m app {line}" for line in lines)])


def read_settings(**chosen: Any) -> Settings:
    """Read the settings; options of the command line come before the environment.

    Raises
    ------
    click.ClickException
        If one is wrong. It names all that are, and not their values, which may hold passwords.
    """
    try:
        settings = Settings(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        lines = [f"{_variable(str(one['loc'][0]))}: {one['msg']}" for one in error.errors()]
        raise click.ClickException("a setting is wrong: " + "; ".join(lines)) from None
    logs.set_up(settings.log_level, settings.log_format)
    return settings


def _variable(name: str) -> str:
    """Return the environment variable of a setting; the two that everyone knows come with their own names."""
    return name if name.isupper() else f"HOLDFAST_{name.upper()}"


@contextmanager
def told() -> Iterator[None]:
    """Tell what went wrong in a sentence, not in a traceback."""
    try:
        yield
    except StoreUnavailableError as error:
        name = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}[error.store]
        raise click.ClickException(f"{error.store} does not answer: {error.__cause__!r}. Check {name}.") from None
    except (HoldfastError, OSError) as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def progress() -> Iterator[Progress | None]:
    """Show a bar for each part of a long load, to a person who watches."""
    if not sys.stderr.isatty():
        yield None
        return
    with ExitStack() as stack:
        bars = dict[str, Any]()  # click does not say in public of which type they are.

        def tell(name: str, done: int, total: int) -> None:
            if name not in bars:
                stack.close()  # The part before is done.
                bars[name] = stack.enter_context(click.progressbar(length=total, label=name, file=sys.stderr))
            bars[name].update(done - bars[name].pos)

        yield tell
