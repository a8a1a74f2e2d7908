"""What the README and its pages name is there, as they give it, and every command in them is run by a test."""

import ast
import os
import re
import shlex
from contextlib import suppress
from itertools import takewhile
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

RUN_ELSEWHERE = {
    "app serve": "tests/e2e/test_serve.py::test_of_a_thousand_at_once_on_four_pods_one_wins",
    "app migrate": "tests/test_bench.py::test_memory_is_watched_while_event_types_are_listed",
    "app openapi": "tests/api/test_openapi.py::test_the_document_is_printed",
    "app import-calcom": "tests/storage/test_calcom_import.py::test_the_command_says_what_it_did",
    "app doctor": "tests/storage/test_checkup.py::test_what_is_well_is_called_so_and_what_is_lost_is_a_warning",
    "app holds list": "tests/storage/test_checkup.py::test_holds_are_listed_and_released",
    "app holds release": "tests/storage/test_checkup.py::test_holds_are_listed_and_released",
    "app keys list": "tests/e2e/test_serve.py::test_commands_beside_a_running_serve",
    "app keys revoke": "tests/e2e/test_serve.py::test_commands_beside_a_running_serve",
    "scripts/bench memory": "tests/test_bench.py::test_memory_is_watched_while_event_types_are_listed",
    "scripts/bench streams": "tests/test_bench.py::test_streams_are_opened_and_told_of_writes",
    "scripts/clients": "tests/e2e/test_readme_run.py::test_a_published_client_makes_its_journey",
    "python3": "tests/e2e/test_readme_run.py::test_it_is_installed_without_docker_and_with_servers_of_ones_own",
    "pip install": "tests/e2e/test_readme_run.py::test_it_is_installed_without_docker_and_with_servers_of_ones_own",
    # It is what runs this, and pip is what it runs.
    "scripts/test": "tests/e2e/test_readme_run.py::test_scripts_that_are_not_run_here_can_be_read",
    "pip check": "tests/e2e/test_readme_run.py::test_scripts_that_are_not_run_here_can_be_read",
    # Not in README: they need Docker, or other hosts. The files that they read are checked.
    "docker compose": "tests/test_deployment.py::test_compose_has_two_pods_behind_the_proxy_and_safe_holds",
    "pipx run": "tests/test_deployment.py::test_what_is_installed_is_what_is_pinned",
}
"""The tests that run commands which tests/e2e/test_readme_run.py does not, or check what these read."""
PROGRAMS = {"app", "apt-get", "curl", "docker", "haproxy", "kubectl", "npm", "npx", "pip", "pipx", "python", "python3"}
"""What begins a command in the middle of a sentence, besides our scripts and the names of our own commands."""
HEAD_OF_COMPOSE = (ROOT / "config" / "compose.yaml").read_text("utf-8").partition("\nname:")[0]
TEXTS = [
    README,
    re.sub(r"^# ?", "", HEAD_OF_COMPOSE, flags=re.MULTILINE),
    *(file.read_text("utf-8") for file in sorted((ROOT / "docs").glob("*.md"))),
]


def typed(text: str) -> list[str]:
    """Return what is typed, a block or a line after a prompt, in order."""
    found = re.finditer(
        r"^```sh\n(?P<block>.*?)^```$|^\$ (?P<line>[^\n]*)$|(?<=\n\n) {4}(?P<indented>\w[^\n]*)$",
        text,
        re.MULTILINE | re.DOTALL,
    )
    return [one["block"] or one["line"] or one["indented"] for one in found]


def words_of(line: str) -> list[str]:
    """Return the words of a command, those after `python -m app` following `app`; none of an assignment."""
    words = shlex.split(re.sub(r"^[A-Z]+=\$\((.*)\)$", r"\1", line), comments=True)
    while words and re.match(r"[A-Z_]+=", words[0]):
        del words[0]
    if words:
        words[0] = words[0].removeprefix(".venv/bin/")
    return words[2:] if words[:2] == ["python", "-m"] else words


def commands_in(one: str) -> list[list[str]]:
    """Return the commands of a block or line, but for requests."""
    return [words for line in one.splitlines() if (words := words_of(line)) and words[0] != "curl"]


def commands_in_prose(text: str) -> list[list[str]]:
    """Return what stands within a line and is a command; ours may be without `python -m app`."""
    spans = re.findall(r"`([^`]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    found = []
    for span in spans:
        with suppress(ValueError):  # one quotation mark, say
            words = words_of(span)
            if words and words[0] in commands_of(main):
                words.insert(0, "app")
            # `python -m app` alone only tells how they begin.
            if words and words != ["app"] and (words[0] in PROGRAMS or words[0].startswith("scripts/")):
                found.append(words)
    return found


def name_of(words: list[str]) -> str:
    """Return what a command is called by: without its options and what it is given."""
    if words[0] == "app":
        rest = command_of(words[1:])[1]
        return " ".join(words[: len(words) - len(rest)])
    return " ".join(takewhile(lambda word: not word.startswith("-"), words[:2]))


def is_run_elsewhere(one: str) -> bool:
    """Whether a block or line has a command that is not run where it stands."""
    return any(name_of(words) in RUN_ELSEWHERE for words in commands_in(one))


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


COMMANDS = [
    *(words for text in TEXTS for one in typed(text) for words in commands_in(one)),
    *(words for text in TEXTS for words in commands_in_prose(text)),
]


def test_every_command_is_run_by_a_test() -> None:
    where_they_stand = {
        name_of(words) for one in typed(README) if not is_run_elsewhere(one) for words in commands_in(one)
    }
    assert {name_of(words) for words in COMMANDS} - where_they_stand == set(RUN_ELSEWHERE)
    assert {"docker", "pipx"}.isdisjoint(words[0] for one in typed(README) for words in commands_in(one))


@pytest.mark.parametrize("test", sorted(set(RUN_ELSEWHERE.values())))
def test_a_test_that_runs_commands_is_there(test: str) -> None:
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("words", [words for words in COMMANDS if words[0] == "app"], ids=" ".join)
def test_a_command_is_there_with_its_options(words: list[str]) -> None:
    command, rest = command_of(words[1:])
    assert {word for word in rest if word.startswith("--")} <= options_of(command)


@pytest.mark.parametrize("words", [words for words in COMMANDS if "pod1" in words], ids=" ".join)
def test_what_compose_has_a_pod_do_is_a_command_with_its_options(words: list[str]) -> None:
    told = words_of(shlex.join(words[words.index("pod1") + 1 :]))
    # `run` puts it behind the image's own first words, `exec` does not.
    assert (told[0] == "app") == ("exec" in words)
    command, rest = command_of(told[told[0] == "app" :])
    assert {word for word in rest if word.startswith("--")} <= options_of(command)


@pytest.mark.parametrize("words", [words for words in COMMANDS if words[0].startswith("scripts/")], ids=" ".join)
def test_a_script_is_there(words: list[str]) -> None:
    assert os.access(ROOT / words[0], os.X_OK)


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
    for line in (line for one in typed(README) for line in one.splitlines()):
        if line.startswith("curl "):
            words = shlex.split(re.sub(r"\$([A-Z]+)", lambda found: assigned.get(found[1], "-"), line))
            method = words[words.index("-X") + 1] if "-X" in words else "GET"
            url = next(word for word in words if word.startswith("http://"))
            requests.append((method, url.split("/", 3)[3].split("?")[0]))
    return requests


def requests_in_prose() -> list[tuple[str, str]]:
    """Return method and path of each request that is named within a line, below /v2 unless it says so."""
    found = re.findall(r"`(GET|POST|PUT|PATCH|DELETE)\s/(?:v2/)?([^`?]+)", "\n".join(TEXTS))
    return [(method, f"v2/{path}") for method, path in found]


@pytest.mark.parametrize(("method", "path"), sorted({*requests_typed(), *requests_in_prose()}))
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
