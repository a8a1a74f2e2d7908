"""What a database has already of the things that a world file names."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from app.storage.postgres.credentials import hash_of
from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Connection
from app.storage.world_files.checks import REFERENCES, KnownIds, world_list
from app.storage.world_files.format import EventType, World

_SQL = queries("world")


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedType:
    """What a booking takes over from its event type. Buffers are in minutes."""

    before_buffer: int
    after_buffer: int
    seated: bool
    pending_blocks: bool

    @classmethod
    def of_file(cls, event_type: EventType) -> "BookedType":
        """Read an event type of a world file."""
        policy = event_type.confirmation_policy
        return cls(
            before_buffer=event_type.before_event_buffer,
            after_buffer=event_type.after_event_buffer,
            seated=event_type.seats_per_time_slot is not None,
            pending_blocks=policy is None or policy.block_unconfirmed_bookings_in_booker,
        )

    @classmethod
    def of_row(cls, row: asyncpg.Record) -> "BookedType":
        """Read an event type of the database."""
        return cls(
            before_buffer=row["before_buffer_minutes"],
            after_buffer=row["after_buffer_minutes"],
            seated=row["seats"] is not None,
            pending_blocks=row["pending_blocks"],
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What is there: ids and names that a file meets, and the event types among them."""

    ids: KnownIds
    organization_ids: Collection[int]
    booked_types: Mapping[int, BookedType]


NOTHING = Known(KnownIds(), (), {})
"""What an empty database has."""


async def known_of(connection: Connection, world: World) -> Known:
    """Look up everything that the file adds or refers to."""

    async def ask(query: str, *values: Iterable[object]) -> list[asyncpg.Record]:
        return await connection.fetch(_SQL[query], *(list(of_one_kind) for of_one_kind in values))

    users = await ask(
        "known_users",
        _named(world, "users"),
        (user.username for user in world.users),
        (user.email.lower() for user in world.users),
    )
    organizations = await ask(
        "known_organizations", _groups_named(world), (organization.slug for organization in world.organizations)
    )
    profiles = await ask(
        "known_profiles", (p.user_id for p in world.profiles), (profile.username for profile in world.profiles)
    )
    teams = await ask("known_teams", _groups_named(world), (team.slug for team in world.teams))
    memberships = await ask("known_memberships", (membership.user_id for membership in world.memberships))
    event_types = await ask("known_event_types", _named(world, "eventTypes"), (e.slug for e in world.event_types))
    schedules = await ask("known_schedules", _named(world, "schedules"))
    bookings = await ask("known_bookings", (booking.uid for booking in world.bookings))
    absences = await ask("known_absences", (o.id for o in world.out_of_office if o.id is not None))
    clients = await ask("known_oauth_clients", (client.id for client in world.oauth_clients))
    tokens = {hash_of(key.token): key.token for key in world.api_keys}
    hashes = await ask("known_tokens", tokens)
    found = {
        ("users", "id"): _values(users, "id"),
        ("users", "username"): _values(users, "username"),
        ("users", "email"): _values(users, "email"),
        ("schedules", "id"): _values(schedules, "id"),
        ("organizations", "id"): _values(organizations, "id"),
        ("organizations", "slug"): _values(organizations, "slug"),
        ("profiles", "userId"): _values(profiles, "organization_id", "user_id"),
        ("profiles", "username"): _values(profiles, "organization_id", "username"),
        ("teams", "id"): _values(teams, "id"),
        ("teams", "slug"): _values(teams, "parent_organization_id", "slug"),
        ("memberships", "userId"): _values(memberships, "team_id", "user_id"),
        ("eventTypes", "id"): _values(event_types, "id"),
        ("eventTypes", "slug"): _values(event_types, "owner_id", "team_id", "slug"),
        ("bookings", "uid"): _values(bookings, "uid"),
        ("outOfOffice", "id"): _values(absences, "id"),
        ("apiKeys", "token"): {tokens[row["secret_hash"]] for row in hashes},
        ("oauthClients", "id"): _values(clients, "id"),
    }
    organization_ids = {row["id"] for row in organizations}
    return Known(KnownIds(found), organization_ids, {row["id"]: BookedType.of_row(row) for row in event_types})


def _values(rows: Iterable[asyncpg.Record], *columns: str) -> Collection[Any]:
    read: Callable[[asyncpg.Record], object] = (
        (lambda row: row[columns[0]]) if len(columns) == 1 else (lambda row: tuple(row[column] for column in columns))
    )
    return {read(row) for row in rows}


def _named(world: World, *targets: str) -> set[int]:
    """Return the ids of these lists that the file adds or refers to."""
    ids = {item.id for target in targets for item in world_list(world, target)}
    for reference in REFERENCES:
        if set(reference.targets) & set(targets):
            for item in world_list(world, reference.list):
                ids |= {wanted for wanted in reference.ids(item) if wanted is not None}
    return ids


def _groups_named(world: World) -> set[int]:
    """Return the ids of teams and organizations, which share theirs."""
    return _named(world, "teams", "organizations")
