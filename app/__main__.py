"""The commands: `python -m app --help`."""

from importlib import import_module
from typing import Final

import click
from typing_extensions import override

from app.commands.shared import examples

_COMMANDS: Final = {
    "serve": "app.commands.serve:serve",
    "migrate": "app.commands.serve:migrate",
    "load": "app.commands.worlds:load",
    "slots": "app.commands.worlds:slots",
    "import-calcom": "app.commands.import_calcom:import_calcom",
    "keys": "app.commands.keys:keys",
    "openapi": "app.commands.openapi:openapi",
    "doctor": "app.commands.doctor:doctor",
    "holds": "app.commands.holds:holds",
}


class _Commands(click.Group):
    """Imports a command when it is asked for: each needs other parts and libraries, and all of them take a second."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _imported(_COMMANDS[cmd_name]) if cmd_name in _COMMANDS else None


def _imported(place: str) -> click.Command:
    module, _, name = place.partition(":")
    command: click.Command = getattr(import_module(module), name)
    return command


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=examples("serve --demo", "doctor", "holds list --help"),
)
def main() -> None:
    """Holdfast says when something can be booked and keeps a slot for somebody while they decide.

    Without DATABASE_URL and REDIS_URL it starts servers of its own and keeps their data in
    HOLDFAST_DATA_DIR (.data). Try `python -m app serve --demo`, then follow the lines it prints.
    """


if __name__ == "__main__":
    main()
