"""OAuth clients in PostgreSQL: the port `OAuthClients`."""

import secrets

import asyncpg
import orjson

from app.fields import instant_from
from app.services.errors import UserIdNotFoundError
from app.services.oauth_clients import NewOAuthClient, OAuthClient, OAuthClientFields
from app.services.ports import Page
from app.storage.postgres.credentials import secret_hash_of
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Borrowed, Connections

_SQL = queries("oauth_clients")


class PostgresOAuthClients:
    """OAuth clients as they stand now; see `services.oauth_clients`. Of a secret only its hash is kept."""

    def __init__(self, pool: Connections) -> None:
        """Work through this pool."""
        self._pool = pool

    async def listed(self, user_id: int, page: Page) -> tuple[OAuthClient, ...]:
        """Return the clients that a person runs, in the order they were made."""
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_SQL["listed"], user_id, None, page.take, page.skip)
        return tuple(_client(row) for row in rows)

    async def find(self, user_id: int, client_id: str) -> OAuthClient | None:
        """Return a client that a person runs."""
        async with self._pool.connection() as connection:
            return await _one(connection, user_id, client_id)

    async def create(self, user_id: int, fields: OAuthClientFields) -> NewOAuthClient:
        """Make a client: of the organization that the person runs, the first of several, else their own.

        Raises
        ------
        UserIdNotFoundError, StoreUnavailableError
            See the port.
        """
        made = NewOAuthClient(secrets.token_hex(12), secrets.token_hex(32))
        async with self._pool.connection() as connection, connection.transaction():
            if await connection.fetchval(_SQL["lock_user"], user_id) is None:
                raise UserIdNotFoundError(user_id)
            organization_id = await connection.fetchval(_SQL["organization_run_by"], user_id)
            owner_id = user_id if organization_id is None else None
            values = (made.id, secret_hash_of(made.secret), fields.name, owner_id, organization_id)
            await connection.execute(_SQL["create"], *values, _json(fields))
        return made

    async def change(self, user_id: int, client_id: str, fields: OAuthClientFields) -> OAuthClient | None:
        """Change a client that a person runs; None if there is none."""
        async with self._pool.connection() as connection, connection.transaction():
            if await _one(connection, user_id, client_id) is None:
                return None
            await connection.execute(_SQL["change"], client_id, fields.name, _json(fields))
            return await _one(connection, user_id, client_id)

    async def end(self, user_id: int, client_id: str) -> OAuthClient | None:
        """Delete a client that a person runs, with its tokens, and return what it was; its users stay."""
        async with self._pool.connection() as connection, connection.transaction():
            found = await _one(connection, user_id, client_id)
            if found is not None:
                for query in ("lock", "hand_over_users", "delete"):
                    await connection.execute(_SQL[query], client_id)
            return found


def _json(fields: OAuthClientFields) -> str:
    return orjson.dumps(fields.details).decode()


async def _one(connection: Borrowed, user_id: int, client_id: str) -> OAuthClient | None:
    row = await connection.fetchrow(_SQL["listed"], user_id, client_id, 1, 0)
    return None if row is None else _client(row)


def _client(row: asyncpg.Record) -> OAuthClient:
    return OAuthClient(
        id=row["id"],
        name=row["name"],
        organization_id=row["organization_id"],
        created_at=instant_from(row["created_at"]),
        details=orjson.loads(row["details"]),
    )
