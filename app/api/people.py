"""People, teams and memberships: what several resources read and show alike."""

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints

from app.api.instants import utc_text
from app.domain.schedule import WEEKDAYS
from app.domain.slug import LONGEST_SLUG, slug_of
from app.fields import Text, storable
from app.services.made_accounts import Account

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")
LONGEST_EMAIL = 200
"""Leaves room for an OAuth client's id in it."""
LONGEST_LINE = 2_000
MOST_METADATA = 50
MOST_EMAILS = 20


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise ValueError("must be an e-mail address")
    return text


def _slug(text: str) -> str:
    if slug_of(text) != text:
        raise ValueError(f"must be in kebab-case, such as {slug_of(text) or 'sales-team'!r}")
    return text


def split(value: object) -> object:
    """Take several as one parameter with commas, or as one parameter each."""
    return value.split(",") if isinstance(value, str) else value


Line = Annotated[str, StringConstraints(max_length=LONGEST_LINE), AfterValidator(storable)]
"""Text without a meaning here, such as an address of a picture."""
Email = Annotated[str, StringConstraints(max_length=LONGEST_EMAIL), AfterValidator(storable), AfterValidator(_email)]
Emails = Annotated[list[Text], BeforeValidator(split), Field(max_length=MOST_EMAILS)]
Slug = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_SLUG), AfterValidator(_slug)]
MetadataKey = Annotated[str, StringConstraints(max_length=40), AfterValidator(storable)]
MetadataText = Annotated[str, StringConstraints(max_length=500, strict=True), AfterValidator(storable)]
Weekday: TypeAlias = Literal[WEEKDAYS]  # type: ignore[valid-type]
Metadata: TypeAlias = Annotated[
    dict[MetadataKey, MetadataText | StrictBool | int | Annotated[float, Field(allow_inf_nan=False)]],
    Field(max_length=MOST_METADATA),
]


class KeptDetails(BaseModel):
    """A body of which some fields mean nothing here: they are kept, and given back as they were sent."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    def details(self, names: frozenset[str]) -> dict[str, Any]:
        """Return those of the named fields that were sent with a value, by their public names."""
        return self.model_dump(include=set(names), by_alias=True, exclude_unset=True, exclude_none=True)


def account_data(account: Account) -> dict[str, Any]:
    """Return what is told of somebody wherever their account is shown."""
    return {
        "id": account.id,
        "username": account.username,
        "name": account.name,
        "email": account.email,
        "bio": account.bio,
        "avatarUrl": account.avatar_url,
        "timeZone": account.time_zone,
        "weekStart": account.week_start,
        "timeFormat": account.time_format,
        "locale": account.locale,
        "defaultScheduleId": account.default_schedule_id,
        "createdDate": utc_text(account.created_at),
        "metadata": account.metadata,
    }
