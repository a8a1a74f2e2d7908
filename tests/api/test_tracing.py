"""Traces as a collector receives them."""

import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from app.application.stores import StoreUrls
from app.application.web import build
from app.settings import Settings
from tests.api.asking import Asking

TRACE_ID, PARENT_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector:
    """Takes traces by OTLP over HTTP."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []

    async def take(self, request: web.Request) -> web.Response:
        self.requests.append(ExportTraceServiceRequest.FromString(await request.read()))
        return web.Response(content_type="application/x-protobuf")

    @property
    def spans(self) -> list[Span]:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
async def collector() -> AsyncIterator[tuple[Collector, str]]:
    collector, app = Collector(), web.Application()
    app.router.add_post("/v1/traces", collector.take)
    async with TestServer(app) as server:
        yield collector, str(server.make_url("/"))


@pytest.mark.usefixtures("api")
async def test_a_request_is_a_trace_down_to_both_stores_and_continues_its_callers(
    settings: Settings, urls: StoreUrls, collector: tuple[Collector, str]
) -> None:
    received, endpoint = collector
    traced = settings.model_copy(update={"otel_exporter_otlp_endpoint": endpoint})
    async with TestClient(TestServer(await build(traced, urls))) as client:
        pod = Asking(client, traced, urls)
        headers = {"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-01"}
        held = await pod.ask(
            "POST",
            "/v2/slots/reservations",
            json={"eventTypeId": 10, "slotStart": "2050-09-05T10:00:00Z"},
            headers=headers,
        )
        uid = held.data["reservationUid"]
        await pod.ask("GET", f"/v2/slots/reservations/{uid}?a=query-of-zoe")
    # It sends what it has when it stops.
    spans = {span.name: span for span in received.spans}
    request = spans["POST /v2/slots/reservations"]
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (TRACE_ID, PARENT_ID)
    systems = {
        attribute.value.string_value
        for span in received.spans
        if span.parent_span_id == request.span_id
        for attribute in span.attributes
        if attribute.key in {"db.system", "db.system.name"}
    }
    assert systems == {"postgresql", "redis"}
    shown = spans["GET /v2/slots/reservations/{uid}"]
    assert shown.trace_id != request.trace_id
    attributes = {attribute.key: attribute.value for attribute in shown.attributes}
    assert attributes["http.response.status_code"].int_value == 200
    assert attributes["http.route"].string_value == "/v2/slots/reservations/{uid}"
    assert uid not in str(received.requests)
    assert "query-of-zoe" not in str(received.requests)
    services = {
        attribute.value.string_value
        for sent in received.requests
        for resource in sent.resource_spans
        for attribute in resource.resource.attributes
        if attribute.key == "service.name"
    }
    assert services == {"holdfast"}


def test_nothing_of_it_is_imported_where_no_endpoint_is_set() -> None:
    # redis-py imports OpenTelemetry by itself where it is installed.
    told = (
        "import sys, app.__main__\n"
        "ours = 'app.observing.tracing', 'opentelemetry.exporter', 'opentelemetry.instrumentation'\n"
        "sys.exit(str([name for name in sys.modules if name.startswith(ours)] or ''))"
    )
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, check=False).stderr.strip() == b""
