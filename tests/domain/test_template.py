"""Payload templates: values go into their places, and cannot break out of them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.template import LARGEST_BYTES, TooLargeError, filled, is_json, unknown_place

VALUES: dict[str, Any] = {
    "title": 'A "call"',
    "length": 60,
    "done": True,
    "nobody": None,
    "organizer": {"name": "Ana"},
    "attendees": [{"email": "mia@example.org"}, {"email": "lee@example.org"}],
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('{"a": "{{title}}"}', '{"a": "A \\"call\\""}'),
        ('{"a":{"b":{{length}}}}', '{"a":{"b":60}}'),
        ("[{{ done }}]", "[true]"),
        ('{"a": "{{organizer.name}} {{attendees.1.email}}"}', '{"a": "Ana lee@example.org"}'),
        ('{"a": "{{attendees.2.email}}{{attendees.x}}{{nobody}}{{title.x}}{{what}}"}', '{"a": ""}'),
        ('{"a": "{{organizer}}"}', '{"a": "{\\"name\\":\\"Ana\\"}"}'),
        ("title={{title}}&to={{attendees.0.email}}", "title=A%20%22call%22&to=mia%40example.org"),
        ("no places at all", "no places at all"),
    ],
)
def test_values_go_into_their_places(template: str, text: str) -> None:
    assert filled(template, VALUES) == text


@pytest.mark.parametrize("place", ["#each attendees", "/each", "a b", "", "a..b", "a[0]", ">x", "1", "a-b"])
def test_a_place_that_is_no_plain_name_is_found(place: str) -> None:
    assert unknown_place(f"{{{{title}}}} {{{{{place}}}}}") == place


@pytest.mark.parametrize("template", ["", "{}", "{{title}}", "{{ attendees.0.email }}", '{"a":{"b":"{{c_1.D}}"}}'])
def test_plain_names_are_known(template: str) -> None:
    assert unknown_place(template) is None


@given(st.text())
def test_no_value_breaks_out_of_a_string(text: str) -> None:
    template = '{"a": "{{text}}", "b": 1}'
    assert is_json(template)
    assert json.loads(filled(template, {"text": text})) == {"a": text, "b": 1}


@pytest.mark.parametrize("letter", ["x", "é", '"'])
@pytest.mark.parametrize("start", ["a=", "["])
def test_what_is_made_has_a_bound_in_bytes(start: str, letter: str) -> None:
    written = {"é": 2 if start == "[" else 6, '"': 2 if start == "[" else 3}.get(letter, 1)
    fits, template = (LARGEST_BYTES - 1_000) // written // 50, start + "{{text}}" * 50
    assert len(filled(template, {"text": letter * fits}).encode()) > LARGEST_BYTES * 0.99
    with pytest.raises(TooLargeError):
        filled(template, {"text": letter * (fits + 1_000)})
