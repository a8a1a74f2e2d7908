"""`/v2/calendars`: feeds that tell when people are busy, and what they tell."""

import re
from collections.abc import Iterable
from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from app.api.bodies import Body, read_body, success
from app.api.credentials import user_of
from app.api.errors import bad_request
from app.api.instants import InstantText, utc_text
from app.api.pages import read_page
from app.api.refusals import fault_text
from app.api.slots_query import QueryNumber
from app.api.state import USE_CASES
from app.api.web_address import WebAddress
from app.domain.calendar_feed import CalendarFeed
from app.domain.schedule import MINUTES_PER_DAY, zone
from app.domain.time_ranges import DAY, Instant, Range
from app.fields import DATE_OR_DATE_TIME, Id, ZoneName, parse_instant
from app.services.calendar_feeds import MOST_FEEDS, BusyTime, CalendarChoice, Connection

TYPE: Literal["ics-feed_calendar"] = "ics-feed_calendar"
_SLUG: Literal["ics-feed"] = "ics-feed"
_UNNAMED = "Calendar feed"
_CHOICE = re.compile(r"calendarsToLoad\[([0-9]{1,3})\]\[(credentialId|externalId)\]")


# What is read --------------------------------------------------------------------------------------------------------


def _as_https(written: object) -> object:
    """Read `webcal://`, by which calendars are shared, as what it stands for."""
    if isinstance(written, str) and written[:9].lower() == "webcal://":
        return f"https://{written[9:]}"
    return written


FeedUrl = Annotated[WebAddress, BeforeValidator(_as_https)]


class FeedsBody(Body):
    """The body of save."""

    urls: Annotated[list[FeedUrl], Field(min_length=1, max_length=MOST_FEEDS)]
    read_only: bool = Field(True, alias="readOnly")


class DisconnectBody(BaseModel):
    """The body of disconnect."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: Id
    """What save answered."""


def _moment(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be an ISO 8601 date")  # noqa: TRY004 - pydantic turns ValueError alone into its own
    parse_instant(value)
    return value


Moment = Annotated[str, BeforeValidator(_moment), DATE_OR_DATE_TIME]


class BusyTimesQuery(BaseModel):
    """The parameters of busy times; a date is a whole day of the zone."""

    model_config = ConfigDict(extra="ignore", frozen=True, use_attribute_docstrings=True)

    date_from: Moment = Field(alias="dateFrom")
    date_to: Moment = Field(alias="dateTo")
    time_zone: ZoneName | None = Field(None, alias="timeZone")
    """The zone of dates; UTC if left out."""
    older_time_zone: ZoneName | None = Field(None, alias="loggedInUsersTz")
    """An older name of `timeZone`."""
    credential_id: QueryNumber | None = Field(None, alias="credentialId")
    """With `externalId`: one calendar alone. Several are named by `calendarsToLoad[0][credentialId]` and so on."""
    external_id: str | None = Field(None, alias="externalId")

    def around(self) -> Range:
        """Return the stretch that is asked about.

        Raises
        ------
        RequestError
            If it ends before it begins.
        """
        start, end = self._instant(self.date_from, minute=0), self._instant(self.date_to, minute=MINUTES_PER_DAY)
        if end < start:
            raise bad_request("Query parameter 'dateTo': must not be before dateFrom")
        return start, end

    def _instant(self, written: str, *, minute: int) -> Instant:
        """Return an instant; of a date that of a minute of it."""
        if "T" in written:
            return parse_instant(written)
        return zone(self.time_zone or self.older_time_zone or "UTC").instant_of(parse_instant(written) // DAY, minute)


class CalendarName(BaseModel):
    """A calendar, as clients name it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    credential_id: QueryNumber = Field(alias="credentialId")
    external_id: str = Field(alias="externalId")

    def choice(self) -> CalendarChoice:
        """Return which calendar."""
        return CalendarChoice(self.credential_id, self.external_id)


_NAMES = TypeAdapter(Annotated[list[CalendarName], Field(max_length=MOST_FEEDS)])


def _chosen(request: web.Request) -> frozenset[CalendarChoice]:
    """Return the calendars that a query names.

    Raises
    ------
    RequestError
        If one is named by half, or there are more than anybody has.
    """
    try:
        names = _NAMES.validate_python(_named(request.query.items()))
    except ValidationError:
        raise bad_request(
            "Query parameter 'calendarsToLoad': must give a credentialId and an externalId for each of at most "
            f"{MOST_FEEDS} calendars"
        ) from None
    return frozenset(name.choice() for name in names)


def _named(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Gather calendars by their numbers in brackets, and the one that is named without."""
    found: dict[str, dict[str, str]] = {}
    for name, value in pairs:
        numbered = _CHOICE.fullmatch(name)
        if numbered:
            found.setdefault(numbered[1], {})[numbered[2]] = value
        elif name in ("credentialId", "externalId"):
            found.setdefault("", {})[name] = value
    return list(found.values())


# What is answered ----------------------------------------------------------------------------------------------------


class Credential(TypedDict):
    """Somebody's feeds together."""

    id: int
    type: Literal["ics-feed_calendar"]
    userId: int
    teamId: None
    appId: Literal["ics-feed"]
    invalid: bool


class FeedData(TypedDict):
    """A feed, to its owner."""

    externalId: str
    integration: Literal["ics-feed_calendar"]
    name: str
    primary: bool
    readOnly: bool
    isSelected: bool
    credentialId: int
    lastRefreshedAt: InstantText
    error: str | None
    dead: bool
    """Whether it keeps its owner busy throughout, because it could not be read for too long."""


class CheckedFeeds(Credential):
    """Somebody's feeds, and how each is."""

    feeds: list[FeedData]


class Integration(TypedDict):
    """What kind of calendars a credential leads to."""

    type: Literal["ics-feed_calendar"]
    slug: Literal["ics-feed"]
    name: str
    title: str
    description: str
    variant: str
    categories: list[str]
    installed: bool
    logo: str
    publisher: str
    url: str
    email: str
    locationOption: None


class ConnectedCalendar(TypedDict):
    """A credential and its calendars."""

    integration: Integration
    credentialId: int
    calendars: list[FeedData]


class ConnectedCalendars(TypedDict):
    """All calendars of somebody; nothing is ever written to one."""

    connectedCalendars: list[ConnectedCalendar]
    destinationCalendar: None


class BusyTimeData(TypedDict):
    """A time that is taken."""

    start: InstantText
    end: InstantText
    source: str | None


_INTEGRATION: Integration = {
    "type": TYPE,
    "slug": _SLUG,
    "name": "ICS feed",
    "title": "ICS feed",
    "description": "Calendars that tell when somebody is busy, read from their iCalendar addresses.",
    "variant": "calendar",
    "categories": ["calendar"],
    "installed": True,
    "logo": "",
    "publisher": "Holdfast",
    "url": "",
    "email": "",
    "locationOption": None,
}


async def post_feeds(request: web.Request) -> web.Response:
    """Say which calendar feeds tell when the caller is busy.

    They take the place of any there were. Each is read at once, and hides slots from then on; if a new one cannot be
    read, nothing changes. One that was there before and cannot be read stays as it was last known.
    """
    user_id = user_of(request)
    body = await read_body(request, FeedsBody)
    keeper = request.app[USE_CASES].feed_keeper
    return success(_credential(await keeper.save(user_id, body.urls, read_only=body.read_only)), status=201)


async def get_feeds_check(request: web.Request) -> web.Response:
    """Tell how the caller's feeds are.

    `invalid`: one could not be read the last time; its `error` says why, and `lastRefreshedAt` from when its busy
    times are. `dead`: for so long that the caller counts as busy throughout.
    """
    connection = await request.app[USE_CASES].feed_keeper.surely_of_user(user_of(request))
    return success(_checked(connection))


async def post_feeds_disconnect(request: web.Request) -> web.Response:
    """Forget the caller's feeds and their busy times."""
    user_id = user_of(request)
    body = await read_body(request, DisconnectBody)
    return success(_credential(await request.app[USE_CASES].feed_keeper.delete(user_id, body.id)))


async def get_calendars(request: web.Request) -> web.Response:
    """List the caller's calendars."""
    connection = await request.app[USE_CASES].feed_keeper.of_user(user_of(request))
    connected = [] if connection is None else [_connected(connection)]
    calendars: ConnectedCalendars = {"connectedCalendars": connected, "destinationCalendar": None}
    return success(calendars)


async def get_busy_times(request: web.Request) -> web.Response:
    """List when calendars report the caller as busy: those that are named, or all.

    A calendar is named by `credentialId` and `externalId`, or several by `calendarsToLoad[0][credentialId]`,
    `calendarsToLoad[0][externalId]` and so on.
    """
    user_id, query = user_of(request), read_page(request, BusyTimesQuery)
    found = await request.app[USE_CASES].feed_keeper.busy(user_id, _chosen(request), query.around())
    return success([_busy_time(time, feed) for time, feed in found])


def _credential(connection: Connection) -> Credential:
    return {
        "id": connection.id,
        "type": TYPE,
        "userId": connection.user_id,
        "teamId": None,
        "appId": _SLUG,
        "invalid": any(feed.problem is not None for feed in connection.feeds),
    }


def _checked(connection: Connection) -> CheckedFeeds:
    return {**_credential(connection), "feeds": _feeds(connection)}


def _connected(connection: Connection) -> ConnectedCalendar:
    return {"integration": _INTEGRATION, "credentialId": connection.id, "calendars": _feeds(connection)}


def _feeds(connection: Connection) -> list[FeedData]:
    return [
        {
            "externalId": feed.url,
            "integration": TYPE,
            "name": feed.name or _UNNAMED,
            "primary": False,
            "readOnly": connection.read_only,
            "isSelected": True,
            "credentialId": connection.id,
            "lastRefreshedAt": utc_text(feed.refreshed_at),
            "error": None if feed.problem is None else fault_text(feed.problem),
            "dead": feed.closes,
        }
        for feed in connection.feeds
    ]


def _busy_time(time: BusyTime, feed: CalendarFeed | None) -> BusyTimeData:
    source = None if feed is None else feed.name or _UNNAMED
    if time.feed_is_dead:
        source = f"{source}, which cannot be read"
    return {"start": utc_text(time.start), "end": utc_text(time.end), "source": source}
