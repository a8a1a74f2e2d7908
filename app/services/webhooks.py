"""Use case: people say where to send what happens, to all that is theirs or to one event type."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from app.domain.address import names_own_network
from app.domain.errors import EventTypeNotFoundError, HoldfastError
from app.domain.role import Role
from app.domain.webhook import Webhook, WebhookOwner, WebhookSettings
from app.services.ports import Caller, Page, Roles

MOST_WEBHOOKS = 50
"""Of one person, or of one event type."""


class WebhookNotFoundError(HoldfastError):
    """There is no webhook of this id."""

    def __init__(self, webhook_id: int | str) -> None:
        """Keep the id."""
        super().__init__(webhook_id)
        self.webhook_id = webhook_id


class OthersWebhookError(HoldfastError):
    """A webhook is another person's, or another event type's."""

    def __init__(self, webhook_id: int | str) -> None:
        """Keep the id."""
        super().__init__(webhook_id)
        self.webhook_id = webhook_id


class NotRunningEventTypeError(HoldfastError):
    """Only the owner of an event type, or who runs its team, may keep its webhooks."""

    def __init__(self, event_type_id: int) -> None:
        """Keep the event type."""
        super().__init__(event_type_id)
        self.event_type_id = event_type_id


class WebhookTwiceError(HoldfastError):
    """There is another webhook of the same owner that sends to the same address."""


class TooManyWebhooksError(HoldfastError):
    """Somebody, or an event type, has as many webhooks as there may be."""

    def __init__(self, most: int) -> None:
        """Keep the bound."""
        super().__init__(most)
        self.most = most


class PrivateReceiverError(HoldfastError):
    """A webhook would send to the service's own network."""


@dataclass(frozen=True, slots=True)
class EventTypePlace:
    """Whose an event type is: a person's or a team's."""

    owner_id: int | None
    team_id: int | None


class Webhooks(Protocol):
    """Keeps webhooks. Every method raises StoreUnavailableError if the store does not answer in time."""

    async def event_type(self, event_type_id: int) -> EventTypePlace | None:
        """Return whose an event type is; None if there is none."""

    async def find(self, webhook_id: int) -> Webhook | None:
        """Return a webhook."""

    async def of_owner(self, owner: WebhookOwner, page: Page) -> tuple[Webhook, ...]:
        """Return an owner's webhooks, in the order they were made."""

    async def add(self, owner: WebhookOwner, settings: WebhookSettings, uid: str) -> Webhook:
        """Make a webhook under a uid, or return the one made under it before.

        Raises
        ------
        WebhookTwiceError, TooManyWebhooksError
            If the owner has one that sends there, or `MOST_WEBHOOKS`.
        EventTypeNotFoundError
            If the owner is gone by now.
        """

    async def change(self, webhook_id: int, values: Mapping[str, Any]) -> Webhook | None:
        """Give a webhook other values, by the field names of `WebhookSettings`; None if it is gone.

        What an inactive one has not been sent yet it never is.

        Raises
        ------
        WebhookTwiceError
            If another one of the owner sends there.
        """

    async def delete(self, webhook_id: int) -> Webhook | None:
        """Delete a webhook, and what it has not been sent yet, and return what it was; None if it is gone."""

    async def delete_all(self, owner: WebhookOwner) -> int:
        """Delete an owner's webhooks, and return how many there were."""


class WebhookKeeper:
    """Lets people keep webhooks."""

    def __init__(self, webhooks: Webhooks, roles: Roles, *, private_addresses: bool) -> None:
        """Work on these ports. With `private_addresses` webhooks may lead into the service's own network."""
        self._webhooks = webhooks
        self._roles = roles
        self._private_addresses = private_addresses

    async def event_type(self, caller: Caller, event_type_id: int, team_id: int | None) -> WebhookOwner:
        """Return an event type as an owner of webhooks, to who may keep them: its owner, or who runs its team.

        Raises
        ------
        EventTypeNotFoundError
            If there is none, or it is not the team's where one is named.
        NotRunningEventTypeError
            If the caller may not.
        """
        place = await self._webhooks.event_type(event_type_id)
        if place is None or team_id not in (None, place.team_id):
            raise EventTypeNotFoundError(event_type_id)
        if not await self._runs(caller, place):
            raise NotRunningEventTypeError(event_type_id)
        return WebhookOwner(event_type_id=event_type_id)

    async def _runs(self, caller: Caller, place: EventTypePlace) -> bool:
        if place.team_id is None:
            return caller.user_id is not None and caller.user_id == place.owner_id
        role = await self._roles.in_team(caller, place.team_id)
        return role is not None and role >= Role.ADMIN

    async def all(self, owner: WebhookOwner, page: Page) -> tuple[Webhook, ...]:
        """Return an owner's webhooks."""
        return await self._webhooks.of_owner(owner, page)

    async def one(self, owner: WebhookOwner, webhook_id: int) -> Webhook:
        """Return one webhook of an owner.

        Raises
        ------
        WebhookNotFoundError, OthersWebhookError
            If there is none, or it is not the owner's.
        """
        webhook = _found(await self._webhooks.find(webhook_id), webhook_id)
        if webhook.owner != owner:
            raise OthersWebhookError(webhook_id)
        return webhook

    async def add(self, owner: WebhookOwner, settings: WebhookSettings, uid: str) -> Webhook:
        """Make a webhook; see `Webhooks.add`.

        Raises
        ------
        PrivateReceiverError
            If it would send to the service's own network.
        """
        self._check(settings.subscriber_url)
        return await self._webhooks.add(owner, settings, uid)

    async def change(self, owner: WebhookOwner, webhook_id: int, values: Mapping[str, Any]) -> Webhook:
        """Give a webhook of an owner other values; see `Webhooks.change`.

        Raises
        ------
        WebhookNotFoundError, OthersWebhookError, PrivateReceiverError
            As `one` and `add`.
        """
        await self.one(owner, webhook_id)
        if "subscriber_url" in values:
            self._check(values["subscriber_url"])
        return _found(await self._webhooks.change(webhook_id, values), webhook_id)

    async def delete(self, owner: WebhookOwner, webhook_id: int) -> Webhook:
        """Delete a webhook of an owner, and return what it was.

        Raises
        ------
        WebhookNotFoundError, OthersWebhookError
            As `one`.
        """
        await self.one(owner, webhook_id)
        return _found(await self._webhooks.delete(webhook_id), webhook_id)

    async def delete_all(self, owner: WebhookOwner) -> int:
        """Delete an owner's webhooks, and return how many there were."""
        return await self._webhooks.delete_all(owner)

    def _check(self, url: str) -> None:
        """Refuse early what the sender would refuse in any case; it looks at the address it really connects to."""
        if not self._private_addresses and names_own_network(urlsplit(url).hostname or ""):
            raise PrivateReceiverError


def _found(webhook: Webhook | None, webhook_id: int) -> Webhook:
    if webhook is None:
        raise WebhookNotFoundError(webhook_id)
    return webhook
