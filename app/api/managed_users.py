"""`/v2/oauth-clients/{clientId}/users` and `/v2/oauth/{clientId}/refresh`: the users that a client acts for.

The client is the path's, and proves itself by `x-cal-secret-key`.
"""

from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from app.api.bodies import read_body, success
from app.api.pages import LARGEST_PAGE, read_page
from app.api.paths import client_id_of, path_id
from app.api.people import Email, Emails, KeptDetails, Line, Metadata, Weekday, account_data
from app.api.slots_query import QueryNumber
from app.api.state import USE_CASES
from app.fields import MAX_ID, Id, Text, ZoneName
from app.services.made_accounts import AccountFields
from app.services.managed_users import ManagedUserKeeper, TokenPair
from app.services.ports import Page

# fmt: off
_LOCALES = (
    "ar", "ca", "de", "es", "eu", "he", "id", "ja", "lv", "pl", "ro", "sr", "th", "vi", "az", "cs", "el", "es-419",
    "fi", "hr", "it", "km", "nl", "pt", "ru", "sv", "tr", "zh-CN", "bg", "da", "en", "et", "fr", "hu", "iw", "ko",
    "no", "pt-BR", "sk", "ta", "uk", "zh-TW", "bn",
)
# fmt: on
_SECRET = "x-cal-secret-key"  # noqa: S105 - a header


class UsersQuery(BaseModel):
    """The parameters of a list; others are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    limit: Annotated[QueryNumber, Field(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE
    offset: Annotated[QueryNumber, Field(ge=0, le=MAX_ID)] = 0
    emails: Emails | None = None


class UserFields(KeptDetails):
    """What a client may say of its user."""

    time_zone: ZoneName | None = Field(None, alias="timeZone")
    time_format: Literal[12, 24] | None = Field(None, alias="timeFormat")
    week_start: Weekday | None = Field(None, alias="weekStart")
    locale: Literal[_LOCALES] | None = None  # type: ignore[valid-type]
    avatar_url: Line | None = Field(None, alias="avatarUrl")
    bio: Line | None = None
    metadata: Metadata | None = None


class NewUserBody(UserFields):
    """The body of POST."""

    email: Email
    name: Text

    def fields(self) -> AccountFields:
        """Return what the account is to say."""
        return _fields(self, name=self.name)


class UserChangeBody(UserFields):
    """The body of PATCH: what is left out, or null, stays."""

    email: Email | None = None
    name: Text | None = None
    default_schedule_id: Id | None = Field(None, alias="defaultScheduleId")

    def fields(self) -> AccountFields:
        """Return what is to be different."""
        return _fields(self, email=self.email, name=self.name, default_schedule_id=self.default_schedule_id)


class RefreshBody(BaseModel):
    """The body of a refresh."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    refresh_token: Text = Field(alias="refreshToken")


def _fields(body: UserFields, **more: Any) -> AccountFields:
    return AccountFields(
        time_zone=body.time_zone,
        time_format=body.time_format,
        week_start=body.week_start,
        locale=body.locale,
        avatar_url=body.avatar_url,
        bio=body.bio,
        metadata=body.metadata,
        **more,
    )


async def get_users(request: web.Request) -> web.Response:
    """List a client's users."""
    keeper, client_id = await _client(request)
    query = read_page(request, UsersQuery)
    found = await keeper.listed(client_id, query.emails, Page(query.limit, query.offset))
    return success([account_data(account) for account in found])


async def post_user(request: web.Request) -> web.Response:
    """Make a user, and tell their first tokens."""
    keeper, client_id = await _client(request)
    body = await read_body(request, NewUserBody)
    account, pair = await keeper.create(client_id, body.email, body.fields())
    return success({"user": account_data(account), **_tokens(pair)}, status=201)


async def get_user(request: web.Request) -> web.Response:
    """Show a client's user."""
    keeper, client_id = await _client(request)
    return success(account_data(await keeper.show(client_id, path_id(request, "userId"))))


async def patch_user(request: web.Request) -> web.Response:
    """Change a client's user."""
    keeper, client_id = await _client(request)
    fields = (await read_body(request, UserChangeBody)).fields()
    return success(account_data(await keeper.change(client_id, path_id(request, "userId"), fields)))


async def delete_user(request: web.Request) -> web.Response:
    """Delete a client's user."""
    keeper, client_id = await _client(request)
    return success(account_data(await keeper.end(client_id, path_id(request, "userId"))))


async def post_force_refresh(request: web.Request) -> web.Response:
    """Give a user new tokens, whatever became of the old ones."""
    keeper, client_id = await _client(request)
    return success(_tokens(await keeper.renew_tokens(client_id, path_id(request, "userId"))))


async def post_refresh(request: web.Request) -> web.Response:
    """Give new tokens for a refresh token."""
    keeper, client_id = await _client(request)
    body = await read_body(request, RefreshBody)
    return success(_tokens(await keeper.exchange(client_id, body.refresh_token)))


async def _client(request: web.Request) -> tuple[ManagedUserKeeper, str]:
    """Return what keeps the users of the path's client, once it has proved itself."""
    keeper, client_id = request.app[USE_CASES].managed_user_keeper, client_id_of(request)
    await keeper.check_client(client_id, request.headers.get(_SECRET, ""))
    return keeper, client_id


def _tokens(pair: TokenPair) -> dict[str, Any]:
    return {
        "accessToken": pair.access_token,
        "refreshToken": pair.refresh_token,
        "accessTokenExpiresAt": pair.expiries.access,
        "refreshTokenExpiresAt": pair.expiries.refresh,
    }
