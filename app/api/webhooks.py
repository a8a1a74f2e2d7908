"""`/v2/webhooks`, and those of event types: where to send what happens."""

from typing import Annotated, Any, Literal, NotRequired

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool
from typing_extensions import TypeAliasType, TypedDict

from app.api.bodies import Body, read_body, success
from app.api.credentials import caller_of, user_of
from app.api.idempotency import created
from app.api.pages import PageQuery, read_page
from app.api.paths import path_id
from app.api.state import USE_CASES
from app.api.web_address import WebAddress
from app.domain.template import MOST_PLACES, number_of_places, unknown_place
from app.domain.webhook import Trigger, Webhook, WebhookOwner, WebhookSettings
from app.fields import MAX_ID, storable
from app.services.keep_slots import new_uid
from app.services.ports import DrawnUid
from app.services.webhooks import WebhookNotFoundError

_LONGEST_TEMPLATE = 10_000
_LONGEST_SECRET = 512


def _plain_places(template: str) -> str:
    if number_of_places(template) > MOST_PLACES:
        raise ValueError(f"must have at most {MOST_PLACES} places")
    place = unknown_place(template)
    if place is not None:
        raise ValueError(f"must have plain names in its places, as {{{{attendees.0.email}}}}, not {place[:64]!r}")
    return storable(template)


def _once_each(triggers: list[Trigger]) -> list[Trigger]:
    return list(dict.fromkeys(triggers))


Triggers = Annotated[list[Trigger], Field(max_length=2 * len(Trigger)), AfterValidator(_once_each)]
Template = Annotated[str, Field(max_length=_LONGEST_TEMPLATE), AfterValidator(_plain_places)]
Secret = Annotated[str, Field(max_length=_LONGEST_SECRET), AfterValidator(storable)]


class NewWebhookBody(Body):
    """The body of POST."""

    subscriber_url: WebAddress = Field(alias="subscriberUrl")
    active: StrictBool
    triggers: Triggers
    payload_template: Template | None = Field(None, alias="payloadTemplate")
    secret: Secret | None = None
    version: Literal["2021-10-20"] = "2021-10-20"
    """Of what is sent: there is one."""

    def settings(self) -> WebhookSettings:
        """Return what is to be kept; what is empty is as what is left out."""
        return WebhookSettings(
            subscriber_url=self.subscriber_url,
            active=self.active,
            triggers=tuple(self.triggers),
            payload_template=self.payload_template or None,
            secret=self.secret or None,
        )


class WebhookChangeBody(BaseModel):
    """The body of PATCH: what is left out stays; null, or empty, ends template and secret and leaves the rest."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    subscriber_url: WebAddress | None = Field(None, alias="subscriberUrl")
    active: StrictBool | None = None
    triggers: Triggers | None = None
    payload_template: Template | None = Field(None, alias="payloadTemplate")
    secret: Secret | None = None
    version: Literal["2021-10-20"] | None = None

    def values(self) -> dict[str, Any]:
        """Return what is to be different, by the field names of `WebhookSettings`."""
        values = {
            "subscriber_url": self.subscriber_url,
            "active": self.active,
            "triggers": None if self.triggers is None else tuple(self.triggers),
        }
        ending = {"payload_template": self.payload_template or None, "secret": self.secret or None}
        return {
            **{name: value for name, value in values.items() if value is not None},
            **{name: value for name, value in ending.items() if name in self.model_fields_set},
        }


class WebhookData(TypedDict):
    """A webhook with its secret, for whoever sees it may change it; `userId` or `eventTypeId` tells whose it is."""

    id: int
    userId: NotRequired[int]
    eventTypeId: NotRequired[int]
    subscriberUrl: str
    active: bool
    triggers: list[Trigger]
    payloadTemplate: str
    secret: NotRequired[str]


WebhookList = TypeAliasType("WebhookList", list[WebhookData])
DeletedText = TypeAliasType("DeletedText", str)


async def post_webhook(request: web.Request) -> web.Response:
    """Make a webhook."""
    owner = await _owner(request)
    settings = (await read_body(request, NewWebhookBody)).settings()

    async def make(drawn: DrawnUid | None) -> WebhookData:
        uid = new_uid() if drawn is None else drawn.uid
        return _shown(await request.app[USE_CASES].webhook_keeper.add(owner, settings, uid))

    return await created(request, make, request.app[USE_CASES].booking_answerer)


async def get_webhooks(request: web.Request) -> web.Response:
    """List webhooks, in the order they were made."""
    owner = await _owner(request)
    webhooks = await request.app[USE_CASES].webhook_keeper.all(owner, read_page(request, PageQuery).page())
    return success([_shown(webhook) for webhook in webhooks])


async def get_webhook(request: web.Request) -> web.Response:
    """Show a webhook."""
    owner = await _owner(request)
    return success(_shown(await request.app[USE_CASES].webhook_keeper.one(owner, _webhook_id(request))))


async def patch_webhook(request: web.Request) -> web.Response:
    """Change a webhook."""
    owner = await _owner(request)
    values = (await read_body(request, WebhookChangeBody)).values()
    return success(_shown(await request.app[USE_CASES].webhook_keeper.change(owner, _webhook_id(request), values)))


async def delete_webhook(request: web.Request) -> web.Response:
    """Delete a webhook, and show what it was."""
    owner = await _owner(request)
    return success(_shown(await request.app[USE_CASES].webhook_keeper.delete(owner, _webhook_id(request))))


async def delete_webhooks(request: web.Request) -> web.Response:
    """Delete all webhooks of an event type."""
    number = await request.app[USE_CASES].webhook_keeper.delete_all(await _owner(request))
    shown: DeletedText = f"{number} webhooks deleted"
    return success(shown)


async def _owner(request: web.Request) -> WebhookOwner:
    """Return whose webhooks a path is about: the caller's or an event type's, if the caller may keep those.

    Raises
    ------
    RequestError
        If nobody says who they are (401), or it is about the caller and that is no person (403).
    HoldfastError
        As `WebhookKeeper.event_type`.
    """
    if "eventTypeId" not in request.match_info:
        return WebhookOwner(user_id=user_of(request))
    caller, event_type_id = caller_of(request), path_id(request, "eventTypeId")
    team_id = path_id(request, "teamId") if "teamId" in request.match_info else None
    return await request.app[USE_CASES].webhook_keeper.event_type(caller, event_type_id, team_id)


def _webhook_id(request: web.Request) -> int:
    """Return the id of a webhook; to the peer's clients it is a text, of which none but numbers are found."""
    written = request.match_info["webhookId"]
    if not (written.isascii() and written.isdecimal()):
        raise WebhookNotFoundError(written[:64])
    return min(int(written[:20]), MAX_ID + 1)


def _shown(webhook: Webhook) -> WebhookData:
    owner, settings = webhook.owner, webhook.settings
    shown: WebhookData = {
        "id": webhook.id,
        "subscriberUrl": settings.subscriber_url,
        "active": settings.active,
        "triggers": list(settings.triggers),
        "payloadTemplate": settings.payload_template or "",
    }
    if owner.user_id is not None:
        shown["userId"] = owner.user_id
    if owner.event_type_id is not None:
        shown["eventTypeId"] = owner.event_type_id
    if settings.secret is not None:
        shown["secret"] = settings.secret
    return shown
