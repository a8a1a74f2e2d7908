"""How bookings are written down: under a claim that outlives the writing, and with the database's last word.

The claim keeps everybody else away while the bookings are written. It could lapse meanwhile, say in a pod that stood
still, and another's take its place. So it is made to stand longer as the last step before the bookings count, by more
than the database lets them wait: whoever claims the time after that finds the bookings there.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from app.domain.availability import Refusal
from app.domain.booking import BookingRecord, NewBooking, SeatedBooking
from app.domain.busy import BusyTimes
from app.domain.full_periods import full_periods
from app.domain.limits import reach
from app.domain.reservation import Claim
from app.domain.schedule import zone
from app.domain.seats import seats_of, seats_wanted
from app.domain.time_ranges import Instant, overlaps
from app.services.booking_errors import BookingRefusedError, TimeTakenError
from app.services.bookings import IDLE_MS, Bookings, BookingTransaction
from app.services.claim_slots import WantedSlot
from app.services.errors import StoreUnavailableError
from app.services.ports import Holds

_COMMIT_MS = 5_000
"""How long the database is given to let bookings count, once it is told to.

Nothing can cut that short. A database that takes longer, waiting for a replica say, may so have its bookings lie across
a hold of that moment, but never across each other.
"""


class BookingCommitter:
    """Writes bookings down."""

    def __init__(self, bookings: Bookings, holds: Holds) -> None:
        """Work on these ports."""
        self._bookings = bookings
        self._holds = holds

    @asynccontextmanager
    async def under(
        self,
        claim: Claim,
        wanted: WantedSlot,
        *,
        limited: bool = True,
        seats_left_at: Instant | None = None,
        moves_all: bool = False,
        booker: str | None = None,
    ) -> AsyncIterator[BookingTransaction]:
        """Change bookings while a claim stands, and give it up when they count, or when they are refused.

        Where that is not known, because the database does not answer in the end, the claim is left to lapse: the
        bookings may count. Without `limited` no limit is looked at. `seats_left_at` is another start of the event type
        where seats are given up meanwhile: all of a booking's where it `moves_all`. `booker` is an address whose
        bookings are counted.

        Raises
        ------
        BookingRefusedError
            If the database has another booking there, or the limits allow no more.
        StoreUnavailableError
            If a store is away, or the claim has lapsed meanwhile.
        """
        counting = False
        try:
            async with self._bookings.changing(_locks(claim, wanted, seats_left_at, booker)) as changes:
                if limited:
                    await _refuse_beyond_limits(changes, wanted, moves_all=moves_all)
                yield changes
                await self._let_stand(claim)
                counting = True
        except BaseException as error:
            if not counting:
                await self._give_up(claim)
            if isinstance(error, TimeTakenError):
                raise refused(wanted, Refusal.BOOKED) from None
            raise
        await self._give_up(claim)

    async def _let_stand(self, claim: Claim) -> None:
        """Let a claim stand until the bookings count; refuse if it has lapsed."""
        if not await self._holds.extend(claim, IDLE_MS + _COMMIT_MS):
            raise StoreUnavailableError("redis")

    async def _give_up(self, claim: Claim) -> None:
        with suppress(StoreUnavailableError):  # It lapses by itself.
            await self._holds.release(claim)


def refused(wanted: WantedSlot, refusal: Refusal) -> BookingRefusedError:
    """Return the error that says why a slot cannot be booked."""
    return BookingRefusedError(refusal, wanted.staffed.event_type.id, wanted.start)


async def add(
    changes: BookingTransaction, booking: NewBooking, wanted: WantedSlot, *, join: bool = True
) -> BookingRecord:
    """Make a booking or, on a seated type, take a seat in the one that is there, unless it is not to `join` that.

    Raises
    ------
    BookingRefusedError
        If too few seats are left.
    TimeTakenError, ReservationUsedError
        As `BookingTransaction.add`.
    """
    event_type = wanted.staffed.event_type
    if event_type.seats is None or event_type.id is None:
        return await changes.add(booking)
    there = await changes.seats_at(event_type.id, booking.start)
    refuse_beyond_seats(wanted, there, [attendee.email for attendee in booking.attendees])
    for one in there if join else ():
        if booking.seated and one.seated and (one.end, one.status) == (booking.end, booking.status):
            return await changes.add_attendees(one.id, booking.attendees, booking.reservation_uid)
    return await changes.add(replace(booking, overlap_group=group_of(there)))


def refuse_beyond_seats(wanted: WantedSlot, there: Sequence[SeatedBooking], emails: Sequence[str]) -> None:
    """Refuse attendees who find no seat beside those who sit there (docs/rules.md 11); without seats nobody.

    Raises
    ------
    BookingRefusedError
        If too few seats are left.
    """
    seats, host_emails = wanted.staffed.event_type.seats, wanted.staffed.host_emails
    if seats is None:
        return
    taken = sum(seats_of(one.emails, host_emails) for one in there)
    # Anybody may give a host's address, and it takes no seat. So each comes once, or there would be no end of them.
    hosts_there = {email.lower() for one in there for email in one.emails} & host_emails
    comes_again = any(email.lower() in hosts_there for email in emails)
    if comes_again or taken + seats_wanted(emails, host_emails) > seats:
        raise refused(wanted, Refusal.SEATS_FULL)


def group_of(there: Sequence[SeatedBooking]) -> int | None:
    """Return the overlap group of a start of a seated type; None where it has no booking yet."""
    return there[0].overlap_group if there else None


def _locks(claim: Claim, wanted: WantedSlot, seats_left_at: Instant | None, booker: str | None) -> set[str]:
    """Return what only one may write about at a time.

    The database alone would keep two bookings of a host apart too, but of two that meet it may refuse both. A limit is
    locked as a whole: the types that count for a team's may reckon their days in different zones.
    """
    event_type = wanted.staffed.event_type
    locks = {f"host:{host_id}" for host_id in claim.host_ids} | {f"limit:{ledger}" for ledger in event_type.ledgers}
    if event_type.seats is not None:
        starts = {claim.start, claim.start if seats_left_at is None else seats_left_at}
        locks |= {f"seats:{event_type.id}:{start}" for start in starts}
    if booker is not None:
        locks.add(f"booker:{event_type.id}:{booker.lower()}")
    return locks


async def _refuse_beyond_limits(changes: BookingTransaction, wanted: WantedSlot, *, moves_all: bool) -> None:
    """Count the bookings again, now that nobody else can make one that counts (docs/rules.md 10)."""
    staffed, limits = wanted.staffed, wanted.staffed.event_type.limits
    if not limits.all:
        return
    where = zone(staffed.zone)
    counted = await changes.accepted_bookings(
        staffed.event_type.limited_type_ids, reach(limits.all, where, wanted.time)
    )
    # A class that one seat of several leaves goes on, and counts.
    goes_on = not moves_all and any(
        one.uid == wanted.rescheduling and one.seated and len(one.attendee_emails) > 1 for one in counted
    )
    full = full_periods(
        staffed,
        BusyTimes(limited=counted),
        where,
        wanted.time,
        length=wanted.length,
        rescheduling=None if goes_on else wanted.rescheduling,
    )
    if any(overlaps(period.time, wanted.time) for period in full):
        raise refused(wanted, Refusal.LIMIT)
