"""Use case: keep the schedules that people's hours come from.

Whoever owns a schedule may read and write it; who may do so in an owner's place is checked before (`member_access`).
"""

from dataclasses import dataclass
from typing import Protocol

from app.domain.owned_schedule import OwnedSchedule, ScheduleChange, ScheduleDraft
from app.services.errors import NotOwnScheduleError, ScheduleNotFoundError
from app.services.member_access import MemberAccess
from app.services.ports import Caller, Page

MOST_SCHEDULES = 100
"""How many schedules one person may have: they are listed all at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamMembers:
    """Whose schedules are wanted: a team's accepted members', all or some."""

    team_id: int
    organization_id: int | None = None
    """The organization that the team is looked for in; None: anywhere."""
    member_id: int | None = None
    """Only this member's."""
    event_type_id: int | None = None
    """Only those of this event type's hosts."""


class Schedules(Protocol):
    """Keeps schedules. Every method raises StoreUnavailableError if the store does not answer in time."""

    async def find(self, schedule_id: int) -> OwnedSchedule | None:
        """Return a schedule, whoever owns it."""

    async def of_user(self, user_id: int) -> tuple[OwnedSchedule, ...]:
        """Return a user's schedules in the order they were made."""

    async def default_of(self, user_id: int) -> OwnedSchedule | None:
        """Return the schedule that a user's hours come from where nothing names another."""

    async def of_team(self, team: TeamMembers, page: Page) -> tuple[OwnedSchedule, ...]:
        """Return the schedules of a team's members, member by member."""

    async def of_organization(self, organization_id: int, page: Page) -> tuple[OwnedSchedule, ...]:
        """Return the schedules of an organization's accepted members, member by member."""

    async def create(self, owner_id: int, draft: ScheduleDraft, uid: str) -> OwnedSchedule:
        """Make a schedule under a uid, or return the one made under it before. Somebody's first is their default.

        Raises
        ------
        UserIdNotFoundError
            If there is no such owner.
        TooManySchedulesError
            If the owner has `MOST_SCHEDULES` already.
        """

    async def change(self, owner_id: int, schedule_id: int, change: ScheduleChange) -> OwnedSchedule | None:
        """Change a schedule; None if the owner does not have it."""

    async def delete(self, owner_id: int, schedule_id: int) -> bool:
        """Delete a schedule; False if the owner does not have it.

        Whatever named it goes by its people's defaults from then on. Where it was its owner's default, the first of
        those left becomes that.
        """


class ScheduleKeeper:
    """Makes, shows, changes and deletes the schedules of one owner at a time, and lists those of many."""

    def __init__(self, schedules: Schedules, access: MemberAccess) -> None:
        """Keep them in this store; `access` says who may look at those of many."""
        self._schedules = schedules
        self._access = access

    async def of_user(self, owner_id: int) -> tuple[OwnedSchedule, ...]:
        """Return all schedules of an owner."""
        return await self._schedules.of_user(owner_id)

    async def default_of(self, owner_id: int) -> OwnedSchedule | None:
        """Return an owner's default schedule; None: they have none."""
        return await self._schedules.default_of(owner_id)

    async def of_team(self, caller: Caller, team: TeamMembers, page: Page) -> tuple[OwnedSchedule, ...]:
        """Return the schedules of a team's members to somebody who runs it.

        Raises
        ------
        RoleNeededError, TeamIdNotFoundError
            As `MemberAccess.check_team`.
        """
        await self._access.check_team(caller, team.team_id, team.organization_id)
        return await self._schedules.of_team(team, page)

    async def of_organization(self, caller: Caller, organization_id: int, page: Page) -> tuple[OwnedSchedule, ...]:
        """Return the schedules of an organization's members to somebody who runs it.

        Raises
        ------
        RoleNeededError
            As `MemberAccess.check_organization`.
        """
        await self._access.check_organization(caller, organization_id)
        return await self._schedules.of_organization(organization_id, page)

    async def show(self, owner_id: int, schedule_id: int) -> OwnedSchedule:
        """Return one schedule of an owner.

        Raises
        ------
        ScheduleNotFoundError
            If there is none of this id.
        NotOwnScheduleError
            If it is somebody else's.
        """
        found = await self._schedules.find(schedule_id)
        if found is None:
            raise ScheduleNotFoundError(schedule_id)
        if found.owner_id != owner_id:
            raise NotOwnScheduleError(owner_id, schedule_id)
        return found

    async def create(self, owner_id: int, draft: ScheduleDraft, uid: str) -> OwnedSchedule:
        """Make a schedule; see `Schedules.create`."""
        return await self._schedules.create(owner_id, draft, uid)

    async def change(self, owner_id: int, schedule_id: int, change: ScheduleChange) -> OwnedSchedule:
        """Change a schedule and return it as it is then.

        Raises
        ------
        ScheduleNotFoundError, NotOwnScheduleError
            As `show`.
        """
        await self.show(owner_id, schedule_id)
        changed = await self._schedules.change(owner_id, schedule_id, change)
        if changed is None:
            raise ScheduleNotFoundError(schedule_id)
        return changed

    async def delete(self, owner_id: int, schedule_id: int) -> None:
        """Delete a schedule; see `Schedules.delete`.

        Raises
        ------
        ScheduleNotFoundError, NotOwnScheduleError
            As `show`.
        """
        await self.show(owner_id, schedule_id)
        if not await self._schedules.delete(owner_id, schedule_id):
            raise ScheduleNotFoundError(schedule_id)
