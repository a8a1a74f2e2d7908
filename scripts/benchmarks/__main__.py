"""The benchmarks: `scripts/bench --help`."""

import click

from scripts.benchmarks.domain import domain
from scripts.benchmarks.holds import holds
from scripts.benchmarks.http.command import http
from scripts.benchmarks.memory import memory
from scripts.benchmarks.streams import streams


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Measure how fast Holdfast is on this machine, and how its time grows with what is asked.

    Figures are printed beside what the project aims at. A slow machine is no failure: a benchmark ends with an error
    only where something does not work. Leave the machine alone while one runs.

    Try `scripts/bench domain`, `scripts/bench holds`, `scripts/bench streams` and `scripts/bench http --quick`, then
    `scripts/bench domain --help` for other sizes.
    """


# Each benchmark is a command in a module of its own.
main.add_command(domain)
main.add_command(holds)
main.add_command(http)
main.add_command(memory)
main.add_command(streams)

if __name__ == "__main__":
    main(prog_name="scripts/bench")
