"""Errors as callers read them: the peer's envelope."""

from dataclasses import dataclass, field

from app.api.error_shapes import ErrorData, ErrorDetails, FieldErrors, MoreDetails

STATUS_NAMES = {
    400: ("BadRequestException", "Bad Request"),
    401: ("UnauthorizedException", "Unauthorized"),
    403: ("ForbiddenException", "Forbidden"),
    404: ("NotFoundException", "Not Found"),
    408: ("RequestTimeoutException", "Request Timeout"),
    409: ("ConflictException", "Conflict"),
    413: ("PayloadTooLargeException", "Payload Too Large"),
    417: ("HttpException", "Expectation Failed"),
    422: ("UnprocessableEntityException", "Unprocessable Entity"),
    429: ("ThrottlerException", "Too Many Requests"),
    500: ("INTERNAL_SERVER_ERROR", "Internal Server Error"),
    503: ("ServiceUnavailableException", "Service Unavailable"),
}
"""A status's code and name as the peer writes them; the standard library renames some from version to version."""

INTERNAL_ERROR = "Internal server error."


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
    more: MoreDetails = field(default_factory=MoreDetails)
    """Further fields of the details."""
    headers: dict[str, str] = field(default_factory=dict)
    """Further headers of the answer."""


def bad_request(message: str) -> RequestError:
    """Return the refusal of a request that cannot be understood."""
    return RequestError(400, message)


def error_object(error: RequestError) -> ErrorData:
    """Return the `error` of an envelope."""
    code, name = STATUS_NAMES.get(error.status, ("HttpException", "Error"))
    details: FieldErrors | ErrorDetails
    if error.errors:
        details = {
            "errors": [{"property": e.property, "value": e.value, "constraints": e.constraints} for e in error.errors]
        }
    else:
        details = {"message": error.message, "error": name, "statusCode": error.status, **error.more}
    return {"code": code, "message": error.message, "details": details}
