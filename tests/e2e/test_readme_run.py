"""What a reader of the README types is run, in order, against a service of its own, and does what is said there."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.service import environment, serving
from tests.test_readme import README, ROOT

ADDRESS = "http://127.0.0.1:8080"
NOT_RUN = {
    "docker compose": "needs Docker and its registry; tests/test_deployment.py compares the file with the service",
    "import-calcom --from": "needs a Cal.com's database; tests/storage imports from one",
    "pip install": "fetches packages; scripts/_install does the same for every run of the tests",
    "scripts/serve": "installs packages, then is the `serve --demo` that everything here runs against",
    "scripts/test": "is what runs this",
}
"""Commands that are left out, by what they contain, and why."""
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


def typed() -> list[str]:
    """Return what is typed, a block or a line after a prompt, in order."""
    found = re.finditer(r"^```sh\n(?P<block>.*?)^```$|^\$ (?P<line>[^\n]*)$", README, re.MULTILINE | re.DOTALL)
    return [one["block"] or one["line"] for one in found]


def left_out(text: str) -> bool:
    return any(part in text for part in NOT_RUN)


def filled_in(text: str, port: int) -> str:
    for variable, name in GIVEN.items():
        text = re.sub(rf"^{variable}=\S+$", f"{variable}=$(last {name})", text, flags=re.MULTILINE)
    return text.replace(ADDRESS, f"http://127.0.0.1:{port}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which commands find what they name."""
    for name in (".venv", "app", "config"):
        (tmp_path / name).symlink_to(ROOT / name)
    files = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    for name, text in files:
        (tmp_path / name).write_text(text)
    return tmp_path


def test_what_the_readme_says_to_type_works(folder: Path, unused_tcp_port: int) -> None:
    script = "\n".join([PRELUDE, *(filled_in(one, unused_tcp_port) for one in typed() if not left_out(one))])
    data_dir = folder / "data"
    with serving(data_dir, unused_tcp_port, "--demo"):
        done = subprocess.run(
            ["/bin/bash", "-c", script],
            cwd=folder,
            env=environment(data_dir),
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
    assert "Loaded: users 1, eventTypes 1, bookings 1." in done.stdout


@pytest.mark.parametrize("part", NOT_RUN)
def test_what_is_left_out_is_still_in_the_readme(part: str) -> None:
    assert any(part in one for one in typed())


@pytest.mark.parametrize("script", ["serve", "test", "_install"])
def test_scripts_that_are_not_run_here_can_be_read(script: str) -> None:
    subprocess.run(["/bin/bash", "-n", ROOT / "scripts" / script], timeout=10, check=True)
