"""What the owner of an event type does not allow is refused (`BookingPolicy`)."""

from app.domain.booking_policy import BookingPolicy, Disallowed
from app.domain.event_type import StaffedEventType
from app.domain.time_ranges import Instant
from app.services.booking_errors import NotAllowedError
from app.services.bookings import BookingTransaction
from app.services.ports import Caller
from app.services.run_bookings import BookingRunners


async def refuse_booker(
    caller: Caller | None, staffed: StaffedEventType, policy: BookingPolicy, runners: BookingRunners
) -> None:
    """Refuse who may not book the event type.

    Raises
    ------
    NotAllowedError
        If only those may who own, run or host it, and the caller does not.
    """
    event_type = staffed.event_type
    if not policy.only_by_owners:
        return
    if caller is None:
        raise NotAllowedError(Disallowed.BOOKING_UNKNOWN, event_type.id)
    if caller.user_id not in staffed.all_host_ids and not await runners.owns(caller, event_type):
        raise NotAllowedError(Disallowed.BOOKING_OTHERS, event_type.id)


def counted_booker(policy: BookingPolicy, email: str) -> str | None:
    """Return the address whose bookings are counted, if any are."""
    return None if policy.most_of_booker is None else email


async def refuse_more(
    changes: BookingTransaction, policy: BookingPolicy, event_type_id: int | None, email: str, now: Instant
) -> None:
    """Refuse one more booking of somebody who has as many to come as one may have.

    Raises
    ------
    NotAllowedError
        If they have so many.
    """
    if policy.most_of_booker is None or event_type_id is None:
        return
    if await changes.to_come(event_type_id, email, now) >= policy.most_of_booker:
        raise NotAllowedError(Disallowed.BOOKING_MORE, event_type_id)
