"""`/v2/me/ooo` and the out-of-office entries of an organization's members."""

from typing import Annotated, Any, Literal, NotRequired

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, WithJsonSchema, field_validator
from typing_extensions import TypeAliasType, TypedDict

from app.api.bodies import Body, read_body, success
from app.api.credentials import caller_of
from app.api.idempotency import created
from app.api.instants import InstantText, utc_text
from app.api.pages import PageQuery, read_page
from app.api.paths import owner_of, path_id
from app.api.state import USE_CASES
from app.domain.out_of_office import Away, AwayReason, OutOfOffice
from app.domain.time_ranges import Instant
from app.fields import Id, IsoInstant, Text, storable
from app.services.keep_slots import new_uid
from app.services.out_of_office import OutOfOfficeList
from app.services.ports import DrawnUid

Notes = Annotated[str, Field(max_length=2_000), AfterValidator(storable)]


class NewOutOfOfficeBody(Body):
    """From when to when somebody is away."""

    start: IsoInstant
    end: IsoInstant
    reason: AwayReason = AwayReason.UNSPECIFIED
    notes: Notes | None = None
    to_user_id: Id | None = Field(None, alias="toUserId")

    @field_validator("end")
    @classmethod
    def _in_order(cls, end: Instant, info: ValidationInfo) -> Instant:
        if end < info.data.get("start", end):
            raise ValueError("must not be before start")
        return end

    def away(self) -> Away:
        """Return the time away."""
        return Away(start=self.start, end=self.end, reason=self.reason, notes=self.notes, to_user_id=self.to_user_id)


class OutOfOfficeChangeBody(BaseModel):
    """What is to be different of an entry: what is left out stays.

    Null ends notes and cover, and leaves the rest as it is.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    start: IsoInstant | None = None
    end: IsoInstant | None = None
    reason: AwayReason | None = None
    notes: Notes | None = None
    to_user_id: Id | None = Field(None, alias="toUserId")

    def values(self) -> dict[str, Any]:
        """Return what is to be different, by the field names of `Away`."""
        sent = {name: getattr(self, name) for name in self.model_fields_set}
        return {name: value for name, value in sent.items() if value is not None or name in ("notes", "to_user_id")}


class EntriesQuery(PageQuery):
    """The parameters of a list."""

    by_start: Literal["asc", "desc"] | None = Field(None, alias="sortStart")
    by_end: Literal["asc", "desc"] | None = Field(None, alias="sortEnd")
    email: Text | None = None

    def wanted(self) -> OutOfOfficeList:
        """Return which entries, and in which order."""
        return OutOfOfficeList(page=self.page(), by_start=self.by_start, by_end=self.by_end)


async def get_entries(request: web.Request) -> web.Response:
    """List somebody's entries."""
    user_id = await owner_of(request)
    wanted = read_page(request, EntriesQuery).wanted()
    return success(
        [_entry(entry) for entry in await request.app[USE_CASES].out_of_office_keeper.of_user(user_id, wanted)]
    )


async def get_organization_entries(request: web.Request) -> web.Response:
    """List the entries of an organization's members, or of the one with an e-mail address."""
    query = read_page(request, EntriesQuery)
    keeper = request.app[USE_CASES].out_of_office_keeper
    organization_id = path_id(request, "orgId")
    found = await keeper.of_organization(caller_of(request), organization_id, query.wanted(), query.email)
    return success([_entry(entry) for entry in found])


async def post_entry(request: web.Request) -> web.Response:
    """Make an entry for somebody."""
    user_id = await owner_of(request)
    away = (await read_body(request, NewOutOfOfficeBody)).away()

    async def make(drawn: DrawnUid | None) -> OutOfOfficeData:
        uid = new_uid() if drawn is None else drawn.uid
        return _entry(await request.app[USE_CASES].out_of_office_keeper.create(user_id, away, uid))

    return await created(request, make)


async def patch_entry(request: web.Request) -> web.Response:
    """Change an entry of somebody."""
    user_id = await owner_of(request)
    values = (await read_body(request, OutOfOfficeChangeBody)).values()
    keeper = request.app[USE_CASES].out_of_office_keeper
    return success(_entry(await keeper.change(user_id, path_id(request, "oooId"), values)))


async def delete_entry(request: web.Request) -> web.Response:
    """Delete an entry of somebody, and show what it was."""
    user_id = await owner_of(request)
    keeper = request.app[USE_CASES].out_of_office_keeper
    return success(_entry(await keeper.delete(user_id, path_id(request, "oooId"))))


AwayReasonText = Annotated[str, WithJsonSchema({"type": "string", "enum": [reason.value for reason in AwayReason]})]


class OutOfOfficeData(TypedDict):
    """An entry; `toUserId` and `notes` where they were said."""

    id: int
    uuid: str
    userId: int
    start: InstantText
    end: InstantText
    reason: AwayReasonText
    toUserId: NotRequired[int]
    notes: NotRequired[str]


OutOfOfficeEntries = TypeAliasType("OutOfOfficeEntries", list[OutOfOfficeData])


def _entry(entry: OutOfOffice) -> OutOfOfficeData:
    away = entry.away
    told: OutOfOfficeData = {
        "id": entry.id,
        "uuid": entry.uid,
        "userId": entry.user_id,
        "start": utc_text(away.start),
        "end": utc_text(away.end),
        "reason": away.reason.value,
    }
    if away.to_user_id is not None:
        told["toUserId"] = away.to_user_id
    if away.notes is not None:
        told["notes"] = away.notes
    return told
