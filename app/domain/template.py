"""Payload templates: text with places such as {{attendees.0.email}} where values of the payload go."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

_PLACE = re.compile(r"\{\{([^{}]*)\}\}")
_PATH = re.compile(r"\s*([A-Za-z_]\w*(?:\.\w+)*)\s*", re.ASCII)


def unknown_place(template: str) -> str | None:
    """Return the first place of a template that is no plain path, as the blocks of Handlebars are; None: all are."""
    return next((place for place in _PLACE.findall(template) if not _PATH.fullmatch(place)), None)


def is_json(template: str) -> bool:
    """Say whether a template makes JSON; otherwise it makes a form."""
    return template.lstrip().startswith(("{", "["))


def filled(template: str, values: Mapping[str, Any]) -> str:
    """Return a template with values in its places, written so that they cannot break out of them.

    In JSON a place stands in a string, or for a number or truth value; a form gets its values percent-encoded. What is
    not there leaves its place empty.
    """
    write = _in_json if is_json(template) else _in_form
    return _PLACE.sub(lambda place: write(_value(values, place[1].strip())), template)


def _value(values: Mapping[str, Any], path: str) -> Any:
    found: Any = values
    for name in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(name)
        elif isinstance(found, list | tuple) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found


def _in_json(value: Any) -> str:
    return json.dumps(_text(value), ensure_ascii=False)[1:-1]


def _in_form(value: Any) -> str:
    return quote(_text(value), safe="")


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
