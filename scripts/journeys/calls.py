"""Calls to a client's process: JSON-RPC, a message a line, on its standard input and output, as in MCP."""

import json
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from scripts.journeys.errors import ClientError

_END_S = 10
_LOG_LINES = 5
_PROTOCOL = "2025-03-26"


class Process:
    """A client's process that takes calls, one at a time."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], log: Path) -> None:
        """Start it; what it writes to standard error goes to the log."""
        self._log = log
        self._number = 0
        with log.open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - a client's own program or our driver of it
                command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
            )

    def call(self, method: str, parameters: dict[str, Any]) -> Any:
        """Return the result.

        Raises
        ------
        ClientError
            If it answers with an error or ends.
        """
        self._number += 1
        self._send({"id": self._number, "method": method, "params": parameters})
        answer = self._answer()
        if "error" in answer:
            raise ClientError(str(answer["error"].get("message", answer["error"])))
        return answer["result"]

    def notify(self, method: str) -> None:
        """Tell it something that it does not answer."""
        self._send({"method": method})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, message: dict[str, Any]) -> None:
        if self._process.stdin is None:
            raise ClientError("it reads nothing")
        with suppress(BrokenPipeError):  # Its end is told when its answer is waited for.
            self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
            self._process.stdin.flush()

    def _answer(self) -> dict[str, Any]:
        """Read until the answer to the last call; one client also prints what is no message."""
        for line in self._process.stdout or ():
            with suppress(ValueError):
                message = json.loads(line)
                if isinstance(message, dict) and message.get("id") == self._number:
                    return message
        raise ClientError(f"it ended: {' '.join(self._log.read_text(errors='replace').splitlines()[-_LOG_LINES:])}")


class McpServer:
    """An MCP server over stdio, as a host of it sees it."""

    def __init__(self, process: Process, read: Callable[[str], Any] = json.loads) -> None:
        """Greet it. What its tools say is JSON, or read in another way."""
        self._process = process
        self._read = read
        greeting = {
            "protocolVersion": _PROTOCOL,
            "capabilities": {},
            "clientInfo": {"name": "scripts/clients", "version": "1"},
        }
        process.call("initialize", greeting)
        process.notify("notifications/initialized")

    def call(self, tool: str, **arguments: Any) -> Any:
        """Call a tool and return what it says, read.

        Raises
        ------
        ClientError
            If the tool says that it failed.
        """
        result = self._process.call("tools/call", {"name": tool, "arguments": arguments})
        said = "\n".join(part["text"] for part in result["content"] if part["type"] == "text")
        if result.get("isError"):
            raise ClientError(said)
        answer = self._read(said)
        if isinstance(answer, dict) and "error" in answer:
            raise ClientError(said)
        return answer

    def data(self, tool: str, **arguments: Any) -> Any:
        """Call a tool that passes on what the service answered, and return the data in that."""
        return self.call(tool, **arguments)["data"]
