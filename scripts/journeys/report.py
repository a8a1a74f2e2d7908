"""What the journeys have shown, for people to read."""

from collections.abc import Iterator

from scripts.journeys.journey import Client, Outcome
from scripts.journeys.recorder import Exchange

_MARKS = {True: "ok", False: "FAILED"}
_STEP_WIDTH = 26
_TOLD = 600
"""Characters of what was said that are shown."""


def heading(client: type[Client]) -> Iterator[str]:
    """Tell which client it is and how it is used."""
    yield ""
    yield f"{client.package}, pointed here by {client.pointed_by}"
    if client.lacks:
        yield f"  {client.lacks} That is done for it, over plain HTTP."


def line(outcome: Outcome, *, with_requests: bool) -> Iterator[str]:
    """Tell what came of a step; a failure with the requests and answers that led to it."""
    yield f"  {outcome.step:<{_STEP_WIDTH}}{_MARKS[outcome.error is None]}"
    if outcome.error is not None:
        yield f"      {_short(outcome.error)}"
        for exchange in outcome.exchanges:
            yield from _in_full(exchange)
    elif with_requests:
        for exchange in outcome.exchanges:
            yield f"      {_request(exchange)}"


def _request(exchange: Exchange) -> str:
    version = exchange.version or "no version"
    return f"{exchange.status} {exchange.method} {exchange.path} ({version}) {_short(exchange.body)}".rstrip()


def _in_full(exchange: Exchange) -> Iterator[str]:
    yield f"      {_request(exchange)}"
    yield f"          {_short(exchange.answer)}"


def _short(said: str) -> str:
    return said if len(said) <= _TOLD else f"{said[:_TOLD]}..."


def refused(hosts: list[str]) -> Iterator[str]:
    """Tell which other hosts a client wanted and did not get."""
    if hosts:
        yield f"  It also wanted {', '.join(sorted(set(hosts)))}, and did not get there."


def summary(went_well: int, failed: int) -> str:
    """Sum up all steps."""
    return f"\n{went_well} steps went well, {failed} failed."
