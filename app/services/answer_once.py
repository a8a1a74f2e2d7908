"""Use case: answer a request that its sender may send again, and do what it asks only once."""

import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

from app.domain.errors import HoldfastError
from app.services.deadlines import before, in_seconds
from app.services.errors import (
    BatchRefusedError,
    KeyReusedError,
    KeysUsedUpError,
    RequestUnderWayError,
    StoreUnavailableError,
    TooSlowError,
)
from app.services.keep_slots import new_uid
from app.services.ports import Answer, DrawnUid, KeyCounter, OtherBody, Replays, UnderWay

ANSWER_S = 10.0
"""How long a request may take that is to be answered once. Claims lapse earlier, so a good one takes less."""

_UNCERTAIN = StoreUnavailableError, TooSlowError


@dataclass(frozen=True, slots=True)
class RepeatableRequest:
    """A request that its sender may send again."""

    key: str
    """Who sends it, where to, and the sender's own name for it."""
    body: bytes
    client: str = ""
    """Whose keys are counted: the network address of somebody without credentials; "": nobody's."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, made just now or earlier."""

    answer: Answer
    replayed: bool


class OnceAnswerer:
    """Answers requests once: whoever sends one again gets the first answer."""

    def __init__(self, replays: Replays, *, store_deadline_s: float, counter: KeyCounter | None = None) -> None:
        """Work on these ports; without a counter clients may use any number of keys.

        `store_deadline_s` is how long a call of a store may take.
        """
        self._replays = replays
        self._counter = counter
        # After ANSWER_S a request is cut short; then it may still undo what it did, and give up: some calls more. Only
        # a process that stood still can come back later than that, and finds that it lost its turn.
        self._lease_ms = int((ANSWER_S + 4 * store_deadline_s) * 1_000)

    async def answer(self, request: RepeatableRequest, make: Callable[[DrawnUid], Awaitable[Answer]]) -> Answered:
        """Return what was answered before or, if nothing was, what `make` returns, which must be a success.

        Raises
        ------
        RequestUnderWayError
            If the same request is being answered.
        KeyReusedError
            If an earlier request with this key had another body.
        KeysUsedUpError
            If the key is a new one, and its client has used as many as it may.
        TooSlowError
            If `make` takes too long.
        StoreUnavailableError
            If the store of requests is away; then `make` is not called.
        """
        attempt = secrets.token_urlsafe(12)
        deadline = in_seconds(ANSWER_S)
        begun = await self._replays.begin(
            request.key, sha256(request.body).hexdigest(), attempt=attempt, uid=new_uid(), lease_ms=self._lease_ms
        )
        match begun:
            case Answer():
                return Answered(begun, replayed=True)
            case UnderWay():
                raise RequestUnderWayError
            case OtherBody():
                raise KeyReusedError
            case DrawnUid():
                making = self._make_if_allowed(request.client, begun, make)
                answer = await self._made(request.key, attempt, deadline, making, begun)
                return Answered(answer, replayed=False)

    async def _make_if_allowed(
        self, client: str, drawn: DrawnUid, make: Callable[[DrawnUid], Awaitable[Answer]]
    ) -> Answer:
        # What was tried before is counted. Counted first: who leaves while something is made is remembered too.
        if self._counter is not None and client and not drawn.perhaps_kept:
            # While the counter's store is away nobody is counted: not everything that is asked needs that store.
            with suppress(StoreUnavailableError):
                full = await self._counter.count(client)
                if full is not None:
                    raise KeysUsedUpError(full.standing)
        return await make(drawn)

    async def _made(
        self, key: str, attempt: str, deadline: float, making: Awaitable[Answer], drawn: DrawnUid
    ) -> Answer:
        try:
            async with before(deadline):
                answer = await making
        except BaseException as error:
            # What an earlier try may yet have done is found by the uid alone, whatever becomes of this one.
            is_forgotten = _kept_nothing(error) and not drawn.perhaps_kept
            # If this fails too, the request can be tried again when its lease is over.
            with suppress(StoreUnavailableError):
                await self._replays.give_up(key, attempt, forget=is_forgotten)
            raise
        # What was made stands, whether or not it can be written down: after the lease the next try finds it by its uid.
        with suppress(StoreUnavailableError):
            await self._replays.record(key, attempt, answer)
        return answer


def _kept_nothing(error: BaseException) -> bool:
    """Say whether an error is a refusal; with others a store may have done what it did not tell."""
    if isinstance(error, BatchRefusedError):
        return not any(isinstance(refusal, _UNCERTAIN) for refusal in error.refusals)
    return isinstance(error, HoldfastError) and not isinstance(error, _UNCERTAIN)
