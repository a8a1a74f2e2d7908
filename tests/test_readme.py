"""What the README and the example of settings name is there, and bears the names and defaults they give."""

import re
import shlex
from pathlib import Path

import click
import pytest
from aiohttp import web
from pydantic import AliasChoices, AliasPath

from app.__main__ import main
from app.api.routes import add_routes
from app.settings import Settings
from tests.commands import commands_of

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
EXAMPLE = (ROOT / "config" / "holdfast.env.example").read_text("utf-8")


# Settings ----------------------------------------------------------------------------------------------------------


def variable(field: str) -> str:
    alias = Settings.model_fields[field].validation_alias
    assert not isinstance(alias, AliasPath | AliasChoices)
    return alias or f"{Settings.model_config['env_prefix']}{field.upper()}"


def default(field: str) -> str:
    value = Settings.model_fields[field].default
    if value in (None, ()):
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


SETTINGS = {variable(field): default(field) for field in Settings.model_fields}


def rows_below(heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without its head."""
    _, _, text = README.partition(f"\n## {heading}\n")
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert table, f"no table below {heading}"
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[0].splitlines()[2:]]


def test_the_readme_names_each_setting_with_its_default() -> None:
    assert {row[0].strip("`"): row[1].strip("`") for row in rows_below("Settings")} == SETTINGS


def test_the_example_names_each_setting_with_its_default() -> None:
    lines = re.findall(r"^#(\w+)=(.*)$", EXAMPLE, re.MULTILINE)
    # In place of none the example shows what one looks like.
    assert {name: "none" if SETTINGS[name] == "none" else value for name, value in lines} == SETTINGS


# Pictures ----------------------------------------------------------------------------------------------------------


def test_the_readme_shows_every_picture_and_none_is_large() -> None:
    pictures = {f"docs/images/{picture.name}": picture for picture in (ROOT / "docs" / "images").iterdir()}
    assert set(re.findall(r"docs/images/[\w.-]+", README)) == set(pictures)
    assert all(picture.stat().st_size < 150_000 for picture in pictures.values())


# Commands ----------------------------------------------------------------------------------------------------------


def shell_lines() -> list[str]:
    """Return the lines that a reader types."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    prompts = re.findall(r"^\$ (.*)$", README, re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()] + prompts


def words_typed() -> list[list[str]]:
    """Return the words after `python -m app` in what a reader types, then those of the table of commands."""
    typed = [line.partition("-m app ")[2].rstrip(")") for line in shell_lines() if "-m app " in line]
    return [shlex.split(line) for line in (*typed, *(row[0].strip("`") for row in rows_below("Commands")))]


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """Return the command that words lead to, and the words left over."""
    command: click.Command = main
    while isinstance(command, click.Group):
        assert words, f"{command.name} needs a command"
        name, *words = words
        below = commands_of(command)
        assert name in below, f"there is no command {name}"
        command = below[name]
    return command, words


def options_of(command: click.Command) -> set[str]:
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    return {"--help"} | {name for option in options for name in option.opts}


def leaves(group: click.Group, *above: str) -> set[str]:
    """Return the names of all commands, sub-commands with their groups."""
    names: set[str] = set()
    for name, command in commands_of(group).items():
        names |= leaves(command, *above, name) if isinstance(command, click.Group) else {" ".join((*above, name))}
    return names


@pytest.mark.parametrize("words", words_typed(), ids=" ".join)
def test_a_command_in_the_readme_is_there_with_its_options(words: list[str]) -> None:
    command, rest = command_of(words)
    assert {word for word in rest if word.startswith("--")} <= options_of(command)


def test_the_readme_names_each_command_and_its_options() -> None:
    named = set()
    for usage, does in rows_below("Commands"):
        words = [word for word in usage.strip("`").split() if word.islower()]
        named.add(" ".join(words))
        assert set(re.findall(r"`(--[a-z-]+)`", does)) == options_of(command_of(words)[0]) - {"--help"}
    assert named == leaves(main)


# Requests ----------------------------------------------------------------------------------------------------------


def requests_typed() -> list[tuple[str, str]]:
    """Return method and path of each curl line, its variables filled in."""
    assigned = dict(re.findall(r"^([A-Z]+)=(\S+)$", README, re.MULTILINE))
    requests = []
    for line in shell_lines():
        if line.startswith("curl "):
            words = shlex.split(re.sub(r"\$([A-Z]+)", lambda found: assigned.get(found[1], "-"), line))
            method = words[words.index("-X") + 1] if "-X" in words else "GET"
            url = next(word for word in words if word.startswith("http://"))
            requests.append((method, url.split("/", 3)[3].split("?")[0]))
    return requests


@pytest.mark.parametrize(("method", "path"), sorted(set(requests_typed())))
def test_a_request_in_the_readme_has_a_route(method: str, path: str) -> None:
    app = web.Application()
    add_routes(app)
    assert any(
        route.method == method and route.resource and re.fullmatch(route_pattern(route.resource.canonical), f"/{path}")
        for route in app.router.routes()
    )


def route_pattern(canonical: str) -> str:
    return re.sub(r"\{\w+\}", "[^/]+", canonical)


def test_the_tour_reaches_every_kind_of_request() -> None:
    assert {method for method, _ in requests_typed()} == {"GET", "POST", "PATCH", "DELETE"}
