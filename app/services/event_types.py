"""Event types as their owners keep them: making, showing, changing and removing one's own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from app.domain.errors import EventTypeNotFoundError, Flaw, SettingsRefusedError
from app.domain.event_type import EventTypeRules
from app.domain.event_type_settings import (
    EventTypeSettings,
    check,
    check_change,
    check_child_change,
    shown_to_strangers,
)
from app.domain.reference import ByUsernames
from app.domain.role import Role
from app.services.errors import EventTypeNotOwnedError
from app.services.ports import Caller, EventTypes, Roles

MOST_EVENT_TYPES = 1_000
"""How many event types one person, or one team, may have: they are listed all at once."""

Change: TypeAlias = Callable[[EventTypeSettings], EventTypeSettings]
"""Makes new settings of old ones. Pure: it may be called more than once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """A person as they are shown with an event type."""

    id: int
    username: str
    name: str | None
    organization_ids: tuple[int, ...] = ()
    """In which they have a profile; read of owners alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SomeTeam:
    """A team as it is shown with an event type."""

    id: int
    slug: str
    name: str | None
    organization_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEventType:
    """An event type as it is kept. Invariant: it is a person's (`owner`) or a team's (`team`)."""

    id: int
    owner: Somebody | None
    team: SomeTeam | None
    """Of a managed event type's child, the parent's; its `owner` is there too."""
    parent_id: int | None
    settings: EventTypeSettings
    hosts: tuple[Somebody, ...]
    """Who hosts a team's, in order: its host entries or else those it was assigned to."""

    @property
    def team_id(self) -> int | None:
        """Whose it is; None: a person's."""
        return self.team.id if self.team is not None and self.owner is None else None

    def for_strangers(self) -> "KeptEventType":
        """Return what anybody may know of it."""
        return replace(self, settings=shown_to_strangers(self.settings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which of several event types are wanted, and in which order: by id, the last made first or last."""

    slug: str | None = None
    with_hidden: bool = True
    newest_first: bool = False
    take: int | None = None
    """None: all of them."""
    skip: int = 0


@dataclass(frozen=True, slots=True)
class PersonName:
    """A username; with an organization, the name of a profile there."""

    username: str
    organization_slug: str | None = None
    organization_id: int | None = None


class KeptEventTypes(Protocol):
    """Keeps event types as their owners set them. Every write is whole or does not happen.

    Raises
    ------
    SettingsRefusedError
        By `add` and `change`: if the slug is taken, the schedule is neither the owner's nor a team member's, or a host
        is no accepted member of the team.
    """

    async def get(self, event_type_id: int) -> KeptEventType | None:
        """Return one event type; None if there is none."""

    async def of_person(self, user_id: int, wanted: Wanted) -> list[KeptEventType]:
        """Return a person's own, children of managed ones among them."""

    async def of_team(self, team_id: int, wanted: Wanted) -> list[KeptEventType]:
        """Return a team's."""

    async def of_organization(self, organization_id: int, wanted: Wanted) -> list[KeptEventType]:
        """Return those of all teams of an organization."""

    async def children(self, event_type_id: int) -> list[KeptEventType]:
        """Return the children of a managed event type."""

    async def user_named(self, name: PersonName) -> int | None:
        """Return who bears a name; None for nobody."""

    async def has_team(self, team_id: int, organization_id: int | None) -> bool:
        """Say whether there is such a team, and it is the organization's where one is named."""

    async def add(self, settings: EventTypeSettings, *, owner_id: int | None, team_id: int | None) -> KeptEventType:
        """Make an event type of a person or a team; of a managed one, a child for each of its hosts too.

        Raises
        ------
        TooManyEventTypesError
            If the person or the team has `MOST_EVENT_TYPES`; others' managed ones may bring a person beyond.
        """

    async def change(self, event_type_id: int, change: Change) -> KeptEventType:
        """Set an event type anew, as `change` says, while nobody else does; a managed one's children follow.

        Raises
        ------
        EventTypeNotFoundError
            If there is none.
        """

    async def remove(self, event_type_id: int) -> bool:
        """Remove an event type with its children; bookings stay. False if there is none."""


class EventTypeKeeper:
    """Lets people keep event types of their own, and others look at them."""

    def __init__(self, kept: KeptEventTypes, event_types: EventTypes, roles: Roles) -> None:
        """Work through these ports."""
        self._kept = kept
        self._event_types = event_types
        self._roles = roles

    async def add(self, user_id: int, settings: EventTypeSettings) -> KeptEventType:
        """Make somebody an event type.

        Raises
        ------
        SettingsRefusedError, TooManyEventTypesError
            If the settings cannot be kept, or they have too many.
        """
        check(settings)
        return await self._kept.add(settings, owner_id=user_id, team_id=None)

    async def own(self, user_id: int, wanted: Wanted) -> list[KeptEventType]:
        """Return somebody's own event types, hidden ones among them."""
        return await self._kept.of_person(user_id, wanted)

    async def of_person(self, name: PersonName, wanted: Wanted, caller: Caller | None) -> list[KeptEventType]:
        """Return the event types of somebody by name, hidden ones only to themselves; of nobody, none."""
        user_id = await self._kept.user_named(name)
        if user_id is None:
            return []
        found = await self._kept.of_person(user_id, wanted)
        themselves = caller is not None and caller.user_id == user_id
        return found if themselves else [one.for_strangers() for one in found if not one.settings.hidden]

    async def together(self, usernames: tuple[str, ...], organization_slug: str | None) -> EventTypeRules:
        """Return the dynamic event of several people.

        Raises
        ------
        UserNotFoundError, OrganizationNotFoundError, DynamicBookingDisallowedError
            As `EventTypes.find`.
        """
        return await self._event_types.find(ByUsernames(usernames, organization_slug))

    async def shown(self, caller: Caller, event_type_id: int) -> KeptEventType:
        """Return an event type to those who have to do with it.

        That is its owner, its hosts, and who runs its team or an organization of its team or owner.

        Raises
        ------
        EventTypeNotFoundError
            If there is none, or the caller has not to do with it.
        """
        found = await self._kept.get(event_type_id)
        if found is None or not await self._may_see(caller, found):
            raise EventTypeNotFoundError(event_type_id)
        return found

    async def _may_see(self, caller: Caller, found: KeptEventType) -> bool:
        people = (*found.hosts, *([found.owner] if found.owner else []))
        if caller.user_id in {person.id for person in people}:
            return True
        if found.team is not None and runs(await self._roles.in_team(caller, found.team.id)):
            return True
        organizations = found.owner.organization_ids if found.owner else ()
        for organization_id in organizations:
            if runs(await self._roles.in_organization(caller, organization_id)):
                return True
        return False

    async def change(self, user_id: int, event_type_id: int, change: Change) -> KeptEventType:
        """Change somebody's own event type.

        Raises
        ------
        EventTypeNotFoundError, EventTypeNotOwnedError
            If there is none, or it is not theirs.
        SettingsRefusedError
            If the new settings cannot be kept.
        """
        kept = await self._owned(user_id, event_type_id)
        refuse = check_change if kept.parent_id is None else check_child_change
        return await self._kept.change(event_type_id, checked(change, refuse))

    async def remove(self, user_id: int, event_type_id: int) -> KeptEventType:
        """Remove somebody's own event type, and return what it was.

        Raises
        ------
        EventTypeNotFoundError, EventTypeNotOwnedError
            If there is none, or it is not theirs.
        SettingsRefusedError
            If it is a managed one's child.
        """
        kept = await self._owned(user_id, event_type_id)
        if kept.parent_id is not None:
            raise SettingsRefusedError(Flaw.MANAGED_CHILD, None)
        if not await self._kept.remove(event_type_id):
            raise EventTypeNotFoundError(event_type_id)
        return kept

    async def _owned(self, user_id: int, event_type_id: int) -> KeptEventType:
        kept = await self._kept.get(event_type_id)
        if kept is None:
            raise EventTypeNotFoundError(event_type_id)
        if kept.owner is None or kept.owner.id != user_id:
            raise EventTypeNotOwnedError(user_id, event_type_id)
        return kept


def checked(change: Change, check_both: Callable[[EventTypeSettings, EventTypeSettings], None]) -> Change:
    """Return a change that is refused where old and new settings, in this order, do not pass a check."""

    def change_and_check(before: EventTypeSettings) -> EventTypeSettings:
        after = change(before)
        check_both(before, after)
        return after

    return change_and_check


def runs(role: Role | None) -> bool:
    """Say whether somebody of this role runs the team or organization."""
    return role is not None and role >= Role.ADMIN
