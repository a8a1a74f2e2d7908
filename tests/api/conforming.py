"""Whether answers are what the service's own description says they are."""

from functools import cache
from typing import Any

import jsonschema_rs
import orjson
from aiohttp import web

from app.api.app import document_text
from app.api.errors import STATUS_NAMES

DOCUMENT = orjson.loads(document_text())
ANY = {"content": {"application/json": {"schema": {}}}, "headers": DOCUMENT["components"]["headers"]}
"""The description of what is not described; another test names what has none yet."""
OWN_HEADERS = {"ETag", "Retry-After", "Idempotency-Replayed", "X-Holdfast-Degraded"}


class Conformance:
    """Compares all answers of applications with the document, and remembers those that it does not describe.

    Fields that are not described count as wrong here, though readers of the document must let them pass.
    """

    def __init__(self) -> None:
        self.wrong: list[str] = []

    def watch(self, app: web.Application) -> None:
        app.on_response_prepare.append(self._look)

    async def _look(self, request: web.Request, response: web.StreamResponse) -> None:
        if request.method not in ("HEAD", "OPTIONS"):
            text = response.text if isinstance(response, web.Response) else response.content_type
            told = f"{request.method} {request.path_qs}: {response.status} {text}"
            self.wrong += [f"{problem}\n  {told}" for problem in _problems(request, response)]


CONFORMANCE = Conformance()


def problems_of(data: Any, path: str, status: int = 200) -> list[str]:
    """What differs in data from the body that the document describes for this answer to a GET."""
    described = _resolved(DOCUMENT["paths"][path]["get"]["responses"][str(status)])
    return _problems_of_body(described, orjson.dumps(data).decode())


def _problems(request: web.Request, response: web.StreamResponse) -> list[str]:
    described = _described(request, response.status)
    if described is None:
        return ["This status is not described."]
    if isinstance(response, web.Response):
        problems = _problems_of_body(described, response.text)
    else:
        kinds = [*described.get("content", {})]
        problems = [] if [response.content_type] == kinds else [f"A stream is none of {kinds}."]
    undescribed = {name for name in response.headers if _is_own(name)} - described.get("headers", {}).keys()
    return problems + [f"The header {name} is not described." for name in undescribed]


def _problems_of_body(described: dict[str, Any], text: str | None) -> list[str]:
    if "content" not in described:
        return ["There is a body, but none is described."] if text else []
    return [str(error) for error in _validator(orjson.dumps(described)).iter_errors(orjson.loads(text or ""))]


def _is_own(name: str) -> bool:
    return name in OWN_HEADERS or name.startswith("RateLimit-")


def _described(request: web.Request, status: int) -> Any:
    """Return the description of an answer; of those outside all routes, that of every refusal with its status."""
    resource = request.match_info.route.resource
    if resource is None:
        name = STATUS_NAMES[status][1].replace(" ", "")
        return DOCUMENT["components"]["responses"].get(name)
    path = resource.canonical.removeprefix("/api").removesuffix("/")
    described = DOCUMENT["paths"].get(path, {}).get(request.method.lower())
    if described is None:
        return ANY
    answer = described["responses"].get(str(status))
    return answer and _resolved(answer)


def _resolved(described: dict[str, Any]) -> Any:
    if "$ref" not in described:
        return described
    return DOCUMENT["components"]["responses"][described["$ref"].rpartition("/")[2]]


@cache
def _validator(described: bytes) -> jsonschema_rs.Draft202012Validator:
    schema = orjson.loads(described)["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator(
        {**schema, "components": _closed(DOCUMENT["components"])}, validate_formats=True
    )


def _closed(schema: Any) -> Any:
    """Return a schema whose objects have none but the described fields."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(one) for name, one in schema.items()}
    return {**closed, "additionalProperties": False} if isinstance(schema.get("properties"), dict) else closed
