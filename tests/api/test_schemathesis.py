"""Requests of all kinds, made from the service's own description: each gets an answer that the description has."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from copy import deepcopy
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounds
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.specs.openapi import checks

from app import application
from app.application import StoreUrls
from app.settings import Settings
from tests.api.asking import Asking
from tests.api.conforming import CONFORMANCE, DOCUMENT
from tests.api.pods import serving
from tests.api.world import ANA, BEN, DEE, event_type
from tests.feeds import FeedServer, calendar, serving_feeds

LABELS = [f"{method.upper()} {path}" for path, methods in DOCUMENT["paths"].items() for method in methods]
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]
KEY = "cal_key_of_ana"
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
    "cal-api-version": ["2024-04-15", "2024-08-13"],
    "host": [True, False],
}
"""What has these names, in the tests' world."""


@pytest.fixture(scope="module")
async def base_url(settings: Settings, urls: StoreUrls) -> AsyncIterator[str]:
    """A service that also answers what is no request for any handler."""
    app = await application.build(settings, urls)
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
    statuses = await asyncio.to_thread(_ask, meant, 16, base_url)
    assert min(statuses) < 300
    await asyncio.to_thread(_ask, st.one_of(wild, wrong), 8, base_url)


async def _there(api: Asking, label: str) -> dict[str, list[Any]]:
    """Keep a slot and book others, and return what they are known by."""
    await api.add(
        eventTypes=[event_type(60, "asked", ownerId=ANA, confirmationPolicy={"type": "always"})],
        memberships=[{"userId": ANA, "teamId": 90, "role": "ADMIN"}],
    )
    kept = (await api.reserve(14, "10:00")).data
    seated, shared, pending = [await _book(api, *wanted) for wanted in ((12, "07"), (21, "08"), (60, "09"))]
    attendees = (await api.ask("GET", f"/v2/bookings/{shared['uid']}/attendees", token=KEY)).data
    return {
        "uid": [kept["reservationUid"]] if "/slots/" in label else [one["uid"] for one in (seated, shared, pending)],
        "seatUid": [seated["seatUid"]],
        "userId": [DEE if "/organizations/" in label else BEN],
        "attendeeId": [attendees[0]["id"]],
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


# Asking --------------------------------------------------------------------------------------------------------------


def _ask(requests: st.SearchStrategy[Case[Any]], times: int, base_url: str) -> list[int]:
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
        response = case.call_and_validate(base_url=base_url, checks=CHECKS)
        statuses.append(response.status_code)

    ask()
    return statuses


def _requests(label: str, there: Mapping[str, list[Any]]) -> list[st.SearchStrategy[Case[Any]]]:
    """Return requests about what is there, all that the description allows, and some that it does not."""
    headers = {"Authorization": f"Bearer {KEY}"}
    meant = _operation(_narrowed(DOCUMENT, there), label).as_strategy(headers=headers)
    wild = _operation(DOCUMENT, label).as_strategy(headers=headers)
    wrong = _operation(DOCUMENT, label).as_strategy(GenerationMode.NEGATIVE, headers=headers)
    return [meant, wild, wrong]


def _operation(document: dict[str, Any], label: str) -> APIOperation[Any, Any, Any, Any]:
    method, path = label.split()
    return schemathesis.openapi.from_dict(document)[path][method]


def _narrowed(document: dict[str, Any], there: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Return a description of requests that say what is there and leave out whatever they can."""
    narrow = deepcopy(document)
    for methods in narrow["paths"].values():
        for operation in methods.values():
            operation["security"] = []
            operation["parameters"] = _narrowed_parameters(operation["parameters"], there)
    schemas = narrow["components"]["schemas"]
    schemas |= {name: _narrowed_body(schema, there) for name, schema in schemas.items() if name.endswith("Body")}
    return narrow


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
