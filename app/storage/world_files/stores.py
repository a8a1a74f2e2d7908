"""The ports over a world file in memory: what answers questions without any server."""

from collections.abc import Collection, Iterable
from datetime import UTC

from app.domain.booking_window import BookingWindow, DateRange, DaysAhead
from app.domain.busy import Booking, BookingStatus, BusyTimes, Reservation
from app.domain.errors import (
    EventTypeNotFoundError,
    OrganizationNotFoundError,
    TeamNotFoundError,
    UserNotFoundError,
)
from app.domain.event_type import (
    NOTICE_UNIT_MINUTES,
    Confirmation,
    EventType,
    EventTypeRules,
    HostEntry,
    Person,
    SchedulingType,
    dynamic,
    staff,
)
from app.domain.limits import BookingLimits, Limit, Period
from app.domain.reference import ById, ByTeam, ByUser, ByUserIds, ByUsernames, EventTypeReference
from app.domain.reservation import Claimed
from app.domain.schedule import WEEKDAYS, Absence, Override, Schedule, Travel, WeeklyHours
from app.domain.time_ranges import Instant, Range
from app.fields import instant_from
from app.storage.world_files import format as world_format
from app.storage.world_files.format import World


class WorldStores:
    """Event types, calendar and holds of one world file. References in the file must hold (see `reading`)."""

    def __init__(self, world: World, now: Instant) -> None:
        """Index the file; reservations that are past at `now` are left out."""
        self._world = world
        self._now = now
        self._users = {user.id: user for user in world.users}
        self._event_types = {event_type.id: event_type for event_type in world.event_types}
        self._teams = {team.id: team for team in world.teams}
        self._schedules = {schedule.id: schedule for schedule in world.schedules}
        self._user_by_email = {user.email.lower(): user.id for user in world.users}

    # Event types ---------------------------------------------------------------------------------------------------

    async def find(self, reference: EventTypeReference) -> EventTypeRules:
        """Return what a reference names; see `services.ports.EventTypes`."""
        match reference:
            case ById(event_type_id):
                found = self._event_types.get(event_type_id)
            case ByUser(slug, username, organization):
                owner = self._user_id(username, organization)
                found = self._first(e for e in self._world.event_types if (e.owner_id, e.slug) == (owner, slug))
            case ByTeam(slug, team_slug, organization):
                team = self._team_id(team_slug, organization)
                found = self._first(e for e in self._world.event_types if (e.team_id, e.slug) == (team, slug))
            case ByUsernames(usernames, organization):
                user_ids = [self._user_id(username, organization) for username in usernames]
                return dynamic(tuple(self._person(user_id) for user_id in dict.fromkeys(user_ids)))
            case ByUserIds(user_ids):
                return dynamic(tuple(self._person(user_id) for user_id in user_ids))
        if found is None:
            raise EventTypeNotFoundError(reference.event_type_id if isinstance(reference, ById) else None)
        return self._rules(found)

    @staticmethod
    def _first(event_types: Iterable[world_format.EventType]) -> world_format.EventType | None:
        return next(iter(event_types), None)

    def _organization_id(self, slug: str) -> int:
        for organization in self._world.organizations:
            if organization.slug == slug:
                return organization.id
        raise OrganizationNotFoundError(slug)

    def _user_id(self, username: str, organization_slug: str | None) -> int:
        if organization_slug is None:
            members = {profile.user_id for profile in self._world.profiles}
            found = (u.id for u in self._world.users if u.username == username and u.id not in members)
        else:
            organization = self._organization_id(organization_slug)
            wanted = (organization, username)
            found = (p.user_id for p in self._world.profiles if (p.organization_id, p.username) == wanted)
        for user_id in found:
            return user_id
        raise UserNotFoundError(username)

    def _team_id(self, slug: str, organization_slug: str | None) -> int:
        parent = None if organization_slug is None else self._organization_id(organization_slug)
        for team in self._world.teams:
            if (team.parent_organization_id, team.slug) == (parent, slug):
                return team.id
        raise TeamNotFoundError(slug)

    def _limits(self, event_type: world_format.EventType) -> BookingLimits:
        """Return an event type's limits; a managed type's child may have those of its parent's team too."""
        parent = self._event_types.get(event_type.parent_id or 0)
        team = self._teams.get((event_type if parent is None else parent).team_id or 0)
        of_team = team is not None and (parent is None or team.include_managed_events_in_limits)
        return BookingLimits(
            count=_limits(event_type.booking_limits_count),
            duration=_limits(event_type.booking_limits_duration),
            team_count=_limits(team.booking_limits_count) if team is not None and of_team else (),
            team_id=team.id if team is not None and of_team else None,
            team_event_type_ids=self._types_of(team) if team is not None and of_team else frozenset(),
        )

    def _types_of(self, team: world_format.Team) -> frozenset[int]:
        own = {e.id for e in self._world.event_types if e.team_id == team.id}
        children = {e.id for e in self._world.event_types if e.parent_id in own}
        return frozenset(own | children if team.include_managed_events_in_limits else own)

    def _rules(self, event_type: world_format.EventType) -> EventTypeRules:
        members = sorted(m.user_id for m in self._world.memberships if m.team_id == event_type.team_id and m.accepted)
        people = {
            *event_type.assigned_user_ids,
            *(host.user_id for host in event_type.hosts),
            *(members if event_type.assign_all_team_members else ()),
            *(() if event_type.owner_id is None else (event_type.owner_id,)),
        }
        named = {event_type.schedule_id, *(host.schedule_id for host in event_type.hosts)} - {None}
        return EventTypeRules(
            event_type=_event_type(event_type, self._limits(event_type)),
            people={user_id: self._person(user_id) for user_id in people},
            schedules={i: _schedule(self._schedules[i]) for i in named if i is not None},
            member_ids=tuple(members),
        )

    def _person(self, user_id: int) -> Person:
        user = self._users[user_id]
        default = self._default_schedule(user)
        return Person(
            id=user.id,
            username=user.username,
            email=user.email,
            name=user.name,
            zone=user.time_zone,
            default_schedule=None if default is None else _schedule(default),
            allow_dynamic_booking=user.allow_dynamic_booking,
            travels=tuple(Travel(t.time_zone, t.start_date, t.end_date) for t in user.travel_schedules),
            absences=tuple(
                Absence(entry.start.astimezone(UTC).date(), entry.end.astimezone(UTC).date())
                for entry in self._world.out_of_office
                if entry.user_id == user_id
            ),
        )

    def _default_schedule(self, user: world_format.User) -> world_format.Schedule | None:
        """Return the user's default: the one named, else the one marked, else the first (docs/rules.md 2)."""
        if user.default_schedule_id is not None:
            return self._schedules[user.default_schedule_id]
        own = [schedule for schedule in self._world.schedules if schedule.owner_id == user.id]
        return next((schedule for schedule in own if schedule.is_default), own[0] if own else None)

    # Busy times ----------------------------------------------------------------------------------------------------

    async def busy_times(self, host_ids: Collection[int], around: Range, seated_type_id: int | None) -> BusyTimes:  # noqa: ARG002 - a file is read whole
        """Return all of the file's bookings and calendar busy times; see `services.ports.Calendar`."""
        calendars: dict[int, list[Range]] = {}
        for busy in self._world.busy_times:
            calendars.setdefault(busy.user_id, []).append((instant_from(busy.start), instant_from(busy.end)))
        return BusyTimes(
            bookings=tuple(self._booking(booking) for booking in self._world.bookings),
            calendars={user_id: tuple(ranges) for user_id, ranges in calendars.items()},
        )

    async def accepted_bookings(self, event_type_ids: Collection[int], around: Range) -> tuple[Booking, ...]:
        """Return accepted bookings of event types; see `services.ports.Calendar`."""
        bookings = (self._booking(b) for b in self._world.bookings if b.event_type_id in event_type_ids)
        return tuple(
            booking
            for booking in bookings
            if booking.status is BookingStatus.ACCEPTED and around[0] <= booking.start < around[1]
        )

    def _booking(self, booking: world_format.Booking) -> Booking:
        event_type = self._event_types[booking.event_type_id]
        policy = event_type.confirmation_policy
        emails = tuple(attendee.email for attendee in booking.attendees)
        guests = {self._user_by_email.get(email.lower()) for email in emails} - {None}
        return Booking(
            uid=booking.uid,
            event_type_id=booking.event_type_id,
            host_ids=frozenset({booking.user_id, *(user_id for user_id in guests if user_id is not None)}),
            start=instant_from(booking.start),
            end=instant_from(booking.end),
            status=BookingStatus(booking.status),
            before_buffer=event_type.before_event_buffer,
            after_buffer=event_type.after_event_buffer,
            blocks_while_pending=(
                booking.status != "pending" or policy is None or policy.block_unconfirmed_bookings_in_booker
            ),
            attendee_emails=emails,
            seated=event_type.seats_per_time_slot is not None,
        )

    async def entered(self, event_type: EventType, around: Range, claimed: Claimed | None) -> tuple[Reservation, ...]:  # noqa: ARG002 - a file is read whole
        """Return the file's live reservations; see `services.ports.Holds`."""
        return await self.live((), around)

    async def live(self, host_ids: Collection[int], around: Range) -> tuple[Reservation, ...]:  # noqa: ARG002 - a file is read whole
        """Return the file's live reservations; see `services.ports.Holds`."""
        reservations = (self._reservation(reservation) for reservation in self._world.reservations)
        return tuple(reservation for reservation in reservations if reservation.until > self._now)

    def _reservation(self, reservation: world_format.Reservation) -> Reservation:
        event_type = self._event_types[reservation.event_type_id]
        host_ids = reservation.host_ids
        if host_ids is None:
            host_ids = tuple(host.id for host in staff(self._rules(event_type)).hosts)
        return Reservation(
            uid=reservation.uid,
            event_type_id=reservation.event_type_id,
            host_ids=frozenset(host_ids),
            start=instant_from(reservation.slot_start),
            end=instant_from(reservation.slot_end),
            until=instant_from(reservation.reservation_until),
            before_buffer=event_type.before_event_buffer,
            after_buffer=event_type.after_event_buffer,
            seated=event_type.seats_per_time_slot is not None,
        )


def _limits(limits: world_format.Limits | None) -> tuple[Limit, ...]:
    """Return the limits that are set; 0 is none (docs/rules.md 10)."""
    if limits is None:
        return ()
    values = {Period.DAY: limits.day, Period.WEEK: limits.week, Period.MONTH: limits.month, Period.YEAR: limits.year}
    return tuple(Limit(period, most) for period, most in values.items() if most)


def _booking_window(window: world_format.BookingWindow | None) -> BookingWindow | None:
    if window is None:
        return None
    if isinstance(window.value, tuple):
        return DateRange(*window.value)
    return DaysAhead(window.value, business=window.type == "businessDays", rolling=window.rolling)


def _confirmation(policy: world_format.ConfirmationPolicy | None) -> Confirmation | None:
    if policy is None:
        return None
    threshold = policy.notice_threshold if policy.type == "time" else None
    return Confirmation(
        notice=None if threshold is None else threshold.count * NOTICE_UNIT_MINUTES[threshold.unit],
        pending_blocks=policy.block_unconfirmed_bookings_in_booker,
    )


def _event_type(event_type: world_format.EventType, limits: BookingLimits) -> EventType:
    return EventType(
        id=event_type.id,
        title=event_type.title or event_type.slug,
        scheduling=SchedulingType(event_type.scheduling_type),
        owner_id=event_type.owner_id,
        team_id=event_type.team_id,
        length=event_type.length_in_minutes,
        lengths=event_type.length_in_minutes_options,
        slot_interval=event_type.slot_interval,
        offset_start=event_type.offset_start,
        minimum_notice=event_type.minimum_booking_notice,
        before_buffer=event_type.before_event_buffer,
        after_buffer=event_type.after_event_buffer,
        seats=event_type.seats_per_time_slot,
        only_first_slot=event_type.only_show_first_available_slot,
        optimized_slots=event_type.show_optimized_slots,
        booking_window=_booking_window(event_type.booking_window),
        limits=limits,
        confirmation=_confirmation(event_type.confirmation_policy),
        schedule_id=event_type.schedule_id,
        host_entries=tuple(
            HostEntry(
                user_id=host.user_id,
                mandatory=host.mandatory,
                priority=host.priority,
                weight=host.weight,
                group=host.group_id,
                schedule_id=host.schedule_id,
            )
            for host in event_type.hosts
        ),
        assigned_user_ids=event_type.assigned_user_ids,
        assign_all_members=event_type.assign_all_team_members,
        subset_enabled=event_type.rr_host_subset_enabled,
    )


def _schedule(schedule: world_format.Schedule) -> Schedule:
    return Schedule(
        id=schedule.id,
        zone=schedule.time_zone,
        hours=tuple(
            WeeklyHours(frozenset(WEEKDAYS.index(day) + 1 for day in hours.days), hours.start_time, hours.end_time)
            for hours in schedule.availability
        ),
        overrides=tuple(Override(o.date, o.start_time, o.end_time) for o in schedule.overrides),
    )
