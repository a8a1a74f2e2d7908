"""What is attacked: pods, and stores of their own, in a folder of their own. All of it ends by its process id."""

import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from app.storage.embedded.account import Account
from app.storage.embedded.postgres import PostgresServer
from app.storage.embedded.valkey import ValkeyServer
from scripts.races.record import Epochs
from scripts.races.world import world_file

_ROOT = Path(__file__).parents[2]
_HOST = "127.0.0.1"
_PORTS = range(20_000, 32_000)
"""Below those that the system gives to outgoing connections: a server that was killed must find its port free."""
_READY_S = 60.0
_DEAD_S = 30.0
_MODULES = {"atomic": "app", "check-then-set": "scripts.races.broken_pod"}
"""What a pod runs, by how it claims."""


class RaceError(Exception):
    """The race cannot be run; the text says why."""


def free_ports(number: int) -> list[int]:
    """Return ports that nobody listens on."""
    with ExitStack() as probes:
        return [_free_port(probes) for _ in range(number)]


def _free_port(probes: ExitStack) -> int:
    for _ in range(100):
        probe = probes.enter_context(socket.socket())
        try:
            probe.bind((_HOST, random.choice(_PORTS)))  # noqa: S311 - no secret
        except OSError:
            continue
        return int(probe.getsockname()[1])
    raise RaceError(f"no free port from {_PORTS[0]} to {_PORTS[-1]}")


# Stores ----------------------------------------------------------------------------------------------------------


class Stores:
    """A PostgreSQL and a Valkey that can be killed and come back where they were, with what they had written."""

    database_url: str
    redis_url: str

    def __init__(self, folder: Path) -> None:
        """Point at a folder; `stop` ends whatever runs there, whenever it is called."""
        self._account = Account.of_folder(folder)
        self._postgres = PostgresServer(folder / "postgres", self._account)
        self._valkey = ValkeyServer(folder / "valkey", self._account)
        self._ends: list[tuple[float, float]] = []

    @property
    def epochs(self) -> Epochs:
        """The lives of Valkey so far."""
        return Epochs(tuple(self._ends))

    def start(self) -> None:
        """Start both, empty, and load the world."""
        self._account.make_folder(self._valkey.folder)
        # It takes port and password from its last configuration.
        configuration = f"port {free_ports(1)[0]}\nrequirepass {secrets.token_urlsafe(32)}\n"
        (self._valkey.folder / "valkey.conf").write_text(configuration)
        self.redis_url = self._valkey.ensure_running()
        self.database_url = self._postgres.ensure_running()
        file = self._valkey.folder.parent / "world.json"
        file.write_text(json.dumps(world_file()))
        command = [sys.executable, "-m", "app", "load", str(file)]
        loaded = subprocess.run(command, cwd=_ROOT, env=self.environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        if loaded.returncode:
            raise RaceError(f"the world cannot be loaded: {loaded.stderr}")

    @property
    def environment(self) -> dict[str, str]:
        """What tells pods where they are; whatever else is set here is not for them."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}
        urls = {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}
        # All clients come from one address.
        freely = {"HOLDFAST_HOLDS_PER_CLIENT": "0", "HOLDFAST_IDEMPOTENCY_KEYS_PER_CLIENT": "0"}
        return {**own, **urls, **freely, "HOLDFAST_LOG_LEVEL": "warning"}

    def kill_valkey(self) -> None:
        """End Valkey as a crash would; an epoch of the holds ends with it."""
        process = _main_process(self._valkey.folder / "valkey.pid")
        told = time.time()
        process.kill()
        _wait_until_dead(process)
        self._ends.append((told, time.time()))

    def restart_valkey(self) -> None:
        """Start it again, with what its append-only file has."""
        if self._valkey.ensure_running() != self.redis_url:
            raise RaceError("Valkey did not come back at its port")

    def pause_valkey(self, seconds: float) -> None:
        """Let Valkey take what is sent and answer nothing for a while."""
        process = _main_process(self._valkey.folder / "valkey.pid")
        process.suspend()
        try:
            time.sleep(seconds)
        finally:
            process.resume()

    def kill_postgres(self) -> None:
        """End PostgreSQL as a crash would.

        Not by SIGKILL, which would leave its shared memory behind for each time; for clients and data this is the same.
        """
        process = _main_process(self._postgres.folder / "data" / "postmaster.pid")
        process.send_signal(signal.SIGQUIT)
        _wait_until_dead(process)

    def restart_postgres(self) -> None:
        """Start it again; it recovers from its log."""
        self._postgres.ensure_running()

    def stop(self) -> None:
        """End both, whether they run or not."""
        with ExitStack() as both:  # one that does not stop does not keep the other
            both.callback(self._postgres.stop)
            both.callback(self._valkey.stop)


def _main_process(pid_file: Path) -> psutil.Process:
    return psutil.Process(int(pid_file.read_text().splitlines()[0]))


def _wait_until_dead(process: psutil.Process) -> None:
    """Wait for the end of what is no child of ours; whoever started it may be slow to take note of that."""
    deadline = time.monotonic() + _DEAD_S
    with suppress(psutil.NoSuchProcess):
        while process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                raise RaceError(f"process {process.pid} does not end")
            time.sleep(0.005)


# Pods ------------------------------------------------------------------------------------------------------------


@dataclass
class Pod:
    """A `serve` of its own, which comes back at its port."""

    command: list[str]
    port: int
    log: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    resume_at: float | None = None
    """When to let it go on, if it is paused; by the monotonic clock."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{_HOST}:{self.port}"

    @property
    def pid(self) -> int:
        """Of its process; 0 before it was started."""
        return 0 if self.process is None else self.process.pid

    @property
    def runs(self) -> bool:
        """Whether it is a living process, paused or not."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it; it answers a second or two later."""
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C in a terminal is not for it.
            options = {"cwd": _ROOT, "env": self.environment, "stdout": log, "stderr": log, "start_new_session": True}
            self.process = subprocess.Popen(self.command, **options)  # type: ignore[call-overload] # noqa: S603 - our own command
        self.resume_at = None

    def kill(self) -> None:
        """End it as a crash would, paused or not."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(_DEAD_S)

    def pause(self, seconds: float) -> None:
        """Let it do nothing for a while; `Pods.tend` wakes it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)
            self.resume_at = time.monotonic() + seconds

    def resume(self) -> None:
        """Let it go on."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
        self.resume_at = None

    def is_ready(self) -> bool:
        """Ask it whether it can serve."""
        try:
            with urllib.request.urlopen(f"{self.url}/health/ready", timeout=5) as answer:  # noqa: S310 - our own pod
                return bool(answer.status == 200)
        except OSError:
            return False


@dataclass
class Pods:
    """All pods, on the same stores."""

    folder: Path
    all: list[Pod] = field(default_factory=list)
    fell: int = 0
    """How often one ended by itself."""

    def start(self, number: int, claim: str, environment: dict[str, str]) -> None:
        """Start them and wait until all are ready."""
        for port in free_ports(number):
            command = [sys.executable, "-m", _MODULES[claim], "serve", "--port", str(port)]
            self.all.append(Pod(command, port, self.folder / f"pod-{len(self.all) + 1}.log", environment))
        for pod in self.all:
            pod.start()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Wait until all can serve."""
        deadline = time.monotonic() + _READY_S
        for pod in self.all:
            while not pod.is_ready():
                if not pod.runs or time.monotonic() > deadline:
                    raise RaceError(f"a pod does not start: {pod.log.read_text()}")
                time.sleep(0.1)

    def tend(self) -> None:
        """Wake those that were paused long enough, and start those that ended by themselves, as a supervisor would."""
        for pod in self.all:
            if not pod.runs:
                self.fell += 1
                pod.start()
            elif pod.resume_at is not None and time.monotonic() > pod.resume_at:
                pod.resume()

    def resume(self) -> None:
        """Wake all that are paused."""
        for pod in self.all:
            if pod.resume_at is not None:
                pod.resume()

    def end(self) -> None:
        """End all of them, whether they run or not."""
        for pod in self.all:
            pod.kill()
