"""Locks that the kernel gives back when their last holder ends, however it ends."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_POLL_SECONDS = 0.05


class FileLock:
    """A `flock` on a file of its own, never deleted. Child processes that inherit the descriptor hold it too."""

    def __init__(self, path: Path) -> None:
        """Open the file, making it if need be; nothing is locked yet."""
        self.path = path
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def try_take(self, *, shared: bool = False) -> bool:
        """Take the lock, or turn it from shared to exclusive; False when others are in the way."""
        try:
            fcntl.flock(self.fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def take(self, *, seconds: float) -> bool:
        """Take the lock for oneself, waiting that long; False when it was not to be had."""
        deadline = time.monotonic() + seconds
        while not self.try_take():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def is_in_place(self) -> bool:
        """Tell whether the file at the path is still this one, so that others who lock it mean the same."""
        try:
            return os.path.samestat(os.fstat(self.fd), self.path.stat())
        except FileNotFoundError:
            return False

    def close(self) -> None:
        """Let go of it; processes that inherited it keep it. May be called twice."""
        fd, self.fd = self.fd, -1
        if fd >= 0:
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
