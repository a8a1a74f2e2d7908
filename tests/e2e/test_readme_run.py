"""What a reader of the README types is run, in order, and answers what is shown there.

Two of these tests install packages from their registries, as everything did that they run with.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.storage.embedded import EmbeddedUrls
from tests.e2e.service import environment, started
from tests.test_readme import README, ROOT, is_run_elsewhere, typed

ADDRESS = "http://127.0.0.1:8080"
SERVE = "scripts/serve"
"""What everything else is asked of."""
PRELUDE = """
set -euo pipefail
# Shows what an answer was, and writes its status down.
curl() {
    local longest_s=20
    # A stream goes on until the reader has seen enough.
    if [[ $1 == -N ]]; then longest_s=2; fi
    command curl --silent --show-error --max-time $longest_s --output answer --write-out '%{http_code}' "$@" >status ||
        [[ $? == 28 && $1 == -N ]]
    cat answer | tee -a answers
    echo "$(cat status) $*" >>asked
}
# The last value of a field in what was answered so far.
last() { grep --only-matching "\\"$1\\":\\"[^\\"]*" answers | tail -n 1 | cut -d '"' -f 4; }
"""
GIVEN = {"HOLD": "reservationUid", "BOOKING": "uid"}
"""Variables that a reader fills in from an answer, and its field."""
ANOTHER_EACH_TIME = {
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}": "uid",
    r"20(?!30-)\d\d-\d\d-\d\d(T[\d:.]+Z)?": "now",
    r"\b[0-9a-f]{32}\b": "tag",
    r"retry: \d{4}\b": "retry",
}


def filled_in(text: str, port: int) -> str:
    for variable, name in GIVEN.items():
        text = re.sub(rf"^{variable}=\S+$", f"{variable}=$(last {name})", text, flags=re.MULTILINE)
    return text.replace(ADDRESS, f"http://127.0.0.1:{port}")


def steady(text: str) -> str:
    """Return a text without what is another one each time."""
    for pattern, word in ANOTHER_EACH_TIME.items():
        text = re.sub(pattern, word, text)
    return text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which commands find what they name, installed as scripts/_install leaves it."""
    for path in ("app", "config", "pyproject.toml", *(f".venv/{name}" for name in ("bin", "lib", "pyvenv.cfg"))):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).symlink_to((ROOT / path).resolve())
    for name in ("serve", "_install"):
        (tmp_path / "scripts").mkdir(exist_ok=True)
        shutil.copy(ROOT / "scripts" / name, tmp_path / "scripts")
    stamp = "source scripts/_install && installation embedded >.venv/installed-embedded"
    subprocess.run(["/bin/bash", "-c", stamp], cwd=tmp_path.resolve(), timeout=10, check=True)
    for name, text in re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_what_the_readme_says_to_type_works(folder: Path, unused_tcp_port: int) -> None:
    rest = [one for one in typed(README) if one != SERVE and not is_run_elsewhere(one)]
    script = "\n".join([PRELUDE, *(filled_in(one, unused_tcp_port) for one in rest)])
    serve = [str(folder / SERVE), "--port", str(unused_tcp_port)]
    surrounding = environment(folder / "data")
    with (folder / "served").open("w") as told, started(serve, unused_tcp_port, surrounding, told):
        done = subprocess.run(
            ["/bin/bash", "-c", script],
            cwd=folder,
            env=surrounding,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    asked = (folder / "asked").read_text().splitlines()
    assert len(asked) == README.count("\ncurl ")
    # One is refused, as the README says: an hour with Ada while she is held.
    [refused] = [one for one in asked if not one.startswith("2")]
    assert refused.startswith("422 ")
    assert '{"eventTypeId": 4, "slotStart": "2030-03-04T10:20:00Z"}' in refused
    said = (folder / "served").read_text().splitlines()
    assert [one for one in shown_by(f"$ {SERVE}", unused_tcp_port) if one not in map(steady, said)] == []
    # Each is looked for behind the one before.
    answers = documents(steady(done.stdout))
    assert [one for one in shown_answers() if one not in answers] == []
    assert "Loaded: users 1, eventTypes 1, bookings 1." in done.stdout


def shown_by(prompt: str, port: int) -> list[str]:
    """Return the lines that are shown below a prompt, but for what is said of an installation."""
    _, _, below = README.partition(f"{prompt}\n")
    lines = filled_in(steady(below.partition("```")[0]), port).splitlines()
    return [line for line in lines if line != "..." and ".venv" not in line]


def shown_answers() -> list[Any]:
    """Return the answers that are shown, in order."""
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    texts = [steady(text) for language, text in blocks if language in ("json", "") and not text.startswith("$")]
    shown = [one for text in texts for one in documents(text)]
    assert len(shown) > 10
    return shown


def documents(text: str) -> Iterator[Any]:
    """Find the objects of JSON in a text, one after the other."""
    decoder, place = json.JSONDecoder(), text.find("{")
    while place >= 0:
        found, end = decoder.raw_decode(text, place)
        yield found
        place = text.find("{", end)


# Installations -------------------------------------------------------------------------------------------------------

INSTALLATION_S = 300.0
SPARING = {"PIP_NO_COMPILE": "1"}
"""Most of what is installed is imported once or never, and need not be compiled before."""


@pytest.mark.timeout(2 * INSTALLATION_S)
def test_it_is_installed_without_docker_and_with_servers_of_ones_own(
    tmp_path: Path, database_url: str, servers: EmbeddedUrls, unused_tcp_port: int
) -> None:
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("app", "config"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    [typed_there] = [one for one in typed(README) if one.startswith("python3 -m venv")]
    *install, serve = typed_there.splitlines()
    # The python3 that the tests have: another one may be too old.
    surrounding = environment(tmp_path, PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}", **SPARING)
    script = "\n".join(["set -euo pipefail", *install])
    command = ["/bin/bash", "-c", script]
    done = subprocess.run(
        command, cwd=tmp_path, env=surrounding, capture_output=True, text=True, timeout=INSTALLATION_S, check=False
    )
    assert done.returncode == 0, done.stderr
    # Whatever serves from elsewhere, as the image does, has all files too.
    [installed] = (tmp_path / ".venv" / "lib").glob("python3*/site-packages/app")
    assert files_below(installed) == files_below(ROOT / "app")
    for given, url in {"postgresql://...": database_url, "redis://...": servers.redis_url or ""}.items():
        assert given in serve
        serve = serve.replace(given, shlex.quote(url))
    command = ["/bin/bash", "-c", f"cd {shlex.quote(str(tmp_path))} && exec env {serve} --port {unused_tcp_port}"]
    with started(command, unused_tcp_port, surrounding) as running:
        status, answer = running.ask("GET", "/v2/slots?eventTypeId=1&start=2030-01-01&end=2030-01-02")
    assert (status, answer["error"]["code"]) == (404, "NotFoundException")


@pytest.fixture
async def database_url(servers: EmbeddedUrls) -> AsyncIterator[str]:
    """A database with nothing in it."""
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute("CREATE DATABASE installed")
    yield (servers.database_url or "").replace("/holdfast?", "/installed?")
    await connection.execute("DROP DATABASE installed WITH (FORCE)")
    await connection.close()


def files_below(folder: Path) -> set[str]:
    return {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


@pytest.mark.timeout(2 * INSTALLATION_S)
def test_a_published_client_makes_its_journey(folder: Path) -> None:
    """The one that needs nothing but Python; the others are installed in the same way, from npm or with more."""
    shutil.copy(ROOT / "scripts" / "clients", folder / "scripts")
    for name in ("journeys", "races"):
        (folder / "scripts" / name).symlink_to(ROOT / "scripts" / name)
    done = subprocess.run(
        [folder / "scripts" / "clients", "--client", "agno"],
        env=environment(folder / "data", **SPARING),
        capture_output=True,
        text=True,
        timeout=INSTALLATION_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 steps went well, 0 failed." in done.stdout


@pytest.mark.parametrize("script", ["test", "_install"])
def test_scripts_that_are_not_run_here_can_be_read(script: str) -> None:
    subprocess.run(["/bin/bash", "-n", ROOT / "scripts" / script], timeout=10, check=True)
