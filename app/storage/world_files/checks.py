"""Whether a world file makes sense: what refers to something refers to something there, and nothing is there twice."""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from typing_extensions import override

from app.domain.errors import HoldfastError
from app.storage.world_files import format as world_format
from app.storage.world_files.format import World

Key: TypeAlias = Hashable

_SHOWN_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class WorldProblem:
    """What is wrong with one field of one item, in the words of the world file."""

    list: str
    item: str
    """Which one, such as `id 7`."""
    field: str
    message: str

    @override
    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.list}, {self.item}, {self.field}: {self.message}"


class WorldRefusedError(HoldfastError):
    """A file cannot be loaded; nothing was changed."""

    def __init__(self, found: Sequence[WorldProblem]) -> None:
        """Keep the problems; the message shows the first ones."""
        lines = [str(problem) for problem in found[:_SHOWN_PROBLEMS]]
        if len(found) > _SHOWN_PROBLEMS:
            lines.append(f"… and {len(found) - _SHOWN_PROBLEMS} more")
        super().__init__("\n".join(lines))
        self.problems = tuple(found)


@dataclass(frozen=True, slots=True)
class Unique:
    """A field, alone or with others, that no two items of a list may have alike."""

    list: str
    field: str
    key: Callable[[Any], Key]
    """Reads it; None: the item has none, and that is no clash."""

    @property
    def place(self) -> tuple[str, str]:
        """The list and the field."""
        return self.list, self.field


@dataclass(frozen=True, slots=True)
class Reference:
    """Fields of a list's items that name items of other lists by id."""

    list: str
    field: str
    targets: tuple[str, ...]
    """Lists of which one must have it."""
    ids: Callable[[Any], Iterable[int | None]]


@dataclass(frozen=True, slots=True)
class KnownIds:
    """What there is besides the file. Offline that is nothing."""

    values: Mapping[tuple[str, str], Collection[Key]] = field(default_factory=dict)
    """By list and field, as in `UNIQUE`. Only what the file names needs to be here."""

    def of(self, name: str, field_name: str) -> Collection[Key]:
        """Return the values of a list's field."""
        return self.values.get((name, field_name), ())


def world_list(world: World, name: str) -> tuple[Any, ...]:
    """Return a list of the world by its name in the file."""
    items: tuple[Any, ...] = getattr(world, _ATTRIBUTES[name])
    return items


_ATTRIBUTES = {info.alias or name: name for name, info in World.model_fields.items()}

UNIQUE = (
    Unique("users", "id", lambda user: user.id),
    Unique("users", "username", lambda user: user.username),
    Unique("users", "email", lambda user: user.email.lower()),
    Unique("schedules", "id", lambda schedule: schedule.id),
    Unique("organizations", "id", lambda organization: organization.id),
    Unique("organizations", "slug", lambda organization: organization.slug),
    Unique("profiles", "userId", lambda profile: (profile.organization_id, profile.user_id)),
    Unique("profiles", "username", lambda profile: (profile.organization_id, profile.username)),
    Unique("teams", "id", lambda team: team.id),
    Unique("teams", "slug", lambda team: (team.parent_organization_id, team.slug)),
    Unique("memberships", "userId", lambda membership: (membership.team_id, membership.user_id)),
    Unique("eventTypes", "id", lambda event_type: event_type.id),
    Unique("eventTypes", "slug", lambda event_type: (event_type.owner_id, event_type.team_id, event_type.slug)),
    Unique("bookings", "uid", lambda booking: booking.uid),
    Unique("reservations", "uid", lambda reservation: reservation.uid),
    Unique("outOfOffice", "id", lambda absence: absence.id),
    Unique("apiKeys", "token", lambda key: key.token),
    Unique("oauthClients", "id", lambda client: client.id),
)

REFERENCES = (
    Reference("users", "defaultScheduleId", ("schedules",), lambda user: [user.default_schedule_id]),
    Reference("schedules", "ownerId", ("users",), lambda schedule: [schedule.owner_id]),
    Reference("profiles", "userId", ("users",), lambda profile: [profile.user_id]),
    Reference("profiles", "organizationId", ("organizations",), lambda profile: [profile.organization_id]),
    Reference("teams", "parentOrganizationId", ("organizations",), lambda team: [team.parent_organization_id]),
    Reference("memberships", "userId", ("users",), lambda membership: [membership.user_id]),
    Reference("memberships", "teamId", ("teams", "organizations"), lambda membership: [membership.team_id]),
    Reference("eventTypes", "ownerId", ("users",), lambda event_type: [event_type.owner_id]),
    Reference("eventTypes", "teamId", ("teams",), lambda event_type: [event_type.team_id]),
    Reference("eventTypes", "parentId", ("eventTypes",), lambda event_type: [event_type.parent_id]),
    Reference("eventTypes", "scheduleId", ("schedules",), lambda event_type: [event_type.schedule_id]),
    Reference("eventTypes", "hosts.userId", ("users",), lambda event_type: [h.user_id for h in event_type.hosts]),
    Reference(
        "eventTypes", "hosts.scheduleId", ("schedules",), lambda event_type: [h.schedule_id for h in event_type.hosts]
    ),
    Reference("eventTypes", "assignedUserIds", ("users",), lambda event_type: event_type.assigned_user_ids),
    Reference("bookings", "eventTypeId", ("eventTypes",), lambda booking: [booking.event_type_id]),
    Reference("bookings", "userId", ("users",), lambda booking: [booking.user_id]),
    Reference("reservations", "eventTypeId", ("eventTypes",), lambda reservation: [reservation.event_type_id]),
    Reference("reservations", "hostIds", ("users",), lambda reservation: reservation.host_ids or ()),
    Reference("outOfOffice", "userId", ("users",), lambda absence: [absence.user_id]),
    Reference("outOfOffice", "toUserId", ("users",), lambda absence: [absence.to_user_id]),
    Reference("busyTimes", "userId", ("users",), lambda busy: [busy.user_id]),
    Reference("apiKeys", "userId", ("users",), lambda key: [key.user_id]),
    Reference("oauthClients", "ownerId", ("users",), lambda client: [client.owner_id]),
    Reference("oauthClients", "organizationId", ("organizations",), lambda client: [client.organization_id]),
)

_ONE = {
    "users": "user",
    "schedules": "schedule",
    "organizations": "organization",
    "teams": "team",
    "eventTypes": "event type",
}


def problems(world: World, known: KnownIds) -> list[WorldProblem]:
    """Return what is wrong with a file that stands alone or, with `known`, is added to what there is."""
    return [
        *_already_there(world, known),
        *_one_space_of_ids(world, known),
        *_unresolved(world, known),
        *_twice_within(world),
        *_out_of_order(world),
        *_reserved_templates(world),
    ]


def label(name: str, index: int, item: Any) -> str:
    """Name an item for an error: by its id or uid, else by its place in the list."""
    for field_name in ("id", "uid"):
        value = getattr(item, field_name, None)
        if value is not None:
            return f"{field_name} {value}"
    if name == "apiKeys":
        # The token itself is a secret, and errors go to logs.
        return f"number {index + 1}"
    parts = [
        f"{alias} {getattr(item, attribute)}"
        for attribute, alias in (("user_id", "userId"), ("team_id", "teamId"), ("organization_id", "organizationId"))
        if getattr(item, attribute, None) is not None
    ]
    return f"number {index + 1} ({', '.join(parts)})"


def _already_there(world: World, known: KnownIds) -> Iterator[WorldProblem]:
    for unique in UNIQUE:
        there, seen = known.of(*unique.place), set[Key]()
        for index, item in enumerate(world_list(world, unique.list)):
            key = unique.key(item)
            if key is None:
                continue
            if key in seen:
                message = "is there twice"
            elif key in there:
                message = "is in the database already"
            else:
                seen.add(key)
                continue
            yield WorldProblem(unique.list, label(unique.list, index, item), unique.field, message)


def _one_space_of_ids(world: World, known: KnownIds) -> Iterator[WorldProblem]:
    """A membership names a team or an organization by a bare id, so no id may be both."""
    organizations = {organization.id for organization in world.organizations}
    for team in world.teams:
        if team.id in organizations or team.id in known.of("organizations", "id"):
            yield WorldProblem("teams", f"id {team.id}", "id", "is an organization's id; the two share their ids")
    for organization in world.organizations:
        if organization.id in known.of("teams", "id"):
            message = "is a team's id; the two share their ids"
            yield WorldProblem("organizations", f"id {organization.id}", "id", message)


def _unresolved(world: World, known: KnownIds) -> Iterator[WorldProblem]:
    in_file = {name: {item.id for item in world_list(world, name)} for name in _ONE}
    for reference in REFERENCES:
        for index, item in enumerate(world_list(world, reference.list)):
            for wanted in reference.ids(item):
                there = any(
                    wanted in in_file[target] or wanted in known.of(target, "id") for target in reference.targets
                )
                if wanted is not None and not there:
                    who = " or ".join(_ONE[target] for target in reference.targets)
                    message = f"there is no {who} {wanted}"
                    yield WorldProblem(reference.list, label(reference.list, index, item), reference.field, message)


def _twice_within(world: World) -> Iterator[WorldProblem]:
    for event_type in world.event_types:
        named: dict[str, Iterable[int]] = {
            "hosts.userId": [host.user_id for host in event_type.hosts],
            "assignedUserIds": event_type.assigned_user_ids,
        }
        for field_name, user_ids in named.items():
            for user_id in (user_id for user_id, times in Counter(user_ids).items() if times > 1):
                yield WorldProblem("eventTypes", f"id {event_type.id}", field_name, f"names user {user_id} twice")
        if event_type.parent_id == event_type.id:
            yield WorldProblem("eventTypes", f"id {event_type.id}", "parentId", "is the event type itself")


TEMPLATE = "is a managed event type's template, which has no slots"


def _reserved_templates(world: World) -> Iterator[WorldProblem]:
    templates = {one.id for one in world.event_types if one.scheduling_type == "managed"}
    for reservation in world.reservations:
        if reservation.event_type_id in templates:
            yield WorldProblem("reservations", f"uid {reservation.uid}", "eventTypeId", TEMPLATE)


def _out_of_order(world: World) -> Iterator[WorldProblem]:
    message = "must not be before the start"
    for user in world.users:
        if any(t.end_date is not None and t.end_date < t.start_date for t in user.travel_schedules):
            yield WorldProblem("users", f"id {user.id}", "travelSchedules.endDate", message)
    stretches: dict[str, tuple[world_format.OutOfOffice | world_format.BusyTime, ...]] = {
        "outOfOffice": world.out_of_office,
        "busyTimes": world.busy_times,
    }
    for name, items in stretches.items():
        for index, item in enumerate(items):
            if item.end < item.start:
                yield WorldProblem(name, label(name, index, item), "end", message)
