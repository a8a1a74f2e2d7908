"""Use case: exchange an API key for a new one."""

from typing import Protocol

from app.domain.time_ranges import DAY, Instant
from app.services.errors import ApiKeyNeededError
from app.services.ports import Clock


class ApiKeys(Protocol):
    """Keeps API keys."""

    async def exchange(self, key: str, expires_at: Instant | None) -> str | None:
        """End a live API key and return a new one of the same user's; None if it is none.

        Of two who exchange one key at once, one gets a new one.

        Raises
        ------
        StoreUnavailableError
            If the store does not answer in time.
        """


class ApiKeyRefresher:
    """Gives a new API key in the place of one that ends."""

    def __init__(self, keys: ApiKeys, clock: Clock) -> None:
        """Exchange them in this store."""
        self._keys = keys
        self._clock = clock

    async def refresh(self, key: str, days: int | None) -> str:
        """Return the new key, which lives for some days, or for good if that is None.

        Raises
        ------
        ApiKeyNeededError
            If it is no live API key that is to be exchanged.
        """
        new = await self._keys.exchange(key, None if days is None else self._clock() + days * DAY)
        if new is None:
            raise ApiKeyNeededError
        return new
