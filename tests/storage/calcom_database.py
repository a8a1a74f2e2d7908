"""A Cal.com database as far as an import looks at it: its tables, and worlds written into them."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Any

from app.domain.schedule import WEEKDAYS
from app.storage.postgres.pool import Connection
from app.storage.world_files.format import Attendee, Booking, EventType, Limits, Schedule, Team, World

DDL = """
CREATE TYPE "SchedulingType" AS ENUM ('roundRobin', 'collective', 'managed');
CREATE TYPE "PeriodType" AS ENUM ('unlimited', 'rolling', 'rolling_window', 'range');
CREATE TYPE "MembershipRole" AS ENUM ('MEMBER', 'ADMIN', 'OWNER');
CREATE TYPE "BookingStatus" AS ENUM ('cancelled', 'accepted', 'rejected', 'pending', 'awaiting_host');
CREATE TABLE users (
    id serial PRIMARY KEY,
    username text,
    name text,
    email text NOT NULL UNIQUE,
    "timeZone" text NOT NULL DEFAULT 'Europe/London',
    "defaultScheduleId" integer,
    "allowDynamicBooking" boolean DEFAULT true,
    "organizationId" integer,
    bio text,
    "avatarUrl" text,
    locale text,
    "timeFormat" integer DEFAULT 12,
    "weekStart" text NOT NULL DEFAULT 'Sunday',
    UNIQUE (username, "organizationId")
);
CREATE TABLE "TravelSchedule" (
    id serial PRIMARY KEY,
    "userId" integer NOT NULL REFERENCES users ON DELETE CASCADE,
    "timeZone" text NOT NULL,
    "startDate" timestamp(3) NOT NULL,
    "endDate" timestamp(3),
    "prevTimeZone" text
);
CREATE TABLE "Schedule" (
    id serial PRIMARY KEY,
    "userId" integer NOT NULL REFERENCES users ON DELETE CASCADE,
    name text NOT NULL,
    "timeZone" text
);
CREATE TABLE "Team" (
    id serial PRIMARY KEY,
    name text NOT NULL,
    slug text,
    "parentId" integer REFERENCES "Team" ON DELETE CASCADE,
    "isOrganization" boolean NOT NULL DEFAULT false,
    "timeZone" text NOT NULL DEFAULT 'Europe/London',
    "bookingLimits" jsonb,
    "includeManagedEventsInLimits" boolean NOT NULL DEFAULT false,
    UNIQUE (slug, "parentId")
);
CREATE TABLE "Profile" (
    id serial PRIMARY KEY,
    "userId" integer NOT NULL REFERENCES users ON DELETE CASCADE,
    "organizationId" integer NOT NULL REFERENCES "Team" ON DELETE CASCADE,
    username text NOT NULL,
    UNIQUE ("userId", "organizationId"),
    UNIQUE (username, "organizationId")
);
CREATE TABLE "Membership" (
    id serial PRIMARY KEY,
    "teamId" integer NOT NULL REFERENCES "Team" ON DELETE CASCADE,
    "userId" integer NOT NULL REFERENCES users ON DELETE CASCADE,
    accepted boolean NOT NULL DEFAULT false,
    role "MembershipRole" NOT NULL,
    UNIQUE ("userId", "teamId")
);
CREATE TABLE "EventType" (
    id serial PRIMARY KEY,
    title text NOT NULL,
    slug text NOT NULL,
    description text,
    locations jsonb,
    "bookingFields" jsonb,
    "disableGuests" boolean NOT NULL DEFAULT false,
    "disableCancelling" boolean DEFAULT false,
    "disableRescheduling" boolean DEFAULT false,
    "minimumRescheduleNotice" integer,
    "allowReschedulingPastBookings" boolean NOT NULL DEFAULT false,
    "allowReschedulingCancelledBookings" boolean DEFAULT false,
    "bookingRequiresAuthentication" boolean NOT NULL DEFAULT false,
    "maxActiveBookingsPerBooker" integer,
    "eventName" text,
    "successRedirectUrl" text,
    "seatsShowAttendees" boolean DEFAULT false,
    "seatsShowAvailabilityCount" boolean DEFAULT true,
    length integer NOT NULL,
    "offsetStart" integer NOT NULL DEFAULT 0,
    hidden boolean NOT NULL DEFAULT false,
    "userId" integer REFERENCES users ON DELETE CASCADE,
    "teamId" integer REFERENCES "Team" ON DELETE CASCADE,
    "parentId" integer REFERENCES "EventType" ON DELETE CASCADE,
    "periodType" "PeriodType" NOT NULL DEFAULT 'unlimited',
    "periodStartDate" timestamp(3),
    "periodEndDate" timestamp(3),
    "periodDays" integer,
    "periodCountCalendarDays" boolean,
    "requiresConfirmation" boolean NOT NULL DEFAULT false,
    "requiresConfirmationWillBlockSlot" boolean NOT NULL DEFAULT false,
    "recurringEvent" jsonb,
    "minimumBookingNotice" integer NOT NULL DEFAULT 120,
    "beforeEventBuffer" integer NOT NULL DEFAULT 0,
    "afterEventBuffer" integer NOT NULL DEFAULT 0,
    "seatsPerTimeSlot" integer,
    "onlyShowFirstAvailableSlot" boolean NOT NULL DEFAULT false,
    "showOptimizedSlots" boolean DEFAULT false,
    "schedulingType" "SchedulingType",
    "scheduleId" integer REFERENCES "Schedule" ON DELETE SET NULL,
    "slotInterval" integer,
    metadata jsonb,
    "bookingLimits" jsonb,
    "durationLimits" jsonb,
    "assignAllTeamMembers" boolean NOT NULL DEFAULT false,
    "isRRWeightsEnabled" boolean NOT NULL DEFAULT false,
    "rrHostSubsetEnabled" boolean NOT NULL DEFAULT false,
    UNIQUE ("userId", slug),
    UNIQUE ("teamId", slug)
);
CREATE TABLE "_user_eventtype" (
    "A" integer NOT NULL REFERENCES "EventType" ON DELETE CASCADE,
    "B" integer NOT NULL REFERENCES users ON DELETE CASCADE
);
CREATE TABLE "Host" (
    "userId" integer NOT NULL REFERENCES users ON DELETE CASCADE,
    "eventTypeId" integer NOT NULL REFERENCES "EventType" ON DELETE CASCADE,
    "isFixed" boolean NOT NULL DEFAULT false,
    priority integer,
    weight integer,
    "scheduleId" integer REFERENCES "Schedule",
    "createdAt" timestamp(3) NOT NULL DEFAULT clock_timestamp(),
    "groupId" text,
    PRIMARY KEY ("userId", "eventTypeId")
);
CREATE TABLE "Availability" (
    id serial PRIMARY KEY,
    "userId" integer REFERENCES users ON DELETE CASCADE,
    "eventTypeId" integer REFERENCES "EventType" ON DELETE CASCADE,
    days integer[],
    "startTime" time NOT NULL,
    "endTime" time NOT NULL,
    date date,
    "scheduleId" integer REFERENCES "Schedule" ON DELETE CASCADE
);
CREATE TABLE "OutOfOfficeEntry" (
    id serial PRIMARY KEY,
    uuid text NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    start timestamp(3) NOT NULL,
    "end" timestamp(3) NOT NULL,
    "userId" integer NOT NULL REFERENCES users ON DELETE CASCADE,
    "toUserId" integer REFERENCES users ON DELETE CASCADE,
    "reasonId" integer,
    notes text
);
CREATE TABLE "ApiKey" (
    id text PRIMARY KEY,
    "userId" integer NOT NULL REFERENCES users ON DELETE CASCADE,
    note text,
    "createdAt" timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" timestamp(3),
    "hashedKey" text NOT NULL UNIQUE
);
CREATE TABLE "Booking" (
    id serial PRIMARY KEY,
    uid text NOT NULL UNIQUE,
    "userId" integer REFERENCES users ON DELETE CASCADE,
    "eventTypeId" integer REFERENCES "EventType" ON DELETE SET NULL,
    title text NOT NULL,
    description text,
    location text,
    metadata jsonb,
    responses jsonb,
    "startTime" timestamp(3) NOT NULL,
    "endTime" timestamp(3) NOT NULL,
    "createdAt" timestamp(3) NOT NULL DEFAULT '2049-12-01',
    "updatedAt" timestamp(3),
    status "BookingStatus" NOT NULL DEFAULT 'accepted',
    "cancellationReason" text,
    "rejectionReason" text,
    "fromReschedule" text,
    "dynamicGroupSlugRef" text,
    "recurringEventId" text,
    "noShowHost" boolean DEFAULT false
);
CREATE TABLE "Attendee" (
    id serial PRIMARY KEY,
    email text NOT NULL,
    name text NOT NULL,
    "timeZone" text NOT NULL,
    "phoneNumber" text,
    locale text DEFAULT 'en',
    "bookingId" integer REFERENCES "Booking" ON DELETE CASCADE,
    "noShow" boolean DEFAULT false
);
CREATE TABLE "BookingSeat" (
    id serial PRIMARY KEY,
    "referenceUid" text NOT NULL UNIQUE,
    "bookingId" integer NOT NULL REFERENCES "Booking" ON DELETE CASCADE,
    "attendeeId" integer NOT NULL UNIQUE REFERENCES "Attendee" ON DELETE CASCADE,
    data jsonb,
    metadata jsonb
);
CREATE TABLE "Webhook" (id text PRIMARY KEY);
CREATE TABLE "Workflow" (id serial PRIMARY KEY);
CREATE TABLE "App_RoutingForms_Form" (id text PRIMARY KEY);
CREATE TABLE "SelectedCalendar" (id text PRIMARY KEY);
CREATE TABLE "Credential" (id serial PRIMARY KEY);
CREATE TABLE "Payment" (id serial PRIMARY KEY);
CREATE TABLE "HashedLink" (id serial PRIMARY KEY);
CREATE TABLE "PlatformOAuthClient" (id text PRIMARY KEY);
CREATE TABLE "Attribute" (id text PRIMARY KEY);
CREATE TABLE "SelectedSlots" (id serial PRIMARY KEY, "releaseAt" timestamp(3) NOT NULL DEFAULT '2099-01-01');
CREATE TABLE "UserHolidaySettings" (id serial PRIMARY KEY, "countryCode" text);
"""


async def insert(connection: Connection, table: str, **values: Any) -> int:
    """Insert a row and return its first column, an id in most tables."""
    columns = ", ".join(f'"{column}"' for column in values)
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    statement = f'INSERT INTO "{table}" ({columns}) VALUES ({places}) RETURNING *'  # noqa: S608 - our own names
    row = await connection.fetchrow(statement, *values.values())
    assert row is not None
    first: int = row[0]
    return first


async def write_world(connection: Connection, world: World) -> None:
    """Write a world as Cal.com keeps it; reservations and calendars' busy times have no place there."""
    await _write_people(connection, world)
    await _write_groups(connection, world)
    for event_type in sorted(world.event_types, key=lambda one: one.parent_id is not None):
        await _write_event_type(connection, event_type)
    for booking in world.bookings:
        await write_booking(connection, booking)
    for absence in world.out_of_office:
        times = {"start": _utc(absence.start), "end": _utc(absence.end)}
        values = {"userId": absence.user_id, "toUserId": absence.to_user_id, "reasonId": absence.reason_id, **times}
        await insert(connection, "OutOfOfficeEntry", **values)
    for key in world.api_keys:
        await write_key(connection, key.token, key.user_id, _utc(key.expires_at) if key.expires_at else None)


async def _write_people(connection: Connection, world: World) -> None:
    defaults = {s.owner_id: s.id for s in reversed(world.schedules) if s.is_default}
    for user in world.users:
        await insert(
            connection,
            "users",
            id=user.id,
            username=user.username,
            email=user.email,
            name=user.name,
            timeZone=user.time_zone,
            defaultScheduleId=user.default_schedule_id or defaults.get(user.id),
            allowDynamicBooking=user.allow_dynamic_booking,
        )
        for travel in user.travel_schedules:
            dates = {"startDate": _midnight(travel.start_date), "endDate": _midnight(travel.end_date)}
            await insert(connection, "TravelSchedule", userId=user.id, timeZone=travel.time_zone, **dates)
    for schedule in world.schedules:
        await _write_schedule(connection, schedule)


async def _write_groups(connection: Connection, world: World) -> None:
    for organization in world.organizations:
        zone = {"timeZone": organization.time_zone} if organization.time_zone else {}
        named = {"slug": organization.slug, "name": organization.name or organization.slug}
        await insert(connection, "Team", id=organization.id, isOrganization=True, **named, **zone)
    for team in world.teams:
        await _write_team(connection, team)
    for profile in world.profiles:
        values = {"userId": profile.user_id, "organizationId": profile.organization_id, "username": profile.username}
        await insert(connection, "Profile", **values)
    for member in world.memberships:
        values = {"userId": member.user_id, "teamId": member.team_id, "accepted": member.accepted, "role": member.role}
        await insert(connection, "Membership", **values)


async def write_key(connection: Connection, token: str, user_id: int, expires_at: datetime | None = None) -> None:
    """Write an API key as Cal.com keeps it: the SHA-256 of what follows its prefix."""
    hashed = sha256(token.removeprefix("cal_").encode()).hexdigest()
    await insert(connection, "ApiKey", id=f"id of {hashed}", hashedKey=hashed, userId=user_id, expiresAt=expires_at)


async def write_booking(connection: Connection, booking: Booking, **more: Any) -> int:
    """Write a booking and return its id."""
    values = {"uid": booking.uid, "userId": booking.user_id, "eventTypeId": booking.event_type_id, "title": "a call"}
    times = {"startTime": _utc(booking.start), "endTime": _utc(booking.end), "status": booking.status}
    booking_id = await insert(connection, "Booking", **values, **times, **more)
    await _write_attendees(connection, booking_id, booking.attendees)
    return booking_id


async def _write_attendees(connection: Connection, booking_id: int, attendees: Iterable[Attendee]) -> None:
    for attendee in attendees:
        values = {"email": attendee.email, "name": attendee.name or "", "timeZone": attendee.time_zone or "UTC"}
        attendee_id = await insert(connection, "Attendee", bookingId=booking_id, **values)
        if attendee.seat_uid:
            seat = {"referenceUid": attendee.seat_uid, "bookingId": booking_id, "attendeeId": attendee_id}
            await insert(connection, "BookingSeat", **seat)


async def _write_schedule(connection: Connection, schedule: Schedule) -> None:
    values = {"userId": schedule.owner_id, "name": schedule.name, "timeZone": schedule.time_zone}
    await insert(connection, "Schedule", id=schedule.id, **values)
    for hours in schedule.availability:
        days = [(WEEKDAYS.index(day) + 1) % 7 for day in hours.days]
        times = {"startTime": _clock(hours.start_time), "endTime": _clock(hours.end_time)}
        await insert(connection, "Availability", scheduleId=schedule.id, days=days, **times)
    for override in schedule.overrides:
        times = {"startTime": _clock(override.start_time or 0), "endTime": _clock(override.end_time or 0)}
        await insert(connection, "Availability", scheduleId=schedule.id, days=[], date=override.date, **times)


async def _write_team(connection: Connection, team: Team) -> None:
    await insert(
        connection,
        "Team",
        id=team.id,
        slug=team.slug,
        name=team.name or team.slug,
        parentId=team.parent_organization_id,
        bookingLimits=_limits(team.booking_limits_count),
        includeManagedEventsInLimits=team.include_managed_events_in_limits,
    )


async def _write_event_type(connection: Connection, event_type: EventType) -> None:
    policy = event_type.confirmation_policy
    notice = policy.notice_threshold if policy else None
    metadata: dict[str, Any] = {}
    if event_type.length_in_minutes_options:
        metadata["multipleDuration"] = list(event_type.length_in_minutes_options)
    if notice:
        metadata["requiresConfirmationThreshold"] = {"time": notice.count, "unit": notice.unit}
    await insert(
        connection,
        "EventType",
        id=event_type.id,
        slug=event_type.slug,
        title=event_type.title or event_type.slug,
        userId=event_type.owner_id,
        teamId=event_type.team_id,
        parentId=event_type.parent_id,
        schedulingType=event_type.scheduling_type,
        length=event_type.length_in_minutes,
        slotInterval=event_type.slot_interval,
        offsetStart=event_type.offset_start,
        minimumBookingNotice=event_type.minimum_booking_notice,
        beforeEventBuffer=event_type.before_event_buffer,
        afterEventBuffer=event_type.after_event_buffer,
        seatsPerTimeSlot=event_type.seats_per_time_slot,
        bookingLimits=_limits(event_type.booking_limits_count),
        durationLimits=_limits(event_type.booking_limits_duration),
        onlyShowFirstAvailableSlot=event_type.only_show_first_available_slot,
        showOptimizedSlots=event_type.show_optimized_slots,
        scheduleId=event_type.schedule_id,
        requiresConfirmation=policy is not None,
        requiresConfirmationWillBlockSlot=policy is not None and policy.block_unconfirmed_bookings_in_booker,
        hidden=event_type.hidden,
        assignAllTeamMembers=event_type.assign_all_team_members,
        rrHostSubsetEnabled=event_type.rr_host_subset_enabled,
        isRRWeightsEnabled=any(host.weight != 100 for host in event_type.hosts),
        metadata=json.dumps(metadata),
        **_period(event_type),
    )
    owner = () if event_type.owner_id is None else (event_type.owner_id,)
    for user_id in (*event_type.assigned_user_ids, *owner):
        await insert(connection, "_user_eventtype", A=event_type.id, B=user_id)
    for second, host in enumerate(event_type.hosts):
        await insert(
            connection,
            "Host",
            eventTypeId=event_type.id,
            userId=host.user_id,
            isFixed=host.mandatory,
            priority=host.priority,
            weight=host.weight,
            groupId=host.group_id,
            scheduleId=host.schedule_id,
            createdAt=datetime(2049, 1, 1, second=second % 60, minute=second // 60),  # noqa: DTZ001 - Cal.com's are UTC
        )


def _period(event_type: EventType) -> Mapping[str, Any]:
    window = event_type.booking_window
    if window is None:
        return {}
    if isinstance(window.value, tuple):
        first, last = window.value
        return {"periodType": "range", "periodStartDate": _midnight(first), "periodEndDate": _midnight(last)}
    return {
        "periodType": "rolling_window" if window.rolling else "rolling",
        "periodDays": window.value,
        "periodCountCalendarDays": window.type == "calendarDays",
    }


def _limits(limits: Limits | None) -> str | None:
    if limits is None:
        return None
    return json.dumps({f"PER_{period.upper()}": most for period, most in limits if most is not None})


def _clock(minute: int) -> time:
    """Return a time of day; the day's end is 23:59, which means the same."""
    return time(*divmod(min(minute, 1_439), 60))


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day)  # noqa: DTZ001 - Cal.com's are UTC


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
