"""Who runs a booking: decides about it, and sees who attends it."""

from app.domain.booking import BookingRecord
from app.domain.role import Role
from app.services.booking_errors import NotRunningBookingError
from app.services.ports import Caller, Roles


class BookingRunners:
    """Knows who runs bookings: hosts, the owner of the event type, and admins of their team or organization."""

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
        in_team = None if booking.team_id is None else await self._roles.in_team(caller, booking.team_id)
        over_hosts = await self._roles.over(caller, booking.host_ids)
        return any(role is not None and role >= Role.ADMIN for role in (in_team, over_hosts))

    async def refuse_others(self, caller: Caller, booking: BookingRecord) -> None:
        """Refuse who does not run a booking.

        Raises
        ------
        NotRunningBookingError
            If the caller does not.
        """
        if not await self.runs(caller, booking):
            raise NotRunningBookingError(booking.uid)
