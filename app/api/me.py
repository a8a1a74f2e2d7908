"""`/v2/me`: the caller's own account."""

from typing import Annotated, Any, Literal, NotRequired

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from typing_extensions import TypedDict

from app.api.bodies import read_body, success
from app.api.credentials import user_of
from app.api.people import Weekday
from app.api.state import USE_CASES
from app.domain.account import Account
from app.fields import Email, Id, Metadata, Text, WholeNumber, ZoneName, storable

Locale = Literal[
    "ar", "az", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "es", "es-419", "et", "eu", "fi", "fr", "he", "hr",
    "hu", "id", "it", "iw", "ja", "km", "ko", "lv", "nl", "no", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sr", "sv",
    "ta", "th", "tr", "uk", "vi", "zh-CN", "zh-TW",
]  # fmt: skip


def _hours(number: int) -> int:
    if number not in (12, 24):
        raise ValueError("must be 12 or 24")
    return number


TimeFormat = Annotated[WholeNumber, AfterValidator(_hours), WithJsonSchema({"type": "integer", "enum": [12, 24]})]
Url = Annotated[str, Field(max_length=2_048, pattern=r"^https?://[^\s\x00]+$"), AfterValidator(storable)]
LongText = Annotated[str, Field(max_length=5_000), AfterValidator(storable)]

_MAY_BE_NOTHING = frozenset({"name", "avatar_url", "bio", "locale"})


class AccountChangeBody(BaseModel):
    """What is to be different of one's account: what is left out stays.

    Null ends what may be nothing, and leaves the rest as it is.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    email: Email | None = None
    name: Text | None = None
    time_format: TimeFormat | None = Field(None, alias="timeFormat")
    default_schedule_id: Id | None = Field(None, alias="defaultScheduleId")
    week_start: Weekday | None = Field(None, alias="weekStart")
    zone: ZoneName | None = Field(None, alias="timeZone")
    locale: Locale | None = None
    avatar_url: Url | None = Field(None, alias="avatarUrl")
    bio: LongText | None = None
    metadata: Metadata | None = None

    def values(self) -> dict[str, Any]:
        """Return what is to be different, by the field names of `Account`."""
        sent = {name: getattr(self, name) for name in self.model_fields_set & AccountChangeBody.model_fields.keys()}
        return {name: value for name, value in sent.items() if value is not None or name in _MAY_BE_NOTHING}


async def get_me(request: web.Request) -> web.Response:
    """Show the caller's account."""
    return success(_account(await request.app[USE_CASES].account_keeper.show(user_of(request))))


async def patch_me(request: web.Request) -> web.Response:
    """Change the caller's account."""
    user_id = user_of(request)
    values = (await read_body(request, AccountChangeBody)).values()
    return success(_account(await request.app[USE_CASES].account_keeper.change(user_id, values)))


class OwnOrganization(TypedDict):
    """The organization that somebody belongs to."""

    id: int
    isPlatform: bool


class AccountData(TypedDict):
    """Somebody's account, as they see it themselves."""

    id: int
    username: str
    email: str
    name: str | None
    avatarUrl: str | None
    bio: str | None
    timeFormat: TimeFormat
    defaultScheduleId: int | None
    weekStart: Weekday
    timeZone: str
    locale: str | None
    metadata: dict[str, Any]
    organizationId: int | None
    organization: NotRequired[OwnOrganization]


def _account(account: Account) -> AccountData:
    told: AccountData = {
        "id": account.id,
        "username": account.username,
        "email": account.email,
        "name": account.name,
        "avatarUrl": account.avatar_url,
        "bio": account.bio,
        "timeFormat": account.time_format,
        "defaultScheduleId": account.default_schedule_id,
        "weekStart": account.week_start,
        "timeZone": account.zone,
        "locale": account.locale,
        "metadata": dict(account.metadata),
        "organizationId": account.organization_id,
    }
    if account.organization_id is not None:
        told["organization"] = {"id": account.organization_id, "isPlatform": False}
    return told
