"""What PostgreSQL and Valkey have in common: a server of its own, in a folder, found again through a lock.

Every process of a server inherits the lock on its folder's `server.lock`. So the kernel knows whether anything of it is
alive: no stale pid file, and no other process that happens to have got the old pid, can say otherwise.
"""

import os
import subprocess
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

import psutil

from app.storage.embedded.account import Account
from app.storage.embedded.errors import EmbeddedServersError, NotInstalledError
from app.storage.embedded.file_lock import FileLock

START_SECONDS = 60.0
"""How long a server may take from start to first answer; after a crash it reads its logs first."""
STOP_SECONDS = 30.0
"""How long it may take to stop by itself."""
_KILL_SECONDS = 5.0
_POLL_SECONDS = 0.02
_ATTEMPTS = 3
"""How often to try: one found alive may be about to end, and another program may take a port that was free."""
_LOG_LINES = 15


class Server(ABC):
    """A server that lives in a folder and outlives its starter. Callers take turns, so that one starts or stops it."""

    name: ClassVar[str]
    """As people call it."""
    stop_signal: ClassVar[int]
    """Asks it to stop without waiting for its clients."""
    program: ClassVar[str]
    """As the kernel calls its processes."""

    def __init__(self, folder: Path, account: Account) -> None:
        """Point at a folder; nothing starts and nothing is made."""
        self.folder = folder
        self._account = account
        self._log = folder / "server.log"

    @property
    @abstractmethod
    def _home(self) -> Path:
        """The working directory of its main process: it tells that process from one that got its old pid."""

    @property
    @abstractmethod
    def _pid_file(self) -> Path:
        """Where it writes the pid of its main process, on the first line."""

    @abstractmethod
    def _start(self, lock: FileLock) -> None:
        """Start it detached, through `_run`; what a dead one left behind does not get in the way."""

    @abstractmethod
    def _url(self) -> str | None:
        """Return its URL if it answers now and is ready for use."""

    def ensure_running(self) -> str:
        """Return the URL of the server, started if it is not running."""
        self._account.make_folder(self.folder)
        self._account.own(self.folder)
        self._account.let_reach(self.folder)
        offset = self._log_size()
        for _ in range(_ATTEMPTS):
            self._start_unless_alive()
            url = self._wait(offset)
            if url is not None:
                return url
        raise self._error("ends while starting", offset)

    def _start_unless_alive(self) -> None:
        with self._lock() as lock:
            if lock.try_take():
                self.end_strays()
                self._start(lock)

    def end_strays(self) -> None:
        """End servers whose folder was deleted under them and made anew: nobody would find them any more."""
        for process in psutil.process_iter(["name"]):
            with suppress(OSError, psutil.Error):
                named_so = process.info["name"] == self.program
                if named_so and Path(f"/proc/{process.pid}/cwd").readlink() == Path(f"{self._home} (deleted)"):
                    process.kill()

    def stop(self) -> None:
        """Stop the server, if it is running: ask, wait, then kill."""
        if not self.folder.is_dir():
            return
        with self._lock() as lock:
            if not (self._stop(lock, ask=True) or self._stop(lock, ask=False)):
                raise self._error(f"does not stop (pid {self._pid()})", self._log_size())
            self._clear()

    def _stop(self, lock: FileLock, *, ask: bool) -> bool:
        deadline = time.monotonic() + (STOP_SECONDS if ask else _KILL_SECONDS)
        told = False
        while not lock.try_take():
            if time.monotonic() > deadline:
                return False
            process = None if told else self._process()  # it may not have written its pid yet
            if process is not None:
                told = True
                _signal(process, self.stop_signal if ask else None)
            time.sleep(_POLL_SECONDS)
        return True

    def _clear(self) -> None:
        """Remove what only a running server needs; called when nothing of it is alive."""
        self._pid_file.unlink(missing_ok=True)

    def _wait(self, offset: int) -> str | None:
        """Return the URL once it answers, None once it is dead."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            url = self._url()
            if url is not None:
                return url
            with self._lock() as lock:
                if lock.try_take():
                    return None
            time.sleep(_POLL_SECONDS)
        raise self._error(f"(pid {self._pid()}) does not answer", offset)

    def _lock(self) -> FileLock:
        return self._account.open_lock(self.folder / "server.lock")

    def _pid(self) -> int | None:
        try:
            return int(self._pid_file.read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None

    def _process(self) -> psutil.Process | None:
        """Return its main process, made sure of."""
        pid = self._pid()
        try:
            process = psutil.Process(pid) if pid is not None else None
            return process if process is not None and process.cwd() == str(self._home) else None
        except psutil.Error:
            return None

    def _run(self, command: list[str], lock: FileLock) -> None:
        """Run a program of the server's, as its account, in its folder, with the lock; its words go to the log."""
        offset = self._log_size()
        with self._log.open("ab") as log:
            self._account.own(self._log)
            try:
                ended = subprocess.run(  # noqa: S603 - programs of the packages, on paths of ours
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self.folder,
                    env={"PATH": os.defpath, "LC_ALL": "C"},  # PGPORT and its like are not for this server
                    pass_fds=(lock.fd,),
                    start_new_session=True,  # Ctrl-C in a terminal is not for it
                    umask=0o077,
                    timeout=START_SECONDS,
                    check=False,
                    **self._account.identity,
                )
            except subprocess.TimeoutExpired as error:
                raise self._error("takes too long to start", offset) from error
        if ended.returncode != 0:
            raise self._error(f"cannot be started ({Path(command[0]).name}: {ended.returncode})", offset)

    def _log_size(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0

    def _error(self, what: str, offset: int) -> EmbeddedServersError:
        """Return an error that ends with what the log says since `offset`."""
        said = self._log.read_bytes()[offset:].decode(errors="replace").splitlines() if self._log.exists() else []
        tail = "".join(f"\n  {line}" for line in said[-_LOG_LINES:])
        return EmbeddedServersError(f"{self.name} in {self.folder} {what}; its log is {self._log}{tail}")


def _signal(process: psutil.Process, signal: int | None) -> None:
    """Send a signal or, without one, kill the process and its children."""
    try:
        if signal is not None:
            process.send_signal(signal)
            return
        for one in (process, *process.children(recursive=True)):
            one.kill()
    except psutil.NoSuchProcess:
        pass


def package_program(package: str, pattern: str) -> Path:
    """Return the path of a program inside a package, without importing the package."""
    spec = find_spec(package)
    for folder in [] if spec is None else spec.submodule_search_locations or []:
        for program in Path(folder).glob(pattern):
            return program.resolve()
    raise NotInstalledError(package)
