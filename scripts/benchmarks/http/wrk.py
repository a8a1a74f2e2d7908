"""The load generator: wrk, which is not the bottleneck where Python would be."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import click
import orjson

from scripts.benchmarks.http.requests import Request

_SCRIPT = Path(__file__).with_name("requests.lua")
_PATIENCE_S = 20
"""An answer that takes longer counts as failed."""
_MISSING = (
    "wrk, the load generator, is not on the PATH. On Debian and Ubuntu: apt-get install wrk; on Fedora and others: "
    "build it from https://github.com/wg/wrk."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What wrk saw."""

    answers: int
    per_s: float
    """Answers a second."""
    p50_ms: float
    p99_ms: float
    good: float
    """The share of answers that were no errors; 1 is all."""
    bytes: float
    """Of an answer, headers included."""


@dataclass(frozen=True, slots=True)
class Wrk:
    """The program."""

    program: str

    @classmethod
    def found(cls) -> "Wrk":
        """Return the one on the PATH.

        Raises
        ------
        ClickException
            If there is none: it tells how to get it.
        """
        program = shutil.which("wrk")
        if program is None:
            raise click.ClickException(_MISSING)
        return cls(program)

    def load(
        self, urls: Sequence[str], requests: Sequence[Request], *, seconds: int, connections: int, once: bool = False
    ) -> Load:
        """Send requests to the URLs for a while, to each over so many connections.

        `once`: no request is sent twice, and it ends when there are no more.
        """
        with NamedTemporaryFile("w", prefix="holdfast-requests-") as file:
            file.write("".join(f"{request.line}\n" for request in requests))
            file.flush()
            running = [self._start(url, file.name, seconds, connections, once=once) for url in urls]
            try:
                seen = [_seen(process.communicate()[0], process.returncode) for process in running]
            finally:
                for process in running:
                    process.kill()
        return _together(seen)

    def _start(self, url: str, file: str, seconds: int, connections: int, *, once: bool) -> subprocess.Popen[bytes]:
        options = ["-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={_PATIENCE_S}s", "-s", str(_SCRIPT)]
        command = [self.program, *options, url, "--", file, "once" if once else "again"]
        return subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - wrk, on our own script


def _seen(output: bytes, status: int) -> dict[str, int]:
    last_line = output.strip().rpartition(b"\n")[2]
    if status or not last_line.startswith(b"{"):
        raise click.ClickException(f"wrk failed: {output.decode(errors='replace')}")
    seen: dict[str, int] = orjson.loads(last_line)
    return seen


def _together(seen: list[dict[str, int]]) -> Load:
    """Return what several saw at the same time; the latencies are of the one that waited longest."""
    answers = sum(one["answers"] for one in seen)
    wrong = sum(one["refused"] + one["failed"] for one in seen)
    return Load(
        answers=answers,
        per_s=sum(one["answers"] * 1e6 / one["us"] for one in seen),
        p50_ms=max(one["p50_us"] for one in seen) / 1_000,
        p99_ms=max(one["p99_us"] for one in seen) / 1_000,
        good=(answers - wrong) / answers if answers else 0.0,
        bytes=sum(one["bytes"] for one in seen) / answers if answers else 0.0,
    )
