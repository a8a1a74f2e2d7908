"""How a claim is written into its keys."""

import orjson

from app.domain.busy import Reservation
from app.domain.reservation import Claim, KeptReservation
from app.domain.time_ranges import Instant


def written(claim: Claim, until: Instant) -> bytes:
    """Return the record of a claim that stands until an instant."""
    return orjson.dumps(
        {
            "claim": claim.id,
            "uid": claim.reservation_uid,
            "eventTypeId": claim.event_type_id,
            "hostIds": claim.host_ids,
            "start": claim.start,
            "end": claim.end,
            "before": claim.before_buffer,
            "after": claim.after_buffer,
            "seats": claim.seats,
            "ledgers": claim.ledgers,
            "until": until,
        }
    )


def read(record: bytes | str) -> KeptReservation:
    """Read a record back."""
    values = orjson.loads(record)
    return KeptReservation(
        claim=Claim(
            id=values["claim"],
            reservation_uid=values["uid"],
            event_type_id=values["eventTypeId"],
            host_ids=tuple(values["hostIds"]),
            start=values["start"],
            end=values["end"],
            before_buffer=values["before"],
            after_buffer=values["after"],
            seats=values["seats"],
            ledgers=tuple(values["ledgers"]),
        ),
        until=values["until"],
    )


def as_busy(kept: KeptReservation) -> Reservation:
    """Return a reservation as what takes its hosts' time."""
    claim = kept.claim
    return Reservation(
        uid=claim.reservation_uid,
        event_type_id=claim.event_type_id,
        host_ids=frozenset(claim.host_ids),
        start=claim.start,
        end=claim.end,
        until=kept.until,
        before_buffer=claim.before_buffer,
        after_buffer=claim.after_buffer,
        seated=claim.seats is not None,
    )
