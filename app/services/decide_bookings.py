"""Use cases of those who run a booking: confirm or decline it, pass it on, say who came, add people."""

from collections.abc import Mapping, Sequence

from app.domain import booking_event
from app.domain.booking import Attendee, BookedHost, BookingRecord, newcomers
from app.domain.busy import BookingStatus
from app.domain.event_type import Host, SchedulingType, StaffedEventType, staff
from app.domain.reservation import Claim
from app.domain.seats import seats_wanted
from app.services.booking_errors import (
    AttendeeNotFoundError,
    BookingChangedError,
    BookingOverError,
    BookingRefusedError,
    NotForSeatsError,
    NotHostedByError,
    NotRoundRobinError,
    NotRunningBookingError,
    TooManyAttendeesError,
)
from app.services.bookings import Bookings, BookingTransaction, booking_refusals, found, refuse_over
from app.services.claim_slots import SlotClaimer, WantedSlot
from app.services.commit_bookings import BookingCommitter, group_of, refuse_beyond_seats
from app.services.keep_slots import new_uid
from app.services.move_bookings import reference_of
from app.services.ports import Caller, DrawnUid, EventTypes
from app.services.run_bookings import BookingRunners

MOST_ATTENDEES = 50
"""Of one booking that is not seated."""


class BookingDecider:
    """Does with bookings what those may who run them."""

    def __init__(
        self,
        event_types: EventTypes,
        claimer: SlotClaimer,
        bookings: Bookings,
        committer: BookingCommitter,
        runners: BookingRunners,
    ) -> None:
        """Work on these ports."""
        self._event_types = event_types
        self._claimer = claimer
        self._bookings = bookings
        self._committer = committer
        self._runners = runners

    async def confirm(self, uid: str, caller: Caller, *, again: bool = False) -> BookingRecord:
        """Let a pending booking stand. Its time is claimed first, for it may have been on offer meanwhile.

        Asked `again`, since nobody knows what became of it, one that stands is fine.

        Raises
        ------
        BookingNotFoundError, NotRunningBookingError, BookingOverError
            If there is no such booking, the caller may not, or it does not wait for this.
        BookingRefusedError
            If its time is taken by now, or the limits allow no more.
        BookingChangedError
            If it goes to another host at the same moment.
        StoreUnavailableError
            If a store is away.
        """
        booking = await self._run_by(caller, uid)
        if again and booking.status is BookingStatus.ACCEPTED:
            return booking
        _refuse_unless_pending(booking)
        wanted = await self._as_booked(booking)
        # Where it blocks, it has its seats already.
        seats = 0 if booking.blocks else seats_wanted(_emails(booking), wanted.staffed.host_emails)
        claim = await self._claim(wanted, booking.host_ids, limited=True, seats=seats)
        async with self._committer.under(claim, wanted) as changes:
            booking = found(await changes.lock(uid), uid)
            if again and booking.status is BookingStatus.ACCEPTED:
                return booking
            _refuse_unless_pending(booking)
            if set(booking.host_ids) != set(claim.host_ids):
                raise BookingChangedError(uid)
            await changes.accept(booking.id, await _seated_group(changes, booking, wanted))
            booking = found(await changes.lock(uid), uid)
            await changes.tell(booking_event.confirmed(booking))
            return booking

    async def decline(self, uid: str, caller: Caller, reason: str | None, *, again: bool = False) -> BookingRecord:
        """Turn a pending booking down; its time is free again. Asked `again`, one that is turned down is fine.

        Raises
        ------
        BookingNotFoundError, NotRunningBookingError, BookingOverError
            As `confirm`.
        """
        await self._run_by(caller, uid)
        async with self._bookings.changing() as changes:
            booking = found(await changes.lock(uid), uid)
            if again and booking.status is BookingStatus.REJECTED:
                return booking
            _refuse_unless_pending(booking)
            await changes.reject(booking.id, reason=reason)
            booking = found(await changes.lock(uid), uid)
            await changes.tell(booking_event.declined(booking))
            return booking

    # Hosts ---------------------------------------------------------------------------------------------------------

    async def reassign(
        self, uid: str, caller: Caller, to_user_id: int | None, drawn: DrawnUid | None = None
    ) -> BookedHost:
        """Give a round-robin booking to another host of the same group: to one of those who are free, or to this one.

        Return who has it now; what an earlier try gave under the drawn uid is not given on.

        Whom the caller names need not be at work then, but must have nothing else booked.

        Raises
        ------
        BookingNotFoundError, NotRunningBookingError, BookingOverError
            If there is no such booking, the caller may not, or it is over.
        NotRoundRobinError, NotHostedByError
            If it cannot go to another host, or not to this one.
        BookingRefusedError
            If no other host is free.
        BookingChangedError
            If it goes to another host at the same moment.
        StoreUnavailableError
            If a store is away.
        """
        given = await self._given(drawn)
        if given is not None:
            return given
        try:
            return await self._reassigned(uid, caller, to_user_id, drawn)
        except (
            BookingChangedError,
            BookingOverError,
            BookingRefusedError,
            NotHostedByError,
            NotRoundRobinError,
            NotRunningBookingError,
        ):
            # What is in the way may be what an earlier try has done since.
            given = await self._given(drawn)
            if given is None:
                raise
            return given

    async def _given(self, drawn: DrawnUid | None) -> BookedHost | None:
        return await self._bookings.given(drawn.uid) if drawn is not None and drawn.perhaps_kept else None

    async def _reassigned(self, uid: str, caller: Caller, to_user_id: int | None, drawn: DrawnUid | None) -> BookedHost:
        booking = await self._run_by(caller, uid)
        refuse_over(booking)
        wanted = await self._as_booked(booking)
        leaving, others = _others(wanted.staffed, booking)
        if to_user_id is None:
            candidates = await self._free(wanted, others)
        else:
            candidates = [host.id for host in others if host.id == to_user_id]
            if not candidates:
                raise NotHostedByError(to_user_id)
        claim = await self._claim_one(wanted, candidates)
        under = None if drawn is None else drawn.uid
        async with self._committer.under(claim, wanted, limited=False) as changes:
            booking = found(await changes.lock(uid), uid)
            given = None if under is None else await changes.given(under)
            if given is not None:
                return given
            refuse_over(booking)
            if leaving not in booking.host_ids or claim.host_ids[0] in booking.host_ids:
                raise BookingChangedError(uid)
            await changes.give_to(booking.id, claim.host_ids[0], leaving, under)
            booking = found(await changes.lock(uid), uid)
        return next(host for host in booking.hosts if host.id in claim.host_ids)

    async def _free(self, wanted: WantedSlot, hosts: Sequence[Host]) -> list[int]:
        with booking_refusals():
            return await self._claimer.free_hosts(wanted, hosts)

    async def _claim_one(self, wanted: WantedSlot, candidates: Sequence[int]) -> Claim:
        """Claim the first of some hosts that nobody else has a hold of."""
        for host_id in candidates[:-1]:
            try:
                return await self._claim(wanted, [host_id])
            except BookingRefusedError:
                continue
        return await self._claim(wanted, candidates[-1:])

    # People --------------------------------------------------------------------------------------------------------

    async def mark_absent(
        self, uid: str, caller: Caller, *, host: bool | None, attendees: Mapping[str, bool]
    ) -> BookingRecord:
        """Note who did not come, the host or attendees, by e-mail.

        Raises
        ------
        BookingNotFoundError, NotRunningBookingError, BookingOverError
            If there is no such booking, the caller may not, or it is over.
        AttendeeNotFoundError
            If one of them is no attendee; then nothing is noted.
        """
        await self._run_by(caller, uid)
        async with self._bookings.changing() as changes:
            booking = found(await changes.lock(uid), uid)
            refuse_over(booking)
            attending = {attendee.email.lower() for attendee in booking.attendees}
            for email in attendees:
                if email.lower() not in attending:
                    raise AttendeeNotFoundError(uid, email)
            absent = {email.lower(): is_absent for email, is_absent in attendees.items()}
            await changes.mark_absent(booking.id, host=host, attendees=absent)
            booking = found(await changes.lock(uid), uid)
            await changes.tell(booking_event.absence_noted(booking))
            return booking

    async def add(self, uid: str, caller: Caller, people: Sequence[Attendee]) -> BookingRecord:
        """Let further people take part; whoever does already stays as they are.

        Raises
        ------
        BookingNotFoundError, NotRunningBookingError, BookingOverError
            If there is no such booking, the caller may not, or it is over.
        NotForSeatsError, TooManyAttendeesError
            If seats must be booked there, or it has too many people already.
        """
        await self._run_by(caller, uid)
        async with self._bookings.changing() as changes:
            booking = found(await changes.lock(uid), uid)
            refuse_over(booking)
            if booking.seated:
                raise NotForSeatsError
            new = newcomers(people, booking.attendees)
            if len(booking.attendees) + len(new) > MOST_ATTENDEES:
                raise TooManyAttendeesError(MOST_ATTENDEES)
            return await changes.add_attendees(booking.id, new) if new else booking

    async def relocate(self, uid: str, caller: Caller, location: str) -> BookingRecord:
        """Say where a booking takes place.

        Raises
        ------
        BookingNotFoundError, NotRunningBookingError, BookingOverError
            If there is no such booking, the caller may not, or it is over.
        """
        await self._run_by(caller, uid)
        async with self._bookings.changing() as changes:
            booking = found(await changes.lock(uid), uid)
            refuse_over(booking)
            await changes.relocate(booking.id, location)
            return found(await changes.lock(uid), uid)

    # Shared --------------------------------------------------------------------------------------------------------

    async def _run_by(self, caller: Caller, uid: str) -> BookingRecord:
        booking = found(await self._bookings.find(uid), uid)
        await self._runners.refuse_others(caller, booking)
        return booking

    async def _as_booked(self, booking: BookingRecord) -> WantedSlot:
        """Return the slot that a booking takes, as one that is wanted in its own place."""
        staffed = staff(await self._event_types.find(reference_of(booking)))
        return WantedSlot(
            staffed=staffed,
            start=booking.start,
            length=booking.length,
            rescheduling=booking.uid,
            own=None,
            buffers=(booking.before_buffer, booking.after_buffer),
        )

    async def _claim(
        self, wanted: WantedSlot, host_ids: Sequence[int], *, limited: bool = False, seats: int = 0
    ) -> Claim:
        with booking_refusals():
            claimed = await self._claimer.claim_for(wanted, new_uid(), host_ids, limited=limited, seats=seats)
        return claimed.claim


async def _seated_group(changes: BookingTransaction, booking: BookingRecord, wanted: WantedSlot) -> int | None:
    """Return the overlap group that a seated booking joins when it is confirmed, if it finds its seats.

    Where there are no seats nothing is looked at: that would wait for all others at this start.

    Raises
    ------
    BookingRefusedError
        If it had no seats until now, and too few are left.
    """
    if wanted.staffed.event_type.seats is None and not booking.seated:
        return None
    sitting = await changes.seats_at(booking.event_type_id or 0, booking.start)
    beside = [one for one in sitting if one.id != booking.id]
    if not booking.blocks:
        refuse_beyond_seats(wanted, beside, _emails(booking))
    return group_of(beside) if booking.seated else None


def _emails(booking: BookingRecord) -> list[str]:
    return [attendee.email for attendee in booking.attendees]


def _refuse_unless_pending(booking: BookingRecord) -> None:
    if booking.status is not BookingStatus.PENDING:
        raise BookingOverError(booking.uid, booking.status, moved=booking.rescheduled_to_uid is not None)


def _others(staffed: StaffedEventType, booking: BookingRecord) -> tuple[int, list[Host]]:
    """Return which host leaves a round-robin booking, and who else is in that host's group.

    Raises
    ------
    NotRoundRobinError
        If it has no host of a group of several.
    """
    if staffed.event_type.scheduling is SchedulingType.ROUND_ROBIN and staffed.event_type.seats is None:
        for group in staffed.groups:
            others = [host for host in group if host.id not in booking.host_ids]
            leaving = next((host.id for host in group if host.id in booking.host_ids), None)
            if leaving is not None and others:
                return leaving, others
    raise NotRoundRobinError(booking.uid)
