"""The service's own description: `GET /v2/openapi.json`, OpenAPI 3.1.

It is made from the table of routes and that of operations, and with pydantic from the models that requests are read
with and the shapes of answers. Libraries were looked at and left: aiohttp-pydantic and aiohttp-openapi want handlers
whose signature they read and call; aiohttp-apispec is built on marshmallow and no longer maintained; apispec would
leave all of this to do; openapi-pydantic checks what a document looks like, which a test of ours does too.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from inspect import getdoc
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from app.api.bodies import rendered
from app.api.errors import STATUS_NAMES
from app.api.idempotency import KEY, REPLAYED
from app.api.openapi_components import (
    HEADERS,
    JSON,
    NOT_MODIFIED,
    PARAMETERS,
    SECURITY_SCHEMES,
    Generator,
    Schemas,
    content,
    reference,
    refusal_name,
    responses,
)
from app.api.revalidation import KNOWN, TAG
from app.api.state import Handler
from app.api.streams import LAST_EVENT_ID, MEDIA_TYPE
from app.api.versions import HEADER, Versions, handlers_of
from app.fields import MAX_ID
from app.services.ports import Answer

DOCUMENT = web.AppKey("DOCUMENT", bytes)

_ABOUT = """\
When can this be booked? Keep a slot while somebody decides, and book it.

It speaks Cal.com's API v2. Every path that begins with `/v2` is there with `/api/v2` too, and a slash at its end
changes nothing. Instants in answers are in UTC, or in the zone that was asked for; those in requests may have any
offset.

Where a path has several versions, `cal-api-version` chooses one; where it has one, that header changes nothing.
Answers may come to have more fields: let pass what you do not know.
"""


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
    needs_client_secret: bool = False
    """Whether the OAuth client that the path names has to prove itself; other credentials are not looked at."""
    repeatable: bool = False
    """Whether it heeds an `Idempotency-Key`."""
    revalidated: bool = False
    """Whether its good answer has an `ETag`, and callers who have it already are told so alone."""
    streamed: bool = False
    """Whether its good answer is a stream of events, which a caller takes up again by the id of the last."""
    headers: tuple[str, ...] = ()
    """Of its good answer, by their names in `HEADERS`."""
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
    """Return the document. Routes with a handler that has no operation are left out; a test names such handlers."""
    described = [
        _Route(method, path, handler, operations)
        for method, path, handler in routes
        if operations.keys() >= {*handlers_of(handler)}
    ]
    schemas = Schemas([kind for route in described for kind in route.types])
    paths: dict[str, dict[str, Any]] = {}
    for route in described:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation_object(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Holdfast", "version": version("holdfast"), "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": responses(),
            "headers": HEADERS,
            "parameters": PARAMETERS,
            "securitySchemes": SECURITY_SCHEMES,
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
        self.operations = [operations[one] for one in handlers_of(handler)]

    @property
    def bodies(self) -> list[type[BaseModel]]:
        return [one.body for one in self.operations if one.body]

    @property
    def revalidated(self) -> bool:
        return any(one.revalidated for one in self.operations)

    @property
    def streamed(self) -> bool:
        return any(one.streamed for one in self.operations)

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


def _operation_object(route: _Route, schemas: Schemas) -> dict[str, Any]:
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
        told["requestBody"] = {"required": required, "content": content(schemas.any_of(route.bodies))}
    return told


def _security(route: _Route) -> list[dict[str, list[str]]]:
    if not route.knows_callers:
        return []
    if all(one.needs_client_secret for one in route.operations):
        return [{"clientSecret": []}]
    known: list[dict[str, list[str]]] = [{"bearer": []}, {"clientId": [], "clientSecret": []}]
    return known if all(one.needs_credentials for one in route.operations) else [{}, *known]


# Parameters ----------------------------------------------------------------------------------------------------------


def _parameters(route: _Route) -> list[dict[str, Any]]:
    in_path = [_in_path(name) for name in re.findall(r"{(\w+)}", route.path)]
    queries = [one.query for one in route.operations if one.query]
    in_query = {parameter["name"]: parameter for query in queries for parameter in _in_query(query)}
    in_headers = [reference("parameters", KEY)] if any(one.repeatable for one in route.operations) else []
    if route.revalidated:
        in_headers.append(reference("parameters", KNOWN))
    if route.streamed:
        in_headers.append(reference("parameters", LAST_EVENT_ID))
    if route.dates:
        in_headers.append(_version_header(route.dates))
    return [*in_path, *in_query.values(), *in_headers]


def _in_path(name: str) -> dict[str, Any]:
    """Describe a variable part of a path: ids are numbers, those of OAuth clients apart."""
    number = {"type": "integer", "minimum": 1, "maximum": MAX_ID}
    schema = number if name.endswith("Id") and name != "clientId" else {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(model: type[BaseModel]) -> list[dict[str, Any]]:
    schema = model.model_json_schema(schema_generator=Generator)
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            **({"description": field.pop("description")} if "description" in field else {}),
            "schema": _without_null(field),
        }
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


def _responses(route: _Route, schemas: Schemas) -> dict[str, Any]:
    headers = {name for one in route.operations for name in one.headers}
    if any(one.repeatable for one in route.operations):
        headers.add(REPLAYED)
    if route.revalidated:
        headers.add(TAG)
    answers = {
        str(status): {
            "description": "Done" if status < 400 else STATUS_NAMES[status][1],
            "content": content(schemas.any_of(kinds), MEDIA_TYPE if route.streamed else JSON),
            "headers": {name: reference("headers", name) for name in sorted(headers)},
        }
        for status, kinds in route.answers.items()
    }
    refused = {str(status): reference("responses", refusal_name(status)) for status in _refusals(route)}
    unchanged = {"304": reference("responses", NOT_MODIFIED)} if route.revalidated else {}
    return dict(sorted((refused | answers | unchanged).items()))


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
