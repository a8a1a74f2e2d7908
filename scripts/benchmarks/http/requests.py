"""Requests as the load generator sends them, and as single ones are sent."""

from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

import click
import orjson

_VERSION = {"cal-api-version": "2024-09-04"}
_PATIENCE_S = 10


@dataclass(frozen=True, slots=True)
class Request:
    """A request of some client."""

    method: str
    path: str
    client: str = ""
    """Its network address."""
    body: str = ""

    @property
    def line(self) -> str:
        """It as a line of the load generator's file."""
        return f"{self.method}\t{self.path}\t{self.client}\t{self.body}"


def ask(url: str, request: Request) -> bytes:
    """Send a request and return the answer, which must be a good one."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=_PATIENCE_S)
    headers = {**_VERSION, "X-Forwarded-For": request.client, "Content-Type": "application/json"}
    try:
        connection.request(request.method, request.path, request.body or None, headers)
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status >= 300:
        raise click.ClickException(f"{request.method} {request.path}: {answer.status} {text.decode(errors='replace')}")
    return text


def listing(path: str) -> Request:
    """Ask for slots."""
    return Request("GET", path)


def reservations(event_type_ids: range, starts: list[str], *, under: str = "") -> list[Request]:
    """Reserve every start of every event type, each for another client; neighbours are of different hosts.

    Paths begin with `under`.
    """
    wanted = [(event_type_id, start) for start in starts for event_type_id in event_type_ids]
    return [
        Request("POST", f"{under}/v2/slots/reservations", _client(number), _reservation(event_type_id, start))
        for number, (event_type_id, start) in enumerate(wanted)
    ]


def _client(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def _reservation(event_type_id: int, start: str) -> str:
    return orjson.dumps({"eventTypeId": event_type_id, "slotStart": start}).decode()
