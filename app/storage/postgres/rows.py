"""World files as rows of tables."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from app.storage.postgres.credentials import CredentialKind, hash_of, hint_of, secret_hash_of
from app.storage.world_files import format as world_format
from app.storage.world_files.format import WEEKDAYS, World

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRows:
    """Rows that a list of the file becomes."""

    list: str
    table: str
    columns: tuple[str, ...]
    rows: Iterable[Row]
    """Read once."""


def _user_rows(world: World) -> Iterable[Row]:
    for user in world.users:
        yield (
            user.id,
            user.username,
            user.email,
            user.name,
            user.time_zone,
            user.default_schedule_id,
            user.allow_dynamic_booking,
        )


def _travel_rows(world: World) -> Iterable[Row]:
    for user in world.users:
        for position, travel in enumerate(user.travel_schedules):
            yield user.id, position, travel.time_zone, travel.start_date, travel.end_date


def _schedule_rows(world: World) -> Iterable[Row]:
    for schedule in world.schedules:
        yield schedule.id, schedule.owner_id, schedule.name, schedule.time_zone, schedule.is_default


def _hours_rows(world: World) -> Iterable[Row]:
    for schedule in world.schedules:
        for position, hours in enumerate(schedule.availability):
            weekdays = sorted({WEEKDAYS.index(day) + 1 for day in hours.days})
            yield schedule.id, position, weekdays, hours.start_time, hours.end_time


def _override_rows(world: World) -> Iterable[Row]:
    for schedule in world.schedules:
        for position, override in enumerate(schedule.overrides):
            yield schedule.id, position, override.date, override.start_time, override.end_time


def _organization_rows(world: World) -> Iterable[Row]:
    for organization in world.organizations:
        yield organization.id, organization.slug, organization.name, organization.time_zone


def _profile_rows(world: World) -> Iterable[Row]:
    for profile in world.profiles:
        yield profile.user_id, profile.organization_id, profile.username


def _team_rows(world: World) -> Iterable[Row]:
    for team in world.teams:
        yield team.id, team.slug, team.name, team.parent_organization_id, team.include_managed_events_in_limits


def _membership_rows(world: World, organization_ids: Collection[int]) -> Iterable[Row]:
    for membership in world.memberships:
        group = membership.team_id
        team, organization = (None, group) if group in organization_ids else (group, None)
        yield membership.user_id, team, organization, membership.role, membership.accepted


def _event_type_rows(world: World) -> Iterable[Row]:
    for event_type in world.event_types:
        yield (
            event_type.id,
            event_type.slug,
            event_type.title,
            event_type.owner_id,
            event_type.team_id,
            event_type.parent_id,
            event_type.scheduling_type,
            event_type.length_in_minutes,
            event_type.length_in_minutes_options,
            event_type.slot_interval,
            event_type.offset_start,
            event_type.minimum_booking_notice,
            event_type.before_event_buffer,
            event_type.after_event_buffer,
            event_type.seats_per_time_slot,
            event_type.only_show_first_available_slot,
            event_type.show_optimized_slots,
            event_type.schedule_id,
            *_confirmation(event_type.confirmation_policy),
            event_type.hidden,
            event_type.assign_all_team_members,
            event_type.rr_host_subset_enabled,
            *_booking_window(event_type.booking_window),
        )


def _booking_window(window: world_format.BookingWindow | None) -> Row:
    if window is None:
        return None, None, False, None, None
    if isinstance(window.value, tuple):
        return window.type, None, False, *window.value
    return window.type, window.value, window.rolling, None, None


def _limit_rows(world: World) -> Iterable[Row]:
    for event_type in world.event_types:
        for counts, limits in (
            ("bookings", event_type.booking_limits_count),
            ("minutes", event_type.booking_limits_duration),
        ):
            yield from ((event_type.id, None, counts, *limit) for limit in _set_limits(limits))
    for team in world.teams:
        yield from ((None, team.id, "bookings", *limit) for limit in _set_limits(team.booking_limits_count))


def _set_limits(limits: world_format.Limits | None) -> Iterable[tuple[str, int]]:
    """Return the limits that are set, by period; 0 is none."""
    return () if limits is None else ((period, most) for period, most in limits if most)


def _confirmation(policy: world_format.ConfirmationPolicy | None) -> Row:
    if policy is None:
        return None, None, None, True
    notice = policy.notice_threshold
    unit, count = (None, None) if notice is None else (notice.unit, notice.count)
    return policy.type, unit, count, policy.block_unconfirmed_bookings_in_booker


def _host_rows(world: World) -> Iterable[Row]:
    for event_type in world.event_types:
        for position, host in enumerate(event_type.hosts):
            yield (
                event_type.id,
                position,
                host.user_id,
                host.mandatory,
                host.priority,
                host.weight,
                host.group_id,
                host.schedule_id,
            )


def _assignee_rows(world: World) -> Iterable[Row]:
    for event_type in world.event_types:
        for position, user_id in enumerate(event_type.assigned_user_ids):
            yield event_type.id, position, user_id


def _absence_row(absence: world_format.OutOfOffice) -> Row:
    return absence.user_id, absence.start, absence.end, absence.to_user_id, absence.reason_id


def _numbered_absence_rows(world: World) -> Iterable[Row]:
    for absence in world.out_of_office:
        if absence.id is not None:
            yield absence.id, *_absence_row(absence)


def _unnumbered_absence_rows(world: World) -> Iterable[Row]:
    for absence in world.out_of_office:
        if absence.id is None:
            yield _absence_row(absence)


def _busy_time_rows(world: World) -> Iterable[Row]:
    for busy in world.busy_times:
        yield busy.user_id, busy.start, busy.end


def _api_key_rows(world: World) -> Iterable[Row]:
    for key in world.api_keys:
        yield CredentialKind.API_KEY.value, key.user_id, hash_of(key.token), hint_of(key.token), key.expires_at


def _oauth_client_rows(world: World) -> Iterable[Row]:
    for client in world.oauth_clients:
        yield client.id, secret_hash_of(client.secret), client.name, client.owner_id, client.organization_id


_ABSENCE_COLUMNS = ("user_id", "starts_at", "ends_at", "to_user_id", "reason_id")

_EVENT_TYPE_COLUMNS = (
    "id",
    "slug",
    "title",
    "owner_id",
    "team_id",
    "parent_id",
    "scheduling_type",
    "length_minutes",
    "lengths_offered",
    "slot_interval_minutes",
    "offset_start_minutes",
    "minimum_notice_minutes",
    "before_buffer_minutes",
    "after_buffer_minutes",
    "seats",
    "only_first_slot",
    "optimized_slots",
    "schedule_id",
    "confirmation_type",
    "confirmation_notice_unit",
    "confirmation_notice_count",
    "pending_blocks",
    "hidden",
    "assign_all_members",
    "subset_enabled",
    "booking_window_type",
    "booking_window_days",
    "booking_window_rolling",
    "booking_window_first",
    "booking_window_last",
)


def tables(world: World, organization_ids: Collection[int]) -> tuple[TableRows, ...]:
    """Return what the file becomes, bookings apart, in an order in which every row finds what it refers to.

    `organization_ids` tell the memberships in organizations from those in teams.
    """
    return (
        TableRows(
            list="users",
            table="users",
            columns=("id", "username", "email", "name", "time_zone", "default_schedule_id", "allow_dynamic_booking"),
            rows=_user_rows(world),
        ),
        TableRows(
            list="users",
            table="travel_schedules",
            columns=("user_id", "position", "time_zone", "first_date", "last_date"),
            rows=_travel_rows(world),
        ),
        TableRows(
            list="schedules",
            table="schedules",
            columns=("id", "owner_id", "name", "time_zone", "is_default"),
            rows=_schedule_rows(world),
        ),
        TableRows(
            list="schedules",
            table="schedule_hours",
            columns=("schedule_id", "position", "weekdays", "start_minute", "end_minute"),
            rows=_hours_rows(world),
        ),
        TableRows(
            list="schedules",
            table="schedule_overrides",
            columns=("schedule_id", "position", "date", "start_minute", "end_minute"),
            rows=_override_rows(world),
        ),
        TableRows(
            list="organizations",
            table="organizations",
            columns=("id", "slug", "name", "time_zone"),
            rows=_organization_rows(world),
        ),
        TableRows(
            list="profiles",
            table="profiles",
            columns=("user_id", "organization_id", "username"),
            rows=_profile_rows(world),
        ),
        TableRows(
            list="teams",
            table="teams",
            columns=("id", "slug", "name", "parent_organization_id", "include_managed_events_in_limits"),
            rows=_team_rows(world),
        ),
        TableRows(
            list="memberships",
            table="memberships",
            columns=("user_id", "team_id", "organization_id", "role", "accepted"),
            rows=_membership_rows(world, organization_ids),
        ),
        TableRows(
            list="eventTypes",
            table="event_types",
            columns=_EVENT_TYPE_COLUMNS,
            rows=_event_type_rows(world),
        ),
        TableRows(
            list="eventTypes",
            table="event_type_hosts",
            columns=(
                "event_type_id",
                "position",
                "user_id",
                "mandatory",
                "priority",
                "weight",
                "group_id",
                "schedule_id",
            ),
            rows=_host_rows(world),
        ),
        TableRows(
            list="eventTypes",
            table="event_type_assignees",
            columns=("event_type_id", "position", "user_id"),
            rows=_assignee_rows(world),
        ),
        TableRows(
            list="eventTypes",
            table="booking_limits",
            columns=("event_type_id", "team_id", "counts", "period", "most"),
            rows=_limit_rows(world),
        ),
        TableRows(
            list="outOfOffice",
            table="out_of_office",
            columns=("id", *_ABSENCE_COLUMNS),
            rows=_numbered_absence_rows(world),
        ),
        TableRows(
            list="busyTimes",
            table="busy_times",
            columns=("user_id", "starts_at", "ends_at"),
            rows=_busy_time_rows(world),
        ),
        TableRows(
            list="apiKeys",
            table="credentials",
            columns=("kind", "user_id", "secret_hash", "hint", "expires_at"),
            rows=_api_key_rows(world),
        ),
        TableRows(
            list="oauthClients",
            table="oauth_clients",
            columns=("id", "secret_hash", "name", "owner_id", "organization_id"),
            rows=_oauth_client_rows(world),
        ),
    )


def unnumbered_absences(world: World) -> TableRows:
    """Return the absences that are given their ids once the ids in the file are taken."""
    return TableRows(
        list="outOfOffice", table="out_of_office", columns=_ABSENCE_COLUMNS, rows=_unnumbered_absence_rows(world)
    )
