"""The service's description of itself: whole, valid, and the same wherever it is asked for."""

import re
from typing import Annotated, Any

import orjson
import pytest
import schemathesis
from aiohttp import web
from click.testing import CliRunner
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from app.__main__ import main
from app.api.openapi import Operation, openapi_document
from app.api.operations import OPERATIONS
from app.api.pages import PageQuery
from app.api.routes import ROUTES
from app.api.state import Handler
from app.api.versions import by_version, handlers_of
from app.fields import WholeNumber
from tests.api.asking import Asking
from tests.api.conforming import DOCUMENT


def test_every_route_is_described_and_nothing_else() -> None:
    assert OPERATIONS.keys() == {one for _, _, handler in ROUTES for one in handlers_of(handler)}


def test_the_document_is_valid() -> None:
    schemathesis.openapi.from_dict(DOCUMENT).validate()


def test_operations_are_told_apart() -> None:
    ids = [operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", ["/v2/openapi.json", "/api/v2/openapi.json/"])
async def test_the_document_is_served(api: Asking, path: str) -> None:
    assert (await api.ask("GET", path)).body == DOCUMENT


def test_the_document_is_printed() -> None:
    printed = CliRunner().invoke(main, ["openapi"])
    assert orjson.loads(printed.output) == DOCUMENT


@pytest.mark.parametrize(
    ("method", "path"),
    [
        (method.upper(), re.sub(r"{\w+}", "1", path))
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
        if operation["security"] and {} not in operation["security"]
    ],
)
async def test_strangers_are_refused_where_the_document_says_so(api: Asking, method: str, path: str) -> None:
    assert (await api.ask(method, path)).status == 401


# Single operations -------------------------------------------------------------------------------------------------


class Shown(TypedDict):
    name: str


async def get_things(_: web.Request) -> web.Response:
    raise AssertionError


def told_of(operation: Operation) -> Any:
    document = openapi_document([("GET", "/v2/things", get_things)], {get_things: operation})
    return document["paths"]["/v2/things"]["get"]


def test_bounds_of_numbers_are_told_in_the_words_of_json_schema() -> None:
    take, _ = told_of(Operation(answer=Shown, query=PageQuery))["parameters"]
    assert take["schema"] == {"type": "integer", "minimum": 1, "maximum": 250, "default": 250}


@pytest.mark.parametrize(
    ("operation", "security"),
    [
        (Operation(answer=Shown), [{}, {"bearer": []}, {"clientId": [], "clientSecret": []}]),
        (Operation(answer=Shown, needs_credentials=True), [{"bearer": []}, {"clientId": [], "clientSecret": []}]),
        (Operation(answer=Shown, needs_client_secret=True), [{"clientSecret": []}]),
    ],
)
def test_what_a_caller_has_to_prove(operation: Operation, security: Any) -> None:
    assert told_of(operation)["security"] == security


def test_an_answer_that_callers_may_have_already() -> None:
    told = told_of(Operation(answer=Shown, revalidated=True))
    assert told["parameters"] == [{"$ref": "#/components/parameters/If-None-Match"}]
    assert told["responses"]["200"]["headers"] == {"ETag": {"$ref": "#/components/headers/ETag"}}
    assert told["responses"]["304"] == {"$ref": "#/components/responses/NotModified"}
    assert "content" not in DOCUMENT["components"]["responses"]["NotModified"]
    assert "304" not in told_of(Operation(answer=Shown))["responses"]


# Versions ----------------------------------------------------------------------------------------------------------


class Body(BaseModel):
    name: str


class OlderBody(BaseModel):
    title: str


class OlderShown(TypedDict):
    title: str


async def post_thing(_: web.Request) -> web.Response:
    """Make a thing.

    Things are made once.
    """
    raise AssertionError


async def post_older_thing(_: web.Request) -> web.Response:
    raise AssertionError


def test_a_path_of_two_versions_has_either_body_and_either_answer() -> None:
    both = by_version({"2024-04-15": post_older_thing, "2024-06-14": post_thing})
    operations: dict[Handler, Operation] = {
        post_thing: Operation(body=Body, answer=Shown, status=201, refusals=(404,)),
        post_older_thing: Operation(body=OlderBody, answer=OlderShown, status=201),
    }
    document = openapi_document([("POST", "/v2/things/{thingId}", both)], operations)
    described = document["paths"]["/v2/things/{thingId}"]["post"]
    assert (described["operationId"], described["summary"]) == ("post_things_thingId", "Make a thing")
    assert described["description"] == "Things are made once."
    assert [one["name"] for one in described["parameters"]] == ["thingId", "cal-api-version"]
    assert schema(described["requestBody"]) == either("Body", "OlderBody")
    assert schema(described["responses"]["201"]) == either("Shown", "OlderShown")
    assert described["responses"].keys() == {"201", "400", "401", "404", "408", "413", "503"}


# Fields ------------------------------------------------------------------------------------------------------------


class ChangeBody(BaseModel):
    seats: Annotated[WholeNumber, Field(ge=1, le=9)] | None = None


def test_bounds_are_told_and_what_is_left_out_is_not_said_to_be_null() -> None:
    operations: dict[Handler, Operation] = {post_thing: Operation(body=ChangeBody, answer=Shown)}
    document = openapi_document([("PATCH", "/v2/things", post_thing)], operations)
    number = {"type": "integer", "minimum": 1, "maximum": 9}
    assert document["components"]["schemas"]["ChangeBody"]["properties"] == {
        "seats": {"anyOf": [number, {"type": "null"}]}
    }


def schema(described: Any) -> Any:
    return described["content"]["application/json"]["schema"]


def either(*names: str) -> Any:
    return {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in names]}
