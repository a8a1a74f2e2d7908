"""The port `Replays` on Redis or Valkey: what is known of a request is one key, and every step one script on it."""

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
