"""People, teams and memberships: what several resources read and show alike."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints
from typing_extensions import TypedDict

from app.api.bodies import Body
from app.api.instants import InstantText, utc_text
from app.domain.schedule import WEEKDAYS
from app.domain.slug import LONGEST_SLUG, slug_of
from app.fields import Text, storable
from app.services.made_accounts import MadeAccount

LONGEST_LINE = 2_000
MOST_EMAILS = 20


def _slug(text: str) -> str:
    if slug_of(text) != text:
        raise ValueError(f"must be in kebab-case, such as {slug_of(text) or 'sales-team'!r}")
    return text


def split(value: object) -> object:
    """Take several as one parameter with commas, or as one parameter each."""
    return value.split(",") if isinstance(value, str) else value


Line = Annotated[str, StringConstraints(max_length=LONGEST_LINE), AfterValidator(storable)]
"""Text without a meaning here, such as an address of a picture."""
Emails = Annotated[list[Text], BeforeValidator(split), Field(max_length=MOST_EMAILS)]
Slug = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_SLUG), AfterValidator(_slug)]
Weekday: TypeAlias = Literal[WEEKDAYS]  # type: ignore[valid-type]


class KeptDetails(Body):
    """A body of which some fields mean nothing here: they are kept, and given back as they were sent."""

    def details(self, names: frozenset[str]) -> dict[str, Any]:
        """Return those of the named fields that were sent with a value, by their public names."""
        return self.model_dump(include=set(names), by_alias=True, exclude_unset=True, exclude_none=True)


class MadeAccountData(TypedDict):
    """Somebody, as those see them who may act for them."""

    id: int
    username: str
    name: str | None
    email: str
    bio: str | None
    avatarUrl: str | None
    timeZone: str
    weekStart: Weekday
    timeFormat: int
    locale: str | None
    defaultScheduleId: int | None
    createdDate: InstantText
    metadata: dict[str, str | int | float | bool]


def account_data(made: MadeAccount) -> MadeAccountData:
    """Return what is told of somebody to those who may act for them."""
    account = made.account
    return {
        "id": account.id,
        "username": account.username,
        "name": account.name,
        "email": account.email,
        "bio": account.bio,
        "avatarUrl": account.avatar_url,
        "timeZone": account.zone,
        "weekStart": account.week_start,
        "timeFormat": account.time_format,
        "locale": account.locale,
        "defaultScheduleId": account.default_schedule_id,
        "createdDate": utc_text(made.created_at),
        "metadata": dict(account.metadata),
    }
