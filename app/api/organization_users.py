"""`/v2/organizations/{orgId}/users`."""

from typing import Annotated, Any, cast

from aiohttp import web
from pydantic import BeforeValidator, Field, StrictBool
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypeAliasType, TypedDict

from app.api.bodies import read_body, success
from app.api.credentials import caller_of
from app.api.errors import bad_request
from app.api.idempotency import created
from app.api.me import AccountChangeBody
from app.api.memberships import RoleName
from app.api.pages import PageQuery, read_page
from app.api.paths import path_id
from app.api.people import Emails, KeptDetails, Line, MadeAccountData, Slug, Weekday, account_data, split
from app.api.slots_query import QueryNumber
from app.api.state import USE_CASES
from app.domain.role import Role
from app.fields import MAX_ID, Email
from app.services.keep_slots import new_uid
from app.services.made_accounts import AccountValues
from app.services.organization_users import OrganizationUser, OrganizationUserChange, OrganizationUserDraft
from app.services.ports import DrawnUid

LARGEST_PAGE = 1_000
MOST_TEAMS = 50
_DETAILS = frozenset({"brand_color", "dark_brand_color", "hide_branding", "theme", "app_theme"})


class OrganizationUsersQuery(PageQuery):
    """The parameters of a list. People have no attributes here, so nobody can be asked for by them."""

    take: Annotated[QueryNumber, Field(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE
    emails: Emails | None = None
    team_ids: (
        Annotated[
            list[Annotated[QueryNumber, Field(ge=1, le=MAX_ID)]], BeforeValidator(split), Field(max_length=MOST_TEAMS)
        ]
        | None
    ) = Field(None, alias="teamIds")
    assigned_option_ids: SkipJsonSchema[Any] = Field(None, alias="assignedOptionIds")


class OrganizationUserChangeBody(KeptDetails, AccountChangeBody):
    """The body of PATCH: what is left out stays, as with one's own account. Roles are changed by memberships."""

    username: Slug | None = None
    week_start: Weekday | None = Field(None, alias="weekday")
    brand_color: Line | None = Field(None, alias="brandColor")
    dark_brand_color: Line | None = Field(None, alias="darkBrandColor")
    hide_branding: StrictBool | None = Field(None, alias="hideBranding")
    theme: Line | None = None
    app_theme: Line | None = Field(None, alias="appTheme")

    def account_values(self) -> AccountValues:
        """Return what the account is to say."""
        return AccountValues(self.values(), self.details(_DETAILS))

    def change(self) -> OrganizationUserChange:
        """Return what is to be different."""
        return OrganizationUserChange(username=self.username, values=self.account_values())


class NewOrganizationUserBody(OrganizationUserChangeBody):
    """The body of POST: as that of PATCH, with what somebody new needs."""

    email: Email
    organization_role: RoleName = Field("MEMBER", alias="organizationRole")
    auto_accept: StrictBool = Field(True, alias="autoAccept")

    def draft(self) -> OrganizationUserDraft:
        """Return the account to make."""
        return OrganizationUserDraft(
            email=self.email,
            username=self.username,
            values=self.account_values(),
            role=Role[self.organization_role],
            accepted=self.auto_accept,
        )


class UserDetailsData(TypedDict):
    """What was said of somebody that means nothing here."""

    brandColor: str | None
    darkBrandColor: str | None
    hideBranding: bool
    theme: str | None
    appTheme: str | None


class ProfileData(TypedDict):
    """Who somebody is in an organization; a member without a name of their own there has no id or username."""

    id: int | None
    organizationId: int
    userId: int
    username: str | None


class OrganizationUserData(MadeAccountData, UserDetailsData):
    """Somebody of an organization, as those see them who run it."""

    allowDynamicBooking: bool
    profile: ProfileData


OrganizationUserList = TypeAliasType("OrganizationUserList", list[OrganizationUserData])

_NO_DETAILS: UserDetailsData = {
    "brandColor": None,
    "darkBrandColor": None,
    "hideBranding": False,
    "theme": None,
    "appTheme": None,
}


async def get_users(request: web.Request) -> web.Response:
    """List the people of an organization."""
    caller, organization_id = caller_of(request), path_id(request, "orgId")
    query = read_page(request, OrganizationUsersQuery)
    if query.assigned_option_ids is not None:
        raise bad_request("Query parameter 'assignedOptionIds': people have no attributes here. Leave it out.")
    found = await request.app[USE_CASES].organization_user_keeper.listed(
        caller, organization_id, query.page(), emails=query.emails, team_ids=query.team_ids
    )
    return success([_user(user) for user in found])


async def post_user(request: web.Request) -> web.Response:
    """Make an account for somebody of an organization."""
    caller, organization_id = caller_of(request), path_id(request, "orgId")
    draft = (await read_body(request, NewOrganizationUserBody)).draft()
    keeper = request.app[USE_CASES].organization_user_keeper

    async def make(drawn: DrawnUid | None) -> OrganizationUserData:
        return _user(await keeper.create(caller, organization_id, draft, new_uid() if drawn is None else drawn.uid))

    return await created(request, make)


async def patch_user(request: web.Request) -> web.Response:
    """Change somebody of an organization."""
    caller, organization_id, user_id = caller_of(request), path_id(request, "orgId"), path_id(request, "userId")
    change = (await read_body(request, OrganizationUserChangeBody)).change()
    keeper = request.app[USE_CASES].organization_user_keeper
    return success(_user(await keeper.change(caller, organization_id, user_id, change)))


async def delete_user(request: web.Request) -> web.Response:
    """Take somebody out of an organization; an account that it made is deleted."""
    caller, organization_id, user_id = caller_of(request), path_id(request, "orgId"), path_id(request, "userId")
    return success(_user(await request.app[USE_CASES].organization_user_keeper.end(caller, organization_id, user_id)))


def _user(user: OrganizationUser) -> OrganizationUserData:
    return {
        **account_data(user.made),
        **_NO_DETAILS,
        **cast("UserDetailsData", user.made.details),
        "allowDynamicBooking": user.made.allow_dynamic_booking,
        "profile": {
            "id": user.profile_id,
            "organizationId": user.organization_id,
            "userId": user.made.account.id,
            "username": user.username,
        },
    }
