"""The reservations of a world file as the store of holds keeps them."""

import secrets

from app.domain.event_type import StaffedEventType
from app.domain.reservation import Claim, KeptReservation
from app.fields import instant_from
from app.storage.world_files.format import Reservation


def kept_as_loaded(reservation: Reservation, staffed: StaffedEventType) -> KeptReservation:
    """Return a reservation of an event type; without hosts of its own it takes all of the event type's."""
    event_type = staffed.event_type
    host_ids = reservation.host_ids
    if host_ids is None:
        host_ids = tuple(host.id for host in staffed.hosts)
    claim = Claim(
        id=secrets.token_urlsafe(12),
        reservation_uid=reservation.uid,
        event_type_id=reservation.event_type_id,
        host_ids=tuple(sorted(host_ids)),
        start=instant_from(reservation.slot_start),
        end=instant_from(reservation.slot_end),
        before_buffer=event_type.before_buffer,
        after_buffer=event_type.after_buffer,
        seats=event_type.seats,
    )
    return KeptReservation(claim=claim, until=instant_from(reservation.reservation_until))
