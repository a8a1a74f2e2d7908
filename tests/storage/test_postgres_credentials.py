"""Tokens and clients: who may ask, and who has to do with an event type."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from app.fields import instant_from
from app.services.ports import Caller
from app.storage.postgres.credentials import (
    CredentialKind,
    CredentialOwnerNotFoundError,
    PostgresCredentials,
    hash_of,
    hint_of,
)
from app.storage.postgres.load import load_world
from app.storage.postgres.pool import Connection, Pool
from app.storage.world_files.format import World

NOW = datetime.now(UTC)
NAMES = ("owner", "teammate", "invited", "outsider", "colleague", "insider", "manager")
OWNER, TEAMMATE, INVITED, OUTSIDER, COLLEAGUE, INSIDER, MANAGER = range(1, 8)
ACME, SHARED, SALES = 50, 60, 61
PERSONAL, OF_TEAM, OF_SALES = 100, 101, 102
WORLD = {
    "users": [
        {"id": number, "username": name, "email": f"{name}@example.com", "timeZone": "UTC"}
        for number, name in enumerate(NAMES, 1)
    ],
    "organizations": [{"id": ACME, "slug": "acme"}],
    "profiles": [{"userId": INSIDER, "organizationId": ACME, "username": "insider"}],
    "teams": [{"id": SHARED, "slug": "shared"}, {"id": SALES, "slug": "sales", "parentOrganizationId": ACME}],
    "memberships": [
        {"userId": OWNER, "teamId": SHARED},
        {"userId": TEAMMATE, "teamId": SHARED},
        {"userId": INVITED, "teamId": SHARED, "accepted": False},
        {"userId": OWNER, "teamId": ACME},
        {"userId": COLLEAGUE, "teamId": ACME},
        {"userId": MANAGER, "teamId": SALES},
    ],
    "eventTypes": [
        {"id": PERSONAL, "slug": "personal", "ownerId": OWNER, "lengthInMinutes": 30},
        {"id": OF_TEAM, "slug": "team", "teamId": SHARED, "lengthInMinutes": 30},
        {"id": OF_SALES, "slug": "sales", "teamId": SALES, "lengthInMinutes": 30},
    ],
    "apiKeys": [
        {"token": "cal_owners_key", "userId": OWNER},
        {"token": "cal_old_key", "userId": OWNER, "expiresAt": (NOW - timedelta(minutes=1)).isoformat()},
        {"token": "cal_new_key", "userId": OWNER, "expiresAt": (NOW + timedelta(hours=1)).isoformat()},
    ],
    "oauthClients": [
        {"id": "of-user", "secret": "secret-of-user", "ownerId": OWNER},
        {"id": "of-acme", "secret": "secret-of-acme", "organizationId": ACME},
    ],
}


@pytest.fixture
async def credentials(pool: Pool, database_url: str) -> PostgresCredentials:
    await load_world(database_url, World.model_validate(WORLD))
    return PostgresCredentials(pool)


@pytest.mark.parametrize(
    ("token", "owner"),
    [
        ("cal_owners_key", OWNER),
        ("cal_new_key", OWNER),
        ("cal_old_key", None),
        ("cal_nobodys", None),
        ("", None),
        ("cal_\ud800", None),
    ],
)
async def test_a_token_is_its_owners_while_it_lasts(
    credentials: PostgresCredentials, token: str, owner: int | None
) -> None:
    assert await credentials.token_owner(token) == (None if owner is None else Caller(owner, by_api_key=True))


async def test_a_made_key_works_until_it_is_revoked(credentials: PostgresCredentials) -> None:
    key_id, token = await credentials.create(TEAMMATE, CredentialKind.API_KEY)
    assert token.startswith("cal_")
    assert await credentials.token_owner(token) == Caller(TEAMMATE, by_api_key=True)
    assert await credentials.revoke(key_id)
    assert await credentials.token_owner(token) is None
    assert not await credentials.revoke(key_id)


async def test_an_access_token_lasts_as_long_as_asked(credentials: PostgresCredentials) -> None:
    past, future = (instant_from(NOW + timedelta(minutes=minutes)) for minutes in (-1, 60))
    _, old = await credentials.create(OWNER, CredentialKind.ACCESS_TOKEN, past)
    _, new = await credentials.create(OWNER, CredentialKind.ACCESS_TOKEN, future)
    assert await credentials.token_owner(old) is None
    assert await credentials.token_owner(new) == Caller(user_id=OWNER)


@pytest.mark.parametrize("user_id", [999, 0, 2**40])
async def test_nobody_has_no_key(credentials: PostgresCredentials, user_id: int) -> None:
    with pytest.raises(CredentialOwnerNotFoundError):
        await credentials.create(user_id, CredentialKind.API_KEY)


async def test_keys_are_listed_without_their_secrets(credentials: PostgresCredentials) -> None:
    key_id, token = await credentials.create(TEAMMATE, CredentialKind.API_KEY)
    (listed,) = await credentials.list_all(TEAMMATE)
    assert (listed.id, listed.kind, listed.user_id) == (key_id, CredentialKind.API_KEY, TEAMMATE)
    assert token.startswith(listed.hint)
    assert len(listed.hint) <= len("cal_") + 4
    assert len(await credentials.list_all()) == 4


async def test_no_secret_is_in_the_database(credentials: PostgresCredentials, connection: Connection) -> None:
    _, token = await credentials.create(OWNER, CredentialKind.API_KEY)
    rows = await connection.fetch(
        "SELECT c::text AS text FROM credentials AS c UNION SELECT o::text FROM oauth_clients AS o"
    )
    text = "\n".join(row["text"] for row in rows)
    for secret in (token, "owners_key", "secret-of-user"):
        assert secret not in text


def test_a_hash_is_that_of_cal_com() -> None:
    assert hash_of("cal_abc") == sha256(b"abc").digest()


@pytest.mark.parametrize(
    ("token", "hint"), [("cal_0123456789abcdef", "cal_0123"), ("cal_abcdefgh", "cal_ab"), ("cal_abc", "cal_"), ("", "")]
)
def test_a_hint_is_at_most_a_quarter_of_the_secret(token: str, hint: str) -> None:
    assert hint_of(token) == hint


@pytest.mark.parametrize(
    ("client", "secret", "caller"),
    [
        ("of-user", "secret-of-user", Caller(user_id=OWNER)),
        ("of-acme", "secret-of-acme", Caller(organization_id=ACME)),
        ("of-acme", "secret-of-user", None),
        ("of-nobody", "secret-of-user", None),
        ("of\0user", "secret-of-user", None),
        ("of-user", "\ud800", None),
    ],
)
async def test_a_client_stands_for_whom_it_is_registered(
    credentials: PostgresCredentials, client: str, secret: str, caller: Caller | None
) -> None:
    assert await credentials.oauth_client(client, secret) == caller


@pytest.mark.parametrize(
    ("caller", "tied_to"),
    [
        (Caller(user_id=OWNER), {PERSONAL, OF_TEAM, OF_SALES}),
        (Caller(user_id=TEAMMATE), {PERSONAL, OF_TEAM}),
        (Caller(user_id=INVITED), set()),
        (Caller(user_id=OUTSIDER), set()),
        (Caller(user_id=COLLEAGUE), {PERSONAL, OF_SALES}),
        (Caller(user_id=INSIDER), {PERSONAL, OF_SALES}),
        (Caller(user_id=MANAGER), {OF_SALES}),
        (Caller(organization_id=ACME), {PERSONAL, OF_SALES}),
        (Caller(organization_id=51), set()),
    ],
)
async def test_a_tie_is_ownership_or_a_shared_team_or_organization(
    credentials: PostgresCredentials, caller: Caller, tied_to: set[int]
) -> None:
    tied = {number for number in (PERSONAL, OF_TEAM, OF_SALES) if await credentials.has_tie(caller, number)}
    assert tied == tied_to


@pytest.mark.parametrize("event_type_id", [0, 999, 2**40])
async def test_nobody_has_a_tie_to_nothing(credentials: PostgresCredentials, event_type_id: int) -> None:
    assert not await credentials.has_tie(Caller(user_id=OWNER), event_type_id)
