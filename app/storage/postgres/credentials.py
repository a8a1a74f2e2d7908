"""API keys, access tokens and OAuth clients in PostgreSQL. A secret is kept as its SHA-256 and shown once."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256

from app.domain.errors import HoldfastError
from app.domain.time_ranges import Instant
from app.fields import MAX_ID, instant_from, storable
from app.services.managed_users import Expiries, TokenPair
from app.services.ports import Caller
from app.storage.postgres.instants import timestamp_of
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Borrowed, Pool

API_KEY_PREFIX = "cal_"
_HINT_LENGTH = 4
_LARGEST_ID = 2**63 - 1
_SQL = queries("credentials")


class CredentialKind(Enum):
    """What a token is; the values are the database's."""

    API_KEY = "api_key"
    ACCESS_TOKEN = "access_token"  # noqa: S105 - a kind, not a token
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - as above


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """An API key or access token, as far as it may be shown."""

    id: int
    kind: CredentialKind
    user_id: int
    hint: str
    """Its first characters, to tell it from others."""
    created_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None


class CredentialOwnerNotFoundError(HoldfastError):
    """There is no user to make a key for."""

    def __init__(self, user_id: int) -> None:
        """Keep the user's id."""
        super().__init__(f"there is no user {user_id}; a key belongs to a user, by id")
        self.user_id = user_id


def hash_of(token: str) -> bytes:
    """Return what is kept of a token: SHA-256 without the prefix, as Cal.com hashes its API keys."""
    return secret_hash_of(token.removeprefix(API_KEY_PREFIX))


def secret_hash_of(secret: str) -> bytes:
    """Return what is kept of a client's secret. Text that is no Unicode hashes too, to what no secret does."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def hint_of(token: str) -> str:
    """Return the first characters of a token, never more than a quarter of its secret."""
    secret = token.removeprefix(API_KEY_PREFIX)
    prefix = token[: len(token) - len(secret)]
    return prefix + secret[: min(_HINT_LENGTH, len(secret) // 4)]


class PostgresCredentials:
    """Who may ask, and for what: the ports `Credentials`, `Ties` and `ApiKeys`, and the keys' own upkeep.

    One query a call. Every method raises StoreUnavailableError if PostgreSQL does not answer in time.
    """

    def __init__(self, pool: Pool) -> None:
        """Work through this pool."""
        self._pool = pool

    async def token_owner(self, token: str) -> Caller | None:
        """Return whose live API key or access token this is; see `services.ports.Credentials`.

        It is found by its hash, so how long that takes says nothing about any other token.
        """
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_SQL["owner_of_token"], hash_of(token))
        return None if row is None else Caller(user_id=row["user_id"], by_api_key=row["is_api_key"])

    async def oauth_client(self, client_id: str, secret: str) -> Caller | None:
        """Return whom the client of this id stands for, if the secret is its own."""
        try:
            storable(client_id)
        except ValueError:
            return None
        async with self._pool.connection() as connection:
            row = await connection.fetchrow(_SQL["oauth_client"], client_id)
        if row is None or not hmac.compare_digest(row["secret_hash"], secret_hash_of(secret)):
            return None
        return Caller(user_id=row["owner_id"], organization_id=row["organization_id"])

    async def has_tie(self, caller: Caller, event_type_id: int) -> bool:
        """Say whether a caller has to do with an event type; see `services.ports.Ties`.

        A tie is being its owner, sharing a team or organization with the owner, or being in its team or in that team's
        organization. Memberships count once accepted; a profile in an organization is one.
        """
        if not 1 <= event_type_id <= MAX_ID:
            return False
        values = (event_type_id, caller.user_id, caller.organization_id)
        async with self._pool.connection() as connection:
            return bool(await connection.fetchval(_SQL["has_tie"], *values))

    async def create(self, user_id: int, kind: CredentialKind, expires_at: Instant | None = None) -> tuple[int, str]:
        """Make a token and return its id and the token itself, which is kept nowhere.

        Raises
        ------
        CredentialOwnerNotFoundError
            If there is no such user.
        """
        token = _new_token(kind)
        expiry = None if expires_at is None else timestamp_of(expires_at)
        values = (kind.value, user_id, hash_of(token), hint_of(token), expiry)
        if not 1 <= user_id <= MAX_ID:
            raise CredentialOwnerNotFoundError(user_id)
        async with self._pool.connection() as connection:
            credential_id: int | None = await connection.fetchval(_SQL["create"], *values)
        if credential_id is None:
            raise CredentialOwnerNotFoundError(user_id)
        return credential_id, token

    async def exchange(self, key: str, expires_at: Instant | None) -> str | None:
        """End a live API key and return a new one of the same user's; see `services.api_keys.ApiKeys`."""
        new = _new_token(CredentialKind.API_KEY)
        expiry = None if expires_at is None else timestamp_of(expires_at)
        async with self._pool.connection() as connection:
            made = await connection.fetchval(_SQL["exchange"], hash_of(key), hash_of(new), hint_of(new), expiry)
        return None if made is None else new

    async def revoke(self, credential_id: int) -> bool:
        """End a token for good, at once; False where there is none of this id that is not revoked."""
        if not 1 <= credential_id <= _LARGEST_ID:
            return False
        async with self._pool.connection() as connection:
            return await connection.fetchval(_SQL["revoke"], credential_id) is not None

    async def list_all(self, user_id: int | None = None) -> list[Credential]:
        """Return the API keys and access tokens of a user, or of everybody, in the order they were made."""
        if user_id is not None and not 1 <= user_id <= MAX_ID:
            return []
        async with self._pool.connection() as connection:
            rows = await connection.fetch(_SQL["list"], user_id)
        return [
            Credential(
                id=row["id"],
                kind=CredentialKind(row["kind"]),
                user_id=row["user_id"],
                hint=row["hint"],
                created_at=instant_from(row["created_at"]),
                expires_at=_instant(row["expires_at"]),
                revoked_at=_instant(row["revoked_at"]),
            )
            for row in rows
        ]


async def issue_pair(connection: Borrowed, client_id: str, user_id: int, expiries: Expiries) -> TokenPair:
    """Give a client's user new tokens in the place of those that they have."""
    await connection.execute(_SQL["end_tokens"], client_id, user_id)
    pair = TokenPair(_new_token(CredentialKind.ACCESS_TOKEN), _new_token(CredentialKind.REFRESH_TOKEN), expiries)
    for kind, token, expiry in (
        (CredentialKind.ACCESS_TOKEN, pair.access_token, expiries.access),
        (CredentialKind.REFRESH_TOKEN, pair.refresh_token, expiries.refresh),
    ):
        values = (kind.value, user_id, hash_of(token), hint_of(token), timestamp_of(expiry), client_id)
        await connection.execute(_SQL["create_token"], *values)
    return pair


async def refresh_token_owner(connection: Borrowed, client_id: str, token: str) -> int | None:
    """Return whose live refresh token of a client's this is; None if it is none."""
    user_id: int | None = await connection.fetchval(_SQL["user_of_refresh_token"], client_id, hash_of(token))
    return user_id


def _new_token(kind: CredentialKind) -> str:
    prefix = API_KEY_PREFIX if kind is CredentialKind.API_KEY else ""
    return prefix + secrets.token_hex(32)


def _instant(moment: datetime | None) -> Instant | None:
    return None if moment is None else instant_from(moment)
