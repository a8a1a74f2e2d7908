"""The service's own description: `GET /v2/openapi.json`, OpenAPI 3.1.

It is made from the table of routes and that of operations, and with pydantic from the models that requests are read
with and the shapes of answers. Libraries were looked at and left: aiohttp-pydantic and aiohttp-openapi want handlers
whose signature they read and call; aiohttp-apispec is built on marshmallow and no longer maintained; apispec would
leave all of this to do; openapi-pydantic checks what a document looks like, which a test of ours does too.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from inspect import getdoc
from typing import Any

from aiohttp import web
from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import override

from app.api.bodies import rendered
from app.api.error_shapes import ErrorEnvelope
from app.api.errors import STATUS_NAMES
from app.api.idempotency import KEY, LONGEST_KEY, REPLAYED
from app.api.state import Handler
from app.api.versions import HEADER, Versions, handlers_of
from app.fields import MAX_ID
from app.services.ports import Answer

DOCUMENT = web.AppKey("DOCUMENT", bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a handler reads and answers."""

    answer: Any
    """The type of its good answer, from outside to inside."""
    status: int = 200
    """Of its good answer."""
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    needs_credentials: bool = False
    repeatable: bool = False
    """Whether it heeds an `Idempotency-Key`."""
    headers: tuple[str, ...] = ()
    """Of its good answer, by their names in `_HEADERS`."""
    refusals: tuple[int, ...] = ()
    """Statuses of its refusals, beyond those that follow from what it reads."""
    answers: Mapping[int, Any] = field(default_factory=dict)
    """Types of further answers that are not in the envelope of errors, by status."""


async def get_document(request: web.Request) -> web.Response:
    """Describe this service as OpenAPI does."""
    return rendered(Answer(200, request.app[DOCUMENT]))


def openapi_document(
    routes: Iterable[tuple[str, str, Handler]], operations: Mapping[Handler, Operation]
) -> dict[str, Any]:
    """Return the document. Handlers without an operation are left out; a test sees to it that there are none."""
    described = [route for route in (_Route(*one, operations) for one in routes) if route.operations]
    schemas = _Schemas([ErrorEnvelope, *(kind for route in described for kind in route.types)])
    paths: dict[str, dict[str, Any]] = {}
    for route in described:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation_object(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Holdfast", "version": version("holdfast"), "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": {_component(status): _refusal(status, schemas) for status in STATUS_NAMES},
            "headers": _HEADERS,
            "parameters": _PARAMETERS,
            "securitySchemes": _SECURITY_SCHEMES,
        },
    }


# Operations ----------------------------------------------------------------------------------------------------------


class _Route:
    """A path and method, and what its handlers, one a version, read and answer."""

    def __init__(self, method: str, path: str, handler: Handler, operations: Mapping[Handler, Operation]) -> None:
        self.method, self.path = method, path
        self.place = path.removeprefix("/v2")
        self.knows_callers = self.place != path
        self.dates = [date for date, _ in handler.newest_first] if isinstance(handler, Versions) else []
        self.docstring = getdoc(handlers_of(handler)[0]) or ""
        self.operations = [operations[one] for one in handlers_of(handler) if one in operations]

    @property
    def bodies(self) -> list[type[BaseModel]]:
        return [one.body for one in self.operations if one.body]

    @property
    def answers(self) -> dict[int, list[Any]]:
        """The types of answers that are no refusals, by status."""
        answers: dict[int, list[Any]] = {}
        for one in self.operations:
            for status, kind in ((one.status, one.answer), *one.answers.items()):
                answers.setdefault(status, []).append(kind)
        return answers

    @property
    def types(self) -> list[Any]:
        return [*self.bodies, *(kind for kinds in self.answers.values() for kind in kinds)]


def _operation_object(route: _Route, schemas: "_Schemas") -> dict[str, Any]:
    summary, _, more = route.docstring.partition("\n\n")
    told: dict[str, Any] = {
        "operationId": "_".join([route.method.lower(), *re.findall(r"\w+", route.place)]),
        "tags": [route.place.split("/")[1]],
        "summary": " ".join(summary.split()).removesuffix("."),
        **({"description": more} if more else {}),
        "security": _security(route),
        "parameters": _parameters(route),
        "responses": _responses(route, schemas),
    }
    if route.bodies:
        required = any(field.is_required() for body in route.bodies for field in body.model_fields.values())
        told["requestBody"] = {"required": required, "content": _json(schemas.any_of(route.bodies))}
    return told


def _security(route: _Route) -> list[dict[str, list[str]]]:
    if not route.knows_callers:
        return []
    known: list[dict[str, list[str]]] = [{"bearer": []}, {"clientId": [], "clientSecret": []}]
    return known if all(one.needs_credentials for one in route.operations) else [{}, *known]


# Parameters ----------------------------------------------------------------------------------------------------------


def _parameters(route: _Route) -> list[dict[str, Any]]:
    in_path = [_in_path(name) for name in re.findall(r"{(\w+)}", route.path)]
    queries = [one.query for one in route.operations if one.query]
    in_query = {parameter["name"]: parameter for query in queries for parameter in _in_query(query)}
    in_headers = [_reference("parameters", KEY)] if any(one.repeatable for one in route.operations) else []
    if route.dates:
        in_headers.append(_version_header(route.dates))
    return [*in_path, *in_query.values(), *in_headers]


def _in_path(name: str) -> dict[str, Any]:
    """Describe a variable part of a path: names that end in Id are numbers, others uids and slugs."""
    number = {"type": "integer", "minimum": 1, "maximum": MAX_ID}
    schema = number if name.endswith("Id") else {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema = model.model_json_schema(schema_generator=_Generator)
    required = schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _without_null(field)}
        for name, field in schema["properties"].items()
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter, which may be left out but cannot be null."""
    if "anyOf" not in schema:
        return schema
    kinds = [kind for kind in schema["anyOf"] if kind != {"type": "null"}]
    others = {name: value for name, value in schema.items() if name != "anyOf" and value is not None}
    return {**kinds[0], **others} if len(kinds) == 1 else {"anyOf": kinds, **others}


def _version_header(dates: list[str]) -> dict[str, Any]:
    about = "The version that is wanted; without it, or with an older date, the oldest."
    return {"name": HEADER, "in": "header", "description": about, "schema": {"type": "string", "examples": dates}}


# Answers -------------------------------------------------------------------------------------------------------------


def _responses(route: _Route, schemas: "_Schemas") -> dict[str, Any]:
    headers = {name for one in route.operations for name in one.headers}
    if any(one.repeatable for one in route.operations):
        headers.add(REPLAYED)
    answers = {
        str(status): {
            "description": "Done" if status < 400 else STATUS_NAMES[status][1],
            "content": _json(schemas.any_of(kinds)),
            **({"headers": {name: _reference("headers", name) for name in sorted(headers)}} if headers else {}),
        }
        for status, kinds in route.answers.items()
    }
    refusals = {str(status): _reference("responses", _component(status)) for status in _refusals(route)}
    return dict(sorted((refusals | answers).items()))


def _refusals(route: _Route) -> set[int]:
    """Return which statuses a route may refuse with: those it names, and those that follow from what it reads."""
    statuses = {status for one in route.operations for status in one.refusals}
    if route.knows_callers:
        statuses |= {401, 503}
    if "Id}" in route.path or any(one.query or one.body or one.repeatable for one in route.operations):
        statuses.add(400)
    if route.bodies:
        statuses |= {408, 413}
    if any(one.repeatable for one in route.operations):
        statuses |= {409, 422}
    return statuses


def _refusal(status: int, schemas: "_Schemas") -> dict[str, Any]:
    names = {429: ("Retry-After", *QUOTA_HEADERS), 409: ("Retry-After",), 503: ("Retry-After",)}.get(status, ())
    headers = {"headers": {name: _reference("headers", name) for name in names}} if names else {}
    return {
        "description": STATUS_NAMES[status][1],
        "content": _json(schemas.any_of([ErrorEnvelope])),
        **headers,
    }


def _component(status: int) -> str:
    return STATUS_NAMES[status][1].replace(" ", "")


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _reference(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


# Schemas -------------------------------------------------------------------------------------------------------------


class _Generator(GenerateJsonSchema):
    """Names components in letters and digits alone, and gives fields no titles: they would repeat their names."""

    @override
    def normalize_name(self, name: str) -> str:
        return re.sub(r"[^A-Za-z0-9]", "", name)

    @override
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


class _Schemas:
    """Schemas of types; those that have a name are components, which the others refer to."""

    def __init__(self, kinds: Sequence[Any]) -> None:
        self._schemas, definitions = TypeAdapter.json_schemas(
            [(kind, "validation", TypeAdapter(kind)) for kind in dict.fromkeys(kinds)],
            ref_template="#/components/schemas/{model}",
            schema_generator=_Generator,
        )
        self.components = dict(sorted(definitions["$defs"].items()))

    def any_of(self, kinds: Sequence[Any]) -> dict[str, Any]:
        schemas = [self._schemas[kind, "validation"] for kind in dict.fromkeys(kinds)]
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


# What is said in words -----------------------------------------------------------------------------------------------

_ABOUT = """\
When can this be booked? Keep a slot while somebody decides, and book it.

It speaks Cal.com's API v2. Every path that begins with `/v2` is there with `/api/v2` too, and a slash at its end
changes nothing. Instants in answers are in UTC, or in the zone that was asked for; those in requests may have any
offset.
"""

QUOTA_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")

_NUMBER = {"type": "integer", "minimum": 0}
_HEADERS: dict[str, dict[str, Any]] = {
    "Retry-After": {"description": "Seconds after which to try again.", "schema": _NUMBER},
    "RateLimit-Limit": {
        "description": "Live reservations that a caller without credentials may have.",
        "schema": _NUMBER,
    },
    "RateLimit-Remaining": {"description": "How many more of them there may be.", "schema": _NUMBER},
    "RateLimit-Reset": {"description": "Seconds until the first of them ends.", "schema": _NUMBER},
    "X-Holdfast-Degraded": {
        "description": "`holds`: they could not be looked at, so what others keep may be listed.",
        "schema": {"const": "holds"},
    },
    REPLAYED: {
        "description": "`true`: the answer that an earlier request with this key got; nothing was done again.",
        "schema": {"const": "true"},
    },
}
_PARAMETERS: dict[str, dict[str, Any]] = {
    KEY: {
        "name": KEY,
        "in": "header",
        "description": "A text drawn for this request. Sent again with the same key and body within a day, the request "
        "gets its first good answer and does nothing more.",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    },
}
_SECURITY_SCHEMES: dict[str, dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key (`cal_...`) or access token."},
    "clientId": {"type": "apiKey", "in": "header", "name": "x-cal-client-id", "description": "Of an OAuth client."},
    "clientSecret": {"type": "apiKey", "in": "header", "name": "x-cal-secret-key", "description": "Its secret."},
}
