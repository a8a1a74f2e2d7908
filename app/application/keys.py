"""Making, listing and ending keys."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.application.stores import StoreUrls, open_stores
from app.settings import Settings
from app.storage.postgres.credentials import PostgresCredentials
from app.storage.postgres.migrate import migrate

Result = TypeVar("Result")


async def with_credentials(
    settings: Settings, urls: StoreUrls, use: Callable[[PostgresCredentials], Awaitable[Result]]
) -> Result:
    """Do something with the keys of a database whose schema is brought up first."""
    await migrate(urls.database, timeout_s=settings.migration_deadline_s)
    async with open_stores(settings, urls) as stores:
        return await use(PostgresCredentials(stores.pool))
