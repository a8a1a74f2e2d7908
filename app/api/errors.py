"""Errors as callers read them: the peer's envelope, and the one table from domain errors to status and text."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from app.domain import errors as domain

_CODES = {
    400: "BadRequestException",
    401: "UnauthorizedException",
    403: "ForbiddenException",
    404: "NotFoundException",
    405: "MethodNotAllowedException",
    409: "ConflictException",
    413: "PayloadTooLargeException",
    415: "UnsupportedMediaTypeException",
    422: "UnprocessableEntityException",
    429: "ThrottlerException",
    431: "RequestHeaderFieldsTooLargeException",
    500: "INTERNAL_SERVER_ERROR",
    501: "NotImplementedException",
    503: "ServiceUnavailableException",
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a body."""

    property: str
    value: object
    constraints: dict[str, str]


@dataclass(slots=True)
class RequestError(Exception):
    """A request that is refused, in HTTP's words."""

    status: int
    message: str
    errors: tuple[FieldError, ...] = ()
    retry_after_s: int | None = None
    headers: dict[str, str] = field(default_factory=dict)


def bad_request(message: str) -> RequestError:
    """Return the refusal of a request that cannot be understood."""
    return RequestError(400, message)


def error_object(error: RequestError) -> dict[str, Any]:
    """Return the `error` of an envelope: `code`, `message`, `details`."""
    details: dict[str, Any]
    if error.errors:
        details = {
            "errors": [
                {"property": one.property, "value": one.value, "constraints": one.constraints} for one in error.errors
            ]
        }
    else:
        details = {
            "message": error.message,
            "error": HTTPStatus(error.status).phrase,
            "statusCode": error.status,
        }
    return {"code": _CODES.get(error.status, "HttpException"), "message": error.message, "details": details}


_Explain = Callable[[Any], RequestError]


def _lengths(error: domain.DurationNotOfferedError) -> str:
    return ", ".join(str(length) for length in error.lengths)


_TABLE: dict[type[domain.HoldfastError], _Explain] = {
    domain.UnknownTimeZoneError: lambda e: RequestError(400, f"'{e.name[:64]}' is not a time zone."),
    domain.WindowTooLongError: lambda e: RequestError(
        400, f"The time range is too long: at most {e.longest_days} days can be listed at once."
    ),
    domain.EventTypeManagedError: lambda e: RequestError(
        400,
        f"Event type {e.event_type_id} is a managed event type's template and has no slots of its own. "
        "Ask for one of its children, which belong to the people it was assigned to.",
    ),
    domain.DynamicDurationError: lambda e: RequestError(
        400, f"'duration' of a dynamic event must be from 1 to {e.longest} minutes."
    ),
    domain.FixedLengthError: lambda e: RequestError(
        400, f"This event type has one length, {e.length} minutes; {e.duration} is not offered."
    ),
    domain.DurationNotOfferedError: lambda e: RequestError(
        400, f"'duration' {e.duration} is not offered. The lengths of this event type are: {_lengths(e)}"
    ),
    domain.DynamicBookingDisallowedError: lambda e: RequestError(
        401, f"{e.username} does not allow being booked together with others."
    ),
    domain.EventTypeNotFoundError: lambda _: RequestError(404, "Event Type not found"),
    domain.UserNotFoundError: lambda e: RequestError(404, f"User with username {e.username} not found"),
    domain.TeamNotFoundError: lambda e: RequestError(404, f"Team with slug {e.slug} not found"),
    domain.OrganizationNotFoundError: lambda e: RequestError(404, f"Organization with slug {e.slug} not found"),
    domain.NotThereYetError: lambda e: RequestError(
        501, f"This version of Holdfast cannot answer yet: the event type uses {e.what}."
    ),
}


def request_error(error: domain.HoldfastError) -> RequestError:
    """Say a domain error in HTTP's words.

    Raises
    ------
    KeyError
        If the table lacks it, which a test rules out.
    """
    return _TABLE[type(error)](error)
