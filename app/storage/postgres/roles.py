"""Who may do what in a team or organization, in PostgreSQL: the port `Roles`."""

from collections.abc import Collection

import asyncpg

from app.domain.role import Role
from app.fields import MAX_ID
from app.services.ports import Caller
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Connections

_SQL = queries("roles")


class PostgresRoles:
    """Roles as they stand now. One query a call."""

    def __init__(self, pool: Connections) -> None:
        """Read through this pool."""
        self._pool = pool

    async def in_team(self, caller: Caller, team_id: int) -> Role | None:
        """Return a caller's role in a team; see `services.ports.Roles`.

        Raises
        ------
        StoreUnavailableError
            If PostgreSQL does not answer in time.
        """
        row = await self._row("team_role", caller, team_id)
        if row is None:
            return None
        # Who runs an organization runs its teams; who merely belongs to it is no member of them.
        above = _role_of_organization(row)
        roles = [_role(row["in_team"]), above if above is not None and above >= Role.ADMIN else None]
        return max((role for role in roles if role is not None), default=None)

    async def teams_of(self, caller: Caller, team_ids: Collection[int]) -> set[int]:
        """Return to which of some teams a caller belongs; see `services.ports.Roles`.

        Raises
        ------
        StoreUnavailableError
            If PostgreSQL does not answer in time.
        """
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_SQL["teams_of"], list(team_ids), caller.user_id)
        return {row["team_id"] for row in rows}

    async def in_organization(self, caller: Caller, organization_id: int) -> Role | None:
        """Return a caller's role in an organization; see `services.ports.Roles`.

        Raises
        ------
        StoreUnavailableError
            If PostgreSQL does not answer in time.
        """
        row = await self._row("organization_role", caller, organization_id)
        return None if row is None else _role_of_organization(row)

    async def over(self, caller: Caller, user_ids: Collection[int]) -> Role | None:
        """Return a caller's highest role in the organizations of people; see `services.ports.Roles`.

        Raises
        ------
        StoreUnavailableError
            If PostgreSQL does not answer in time.
        """
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_SQL["roles_over"], list(user_ids), caller.user_id, caller.organization_id)
        return max((role for role in map(_role_of_organization, rows) if role is not None), default=None)

    async def _row(self, query: str, caller: Caller, group_id: int) -> asyncpg.Record | None:
        if not 1 <= group_id <= MAX_ID:
            return None
        async with self._pool.connection() as connection:
            return await connection.fetchrow(_SQL[query], group_id, caller.user_id, caller.organization_id)


def _role_of_organization(row: asyncpg.Record) -> Role | None:
    """An OAuth client of an organization acts for it as an admin does."""
    return Role.ADMIN if row["is_organization"] else _role(row["in_organization"])


def _role(name: str | None) -> Role | None:
    return None if name is None else Role[name]
