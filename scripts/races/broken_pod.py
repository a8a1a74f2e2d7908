"""A pod whose claim looks first and writes afterwards, so that two can look before either writes.

Only for `scripts/race --claim check-then-set`, which must find it out. Takes the arguments of `python -m app`.
"""

import time

from app.__main__ import main
from app.domain.reservation import Claim, Claimed, Contended, Held, KeptReservation, QuotaFull
from app.storage.holds.redis_holds import PROVISIONAL_MS, RedisHolds

_claim_atomically = RedisHolds.claim


async def _claim(
    holds: RedisHolds, claim: Claim, ignoring: KeptReservation | None
) -> Claimed | Held | Contended | QuotaFull:
    """Claim as `RedisHolds.claim` does, but for the one thing that matters."""
    if claim.seats is not None:
        return await _claim_atomically(holds, claim, ignoring)
    for other in await holds.live(claim.host_ids, claim.busy_range):
        if ignoring is None or other.uid != ignoring.uid:
            return Held(min(other.host_ids.intersection(claim.host_ids)))
    now = int(time.time() * 1_000)
    await holds.load([KeptReservation(claim=claim, until=now + PROVISIONAL_MS)])
    return Claimed(claim, now, {})


RedisHolds.claim = _claim  # type: ignore[assignment, method-assign]

if __name__ == "__main__":
    main(prog_name="python -m scripts.races.broken_pod")
