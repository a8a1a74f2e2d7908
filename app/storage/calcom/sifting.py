"""Leaves out of a world what makes no sense, and with it what needed that; what can do without it is kept."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from app.storage.calcom.report import Findings
from app.storage.world_files.checks import KnownIds, WorldProblem, label, problems, world_list
from app.storage.world_files.format import Item, World

Key: TypeAlias = tuple[object, ...]
Ids: TypeAlias = Collection[int | None]

LISTS = ("users", "schedules", "organizations", "profiles", "teams", "memberships", "eventTypes", "outOfOffice")
_KEYS: Mapping[str, tuple[str, ...]] = {
    "profiles": ("organizationId", "userId"),
    "memberships": ("userId", "teamId"),
    "apiKeys": ("hashedKey",),
    "bookings": ("uid",),
}
"""Fields that tell the items of a list apart, where that is not the id."""


@dataclass(slots=True)
class LeftOut:
    """What is there but was left out: what an earlier import brought of it stays as it is."""

    here: Mapping[str, Collection[int]] = field(default_factory=dict)
    """Ids that earlier imports brought, by list."""
    keys: dict[str, set[Key]] = field(default_factory=dict)
    """By list."""

    def add(self, name: str, document: Mapping[str, Any]) -> None:
        """Remember an item of a list, by its fields."""
        self.keys.setdefault(name, set()).add(tuple(document[part] for part in _KEYS.get(name, ("id",))))

    def staying(self, name: str) -> set[int]:
        """Return the ids of a list that are left out and here."""
        return {row_id for row_id in self.here.get(name, ()) if (row_id,) in self.keys.get(name, ())}

    def known(self) -> KnownIds:
        """Return what items may refer to besides each other."""
        return KnownIds({(name, "id"): self.staying(name) for name in self.here})


@dataclass(frozen=True, slots=True)
class _Dispensable:
    """A reference that items of a list can do without."""

    list: str
    target: str
    cut: Callable[[Any, Ids], Item]
    """Returns the item without what refers to others than these."""
    note: str


def sifted(world: World, findings: Findings, left_out: LeftOut) -> World:
    """Cut off what refers to nothing, leave out what makes no sense, and so on until the rest does."""
    while True:
        known = left_out.known()
        world = _cut(world, known, findings)
        found = _first_of_each(problems(world, known))
        if not found:
            return world
        for problem in found.values():
            findings.leave_out(problem.list, f"{problem.item}, {problem.field}: {problem.message}")
        world = _without(world, found, left_out)


def _first_of_each(found: Collection[WorldProblem]) -> dict[tuple[str, str], WorldProblem]:
    first: dict[tuple[str, str], WorldProblem] = {}
    for problem in found:
        first.setdefault((problem.list, problem.item), problem)
    return first


def _without(world: World, names: Collection[tuple[str, str]], left_out: LeftOut) -> World:
    lists: dict[str, list[Item]] = {name: [] for name in LISTS}
    for name, index, item in _items(world):
        if (name, label(name, index, item)) in names:
            left_out.add(name, item.model_dump(by_alias=True))
        else:
            lists[name].append(item)
    return World.model_validate(lists)


def _items(world: World) -> Iterator[tuple[str, int, Item]]:
    for name in LISTS:
        for index, item in enumerate(world_list(world, name)):
            yield name, index, item


# What items can do without ------------------------------------------------------------------------------------------


def _cut(world: World, known: KnownIds, findings: Findings) -> World:
    lists = {name: list(world_list(world, name)) for name in LISTS}
    for reference in _DISPENSABLE:
        there = {None, *known.of(reference.target, "id"), *(item.id for item in lists[reference.target])}
        items = lists[reference.list]
        for index, item in enumerate(items):
            items[index] = reference.cut(item, there)
            if items[index] is not item:
                findings.note(reference.list, label(reference.list, index, item), [reference.note])
    return World.model_validate(lists)


def _one(attribute: str) -> Callable[[Any, Ids], Item]:
    """Cut one reference."""

    def cut(item: Any, there: Ids) -> Item:
        kept: Item = item if getattr(item, attribute) in there else item.model_copy(update={attribute: None})
        return kept

    return cut


def _some(attribute: str, user_id: Callable[[Any], int]) -> Callable[[Any, Ids], Item]:
    """Take people out of those who are named."""

    def cut(item: Any, there: Ids) -> Item:
        named = getattr(item, attribute)
        left = tuple(one for one in named if user_id(one) in there)
        kept: Item = item if len(left) == len(named) else item.model_copy(update={attribute: left})
        return kept

    return cut


def _host_schedules(event_type: Any, there: Ids) -> Item:
    hosts = tuple(_one("schedule_id")(host, there) for host in event_type.hosts)
    kept: Item = event_type if hosts == event_type.hosts else event_type.model_copy(update={"hosts": hosts})
    return kept


_DISPENSABLE = (
    _Dispensable(
        "users",
        "schedules",
        _one("default_schedule_id"),
        "a default schedule that was left out: their first one takes its place",
    ),
    _Dispensable(
        "eventTypes", "schedules", _one("schedule_id"), "a schedule that was left out: the hosts' own take its place"
    ),
    _Dispensable(
        "eventTypes",
        "users",
        _some("hosts", lambda host: host.user_id),
        "a host who was left out: the others host it",
    ),
    _Dispensable(
        "eventTypes",
        "users",
        _some("assigned_user_ids", lambda user_id: user_id),
        "somebody assigned who was left out: the others host it",
    ),
    _Dispensable(
        "eventTypes",
        "schedules",
        _host_schedules,
        "a host's schedule that was left out: their default one takes its place",
    ),
    _Dispensable("outOfOffice", "users", _one("to_user_id"), "a stand-in who was left out: nobody takes their place"),
)
