"""What is measured: stores of its own with the world in them, two pods and the floor. All of it ends with the block."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import orjson

from app.storage.embedded import EmbeddedServers
from scripts.benchmarks.http.cores import Cores, on
from scripts.benchmarks.http.stores import Stores
from scripts.benchmarks.http.world import World
from scripts.races.servers import Pod, Pods, free_ports

_ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Servers:
    """Everything that runs."""

    pod: Pod
    second_pod: Pod
    """Writes what another pod would, and serves beside the first one."""
    floor: Pod
    second_floor: Pod
    """Serves beside the first one, where the second pod does."""
    stores: Stores


@contextmanager
def servers(world: World, cores: Cores) -> Iterator[Servers]:
    """Start everything, and end it with the block, by its process ids."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="holdfast-bench-")))
        folder.chmod(0o711)  # As root, the stores run as somebody else.
        with on(cores.stores):
            embedded = stack.enter_context(EmbeddedServers.use(folder / "data", postgres=True, valkey=True))
        urls = {"DATABASE_URL": embedded.urls.database_url or "", "REDIS_URL": embedded.urls.redis_url or ""}
        log = folder / "data" / "postgres" / "server.log"
        stores = Stores(urls["DATABASE_URL"], urls["REDIS_URL"], log)
        _load(world, folder, urls)
        stores.settle()
        pods = Pods(folder)
        stack.callback(pods.end)
        first, second = (_started(pods, ["app", "serve"], core, urls) for core in cores.pods)
        floor, second_floor = (_started(pods, ["scripts.benchmarks.http.floor"], core, urls) for core in cores.pods)
        pods.wait_until_ready()
        yield Servers(first, second, floor, second_floor, stores)


def _load(world: World, folder: Path, urls: dict[str, str]) -> None:
    file = folder / "world.json"
    file.write_bytes(orjson.dumps(world.file()))
    command = [sys.executable, "-m", "app", "load", str(file)]
    loaded = subprocess.run(command, cwd=_ROOT, env=_environment(urls), capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if loaded.returncode:
        raise click.ClickException(f"the world cannot be loaded: {loaded.stderr}")


def _started(pods: Pods, module: list[str], core: int, urls: dict[str, str]) -> Pod:
    [port] = free_ports(1)
    command = [sys.executable, "-m", *module, "--port", str(port)]
    pod = Pod(command, port, pods.folder / f"server-{port}.log", _environment(urls))
    pods.all.append(pod)
    with on({core}):
        pod.start()
    return pod


def _environment(urls: dict[str, str]) -> dict[str, str]:
    """Return what tells servers where the stores are; whatever else is set here is not for them."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")}
    # Requests come from many clients, as through a proxy, so that quotas stay as they are.
    return {**own, **urls, "HOLDFAST_TRUSTED_PROXIES": "127.0.0.1/32", "HOLDFAST_LOG_LEVEL": "warning"}
