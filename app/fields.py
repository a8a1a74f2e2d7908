"""Field types that every edge reads text from strangers with: requests, world files, settings."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from app.domain.errors import UnknownTimeZoneError
from app.domain.schedule import MINUTES_PER_DAY, zone
from app.domain.time_ranges import Instant

MAX_ID = 2_147_483_647
"""Ids are PostgreSQL integers."""
LONGEST_TEXT = 255
LONGEST_LINK = 2_000
LONGEST_EVENT_MINUTES = 7 * 1_440
LONGEST_BUFFER_MINUTES = 1_440
LONGEST_NOTICE_MINUTES = 10 * 366 * 1_440
FURTHEST_WINDOW_DAYS = 36_600
MOST_SEATS = 10_000

FIRST_MOMENT = datetime(1900, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(9998, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
"""Slots, buffers and periods reach further than what is asked, and the calendar ends with 9999."""

_CLOCK = re.compile(r"[0-9]{2}:[0-9]{2}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
"""Whether there is such a mailbox only a letter to it could tell; email-validator would refuse those of companies' own
networks."""
_HOST_AND_PORT = re.compile(r"[\w-]+(\.[\w-]+)+:[0-9]+(/|$)", re.ASCII)
_ISO_8601 = re.compile(r"[0-9TZW:.,+-]+")
"""Its characters: `fromisoformat` itself lets others pass in places."""
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


def _iso_instant(value: object) -> Instant:
    if not isinstance(value, str):
        raise ValueError("must be an ISO 8601 date and time")  # noqa: TRY004 - see _whole
    return parse_instant(value)


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


def _web_link(text: str) -> str:
    """Refuse what a browser would run, or open with another program; a host with a port looks like a scheme."""
    scheme = urlsplit(text).scheme
    if scheme not in ("", "http", "https") and not _HOST_AND_PORT.match(text):
        raise ValueError("must be a link of the web: let it begin with https://")
    return text


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


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise ValueError("must be an e-mail address")
    return text


def _metadata(given: dict[str, Any]) -> dict[str, Any]:
    """Keep to the public API's bounds: so many keys, texts so long, and nothing inside one another."""
    if len(given) > 50:
        raise ValueError("must have at most 50 keys")
    for key, value in given.items():
        if len(storable(key)) > 40:
            raise ValueError("must have keys of at most 40 characters")
        if not isinstance(value, str | bool | int | float):
            raise ValueError("must have texts, numbers and booleans for values")  # noqa: TRY004 - see _whole
        if isinstance(value, str) and len(storable(value)) > 500:
            raise ValueError("must have values of at most 500 characters")
    return given


def _minute_of_day(value: object) -> int:
    """Read "HH:MM", up to 24:00, as minutes."""
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise ValueError('must be a time such as "09:00"')
    hours, minutes = map(int, value.split(":"))
    minute = hours * 60 + minutes
    if minutes > 59 or minute > MINUTES_PER_DAY:
        raise ValueError("must be a time from 00:00 to 24:00")
    return minute


def _plain_date(value: object) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError("must be a date such as 2050-09-05")
    return in_bounds(datetime.fromisoformat(value).replace(tzinfo=UTC)).date()


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


DATE_TIME = WithJsonSchema({"type": "string", "format": "date-time"})
"""What is written in JSON where an instant is read, or told."""
CLOCK = WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"})
"""And where a minute of the day is."""
DATE_OR_DATE_TIME = WithJsonSchema(
    {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
)

Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(storable)]
Link = Annotated[str, Field(max_length=LONGEST_LINK), AfterValidator(storable), AfterValidator(_web_link)]
"""Where a browser may lead; often said without `https://`."""
GivenLink = Annotated[
    str, Field(min_length=1, max_length=LONGEST_LINK), AfterValidator(storable), AfterValidator(_web_link)
]
Place = Annotated[str, Field(min_length=1, max_length=LONGEST_LINK), AfterValidator(storable)]
"""Where to meet, in words or as a link."""
ZoneName = Annotated[str, AfterValidator(_known_zone), Field(examples=["Europe/Rome"])]
WholeNumber = Annotated[int, BeforeValidator(_whole)]
KeptObject = Annotated[dict[str, Any], AfterValidator(storable_json)]
"""A JSON object that is kept and given back, whatever it says."""
Id = Annotated[WholeNumber, Field(ge=1, le=MAX_ID)]
MinuteOfDay = Annotated[int, BeforeValidator(_minute_of_day), CLOCK]
PlainDate = Annotated[date, BeforeValidator(_plain_date)]
IsoInstant = Annotated[Instant, BeforeValidator(_iso_instant), DATE_TIME]
Email = Annotated[Text, AfterValidator(_email), Field(json_schema_extra={"format": "email"})]
Metadata = Annotated[dict[str, Any], AfterValidator(_metadata)]
EventMinutes = Annotated[WholeNumber, Field(ge=1, le=LONGEST_EVENT_MINUTES)]
BufferMinutes = Annotated[WholeNumber, Field(ge=0, le=LONGEST_BUFFER_MINUTES)]
NoticeMinutes = Annotated[WholeNumber, Field(ge=0, le=LONGEST_NOTICE_MINUTES)]
OffsetMinutes = Annotated[WholeNumber, Field(ge=0, le=1_440)]
SeatNumber = Annotated[WholeNumber, Field(ge=1, le=MOST_SEATS)]
