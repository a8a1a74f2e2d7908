"""Event types of teams: kept by those who run the team, looked at by its members."""

from dataclasses import dataclass, replace

from app.domain.errors import EventTypeNotFoundError
from app.domain.event_type import SchedulingType
from app.domain.event_type_settings import EventTypeSettings, check, check_change
from app.services.errors import MembershipNeededError, RoleNeededError, TeamIdNotFoundError
from app.services.event_types import Change, KeptEventType, KeptEventTypes, Wanted, checked, runs
from app.services.ports import Caller, Roles


@dataclass(frozen=True, slots=True)
class TeamPlace:
    """A team; where an organization is named, one of it."""

    team_id: int
    organization_id: int | None = None


class TeamEventTypeKeeper:
    """Lets those who run a team keep its event types.

    Every method raises TeamIdNotFoundError if the team is not the organization's, and RoleNeededError or
    MembershipNeededError if the caller may not.
    """

    def __init__(self, kept: KeptEventTypes, roles: Roles) -> None:
        """Work through these ports."""
        self._kept = kept
        self._roles = roles

    async def add(self, caller: Caller, place: TeamPlace, settings: EventTypeSettings) -> list[KeptEventType]:
        """Make a team an event type, and return it with its children.

        Raises
        ------
        SettingsRefusedError, TooManyEventTypesError
            If the settings cannot be kept, or it has too many.
        """
        await self._check_runs(caller, place)
        check(settings)
        return await self._family(await self._kept.add(settings, owner_id=None, team_id=place.team_id))

    async def listed(self, caller: Caller | None, place: TeamPlace, wanted: Wanted) -> list[KeptEventType]:
        """Return a team's event types, hidden ones only to its members.

        Strangers may look, but at teams of organizations only by the teams' own path.
        """
        member = caller is not None and await self._roles.in_team(caller, place.team_id) is not None
        if place.organization_id is not None and not member:
            raise MembershipNeededError
        await self._check_place(place)
        found = await self._kept.of_team(place.team_id, replace(wanted, with_hidden=member))
        return found if member else [one.for_strangers() for one in found]

    async def of_organization(self, caller: Caller, organization_id: int, wanted: Wanted) -> list[KeptEventType]:
        """Return the event types of all teams of an organization; hidden ones only to those who run it.

        All of each only to them too, and to those who belong to its team.
        """
        role = await self._roles.in_organization(caller, organization_id)
        if role is None:
            raise MembershipNeededError
        found = await self._kept.of_organization(organization_id, replace(wanted, with_hidden=runs(role)))
        if runs(role):
            return found
        own = await self._roles.teams_of(caller, {one.team_id for one in found if one.team_id is not None})
        return [one if one.team_id in own else one.for_strangers() for one in found]

    async def shown(self, caller: Caller, place: TeamPlace, event_type_id: int) -> KeptEventType:
        """Return one event type of a team to a member.

        Raises
        ------
        EventTypeNotFoundError
            If it has none of this id.
        """
        if await self._roles.in_team(caller, place.team_id) is None:
            raise MembershipNeededError
        return await self._of_team(place, event_type_id)

    async def change(self, caller: Caller, place: TeamPlace, event_type_id: int, change: Change) -> list[KeptEventType]:
        """Change one event type of a team, and return it with its children.

        Raises
        ------
        EventTypeNotFoundError
            If it has none of this id.
        SettingsRefusedError
            If the new settings cannot be kept.
        """
        await self._check_runs(caller, place)
        await self._of_team(place, event_type_id)
        return await self._family(await self._kept.change(event_type_id, checked(change, check_change)))

    async def remove(self, caller: Caller, place: TeamPlace, event_type_id: int) -> KeptEventType:
        """Remove one event type of a team with its children, and return what it was.

        Raises
        ------
        EventTypeNotFoundError
            If it has none of this id.
        """
        await self._check_runs(caller, place)
        kept = await self._of_team(place, event_type_id)
        if not await self._kept.remove(event_type_id):
            raise EventTypeNotFoundError(event_type_id)
        return kept

    async def _check_runs(self, caller: Caller, place: TeamPlace) -> None:
        if not runs(await self._roles.in_team(caller, place.team_id)):
            raise RoleNeededError
        await self._check_place(place)

    async def _check_place(self, place: TeamPlace) -> None:
        if not await self._kept.has_team(place.team_id, place.organization_id):
            raise TeamIdNotFoundError(place.team_id)

    async def _of_team(self, place: TeamPlace, event_type_id: int) -> KeptEventType:
        await self._check_place(place)
        found = await self._kept.get(event_type_id)
        if found is None or found.team_id != place.team_id:
            raise EventTypeNotFoundError(event_type_id)
        return found

    async def _family(self, parent: KeptEventType) -> list[KeptEventType]:
        managed = parent.settings.scheduling is SchedulingType.MANAGED
        return [parent, *(await self._kept.children(parent.id) if managed else [])]
