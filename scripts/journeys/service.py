"""A service of its own for the journeys, with embedded servers and a small world, in a folder that goes away."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scripts.journeys.case import Case
from scripts.journeys.errors import JourneyError
from scripts.races.servers import free_ports

_ROOT = Path(__file__).parents[2]
_READY_S = 120.0
_END_S = 60.0
_KEY = "cal_journeys_of_ada"
_OAUTH_CLIENT_ID = "journeys"
_LENGTH = 30
"""Minutes."""


@contextmanager
def own_service() -> Iterator[Case]:
    """Serve until the end of the context."""
    with TemporaryDirectory(prefix="holdfast-clients-") as folder, _serving(Path(folder)) as url:
        yield Case(
            url=url,
            key=_KEY,
            event_type_id=1,
            username="ada",
            email="ada@example.com",
            oauth_client_id=_OAUTH_CLIENT_ID,
            length=timedelta(minutes=_LENGTH),
        )


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    log, [port] = folder / "serve.log", free_ports(1)
    environment = _environment(folder / "data")
    with log.open("wb") as out:
        command = [sys.executable, "-m", "app", "serve", "--port", str(port)]
        serve = subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=out, stderr=out)  # noqa: S603 - our own command
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url, serve, log)
        _load(folder / "world.json", environment)
        yield url
    finally:
        serve.terminate()
        serve.wait(_END_S)


def _environment(data: Path) -> dict[str, str]:
    """Return what tells it where its servers keep their data; whatever else is set here is not for it."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}
    for url in ("DATABASE_URL", "REDIS_URL"):
        inherited.pop(url, None)
    return {**inherited, "HOLDFAST_DATA_DIR": str(data), "HOLDFAST_LOG_LEVEL": "warning"}


def _wait_until_ready(url: str, serve: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _READY_S
    while not _is_ready(url):
        if serve.poll() is not None or time.monotonic() > deadline:
            raise JourneyError(f"the service does not start: {log.read_text()}")
        time.sleep(0.1)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=5) as answer:  # noqa: S310 - our own service
            return bool(answer.status == 200)
    except OSError:
        return False


def _load(file: Path, environment: dict[str, str]) -> None:
    file.write_text(json.dumps(_world()))
    command = [sys.executable, "-m", "app", "load", str(file)]
    loaded = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if loaded.returncode:
        raise JourneyError(f"the world cannot be loaded: {loaded.stderr}")


def _world() -> dict[str, Any]:
    week = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    hours = {"days": week, "startTime": "09:00", "endTime": "17:00"}
    return {
        "users": [{"id": 1, "username": "ada", "name": "Ada", "email": "ada@example.com", "timeZone": "UTC"}],
        "schedules": [{"id": 11, "ownerId": 1, "timeZone": "UTC", "isDefault": True, "availability": [hours]}],
        "teams": [{"id": 50, "slug": "crew", "name": "Crew"}],
        "memberships": [{"userId": 1, "teamId": 50, "role": "OWNER"}],
        "eventTypes": [{"id": 1, "slug": "intro", "title": "Introduction", "ownerId": 1, "lengthInMinutes": _LENGTH}],
        "apiKeys": [{"token": _KEY, "userId": 1}],
        "oauthClients": [{"id": _OAUTH_CLIENT_ID, "secret": "journeys-secret", "ownerId": 1}],
    }
