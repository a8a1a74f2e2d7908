"""The memberships of teams and organizations."""

from typing import Literal, NotRequired, TypeAlias, cast

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from typing_extensions import TypeAliasType, TypedDict

from app.api.bodies import Body, read_body, success
from app.api.credentials import caller_of
from app.api.idempotency import created
from app.api.pages import PageQuery, read_page
from app.api.paths import path_id
from app.api.people import Emails
from app.api.state import USE_CASES
from app.domain.membership import Standing
from app.domain.role import Role
from app.fields import Id
from app.services.keep_slots import new_uid
from app.services.memberships import Group, Membership, MembershipChange, MembershipDraft
from app.services.ports import DrawnUid

RoleName: TypeAlias = Literal["MEMBER", "OWNER", "ADMIN"]


class MembershipsQuery(PageQuery):
    """The parameters of a list."""

    emails: Emails | None = None


class NewMembershipBody(Body):
    """The body of POST."""

    user_id: Id = Field(alias="userId")
    accepted: StrictBool = False
    role: RoleName = "MEMBER"
    disable_impersonation: StrictBool = Field(False, alias="disableImpersonation")

    def draft(self) -> MembershipDraft:
        """Return who is to belong, and as what."""
        return MembershipDraft(
            user_id=self.user_id,
            standing=Standing(Role[self.role], self.accepted),
            disable_impersonation=self.disable_impersonation,
        )


class MembershipChangeBody(BaseModel):
    """The body of PATCH: what is left out, or null, stays."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    accepted: StrictBool | None = None
    role: RoleName | None = None
    disable_impersonation: StrictBool | None = Field(None, alias="disableImpersonation")

    def change(self) -> MembershipChange:
        """Return what is to be different."""
        return MembershipChange(
            role=None if self.role is None else Role[self.role],
            accepted=self.accepted,
            disable_impersonation=self.disable_impersonation,
        )


class MemberData(TypedDict):
    """A member, as far as a team or organization may know them: no address before they have accepted."""

    avatarUrl: str | None
    username: str
    name: str | None
    email: str | None
    bio: str | None
    metadata: dict[str, str | int | float | bool]


class MembershipData(TypedDict):
    """A membership in a team or organization, whose id `teamId` is; only an organization's has attributes: none."""

    id: int
    userId: int
    teamId: int
    accepted: bool
    role: RoleName
    disableImpersonation: bool
    user: MemberData
    attributes: NotRequired[list[object]]


MembershipList = TypeAliasType("MembershipList", list[MembershipData])


async def get_memberships(request: web.Request) -> web.Response:
    """List the memberships of a team or organization, to those who run it; to the invited their own."""
    caller, group, query = caller_of(request), _group(request), read_page(request, MembershipsQuery)
    found = await request.app[USE_CASES].membership_keeper.listed(caller, group, query.emails, query.page())
    return success([_membership(one, group) for one in found])


async def post_membership(request: web.Request) -> web.Response:
    """Take somebody in, or invite them."""
    caller, group = caller_of(request), _group(request)
    draft = (await read_body(request, NewMembershipBody)).draft()

    async def make(drawn: DrawnUid | None) -> MembershipData:
        uid = new_uid() if drawn is None else drawn.uid
        return _membership(await request.app[USE_CASES].membership_keeper.create(caller, group, draft, uid), group)

    return await created(request, make)


async def get_membership(request: web.Request) -> web.Response:
    """Show a membership."""
    caller, group, keeper = caller_of(request), _group(request), request.app[USE_CASES].membership_keeper
    return success(_membership(await keeper.show(caller, group, path_id(request, "membershipId")), group))


async def patch_membership(request: web.Request) -> web.Response:
    """Change a membership, or accept one's own."""
    caller, group, keeper = caller_of(request), _group(request), request.app[USE_CASES].membership_keeper
    membership_id = path_id(request, "membershipId")
    change = (await read_body(request, MembershipChangeBody)).change()
    return success(_membership(await keeper.change(caller, group, membership_id, change), group))


async def delete_membership(request: web.Request) -> web.Response:
    """Let a member go, or leave."""
    caller, group, keeper = caller_of(request), _group(request), request.app[USE_CASES].membership_keeper
    return success(_membership(await keeper.end(caller, group, path_id(request, "membershipId")), group))


def _group(request: web.Request) -> Group:
    """Return the team or organization that a path is about."""
    organization_id = path_id(request, "orgId") if "orgId" in request.match_info else None
    if "teamId" in request.match_info:
        return Group(id=path_id(request, "teamId"), within=organization_id)
    return Group(id=path_id(request, "orgId"), is_organization=True)


def _membership(membership: Membership, group: Group) -> MembershipData:
    shown: MembershipData = {
        "id": membership.id,
        "userId": membership.user_id,
        "teamId": membership.group_id,
        "accepted": membership.standing.accepted,
        "role": cast("RoleName", membership.standing.role.name),
        "disableImpersonation": membership.disable_impersonation,
        "user": {
            "avatarUrl": membership.avatar_url,
            "username": membership.username,
            "name": membership.name,
            "email": membership.email,
            "bio": membership.bio,
            "metadata": membership.metadata,
        },
    }
    if group.is_organization:
        shown["attributes"] = []
    return shown
