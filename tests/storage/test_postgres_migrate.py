"""The schema comes up from nothing, once, however many start at the same moment."""

import asyncio
import sys
import time
from io import StringIO
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command

import app
from app.services.errors import StoreUnavailableError
from app.storage.postgres import migrate as migrating
from app.storage.postgres.migrate import (
    MIGRATION_LOCK,
    MigrationFailedError,
    MigrationLockedError,
    UnknownRevisionError,
    _apply,
    _config,
    _connected,
    migrate,
    pending_revisions,
)
from app.storage.postgres.pool import Connection
from tests.storage.conftest import TestServer

VERSIONS = Path(app.__file__).parent / "storage/postgres/migrations/versions"
ALL = sorted(file.name[:4] for file in VERSIONS.glob("0*.py"))
MIGRATING_PROCESS = """
import asyncio, sys
from app.storage.postgres.migrate import migrate
print(" ".join(asyncio.run(migrate(sys.argv[1], timeout_s=30))))
"""


async def test_an_empty_database_gets_every_revision_in_order(empty_database_url: str) -> None:
    assert await migrate(empty_database_url, timeout_s=10) == ALL
    assert await migrate(empty_database_url, timeout_s=10) == []


async def test_a_schema_may_have_any_name(empty_database_url: str) -> None:
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute('CREATE SCHEMA "My App"')
    await connection.close()
    mark = "&" if "?" in empty_database_url else "?"
    there = f"{empty_database_url}{mark}options=-csearch_path%3D%22My%5C%20App%22"
    assert await migrate(there, timeout_s=10) == ALL
    assert await migrate(there, timeout_s=10) == []
    nowhere = f"{empty_database_url}{mark}options=-csearch_path%3Dnowhere"
    with pytest.raises(MigrationFailedError, match="schema"):
        await migrate(nowhere, timeout_s=10)


async def test_a_database_in_use_is_brought_up_with_what_it_holds(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listings and bookings read bookings first, and then who attends them."""
    monkeypatch.setattr(migrating, "_TRIES", 1)
    connection = await asyncpg.connect(empty_database_url)
    await connection.execute(until("0016"))
    await connection.execute(
        """
        INSERT INTO users (id, username, email, time_zone) VALUES (1, 'ann', 'ann@example.com', 'UTC');
        INSERT INTO bookings
            (uid, user_id, starts_at, ends_at, status, before_buffer_minutes, after_buffer_minutes)
        SELECT 'b' || n, 1, '2050-03-08', '2050-03-09', CASE WHEN n % 2 = 0 THEN 'accepted' ELSE 'cancelled' END, 0, 0
        FROM generate_series(1, 10) AS n;
        INSERT INTO booking_attendees (booking_id, position, email) SELECT id, 0, 'guest@example.org' FROM bookings;
        """
    )
    reading = await asyncpg.connect(empty_database_url)
    begun = reading.transaction()
    await begun.start()
    await reading.execute("SELECT FROM bookings")
    bringing_up = asyncio.create_task(migrate(empty_database_url, timeout_s=10))
    await asyncio.sleep(0.5)
    # Whoever waits for whoever waits for them would be told of a deadlock.
    await reading.execute("SELECT FROM booking_attendees")
    await begun.commit()
    await reading.close()
    assert await bringing_up == ALL[ALL.index("0017") :]
    taking = await connection.fetchval("SELECT count(*) FROM booking_attendees WHERE takes_until = '2050-03-09'")
    assert (taking, await connection.fetchval("SELECT count(*) FROM booking_attendees")) == (5, 10)
    await connection.close()


@pytest.mark.parametrize(("deadlocks", "comes_up"), [(1, True), (4, True), (5, False)])
async def test_who_waited_in_a_circle_tries_again_a_few_times(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch, *, deadlocks: int, comes_up: bool
) -> None:
    left = deadlocks

    async def apply(connection: Connection, timeout_s: float) -> list[str]:
        nonlocal left
        left -= 1
        if left >= 0:
            raise asyncpg.DeadlockDetectedError
        return await _apply(connection, timeout_s)

    monkeypatch.setattr(migrating, "_apply", apply)
    monkeypatch.setattr(migrating, "_PAUSE_S", 0)
    if comes_up:
        assert await migrate(empty_database_url, timeout_s=10) == ALL
    else:
        with pytest.raises(MigrationLockedError, match="in use"):
            await migrate(empty_database_url, timeout_s=10)


def until(revision: str) -> str:
    """Return the SQL of all revisions as far as one."""
    sql = StringIO()
    command.upgrade(_config(sql), f"base:{revision}", sql=True)
    return sql.getvalue()


async def test_with_nothing_to_do_it_does_nothing_and_waits_for_nobody(database_url: str) -> None:
    other = await asyncpg.connect(database_url)
    await other.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
    assert await migrate(database_url, timeout_s=10) == []
    await other.close()


async def test_of_four_processes_at_once_one_migrates(empty_database_url: str) -> None:
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", MIGRATING_PROCESS, empty_database_url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for _ in range(4)
    ]
    outputs = [await process.communicate() for process in processes]
    errors = b"".join(error for _, error in outputs).decode()
    assert not errors, errors
    assert sorted(output.split() for output, _ in outputs) == [[], [], [], [name.encode() for name in ALL]]


async def test_who_waited_for_another_sees_what_that_one_did(empty_database_url: str) -> None:
    """Not what the waiting connection remembers from before: that there is no schema."""
    first = await asyncpg.connect(empty_database_url)
    async with _connected(empty_database_url, 10) as second:
        assert await pending_revisions(second) == ALL
        async with first.transaction():
            await first.execute("SELECT pg_advisory_xact_lock($1)", MIGRATION_LOCK)
            waiting = asyncio.create_task(_apply(second, 10))
            while not await first.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            # All that the other one looks at, and little enough for its memory not to be swept away by the news of it.
            await first.execute(f"CREATE TABLE alembic_version AS SELECT '{ALL[-1]}' AS version_num")
        assert await waiting == []
    await first.close()


async def test_who_waits_too_long_for_another_says_so(empty_database_url: str) -> None:
    other = await asyncpg.connect(empty_database_url)
    await other.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
    with pytest.raises(MigrationLockedError, match="migrated by another process"):
        await migrate(empty_database_url, timeout_s=1.5)
    await other.close()
    assert await migrate(empty_database_url, timeout_s=10) == ALL


async def test_a_failure_half_way_leaves_nothing_behind(empty_database_url: str) -> None:
    other = await asyncpg.connect(empty_database_url)
    await other.execute("CREATE TABLE credentials ()")
    with pytest.raises(MigrationFailedError, match="as it was"):
        await migrate(empty_database_url, timeout_s=10)
    assert await other.fetchval("SELECT to_regclass('users')") is None
    await other.close()


async def test_a_schema_from_the_future_is_refused(postgres_server: TestServer) -> None:
    database_url = postgres_server.url_of(await postgres_server.create())
    other = await asyncpg.connect(database_url)
    await other.execute("UPDATE alembic_version SET version_num = '9999'")
    await other.close()
    with pytest.raises(UnknownRevisionError, match="9999"):
        await migrate(database_url, timeout_s=10)


async def test_no_server_is_an_unavailable_store_in_bounded_time() -> None:
    started = time.monotonic()
    with pytest.raises(StoreUnavailableError):
        await migrate("postgresql://nobody@127.0.0.1:1/none", timeout_s=1)
    assert time.monotonic() - started < 3


async def test_a_server_that_is_starting_up_is_waited_for(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, refusals = asyncpg.connect, [asyncpg.CannotConnectNowError("the database system is starting up")] * 2

    async def starting(*arguments: Any, **options: Any) -> object:
        if refusals:
            raise refusals.pop()
        return await connect(*arguments, **options)

    monkeypatch.setattr(asyncpg, "connect", starting)
    assert await migrate(empty_database_url, timeout_s=30) == ALL
    assert refusals == []


async def test_a_server_that_never_comes_up_is_not_waited_for_long(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def starting(*_: object, **__: object) -> object:
        raise asyncpg.CannotConnectNowError("the database system is starting up")

    monkeypatch.setattr(asyncpg, "connect", starting)
    with pytest.raises(StoreUnavailableError):
        await migrate(empty_database_url, timeout_s=0.5)
