"""Ends of reservations that did not just end are not told, in whatever order several processes write what happened."""

import time

import pytest

from app.domain.reservation import Claim, KeptReservation
from app.domain.time_ranges import Instant
from app.domain.webhook import Trigger, WebhookOwner, WebhookSettings
from app.services.tell_reservations import Noticeboard
from app.storage.postgres.load import load_world
from app.storage.postgres.outbox import PostgresOutbox
from app.storage.postgres.pool import Pool
from app.storage.postgres.webhooks import PostgresWebhooks
from app.storage.world_files.reading import world_of

WORLD = {
    "users": [{"id": 1, "username": "ana", "email": "ana@example.com", "timeZone": "UTC"}],
    "eventTypes": [{"id": 1, "slug": "call", "title": "call", "lengthInMinutes": 60, "ownerId": 1}],
    "bookings": [
        {"uid": "booked", "eventTypeId": 1, "userId": 1, "start": "2050-01-01T10:00:00Z", "end": "2050-01-01T11:00:00Z"}
    ],
}


def now() -> Instant:
    return round(time.time() * 1_000)


def reservation(*, ended_s: int = 60) -> KeptReservation:
    """Return a reservation that ended some time ago."""
    claim = Claim(
        id="claim",
        reservation_uid="uid",
        event_type_id=None,
        host_ids=(1,),
        start=0,
        end=60_000,
        before_buffer=0,
        after_buffer=0,
    )
    return KeptReservation(claim=claim, until=now() - ended_s * 1_000)


@pytest.fixture
async def outbox(database_url: str, pool: Pool) -> PostgresOutbox:
    """Its webhook hears of ends alone."""
    await load_world(database_url, world_of(WORLD))
    settings = WebhookSettings(subscriber_url="http://h.example/", active=True, triggers=(Trigger.RESERVATION_EXPIRED,))
    await PostgresWebhooks(pool).add(WebhookOwner(user_id=1), settings, "uid")
    return PostgresOutbox(pool)


async def write(outbox: PostgresOutbox, *happened: str) -> None:
    """Write, as one process, that a reservation is made, moved, given up or booked."""
    board, first = Noticeboard(), reservation(ended_s=90)
    for what in happened:
        match what:
            case "made":
                board.kept(first)
            case "moved":
                board.kept(reservation(), instead_of=first)
            case "given up":
                board.released(first)
            case "booked":
                board.booked(first)
    await outbox.write(await board.oldest(100))


async def ends_sent(outbox: PostgresOutbox) -> int:
    return len(await outbox.take(9, {}, most_of_a_receiver=9, most_of_an_owner=9, put_off_s=60))


async def test_an_end_is_told_once(outbox: PostgresOutbox) -> None:
    await write(outbox, "made")
    assert await ends_sent(outbox) == 1
    assert await ends_sent(outbox) == 0


@pytest.mark.parametrize("last", ["given up", "booked"])
async def test_what_is_over_does_not_end(outbox: PostgresOutbox, last: str) -> None:
    await write(outbox, "made", last)
    assert await ends_sent(outbox) == 0


@pytest.mark.parametrize("late", ["made", "moved"])
@pytest.mark.parametrize("last", ["given up", "booked"])
@pytest.mark.parametrize("earlier", [[], ["made"]], ids=["", "made"])
async def test_what_is_over_does_not_end_though_a_process_writes_late_that_it_was_kept(
    outbox: PostgresOutbox, earlier: list[str], last: str, late: str
) -> None:
    for what in earlier:
        await write(outbox, what)
    await write(outbox, last)
    await write(outbox, late)
    assert await ends_sent(outbox) == 0


async def test_what_was_moved_ends_once_though_a_process_writes_late_that_it_was_made(
    outbox: PostgresOutbox, pool: Pool
) -> None:
    await write(outbox, "moved")
    await write(outbox, "made")
    assert await ends_sent(outbox) == 1
    async with pool.connection() as connection:
        assert await connection.fetchval("SELECT now() - created_at < interval '80 s' FROM webhook_deliveries")


async def test_what_became_a_booking_does_not_end_though_nobody_writes_so(outbox: PostgresOutbox, pool: Pool) -> None:
    """As when the process that booked it has died."""
    await write(outbox, "made")
    async with pool.connection() as connection:
        await connection.execute("INSERT INTO consumed_reservations SELECT 'uid', id FROM bookings")
    assert await ends_sent(outbox) == 0
    async with pool.connection() as connection:
        assert await connection.fetchval("SELECT outcome FROM webhook_deliveries") == "dead"


async def test_an_end_is_told_a_little_late_since_a_booking_may_be_under_way(outbox: PostgresOutbox) -> None:
    board = Noticeboard()
    board.kept(reservation(ended_s=1))
    await outbox.write(await board.oldest(100))
    assert await ends_sent(outbox) == 0
