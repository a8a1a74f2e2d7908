"""The port `Replays` in PostgreSQL: requests to book are remembered as safely as the bookings themselves."""

from hashlib import sha256

from app.services.ports import Answer, DrawnUid, OtherBody, UnderWay
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Pool

KEPT_MS = 86_400_000
"""How long requests are remembered: a day from the last step."""
_SQL = queries("booking_requests")


class PostgresBookingRequests:
    """Requests to book that may be sent again."""

    def __init__(self, pool: Pool) -> None:
        """Work on this pool."""
        self._pool = pool

    async def begin(
        self, key: str, body_digest: str, *, attempt: str, uid: str, lease_ms: int
    ) -> DrawnUid | Answer | UnderWay | OtherBody:
        """Begin to answer a request; see `services.ports.Replays`."""
        hashed = _hash(key)
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(_SQL["forget_expired"], hashed)
            begun = await connection.fetchrow(_SQL["begin"], hashed, body_digest, attempt, uid, lease_ms, KEPT_MS)
            if begun is not None:
                return DrawnUid(begun["uid"], perhaps_kept=begun["tries"] > 1)
            standing = await connection.fetchrow(_SQL["standing"], hashed)
        if standing is None or standing["body_digest"] != body_digest:
            return UnderWay() if standing is None else OtherBody()
        if standing["status"] is None:
            return UnderWay()
        return Answer(standing["status"], standing["answer"])

    async def record(self, key: str, attempt: str, answer: Answer) -> bool:
        """Remember what was answered."""
        return await self._done("record", _hash(key), attempt, answer.status, answer.body, KEPT_MS)

    async def give_up(self, key: str, attempt: str, *, forget: bool) -> bool:
        """Let the request be tried again at once."""
        return await self._done("forget" if forget else "end_lease", _hash(key), attempt)

    async def _done(self, query: str, *arguments: bytes | str | int) -> bool:
        async with self._pool.connection() as connection:
            return await connection.fetchval(_SQL[query], *arguments) is not None


def _hash(key: str) -> bytes:
    # Header values that are no UTF-8 arrive with surrogates in their place.
    return sha256(key.encode("utf-8", "surrogateescape")).digest()
