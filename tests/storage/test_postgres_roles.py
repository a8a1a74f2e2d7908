"""Who may do what in teams and organizations."""

import pytest

from app.domain.role import Role
from app.services.ports import Caller
from app.storage.postgres.load import load_world
from app.storage.postgres.pool import Pool
from app.storage.postgres.roles import PostgresRoles
from app.storage.world_files.reading import world_of

MEMBER, ADMIN, OWNER, INVITED, BOSS, STAFF, STRANGER = range(1, 8)
CREW, BRANCH, ACME = 50, 51, 90

WORLD = {
    "users": [
        {"id": user_id, "username": f"u{user_id}", "email": f"u{user_id}@example.com", "timeZone": "UTC"}
        for user_id in range(1, 8)
    ],
    "organizations": [{"id": ACME, "slug": "acme"}],
    "teams": [{"id": CREW, "slug": "crew"}, {"id": BRANCH, "slug": "branch", "parentOrganizationId": ACME}],
    "memberships": [
        {"userId": MEMBER, "teamId": CREW},
        {"userId": ADMIN, "teamId": CREW, "role": "ADMIN"},
        {"userId": OWNER, "teamId": CREW, "role": "OWNER"},
        {"userId": INVITED, "teamId": CREW, "role": "OWNER", "accepted": False},
        {"userId": MEMBER, "teamId": BRANCH},
        {"userId": BOSS, "teamId": BRANCH},
        {"userId": BOSS, "teamId": ACME, "role": "OWNER"},
        {"userId": STAFF, "teamId": ACME},
        {"userId": INVITED, "teamId": ACME, "role": "ADMIN", "accepted": False},
    ],
}


@pytest.fixture
async def roles(database_url: str, pool: Pool) -> PostgresRoles:
    await load_world(database_url, world_of(WORLD))
    return PostgresRoles(pool)


@pytest.mark.parametrize(
    ("caller", "team_id", "role"),
    [
        (Caller(MEMBER), CREW, Role.MEMBER),
        (Caller(ADMIN), CREW, Role.ADMIN),
        (Caller(OWNER), CREW, Role.OWNER),
        (Caller(INVITED), CREW, None),
        (Caller(STRANGER), CREW, None),
        (Caller(MEMBER), BRANCH, Role.MEMBER),
        (Caller(BOSS), BRANCH, Role.OWNER),
        (Caller(STAFF), BRANCH, None),
        (Caller(INVITED), BRANCH, None),
        (Caller(organization_id=ACME), BRANCH, Role.ADMIN),
        (Caller(organization_id=ACME), CREW, None),
        (Caller(OWNER), 99, None),
        (Caller(OWNER), 2**40, None),
        (Caller(OWNER), 0, None),
    ],
)
async def test_roles_in_teams(roles: PostgresRoles, caller: Caller, team_id: int, role: Role | None) -> None:
    assert await roles.in_team(caller, team_id) is role


@pytest.mark.parametrize(
    ("caller", "organization_id", "role"),
    [
        (Caller(BOSS), ACME, Role.OWNER),
        (Caller(STAFF), ACME, Role.MEMBER),
        (Caller(INVITED), ACME, None),
        (Caller(MEMBER), ACME, None),
        (Caller(organization_id=ACME), ACME, Role.ADMIN),
        (Caller(organization_id=CREW), ACME, None),
        (Caller(BOSS), CREW, None),
    ],
)
async def test_roles_in_organizations(
    roles: PostgresRoles, caller: Caller, organization_id: int, role: Role | None
) -> None:
    assert await roles.in_organization(caller, organization_id) is role
