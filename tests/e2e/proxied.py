"""A real HAProxy with the settings of config/haproxy.cfg in front of two pods."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config" / "haproxy.cfg"


def haproxy_program() -> str:
    """Return an HAProxy; where none can be had, the test fails and says why."""
    found = subprocess.run([ROOT / "scripts" / "_haproxy"], capture_output=True, text=True, timeout=100, check=False)
    if found.returncode:
        pytest.fail(found.stderr)
    return found.stdout.strip()


@contextmanager
def haproxy(port: int, pods: tuple[str, str], config: Path = CONFIG, **more: str) -> Iterator[None]:
    """Run it until the block ends. The tests ask more than one address may."""
    variables = {
        **os.environ,
        "HOLDFAST_BIND": f"127.0.0.1:{port}",
        "HOLDFAST_POD_1": pods[0],
        "HOLDFAST_POD_2": pods[1],
        "HOLDFAST_REQUESTS_PER_10_S": "1000000",
        **more,
    }
    process = subprocess.Popen([haproxy_program(), "-db", "-f", config], env=variables, stdout=subprocess.DEVNULL)
    try:
        _wait_until_taken(process, port)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_taken(process: "subprocess.Popen[bytes]", port: int) -> None:
    for _ in range(100):
        assert process.poll() is None, "haproxy ended by itself"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("haproxy does not listen")
