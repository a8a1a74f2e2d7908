"""Asking pods, drawn by lot, and what they answer."""

import asyncio
import secrets
import time
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Any

import aiohttp
import orjson

from scripts.races.record import Record

_REFUSED = 400
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
    was_sent_before: bool = False
    """Whether another try at it was not answered: a pod that stood still may yet do it."""

    @property
    def outcome(self) -> str:
        """The status, or that there is none."""
        return "unanswered" if self.status is None else str(self.status)

    @property
    def is_certain(self) -> bool:
        """Whether it tells what was done, and will be: of two tries one may be refused, and the other done later."""
        if self.status is None:
            return False
        return self.status < _REFUSED or (self.status < _NO_FAULT_EXCUSES and not self.was_sent_before)


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
            if answer is not None and answer.is_certain and answer.status != _UNDER_WAY:
                # It may have been done when it was asked for the first time.
                sent = answer.sent if first is None else first.sent
                return replace(answer, sent=sent, was_sent_before=first is not None)
            first = first or answer
            await asyncio.sleep(_BREATH_S)
        return None if first is None else Answer(None, None, first.sent, time.time())


def seconds(text: str) -> float:
    """Read an instant as Unix seconds."""
    return datetime.fromisoformat(text).timestamp()


def milliseconds(text: str) -> int:
    """Read an instant as Unix ms."""
    return round(seconds(text) * 1_000)
