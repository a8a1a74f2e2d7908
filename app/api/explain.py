"""`GET /v2/slots/explain` and `/times` below it: why starts are, or are not, on offer."""

from collections.abc import Callable

from aiohttp import web
from typing_extensions import TypeAliasType, TypedDict

from app.api.bodies import success
from app.api.instants import DateText, InstantText, Writer, date_text
from app.api.slots import marked
from app.api.slots_query import plain_parameters, read_explain_query, read_slots_query
from app.api.state import CALLER, USE_CASES
from app.domain.availability import Availability
from app.domain.busy import Booking, Reservation
from app.domain.explain import DayExplained, HostExplained, Reason, Rule, StartExplained
from app.domain.explain_times import HostPictured
from app.domain.schedule import zone
from app.domain.time_ranges import Instant, Range
from app.services.explain_slots import Explained, Pictured

_Write = Callable[[Instant], str]

_TOLD_TO_ANYBODY = frozenset({Rule.LIMIT, Rule.SEATS, Rule.NOTICE, Rule.BOOKING_WINDOW})
"""Rules of the event type itself. Of the others strangers are told the kind alone, and not what they come from."""


class DayData(TypedDict):
    """How many starts a date could have, how many are listed, and which rules take away how many of the others."""

    candidates: int
    listed: int
    taken: dict[str, int]


class Details(TypedDict, total=False):
    """Where a rule's verdict comes from; each rule has a few of these, and a booking's uid only a file of one's own."""

    of: str
    start: InstantText
    end: InstantText
    bookingUid: str
    reservationUntil: InstantText
    period: str
    counts: str
    most: int
    seatsBooked: int
    seatsTotal: int
    earliest: InstantText
    firstDate: DateText | None
    lastDate: DateText | None


class ReasonData(Details):
    """The rule that forbids a start; of a buffer what it belongs to; details to callers who may know."""

    kind: str


class HostExplanation(TypedDict):
    """What forbids a start to one host."""

    hostId: int
    needed: bool
    groupId: str | None
    free: bool
    reasons: list[ReasonData]


class StartExplanation(TypedDict):
    """Whether a start is free and listed, and what is in its way."""

    start: InstantText
    end: InstantText
    free: bool
    listed: bool
    reasons: list[ReasonData]
    hosts: list[HostExplanation]


class Stretch(TypedDict):
    """From its beginning to just before its end."""

    start: InstantText
    end: InstantText


class HostPicture(TypedDict):
    """When one host is open, and what closes or takes their time."""

    hostId: int
    groupId: str | None
    open: list[Stretch]
    reasons: list[ReasonData]


class Picture(TypedDict):
    """What is offered in a window, where each rule lies, and the time of each host, to callers who may know it."""

    offered: list[Stretch]
    reasons: list[ReasonData]
    hosts: list[HostPicture] | None


DaysExplained = TypeAliasType("DaysExplained", dict[DateText, DayData])
"""Counts by rule for every date."""
Explanation = TypeAliasType("Explanation", StartExplanation | DaysExplained)


async def get_explanation(request: web.Request) -> web.Response:
    """Explain one start, or count by rule for every date."""
    query = read_explain_query(plain_parameters(request.query.items()))
    explained = await request.app[USE_CASES].slot_explainer.explain(
        query.question(), zone(query.time_zone or "UTC"), at=query.at, caller=request.get(CALLER)
    )
    return marked(success(explanation(explained, query.time_zone)), without_holds=explained.looked.without_holds)


async def get_picture(request: web.Request) -> web.Response:
    """Tell where in the window each rule lies, and when each host is open."""
    query = read_slots_query(plain_parameters(request.query.items()))
    pictured = await request.app[USE_CASES].slot_explainer.picture(
        query.question(), zone(query.time_zone or "UTC"), request.get(CALLER)
    )
    return marked(success(picture(pictured, query.time_zone)), without_holds=pictured.looked.without_holds)


def picture(pictured: Pictured, time_zone: str | None) -> Picture:
    """Return where everything lies; strangers are not told of the hosts' time."""
    write = Writer(zone(time_zone or "UTC")).text
    availability, times = pictured.looked.availability, pictured.times

    def told(reasons: list[Reason]) -> list[ReasonData]:
        return [_reason(availability, one, write, pictured) for one in reasons]

    def host_told(one: HostPictured) -> HostPicture:
        return {
            "hostId": one.host.id,
            "groupId": one.host.group,
            "open": _stretches(one.open, write),
            "reasons": told(one.reasons),
        }

    return {
        "offered": _stretches(times.offered, write),
        "reasons": told(times.reasons),
        "hosts": [host_told(one) for one in times.hosts] if pictured.names_others else None,
    }


def _stretches(ranges: list[Range], write: _Write) -> list[Stretch]:
    return [{"start": write(start), "end": write(end)} for start, end in ranges]


def explanation(explained: Explained, time_zone: str | None) -> Explanation:
    """Return one start with what is in its way, or an object of dates with counts by rule."""
    found = explained.found
    if isinstance(found, StartExplained):
        write = Writer(zone(time_zone or "UTC")).text
        return _start(explained, found, write)
    return {date_text(day): _day(counts) for day, counts in found.items()}


def _day(day: DayExplained) -> DayData:
    taken = {rule.value: day.taken[rule] for rule in Rule if day.taken[rule]}
    return {"candidates": day.candidates, "listed": day.listed, "taken": taken}


def _start(explained: Explained, found: StartExplained, write: _Write) -> StartExplanation:
    def told(reasons: tuple[Reason, ...]) -> list[ReasonData]:
        items: list[ReasonData] = []
        for reason in reasons:
            item = _reason(explained.looked.availability, reason, write, explained)
            # Once each: strangers are not told either how many bookings there are.
            if item not in items:
                items.append(item)
        return items

    return {
        "start": write(found.start),
        "end": write(found.end),
        "free": found.free,
        "listed": found.listed,
        "reasons": told(found.reasons),
        "hosts": [_host(one, told(one.reasons)) for one in found.hosts],
    }


def _host(one: HostExplained, reasons: list[ReasonData]) -> HostExplanation:
    host = one.host
    return {
        "hostId": host.id,
        "needed": one.needed,
        "groupId": host.group,
        "free": not reasons,
        "reasons": reasons,
    }


def _reason(availability: Availability, reason: Reason, write: _Write, told_of: Explained | Pictured) -> ReasonData:
    details: Details = {}
    if told_of.names_others or reason.rule in _TOLD_TO_ANYBODY:
        details = _details(availability, reason, write)
    if told_of.names_bookings and isinstance(reason.item, Booking):
        details["bookingUid"] = reason.item.uid
    told: ReasonData = {"kind": reason.rule.value, **details}
    if reason.of is not None:
        told["of"] = reason.of.value
    return told


def _details(availability: Availability, reason: Reason, write: _Write) -> Details:
    details: Details = {}
    if reason.time is not None:
        details |= {"start": write(reason.time[0]), "end": write(reason.time[1])}
    if isinstance(reason.item, Reservation):
        # Its uid stays untold: who has it may end or move the reservation.
        details["reservationUntil"] = write(reason.item.until)
    if reason.full is not None:
        limit = reason.full.limit
        details |= {"period": limit.period.value, "counts": reason.full.counts.value, "most": limit.most}
    if reason.rule is Rule.SEATS and reason.seat is not None:
        details |= {"seatsBooked": reason.seat.seats_taken, "seatsTotal": reason.seat.seats_total}
    if reason.rule is Rule.NOTICE:
        details["earliest"] = write(availability.earliest)
    if reason.rule is Rule.BOOKING_WINDOW:
        first, last = availability.bookable
        details |= {"firstDate": _date(first), "lastDate": _date(last)}
    return details


def _date(day: int | None) -> str | None:
    return None if day is None else date_text(day)
