"""Who runs a booking: decides about it, and sees who attends it."""

from collections.abc import Collection

from app.domain.booking import BookingRecord
from app.domain.event_type import EventType
from app.domain.role import Role
from app.services.booking_errors import NotRunningBookingError
from app.services.ports import Caller, Roles


class BookingRunners:
    """Knows who runs bookings: hosts, the owner of the event type, and who runs its team.

    A person's own are run by the admins of the person's organizations too; a team's are not, since who hosts for a team
    may belong to other organizations besides.
    """

    def __init__(self, roles: Roles) -> None:
        """Work on this port."""
        self._roles = roles

    async def runs(self, caller: Caller | None, booking: BookingRecord) -> bool:
        """Say whether somebody runs a booking.

        Raises
        ------
        StoreUnavailableError
            If the store is away.
        """
        if caller is None:
            return False
        if caller.user_id is not None and caller.user_id in (booking.owner_id, *booking.host_ids):
            return True
        return await self._is_admin(caller, booking.team_id, booking.host_ids)

    async def owns(self, caller: Caller, event_type: EventType) -> bool:
        """Say whether somebody owns an event type or runs its team, or an organization of its owner.

        Raises
        ------
        StoreUnavailableError
            If the store is away.
        """
        if caller.user_id is not None and caller.user_id == event_type.owner_id:
            return True
        return await self._is_admin(caller, event_type.team_id, [event_type.owner_id or 0])

    async def _is_admin(self, caller: Caller, team_id: int | None, user_ids: Collection[int]) -> bool:
        """Say whether somebody runs a team or, without one, an organization of one of some people."""
        if team_id is None:
            role = await self._roles.over(caller, user_ids)
        else:
            role = await self._roles.in_team(caller, team_id)
        return role is not None and role >= Role.ADMIN

    async def refuse_others(self, caller: Caller, booking: BookingRecord) -> None:
        """Refuse who does not run a booking.

        Raises
        ------
        NotRunningBookingError
            If the caller does not.
        """
        if not await self.runs(caller, booking):
            raise NotRunningBookingError(booking.uid)
