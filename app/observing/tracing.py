"""Traces by OpenTelemetry. Imported only where they are wanted: the libraries are an extra, and cost time.

Spans of requests are made here and not by OpenTelemetry's instrumentation of aiohttp, which writes down paths and
queries: the uid in a path is all that it takes to end somebody's reservation.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web
from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.asyncpg import AsyncPGInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from app.observing.logs import REQUEST_ID
from app.observing.metrics import METHODS, OTHER_METHOD, template

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_EXPORT_S: Final = 5
_FAILED: Final = 500


class Tracing:
    """Traces of one process, sent to an endpoint."""

    def __init__(self, endpoint: str) -> None:
        """Send to `endpoint`, such as http://collector:4318; what else OTEL_ variables say counts too."""
        name = os.environ.get("OTEL_SERVICE_NAME", "holdfast")
        self._provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name}))
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=_EXPORT_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("holdfast")

    @web.middleware
    async def traced(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Make a span of a request, part of its caller's trace if that says so."""
        route = template(request.match_info.route.resource)
        method = request.method if request.method in METHODS else OTHER_METHOD
        with self._tracer.start_as_current_span(
            f"{method} {route}",
            propagate.extract(request.headers),
            record_exception=False,
            kind=trace.SpanKind.SERVER,
            attributes={"http.request.method": method, "http.route": route, "request.id": REQUEST_ID.get() or ""},
        ) as span:
            response = await handler(request)
            span.set_attribute("http.response.status_code", response.status)
            if response.status >= _FAILED:
                span.set_status(trace.StatusCode.ERROR)
            return response

    @asynccontextmanager
    async def tracing(self) -> AsyncIterator[None]:
        """Make spans of what is asked of the stores, without the values; send what is left when the block ends."""
        instrumentors = AsyncPGInstrumentor(), RedisInstrumentor()  # type: ignore[no-untyped-call]
        for instrumentor in instrumentors:
            instrumentor.instrument(tracer_provider=self._provider)
        try:
            yield
        finally:
            for instrumentor in instrumentors:
                instrumentor.uninstrument()
            await asyncio.to_thread(self._provider.shutdown)
