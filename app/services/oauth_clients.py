"""Use case: OAuth clients, which act for the users that they make."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from app.domain.time_ranges import Instant
from app.services.errors import OAuthClientNotFoundError
from app.services.ports import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClientFields:
    """What an OAuth client is to say of itself."""

    name: str | None
    """None: stays."""
    details: Mapping[str, Any]
    """Fields without a meaning here, by their public names; those not named stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """An OAuth client, as far as it may be shown: not its secret."""

    id: str
    name: str | None
    organization_id: int | None
    """None: it is a person's."""
    created_at: Instant
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewOAuthClient:
    """What is told of a new OAuth client, once."""

    id: str
    secret: str


class OAuthClients(Protocol):
    """Keeps OAuth clients. Every method raises StoreUnavailableError if the store does not answer in time.

    A person runs the clients of their own, and those of the organizations that they are an admin or owner of.
    """

    async def listed(self, user_id: int, page: Page) -> tuple[OAuthClient, ...]:
        """Return the clients that a person runs, in the order they were made."""

    async def find(self, user_id: int, client_id: str) -> OAuthClient | None:
        """Return a client that a person runs."""

    async def create(self, user_id: int, fields: OAuthClientFields) -> NewOAuthClient:
        """Make a client: of the organization that the person runs, the first of several, else their own.

        Raises
        ------
        UserIdNotFoundError
            If the person is gone.
        """

    async def change(self, user_id: int, client_id: str, fields: OAuthClientFields) -> OAuthClient | None:
        """Change a client that a person runs; None if there is none."""

    async def end(self, user_id: int, client_id: str) -> OAuthClient | None:
        """Delete a client that a person runs, with its tokens, and return what it was.

        Its users stay. An organization's are the organization's from then on, as if it had made them itself.
        """


class OAuthClientKeeper:
    """Makes, shows, changes and ends the OAuth clients that a person runs."""

    def __init__(self, clients: OAuthClients) -> None:
        """Keep them in this store."""
        self._clients = clients

    async def listed(self, user_id: int, page: Page) -> tuple[OAuthClient, ...]:
        """Return the clients that a person runs."""
        return await self._clients.listed(user_id, page)

    async def show(self, user_id: int, client_id: str) -> OAuthClient:
        """Return one of them.

        Raises
        ------
        OAuthClientNotFoundError
            If the person runs none of this id.
        """
        return _surely(await self._clients.find(user_id, client_id), client_id)

    async def create(self, user_id: int, fields: OAuthClientFields) -> NewOAuthClient:
        """Make a client; see `OAuthClients.create`."""
        return await self._clients.create(user_id, fields)

    async def change(self, user_id: int, client_id: str, fields: OAuthClientFields) -> OAuthClient:
        """Change one of them and return it as it is then.

        Raises
        ------
        OAuthClientNotFoundError
            As `show`.
        """
        return _surely(await self._clients.change(user_id, client_id, fields), client_id)

    async def end(self, user_id: int, client_id: str) -> OAuthClient:
        """Delete one of them and return it as it was.

        Raises
        ------
        OAuthClientNotFoundError
            As `show`.
        """
        return _surely(await self._clients.end(user_id, client_id), client_id)


def _surely(found: OAuthClient | None, client_id: str) -> OAuthClient:
    if found is None:
        raise OAuthClientNotFoundError(client_id)
    return found
