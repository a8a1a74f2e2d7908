"""Reading bodies and writing answers: JSON on both sides, bounded in size, depth and time.

What is answered is described by TypedDicts beside the functions that write it. They cost nothing where listings are
written, mypy holds the functions to them, a test those that join text at once, and the OpenAPI document is made from
them.
"""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, Generic, Literal, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, ValidationError, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from typing_extensions import TypedDict, override

from app.api.admission import TURN
from app.api.errors import FieldError, RequestError, bad_request
from app.observing.phases import PARSE, RENDER
from app.services.ports import Answer

LARGEST_BODY_BYTES = 64 * 1024
CLIENT_S = web.AppKey("CLIENT_S", float)
"""Seconds in which a body must arrive."""
_DEEPEST = 32
"""Lists and objects within each other. Whoever writes, or compares, what is nested a thousand deep gives up."""
_LONGEST_ECHO = 200
_COMPRESSED_AT_ONCE_BYTES = 64 * 1024
"""What takes longer to compress than a thread takes to be asked; only counts where an answer is compressed."""

Model = TypeVar("Model", bound=BaseModel)
Data = TypeVar("Data")


class Body(BaseModel):
    """A JSON object that is sent: fields that it does not know are dropped.

    Null, for a field whose default is something, is as nothing said: some clients send it for all that they leave open.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    @classmethod
    def _defaulted(cls) -> set[str]:
        return {
            field.alias or name
            for name, field in cls.model_fields.items()
            if not field.is_required() and field.default is not None
        }

    @model_validator(mode="before")
    @classmethod
    def _null_is_as_nothing_said(cls, sent: Any) -> Any:
        if not isinstance(sent, dict) or None not in sent.values():
            return sent
        defaulted = cls._defaulted()
        return {name: value for name, value in sent.items() if value is not None or name not in defaulted}

    @classmethod
    @override
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        told = handler(schema)
        fields = handler.resolve_ref_schema(told)["properties"]
        for name in cls._defaulted():
            about = {key: fields[name].pop(key) for key in ("default", "description") if key in fields[name]}
            fields[name] = {"anyOf": [fields[name], {"type": "null"}], **about}
        return told


class Success(TypedDict, Generic[Data]):
    """A good answer."""

    status: Literal["success"]
    data: Data


class Done(TypedDict):
    """A good answer that has nothing to say."""

    status: Literal["success"]


def success(data: object, *, status: int = 200) -> web.Response:
    """Return a good answer."""
    return rendered(Answer(status, success_body(data)))


def success_body(data: object) -> bytes:
    """Return the envelope of a good answer."""
    with RENDER:
        return orjson.dumps({"status": "success", "data": data})


def json_response(body: object, *, status: int = 200) -> web.Response:
    """Return a JSON answer."""
    return rendered(Answer(status, orjson.dumps(body)))


def rendered(answer: Answer) -> web.Response:
    """Return an answer whose body is JSON already."""
    return web.Response(
        body=answer.body,
        status=answer.status,
        content_type="application/json",
        charset="utf-8",
        zlib_executor_size=_COMPRESSED_AT_ONCE_BYTES,
    )


async def read_body(request: web.Request, model: type[Model]) -> Model:
    """Read a JSON object into a model, which drops fields it does not know.

    Raises
    ------
    RequestError
        If it is too large (413), too slow (408), not a JSON object or has wrong fields (400).
    """
    with PARSE:
        return _parsed(await _read(request), model)


async def _read(request: web.Request) -> bytes:
    try:
        return await _text(request)
    except web.RequestPayloadError:
        raise bad_request("The body cannot be read as its headers say it is encoded.") from None
    except TimeoutError:
        raise RequestError(408, f"The body did not arrive within {request.app[CLIENT_S]:g} seconds.") from None


def _parsed(text: bytes, model: type[Model]) -> Model:
    try:
        body = orjson.loads(text or b"{}")
    except orjson.JSONDecodeError:
        raise bad_request("The body is not valid JSON.") from None
    # Some clients send null where they have nothing to say.
    if not isinstance(body, dict | None):
        raise bad_request("The body must be a JSON object.")
    if _is_nested_deeper(body, _DEEPEST):
        raise bad_request(f"The body must not be nested deeper than {_DEEPEST} levels.")
    return validated(body or {}, model)


def _is_nested_deeper(value: object, most: int) -> bool:
    level = [value]
    for _ in range(most + 1):
        level = [part for one in level for part in _parts(one)]
        if not level:
            return False
    return True


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


async def _text(request: web.Request) -> bytes:
    """Return the body; while it is still on its way, others are worked on."""
    if request.content.is_eof():
        return await request.read()
    async with request[TURN].set_aside(), asyncio.timeout(request.app[CLIENT_S]):
        return await request.read()


def validated(body: dict[str, Any], model: type[Model]) -> Model:
    """Return a body as a model.

    Raises
    ------
    RequestError
        If fields are wrong: a 400 that names each.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        raise RequestError(400, "Bad Request Exception", _field_errors(error, body)) from None


def _field_errors(error: ValidationError, body: dict[str, Any]) -> tuple[FieldError, ...]:
    return tuple(
        FieldError(
            property=".".join(_sent(one["loc"], body)) or "body",
            value=_echo(one["input"]) if one["type"] != "missing" else None,
            constraints={one["type"]: one["msg"].removeprefix("Value error, ")},
        )
        for one in error.errors(include_url=False)
    )


def _sent(place: tuple[int | str, ...], body: object) -> Iterator[str]:
    """Tell where in what was sent something is wrong: as far as there are objects, without the kinds of unions."""
    at, told_kind = body, False
    for number, part in enumerate(place, start=1):
        if isinstance(at, dict):
            # What a union is by its `type` comes between an object and its field.
            if not told_kind and number < len(place) and part == at.get("type"):
                told_kind = True
                continue
            yield str(part)
            at, told_kind = at.get(part), False
        elif isinstance(at, list) and isinstance(part, int):
            yield str(part)
            at = at[part] if part < len(at) else None
        else:
            return


def _echo(value: object) -> object:
    """Return a wrong value as far as it is short enough to send back."""
    if isinstance(value, str):
        return value[:_LONGEST_ECHO]
    return value if isinstance(value, bool | int | float | None) else None
