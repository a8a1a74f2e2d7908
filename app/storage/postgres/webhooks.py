"""Webhooks in PostgreSQL: the port `Webhooks`. A write is one transaction."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import asyncpg

from app.domain.errors import EventTypeNotFoundError
from app.domain.webhook import Trigger, Webhook, WebhookOwner, WebhookSettings, receiver_of
from app.fields import MAX_ID
from app.services.ports import Page
from app.services.webhooks import MOST_WEBHOOKS, EventTypePlace, TooManyWebhooksError, WebhookTwiceError
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Pool

_SQL = queries("webhooks")


class PostgresWebhooks:
    """Webhooks as they stand now; see `services.webhooks.Webhooks`."""

    def __init__(self, pool: Pool) -> None:
        """Work on this pool."""
        self._pool = pool

    async def event_type(self, event_type_id: int) -> EventTypePlace | None:
        """Return whose an event type is."""
        row = await self._row("event_type", event_type_id) if event_type_id <= MAX_ID else None
        return None if row is None else EventTypePlace(row["owner_id"], row["team_id"])

    async def find(self, webhook_id: int) -> Webhook | None:
        """Return a webhook."""
        row = await self._row("find", webhook_id) if webhook_id <= MAX_ID else None
        return None if row is None else _webhook(row)

    async def of_owner(self, owner: WebhookOwner, page: Page) -> tuple[Webhook, ...]:
        """Return an owner's webhooks."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_SQL["of_owner"], *_ids(owner), page.take, page.skip)
        return tuple(map(_webhook, rows))

    async def add(self, owner: WebhookOwner, settings: WebhookSettings, uid: str) -> Webhook:
        """Make a webhook, or return the one made under this uid before; see the port for what it raises."""
        async with self._pool.connection() as connection, connection.transaction():
            if await connection.fetchval(_SQL["lock_owner"], *_ids(owner)) is None:
                raise EventTypeNotFoundError(owner.event_type_id)
            row = await connection.fetchrow(_SQL["made_under"], uid)
            if row is None:
                if await connection.fetchval(_SQL["count_of_owner"], *_ids(owner)) >= MOST_WEBHOOKS:
                    raise TooManyWebhooksError(MOST_WEBHOOKS)
                with _refusals():
                    row = await connection.fetchrow(_SQL["add"], *_ids(owner), uid, *_columns(settings))
            return _surely(row)

    async def change(self, webhook_id: int, values: Mapping[str, Any]) -> Webhook | None:
        """Give a webhook other values; see the port for what it raises."""
        async with self._pool.connection() as connection, connection.transaction():
            row = await connection.fetchrow(_SQL["lock"], webhook_id)
            if row is None:
                return None
            settings = replace(_webhook(row).settings, **values)
            if not settings.active:
                await connection.execute(_SQL["drop_due"], webhook_id)
            with _refusals():
                return _surely(await connection.fetchrow(_SQL["change"], webhook_id, *_columns(settings)))

    async def delete(self, webhook_id: int) -> Webhook | None:
        """Delete a webhook and return what it was."""
        row = await self._row("delete", webhook_id)
        return None if row is None else _webhook(row)

    async def delete_all(self, owner: WebhookOwner) -> int:
        """Delete an owner's webhooks, and return how many there were."""
        async with self._pool.connection() as connection:
            number: int = await connection.fetchval(_SQL["delete_all"], *_ids(owner))
        return number

    async def _row(self, query: str, item_id: int) -> asyncpg.Record | None:
        async with self._pool.connection() as connection:
            return await connection.fetchrow(_SQL[query], item_id)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except asyncpg.UniqueViolationError:
        raise WebhookTwiceError from None


def _ids(owner: WebhookOwner) -> tuple[int | None, int | None]:
    return owner.user_id, owner.event_type_id


def _columns(settings: WebhookSettings) -> tuple[Any, ...]:
    """Return what `add` and `change` write, in their order."""
    return (
        settings.subscriber_url,
        receiver_of(settings.subscriber_url),
        settings.active,
        list(settings.triggers),
        settings.payload_template,
        settings.secret,
    )


def _surely(row: asyncpg.Record | None) -> Webhook:
    """Return a webhook that this transaction wrote."""
    if row is None:
        raise LookupError("a row that was locked is gone")
    return _webhook(row)


def _webhook(row: asyncpg.Record) -> Webhook:
    return Webhook(
        id=row["id"],
        owner=WebhookOwner(user_id=row["user_id"], event_type_id=row["event_type_id"]),
        settings=WebhookSettings(
            subscriber_url=row["subscriber_url"],
            active=row["active"],
            triggers=tuple(map(Trigger, row["triggers"])),
            payload_template=row["payload_template"],
            secret=row["secret"],
        ),
    )
