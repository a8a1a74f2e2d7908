"""`/v2/oauth-clients/{clientId}/users` and `/v2/oauth/{clientId}/refresh`: the users that a client acts for.

The client is the path's, and proves itself by `x-cal-secret-key`.
"""

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypeAliasType, TypedDict

from app.api.bodies import read_body, success
from app.api.me import AccountChangeBody
from app.api.pages import LARGEST_PAGE, read_page
from app.api.paths import client_id_of, path_id
from app.api.people import Emails, MadeAccountData, account_data
from app.api.slots_query import QueryNumber
from app.api.state import USE_CASES
from app.fields import MAX_ID, Email, Text
from app.services.made_accounts import AccountValues
from app.services.managed_users import ManagedUserKeeper, TokenPair
from app.services.ports import Page

_SECRET = "x-cal-secret-key"  # noqa: S105 - a header


class ManagedUsersQuery(BaseModel):
    """The parameters of a list; others are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    limit: Annotated[QueryNumber, Field(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE
    offset: Annotated[QueryNumber, Field(ge=0, le=MAX_ID)] = 0
    emails: Emails | None = None


class NewManagedUserBody(AccountChangeBody):
    """The body of POST: as that of PATCH, with what somebody new needs."""

    email: Email
    name: Text


class TokenRefreshBody(BaseModel):
    """The body of a refresh."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    refresh_token: Text = Field(alias="refreshToken")


class TokensData(TypedDict):
    """A user's tokens, and when they end in milliseconds since 1970."""

    accessToken: str
    refreshToken: str
    accessTokenExpiresAt: int
    refreshTokenExpiresAt: int


class NewManagedUserData(TokensData):
    """A new user with their first tokens."""

    user: MadeAccountData


ManagedUserList = TypeAliasType("ManagedUserList", list[MadeAccountData])


async def get_users(request: web.Request) -> web.Response:
    """List a client's users."""
    keeper, client_id = await _client(request)
    query = read_page(request, ManagedUsersQuery)
    found = await keeper.listed(client_id, query.emails, Page(query.limit, query.offset))
    return success([account_data(made) for made in found])


async def post_user(request: web.Request) -> web.Response:
    """Make a user, and tell their first tokens."""
    keeper, client_id = await _client(request)
    body = await read_body(request, NewManagedUserBody)
    made, pair = await keeper.create(client_id, body.email, AccountValues(body.values(), {}))
    shown: NewManagedUserData = {"user": account_data(made), **_tokens(pair)}
    return success(shown, status=201)


async def get_user(request: web.Request) -> web.Response:
    """Show a client's user."""
    keeper, client_id = await _client(request)
    return success(account_data(await keeper.show(client_id, path_id(request, "userId"))))


async def patch_user(request: web.Request) -> web.Response:
    """Change a client's user."""
    keeper, client_id = await _client(request)
    values = AccountValues((await read_body(request, AccountChangeBody)).values(), {})
    return success(account_data(await keeper.change(client_id, path_id(request, "userId"), values)))


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
    body = await read_body(request, TokenRefreshBody)
    return success(_tokens(await keeper.exchange(client_id, body.refresh_token)))


async def _client(request: web.Request) -> tuple[ManagedUserKeeper, str]:
    """Return what keeps the users of the path's client, once it has proved itself."""
    keeper, client_id = request.app[USE_CASES].managed_user_keeper, client_id_of(request)
    await keeper.check_client(client_id, request.headers.get(_SECRET, ""))
    return keeper, client_id


def _tokens(pair: TokenPair) -> TokensData:
    return {
        "accessToken": pair.access_token,
        "refreshToken": pair.refresh_token,
        "accessTokenExpiresAt": pair.expiries.access,
        "refreshTokenExpiresAt": pair.expiries.refresh,
    }
