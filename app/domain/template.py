"""Payload templates: text with places such as {{attendees.0.email}} where values of the payload go."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

MOST_PLACES = 50
LARGEST_BYTES = 256 * 1024
"""Of what a template makes: a place can hold all of a payload's metadata, again and again."""

_PLACE = re.compile(r"\{\{([^{}]*)\}\}")
_PATH = re.compile(r"\s*([A-Za-z_]\w*(?:\.\w+)*)\s*", re.ASCII)


class TooLargeError(Exception):
    """A template would make more than `LARGEST_BYTES`."""


def number_of_places(template: str) -> int:
    """Return how many places a template has."""
    return len(_PLACE.findall(template))


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

    Raises
    ------
    TooLargeError
        If it gets larger than `LARGEST_BYTES`.
    """
    write = _in_json if is_json(template) else _in_form
    left = LARGEST_BYTES - len(template.encode())

    def fill(place: re.Match[str]) -> str:
        nonlocal left
        written = write(_value(values, place[1].strip()))
        left -= len(written.encode())
        if left < 0:
            raise TooLargeError
        return written

    return _PLACE.sub(fill, template)


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
