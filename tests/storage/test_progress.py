"""What a person who watches a long load sees."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import click

from app.storage.embedded import EmbeddedUrls
from tests.e2e.service import environment


def test_a_person_who_watches_is_shown_a_bar_for_each_part(
    database_url: str, servers: EmbeddedUrls, tmp_path: Path
) -> None:
    """One that is done when the part is; whoever reads standard output has nothing of it."""
    file = tmp_path / "world.json"
    people = [
        {"id": number, "username": f"u{number}", "email": f"u{number}@example.com", "timeZone": "UTC"}
        for number in range(1, 4)
    ]
    file.write_text(
        json.dumps({"users": people, "eventTypes": [{"id": 1, "slug": "x", "ownerId": 1, "lengthInMinutes": 30}]})
    )
    stores = {"DATABASE_URL": database_url, "REDIS_URL": servers.redis_url or ""}
    screen, end = pty.openpty()
    command = [sys.executable, "-m", "app", "load", str(file)]
    with subprocess.Popen(
        command, env=environment(tmp_path, TERM="xterm", **stores), stdout=subprocess.PIPE, stderr=end
    ) as load:
        os.close(end)
        seen = _read(screen)
        told = load.communicate(timeout=60)[0].decode()
    assert load.returncode == 0, seen
    assert told == "Loaded: users 3, eventTypes 1.\n"
    bars = [line.split("\r")[-1] for line in click.unstyle(seen).splitlines()]
    assert [bar.split()[0] for bar in bars if "100%" in bar] == ["users", "eventTypes"]


def _read(screen: int) -> str:
    """Read what is shown until the other end is closed, which reads as an error here."""
    seen = b""
    try:
        while piece := os.read(screen, 65_536):
            seen += piece
    except OSError:
        pass
    os.close(screen)
    return seen.decode()
