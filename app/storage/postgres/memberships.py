"""Memberships in PostgreSQL: the port `Memberships`.

Whoever locks several locks the organization first, then its team, then the member, then event types.
"""

from collections.abc import Sequence

import asyncpg
import orjson

from app.domain.membership import Standing
from app.domain.role import Role
from app.services.errors import (
    ManagedMemberError,
    MembershipExistsError,
    OutsiderError,
    TeamIdNotFoundError,
    UserIdNotFoundError,
)
from app.services.memberships import Group, Judge, Membership, MembershipChange, MembershipDraft
from app.services.ports import Caller, Page
from app.storage.postgres.groups import lock_group
from app.storage.postgres.kept_event_types import assign_member
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Borrowed, Connections

_SQL = queries("memberships")


class PostgresMemberships:
    """Memberships as they stand now; see `services.memberships.Memberships`. A write is one transaction."""

    def __init__(self, pool: Connections) -> None:
        """Work through this pool."""
        self._pool = pool

    async def speaks_for(self, caller: Caller, user_id: int, group_id: int) -> bool:
        """Say whether a caller speaks for a user in a team or organization."""
        values = (user_id, caller.user_id, caller.organization_id, group_id)
        async with self._pool.connection() as connection:
            return bool(await connection.fetchval(_SQL["speaks_for"], *values))

    async def find(self, group_id: int, membership_id: int) -> Membership | None:
        """Return a membership in a team or organization."""
        async with self._pool.connection() as connection:
            return await _one(connection, group_id, membership_id)

    async def of_user(self, group_id: int, user_id: int) -> Membership | None:
        """Return the membership that somebody has in a team or organization."""
        async with self._pool.connection() as connection:
            membership_id = await connection.fetchval(_SQL["of_user"], group_id, user_id)
            return None if membership_id is None else await _one(connection, group_id, membership_id)

    async def listed(self, group_id: int, emails: Sequence[str] | None, page: Page) -> tuple[Membership, ...]:
        """Return the memberships, of all or of those with these e-mail addresses, in the order they were made."""
        lower = None if emails is None else [email.lower() for email in emails]
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_SQL["listed"], group_id, None, lower, page.take, page.skip)
        return tuple(_membership(row) for row in rows)

    async def create(self, group: Group, draft: MembershipDraft, uid: str) -> Membership:
        """Make a membership under a uid, or return the one made under it before.

        Raises
        ------
        UserIdNotFoundError, TeamIdNotFoundError, MembershipExistsError, ManagedMemberError, OutsiderError,
        StoreUnavailableError
            See the port.
        """
        async with self._pool.connection() as connection, connection.transaction():
            if not await lock_group(connection, group.id):
                raise TeamIdNotFoundError(group.id)
            if await connection.fetchval(_SQL["lock_user"], draft.user_id) is None:
                raise UserIdNotFoundError(draft.user_id)
            membership_id = await connection.fetchval(_SQL["made_under"], uid)
            if membership_id is None:
                await _check(connection, group.id, draft.user_id, draft.standing)
                membership_id = await _create(connection, group, draft, uid)
            return await _surely(connection, group.id, membership_id)

    async def change(
        self, group_id: int, membership_id: int, change: MembershipChange, judge: Judge
    ) -> Membership | None:
        """Change a membership if `judge` lets it pass; None if there is none.

        Raises
        ------
        ManagedMemberError, OutsiderError, StoreUnavailableError
            See the port.
        """
        async with self._pool.connection() as connection, connection.transaction():
            found = await _judged(connection, group_id, membership_id, judge)
            if found is None:
                return None
            after = change.standing(found.standing)
            if after.role > found.standing.role or after.accepted > found.standing.accepted:
                await _check(connection, group_id, found.user_id, after)
            values = (membership_id, after.role.name, after.accepted, change.disable_impersonation)
            await connection.execute(_SQL["change"], *values)
            if found.standing.accepted and not after.accepted:
                await leave(connection, group_id, found.user_id)
            if after.accepted and not found.standing.accepted:
                await join(connection, group_id, found.user_id)
            return await _surely(connection, group_id, membership_id)

    async def end(self, group_id: int, membership_id: int, judge: Judge) -> Membership | None:
        """End a membership if `judge` lets it pass, and return what it was; None if there is none."""
        async with self._pool.connection() as connection, connection.transaction():
            found = await _judged(connection, group_id, membership_id, judge)
            if found is not None:
                await connection.execute(_SQL["delete"], membership_id)
                await leave(connection, group_id, found.user_id)
            return found


async def join(connection: Borrowed, group_id: int, user_id: int) -> None:
    """Give an accepted member of an organization a profile in it, and one of a team what all have; it is locked."""
    await connection.execute(_SQL["add_profile"], group_id, user_id)
    await assign_member(connection, group_id, user_id)


async def leave(connection: Borrowed, group_id: int, user_id: int) -> None:
    """Take somebody whose membership is over out of what came with it: hosting and, of an organization, all else.

    Teams and organizations have ids from one space, so that what is an organization's finds nothing by a team's id.
    """
    await connection.execute(_SQL["stop_hosting"], group_id, user_id)
    await connection.execute(_SQL["leave_teams"], group_id, user_id)
    await connection.execute(_SQL["delete_profile"], group_id, user_id)


async def _check(connection: Borrowed, group_id: int, user_id: int, standing: Standing) -> None:
    """Refuse what somebody cannot be in a team or organization, whoever wants it.

    Raises
    ------
    ManagedMemberError, OutsiderError
        If they cannot be that.
    """
    # Their client acts as them; with a higher role it would gain more by it than an admin's, which it has.
    if standing.role is not Role.MEMBER and await connection.fetchval(
        _SQL["is_managed_in_organization"], group_id, user_id
    ):
        raise ManagedMemberError(user_id)
    if await connection.fetchval(_SQL["is_outsider"], group_id, user_id):
        raise OutsiderError(user_id)


async def _create(connection: Borrowed, group: Group, draft: MembershipDraft, uid: str) -> int:
    values = (
        uid,
        draft.user_id,
        None if group.is_organization else group.id,
        group.id if group.is_organization else None,
        draft.standing.role.name,
        draft.standing.accepted,
        draft.disable_impersonation,
    )
    membership_id: int | None = await connection.fetchval(_SQL["create"], *values)
    if membership_id is None:
        raise MembershipExistsError(draft.user_id)
    if draft.standing.accepted:
        await join(connection, group.id, draft.user_id)
    return membership_id


async def _judged(connection: Borrowed, group_id: int, membership_id: int, judge: Judge) -> Membership | None:
    """Return a membership that `judge` lets become something else, its team or organization locked."""
    await lock_group(connection, group_id)
    await connection.execute(_SQL["lock_member"], membership_id)
    found = await _one(connection, group_id, membership_id)
    if found is not None:
        judge(found.standing, await connection.fetchval(_SQL["other_owners"], group_id, membership_id))
    return found


async def _one(connection: Borrowed, group_id: int, membership_id: int) -> Membership | None:
    row = await connection.fetchrow(_SQL["listed"], group_id, membership_id, None, 1, 0)
    return None if row is None else _membership(row)


async def _surely(connection: Borrowed, group_id: int, membership_id: int) -> Membership:
    """Return a membership that this transaction wrote."""
    (row,) = await connection.fetch(_SQL["listed"], group_id, membership_id, None, 1, 0)
    return _membership(row)


def _membership(row: asyncpg.Record) -> Membership:
    return Membership(
        id=row["id"],
        user_id=row["user_id"],
        group_id=row["group_id"],
        standing=Standing(Role[row["role"]], row["accepted"]),
        disable_impersonation=row["disable_impersonation"],
        username=row["username"],
        name=row["name"],
        email=row["email"],
        avatar_url=row["avatar_url"],
        bio=row["bio"],
        metadata=orjson.loads(row["metadata"]),
    )
