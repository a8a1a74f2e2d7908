"""The ports `Replays` and `KeyCounter` on Redis or Valkey.

What is known of a request is one key, and every step one script on it; how many keys a client has used is another.
"""

from app.domain.reservation import QuotaFull, QuotaStanding
from app.services.ports import Answer, DrawnUid, OtherBody, UnderWay
from app.storage.breaker import Breaker
from app.storage.holds import keys
from app.storage.holds.bounds import Bounds
from app.storage.holds.connection import Client
from app.storage.holds.scripts import Call, Value, run

KEPT_MS = 86_400_000
"""How long requests are remembered: a day from the last step."""


class RedisReplays:
    """Requests that may be sent again, on one Redis or Valkey, behind Sentinel, or on a cluster."""

    def __init__(self, redis: Client, *, deadline_s: float, breaker: Breaker | None = None) -> None:
        """Work on a client; every method answers or fails within the deadline."""
        self._redis = redis
        self._bounds = Bounds(deadline_s, breaker)

    async def begin(
        self, key: str, body_digest: str, *, attempt: str, uid: str, lease_ms: int
    ) -> DrawnUid | Answer | UnderWay | OtherBody:
        """Begin to answer a request; see `services.ports.Replays`."""
        arguments: list[Value] = [body_digest, attempt, uid, lease_ms, KEPT_MS]
        async with self._bounds.answered():
            verdict, *told = await run(self._redis, Call("begin_request", [keys.replay(key)], arguments))
        match verdict:
            case b"begun":
                return DrawnUid(told[0].decode(), perhaps_kept=int(told[1]) > 1)
            case b"answered":
                return Answer(int(told[0]), told[1])
            case b"under way":
                return UnderWay()
            case _:
                return OtherBody()

    async def record(self, key: str, attempt: str, answer: Answer) -> bool:
        """Remember what was answered."""
        arguments: list[Value] = [attempt, answer.status, answer.body, KEPT_MS]
        async with self._bounds.answered():
            return bool(await run(self._redis, Call("record_answer", [keys.replay(key)], arguments)))

    async def give_up(self, key: str, attempt: str, *, forget: bool) -> bool:
        """Let the request be tried again at once."""
        async with self._bounds.answered():
            return bool(await run(self._redis, Call("give_up_request", [keys.replay(key)], [attempt, int(forget)])))


class RedisKeyCounter:
    """Counts clients' keys from the first one of each on, for as long as that is remembered."""

    def __init__(self, redis: Client, *, most: int, deadline_s: float, breaker: Breaker | None = None) -> None:
        """Let each client use `most`; the rest is as with `RedisReplays`."""
        self._redis = redis
        self._most = most
        self._bounds = Bounds(deadline_s, breaker)

    async def count(self, client: str) -> QuotaFull | None:
        """Count one, or tell that there were enough; see `services.ports.KeyCounter`."""
        call = Call("count_key", [keys.quota(f"keys:{client}")], [self._most, KEPT_MS])
        async with self._bounds.answered():
            counted, left_ms = await run(self._redis, call)
        return None if counted else QuotaFull(QuotaStanding(self._most, 0, left_ms))
