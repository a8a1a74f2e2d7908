"""Looking at the calendars of an event type's hosts: what listing and reserving judge by."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace

from app.domain.availability import Availability
from app.domain.booking_window import ALWAYS, Bookable, DaysAhead, bookable_days
from app.domain.busy import BusyTimes, Reservation, buffered
from app.domain.event_type import StaffedEventType
from app.domain.limits import reach
from app.domain.reservation import Claimed
from app.domain.schedule import LocalDay, zone
from app.domain.time_ranges import DAY, Instant, Range
from app.services.ports import Calendar, Clock, LiveReservations

_FIRST_HORIZON_DAYS = 28
_HORIZON_GROWS_BY = 4
FURTHEST_HORIZON_DAYS = 10 * 366
"""A rolling booking window looks no further for days that have a slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewpoint:
    """For whom the calendars are looked at."""

    length: int
    """Minutes of a slot."""
    rescheduling: str | None = None
    """Uid of the booking that is being moved."""
    own_reservation: str | None = None
    """Uid of the reservation that is the asker's own, and so not in their way."""


class _NoHolds:
    """No reservations, for a look while a claim of one's own keeps others away."""

    async def live(self, host_ids: Collection[int], around: Range, before: str = "") -> tuple[Reservation, ...]:
        del host_ids, around, before
        return ()


class _HoldsBefore:
    """Reservations, and the claims that came before one's own."""

    def __init__(self, holds: LiveReservations, turn: str) -> None:
        self._holds = holds
        self._turn = turn

    async def live(self, host_ids: Collection[int], around: Range, before: str = "") -> tuple[Reservation, ...]:
        return await self._holds.live(host_ids, around, before or self._turn)


class Looker:
    """Reads what takes the hosts' time, and judges it."""

    def __init__(self, calendar: Calendar, holds: LiveReservations, clock: Clock) -> None:
        """Work on these ports."""
        self._calendar = calendar
        self._holds = holds
        self._clock = clock

    def after(self, claimed: Claimed, staffed: StaffedEventType) -> "Looker":
        """Return a looker that judges a claim.

        While it stands no hold is in its way. But holds of other times, and claims that came first, may fill a limit.
        """
        limited = bool(staffed.event_type.limits.all)
        return Looker(self._calendar, _HoldsBefore(self._holds, claimed.turn) if limited else _NoHolds(), self._clock)

    async def availability(self, staffed: StaffedEventType, window: Range, viewpoint: Viewpoint) -> Availability:
        """Return the hosts' free time around a window, judged by every rule."""
        now = self._clock()
        bookable = await self._bookable(staffed, window, viewpoint, now)
        return await self._seen(staffed, window, viewpoint, now, bookable)

    async def _seen(
        self, staffed: StaffedEventType, window: Range, viewpoint: Viewpoint, now: Instant, bookable: Bookable
    ) -> Availability:
        busy = await self._busy_times(staffed, window)
        others = tuple(r for r in busy.reservations if r.uid != viewpoint.own_reservation)
        return Availability(
            staffed,
            replace(busy, reservations=others),
            length=viewpoint.length,
            now=now,
            around=window,
            rescheduling=viewpoint.rescheduling,
            bookable=bookable,
        )

    async def _busy_times(self, staffed: StaffedEventType, window: Range) -> BusyTimes:
        """Read everything that may take the hosts' time in a window, from both stores at once."""
        event_type = staffed.event_type
        limits = event_type.limits
        host_ids = [host.id for host in staffed.hosts]
        around = reach(limits.all, zone(staffed.zone), slot_margin(staffed, window))
        seated_type_id = None if event_type.seats is None else event_type.id
        booked, reservations = await asyncio.gather(
            self._calendar.busy_times(host_ids, around, seated_type_id), self._holds.live(host_ids, around)
        )
        if limits.all and event_type.id is not None:
            counted = {event_type.id} | (limits.team_event_type_ids if limits.team_count else set())
            booked = replace(booked, limited=await self._calendar.accepted_bookings(counted, around))
        return replace(booked, reservations=reservations)

    # The booking window ------------------------------------------------------------------------------------------

    async def _bookable(self, staffed: StaffedEventType, window: Range, viewpoint: Viewpoint, now: Instant) -> Bookable:
        booking_window, where = staffed.event_type.booking_window, zone(staffed.zone)
        today = where.day_at(now)
        if not isinstance(booking_window, DaysAhead) or not booking_window.rolling:
            return bookable_days(booking_window, today)
        end = min(window[1], now + FURTHEST_HORIZON_DAYS * DAY)
        horizon = now + _FIRST_HORIZON_DAYS * DAY
        while True:
            # The days that count are mostly near, and a look as far as the window's end would cost much more.
            days = await self._days_with_slots(staffed, now, min(horizon, end), viewpoint)
            if horizon >= end or sum(map(booking_window.counts, days)) >= booking_window.days:
                return bookable_days(booking_window, today, days)
            horizon = now + (horizon - now) * _HORIZON_GROWS_BY

    async def _days_with_slots(
        self, staffed: StaffedEventType, now: Instant, until: Instant, viewpoint: Viewpoint
    ) -> list[LocalDay]:
        """Return the days from today on that have a slot under all rules but the booking window."""
        if until <= now:
            return []
        listed = (await self._seen(staffed, (now, until), viewpoint, now, ALWAYS)).slots((now, until))
        where = zone(staffed.zone)
        return sorted({where.day_at(slot.start) for slot in listed})


def slot_margin(staffed: StaffedEventType, window: Range) -> Range:
    """Return a window with the asked type's buffers: what lies outside cannot meet its slots."""
    return buffered(*window, staffed.event_type.before_buffer, staffed.event_type.after_buffer)
