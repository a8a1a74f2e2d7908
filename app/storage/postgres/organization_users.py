"""The people of organizations in PostgreSQL: the port `OrganizationUsers`."""

from collections.abc import Sequence

from app.services.errors import ForeignAddressError, LastOwnerError, UserIdNotFoundError
from app.services.organization_users import OrganizationUser, OrganizationUserChange, OrganizationUserDraft
from app.services.ports import Page
from app.storage.postgres.made_accounts import (
    account_made_under,
    change_account,
    create_account,
    delete_account,
    lock_groups,
    made_accounts,
    names_taken,
)
from app.storage.postgres.memberships import leave
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Borrowed, Connections

_SQL = queries("organization_users")
_ONE = Page(1, 0)


class PostgresOrganizationUsers:
    """Who belongs to organizations now; see `services.organization_users`. A write is one transaction."""

    def __init__(self, pool: Connections) -> None:
        """Work through this pool."""
        self._pool = pool

    async def listed(
        self, organization_id: int, emails: Sequence[str] | None, team_ids: Sequence[int] | None, page: Page
    ) -> tuple[OrganizationUser, ...]:
        """Return who belongs to an organization, all or those of some addresses and teams."""
        lower = None if emails is None else [email.lower() for email in emails]
        async with self._pool.connection() as connection:
            return await _listed(connection, organization_id, page, emails=lower, team_ids=team_ids)

    async def create(
        self, organization_id: int, draft: OrganizationUserDraft, username: str, uid: str
    ) -> OrganizationUser:
        """Make an account under a uid with its profile and membership, or return the one made under it before.

        Raises
        ------
        EmailTakenError, UsernameTakenError, ScheduleNotFoundError, NotOwnScheduleError, StoreUnavailableError
            See the port.
        """
        with names_taken(draft.email, username):
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(_SQL["lock"], organization_id)
                user_id = await account_made_under(connection, uid)
                if user_id is None:
                    user_id = await create_account(
                        connection, username, draft.values, uid=uid, made_by_organization=organization_id
                    )
                    membership = (organization_id, user_id, draft.role.name, draft.accepted)
                    await connection.execute(_SQL["add_membership"], *membership)
                    if draft.accepted:
                        await connection.execute(_SQL["add_profile"], organization_id, user_id, username)
                return await _made_or_member(connection, organization_id, user_id)

    async def change(self, organization_id: int, user_id: int, change: OrganizationUserChange) -> OrganizationUser:
        """Change somebody's account and profile.

        Raises
        ------
        EmailTakenError, UsernameTakenError, ScheduleNotFoundError, NotOwnScheduleError, UserIdNotFoundError,
        ForeignAddressError
            See the port.
        StoreUnavailableError
            If PostgreSQL does not answer in time.
        """
        with names_taken(change.values.values.get("email"), change.username):
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute(_SQL["lock"], organization_id)
                found = await _surely(connection, organization_id, user_id)
                if _readdresses(change, found) and not await _made_by(connection, organization_id, user_id):
                    raise ForeignAddressError
                await change_account(connection, user_id, change.values)
                if change.username is not None:
                    await connection.execute(_SQL["rename"], organization_id, user_id, change.username)
                return await _surely(connection, organization_id, user_id)

    async def end(self, organization_id: int, user_id: int) -> OrganizationUser:
        """Take somebody out of an organization, with their account if the organization made it.

        Raises
        ------
        UserIdNotFoundError, LastOwnerError, BookedUserError, StoreUnavailableError
            See the port.
        """
        async with self._pool.connection() as connection, connection.transaction():
            await lock_groups(connection, user_id, organization_id)
            found = await _made_or_member(connection, organization_id, user_id)
            if await connection.fetchval(_SQL["is_last_owner"], organization_id, user_id):
                raise LastOwnerError
            await connection.execute(_SQL["delete_membership"], organization_id, user_id)
            await leave(connection, organization_id, user_id)
            if await _made_by(connection, organization_id, user_id):
                await delete_account(connection, user_id)
            return found


def _readdresses(change: OrganizationUserChange, found: OrganizationUser) -> bool:
    address = found.made.account.email
    return bool(change.values.values.get("email", address) != address)


async def _made_by(connection: Borrowed, organization_id: int, user_id: int) -> bool:
    return bool(await connection.fetchval(_SQL["made_by"], organization_id, user_id))


async def _listed(
    connection: Borrowed,
    organization_id: int,
    page: Page,
    *,
    user_id: int | None = None,
    emails: Sequence[str] | None = None,
    team_ids: Sequence[int] | None = None,
) -> tuple[OrganizationUser, ...]:
    values = (organization_id, user_id, emails, team_ids, page.take, page.skip)
    rows = await connection.fetch(_SQL["listed"], *values)
    # Somebody may be deleted between the two queries.
    people = {made.account.id: made for made in await made_accounts(connection, [row["id"] for row in rows])}
    return tuple(
        OrganizationUser(
            made=people[row["id"]],
            organization_id=organization_id,
            profile_id=row["profile_id"],
            username=row["username"],
        )
        for row in rows
        if row["id"] in people
    )


async def _surely(connection: Borrowed, organization_id: int, user_id: int) -> OrganizationUser:
    """Return somebody who belongs to an organization.

    Raises
    ------
    UserIdNotFoundError
        If they do not.
    """
    found = await _listed(connection, organization_id, _ONE, user_id=user_id)
    if not found:
        raise UserIdNotFoundError(user_id)
    return found[0]


async def _made_or_member(connection: Borrowed, organization_id: int, user_id: int) -> OrganizationUser:
    """Return somebody who belongs to an organization, or whose account it made: they may not have accepted, or left.

    Raises
    ------
    UserIdNotFoundError
        If they are neither.
    """
    if not await _made_by(connection, organization_id, user_id):
        return await _surely(connection, organization_id, user_id)
    found = await _listed(connection, organization_id, _ONE, user_id=user_id)
    if found:
        return found[0]
    made = await made_accounts(connection, [user_id])
    if not made:
        raise UserIdNotFoundError(user_id)
    return OrganizationUser(made=made[0], organization_id=organization_id, profile_id=None, username=None)
