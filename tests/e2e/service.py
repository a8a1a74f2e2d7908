"""The commands as people run them: processes of their own, on servers of their own."""

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

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
def serving(data_dir: Path, port: int, *options: str, **more: str) -> Iterator[Running]:
    """Start `serve`, and end it."""
    command = [sys.executable, "-m", "app", "serve", "--port", str(port), *options]
    with started(command, port, environment(data_dir, **more)) as running:
        yield running


@contextmanager
def started(
    command: Sequence[str], port: int, environment: dict[str, str], told: IO[str] | int = subprocess.DEVNULL
) -> Iterator[Running]:
    """Start what serves at a port, in a session of its own, as a terminal would, and end it.

    What it says goes to `told`.
    """
    process = subprocess.Popen(command, env=environment, stdout=told, stderr=told, start_new_session=True)
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


async def statuses_at_once(ports: Sequence[int], path: str, body: object) -> list[int]:
    """Send the same body to each port, all at the same moment, and return the statuses.

    The connections are made beforehand, and nothing is read of an answer but what is needed: so it is the pods that
    are waited for.
    """
    sent = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(sent)}\r\n\r\n"
    connections = [await asyncio.open_connection("127.0.0.1", port) for port in ports]
    for _, writer in connections:
        writer.write(head.encode() + sent)
    answers = await asyncio.gather(*(reader.read() for reader, _ in connections))
    for _, writer in connections:
        writer.close()
    return [int(answer.split()[1]) for answer in answers]
