"""What happens to reservations reaches the outbox, in order, and an outbox that is away stops nothing."""

import asyncio
from collections.abc import Sequence

import pytest
from typing_extensions import override

from app.domain.reservation import Claim, KeptReservation
from app.services import tell_reservations
from app.services.errors import StoreUnavailableError
from app.services.tell_reservations import Course, Noticeboard, ReservationNews, ReservationTeller


def reservation(uid: str) -> KeptReservation:
    claim = Claim(
        id="claim",
        reservation_uid=uid,
        event_type_id=1,
        host_ids=(1,),
        start=0,
        end=60_000,
        before_buffer=0,
        after_buffer=0,
        seats=None,
    )
    return KeptReservation(claim=claim, until=90_000)


class Outbox:
    """Fails as often as it is told to, then keeps what is written."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.written: list[ReservationNews] = []
        self.takes_s = 0.0

    async def write(self, news: Sequence[ReservationNews]) -> bool:
        if self.errors:
            raise self.errors.pop(0)
        await asyncio.sleep(self.takes_s)
        self.written += news
        return True


async def written(board: Noticeboard, outbox: Outbox, number: int) -> list[str]:
    """Return the uids that were written, once they are so many."""
    async with ReservationTeller(board, outbox, asyncio.Event()).running(), asyncio.timeout(5):
        while len(outbox.written) < number:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return [news.uid for news in outbox.written]


async def test_what_happens_is_written_in_order() -> None:
    board, outbox = Noticeboard(), Outbox()
    board.kept(reservation("a"))
    board.kept(reservation("b"), instead_of=reservation("b"))
    board.released(reservation("a"))
    board.booked(reservation("b"))
    assert await written(board, outbox, 4) == ["a", "b", "a", "b"]
    assert [news.course for news in outbox.written] == [Course.BEGUN, Course.MOVED, Course.OVER, Course.OVER]
    assert [news.event is not None for news in outbox.written] == [True, True, True, False]
    assert outbox.written[0].until == 90_000


async def test_a_mistake_of_ours_loses_only_what_it_was_made_with() -> None:
    board, outbox = Noticeboard(), Outbox(LookupError("a mistake"))
    board.kept(reservation("lost"))
    async with ReservationTeller(board, outbox, asyncio.Event()).running(), asyncio.timeout(5):
        while outbox.errors:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        board.kept(reservation("kept"))
        while not outbox.written:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert [news.uid for news in outbox.written] == ["kept"]


async def test_what_is_noted_while_the_store_is_away_is_written_when_it_is_back() -> None:
    """Otherwise the end would be told of what was given up meanwhile."""
    board, outbox = Noticeboard(), Outbox(*[StoreUnavailableError("postgres")] * 2)
    board.released(reservation("first"))
    async with ReservationTeller(board, outbox, asyncio.Event()).running(), asyncio.timeout(5):
        while outbox.errors:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        board.released(reservation("second"))
        while len(outbox.written) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert [news.uid for news in outbox.written] == ["first", "second"]


async def test_a_store_that_is_slow_is_given_less_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a few milliseconds for each, and has no more than a deadline for all."""
    monkeypatch.setattr(tell_reservations, "_PAUSE_S", 0.001)
    board, outbox = Noticeboard(), SlowOutbox()
    for number in range(300):
        board.kept(reservation(str(number)))
    assert await written(board, outbox, 300) == [str(number) for number in range(300)]


class SlowOutbox(Outbox):
    """Has no time for more than a few at once."""

    @override
    async def write(self, news: Sequence[ReservationNews]) -> bool:
        if len(news) > 7:
            raise StoreUnavailableError("postgres")
        return await super().write(news)


async def test_only_so_much_is_noted_and_the_oldest_goes_first(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tell_reservations, "_MOST_NOTED", 2)
    board, outbox = Noticeboard(), Outbox()
    for uid in "abcd":
        board.kept(reservation(uid))
    assert caplog.text.count("do not hear of the oldest") == 1
    assert await written(board, outbox, 2) == ["c", "d"]


async def test_much_that_is_noted_at_once_is_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod may keep thousands of slots a second."""
    monkeypatch.setattr(tell_reservations, "_PAUSE_S", 60)
    board, outbox = Noticeboard(), Outbox()
    for number in range(250):
        board.kept(reservation(str(number)))
    assert len(await written(board, outbox, 250)) == 250


async def test_what_is_noted_when_the_process_stops_is_written() -> None:
    """More than one writing holds, and some of it in the middle of one."""
    board, outbox = Noticeboard(), Outbox()
    outbox.takes_s = 0.05
    async with ReservationTeller(board, outbox, asyncio.Event()).running():
        board.kept(reservation("first"))
        await asyncio.sleep(0.01)
        for number in range(250):
            board.released(reservation(str(number)))
    assert len(outbox.written) == 251


async def test_an_outbox_that_does_not_answer_stops_a_process_for_a_moment_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tell_reservations, "_STOPPING_S", 0.05)
    board, outbox = Noticeboard(), Outbox()
    outbox.takes_s = 60
    async with asyncio.timeout(5), ReservationTeller(board, outbox, asyncio.Event()).running():
        board.released(reservation("a"))
    assert "do not hear what last happened" in caplog.text
