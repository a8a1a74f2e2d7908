"""The metrics. Labels take few values: route templates, known methods, names of ours; nothing that somebody sent."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import accumulate
from typing import Final

from aiohttp import web
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString
from typing_extensions import override

from app.observing.phases import COMPUTE, NAMES, Spent

_REQUEST_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_PHASE_BUCKETS: Final = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5)
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER_METHOD: Final = "other"
NO_ROUTE: Final = "none"
"""In place of the route of what matches none."""


class Times:
    """A histogram's series.

    It is used by one event loop alone and needs no lock. With prometheus-client's, which lock twice, the observations
    of a request cost three times as much, a twentieth of a listing.
    """

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        """Count what is up to each of `bounds`, in seconds."""
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def add_to(self, family: HistogramMetricFamily, labels: Sequence[str]) -> None:
        """Add the series to its metric."""
        bounds = [*map(floatToGoString, self._bounds), "+Inf"]
        buckets = zip(bounds, map(float, accumulate(self._counts)), strict=True)
        family.add_metric(labels, buckets=[*buckets], sum_value=self._sum)


class TimesByLabels(Collector):
    """A histogram of `Times`."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str], buckets: Sequence[float]) -> None:
        """Tell them to whoever asks for the metrics."""
        self._described = name, documentation, labels
        self._buckets = buckets
        self._series: dict[tuple[str, ...], Times] = {}
        REGISTRY.register(self)

    def labels(self, *values: str) -> Times:
        """Return the series of these labels."""
        return self._series.setdefault(values, Times(self._buckets))

    @override
    def collect(self) -> Iterable[Metric]:
        """Return them."""
        name, documentation, labels = self._described
        family = HistogramMetricFamily(name, documentation, labels=labels)
        for values, times in self._series.items():
            times.add_to(family, values)
        yield family


REQUESTS: Final = TimesByLabels(
    "holdfast_request_seconds",
    "Time from a request's head to its answer, by route template and status; 499: the caller went away.",
    ["method", "route", "status"],
    buckets=_REQUEST_BUCKETS,
)
PHASES: Final = TimesByLabels(
    "holdfast_phase_seconds",
    "Time of a request by phase: parse, load, holds, render; compute is all the rest.",
    ["phase"],
    buckets=_PHASE_BUCKETS,
)
CLAIMS: Final = Counter(
    "holdfast_claims",
    "Claims on hosts' time, as the store of holds decided: won, for the seconds in which the calendar is looked at; "
    "kept, won and made a reservation; lost to a hold; contended by another claim, and tried again; quota, when full.",
    ["outcome"],
)
REFUSALS: Final = Counter(
    "holdfast_slot_refusals", "Slots that were asked for and refused to the caller, by reason.", ["reason"]
)
INVALIDATION_LAG: Final = Histogram(
    "holdfast_invalidation_lag_seconds",
    "How long listings waited for the word that every change has been heard of, where they had to wait.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
)
UNTOLD: Final = Counter("holdfast_memory_unused", "Reads that went past the memory because changes could not be heard.")
SHED: Final = Counter(
    "holdfast_shed_requests",
    "Requests refused because there were too many, by reason: turn, none came in time; streams, the process opens "
    "no more; client_streams, the caller has too many; connections, closed unasked because no other was idle.",
    ["reason"],
)
OPEN_STREAMS: Final = Gauge("holdfast_open_streams", "Open streams of listings' changes.")

_phases, _compute = [PHASES.labels(name) for name in NAMES], PHASES.labels(COMPUTE)
_requests: dict[tuple[str, web.AbstractResource | None, int], Times] = {}


@cache
def template(resource: web.AbstractResource | None) -> str:
    """Return a route as `routes.py` writes it: without the alias's `/api` and without a slash at the end."""
    if resource is None:
        return NO_ROUTE
    return resource.canonical.removeprefix("/api").rstrip("/")


def observe_request(method: str, resource: web.AbstractResource | None, status: int, seconds: float) -> None:
    """Count a request and its time; `method` is among `METHODS` or `OTHER_METHOD`."""
    known = _requests.get((method, resource, status))
    if known is None:
        known = _requests[method, resource, status] = REQUESTS.labels(method, template(resource), str(status))
    known.observe(seconds)


def observe_phases(spent: Spent, seconds: float) -> None:
    """Count what a request that took so long spent its time on."""
    for times, phase_seconds in zip(_phases, spent.seconds, strict=True):
        if phase_seconds:
            times.observe(phase_seconds)
    _compute.observe(spent.compute(seconds))


class Readings(Collector):
    """What is read when somebody asks for the metrics, of one process's stores and memory."""

    def __init__(
        self,
        *,
        live_holds: int | None,
        connections: dict[tuple[str, str], int],
        cache: dict[tuple[str, str], int],
        cache_weight: int,
    ) -> None:
        """Tell these: `connections` by store and state, `cache` by cache and result."""
        self._live_holds = live_holds
        self._connections = connections
        self._cache = cache
        self._cache_weight = cache_weight

    @override
    def collect(self) -> Iterable[Metric]:
        """Return them."""
        if self._live_holds is not None:
            yield GaugeMetricFamily(
                "holdfast_live_holds",
                "Live holds in the store, and claims under way; the same from every process; absent when not known.",
                self._live_holds,
            )
        connections = GaugeMetricFamily(
            "holdfast_connections", "Connections to the stores, by state.", labels=["store", "state"]
        )
        for labels, value in self._connections.items():
            connections.add_metric(labels, value)
        yield connections
        cache = CounterMetricFamily(
            "holdfast_cache_reads", "Reads of what is remembered, by cache and result.", labels=["cache", "result"]
        )
        for labels, value in self._cache.items():
            cache.add_metric(labels, value)
        yield cache
        yield GaugeMetricFamily("holdfast_cache_items", "Bookings, hours and slots remembered.", self._cache_weight)


def exposition(readings: Readings) -> bytes:
    """Return all metrics as Prometheus reads them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(readings)
    return generate_latest(REGISTRY) + generate_latest(registry)
