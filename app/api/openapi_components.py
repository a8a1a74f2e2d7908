"""The components of the service's own description, which its operations refer to."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import override

from app.api.error_shapes import ErrorEnvelope
from app.api.errors import STATUS_NAMES
from app.api.idempotency import KEY, LONGEST_KEY, REPLAYED
from app.api.revalidation import KNOWN, TAG
from app.api.streams import LAST_EVENT_ID

JSON = "application/json"
QUOTA_HEADERS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")

_NUMBER = {"type": "integer", "minimum": 0}
HEADERS: dict[str, dict[str, Any]] = {
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
    TAG: {
        "description": "Of this answer, compressed or not. Not there where holds could not be looked at.",
        "schema": {"type": "string", "pattern": '^W/"[0-9a-f]{32}"$'},
    },
    REPLAYED: {
        "description": "`true`: the answer that an earlier request with this key got; nothing was done again.",
        "schema": {"const": "true"},
    },
}
PARAMETERS: dict[str, dict[str, Any]] = {
    KEY: {
        "name": KEY,
        "in": "header",
        "description": "A text drawn for this request. Sent again with the same key and body within a day, the request "
        "gets its first good answer and does nothing more.",
        "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY},
    },
    KNOWN: {
        "name": KNOWN,
        "in": "header",
        "description": "The `ETag` of an earlier answer, or several: if it is one of them still, it is not sent again.",
        "schema": {"type": "string"},
    },
    LAST_EVENT_ID: {
        "name": LAST_EVENT_ID,
        "in": "header",
        "description": "The id of the last event that was read: if its listing still stands, it is not sent again.",
        "schema": {"type": "string"},
    },
}
SECURITY_SCHEMES: dict[str, dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key (`cal_...`) or access token."},
    "clientId": {"type": "apiKey", "in": "header", "name": "x-cal-client-id", "description": "Of an OAuth client."},
    "clientSecret": {"type": "apiKey", "in": "header", "name": "x-cal-secret-key", "description": "Its secret."},
}


def reference(kind: str, name: str) -> dict[str, str]:
    """Return a reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def content(schema: dict[str, Any], media_type: str = JSON) -> dict[str, Any]:
    """Return the `content` of a body."""
    return {media_type: {"schema": schema}}


# Answers -------------------------------------------------------------------------------------------------------------


NOT_MODIFIED = "NotModified"


def responses() -> dict[str, Any]:
    """Return the answers that are alike everywhere: that nothing is new, and errors, by the names of their statuses."""
    return {NOT_MODIFIED: _not_modified(), **{refusal_name(status): _refusal(status) for status in STATUS_NAMES}}


def _not_modified() -> dict[str, Any]:
    return {
        "description": "The caller has this answer already",
        "headers": {TAG: reference("headers", TAG)},
    }


def refusal_name(status: int) -> str:
    """Return the name of an error's component: NotFound."""
    return STATUS_NAMES[status][1].replace(" ", "")


def _refusal(status: int) -> dict[str, Any]:
    headers = {409: ("Retry-After",), 429: ("Retry-After", *QUOTA_HEADERS), 503: ("Retry-After",)}.get(status, ())
    return {
        "description": STATUS_NAMES[status][1],
        "content": content(reference("schemas", ErrorEnvelope.__name__)),
        "headers": {name: reference("headers", name) for name in headers},
    }


# Schemas -------------------------------------------------------------------------------------------------------------


_BOUNDS = {"ge": "minimum", "le": "maximum"}
"""How pydantic writes bounds of a number that a validator reads first, and how JSON Schema does."""


class Generator(GenerateJsonSchema):
    """Names components in letters and digits alone, and gives fields no titles: they would repeat their names."""

    @override
    def default_schema(self, schema: Any) -> dict[str, Any]:
        """Tell no default that is null: it stands for nothing said, which on PATCH is not the same as null."""
        told = super().default_schema(schema)
        return {name: value for name, value in told.items() if (name, value) != ("default", None)}

    @override
    def normalize_name(self, name: str) -> str:
        return re.sub(r"[^A-Za-z0-9]", "", name)

    @override
    def generate_inner(self, schema: Any) -> dict[str, Any]:
        return {_BOUNDS.get(name, name): value for name, value in super().generate_inner(schema).items()}

    @override
    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


class Schemas:
    """Schemas of types; those that have a name are components, which the others refer to."""

    def __init__(self, kinds: Sequence[Any]) -> None:
        """Make the schemas of these types; those of errors are always among the components."""
        self._schemas, definitions = TypeAdapter.json_schemas(
            [(kind, "validation", TypeAdapter(kind)) for kind in dict.fromkeys((ErrorEnvelope, *kinds))],
            ref_template="#/components/schemas/{model}",
            schema_generator=Generator,
        )
        self.components = dict(sorted(definitions["$defs"].items()))

    def any_of(self, kinds: Sequence[Any]) -> dict[str, Any]:
        """Return the schema of a value that is of one of the types."""
        schemas = [self._schemas[kind, "validation"] for kind in dict.fromkeys(kinds)]
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
