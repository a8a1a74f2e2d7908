"""Webhooks: whom they belong to, what they want to hear of, and what is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from app.domain.time_ranges import Instant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PORTS = {"http": 80, "https": 443}


class Trigger(StrEnum):
    """What a webhook can want to hear of; the values are the public API's."""

    BOOKING_CREATED = "BOOKING_CREATED"
    """A booking stands: it was made, or confirmed after it was asked for."""
    BOOKING_REQUESTED = "BOOKING_REQUESTED"
    """A booking waits for who confirms it."""
    BOOKING_CONFIRMED = "BOOKING_CONFIRMED"
    """Ours: a booking that waited stands, for those who want to tell that from one that was made."""
    BOOKING_REJECTED = "BOOKING_REJECTED"
    BOOKING_RESCHEDULED = "BOOKING_RESCHEDULED"
    BOOKING_CANCELLED = "BOOKING_CANCELLED"
    BOOKING_NO_SHOW_UPDATED = "BOOKING_NO_SHOW_UPDATED"

    RESERVATION_CREATED = "RESERVATION_CREATED"
    """Ours, as the next two: a slot is kept for somebody, or another one in its place."""
    RESERVATION_RELEASED = "RESERVATION_RELEASED"
    """Somebody gave a reservation up. One that becomes a booking is neither released nor does it expire."""
    RESERVATION_EXPIRED = "RESERVATION_EXPIRED"

    # The peer's that never happen here: clients set them, so they are kept.
    BOOKING_PAYMENT_INITIATED = "BOOKING_PAYMENT_INITIATED"
    BOOKING_PAID = "BOOKING_PAID"
    FORM_SUBMITTED = "FORM_SUBMITTED"
    FORM_SUBMITTED_NO_EVENT = "FORM_SUBMITTED_NO_EVENT"
    ROUTING_FORM_FALLBACK_HIT = "ROUTING_FORM_FALLBACK_HIT"
    MEETING_STARTED = "MEETING_STARTED"
    MEETING_ENDED = "MEETING_ENDED"
    RECORDING_READY = "RECORDING_READY"
    RECORDING_TRANSCRIPTION_GENERATED = "RECORDING_TRANSCRIPTION_GENERATED"
    INSTANT_MEETING = "INSTANT_MEETING"
    OOO_CREATED = "OOO_CREATED"
    AFTER_HOSTS_CAL_VIDEO_NO_SHOW = "AFTER_HOSTS_CAL_VIDEO_NO_SHOW"
    AFTER_GUESTS_CAL_VIDEO_NO_SHOW = "AFTER_GUESTS_CAL_VIDEO_NO_SHOW"
    DELEGATION_CREDENTIAL_ERROR = "DELEGATION_CREDENTIAL_ERROR"
    WRONG_ASSIGNMENT_REPORT = "WRONG_ASSIGNMENT_REPORT"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookOwner:
    """Whose webhooks are meant. Invariant: a person's, who hears of all that is theirs, or an event type's."""

    user_id: int | None = None
    event_type_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """What can be set of a webhook."""

    subscriber_url: str = field(repr=False)
    """Where to send; it may hold a token, as the secret does, so neither shows in logs."""
    active: bool
    triggers: tuple[Trigger, ...]
    payload_template: str | None = None
    """What to send in place of the usual body; see `domain.template`."""
    secret: str | None = field(default=None, repr=False)
    """What bodies are signed with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A webhook as it is kept."""

    id: int
    owner: WebhookOwner
    settings: WebhookSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something happened that webhooks may want to hear of."""

    triggers: tuple[Trigger, ...]
    """What it is; a webhook hears of it once for each that it wants."""
    payload: Mapping[str, Any]
    event_type_id: int | None
    """Whose webhooks hear of it; those of a managed one hear of its children's too."""
    user_ids: frozenset[int]
    """Whose own webhooks do, besides those of the event type's owner."""


def receiver_of(url: str) -> str:
    """Return which receiver a web address leads to, as host:port."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"


def utc_text(instant: Instant) -> str:
    """Return an instant as 2050-09-05T07:00:00.000Z."""
    written = (_EPOCH + timedelta(milliseconds=instant)).isoformat(timespec="milliseconds")
    return written.removesuffix("+00:00") + "Z"
