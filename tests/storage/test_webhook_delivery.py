"""Deliveries between PostgreSQL and real receivers: each arrives, known ones once, and none waits for another's."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import pairwise

import pytest
from typing_extensions import override

from app.delivery.sender import HttpSender, open_sender
from app.domain.webhook import Event, Trigger, WebhookOwner, WebhookSettings
from app.services.booking_errors import ReservationUsedError
from app.services.deliver_webhooks import Delivery, Outcome, Sender, WebhookDeliverer
from app.services.errors import StoreUnavailableError
from app.storage.postgres.bookings import PostgresBookings
from app.storage.postgres.load import load_world
from app.storage.postgres.outbox import PostgresOutbox, tell
from app.storage.postgres.pool import Pool
from app.storage.postgres.webhooks import PostgresWebhooks
from app.storage.world_files.reading import world_of
from tests.receiver import Receiver, receiving
from tests.storage.rows_read import rows_read

ANA = 1
BEN = 2
WORLD = {
    "users": [
        {"id": user_id, "username": name, "email": f"{name}@example.com", "timeZone": "UTC"}
        for user_id, name in ((ANA, "ana"), (BEN, "ben"))
    ]
}
EVENT = Event(triggers=(Trigger.BOOKING_CREATED,), payload={}, event_type_id=None, user_ids=frozenset({ANA}))
QUICK = (0.05, 0.1, 0.2)
"""Pauses between tries, in seconds."""


class DyingOutbox(PostgresOutbox):
    """Of a pod that dies between sending and writing down what came of it."""

    dead = False

    @override
    async def take(
        self,
        most: int,
        under_way: Mapping[str, int],
        *,
        most_of_a_receiver: int,
        most_of_an_owner: int,
        put_off_s: float,
    ) -> Sequence[Delivery]:
        if self.dead:
            return []
        return await super().take(
            most,
            under_way,
            most_of_a_receiver=most_of_a_receiver,
            most_of_an_owner=most_of_an_owner,
            put_off_s=put_off_s,
        )

    @override
    async def delivered(self, delivery: Delivery, said: str) -> None:
        self.dead = True
        await asyncio.Event().wait()


class ForgetfulOutbox(PostgresOutbox):
    """Of a pod that cannot reach the store in the moment after sending."""

    failures = 1

    @override
    async def delivered(self, delivery: Delivery, said: str) -> None:
        if self.failures:
            self.failures -= 1
            raise StoreUnavailableError("postgres")
        await super().delivered(delivery, said)


class AwayOutbox(PostgresOutbox):
    """Of a pod that loses the store right after sending, for longer than a delivery is put off."""

    away_s = 0.6
    put_off_s = 0.2
    _back_at: float | None = None

    def _ask(self) -> None:
        if self._back_at is None:
            self._back_at = time.monotonic() + self.away_s
        if time.monotonic() < self._back_at:
            raise StoreUnavailableError("postgres")

    @override
    async def take(
        self,
        most: int,
        under_way: Mapping[str, int],
        *,
        most_of_a_receiver: int,
        most_of_an_owner: int,
        put_off_s: float,
    ) -> Sequence[Delivery]:
        if self._back_at is not None:
            self._ask()
        return await super().take(
            most,
            under_way,
            most_of_a_receiver=most_of_a_receiver,
            most_of_an_owner=most_of_an_owner,
            put_off_s=put_off_s,
        )

    @override
    async def delivered(self, delivery: Delivery, said: str) -> None:
        self._ask()
        await super().delivered(delivery, said)


class BrokenSender:
    """Fails in a way that nobody has thought of."""

    async def send(self, delivery: Delivery) -> Outcome:
        raise LookupError(delivery.id)


class Desk:
    """Writes deliveries and starts pods that send them."""

    def __init__(self, pool: Pool, sender: HttpSender, stack: AsyncExitStack) -> None:
        self.pool = pool
        self.sender = sender
        self._stack = stack
        self._uids = 0

    async def webhook(self, *receivers: Receiver, owner: int = ANA) -> None:
        for receiver in receivers:
            self._uids += 1
            settings = WebhookSettings(
                subscriber_url=receiver.url, active=True, triggers=(Trigger.BOOKING_CREATED,), secret="s"
            )
            await PostgresWebhooks(self.pool).add(WebhookOwner(user_id=owner), settings, f"uid {self._uids}")

    async def tell(self, number: int = 1, owner: int = ANA) -> None:
        """Let so many things happen."""
        async with self.pool.connection() as connection, connection.transaction():
            for n in range(number):
                assert await tell(connection, replace(EVENT, payload={"n": n}, user_ids=frozenset({owner})))

    async def pod(
        self,
        outbox: PostgresOutbox | None = None,
        sender: Sender | None = None,
        pauses_s: Sequence[float] = QUICK,
        put_off_s: float = 60,
    ) -> None:
        """Start a pod."""
        deliverer = WebhookDeliverer(
            outbox or PostgresOutbox(self.pool),
            sender or self.sender,
            asyncio.Event(),
            pauses_s=pauses_s,
            put_off_s=put_off_s,
            poll_s=0.02,
        )
        await self._stack.enter_async_context(deliverer.running())

    async def outcomes(self, number: int) -> list[tuple[str, str, int]]:
        """Return outcome, last try and number of tries of deliveries, once so many are over."""
        async with asyncio.timeout(5):
            while True:
                async with self.pool.connection() as connection:
                    rows = await connection.fetch(
                        "SELECT outcome, last_try, tries FROM webhook_deliveries WHERE outcome IS NOT NULL"
                    )
                if len(rows) >= number:
                    return [(row["outcome"], row["last_try"], row["tries"]) for row in rows]
                await asyncio.sleep(0.01)


@pytest.fixture
async def desk(database_url: str, pool: Pool) -> AsyncIterator[Desk]:
    await load_world(database_url, world_of(WORLD))
    async with AsyncExitStack() as stack:
        sender = await stack.enter_async_context(open_sender(private_addresses=True, try_s=0.5))
        yield Desk(pool, sender, stack)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as started:
        yield started


async def test_what_is_told_counts_with_the_change_and_not_without(desk: Desk, receiver: Receiver) -> None:
    await desk.webhook(receiver)
    news = asyncio.Event()
    bookings = PostgresBookings(desk.pool, news)

    async def told_and_refused() -> None:
        async with bookings.changing() as changes:
            await changes.tell(EVENT)
            raise ReservationUsedError("uid")

    with pytest.raises(ReservationUsedError):
        await told_and_refused()
    assert not news.is_set()
    async with bookings.changing() as changes:
        await changes.tell(EVENT)
    assert news.is_set()
    await desk.pod()
    assert await desk.outcomes(1) == [("delivered", "200", 1)]


async def test_of_two_pods_one_sends_each_delivery(desk: Desk, receiver: Receiver) -> None:
    await desk.webhook(receiver)
    await desk.tell(50)
    await desk.pod()
    await desk.pod()
    assert await desk.outcomes(50) == [("delivered", "200", 1)] * 50
    assert len({one.delivery for one in receiver.received}) == len(receiver.received) == 50


async def test_of_many_that_take_at_once_one_takes_each(desk: Desk, receiver: Receiver) -> None:
    await desk.webhook(receiver)
    await desk.tell(200)
    outbox = PostgresOutbox(desk.pool)
    takes = (outbox.take(50, {}, most_of_a_receiver=50, most_of_an_owner=50, put_off_s=60) for _ in range(8))
    taken = [delivery.id for one in await asyncio.gather(*takes) for delivery in one]
    assert len(taken) == len(set(taken)) >= 50


async def test_what_fails_is_tried_again_until_it_arrives(desk: Desk, receiver: Receiver) -> None:
    receiver.statuses = [500, 404, 302]
    await desk.webhook(receiver)
    await desk.tell()
    await desk.pod()
    assert await desk.outcomes(1) == [("delivered", "200", 4)]
    assert len({(one.delivery, one.body, one.headers["X-Cal-Signature-256"]) for one in receiver.received}) == 1


async def test_pauses_grow_and_after_the_last_it_is_given_up(desk: Desk, receiver: Receiver) -> None:
    receiver.statuses = [500] * 9
    await desk.webhook(receiver)
    await desk.tell()
    await desk.pod()
    assert await desk.outcomes(1) == [("dead", "500", 4)]
    times = [one.at for one in receiver.received]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert all(pause >= wanted for pause, wanted in zip(pauses, QUICK, strict=True))


async def test_a_receiver_that_never_answers_delays_nobody(desk: Desk, receiver: Receiver) -> None:
    """It has more waiting than a pod sends at once, and they were due before the other's."""
    async with receiving() as silent:
        silent.silent = True
        await desk.webhook(silent)
        await desk.tell(300)
        await desk.webhook(receiver)
        await desk.pod()
        await silent.got(1)
        await desk.tell(20)
        await receiver.got(20)
        assert {one.trigger for one in receiver.received} == {"BOOKING_CREATED"}
        assert len(silent.received) == 4  # So many at once, and none has come to an end yet.
        await silent.got(8)
        assert len({one.delivery for one in silent.received}) == 8


async def test_an_owner_whose_receivers_never_answer_delays_nobody_else(desk: Desk, receiver: Receiver) -> None:
    """Hers could take all places of a pod, and were due before the other's."""
    async with AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(receiving()) for _ in range(50)]
        for one in silent:
            one.silent = True
        await desk.webhook(*silent)
        await desk.tell(4)
        await desk.webhook(receiver, owner=BEN)
        await desk.tell(owner=BEN)
        await desk.pod()
        await receiver.got(1)
        assert sum(len(one.received) for one in silent) <= 20  # So many at once, and none has come to an end yet.


async def test_of_what_lies_before_a_receiver_little_is_read(desk: Desk, receiver: Receiver) -> None:
    """Neither of what is due nor of what is over."""
    await desk.webhook(receiver)
    outbox = PostgresOutbox(desk.pool)
    async with desk.pool.connection() as connection:
        await connection.execute(
            """
            INSERT INTO webhook_deliveries (webhook_id, trigger, payload, due_at, outcome)
            SELECT w.id, 'BOOKING_CREATED', '{}', due_at, CASE WHEN due_at IS NULL THEN 'delivered' END
            FROM webhooks AS w, unnest(ARRAY[NULL, now()]) AS due_at, generate_series(1, 20000)
            """
        )
        await connection.execute("ANALYZE webhook_deliveries")
    before = await rows_read(desk.pool, "webhook_deliveries")
    busy = {f"127.0.0.1:{receiver.port}": 4}
    assert await outbox.take(10, busy, most_of_a_receiver=4, most_of_an_owner=50, put_off_s=60) == []
    assert len(await outbox.take(10, {}, most_of_a_receiver=4, most_of_an_owner=50, put_off_s=60)) == 4
    assert await rows_read(desk.pool, "webhook_deliveries") - before < 200


async def test_a_receiver_that_never_answers_is_tried_again(desk: Desk, receiver: Receiver) -> None:
    receiver.silent = True
    await desk.webhook(receiver)
    await desk.tell()
    async with open_sender(private_addresses=True, try_s=0.05) as hasty:
        await desk.pod(sender=hasty, pauses_s=(0.01,))
        assert await desk.outcomes(1) == [("dead", "TimeoutError", 2)]


async def test_a_pod_that_dies_after_sending_leaves_the_delivery_to_another(desk: Desk, receiver: Receiver) -> None:
    """Nobody knows whether it arrived, so it is sent again, and can be told by its id."""
    await desk.webhook(receiver)
    await desk.tell()
    await desk.pod(DyingOutbox(desk.pool), put_off_s=0.3)
    await receiver.got(1)
    await desk.pod()
    first, again = await receiver.got(2)
    assert (first.delivery, first.body) == (again.delivery, again.body)
    assert await desk.outcomes(1) == [("delivered", "200", 2)]


async def test_what_is_known_to_have_arrived_is_written_down_though_the_store_was_away(
    desk: Desk, receiver: Receiver
) -> None:
    await desk.webhook(receiver)
    await desk.tell()
    await desk.pod(ForgetfulOutbox(desk.pool))
    assert await desk.outcomes(1) == [("delivered", "200", 1)]
    assert len(receiver.received) == 1


async def test_what_is_known_to_have_arrived_is_not_sent_again_however_long_the_store_was_away(
    desk: Desk, receiver: Receiver
) -> None:
    await desk.webhook(receiver)
    await desk.tell(3)
    await desk.pod(AwayOutbox(desk.pool), put_off_s=AwayOutbox.put_off_s)
    assert await desk.outcomes(3) == [("delivered", "200", 1)] * 3
    assert len(receiver.received) == 3


async def test_a_slow_failure_does_not_undo_what_another_pod_delivered(desk: Desk, receiver: Receiver) -> None:
    await desk.webhook(receiver)
    await desk.tell()
    outbox = PostgresOutbox(desk.pool)
    [slow] = await outbox.take(1, {}, most_of_a_receiver=1, most_of_an_owner=50, put_off_s=0)
    [quick] = await outbox.take(1, {}, most_of_a_receiver=1, most_of_an_owner=50, put_off_s=60)
    await outbox.failed(slow, "TimeoutError", 0)
    assert await outbox.take(1, {}, most_of_a_receiver=1, most_of_an_owner=50, put_off_s=0) == []
    await outbox.delivered(quick, "200")
    await outbox.failed(quick, "TimeoutError", 0)
    assert await desk.outcomes(1) == [("delivered", "200", 2)]


async def test_a_mistake_of_ours_is_not_made_for_ever(desk: Desk, receiver: Receiver) -> None:
    await desk.webhook(receiver)
    await desk.tell()
    await desk.pod(sender=BrokenSender(), pauses_s=(0.01,))
    assert await desk.outcomes(1) == [("dead", "LookupError", 2)]


async def test_what_would_go_wrong_every_time_is_given_up_at_once(desk: Desk, receiver: Receiver) -> None:
    """As a body that its template makes too large of."""
    settings = WebhookSettings(
        subscriber_url=receiver.url,
        active=True,
        triggers=(Trigger.BOOKING_CREATED,),
        payload_template="{{metadata}}" * 50,
    )
    await PostgresWebhooks(desk.pool).add(WebhookOwner(user_id=ANA), settings, "uid")
    async with desk.pool.connection() as connection:
        await tell(connection, replace(EVENT, payload={"metadata": {"key": "x" * 10_000}}))
    await desk.pod()
    assert await desk.outcomes(1) == [("dead", "TooLargeError", 1)]
    assert receiver.received == []


async def test_a_receiver_has_only_so_many_at_once_whoever_takes_them(desk: Desk, receiver: Receiver) -> None:
    await desk.webhook(receiver)
    await desk.tell(10)
    outbox = PostgresOutbox(desk.pool)
    first = await outbox.take(10, {}, most_of_a_receiver=4, most_of_an_owner=50, put_off_s=60)
    assert len(first) == 4
    busy = {first[0].receiver: 3}
    assert len(await outbox.take(10, busy, most_of_a_receiver=4, most_of_an_owner=50, put_off_s=60)) == 1
    assert await outbox.take(10, {first[0].receiver: 4}, most_of_a_receiver=4, most_of_an_owner=50, put_off_s=60) == []
    assert len(await outbox.take(2, {}, most_of_a_receiver=4, most_of_an_owner=50, put_off_s=60)) == 2


async def test_what_is_long_past_is_forgotten(desk: Desk, receiver: Receiver) -> None:
    await desk.webhook(receiver)
    await desk.tell(3)
    outbox = PostgresOutbox(desk.pool)
    async with desk.pool.connection() as connection:
        await connection.execute(
            "UPDATE webhook_deliveries SET created_at = now() - interval '8 days' WHERE payload ->> 'n' <> '0'"
        )
    assert await outbox.forget()
    assert not await outbox.forget()
    async with desk.pool.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM webhook_deliveries") == 1
