"""Errors as callers read them: the shape of the peer's envelope, with what ours adds to its details."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from app.api.instants import InstantText


class FieldErrorData(TypedDict):
    """What is wrong with one field: its name, its value where that can be shown, and the rules it breaks."""

    property: str
    value: object
    constraints: dict[str, str]


class FieldErrors(TypedDict):
    """What is wrong with a body, field by field."""

    errors: list[FieldErrorData]


class MoreDetails(TypedDict, total=False):
    """Of a slot who is not free for it, to callers who may know; of a batch what would have become of each item."""

    hostIds: list[int]
    items: list["ItemOutcome"]


class ErrorDetails(MoreDetails):
    """The refusal once more, and what else there is to say of it."""

    message: str
    error: str
    statusCode: int


class ErrorData(TypedDict):
    """What went wrong: a code and a text."""

    code: str
    message: str
    details: FieldErrors | ErrorDetails


class RefusedItem(TypedDict):
    """An item of a batch that is refused."""

    status: Literal["error"]
    error: ErrorData


class ItemOutcome(TypedDict):
    """What would have become of an item of a batch of which nothing is kept."""

    index: int
    status: Literal["success", "error"]
    error: NotRequired[ErrorData]


class ErrorEnvelope(TypedDict):
    """Every answer that is not a good one."""

    status: Literal["error"]
    timestamp: InstantText
    path: str
    error: ErrorData
