"""Reading world files: JSON, YAML and lines of JSON; errors name the list, the item and the field."""

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import orjson
import yaml
from pydantic import ValidationError
from typing_extensions import override

from app.domain.errors import HoldfastError
from app.storage.world_files.format import World

_COMMENT = "//"
_SHOWN = 20
_DEEPEST = 20
_KEY_OR_BRACE = re.compile(rb'(?P<text>"[^"\\]*(?:\\.[^"\\]*)*")(?P<colon>\s*:)?|[{}]')
"""What tells the keys of each object of a JSON text: texts, which are keys if a colon follows, and braces."""


class WorldFileError(HoldfastError):
    """A world file that says something wrong; nothing of it is used."""

    def __init__(self, problems: list[str]) -> None:
        """Keep what is wrong, a sentence each."""
        shown = problems[:_SHOWN]
        if len(problems) > _SHOWN:
            shown = [*shown, f"… and {len(problems) - _SHOWN} more"]
        super().__init__("\n".join(shown))
        self.problems = problems


class _RepeatedKeyError(Exception):
    """A key that stands twice in one object; every reader would keep one of the two and say nothing."""

    def __init__(self, key: str, line: int) -> None:
        super().__init__(f'line {line}: the key "{key}" stands there twice')


class _YamlLoader(yaml.CSafeLoader):
    """YAML that reads as JSON would: 10:30 and 2050-09-05 are texts, not a number and a date."""

    @override
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        mapping = super().construct_mapping(node, deep)
        seen = set()
        for key, _ in node.value:
            if key.value in seen and not key.value.startswith(_COMMENT):
                raise _RepeatedKeyError(key.value, key.start_mark.line + 1)
            seen.add(key.value)
        return mapping


_YamlLoader.yaml_implicit_resolvers = {}
_YamlLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(~|null|Null|NULL|)\Z"), ["~", "n", "N", ""])
_YamlLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(true|True|false|False)\Z"), list("tTfF"))
_YamlLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"-?(0|[1-9][0-9]*)\Z"), list("-0123456789"))
_YamlLoader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"-?[0-9]+\.[0-9]+\Z"), list("-0123456789"))


def read_world(path: Path) -> World:
    """Read a file; `.yaml` and `.yml` are YAML, anything else is JSON.

    Raises
    ------
    WorldFileError
        If it cannot be read or is no world.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise WorldFileError([f"{path}: {error.strerror}"]) from None
    is_yaml = path.suffix in (".yaml", ".yml")
    try:
        document = yaml.load(text, _YamlLoader) if is_yaml else _json(text)  # noqa: S506 - it is a safe loader
    except _RepeatedKeyError as error:
        raise WorldFileError([f"{path}: {error}"]) from None
    except (orjson.JSONDecodeError, yaml.YAMLError, ValueError, RecursionError) as error:
        raise WorldFileError([f"{path}: not {'YAML' if is_yaml else 'JSON'}: {error}"]) from None
    return world_of(document)


def _json(text: bytes) -> Any:
    document = orjson.loads(text)
    # Only now, since this trusts that it is JSON. Neither orjson nor the standard library tells the line of a key.
    seen: list[set[str]] = []
    for token in _KEY_OR_BRACE.finditer(text):
        if token[0] == b"{":
            seen.append(set())
        elif token[0] == b"}":
            seen.pop()
        elif token["colon"]:
            key = orjson.loads(token["text"])
            if key in seen[-1] and not key.startswith(_COMMENT):
                raise _RepeatedKeyError(key, text.count(b"\n", 0, token.start()) + 1)
            seen[-1].add(key)
    return document


def world_of_line(line: bytes) -> World:
    """Read a line of JSON.

    Raises
    ------
    WorldFileError
        If it is no world.
    """
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise WorldFileError([f"not JSON: {error}"]) from None
    return world_of(document)


def world_of(document: object) -> World:
    """Check a document and return the world it describes.

    Raises
    ------
    WorldFileError
        If it is no world.
    """
    if not isinstance(document, dict):
        raise WorldFileError(["a world file is an object of lists"])
    try:
        return World.model_validate(_without_comments(document, _DEEPEST))
    except ValidationError as error:
        raise WorldFileError([_problem(document, one) for one in error.errors(include_url=False)]) from None


def _without_comments(value: Any, levels: int) -> Any:
    """Drop the keys that start with "//"; refuse what is nested deeper than any world is."""
    if not levels:
        raise WorldFileError([f"a world file is nested at most {_DEEPEST} levels deep"])
    if isinstance(value, dict):
        return {
            key: _without_comments(item, levels - 1)
            for key, item in value.items()
            if not (isinstance(key, str) and key.startswith(_COMMENT))
        }
    if isinstance(value, list):
        return [_without_comments(item, levels - 1) for item in value]
    return value


def _problem(document: dict[str, Any], error: Any) -> str:
    """Say where and what: `eventTypes[0] (id 100), lengthInMinutes: ...`."""
    where, *inside = error["loc"]
    text = str(where)
    if inside and isinstance(inside[0], int):
        index = inside.pop(0)
        text += f"[{index}]{_name_of(document, where, index)}"
    field = ".".join(str(part) for part in inside)
    what = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        what = "is not a field that is known here"
    return f"{text}{', ' + field if field else ''}: {what}"


def _name_of(document: dict[str, Any], where: str, index: int) -> str:
    try:
        item = document[where][index]
        name = item.get("id", item.get("uid"))
    except (LookupError, AttributeError, TypeError):
        return ""
    return "" if name is None else f" ({'id' if 'id' in item else 'uid'} {name})"
