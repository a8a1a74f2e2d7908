"""When what is remembered may be relied on: after a round trip that began late enough."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from typing_extensions import override

from app.services.sources import ANYTHING
from app.storage.postgres import changes
from app.storage.postgres.changes import PostgresChanges
from app.storage.postgres.pool import Connection


class Counted(PostgresChanges):
    """Counts its round trips, and makes them as slow as a test likes."""

    def __init__(self, database_url: str) -> None:
        self.told_of: list[str] = []
        self.trips = 0
        self.slow = asyncio.Event()
        self.slow.set()
        super().__init__(database_url, database_url, self.told_of.extend)

    @override
    async def _round_trip(self, connection: Connection) -> bool:
        self.trips += 1
        ends = await super()._round_trip(connection)
        await self.slow.wait()
        return ends

    async def hears(self) -> None:
        """Wait until it listens, which nobody else does."""
        async with asyncio.timeout(10):
            while not await self.told():  # noqa: ASYNC110 - told, not waited for
                await asyncio.sleep(0.01)


@pytest.fixture
async def heard(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Counted]:
    monkeypatch.setattr(changes, "TRUSTED_S", 60)
    monkeypatch.setattr(changes, "_ANSWER_S", 30)
    counted = Counted(database_url)
    async with counted.heard():
        assert not await counted.told(), "nobody waits until it listens"
        await counted.hears()
        counted.trips = 0
        counted._heard_at = 0
        yield counted


async def test_one_round_trip_serves_everybody_for_a_while(heard: Counted) -> None:
    assert all(await asyncio.gather(*(heard.told() for _ in range(100))))
    assert await heard.told()
    assert heard.trips == 1


async def test_and_then_no_longer(heard: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    await heard.told()
    monkeypatch.setattr(changes, "TRUSTED_S", 0.01)
    await asyncio.sleep(0.02)
    before = heard.trips
    assert await heard.told()
    assert heard.trips == before + 1


async def test_whoever_wrote_asks_again(heard: Counted, connection: Connection) -> None:
    assert await heard.told()
    for number in range(50):
        await connection.execute("SELECT pg_notify('holdfast_changes', $1)", f"b{number}")
        heard.written()
        assert await heard.told()
        assert heard.told_of[-1] == f"b{number}"
    assert heard.trips == 51


async def test_a_round_trip_that_began_before_the_write_does_not_count(heard: Counted) -> None:
    await heard.told()
    heard.written()
    heard.slow.clear()
    early = asyncio.create_task(heard.told())
    await asyncio.sleep(0.05)
    heard.written()
    late = asyncio.create_task(heard.told())
    await asyncio.sleep(0)
    heard.slow.set()
    assert await early
    assert await late
    assert heard.trips == 3


async def test_who_listens_to_another_database_hears_nothing(
    database_url: str, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_CONNECT_S", 0.3)
    elsewhere = PostgresChanges(empty_database_url, database_url, lambda _: None)
    async with elsewhere.heard():
        assert not await elsewhere.told()
        await asyncio.sleep(0.5)
        assert not await elsewhere.told()


async def test_whoever_leaves_takes_nobody_along(heard: Counted) -> None:
    heard.slow.clear()
    impatient, patient = asyncio.create_task(heard.told()), asyncio.create_task(heard.told())
    await asyncio.sleep(0)
    impatient.cancel()
    heard.slow.set()
    assert await patient
    assert heard.trips == 1


async def test_after_a_lost_connection_anything_may_have_changed(
    heard: Counted, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await heard.told()
    assert heard.told_of.count(ANYTHING) == 1
    await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT 1'")
    heard.written()
    monkeypatch.setattr(changes, "_PAUSE_S", 0.01)
    await heard.hears()
    assert heard.told_of.count(ANYTHING) == 2


@pytest.mark.parametrize("steps", [2, 3, 4])
async def test_a_process_that_stands_still_does_not_take_that_for_silence(
    heard: Counted, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Because it computes, or is not let run, while the answer is there; nothing would be remembered for a second."""
    monkeypatch.setattr(changes, "_ANSWER_S", 1.0)
    heard.told_of.clear()
    asking = asyncio.create_task(heard.told())
    for _ in range(steps):
        await asyncio.sleep(0)
    time.sleep(1.1)  # noqa: ASYNC251 - nobody is let run
    assert await asking
    assert heard.told_of == []
