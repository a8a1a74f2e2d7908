"""The parameters of a listing, as `GET /v2/slots` and the queries of a world file give them."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from app.api.errors import RequestError, bad_request
from app.api.instants import utc_text
from app.domain.reference import ById, ByTeam, ByUser, ByUsernames, EventTypeReference
from app.domain.time_ranges import DAY, Instant
from app.domain.window import asked_window
from app.fields import DATE_OR_DATE_TIME, Text, ZoneName, instant_or_none, parse_instant
from app.services.find_slots import SlotsQuestion

MOST_NAMES = 100
"""How many people, or hosts, one question may name."""

_DAYS_AROUND = 9
"""Of a start that is explained: the longest slot takes seven."""

_TOLERATED = frozenset(
    {
        "_isDryRun",
        "_silentCalendarFailures",
        "calendarsToLoad",
        "isBookingDryRun",
        "isTeamEvent",
        "limit",
        "routedTeamMemberIds",
        "routingFormResponseId",
        "skip",
        "skipContactOwner",
        "take",
        "teamId",
        "teamMemberEmail",
    }
)
"""What real clients send along and means nothing here."""

_WHOLE = re.compile(r"-?[0-9]{1,20}(\.0*)?", re.ASCII)


def _number(value: object) -> object:
    """Read "30", 30, 10.0 and "10.0" as whole numbers."""
    # Not of lists, whose text may be long to write.
    written = str(value) if isinstance(value, str | int | float) else ""
    if isinstance(value, bool) or not _WHOLE.fullmatch(written):
        raise ValueError("must be a whole number")
    return int(written.partition(".")[0])


def _names(value: object) -> object:
    """Read "a,b" and ["a", "b"] alike."""
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str | int) for part in parts):
        raise ValueError("must be names with commas between them")
    return [name.strip() for part in parts for name in str(part).split(",")]


def _many(value: object) -> object:
    """Read what is named once, or more often; null, which JSON may have, as nothing."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def _instant(value: object) -> Instant:
    if not isinstance(value, str):
        raise ValueError("must be an ISO 8601 date")  # noqa: TRY004 - see _number
    return parse_instant(value)


def _slot_format(value: object) -> object:
    """Read it in any case; null as if it were left out."""
    if value is None:
        return "time"
    if not isinstance(value, str) or value.lower() not in ("range", "time"):
        raise ValueError("must be 'range' or 'time'")
    return value.lower()


QueryNumber = Annotated[int, BeforeValidator(_number)]
QueryInstant = Annotated[Instant, BeforeValidator(_instant), DATE_OR_DATE_TIME]
SlotFormat = Annotated[
    str, BeforeValidator(_slot_format), WithJsonSchema({"type": "string", "enum": ["range", "time"]})
]
Usernames = Annotated[list[Text], BeforeValidator(_names), Field(max_length=MOST_NAMES)]
HostIds = Annotated[list[QueryNumber], BeforeValidator(_many), Field(max_length=MOST_NAMES)]


Query = TypeVar("Query", bound="SlotsQuery")


class SlotsQuery(BaseModel):
    """The parameters of one listing, version 2024-09-04."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    start: QueryInstant
    """The first moment to list slots from; of a date its first, in UTC."""
    end: QueryInstant
    """The last moment that a slot may end at; of a date its last, in UTC."""
    event_type_id: QueryNumber | None = Field(None, alias="eventTypeId")
    event_type_slug: Text | None = Field(None, alias="eventTypeSlug")
    """Names an event type together with `username` or `teamSlug`."""
    username: Text | None = None
    team_slug: Text | None = Field(None, alias="teamSlug")
    organization_slug: Text | None = Field(None, alias="organizationSlug")
    """Where the person, people or team are to be looked for; without it, among those of no organization."""
    usernames: Usernames | None = None
    """Two people or more who are to meet, with commas between them."""
    time_zone: ZoneName | None = Field(None, alias="timeZone")
    """The zone that dates and starts are told in. UTC if left out."""
    duration: QueryNumber | None = None
    """The length in minutes, of event types that have several."""
    format: SlotFormat = "time"
    """`range` tells ends too."""
    rescheduling: str | None = Field(None, alias="bookingUidToReschedule")
    """The booking that is to be moved: it does not stand in its own way."""
    subset: HostIds = Field(default_factory=list, alias="rrHostSubsetIds")
    """Of round-robin hosts those to look at, where the event type lets them be chosen."""
    own_reservation: Text | None = Field(None, alias="reservationUid")
    """The asker's own reservation: it does not hide its start."""

    def question(self) -> SlotsQuestion:
        """Return what the parameters ask.

        Raises
        ------
        RequestError
            If they name no event type.
        WindowTooLongError
            If they ask for too many days.
        """
        return SlotsQuestion(
            reference=named_event_type(
                event_type_id=self.event_type_id,
                slug=self.event_type_slug,
                username=self.username,
                team_slug=self.team_slug,
                usernames=self.usernames,
                organization_slug=self.organization_slug,
            ),
            window=asked_window(self.start, self.end),
            duration=self.duration,
            rescheduling=self.rescheduling,
            subset=frozenset(self.subset),
            own_reservation=self.own_reservation,
        )


class ExplainQuery(SlotsQuery):
    """The parameters of an explanation: those of a listing, and perhaps one start, around which none need be named."""

    # The window is filled in around a start before the model is made.
    model_config = ConfigDict(json_schema_extra={"required": []})

    at: QueryInstant | None = None
    """The start to explain; without it, starts are counted by date."""


def named_event_type(
    *,
    event_type_id: int | None,
    slug: str | None,
    username: str | None,
    team_slug: str | None,
    usernames: list[str] | None,
    organization_slug: str | None,
) -> EventTypeReference:
    """Return which event type is meant: of several ways to say it the first one counts.

    Raises
    ------
    RequestError
        If none is named.
    """
    if event_type_id is not None:
        return ById(event_type_id)
    if username and slug:
        return ByUser(slug, username, organization_slug)
    if team_slug and slug:
        return ByTeam(slug, team_slug, organization_slug)
    if usernames is not None:
        return ByUsernames(several(usernames), organization_slug)
    raise bad_request(
        "No event type is named. Give eventTypeId, eventTypeSlug with username or teamSlug, or usernames."
    )


def several(usernames: list[str]) -> tuple[str, ...]:
    """Return the people who are to meet once each, so that the same ones cannot be asked for in ever new ways.

    Raises
    ------
    RequestError
        If there are fewer than two (400).
    """
    distinct = tuple(dict.fromkeys(usernames))
    if len(distinct) < 2:
        raise bad_request("The array must contain at least 2 elements.")
    return distinct


def plain_parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Gather the pairs of a query string: a repeated or bracketed name gives a list.

    `a=1&a=2`, `a[]=1` and `a[0]=1` all name `a`.
    """
    result: dict[str, Any] = {}
    for written, value in pairs:
        name = written.partition("[")[0] if written.endswith("]") else written
        if name != written:
            result.setdefault(name, [])
        if name not in result:
            result[name] = value
        elif isinstance(result[name], list):
            result[name].append(value)
        else:
            result[name] = [result[name], value]
    return result


def read_slots_query(parameters: Mapping[str, Any]) -> SlotsQuery:
    """Read the parameters of a listing.

    Raises
    ------
    RequestError
        If one is missing, wrong or unknown (400).
    """
    return _read(parameters, SlotsQuery)


def read_explain_query(parameters: Mapping[str, Any]) -> ExplainQuery:
    """Read the parameters of an explanation; around one start no window need be named.

    Raises
    ------
    RequestError
        If one is missing, wrong or unknown, or the start lies outside the window (400).
    """
    window: dict[str, str] = {}
    if parameters.get("at") is not None and not {"start", "end"} & parameters.keys():
        at = instant_or_none(str(parameters["at"]))
        if at is None:
            raise bad_request("Query parameter 'at': must be an ISO 8601 date and time, such as 2050-09-05T10:00:00Z")
        # The whole days around it, as a calendar's page has: a grid may begin at the window's edge.
        midnight = at - at % DAY
        window = {"start": utc_text(midnight - DAY), "end": utc_text(midnight + _DAYS_AROUND * DAY)}
    query = _read({**parameters, **window}, ExplainQuery)
    if query.at is not None:
        start, end = asked_window(query.start, query.end)
        if not start <= query.at <= end:
            raise bad_request("Query parameter 'at' must lie between 'start' and 'end'.")
    return query


def _read(parameters: Mapping[str, Any], model: type[Query]) -> Query:
    known = {name: value for name, value in parameters.items() if name not in _TOLERATED}
    if "slotFormat" in known:
        known.setdefault("format", known.pop("slotFormat"))
    try:
        return model.model_validate(known)
    except ValidationError as error:
        raise query_error(error, window=("start", "end")) from None


def query_error(error: ValidationError, window: tuple[str, str] | None = None) -> RequestError:
    """Say in one sentence what is wrong with a query."""
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0])
    if window is not None and name in window:
        start, end = window
        return bad_request(f"Invalid time range given - check the '{start}' and '{end}' query parameters.")
    if first["type"] == "extra_forbidden":
        return bad_request(f"Query parameter '{name[:64]}' is not known here. Leave it out.")
    return bad_request(f"Query parameter '{name}': {first['msg'].removeprefix('Value error, ')}")
