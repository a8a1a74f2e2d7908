"""`/v2/teams` and the teams of organizations."""

from typing import Annotated, Literal, cast

import orjson
from aiohttp import web
from pydantic import BeforeValidator, Field, StrictBool
from typing_extensions import TypeAliasType, TypedDict

from app.api.bodies import read_body, success
from app.api.credentials import caller_of, user_of
from app.api.idempotency import created
from app.api.pages import PageQuery, read_page
from app.api.paths import path_id
from app.api.people import KeptDetails, Line, Slug, Weekday
from app.api.state import USE_CASES
from app.fields import MAX_ID, Metadata, Text, WholeNumber, ZoneName
from app.services.keep_slots import new_uid
from app.services.ports import DrawnUid
from app.services.teams import Team, TeamChange, TeamDraft

_DETAILS = frozenset(
    {
        "logo_url",
        "cal_video_logo",
        "app_logo",
        "app_icon_logo",
        "bio",
        "hide_branding",
        "is_private",
        "hide_book_a_team_member",
        "metadata",
        "theme",
        "brand_color",
        "dark_brand_color",
        "banner_url",
        "time_format",
        "time_zone",
        "week_start",
    }
)
_PERIODS = {"PER_DAY": "day", "PER_WEEK": "week", "PER_MONTH": "month", "PER_YEAR": "year"}


def _limits(value: object) -> object:
    """Take limits as JSON in a text too, which is how the peer's schema has them."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value or "{}")
    except orjson.JSONDecodeError:
        raise ValueError('must be JSON such as {"PER_DAY": 5}') from None


_Limits = dict[Literal["PER_DAY", "PER_WEEK", "PER_MONTH", "PER_YEAR"], Annotated[WholeNumber, Field(ge=1, le=MAX_ID)]]
Limits = Annotated[_Limits, BeforeValidator(_limits, json_schema_input_type=_Limits | str)]


class TeamDetails(KeptDetails):
    """What a team says of itself that means nothing here."""

    logo_url: Line | None = Field(None, alias="logoUrl")
    cal_video_logo: Line | None = Field(None, alias="calVideoLogo")
    app_logo: Line | None = Field(None, alias="appLogo")
    app_icon_logo: Line | None = Field(None, alias="appIconLogo")
    bio: Line | None = None
    hide_branding: StrictBool | None = Field(None, alias="hideBranding")
    is_private: StrictBool | None = Field(None, alias="isPrivate")
    hide_book_a_team_member: StrictBool | None = Field(None, alias="hideBookATeamMember")
    metadata: Metadata | None = None
    theme: Line | None = None
    brand_color: Line | None = Field(None, alias="brandColor")
    dark_brand_color: Line | None = Field(None, alias="darkBrandColor")
    banner_url: Line | None = Field(None, alias="bannerUrl")
    time_format: WholeNumber | None = Field(None, alias="timeFormat", ge=0, le=24)
    time_zone: ZoneName | None = Field(None, alias="timeZone")
    week_start: Weekday | None = Field(None, alias="weekStart")


class NewTeamBody(TeamDetails):
    """The body of POST."""

    name: Text
    slug: Slug | None = None
    auto_accept_creator: StrictBool = Field(True, alias="autoAcceptCreator")

    def draft(self) -> TeamDraft:
        """Return what the team is to say."""
        return TeamDraft(
            name=self.name, slug=self.slug, details=self.details(_DETAILS), creator_accepts=self.auto_accept_creator
        )


class TeamChangeBody(TeamDetails):
    """The body of PATCH: what is left out, or null, stays."""

    name: Text | None = None
    slug: Slug | None = None
    booking_limits: Limits | None = Field(None, alias="bookingLimits")
    include_managed_events_in_limits: StrictBool | None = Field(None, alias="includeManagedEventsInLimits")

    def change(self) -> TeamChange:
        """Return what is to be different."""
        limits = self.booking_limits
        return TeamChange(
            name=self.name,
            slug=self.slug,
            details=self.details(_DETAILS),
            limits=None if limits is None else {_PERIODS[period]: most for period, most in limits.items()},
            include_managed_events_in_limits=self.include_managed_events_in_limits,
        )


class TeamDetailsData(TypedDict, total=False):
    """What a team said of itself, and the organization that it is of."""

    logoUrl: str
    calVideoLogo: str
    appLogo: str
    appIconLogo: str
    bio: str
    hideBranding: bool
    isPrivate: bool
    hideBookATeamMember: bool
    metadata: dict[str, str | int | float | bool]
    theme: str
    brandColor: str
    darkBrandColor: str
    bannerUrl: str
    timeFormat: int
    timeZone: str
    weekStart: Weekday
    parentId: int


class TeamData(TeamDetailsData):
    """A team."""

    id: int
    name: str
    slug: str
    isOrganization: Literal[False]


TeamList = TypeAliasType("TeamList", list[TeamData])

_DEFAULTS: TeamDetailsData = {"timeZone": "Europe/London", "weekStart": "Sunday"}


async def get_teams(request: web.Request) -> web.Response:
    """List the teams that the caller belongs to: all, or an organization's."""
    user_id, page = user_of(request), read_page(request, PageQuery).page()
    teams = await request.app[USE_CASES].team_keeper.of_member(user_id, page, _organization(request))
    return success([_team(team) for team in teams])


async def get_organization_teams(request: web.Request) -> web.Response:
    """List all teams of an organization."""
    caller, page = caller_of(request), read_page(request, PageQuery).page()
    teams = await request.app[USE_CASES].team_keeper.of_organization(caller, path_id(request, "orgId"), page)
    return success([_team(team) for team in teams])


async def post_team(request: web.Request) -> web.Response:
    """Make a team: of the organization that the path names, else the caller's own."""
    caller, organization_id = caller_of(request), _organization(request)
    if organization_id is None:
        user_of(request)
    draft = (await read_body(request, NewTeamBody)).draft()

    async def make(drawn: DrawnUid | None) -> TeamData:
        uid = new_uid() if drawn is None else drawn.uid
        return _team(await request.app[USE_CASES].team_keeper.create(caller, draft, uid, organization_id))

    return await created(request, make)


async def get_team(request: web.Request) -> web.Response:
    """Show a team."""
    keeper = request.app[USE_CASES].team_keeper
    return success(_team(await keeper.show(caller_of(request), path_id(request, "teamId"), _organization(request))))


async def patch_team(request: web.Request) -> web.Response:
    """Change a team."""
    caller, team_id, organization_id = caller_of(request), path_id(request, "teamId"), _organization(request)
    change = (await read_body(request, TeamChangeBody)).change()
    return success(_team(await request.app[USE_CASES].team_keeper.change(caller, team_id, change, organization_id)))


async def delete_team(request: web.Request) -> web.Response:
    """Delete a team."""
    keeper = request.app[USE_CASES].team_keeper
    return success(_team(await keeper.end(caller_of(request), path_id(request, "teamId"), _organization(request))))


def _organization(request: web.Request) -> int | None:
    return path_id(request, "orgId") if "orgId" in request.match_info else None


def _team(team: Team) -> TeamData:
    shown: TeamData = {
        "id": team.id,
        "name": team.name,
        "slug": team.slug,
        "isOrganization": False,
        **_DEFAULTS,
        **cast("TeamDetailsData", team.details),
    }
    if team.organization_id is not None:
        shown["parentId"] = team.organization_id
    return shown
