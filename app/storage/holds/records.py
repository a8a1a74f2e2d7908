"""How a claim is written into its keys."""

import orjson

from app.domain.reservation import Claim, KeptReservation, Quota
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
            "quotas": [[quota.name, quota.most] for quota in claim.quotas],
            "firstAt": claim.first_at,
            "rescheduling": claim.rescheduling,
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
            quotas=tuple(Quota(name, most) for name, most in values["quotas"]),
            first_at=values["firstAt"],
            rescheduling=values.get("rescheduling"),  # Holds outlive an upgrade, and older ones lack it.
        ),
        until=values["until"],
    )
