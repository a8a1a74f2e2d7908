"""Teams in PostgreSQL: the port `Teams`."""

import asyncpg
import orjson

from app.services.errors import SlugTakenError, UserIdNotFoundError
from app.services.ports import Page
from app.services.teams import Team, TeamChange, TeamDraft
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Borrowed, Connections

_SQL = queries("teams")


class PostgresTeams:
    """Teams as they stand now; see `services.teams.Teams`. A write is one transaction."""

    def __init__(self, pool: Connections) -> None:
        """Work through this pool."""
        self._pool = pool

    async def find(self, team_id: int) -> Team | None:
        """Return a team."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_SQL["find"], team_id)
        return None if row is None else _team(row)

    async def of_member(self, user_id: int, organization_id: int | None, page: Page) -> tuple[Team, ...]:
        """Return the teams that somebody belongs to, all or an organization's."""
        return await self._listed("of_member", user_id, organization_id, page.take, page.skip)

    async def of_organization(self, organization_id: int, page: Page) -> tuple[Team, ...]:
        """Return an organization's teams."""
        return await self._listed("of_organization", organization_id, page.take, page.skip)

    async def create(
        self, draft: TeamDraft, slug: str, *, organization_id: int | None, owner_id: int | None, uid: str
    ) -> Team:
        """Make a team under a uid, or return the one made under it before.

        Raises
        ------
        SlugTakenError, UserIdNotFoundError, StoreUnavailableError
            See the port.
        """
        async with self._pool.connection() as connection, connection.transaction():
            team_id = await connection.fetchval(_SQL["made_under"], uid)
            if team_id is None:
                values = (uid, slug, draft.name, organization_id, orjson.dumps(draft.details).decode())
                team_id = await connection.fetchval(_SQL["create"], *values)
                if team_id is None:
                    raise SlugTakenError(slug)
                if owner_id is not None:
                    await _add_owner(connection, team_id, owner_id, accepted=draft.creator_accepts)
            return await _surely(connection, team_id)

    async def change(self, team_id: int, change: TeamChange) -> Team | None:
        """Change a team; None if there is none of this id.

        Raises
        ------
        SlugTakenError, StoreUnavailableError
            See the port.
        """
        details = orjson.dumps(change.details).decode()
        values = (team_id, change.name, change.slug, details, change.include_managed_events_in_limits)
        try:
            async with self._pool.connection() as connection, connection.transaction():
                if await connection.fetchval(_SQL["change"], *values) is None:
                    return None
                if change.limits is not None:
                    await connection.execute(_SQL["delete_limits"], team_id)
                    rows = [(team_id, period, most) for period, most in change.limits.items()]
                    await connection.executemany(_SQL["add_limit"], rows)
                return await _surely(connection, team_id)
        except asyncpg.UniqueViolationError:
            raise SlugTakenError(change.slug or "") from None

    async def end(self, team_id: int) -> Team | None:
        """Delete a team with its memberships and event types; return what it was."""
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_SQL["delete"], team_id)
        return None if row is None else _team(row)

    async def _listed(self, query: str, *values: int | None) -> tuple[Team, ...]:
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_SQL[query], *values)
        return tuple(_team(row) for row in rows)


async def _add_owner(connection: Borrowed, team_id: int, user_id: int, *, accepted: bool) -> None:
    if await connection.fetchval(_SQL["add_owner"], team_id, user_id, accepted) is None:
        raise UserIdNotFoundError(user_id)


async def _surely(connection: Borrowed, team_id: int) -> Team:
    """Return a team that this transaction wrote."""
    (row,) = await connection.fetch(_SQL["find"], team_id)
    return _team(row)


def _team(row: asyncpg.Record) -> Team:
    return Team(
        id=row["id"],
        organization_id=row["parent_organization_id"],
        name=row["name"],
        slug=row["slug"],
        details=orjson.loads(row["details"]),
    )
