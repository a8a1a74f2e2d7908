"""The commands as people run them: processes of their own, on servers of their own."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_S = 40.0
STOP_S = 20.0


@dataclass
class Running:
    """A `serve` that answers."""

    process: subprocess.Popen[bytes]
    port: int

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def end(self, sign: signal.Signals) -> int:
        self.process.send_signal(sign)
        return self.process.wait(STOP_S)


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    unset = {"DATABASE_URL", "REDIS_URL"}
    own = {name: value for name, value in os.environ.items() if name not in unset}
    return {**own, "HOLDFAST_DATA_DIR": str(data_dir), **more}


def run(data_dir: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *command],
        env=environment(data_dir, **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def serving(
    data_dir: Path, port: int, *options: str, module: tuple[str, ...] = ("app",), **more: str
) -> Iterator[Running]:
    """Start `serve` in a session of its own, as a terminal would, and end it; perhaps that of another module."""
    command = [sys.executable, "-m", *module, "serve", "--port", str(port), *options]
    process = subprocess.Popen(
        command,
        env=environment(data_dir, **more),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    running = Running(process, port)
    try:
        _wait_until_ready(running)
        yield running
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                running.end(signal.SIGTERM)
        if process.poll() is None:
            process.kill()
            process.wait(STOP_S)


def _wait_until_ready(running: Running) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert running.process.poll() is None, "serve ended by itself"
        with suppress(OSError, http.client.HTTPException):
            if running.ask("GET", "/health/ready")[0] == 200:
                return
        time.sleep(0.1)
    raise AssertionError("serve did not become ready")
