"""Logs on standard error, for a person or in JSON, with the id of the request that a line is about.

No line below `error` names anybody, or holds what somebody sent: routes are told by their templates, and secrets, uids
and addresses not at all. A traceback, at `error`, may.
"""

import asyncio
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from time import time
from typing import Final, Literal, NamedTuple, TextIO

import orjson
from pythonjsonlogger.orjson import OrjsonFormatter
from typing_extensions import override

LogFormat = Literal["text", "json"]

REQUEST_ID: ContextVar[str | None] = ContextVar("REQUEST_ID", default=None)
"""Of the request that is being answered."""

ACCESS: Final = logging.getLogger("app.access")
"""Its level decides whether requests are logged; their lines do not pass through it."""
_WAIT_S: Final = 0.2
_MOST_LINES: Final = 500
_TEXT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s%(of_request)s"


def set_up(level: str, log_format: LogFormat) -> None:
    """Send this process's logs to standard error."""
    logging.basicConfig(level=level.upper(), handlers=[handler(log_format, sys.stderr)])
    logging.getLogger("alembic").setLevel(logging.WARNING)


def handler(log_format: LogFormat, stream: TextIO) -> logging.Handler:
    """Return what writes records in a format."""
    writing = logging.StreamHandler(stream)
    writing.addFilter(_with_request)
    writing.setFormatter(_JsonFormatter() if log_format == "json" else logging.Formatter(_TEXT))
    return writing


def _with_request(record: logging.LogRecord) -> bool:
    """Add to a record which request it is about."""
    request_id = REQUEST_ID.get()
    record.request_id = request_id
    record.of_request = f" [{request_id}]" if request_id else ""
    return True


class _JsonFormatter(OrjsonFormatter):
    def __init__(self) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s %(request_id)s",
            rename_fields={"levelname": "level", "name": "logger"},
            reserved_attrs=["of_request", *vars(logging.makeLogRecord({}))],
        )

    @override
    def add_fields(self, log_data: dict[str, object], record: logging.LogRecord, *more: dict[str, object]) -> None:
        log_data["time"] = _instant(record.created)
        super().add_fields(log_data, record, *more)
        if log_data.get("request_id") is None:
            log_data.pop("request_id", None)


class Access(NamedTuple):
    """A request that was answered."""

    at: float
    """In seconds since 1970."""
    method: str
    route: str
    """Its template."""
    status: int
    seconds: float
    request_id: str


class AccessLog:
    """A line for each request.

    Lines are made without a record of `logging` and written together, a fifth of a second after the first: there is one
    for each listing, which takes little time itself. A process that is killed takes its last ones along.
    """

    def __init__(self, log_format: LogFormat, stream: TextIO | None = None) -> None:
        """Write to `stream`; None: standard error."""
        self._write = _as_json if log_format == "json" else _as_text
        self._stream = stream
        self._waiting: list[Access] = []
        self.wanted = ACCESS.isEnabledFor(logging.INFO)

    def note(self, method: str, route: str, status: int, seconds: float, request_id: str) -> None:
        """Take note of a request that was just answered."""
        if not self._waiting:
            asyncio.get_running_loop().call_later(_WAIT_S, self.flush)
        self._waiting.append(Access(time(), method, route, status, seconds, request_id))
        if len(self._waiting) == _MOST_LINES:
            self.flush()

    def flush(self) -> None:
        """Write what has not been written."""
        waiting, self._waiting = self._waiting, []
        if waiting:
            stream = sys.stderr if self._stream is None else self._stream
            stream.write("".join(map(self._write, waiting)))
            stream.flush()


def _as_text(access: Access) -> str:
    at, method, route, status, seconds, request_id = access
    return f"{_instant(at)} INFO {ACCESS.name}: {method} {route} {status} {seconds * 1000:.1f} ms [{request_id}]\n"


def _as_json(access: Access) -> str:
    at, method, route, status, seconds, request_id = access
    line = {
        "time": _instant(at),
        "level": "INFO",
        "logger": ACCESS.name,
        "message": "request",
        "method": method,
        "route": route,
        "status": status,
        "ms": round(seconds * 1000, 3),
        "request_id": request_id,
    }
    return orjson.dumps(line).decode() + "\n"


def _instant(seconds: float) -> str:
    whole = int(seconds)
    return f"{_second(whole)}.{int((seconds - whole) * 1000):03}Z"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
