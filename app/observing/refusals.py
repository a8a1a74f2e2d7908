"""Counts why slots were refused."""

from app.observing.metrics import REFUSALS
from app.services.errors import BatchRefusedError, NotReservableError, QuotaExceededError, SlotRefusedError


def count_refusals(error: Exception | None) -> None:
    """Count a refusal, and each one of a batch; other errors are none."""
    match error:
        case SlotRefusedError():
            REFUSALS.labels(error.refusal.name.lower()).inc()
        case QuotaExceededError():
            REFUSALS.labels("quota").inc()
        case NotReservableError():
            REFUSALS.labels("not_reservable").inc()
        case BatchRefusedError():
            for one in error.refusals:
                count_refusals(one)
