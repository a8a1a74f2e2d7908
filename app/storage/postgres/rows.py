"""World files as rows of tables."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from app.domain.schedule import WEEKDAYS
from app.storage.postgres.credentials import CredentialKind, hash_of, hint_of, secret_hash_of
from app.storage.world_files import format as world_format
from app.storage.world_files.format import World

Row: TypeAlias = dict[str, Any]
"""Values by column."""


@dataclass(frozen=True, slots=True)
class TableRows:
    """Rows of one table that a list of the file becomes."""

    list: str
    table: str
    rows: Iterable[Row]
    """Read once. All have the columns of the first one."""


def tables(world: World, organization_ids: Collection[int]) -> tuple[TableRows, ...]:
    """Return what the file becomes, bookings apart, in an order in which every row finds what it refers to.

    `organization_ids` tell the memberships in organizations from those in teams.
    """
    return (
        TableRows("users", "users", _users(world)),
        TableRows("users", "travel_schedules", _travel_schedules(world)),
        TableRows("schedules", "schedules", _schedules(world)),
        TableRows("schedules", "schedule_hours", _schedule_hours(world)),
        TableRows("schedules", "schedule_overrides", _schedule_overrides(world)),
        TableRows("organizations", "organizations", _organizations(world)),
        TableRows("profiles", "profiles", _profiles(world)),
        TableRows("teams", "teams", _teams(world)),
        TableRows("memberships", "memberships", _memberships(world, organization_ids)),
        TableRows("eventTypes", "event_types", _event_types(world)),
        TableRows("eventTypes", "event_type_hosts", _event_type_hosts(world)),
        TableRows("eventTypes", "event_type_assignees", _event_type_assignees(world)),
        TableRows("eventTypes", "booking_limits", _booking_limits(world)),
        TableRows("outOfOffice", "out_of_office", _numbered_absences(world)),
        TableRows("busyTimes", "busy_times", _busy_times(world)),
        TableRows("apiKeys", "credentials", _api_keys(world)),
        TableRows("oauthClients", "oauth_clients", _oauth_clients(world)),
    )


def unnumbered_absences(world: World) -> TableRows:
    """Return the absences that are given their ids once the ids in the file are taken."""
    rows = (_absence(absence) for absence in world.out_of_office if absence.id is None)
    return TableRows("outOfOffice", "out_of_office", rows)


# People --------------------------------------------------------------------------------------------------------------


def _users(world: World) -> Iterable[Row]:
    for user in world.users:
        yield {
            "id": user.id,
            "username": user.username,
            "email": user.email,
            "name": user.name,
            "time_zone": user.time_zone,
            "default_schedule_id": user.default_schedule_id,
            "allow_dynamic_booking": user.allow_dynamic_booking,
        }


def _travel_schedules(world: World) -> Iterable[Row]:
    for user in world.users:
        for position, travel in enumerate(user.travel_schedules):
            yield {
                "user_id": user.id,
                "position": position,
                "time_zone": travel.time_zone,
                "first_date": travel.start_date,
                "last_date": travel.end_date,
            }


def _schedules(world: World) -> Iterable[Row]:
    for schedule in world.schedules:
        yield {
            "id": schedule.id,
            "owner_id": schedule.owner_id,
            "name": schedule.name,
            "time_zone": schedule.time_zone,
            "is_default": schedule.is_default,
        }


def _schedule_hours(world: World) -> Iterable[Row]:
    for schedule in world.schedules:
        for position, hours in enumerate(schedule.availability):
            yield {
                "schedule_id": schedule.id,
                "position": position,
                "weekdays": sorted({WEEKDAYS.index(day) + 1 for day in hours.days}),
                "start_minute": hours.start_time,
                "end_minute": hours.end_time,
            }


def _schedule_overrides(world: World) -> Iterable[Row]:
    for schedule in world.schedules:
        for position, override in enumerate(schedule.overrides):
            yield {
                "schedule_id": schedule.id,
                "position": position,
                "date": override.date,
                "start_minute": override.start_time,
                "end_minute": override.end_time,
            }


def _organizations(world: World) -> Iterable[Row]:
    for organization in world.organizations:
        yield {
            "id": organization.id,
            "slug": organization.slug,
            "name": organization.name,
            "time_zone": organization.time_zone,
        }


def _profiles(world: World) -> Iterable[Row]:
    for profile in world.profiles:
        yield {
            "user_id": profile.user_id,
            "organization_id": profile.organization_id,
            "username": profile.username,
        }


def _teams(world: World) -> Iterable[Row]:
    for team in world.teams:
        yield {
            "id": team.id,
            "slug": team.slug,
            "name": team.name,
            "parent_organization_id": team.parent_organization_id,
            "include_managed_events_in_limits": team.include_managed_events_in_limits,
        }


def _memberships(world: World, organization_ids: Collection[int]) -> Iterable[Row]:
    for membership in world.memberships:
        in_organization = membership.team_id in organization_ids
        yield {
            "user_id": membership.user_id,
            "team_id": None if in_organization else membership.team_id,
            "organization_id": membership.team_id if in_organization else None,
            "role": membership.role,
            "accepted": membership.accepted,
        }


# Event types ---------------------------------------------------------------------------------------------------------


def _event_types(world: World) -> Iterable[Row]:
    for event_type in world.event_types:
        yield {
            "id": event_type.id,
            "slug": event_type.slug,
            "title": event_type.title,
            "owner_id": event_type.owner_id,
            "team_id": event_type.team_id,
            "parent_id": event_type.parent_id,
            "scheduling_type": event_type.scheduling_type,
            "length_minutes": event_type.length_in_minutes,
            "lengths_offered": event_type.length_in_minutes_options,
            "slot_interval_minutes": event_type.slot_interval,
            "offset_start_minutes": event_type.offset_start,
            "minimum_notice_minutes": event_type.minimum_booking_notice,
            "before_buffer_minutes": event_type.before_event_buffer,
            "after_buffer_minutes": event_type.after_event_buffer,
            "seats": event_type.seats_per_time_slot,
            "only_first_slot": event_type.only_show_first_available_slot,
            "optimized_slots": event_type.show_optimized_slots,
            "schedule_id": event_type.schedule_id,
            "hidden": event_type.hidden,
            "assign_all_members": event_type.assign_all_team_members,
            "subset_enabled": event_type.rr_host_subset_enabled,
            **_confirmation(event_type.confirmation_policy),
            **_booking_window(event_type.booking_window),
        }


def _confirmation(policy: world_format.ConfirmationPolicy | None) -> Row:
    notice = policy.notice_threshold if policy else None
    return {
        "confirmation_type": policy.type if policy else None,
        "confirmation_notice_unit": notice.unit if notice else None,
        "confirmation_notice_count": notice.count if notice else None,
        "pending_blocks": policy.block_unconfirmed_bookings_in_booker if policy else True,
    }


_NO_BOOKING_WINDOW: Row = {
    "booking_window_type": None,
    "booking_window_days": None,
    "booking_window_rolling": False,
    "booking_window_first": None,
    "booking_window_last": None,
}


def _booking_window(window: world_format.BookingWindow | None) -> Row:
    if window is None:
        return _NO_BOOKING_WINDOW
    row = {**_NO_BOOKING_WINDOW, "booking_window_type": window.type}
    if isinstance(window.value, tuple):
        first, last = window.value
        return {**row, "booking_window_first": first, "booking_window_last": last}
    return {**row, "booking_window_days": window.value, "booking_window_rolling": window.rolling}


def _event_type_hosts(world: World) -> Iterable[Row]:
    for event_type in world.event_types:
        for position, host in enumerate(event_type.hosts):
            yield {
                "event_type_id": event_type.id,
                "position": position,
                "user_id": host.user_id,
                "mandatory": host.mandatory,
                "priority": host.priority,
                "weight": host.weight,
                "group_id": host.group_id,
                "schedule_id": host.schedule_id,
            }


def _event_type_assignees(world: World) -> Iterable[Row]:
    for event_type in world.event_types:
        for position, user_id in enumerate(event_type.assigned_user_ids):
            yield {"event_type_id": event_type.id, "position": position, "user_id": user_id}


def _booking_limits(world: World) -> Iterable[Row]:
    for event_type in world.event_types:
        yield from _limits("bookings", event_type.booking_limits_count, event_type_id=event_type.id)
        yield from _limits("minutes", event_type.booking_limits_duration, event_type_id=event_type.id)
    for team in world.teams:
        yield from _limits("bookings", team.booking_limits_count, team_id=team.id)


def _limits(
    counts: str, limits: world_format.Limits | None, *, event_type_id: int | None = None, team_id: int | None = None
) -> Iterable[Row]:
    """Yield the limits that are set; 0 is none."""
    for period, most in limits or ():
        if most:
            yield {
                "event_type_id": event_type_id,
                "team_id": team_id,
                "counts": counts,
                "period": period,
                "most": most,
            }


# Time taken ----------------------------------------------------------------------------------------------------------


def _numbered_absences(world: World) -> Iterable[Row]:
    for absence in world.out_of_office:
        if absence.id is not None:
            yield {"id": absence.id, **_absence(absence)}


def _absence(absence: world_format.OutOfOffice) -> Row:
    return {
        "user_id": absence.user_id,
        "starts_at": absence.start,
        "ends_at": absence.end,
        "to_user_id": absence.to_user_id,
        "reason_id": absence.reason_id,
    }


def _busy_times(world: World) -> Iterable[Row]:
    for busy in world.busy_times:
        yield {"user_id": busy.user_id, "starts_at": busy.start, "ends_at": busy.end}


# Credentials ---------------------------------------------------------------------------------------------------------


def _api_keys(world: World) -> Iterable[Row]:
    for key in world.api_keys:
        yield {
            "kind": CredentialKind.API_KEY.value,
            "user_id": key.user_id,
            "secret_hash": hash_of(key.token),
            "hint": hint_of(key.token),
            "expires_at": key.expires_at,
        }


def _oauth_clients(world: World) -> Iterable[Row]:
    for client in world.oauth_clients:
        yield {
            "id": client.id,
            "secret_hash": secret_hash_of(client.secret),
            "name": client.name,
            "owner_id": client.owner_id,
            "organization_id": client.organization_id,
        }
