"""What can go wrong in the use cases of bookings."""

from app.domain.availability import Refusal
from app.domain.booking_policy import Disallowed
from app.domain.busy import BookingStatus
from app.domain.errors import HoldfastError
from app.domain.time_ranges import Instant


class BookingRefusedError(HoldfastError):
    """A slot cannot be booked."""

    def __init__(
        self, refusal: Refusal, event_type_id: int | None, start: Instant, host_ids: tuple[int, ...] = ()
    ) -> None:
        """Keep why, which slot, and which hosts are not free, for callers who may know."""
        super().__init__(refusal, event_type_id, start, host_ids)
        self.refusal = refusal
        self.event_type_id = event_type_id
        self.start = start
        self.host_ids = host_ids


class BookingNotFoundError(HoldfastError):
    """There is no booking of this uid, or no seat."""

    def __init__(self, uid: str) -> None:
        """Keep the uid."""
        super().__init__(uid)
        self.uid = uid


class ReservationUsedError(HoldfastError):
    """The reservation has become a booking already."""

    def __init__(self, uid: str) -> None:
        """Keep the reservation's uid."""
        super().__init__(uid)
        self.uid = uid


class OtherSlotReservedError(HoldfastError):
    """A booking was to be made of a reservation that keeps another slot."""

    def __init__(self, uid: str) -> None:
        """Keep the reservation's uid."""
        super().__init__(uid)
        self.uid = uid


class NotBookableError(HoldfastError):
    """The event type's slots are listed but cannot be booked: it has no hosts of its own."""

    def __init__(self, event_type_id: int | None) -> None:
        """Keep the event type."""
        super().__init__(event_type_id)
        self.event_type_id = event_type_id


class BookingOverError(HoldfastError):
    """Something was to be done with a booking that its status does not allow."""

    def __init__(self, uid: str, status: BookingStatus, *, moved: bool = False) -> None:
        """Keep which booking, its status, and whether another took its place."""
        super().__init__(uid, status, moved)
        self.uid = uid
        self.status = status
        self.moved = moved


class SeatUidNeededError(HoldfastError):
    """Only who runs a seated booking may do this with all of it; others say which seat is theirs."""

    def __init__(self, uid: str) -> None:
        """Keep the booking's uid."""
        super().__init__(uid)
        self.uid = uid


class NotRunningBookingError(HoldfastError):
    """Only a host of the booking, or who runs its event type, team or organization, may do this."""

    def __init__(self, uid: str) -> None:
        """Keep the booking's uid."""
        super().__init__(uid)
        self.uid = uid


class NotForSeatsError(HoldfastError):
    """Where there are seats, everybody books one: nobody comes as a guest of another."""


class TooManyAttendeesError(HoldfastError):
    """A booking would have more attendees than one may have."""

    def __init__(self, most: int) -> None:
        """Keep the bound."""
        super().__init__(most)
        self.most = most


class AttendeeNotFoundError(HoldfastError):
    """A booking has no such attendee."""

    def __init__(self, uid: str, attendee: str) -> None:
        """Keep the booking's uid, and who was looked for."""
        super().__init__(uid, attendee)
        self.uid = uid
        self.attendee = attendee


class NotRoundRobinError(HoldfastError):
    """Only bookings of round-robin event types go from one host to another."""

    def __init__(self, uid: str) -> None:
        """Keep the booking's uid."""
        super().__init__(uid)
        self.uid = uid


class BookingChangedError(HoldfastError):
    """Somebody else changed the booking at the same moment."""

    def __init__(self, uid: str) -> None:
        """Keep the booking's uid."""
        super().__init__(uid)
        self.uid = uid


class OneSeatReservedError(HoldfastError):
    """A booking was to be moved with all its seats to where a reservation keeps one."""

    def __init__(self, uid: str) -> None:
        """Keep the reservation's uid."""
        super().__init__(uid)
        self.uid = uid


class ReservedForMoveError(HoldfastError):
    """A reservation was made in the place of a booking, and so becomes no further one."""

    def __init__(self, uid: str, booking_uid: str) -> None:
        """Keep the reservation's uid, and the booking's."""
        super().__init__(uid, booking_uid)
        self.uid = uid
        self.booking_uid = booking_uid


class NotHostedByError(HoldfastError):
    """Somebody is no host of the event type, or of the part of it that a booking needs."""

    def __init__(self, user_id: int) -> None:
        """Keep who."""
        super().__init__(user_id)
        self.user_id = user_id


class NotAllowedError(HoldfastError):
    """The owner of the event type does not allow it."""

    def __init__(self, what: Disallowed, event_type_id: int | None) -> None:
        """Keep what is not allowed, and where."""
        super().__init__(what, event_type_id)
        self.what = what
        self.event_type_id = event_type_id


class TimeTakenError(HoldfastError):
    """The database has another booking of one of the hosts there."""
