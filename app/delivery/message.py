"""A delivery as receivers read it: the peer's body and headers, signed."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from app.domain.template import filled, is_json
from app.domain.webhook import utc_text
from app.services.deliver_webhooks import Delivery

SIGNATURE = "X-Cal-Signature-256"
DELIVERY = "X-Holdfast-Delivery"
_VERSION = "2021-10-20"
"""Of the body's shape: the only one there is."""
_UNSIGNED = "no-secret-provided"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. At every try the body is the same, as long as the webhook is."""

    body: bytes
    headers: dict[str, str]


def message(delivery: Delivery) -> Message:
    """Write a delivery; it is signed with HMAC-SHA256 over the very bytes of the body, in hexadecimal.

    Raises
    ------
    TooLargeError
        If its template would make too much of it.
    """
    told = {"triggerEvent": delivery.trigger, "createdAt": utc_text(delivery.created_at)}
    body, kind = _body(told, delivery)
    signature = _UNSIGNED
    if delivery.secret is not None:
        signature = hmac.new(delivery.secret.encode(), body, sha256).hexdigest()
    return Message(
        body,
        {
            "Content-Type": kind,
            "User-Agent": "Holdfast",
            SIGNATURE: signature,
            "X-Cal-Webhook-Version": _VERSION,
            DELIVERY: delivery.id,
        },
    )


def _body(told: dict[str, Any], delivery: Delivery) -> tuple[bytes, str]:
    if delivery.template is None:
        return orjson.dumps({**told, "payload": delivery.payload}), "application/json"
    text = filled(delivery.template, {**delivery.payload, **told})
    return text.encode(), "application/json" if is_json(delivery.template) else "application/x-www-form-urlencoded"
