"""Asking the service as a client does."""

from dataclasses import dataclass
from typing import Any

from aiohttp.test_utils import TestClient

from app.application.stores import StoreUrls
from app.application.worlds import load
from app.settings import Settings
from app.storage.world_files.reading import world_of

VERSION = {"cal-api-version": "2024-09-04"}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    headers: Any

    @property
    def data(self) -> Any:
        assert self.status < 300, self.body
        assert self.body["status"] == "success"
        return self.body["data"]

    @property
    def message(self) -> str:
        """The error's text, of an envelope that is whole."""
        assert self.status >= 400, self.body
        assert self.body.keys() == {"status", "timestamp", "path", "error"}
        assert self.body["status"] == "error"
        assert self.body["error"].keys() == {"code", "message", "details"}
        text = self.body["error"]["message"]
        assert isinstance(text, str)
        return text


@dataclass(frozen=True)
class Asking:
    """A client of the service, and the way to change its world."""

    client: TestClient[Any, Any]
    settings: Settings
    urls: StoreUrls

    async def ask(self, method: str, path: str, *, token: str | None = None, **more: Any) -> Answer:
        headers = {**VERSION, **more.pop("headers", {})}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        async with self.client.request(method, path, headers=headers, **more) as response:
            return Answer(response.status, await response.json(), response.headers)

    async def slots(self, **query: Any) -> Answer:
        return await self.ask("GET", "/v2/slots", params={"start": "2050-09-05", "end": "2050-09-09", **query})

    async def starts(self, event_type_id: int, day: str = "2050-09-05") -> list[str]:
        """The hours and minutes (UTC) of one day's starts."""
        listing = (await self.slots(eventTypeId=event_type_id, start=day, end=day)).data
        return [slot["start"][11:16] for slot in listing.get(day, [])]

    async def reserve(self, event_type_id: int, start: str, *, token: str | None = None, **more: Any) -> Answer:
        """Reserve at an hour and minute (UTC) of Monday, 2050-09-05, or at any other instant."""
        instant = start if "T" in start else f"2050-09-05T{start}:00.000Z"
        body = {"eventTypeId": event_type_id, "slotStart": instant, **more}
        return await self.ask("POST", "/v2/slots/reservations", json=body, token=token)

    async def add(self, **lists: Any) -> None:
        """Add to the world, as `load --merge` does."""
        await load(self.settings, self.urls, world_of(lists), "merge")
