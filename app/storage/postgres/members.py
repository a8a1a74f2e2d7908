"""Who belongs where, in PostgreSQL: the port `Members`."""

from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Connections

_SQL = queries("members")


class PostgresMembers:
    """Members as they are now. One query a call, which raises StoreUnavailableError if PostgreSQL is away."""

    def __init__(self, pool: Connections) -> None:
        """Read through this pool."""
        self._pool = pool

    async def in_organization(self, user_id: int, organization_id: int) -> bool:
        """Say whether a user belongs to an organization; see `services.member_access.Members`."""
        return await self._holds("in_organization", user_id, organization_id)

    async def team_in_organization(self, team_id: int, organization_id: int) -> bool:
        """Say whether a team is an organization's."""
        return await self._holds("team_in_organization", team_id, organization_id)

    async def _holds(self, query: str, member_id: int, group_id: int) -> bool:
        async with self._pool.connection() as connection:
            return bool(await connection.fetchval(_SQL[query], member_id, group_id))
