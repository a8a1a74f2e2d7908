"""Asking pods, drawn by lot, and what they answer."""

import asyncio
import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

import aiohttp
import orjson

from scripts.races.record import Record

_NO_FAULT_EXCUSES = 500
_UNDER_WAY = 409
_TRIES = 8
_BREATH_S = 0.5
"""Before a request is sent again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request."""

    status: int | None
    """None: no answer came, or not in time."""
    data: Any
    sent: float
    arrived: float

    @property
    def outcome(self) -> str:
        """The status, or that there is none."""
        return "unanswered" if self.status is None else str(self.status)

    @property
    def is_certain(self) -> bool:
        """Whether it tells what was done."""
        return self.status is not None and self.status < 500


class Asker:
    """Sends requests to pods."""

    def __init__(self, pods: tuple[str, ...], session: aiohttp.ClientSession, random: Random, record: Record) -> None:
        """Draw from these URLs, and count in the record what no fault excuses."""
        self._pods = pods
        self._record = record
        self._session = session
        self._random = random

    async def ask(
        self,
        method: str,
        path: str,
        patience_s: float,
        *,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer | None:
        """Ask a pod; None if it listens to nobody, so that it cannot have done anything."""
        url = f"{self._random.choice(self._pods)}/v2/{path}"
        sent_headers = {"cal-api-version": "2024-09-04", "Content-Type": "application/json", **(headers or {})}
        payload = None if body is None else orjson.dumps(body)
        status, data, sent = None, None, time.time()
        try:
            timeout = aiohttp.ClientTimeout(total=patience_s)
            async with self._session.request(
                method, url, data=payload, headers=sent_headers, timeout=timeout
            ) as response:
                data = orjson.loads(await response.read()).get("data")
                status = response.status
                self._record.errors += status == _NO_FAULT_EXCUSES
        except aiohttp.ClientConnectorError:
            return None
        except (aiohttp.ClientError, OSError, TimeoutError):
            pass
        return Answer(status, data, sent, time.time())

    async def insist(
        self, path: str, patience_s: float, *, body: dict[str, Any], headers: dict[str, str]
    ) -> Answer | None:
        """Post until it is told what was done, within bounds; None if no pod ever heard of it."""
        headers = {**headers, "Idempotency-Key": secrets.token_hex(8)}
        first: Answer | None = None
        for _ in range(_TRIES):
            answer = await self.ask("POST", path, patience_s, body=body, headers=headers)
            first = first or answer
            if first is not None and answer is not None and answer.is_certain and answer.status != _UNDER_WAY:
                # It may have been done when it was asked for the first time.
                return Answer(answer.status, answer.data, first.sent, answer.arrived)
            await asyncio.sleep(_BREATH_S)
        return None if first is None else Answer(None, None, first.sent, time.time())


def seconds(text: str) -> float:
    """Read an instant as Unix seconds."""
    return datetime.fromisoformat(text).timestamp()


def milliseconds(text: str) -> int:
    """Read an instant as Unix ms."""
    return round(seconds(text) * 1_000)
