"""What the MCP servers have in common: they are started with an environment and have tools."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self

from scripts.journeys import packages
from scripts.journeys.calls import McpServer, Process
from scripts.journeys.case import Case
from scripts.journeys.journey import Client
from scripts.journeys.recorder import Recorder


class McpClient(Client):
    """An MCP server over stdio; all of them have the API's origin in their code."""

    pointed_by: ClassVar[str] = "HTTPS_PROXY and a CA to trust"

    def __init__(self, case: Case, server: McpServer) -> None:
        """Call the tools of a running server."""
        super().__init__(case)
        self._server = server

    @classmethod
    def command(cls) -> list[str]:
        """Install the server and return what starts it."""
        raise NotImplementedError

    @classmethod
    def settings(cls, case: Case) -> dict[str, str]:
        """Return the environment variables that it reads."""
        return {"CALCOM_API_KEY": case.key}

    @classmethod
    @contextmanager
    def ready(cls, case: Case, recorder: Recorder, log: Path) -> Iterator[Self]:
        """Start it."""
        environment = {**packages.environment(), **recorder.environment, **cls.settings(case)}
        process = Process(cls.command(), environment, log)
        try:
            yield cls(case, McpServer(process))
        finally:
            process.end()

    def data(self, tool: str, **arguments: Any) -> Any:
        """Call a tool that passes the service's answer on, and return the data in it."""
        return self._server.call(tool, **arguments)["data"]
