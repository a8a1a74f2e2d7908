"""Looking at the calendars of an event type's hosts: what listing and reserving judge by."""

import asyncio
from dataclasses import dataclass, replace

from app.domain.availability import Availability, moment
from app.domain.booking_window import ALWAYS, Bookable, DaysAhead, bookable_days
from app.domain.busy import Booking, BusyTimes, Reservation, buffered
from app.domain.event_type import EventType, StaffedEventType
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
    claimed: Claimed | None = None
    """The asker's claim, while it is judged."""
    beside: tuple[Reservation, ...] = ()
    """Claims of the same batch, which count as reservations: they will be, if the one that is asked for can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that a judgement depends on."""

    staffed: StaffedEventType
    busy: BusyTimes
    length: int
    """Minutes of a slot."""
    now: Instant
    window: Range
    rescheduling: str | None
    bookable: Bookable

    def availability(self) -> Availability:
        """Judge it."""
        return Availability(
            self.staffed,
            self.busy,
            length=self.length,
            now=self.now,
            around=self.window,
            rescheduling=self.rescheduling,
            bookable=self.bookable,
        )

    def lists_like(self, other: "Seen") -> bool:
        """Say whether the same question must have the same answer as when `other` was seen."""
        event_type, start = self.staffed.event_type, self.window[0]
        return (
            self.staffed is other.staffed
            and self.bookable == other.bookable
            and moment(self.now, event_type, start) == moment(other.now, event_type, start)
            and self.busy == other.busy
        )


class Looker:
    """Reads what takes the hosts' time, and judges it."""

    def __init__(self, calendar: Calendar, holds: LiveReservations, clock: Clock) -> None:
        """Work on these ports."""
        self._calendar = calendar
        self._holds = holds
        self._clock = clock

    async def availability(self, staffed: StaffedEventType, window: Range, viewpoint: Viewpoint) -> Availability:
        """Return the hosts' free time around a window, judged by every rule."""
        return (await self.see(staffed, window, viewpoint)).availability()

    async def see(self, staffed: StaffedEventType, window: Range, viewpoint: Viewpoint) -> Seen:
        """Return what the hosts' free time around a window depends on."""
        now = self._clock()
        bookable = await self._bookable(staffed, window, viewpoint, now)
        return await self._seen(staffed, window, viewpoint, now, bookable)

    async def _seen(
        self, staffed: StaffedEventType, window: Range, viewpoint: Viewpoint, now: Instant, bookable: Bookable
    ) -> Seen:
        busy = await self._busy_times(staffed, window, viewpoint)
        own = viewpoint.own_reservation
        if own is not None and (busy.reservations or busy.limited_reservations):
            busy = replace(
                busy,
                reservations=tuple(r for r in busy.reservations if r.uid != own),
                limited_reservations=tuple(r for r in busy.limited_reservations if r.uid != own),
            )
        return Seen(
            staffed=staffed,
            busy=busy,
            length=viewpoint.length,
            now=now,
            window=window,
            rescheduling=viewpoint.rescheduling,
            bookable=bookable,
        )

    async def _busy_times(self, staffed: StaffedEventType, window: Range, viewpoint: Viewpoint) -> BusyTimes:
        """Read everything that may take the hosts' time in a window.

        Reservations before bookings, not beside them: one that is being booked ends only when the booking is there, so
        that in this order one of the two is seen. Mostly it is faster too, as bookings are remembered.
        """
        event_type, near = staffed.event_type, slot_margin(staffed, window)
        if not event_type.limits.all:
            held = await self._held(staffed, near, viewpoint)
            booked = await self._booked(staffed, near)
            return replace(booked, reservations=held) if held else booked
        periods = reach(event_type.limits.all, zone(staffed.zone), near)
        held, entered = await asyncio.gather(
            self._held(staffed, near, viewpoint), self._entered(event_type, periods, viewpoint.claimed)
        )
        booked, limited = await asyncio.gather(self._booked(staffed, near), self._limited(event_type, periods))
        return replace(booked, limited=limited, reservations=held, limited_reservations=entered)

    async def _booked(self, staffed: StaffedEventType, near: Range) -> BusyTimes:
        """Read what takes the hosts' time for good."""
        seated_type_id = None if staffed.event_type.seats is None else staffed.event_type.id
        return await self._calendar.busy_times([host.id for host in staffed.hosts], near, seated_type_id)

    async def _limited(self, event_type: EventType, periods: Range) -> tuple[Booking, ...]:
        """Read the bookings that an event type's limits count."""
        counted = event_type.limited_type_ids
        return await self._calendar.accepted_bookings(counted, periods) if counted else ()

    async def _held(self, staffed: StaffedEventType, near: Range, viewpoint: Viewpoint) -> tuple[Reservation, ...]:
        """Read the holds that may be in the way: while a claim stands, none is.

        Those of hosts who are not asked for have seats too.
        """
        if viewpoint.claimed is not None:
            return ()
        return (*await self._holds.live(staffed.all_host_ids, near), *viewpoint.beside)

    async def _entered(self, event_type: EventType, periods: Range, claimed: Claimed | None) -> tuple[Reservation, ...]:
        """Read the holds that an event type's limits count: holds of other times too, and claims that came first."""
        return await self._holds.entered(event_type, periods, claimed) if event_type.ledgers else ()

    # The booking window ------------------------------------------------------------------------------------------

    async def _bookable(self, staffed: StaffedEventType, window: Range, viewpoint: Viewpoint, now: Instant) -> Bookable:
        booking_window, where = staffed.event_type.booking_window, zone(staffed.zone)
        today = where.day_at(now)
        if not isinstance(booking_window, DaysAhead) or not booking_window.rolling:
            return bookable_days(booking_window, today)
        # Which days have a slot is told as a listing tells it: for everybody alike, claim or no claim.
        viewpoint = replace(viewpoint, claimed=None)
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
        seen = await self._seen(staffed, (now, until), viewpoint, now, ALWAYS)
        starts = seen.availability().starts((now, until))
        where = zone(staffed.zone)
        return sorted({where.day_at(start) for start in starts})


def slot_margin(staffed: StaffedEventType, window: Range) -> Range:
    """Return a window with the asked type's buffers: what lies outside cannot meet its slots."""
    return buffered(*window, staffed.event_type.before_buffer, staffed.event_type.after_buffer)
