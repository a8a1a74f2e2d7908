"""Requests of all kinds, made from the service's own description: each gets an answer that the description has."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounds
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi import checks

from app.application.stores import StoreUrls
from app.application.web import build
from app.settings import Settings
from tests.api.asking import Asking
from tests.api.conforming import CONFORMANCE, DOCUMENT
from tests.api.pods import serving
from tests.api.world import ANA, BEN, DEE, EVE, event_type
from tests.feeds import FeedServer, calendar, serving_feeds

WHOLE = schemathesis.openapi.from_dict(DOCUMENT)
ENDLESS = {"GET /v2/slots/stream"}
"""What has no answer that could be waited for; `test_stream` holds it to its description."""
LABELS = [
    label
    for path, methods in DOCUMENT["paths"].items()
    for method in methods
    if (label := f"{method.upper()} {path}") not in ENDLESS
]
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
TOLD_BY_ITEM = {"POST /v2/slots/batch"}
"""Where an item that is wrong is told within a good answer."""
KEY = "cal_key_of_ana"
CLIENT, SECRET = "client-of-ana", {"x-cal-secret-key": "secret-of-ana"}
STARTS = [f"2050-09-05T{hour:02d}:00:00Z" for hour in range(7, 15)]
THERE: dict[str, list[Any]] = {
    "eventTypeId": [10, 11, 12, 13, 20, 21],
    "start": STARTS,
    "slotStart": STARTS,
    "slotUtcStartDate": ["2050-09-05T12:00:00Z"],
    "slotUtcEndDate": ["2050-09-05T12:30:00Z", "2050-09-05T13:00:00Z"],
    "mode": ["best-effort"],
    "startTime": ["2050-09-05"],
    "end": ["2050-09-06"],
    "endTime": ["2050-09-06"],
    "at": STARTS,
    "timeZone": ["Europe/Rome", "UTC"],
    "name": ["Mia"],
    "email": ["mia@example.org", "max@example.org"],
    "teamId": [51],
    "orgId": [90],
    "scheduleId": [ANA + 100],
    "cal-api-version": ["2024-04-15", "2024-08-13"],
    "host": [True, False],
}
"""What has these names, in the tests' world."""


@pytest.fixture(scope="module")
async def base_url(settings: Settings, urls: StoreUrls) -> AsyncIterator[str]:
    """A service that also answers what is no request for any handler."""
    app = await build(settings, urls)
    CONFORMANCE.watch(app)
    async with serving(app, settings) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
async def feeds() -> AsyncIterator[FeedServer]:
    async with serving_feeds() as started:
        yield started


@pytest.mark.parametrize("label", LABELS)
async def test_every_answer_is_described(api: Asking, base_url: str, feeds: FeedServer, label: str) -> None:
    there = await (_calendars_there(api, feeds) if "/calendars" in label else _there(api, label))
    meant, wild, wrong = _requests(label, THERE | there)
    skipped = [checks.negative_data_rejection] if label in TOLD_BY_ITEM else []
    statuses = await asyncio.to_thread(_ask, meant, 10, base_url, skipped)
    assert min(statuses) < 300
    await asyncio.to_thread(_ask, st.one_of(wild, wrong), 3, base_url, skipped)


async def _there(api: Asking, label: str) -> dict[str, list[Any]]:
    """Make what the path is about, and return what it is known by."""
    await api.add(
        eventTypes=[event_type(60, "asked", ownerId=ANA, confirmationPolicy={"type": "always"})],
        memberships=[{"userId": ANA, "teamId": 90, "role": "ADMIN"}, {"userId": DEE, "teamId": 51}],
    )
    makers = {"/webhooks": _webhook, "/memberships": _membership, "/oauth": _managed_user}
    make = next((make for part, make in makers.items() if part in label), _bookings)
    return await make(api, label)


async def _webhook(api: Asking, label: str) -> dict[str, list[Any]]:
    ids = {"teamId": 51, "eventTypeId": 31 if "/teams/" in label else 10}
    body = {"subscriberUrl": "https://example.com/first", "active": True, "triggers": []}
    made = (await api.ask("POST", _list_in(label, "/webhooks", ids), json=body, token=KEY)).data
    return {
        "eventTypeId": [ids["eventTypeId"]],
        "webhookId": [made["id"]],
        "subscriberUrl": ["https://example.com/second"],
    }


async def _membership(api: Asking, label: str) -> dict[str, list[Any]]:
    members = (await api.ask("GET", _list_in(label, "/memberships", {"teamId": 51, "orgId": 90}), token=KEY)).data
    # A team of an organization takes in who belongs to that.
    return {"membershipId": [members[0]["id"]], "userId": [ANA if "/teams/" in label else BEN]}


def _list_in(label: str, name: str, ids: Mapping[str, int]) -> str:
    """Return the path of the list that a label's path lies in."""
    return label.split()[1].partition(name)[0].format(**ids) + name


async def _managed_user(api: Asking, _: str) -> dict[str, list[Any]]:
    body = {"name": "Mo", "email": "mo@example.org"}
    made = (await api.ask("POST", f"/v2/oauth-clients/{CLIENT}/users", json=body, headers=SECRET)).data
    return {"clientId": [CLIENT], "userId": [made["user"]["id"]], "refreshToken": [made["refreshToken"]]}


async def _bookings(api: Asking, label: str) -> dict[str, list[Any]]:
    """Keep a slot, book others and let people be away."""
    within_acme = {"userId": [DEE], "scheduleId": [DEE + 100]} if "/organizations/" in label else {"userId": [BEN]}
    within_the_team = {"eventTypeId": [31], "scheduleId": [EVE + 100]} if "/teams/" in label else {}
    kept = (await api.reserve(14, "10:00")).data
    seated, shared, pending = [await _book(api, *wanted) for wanted in ((12, "07"), (21, "08"), (60, "09"))]
    attendees = (await api.ask("GET", f"/v2/bookings/{shared['uid']}/attendees", token=KEY)).data
    return {
        "uid": [kept["reservationUid"]] if "/slots/" in label else [one["uid"] for one in (seated, shared, pending)],
        "seatUid": [seated["seatUid"]],
        "attendeeId": [attendees[0]["id"]],
        "oooId": [(await _be_away(api, "/organizations/90/users/4" if "/organizations/" in label else "/me"))["id"]],
        **within_acme,
        **within_the_team,
    }


async def _calendars_there(api: Asking, feeds: FeedServer) -> dict[str, list[Any]]:
    """Save a calendar feed, and return what it is known by."""
    urls = [feeds.give(calendar())]
    saved = (await api.ask("POST", "/v2/calendars/ics-feed/save", json={"urls": urls}, token=KEY)).data
    days = ["2050-09-05", "2050-09-06"]
    return {
        "urls": [urls],
        "id": [saved["id"]],
        "credentialId": [saved["id"]],
        "externalId": urls,
        "dateFrom": days,
        "dateTo": days[1:],
    }


async def _book(api: Asking, event_type_id: int, hour: str) -> Any:
    attendee = {"name": "Mia", "email": "mia@example.org", "timeZone": "Europe/Lisbon"}
    body = {"eventTypeId": event_type_id, "start": f"2050-09-05T{hour}:00:00Z", "attendee": attendee}
    return (await api.ask("POST", "/v2/bookings", json=body)).data


async def _be_away(api: Asking, whose: str) -> Any:
    body = {"start": "2050-09-07T00:00:00Z", "end": "2050-09-08T00:00:00Z"}
    return (await api.ask("POST", f"/v2{whose}/ooo", token=KEY, json=body)).data


# Asking --------------------------------------------------------------------------------------------------------------


def _ask(requests: st.SearchStrategy[Case[Any]], times: int, base_url: str, skipped: list[Any]) -> list[int]:
    """Ask, and return the statuses of the answers."""
    statuses = []

    @bounds(
        max_examples=times,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(requests)
    def ask(case: Case[Any]) -> None:
        response = case.call_and_validate(base_url=base_url, checks=CHECKS, excluded_checks=skipped)
        statuses.append(response.status_code)

    ask()
    return statuses


def _requests(label: str, there: Mapping[str, list[Any]]) -> list[st.SearchStrategy[Case[Any]]]:
    """Return requests about what is there, all that the description allows, and some that it does not."""
    headers = {"Authorization": f"Bearer {KEY}", **SECRET}
    narrow = schemathesis.openapi.from_dict(_narrowed(label, there))
    meant = _operation(narrow, label).as_strategy(headers=headers)
    wild = _operation(WHOLE, label).as_strategy(headers=headers)
    wrong = _operation(WHOLE, label).as_strategy(GenerationMode.NEGATIVE, headers=headers)
    return [meant, wild, wrong]


def _operation(schema: BaseSchema, label: str) -> APIOperation[Any, Any, Any, Any]:
    method, path = label.split()
    return schema[path][method]


def _narrowed(label: str, there: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Return a description of one operation, of requests that say what is there and leave out whatever they can."""
    method, path = label.split()
    method = method.lower()
    operation = DOCUMENT["paths"][path][method]
    parameters = _narrowed_parameters(operation["parameters"], there)
    components = DOCUMENT["components"]
    schemas = {
        name: _narrowed_body(schema, there) if name.endswith(("Body", "Query")) else schema
        for name, schema in components["schemas"].items()
    }
    return {
        **DOCUMENT,
        "paths": {path: {method: {**operation, "security": [], "parameters": parameters}}},
        "components": {**components, "schemas": schemas},
    }


def _narrowed_parameters(parameters: list[dict[str, Any]], there: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    return [
        {**one, "required": True, "schema": {"enum": there[one["name"]]}} if one.get("name") in there else one
        for one in parameters
        if one.get("required") or one.get("name") in there
    ]


def _narrowed_body(schema: dict[str, Any], there: Mapping[str, list[Any]]) -> dict[str, Any]:
    said = {
        name: {"enum": there[name]} if name in there else field
        for name, field in schema["properties"].items()
        if name in there or name in schema.get("required", ())
    }
    return {**schema, "properties": said, "required": list(said), "additionalProperties": False}
