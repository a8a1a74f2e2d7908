"""What is to be sent to webhooks, in PostgreSQL: the ports `Outbox` and `ReservationOutbox`, and `tell` for changes."""

from collections.abc import Mapping, Sequence

import asyncpg
import orjson

from app.domain.time_ranges import Instant
from app.domain.webhook import Event, Trigger
from app.fields import instant_from
from app.services.deliver_webhooks import Delivery
from app.services.tell_reservations import Course, ReservationNews
from app.storage.postgres.instants import timestamp_of
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Borrowed, Pool

_SQL = queries("outbox")
_KEPT_S = 7 * 86_400
_FORGOTTEN_AT_ONCE = 1_000
_END_S = 5
"""After a reservation's end it is told: a booking that was under way by then may stand until later."""
_OF_RESERVATIONS = [Trigger.RESERVATION_CREATED, Trigger.RESERVATION_RELEASED, Trigger.RESERVATION_EXPIRED]


async def tell(
    connection: Borrowed, event: Event, *, at: Instant | None = None, reservation_uid: str | None = None
) -> bool:
    """Write down what webhooks are to be sent, in the transaction that the event happens in; False if none listens.

    The end of a reservation, by its uid, happens later, `at` an instant.
    """
    rows = await connection.fetch(
        _SQL["tell"],
        list(event.triggers),
        orjson.dumps(event.payload).decode(),
        event.event_type_id,
        sorted(event.user_ids),
        None if at is None else timestamp_of(at),
        reservation_uid,
        _END_S,
    )
    return bool(rows)


class PostgresOutbox:
    """Deliveries; see `services.deliver_webhooks.Outbox`. Time is the database's, so that pods agree on it."""

    def __init__(self, pool: Pool) -> None:
        """Work on this pool."""
        self._pool = pool

    async def take(
        self,
        most: int,
        under_way: Mapping[str, int],
        *,
        most_of_a_receiver: int,
        most_of_an_owner: int,
        put_off_s: float,
    ) -> Sequence[Delivery]:
        """Take deliveries that are due, and put them off."""
        bounds = most, most_of_a_receiver, most_of_an_owner
        busy = list(under_way), list(under_way.values())
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_SQL["take"], *bounds, *busy, put_off_s)
        return [_delivery(row) for row in rows]

    async def delivered(self, delivery: Delivery, said: str) -> None:
        """Note that a delivery has arrived."""
        async with self._pool.connection() as connection:
            await connection.execute(_SQL["delivered"], delivery.id, said)

    async def failed(self, delivery: Delivery, said: str, pause_s: float | None) -> None:
        """Note that a try failed, and when to try next."""
        async with self._pool.connection() as connection:
            await connection.execute(_SQL["failed"], delivery.id, delivery.tries, said, pause_s)

    async def write(self, news: Sequence[ReservationNews]) -> bool:
        """Write down what happened to reservations; see `services.tell_reservations.ReservationOutbox`."""
        async with self._pool.connection() as connection, connection.transaction():
            if not await connection.fetchval(_SQL["reservations_are_told"], _OF_RESERVATIONS):
                return False
            for one in news:
                await _tell(connection, one)
        return True

    async def forget(self) -> bool:
        """Forget deliveries that were written a week ago."""
        async with self._pool.connection() as connection:
            return bool(await connection.fetch(_SQL["forget"], _KEPT_S, _FORGOTTEN_AT_ONCE))


async def _tell(connection: Borrowed, news: ReservationNews) -> None:
    if news.event is not None:
        await tell(connection, news.event)
    if news.course is Course.BEGUN:
        # Another process may have written already what happened afterwards.
        if not await connection.fetchval(_SQL["knows_end"], news.uid):
            await _tell_end(connection, news)
        return
    if news.course is Course.MOVED:
        await connection.execute(_SQL["withdraw"], news.uid)
        await _tell_end(connection, news)
    # Of what is over an end may yet be written, by a process that is late: something buried stays there for it to find.
    elif not await connection.fetch(_SQL["bury"], news.uid):
        await _tell_end(connection, news)
        await connection.execute(_SQL["bury"], news.uid)


async def _tell_end(connection: Borrowed, news: ReservationNews) -> None:
    await tell(connection, news.expiry, at=news.until, reservation_uid=news.uid)


def _delivery(row: asyncpg.Record) -> Delivery:
    return Delivery(
        id=str(row["id"]),
        tries=row["tries"],
        webhook_id=row["webhook_id"],
        url=row["subscriber_url"],
        receiver=row["receiver"],
        owner=row["owner"],
        secret=row["secret"],
        template=row["payload_template"],
        trigger=Trigger(row["trigger"]),
        created_at=instant_from(row["created_at"]),
        payload=orjson.loads(row["payload"]),
    )
