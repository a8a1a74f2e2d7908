"""What becomes of a request that may be sent again, however the first try at it ends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import fakeredis
import pytest
from typing_extensions import override

from app.services import answer_once
from app.services.answer_once import Answered, OnceAnswerer, RepeatableRequest
from app.services.errors import (
    BatchRefusedError,
    KeyReusedError,
    KeysUsedUpError,
    RequestUnderWayError,
    ReservationNotFoundError,
    StoreUnavailableError,
    TooSlowError,
)
from app.services.ports import Answer, DrawnUid
from app.storage.holds.replays import RedisKeyCounter, RedisReplays

REQUEST = RepeatableRequest("key", b"body")
MADE = Answer(201, b"made")


class ForgetfulReplays(RedisReplays):
    """A store that goes away once a request has begun."""

    @override
    async def record(self, key: str, attempt: str, answer: Answer) -> bool:
        raise StoreUnavailableError("redis")

    @override
    async def give_up(self, key: str, attempt: str, *, forget: bool) -> bool:
        raise StoreUnavailableError("redis")


@pytest.fixture
async def redis() -> AsyncIterator[fakeredis.FakeAsyncRedis]:
    async with fakeredis.FakeAsyncRedis(server=fakeredis.FakeServer()) as client:
        yield client


@pytest.fixture
def once(redis: fakeredis.FakeAsyncRedis) -> OnceAnswerer:
    return OnceAnswerer(RedisReplays(redis, deadline_s=5), store_deadline_s=5)


class Making:
    """Makes an answer, or fails to, and remembers the uids it was given."""

    def __init__(self, *errors: BaseException, wait: Callable[[], Awaitable[object]] | None = None) -> None:
        self.errors = list(errors)
        self.wait = wait
        self.given: list[DrawnUid] = []

    async def __call__(self, drawn: DrawnUid) -> Answer:
        self.given.append(drawn)
        if self.wait is not None:
            await self.wait()
        if self.errors:
            raise self.errors.pop(0)
        return MADE


async def test_the_first_answer_is_given_again(once: OnceAnswerer) -> None:
    make = Making()
    assert await once.answer(REQUEST, make) == Answered(MADE, replayed=False)
    assert await once.answer(REQUEST, make) == Answered(MADE, replayed=True)
    assert len(make.given) == 1
    assert not make.given[0].perhaps_kept


async def test_a_second_one_does_nothing_while_the_first_is_under_way(once: OnceAnswerer) -> None:
    go_on = asyncio.Event()
    first = asyncio.create_task(once.answer(REQUEST, Making(wait=go_on.wait)))
    await asyncio.sleep(0.05)
    second = Making()
    with pytest.raises(RequestUnderWayError):
        await once.answer(REQUEST, second)
    go_on.set()
    assert await first == Answered(MADE, replayed=False)
    assert not second.given


async def test_another_body_is_refused(once: OnceAnswerer) -> None:
    await once.answer(REQUEST, Making())
    with pytest.raises(KeyReusedError):
        await once.answer(RepeatableRequest("key", b"other"), Making())


@pytest.mark.parametrize(
    "refusal", [ReservationNotFoundError("uid"), BatchRefusedError([None, ReservationNotFoundError("uid")])]
)
async def test_after_a_refusal_anything_may_be_sent(once: OnceAnswerer, refusal: Exception) -> None:
    make = Making(refusal)
    with pytest.raises(type(refusal)):
        await once.answer(REQUEST, make)
    assert await once.answer(RepeatableRequest("key", b"other"), make) == Answered(MADE, replayed=False)
    assert not make.given[1].perhaps_kept
    assert make.given[0].uid != make.given[1].uid


async def test_a_refusal_does_not_forget_what_an_earlier_try_may_yet_have_done(once: OnceAnswerer) -> None:
    """Its commit may be on its way for longer than it takes to refuse the next try, and the third must find it."""
    make = Making(StoreUnavailableError("postgres"), ReservationNotFoundError("uid"))
    for error in (StoreUnavailableError, ReservationNotFoundError):
        with pytest.raises(error):
            await once.answer(REQUEST, make)
    assert await once.answer(REQUEST, make) == Answered(MADE, replayed=False)
    assert len({drawn.uid for drawn in make.given}) == 1
    assert make.given[2].perhaps_kept


@pytest.mark.parametrize(
    "error",
    [
        StoreUnavailableError("redis"),
        BatchRefusedError([ReservationNotFoundError("uid"), TooSlowError()]),
        RuntimeError(),
        asyncio.CancelledError(),
    ],
)
async def test_what_may_have_been_kept_is_looked_for_by_the_next_try_at_once(
    once: OnceAnswerer, error: BaseException
) -> None:
    make = Making(error)
    with pytest.raises(type(error)):
        await once.answer(REQUEST, make)
    assert await once.answer(REQUEST, make) == Answered(MADE, replayed=False)
    assert make.given[1] == DrawnUid(make.given[0].uid, perhaps_kept=True)


async def test_a_try_that_takes_too_long_is_cut_short(once: OnceAnswerer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_once, "ANSWER_S", 0.05)
    make = Making(wait=asyncio.Event().wait)
    with pytest.raises(TooSlowError):
        await once.answer(REQUEST, make)
    make.wait = None
    assert await once.answer(REQUEST, make) == Answered(MADE, replayed=False)
    assert make.given[1] == DrawnUid(make.given[0].uid, perhaps_kept=True)


async def test_an_answer_that_cannot_be_written_down_is_given_all_the_same(redis: fakeredis.FakeAsyncRedis) -> None:
    """Then the lease keeps others out; what comes after it is told to look for what was kept."""
    once = OnceAnswerer(ForgetfulReplays(redis, deadline_s=5), store_deadline_s=5)
    make = Making()
    assert await once.answer(REQUEST, make) == Answered(MADE, replayed=False)
    with pytest.raises(RequestUnderWayError):
        await once.answer(REQUEST, make)


async def test_the_first_error_is_told_whatever_comes_after_it(redis: fakeredis.FakeAsyncRedis) -> None:
    once = OnceAnswerer(ForgetfulReplays(redis, deadline_s=5), store_deadline_s=5)
    with pytest.raises(ReservationNotFoundError):
        await once.answer(REQUEST, Making(ReservationNotFoundError("uid")))


async def test_the_lease_is_longer_than_a_request_may_take(redis: fakeredis.FakeAsyncRedis) -> None:
    once = OnceAnswerer(ForgetfulReplays(redis, deadline_s=2), store_deadline_s=2)
    await once.answer(REQUEST, Making())
    [key] = await redis.keys("hf:{i:*")
    seconds, microseconds = await redis.time()
    left = int(await redis.hget(key, "lease") or 0) / 1_000 - seconds - microseconds / 1_000_000
    assert answer_once.ANSWER_S + 4 < left <= answer_once.ANSWER_S + 8


async def test_a_client_may_use_so_many_keys(redis: fakeredis.FakeAsyncRedis) -> None:
    counter = RedisKeyCounter(redis, most=1, deadline_s=5)
    once = OnceAnswerer(RedisReplays(redis, deadline_s=5), store_deadline_s=5, counter=counter)
    first, second = (RepeatableRequest(key, b"body", "client") for key in ("first", "second"))
    make = Making(StoreUnavailableError("redis"))
    with pytest.raises(StoreUnavailableError):
        await once.answer(first, make)
    with pytest.raises(KeysUsedUpError) as refused:
        await once.answer(second, make)
    assert (refused.value.standing.most, refused.value.standing.left) == (1, 0)
    # What was tried before is tried again, and others are others.
    assert (await once.answer(first, make)).answer == MADE
    assert (await once.answer(RepeatableRequest("second", b"another body"), make)).answer == MADE
    assert len(make.given) == 3
