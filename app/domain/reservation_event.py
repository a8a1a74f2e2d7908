"""What webhooks are told when something happens to a reservation."""

from typing import Any

from app.domain.reservation import KeptReservation
from app.domain.webhook import Event, Trigger, utc_text


def created(kept: KeptReservation, instead_of: KeptReservation | None = None) -> Event:
    """Return that a slot is kept, perhaps instead of an earlier one of the same reservation."""
    return _event(Trigger.RESERVATION_CREATED, kept, {} if instead_of is None else {"movedFrom": _slot(instead_of)})


def released(kept: KeptReservation) -> Event:
    """Return that a reservation was given up."""
    return _event(Trigger.RESERVATION_RELEASED, kept, {})


def expired(kept: KeptReservation) -> Event:
    """Return that the time of a reservation is up."""
    return _event(Trigger.RESERVATION_EXPIRED, kept, {})


def _event(trigger: Trigger, kept: KeptReservation, more: dict[str, Any]) -> Event:
    claim = kept.claim
    return Event(
        triggers=(trigger,),
        payload={"reservationUid": kept.uid, "eventTypeId": claim.event_type_id, **_slot(kept), **more},
        event_type_id=claim.event_type_id,
        user_ids=frozenset(claim.host_ids),
    )


def _slot(kept: KeptReservation) -> dict[str, Any]:
    return {
        "slotStart": utc_text(kept.claim.start),
        "slotEnd": utc_text(kept.claim.end),
        "slotDuration": kept.length,
        "reservationUntil": utc_text(kept.until),
        "hostIds": list(kept.claim.host_ids),
    }
