"""The schema refuses what makes no sense, whoever writes it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.storage.postgres.pool import Connection
from tests.storage.conftest import TestServer

GOOD = """
    INSERT INTO users (id, username, email, time_zone) VALUES
        (1, 'ann', 'ann@example.com', 'UTC'), (2, 'bob', 'bob@example.com', 'UTC');
    INSERT INTO schedules (id, owner_id, name, time_zone) VALUES (1, 1, 'Hours', 'UTC');
    INSERT INTO organizations (id, slug) VALUES (10, 'acme');
    INSERT INTO profiles (user_id, organization_id, username) VALUES (1, 10, 'ann');
    INSERT INTO teams (id, slug, parent_organization_id) VALUES (20, 'sales', NULL), (21, 'sales', 10);
    INSERT INTO memberships (user_id, team_id, role, accepted) VALUES (1, 20, 'MEMBER', true);
    INSERT INTO event_types (id, slug, owner_id, length_minutes) VALUES (1, 'intro', 1, 30);
    INSERT INTO event_type_hosts (event_type_id, position, user_id) VALUES (1, 0, 1);
    INSERT INTO bookings
        (id, uid, event_type_id, user_id, starts_at, ends_at, status, before_buffer_minutes, after_buffer_minutes)
    VALUES
        (1, 'b1', 1, 1, '2050-01-01 09:00Z', '2050-01-01 10:00Z', 'accepted', 0, 0),
        (2, 'b2', 1, 1, '2050-01-01 09:30Z', '2050-01-01 10:30Z', 'accepted', 0, 0);
    INSERT INTO booking_hosts VALUES (1, 1, '[2050-01-01 09:00Z,2050-01-01 10:00Z)', 1);
    INSERT INTO credentials (kind, user_id, secret_hash, hint) VALUES ('api_key', 1, sha256('a'), 'cal_');
    SELECT setval(name, 100) FROM unnest('{users_id_seq,schedules_id_seq,event_types_id_seq,bookings_id_seq}'::text[])
        AS name;
"""


@pytest.fixture(scope="module")
async def tables(postgres_server: TestServer) -> AsyncIterator[Connection]:
    """A connection to good rows, which every test leaves as they were."""
    opened = await asyncpg.connect(postgres_server.url_of(await postgres_server.create()))
    await opened.execute(GOOD)
    yield opened
    await opened.close()


def booking(**values: str) -> str:
    columns = {
        "uid": "'x'",
        "user_id": "1",
        "starts_at": "'2050-01-01 09:00Z'",
        "ends_at": "'2050-01-01 10:00Z'",
        "status": "'accepted'",
        "before_buffer_minutes": "0",
        "after_buffer_minutes": "0",
    } | values
    return f"INSERT INTO bookings ({', '.join(columns)}) VALUES ({', '.join(columns.values())})"  # noqa: S608 - our own values


def event_type(**values: str) -> str:
    columns = {"slug": "'x'", "owner_id": "1", "length_minutes": "30"} | values
    return f"INSERT INTO event_types ({', '.join(columns)}) VALUES ({', '.join(columns.values())})"  # noqa: S608 - our own values


def limit(**values: str) -> str:
    columns = {"event_type_id": "1", "counts": "'bookings'", "period": "'day'", "most": "1"} | values
    return f"INSERT INTO booking_limits ({', '.join(columns)}) VALUES ({', '.join(columns.values())})"  # noqa: S608 - our own values


BAD = [
    ("INSERT INTO users (username, email, time_zone) VALUES ('ann', 'x', 'UTC')", "users_username_key"),
    ("INSERT INTO users (username, email, time_zone) VALUES ('x', 'ANN@example.com', 'UTC')", "users_email_key"),
    ("UPDATE users SET default_schedule_id = 9", "users_default_schedule_fkey"),
    ("INSERT INTO travel_schedules VALUES (1, 0, 'UTC', '2050-01-02', '2050-01-01')", "travel_schedules_in_order"),
    ("INSERT INTO schedules (owner_id, name, time_zone) VALUES (9, 'x', 'UTC')", "schedules_owner_id_fkey"),
    ("INSERT INTO schedule_hours VALUES (1, 0, '{0}', 0, 60)", "schedule_hours_weekdays"),
    ("INSERT INTO schedule_hours VALUES (1, 0, '{8}', 0, 60)", "schedule_hours_weekdays"),
    ("INSERT INTO schedule_hours VALUES (1, 0, '{1,NULL}', 0, 60)", "schedule_hours_weekdays"),
    ("INSERT INTO schedule_hours VALUES (1, 0, '{}', 0, 60)", "schedule_hours_weekdays"),
    ("INSERT INTO schedule_hours VALUES (1, 0, '{1}', 0, 1441)", "schedule_hours_minutes"),
    ("INSERT INTO schedule_overrides VALUES (1, 0, '2050-01-01', 60, NULL)", "schedule_overrides_both_or_none"),
    ("INSERT INTO schedule_overrides VALUES (1, 0, '2050-01-01', -1, 60)", "schedule_overrides_minutes"),
    ("INSERT INTO organizations (slug) VALUES ('acme')", "organizations_slug_key"),
    ("INSERT INTO profiles VALUES (2, 10, 'ann')", "profiles_username_key"),
    ("INSERT INTO profiles VALUES (1, 10, 'other')", "profiles_pkey"),
    ("INSERT INTO teams (slug) VALUES ('sales')", "teams_slug_key"),
    ("INSERT INTO teams (slug, parent_organization_id) VALUES ('sales', 10)", "teams_slug_key"),
    ("INSERT INTO memberships (user_id, role, accepted) VALUES (1, 'OWNER', true)", "memberships_of_one"),
    (
        "INSERT INTO memberships (user_id, team_id, organization_id, role, accepted) VALUES (2, 20, 10, 'OWNER', true)",
        "memberships_of_one",
    ),
    (
        "INSERT INTO memberships (user_id, team_id, role, accepted) VALUES (1, 20, 'OWNER', true)",
        "memberships_team_key",
    ),
    ("INSERT INTO memberships (user_id, team_id, role, accepted) VALUES (2, 20, 'BOSS', true)", "memberships_role"),
    (
        "INSERT INTO out_of_office (user_id, starts_at, ends_at) VALUES (1, '2050-01-02', '2050-01-01')",
        "out_of_office_in_order",
    ),
    (event_type(slug="'intro'"), "event_types_owner_slug_key"),
    (event_type(team_id="20"), "event_types_of_one"),
    (event_type(owner_id="NULL"), "event_types_of_one"),
    (event_type(id="5", parent_id="5"), "event_types_not_own_parent"),
    (event_type(parent_id="9"), "event_types_parent_id_fkey"),
    (event_type(scheduling_type="'chaotic'"), "event_types_scheduling_type"),
    (event_type(length_minutes="0"), "event_types_length"),
    (event_type(lengths_offered="'{30,0}'"), "event_types_lengths_offered"),
    (event_type(lengths_offered="'{30,NULL}'"), "event_types_lengths_offered"),
    (event_type(slot_interval_minutes="0"), "event_types_slot_interval"),
    (event_type(offset_start_minutes="-1"), "event_types_offset_start"),
    (event_type(minimum_notice_minutes="-1"), "event_types_minimum_notice"),
    (event_type(before_buffer_minutes="1441"), "event_types_before_buffer"),
    (event_type(after_buffer_minutes="-1"), "event_types_after_buffer"),
    (event_type(seats="0"), "event_types_seats"),
    (event_type(booking_window_type="'weeks'"), "event_types_booking_window_type"),
    (event_type(booking_window_type="'range'"), "event_types_booking_window"),
    (event_type(booking_window_days="3"), "event_types_booking_window"),
    (event_type(booking_window_type="'calendarDays'", booking_window_days="-1"), "event_types_booking_window"),
    (limit(event_type_id="NULL"), "booking_limits_of_one"),
    (limit(period="'hour'"), "booking_limits_period"),
    (limit(most="0"), "booking_limits_most"),
    (limit(counts="'seats'"), "booking_limits_counts"),
    (f"{limit()}; {limit(most='2')}", "booking_limits_key"),
    (event_type(confirmation_type="'never'"), "event_types_confirmation_type"),
    (event_type(confirmation_notice_unit="'hours'"), "event_types_confirmation_notice"),
    (
        event_type(confirmation_notice_unit="'hours'", confirmation_notice_count="1"),
        "event_types_confirmation_notice",
    ),
    (event_type(pending_blocks="false"), "event_types_pending_blocks"),
    (
        "INSERT INTO event_type_hosts (event_type_id, position, user_id) VALUES (1, 1, 1)",
        "event_type_hosts_user_key",
    ),
    (
        "INSERT INTO event_type_hosts (event_type_id, position, user_id, priority) VALUES (1, 1, 2, 5)",
        "event_type_hosts_priority",
    ),
    (
        "INSERT INTO event_type_hosts (event_type_id, position, user_id, weight) VALUES (1, 1, 2, -1)",
        "event_type_hosts_weight",
    ),
    (booking(uid="'b1'"), "bookings_uid_key"),
    (booking(ends_at="'2050-01-01 09:00Z'"), "bookings_in_order"),
    (booking(status="'lost'"), "bookings_status"),
    (booking(after_buffer_minutes="1441"), "bookings_after_buffer"),
    ("DELETE FROM users WHERE id = 1", "bookings_user_id_fkey"),
    ("INSERT INTO booking_hosts VALUES (2, 1, 'empty', 2)", "booking_hosts_range"),
    ("INSERT INTO booking_hosts VALUES (2, 1, '[2050-01-01,)', 2)", "booking_hosts_range"),
    ("INSERT INTO booking_hosts VALUES (2, 1, '[2050-01-02 09:00Z,2050-01-02 10:00Z]', 2)", "booking_hosts_range"),
    (
        "INSERT INTO booking_hosts VALUES (2, 1, '[2050-01-01 09:30Z,2050-01-01 10:30Z)', 2)",
        "booking_hosts_nobody_twice",
    ),
    (
        "INSERT INTO busy_times (user_id, starts_at, ends_at) VALUES (1, '2050-01-02', '2050-01-01')",
        "busy_times_in_order",
    ),
    (
        "INSERT INTO credentials (kind, user_id, secret_hash, hint) VALUES ('api_key', 1, sha256('a'), 'x')",
        "credentials_secret_hash_key",
    ),
    (
        "INSERT INTO credentials (kind, user_id, secret_hash, hint) VALUES ('api_key', 1, 'plain', 'x')",
        "credentials_secret_hash",
    ),
    (
        "INSERT INTO credentials (kind, user_id, secret_hash, hint) VALUES ('note', 1, sha256('b'), 'x')",
        "credentials_kind",
    ),
    (
        "INSERT INTO credentials (kind, user_id, secret_hash, hint) VALUES ('refresh_token', 1, sha256('b'), 'x')",
        "credentials_refresh_token",
    ),
    ("INSERT INTO oauth_clients VALUES ('c', sha256('b'), 'x')", "oauth_clients_of_one"),
]

ALLOWED = [
    ("hours through midnight", "INSERT INTO schedule_hours VALUES (1, 0, '{1,7}', 1320, 120)"),
    ("a closed date", "INSERT INTO schedule_overrides VALUES (1, 0, '2050-01-01')"),
    ("the slug of a team elsewhere", "INSERT INTO event_types (slug, team_id, length_minutes) VALUES ('intro', 20, 5)"),
    ("what touches", "INSERT INTO booking_hosts VALUES (2, 1, '[2050-01-01 10:00Z,2050-01-01 11:00Z)', 2)"),
    ("another host", "INSERT INTO booking_hosts VALUES (2, 2, '[2050-01-01 09:00Z,2050-01-01 10:00Z)', 2)"),
    ("a group's own", "INSERT INTO booking_hosts VALUES (2, 1, '[2050-01-01 09:30Z,2050-01-01 10:30Z)', 1)"),
    ("a booking without its event type", "DELETE FROM event_types WHERE id = 1"),
    ("a user who has no bookings", "DELETE FROM users WHERE id = 2"),
]


@pytest.mark.parametrize(("statement", "constraint"), BAD, ids=[f"{name}-{n}" for n, (_, name) in enumerate(BAD)])
async def test_the_schema_refuses(tables: Connection, statement: str, constraint: str) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await tables.execute(statement)
    assert refused.value.constraint_name == constraint


@pytest.mark.parametrize("statement", [statement for _, statement in ALLOWED], ids=[name for name, _ in ALLOWED])
async def test_the_schema_allows(tables: Connection, statement: str) -> None:
    transaction = tables.transaction()
    await transaction.start()
    await tables.execute(statement)
    await transaction.rollback()


async def test_teams_and_organizations_never_get_the_same_id(tables: Connection) -> None:
    team = await tables.fetchval("INSERT INTO teams (slug) VALUES ('new') RETURNING id")
    organization = await tables.fetchval("INSERT INTO organizations (slug) VALUES ('new') RETURNING id")
    assert team != organization
