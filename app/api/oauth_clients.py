"""`/v2/oauth-clients`: the clients that a person runs, who shows an API key."""

from typing import Annotated, Literal, NotRequired, TypeAlias, cast

from aiohttp import web
from pydantic import Field, StrictBool
from typing_extensions import TypeAliasType, TypedDict

from app.api.bodies import read_body, success
from app.api.credentials import key_holder_of
from app.api.instants import InstantText, utc_text
from app.api.pages import PageQuery, read_page
from app.api.paths import client_id_of
from app.api.people import KeptDetails, Line
from app.api.state import USE_CASES
from app.fields import Text
from app.services.oauth_clients import OAuthClient, OAuthClientFields

MOST_REDIRECTS = 100
_PERMISSIONS = (
    "EVENT_TYPE_READ",
    "EVENT_TYPE_WRITE",
    "BOOKING_READ",
    "BOOKING_WRITE",
    "SCHEDULE_READ",
    "SCHEDULE_WRITE",
    "APPS_READ",
    "APPS_WRITE",
    "PROFILE_READ",
    "PROFILE_WRITE",
)
_DETAILS = frozenset(
    {
        "logo",
        "redirect_uris",
        "booking_redirect_uri",
        "booking_cancel_redirect_uri",
        "booking_reschedule_redirect_uri",
        "are_emails_enabled",
        "are_default_event_types_enabled",
        "are_calendar_events_enabled",
    }
)
_NOT_KEPT = "********"
"""Shown where the peer shows the secret, of which only a hash is kept."""

Permission: TypeAlias = Literal[_PERMISSIONS]  # type: ignore[valid-type]
RedirectUris = Annotated[list[Line], Field(max_length=MOST_REDIRECTS)]


class ClientDetails(KeptDetails):
    """What a client says of itself."""

    logo: Line | None = None
    redirect_uris: RedirectUris | None = Field(None, alias="redirectUris")
    booking_redirect_uri: Line | None = Field(None, alias="bookingRedirectUri")
    booking_cancel_redirect_uri: Line | None = Field(None, alias="bookingCancelRedirectUri")
    booking_reschedule_redirect_uri: Line | None = Field(None, alias="bookingRescheduleRedirectUri")
    are_emails_enabled: StrictBool | None = Field(None, alias="areEmailsEnabled")
    are_default_event_types_enabled: StrictBool | None = Field(None, alias="areDefaultEventTypesEnabled")
    are_calendar_events_enabled: StrictBool | None = Field(None, alias="areCalendarEventsEnabled")


class NewClientBody(ClientDetails):
    """The body of POST."""

    name: Text
    redirect_uris: RedirectUris = Field(alias="redirectUris")
    permissions: Annotated[list[Literal[*_PERMISSIONS, "*"]], Field(max_length=len(_PERMISSIONS) + 1)]  # type: ignore[valid-type]

    def fields(self) -> OAuthClientFields:
        """Return what the client is to say."""
        wanted = [one for one in _PERMISSIONS if one in self.permissions or "*" in self.permissions]
        return OAuthClientFields(name=self.name, details={**self.details(_DETAILS), "permissions": wanted})


class ClientChangeBody(ClientDetails):
    """The body of PATCH: what is left out, or null, stays."""

    name: Text | None = None

    def fields(self) -> OAuthClientFields:
        """Return what is to be different."""
        return OAuthClientFields(name=self.name, details=self.details(_DETAILS))


class ClientDetailsData(TypedDict):
    """What a client said of itself."""

    permissions: list[Permission]
    redirectUris: list[str]
    areEmailsEnabled: bool
    areDefaultEventTypesEnabled: bool
    areCalendarEventsEnabled: bool
    logo: NotRequired[str]
    bookingRedirectUri: NotRequired[str]
    bookingCancelRedirectUri: NotRequired[str]
    bookingRescheduleRedirectUri: NotRequired[str]


class ClientData(ClientDetailsData):
    """A client, without its secret: of that only a hash is kept, and asterisks are shown."""

    id: str
    name: str | None
    secret: str
    organizationId: int | None
    createdAt: InstantText


class NewClientData(TypedDict):
    """What a new client proves itself by."""

    clientId: str
    clientSecret: str


ClientList = TypeAliasType("ClientList", list[ClientData])

_DEFAULTS: ClientDetailsData = {
    "permissions": [],
    "redirectUris": [],
    "areEmailsEnabled": False,
    "areDefaultEventTypesEnabled": False,
    "areCalendarEventsEnabled": True,
}


async def get_clients(request: web.Request) -> web.Response:
    """List the clients that the caller runs."""
    user_id, page = key_holder_of(request), read_page(request, PageQuery).page()
    return success([_client(one) for one in await request.app[USE_CASES].oauth_client_keeper.listed(user_id, page)])


async def post_client(request: web.Request) -> web.Response:
    """Make a client; its secret is told here and nowhere else."""
    user_id = key_holder_of(request)
    fields = (await read_body(request, NewClientBody)).fields()
    made = await request.app[USE_CASES].oauth_client_keeper.create(user_id, fields)
    shown: NewClientData = {"clientId": made.id, "clientSecret": made.secret}
    return success(shown, status=201)


async def get_client(request: web.Request) -> web.Response:
    """Show a client."""
    return success(
        _client(await request.app[USE_CASES].oauth_client_keeper.show(key_holder_of(request), client_id_of(request)))
    )


async def patch_client(request: web.Request) -> web.Response:
    """Change a client."""
    user_id, client_id = key_holder_of(request), client_id_of(request)
    fields = (await read_body(request, ClientChangeBody)).fields()
    return success(_client(await request.app[USE_CASES].oauth_client_keeper.change(user_id, client_id, fields)))


async def delete_client(request: web.Request) -> web.Response:
    """Delete a client. Its users stay, without the tokens that it got for them."""
    return success(
        _client(await request.app[USE_CASES].oauth_client_keeper.end(key_holder_of(request), client_id_of(request)))
    )


def _client(client: OAuthClient) -> ClientData:
    return {
        "id": client.id,
        "name": client.name,
        "secret": _NOT_KEPT,
        "organizationId": client.organization_id,
        "createdAt": utc_text(client.created_at),
        **_DEFAULTS,
        **cast("ClientDetailsData", client.details),
    }
