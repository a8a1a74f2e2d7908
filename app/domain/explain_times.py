"""The picture of a window: what is offered, when the hosts are open, and where each rule that forbids starts lies."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from app.domain.availability import Availability
from app.domain.busy import calendar_blocked
from app.domain.event_type import Host
from app.domain.explain import HostTimes, Reason, Rule, host_times, listed_starts
from app.domain.schedule import Zone, zone
from app.domain.time_ranges import MINUTE, Instant, Range, intersection, merged, without

_MINUTES_A_DAY = 1_440


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPictured:
    """The time of one host; every reason has a time."""

    host: Host
    open: list[Range]
    """Their hours, less closed dates and absences."""
    reasons: list[Reason]
    """What closes or takes their time, buffers apart from what they belong to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesExplained:
    """The time of an event type and its hosts; every reason has a time."""

    offered: list[Range]
    """Each listed slot."""
    reasons: list[Reason]
    """What forbids starts whoever hosts them."""
    hosts: list[HostPictured]


def explain_times(availability: Availability, window: Range, asker: Zone) -> TimesExplained:
    """Return what lies in `window`, cut where it reaches out of it; `availability` must reach around the window."""
    length = availability.length * MINUTE
    times = host_times(availability)
    return TimesExplained(
        offered=[(start, start + length) for start in sorted(listed_starts(availability, window, asker))],
        reasons=_within(window, _team_reasons(availability, window)),
        hosts=[_pictured(availability, host, times[host.id], window) for host in availability.staffed.hosts],
    )


def _within(window: Range, reasons: Iterable[Reason]) -> list[Reason]:
    """Cut the times of reasons to the window; those outside it vanish."""
    return [
        replace(reason, time=time)
        for reason in reasons
        if reason.time is not None
        for time in intersection([reason.time], [window])
    ]


def _team_reasons(availability: Availability, window: Range) -> Iterator[Reason]:
    yield Reason(rule=Rule.NOTICE, time=(window[0], max(window[0], availability.earliest)))
    first, last = availability.bookable
    where = zone(availability.staffed.zone)
    if first is not None:
        yield _beyond_booking_window(window[0], where.instant_of(first, 0))
    if last is not None:
        yield _beyond_booking_window(where.instant_of(last, _MINUTES_A_DAY), window[1])
    yield from (Reason(rule=Rule.LIMIT, time=one.time, full=one) for one in availability.full)
    for seat in availability.seated.values():
        if not seat.seats_left:
            yield Reason(rule=Rule.SEATS, time=(seat.start, seat.end), seat=seat)


def _beyond_booking_window(start: Instant, end: Instant) -> Reason:
    return Reason(rule=Rule.BOOKING_WINDOW, time=(start, max(start, end)))


def _pictured(availability: Availability, host: Host, times: HostTimes, window: Range) -> HostPictured:
    reasons = [*_closed(times), *_taken(times), *_reported(availability, times)]
    return HostPictured(host=host, open=intersection(times.opened, [window]), reasons=_within(window, reasons))


def _closed(times: HostTimes) -> Iterator[Reason]:
    for time in times.closed:
        yield Reason(rule=Rule.DATE_CLOSED, time=time)
    for time in times.away:
        yield Reason(rule=Rule.OUT_OF_OFFICE, time=time)


def _taken(times: HostTimes) -> Iterator[Reason]:
    for taking in times.items:
        yield Reason(rule=taking.rule, time=taking.time, item=taking.item)
        for buffer in without(merged(taking.blocked), [taking.time]):
            yield Reason(rule=Rule.BUFFER, time=buffer, of=taking.rule, item=taking.item)


def _reported(availability: Availability, times: HostTimes) -> Iterator[Reason]:
    for time in times.reported:
        yield Reason(rule=Rule.CALENDAR, time=time)
        for buffer in without([calendar_blocked(availability.staffed.event_type, time)], [time]):
            yield Reason(rule=Rule.BUFFER, time=buffer, of=Rule.CALENDAR)
