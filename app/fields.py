"""Field types that every edge reads text from strangers with: requests, world files, settings."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from app.domain.errors import UnknownTimeZoneError
from app.domain.schedule import zone
from app.domain.time_ranges import Instant

MAX_ID = 2_147_483_647
"""Ids are PostgreSQL integers."""
LONGEST_TEXT = 255

FIRST_MOMENT = datetime(1900, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(9998, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
"""Slots, buffers and periods reach further than what is asked, and the calendar ends with 9999."""

_ISO_8601 = re.compile(r"[0-9TZW:.,+-]+")
"""Its characters: `fromisoformat` itself lets others pass in places."""
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant_from(moment: datetime) -> Instant:
    """Return the instant of an aware datetime, cut to milliseconds."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000


def parse_instant(text: str) -> Instant:
    """Read an ISO 8601 date or date and time; UTC if it names no offset.

    Raises
    ------
    ValueError
        If it is not one, or too far out to compute with.
    """
    # A "+" that was not escaped in a query arrives as a space.
    written = text.replace(" ", "+") if "T" in text else text
    if not _ISO_8601.fullmatch(written):
        raise ValueError("must be an ISO 8601 date, or date and time")
    moment = datetime.fromisoformat(written)
    return instant_from(in_bounds(moment if moment.tzinfo else moment.replace(tzinfo=UTC)))


def instant_or_none(text: str) -> Instant | None:
    """Read an ISO 8601 date and time, or return None if it is not one."""
    try:
        return parse_instant(text)
    except ValueError:
        return None


def in_bounds(moment: datetime) -> datetime:
    """Refuse an aware datetime that is too far out to compute with.

    Raises
    ------
    ValueError
        If it is earlier than 1900, or later than 9998.
    """
    if not FIRST_MOMENT <= moment <= LAST_MOMENT:
        raise ValueError("must lie in the years 1900 to 9998")
    return moment


def storable(text: str) -> str:
    """Refuse text that a database cannot keep.

    Raises
    ------
    ValueError
        If it holds a NUL or half of a surrogate pair.
    """
    if "\0" in text:
        raise ValueError("must not contain a NUL character")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("must be valid Unicode text")
    return text


def _known_zone(name: str) -> str:
    try:
        return zone(name).name
    except UnknownTimeZoneError:
        raise ValueError(f"{name[:64]!r} is not a time zone; use an IANA name such as Europe/Rome") from None


def _whole(value: object) -> object:
    """Let `10.0` through as 10; clients send floats. Booleans and texts are not numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a whole number")  # noqa: TRY004 - pydantic turns ValueError, not TypeError, into a field error
    if isinstance(value, float):
        if not value.is_integer():
            raise ValueError("must be a whole number")
        return int(value)
    return value


DEEPEST_JSON = 16


def storable_json(value: Any, depth: int = DEEPEST_JSON) -> Any:
    """Refuse JSON that a database cannot keep, or that is nested too deep to be meant.

    Raises
    ------
    ValueError
        If it holds text that is not `storable`, or more than `depth` levels.
    """
    if depth == 0:
        raise ValueError(f"must not be nested more than {DEEPEST_JSON} levels deep")
    if isinstance(value, str):
        storable(value)
    elif isinstance(value, dict):
        for name, one in value.items():
            storable(name)
            storable_json(one, depth - 1)
    elif isinstance(value, list):
        for one in value:
            storable_json(one, depth - 1)
    return value


def _address(text: str) -> str:
    """Refuse what cannot be an e-mail address.

    Addresses are compared here and never written to. email-validator would refuse those of companies' own networks.
    """
    if not _ADDRESS.fullmatch(text):
        raise ValueError("must be an e-mail address")
    return storable(text)


Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(storable)]
ZoneName = Annotated[str, AfterValidator(_known_zone), Field(examples=["Europe/Rome"])]
WholeNumber = Annotated[int, BeforeValidator(_whole)]
Email = Annotated[str, Field(max_length=LONGEST_TEXT, json_schema_extra={"format": "email"}), AfterValidator(_address)]
KeptObject = Annotated[dict[str, Any], AfterValidator(storable_json)]
"""A JSON object that is kept and given back, whatever it says."""

DATE_TIME = WithJsonSchema({"type": "string", "format": "date-time"})
"""What is written in JSON where an instant is read, or told."""
DATE_OR_DATE_TIME = WithJsonSchema(
    {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
)
