"""What the database keeps of bookings by itself, whatever became of claims."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from app.domain.booking import Attendee, BookingRecord, NewBooking
from app.domain.busy import BookingStatus
from app.domain.errors import EventTypeNotFoundError
from app.domain.time_ranges import MINUTE
from app.fields import parse_instant
from app.services.booking_errors import ReservationUsedError, TimeTakenError
from app.services.bookings import IDLE_MS
from app.services.errors import StoreUnavailableError
from app.storage.postgres.bookings import PostgresBookings
from app.storage.postgres.load import load_world
from app.storage.postgres.pool import open_pool
from app.storage.world_files.reading import world_of

TEN = parse_instant("2050-09-05T10:00:00Z")
MIA = Attendee(name="Mia", email="mia@example.org", zone="UTC")
WORLD = {
    "users": [
        {"id": user_id, "username": f"u{user_id}", "email": f"u{user_id}@example.com", "timeZone": "UTC"}
        for user_id in (1, 2, 3)
    ],
    "eventTypes": [
        {"id": 10, "slug": "call", "ownerId": 1, "lengthInMinutes": 60},
        {"id": 11, "slug": "class", "ownerId": 1, "lengthInMinutes": 60, "seatsPerTimeSlot": 2},
    ],
}


def booking(uid: str, start: int = 0, *hosts: int, length: int = 60, **more: object) -> NewBooking:
    """An hour some minutes after ten, of the first user unless others are named."""
    one = NewBooking(
        uid=uid,
        event_type_id=10,
        host_ids=hosts or (1,),
        start=TEN + start * MINUTE,
        end=TEN + (start + length) * MINUTE,
        before_buffer=0,
        after_buffer=0,
        status=BookingStatus.ACCEPTED,
        blocks=True,
        seated=False,
        title="call",
        attendees=(MIA,),
    )
    return replace(one, **more)  # type: ignore[arg-type]


@pytest.fixture
async def bookings(database_url: str) -> AsyncIterator[PostgresBookings]:
    await load_world(database_url, world_of(WORLD))
    pool = await open_pool(database_url, deadline_s=10)
    yield PostgresBookings(pool, asyncio.Event())
    await pool.close()


async def added(bookings: PostgresBookings, one: NewBooking, *locks: str, then_wait_s: float = 0) -> BookingRecord:
    async with bookings.changing(locks) as changes:
        record = await changes.add(one)
        await asyncio.sleep(then_wait_s)
        return record


async def is_there(bookings: PostgresBookings, uid: str) -> bool:
    return await bookings.find(uid) is not None


@pytest.mark.parametrize(
    "second",
    [
        booking("b"),
        booking("b", 59),
        booking("b", -59),
        booking("b", 15, length=15),
        booking("b", 60, before_buffer=1),
        booking("b", -60, after_buffer=1),
        booking("b", 30, 2, 1),
        booking("b", status=BookingStatus.PENDING),
    ],
)
async def test_two_bookings_never_share_a_hosts_time(bookings: PostgresBookings, second: NewBooking) -> None:
    await added(bookings, booking("a"))
    with pytest.raises(TimeTakenError):
        await added(bookings, second)
    assert not await is_there(bookings, "b")


@pytest.mark.parametrize(
    "second",
    [
        booking("b", 60),
        booking("b", -60),
        booking("b", 0, 2),
        booking("b", status=BookingStatus.PENDING, blocks=False),
        booking("b", event_type_id=11, overlap_group=1),
    ],
)
async def test_what_does_not_meet_stands_beside(bookings: PostgresBookings, second: NewBooking) -> None:
    await added(bookings, booking("a"))
    await added(bookings, second)
    assert await is_there(bookings, "b")


async def test_of_many_that_meet_on_several_hosts_one_stands_and_none_waits_for_another(
    bookings: PostgresBookings,
) -> None:
    """Without the locks, two that meet may wait for each other until the database takes note, and both are refused."""
    trios = [(1, 2), (2, 3), (3, 1), (2, 1), (3, 2), (1, 3), (1, 2, 3), (3, 2, 1)]
    for turn in range(10):
        wanted = [booking(f"{turn} {n}", turn * 600 + n, *hosts) for n, hosts in enumerate(trios)]
        tries = (added(bookings, one, *map("host:{}".format, one.host_ids)) for one in wanted)
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
        kinds = sorted(type(outcome).__name__ for outcome in outcomes)
        assert kinds == ["BookingRecord"] + ["TimeTakenError"] * 7


async def test_what_was_cancelled_takes_no_time_and_still_says_who_hosted_it(bookings: PostgresBookings) -> None:
    first = await added(bookings, booking("a", 0, 1, 2))
    async with bookings.changing() as changes:
        await changes.cancel(first.id, reason="ill", by=None)
    await added(bookings, booking("b", 0, 2))
    cancelled = await bookings.find("a")
    assert cancelled is not None
    assert (cancelled.status, cancelled.host_ids, cancelled.blocks) == (BookingStatus.CANCELLED, (1, 2), False)


async def test_a_reservation_becomes_one_booking(bookings: PostgresBookings) -> None:
    await added(bookings, booking("a", reservation_uid="r"))
    assert await bookings.is_used("r")
    with pytest.raises(ReservationUsedError):
        await added(bookings, booking("b", 600, reservation_uid="r"))
    assert not await is_there(bookings, "b")


async def test_accepting_takes_the_time_unless_another_has_it(bookings: PostgresBookings) -> None:
    pending = booking("a", 0, 2, 1, status=BookingStatus.PENDING, blocks=False)
    first = await added(bookings, pending)
    second = await added(bookings, replace(pending, uid="b"))
    async with bookings.changing() as changes:
        await changes.accept(first.id, None)
    with pytest.raises(TimeTakenError):
        async with bookings.changing() as changes:
            await changes.accept(second.id, None)
    with pytest.raises(TimeTakenError):
        await added(bookings, booking("c", 30))
    found = await bookings.find("b")
    assert found is not None
    assert found.status is BookingStatus.PENDING


async def test_giving_a_booking_to_a_host_who_has_another_is_refused(bookings: PostgresBookings) -> None:
    first = await added(bookings, booking("a"))
    await added(bookings, booking("b", 30, 2))
    with pytest.raises(TimeTakenError):
        async with bookings.changing() as changes:
            await changes.give_to(first.id, 2, instead_of=1, under=None)
    async with bookings.changing() as changes:
        await changes.give_to(first.id, 3, instead_of=1, under="drawn")
    await added(bookings, booking("c"))


async def test_what_a_booking_is_of_may_be_gone_by_now(bookings: PostgresBookings) -> None:
    with pytest.raises(EventTypeNotFoundError):
        await added(bookings, booking("a", event_type_id=99))
    with pytest.raises(TimeTakenError):
        await added(bookings, booking("a", 0, 99))


async def test_whoever_stands_still_in_the_middle_changes_nothing_later(bookings: PostgresBookings) -> None:
    """The claim that protects the change lapses; the database must give up before."""
    with pytest.raises(StoreUnavailableError):
        await added(bookings, booking("a"), then_wait_s=IDLE_MS / 1_000 + 0.3)
    assert not await is_there(bookings, "a")
    await added(bookings, booking("b"))
