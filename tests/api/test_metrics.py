"""What Prometheus is told, and what callers are told of the time that a request takes."""

import asyncio
import json
import os
import re
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from random import sample
from typing import Any
from urllib.request import urlopen

import aiohttp
import asyncpg
import psutil
import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families
from pydantic import ValidationError

from app.api.streams import STREAMS
from app.application.stores import StoreUrls, open_stores
from app.application.web import build, measuring, use_cases
from app.settings import Settings
from scripts.races.servers import free_ports
from tests.api.asking import Asking
from tests.api.pods import pod, serving
from tests.api.test_admission import locked
from tests.api.test_bookings import book
from tests.e2e import service

DASHBOARD = Path(__file__).parents[2] / "config" / "grafana" / "holdfast.json"
LISTING = "/v2/slots?eventTypeId=10&start=2050-09-05&end=2050-09-09"
STREAM = "/v2/slots/stream?eventTypeId=10&start=2050-09-05&end=2050-09-09"
SOON_S = 10.0
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def metrics_url(client: TestClient[Any, Any], metrics_port: int) -> str:  # noqa: ARG001 - it must run
    return f"http://127.0.0.1:{metrics_port}/metrics"


async def text_of(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 200
        return await response.text()


async def samples_of(url: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(await text_of(url))
        for sample in family.samples
    }


def grown(before: Samples, after: Samples, name: str, **labels: str) -> float:
    """By how much the series of these labels, whatever their others, grew together."""

    def total(samples: Samples) -> float:
        wanted = labels.items()
        return sum(value for (of, its), value in samples.items() if of == name and wanted <= set(its))

    return total(after) - total(before)


async def test_requests_are_counted_by_route_and_status_and_never_by_what_was_sent(
    api: Asking, metrics_url: str
) -> None:
    before = await samples_of(metrics_url)
    for path in ("/v2/slots/reservations/secret-uid", "/api/v2/slots/reservations/secret-uid/"):
        await api.ask("GET", path)
    await api.ask("GET", "/secret-path")
    await api.ask("PROPFIND", "/v2/slots")
    after = await samples_of(metrics_url)
    name, route = "holdfast_request_seconds_count", "/v2/slots/reservations/{uid}"
    assert grown(before, after, name, method="GET", route=route) == 2
    assert grown(before, after, name, method="GET", route="none", status="404") == 1
    assert grown(before, after, name, method="other", route="none", status="404") == 1
    assert "secret" not in (await text_of(metrics_url)).lower()


async def test_time_is_told_by_phase(api: Asking, metrics_url: str) -> None:
    before = await samples_of(metrics_url)
    await api.slots(eventTypeId=10)
    after = await samples_of(metrics_url)
    for phase in ("parse", "load", "holds", "compute", "render"):
        assert grown(before, after, "holdfast_phase_seconds_count", phase=phase) == 1
    spent = grown(before, after, "holdfast_phase_seconds_sum")
    assert spent == pytest.approx(grown(before, after, "holdfast_request_seconds_sum"))


async def test_claims_are_counted_by_outcome_and_refusals_by_reason(api: Asking, metrics_url: str) -> None:
    before = await samples_of(metrics_url)
    assert (await api.reserve(10, "10:00")).status == 201
    assert (await api.reserve(10, "10:00")).status == 422
    assert (await api.reserve(10, "23:00")).status == 422
    after = await samples_of(metrics_url)
    assert grown(before, after, "holdfast_claims_total", outcome="won") == 2, "the second is closed, as was seen then"
    assert grown(before, after, "holdfast_claims_total", outcome="kept") == 1
    assert grown(before, after, "holdfast_slot_refusals_total", reason="reserved") == 1
    assert grown(before, after, "holdfast_slot_refusals_total", reason="closed") == 1
    assert after["holdfast_live_holds", frozenset()] == 1


async def test_who_comes_at_the_same_moment_loses_to_one(api: Asking, metrics_url: str) -> None:
    before = await samples_of(metrics_url)
    answers = await asyncio.gather(*(api.reserve(10, "10:00") for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [201] + [422] * 7
    after = await samples_of(metrics_url)
    assert grown(before, after, "holdfast_claims_total", outcome="kept") == 1
    assert sum(grown(before, after, "holdfast_claims_total", outcome=one) for one in ("lost", "contended")) > 0
    assert grown(before, after, "holdfast_slot_refusals_total", reason="reserved") == 7


@pytest.mark.usefixtures("api")
async def test_open_streams_are_counted_and_their_hours_are_no_phase(
    settings: Settings, urls: StoreUrls, metrics_url: str
) -> None:
    measured = settings.model_copy(update={"metrics_port": free_ports(1)[0]})
    app = await build(measured, urls)
    before = await samples_of(metrics_url)
    async with serving(app, measured) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        async with session.get(STREAM) as one, session.get(STREAM) as another:
            assert (one.status, another.status) == (200, 200)
            meanwhile = await samples_of(metrics_url)
        async with asyncio.timeout(SOON_S):
            while len(app[STREAMS]):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.05)
    after = await samples_of(metrics_url)
    assert grown(before, meanwhile, "holdfast_open_streams") == 2
    assert grown(before, after, "holdfast_open_streams") == 0
    assert grown(before, after, "holdfast_request_seconds_count", route="/v2/slots/stream", status="200") == 2
    assert grown(before, after, "holdfast_phase_seconds_count") == 0


async def test_requests_without_a_turn_are_counted_as_shed(
    api: Asking, database: asyncpg.Connection, metrics_url: str
) -> None:
    before = await samples_of(metrics_url)
    small = api.settings.model_copy(update={"requests_at_once": 1, "turn_wait_s": 0})
    async with pod(small, api.urls) as busy:
        async with locked(database):
            asked = [asyncio.create_task(busy.slots(eventTypeId=10)) for _ in range(3)]
            for _, done in zip(range(2), asyncio.as_completed(asked), strict=False):
                assert (await done).status == 503
        assert sorted(answer.status for answer in await asyncio.gather(*asked)) == [200, 503, 503]
    assert shed(before, await samples_of(metrics_url)) == {"turn": 2}


@pytest.mark.parametrize(
    ("limits", "status", "reason"),
    [({"streams": 1}, 503, "streams"), ({"streams_per_client": 1}, 429, "client_streams")],
)
async def test_streams_beyond_the_limits_are_counted_as_shed(
    api: Asking, metrics_url: str, limits: dict[str, int], status: int, reason: str
) -> None:
    before = await samples_of(metrics_url)
    async with pod(api.settings.model_copy(update=limits), api.urls) as small, small.client.get(STREAM) as first:
        assert first.status == 200
        assert (await small.ask("GET", STREAM)).status == status
    assert shed(before, await samples_of(metrics_url)) == {reason: 1}


@pytest.mark.usefixtures("api")
async def test_connections_without_room_are_counted_as_shed(
    settings: Settings, urls: StoreUrls, metrics_url: str
) -> None:
    before = await samples_of(metrics_url)
    small = settings.model_copy(update={"connections": 1})
    async with serving(await build(small, urls), small) as port, asyncio.timeout(SOON_S):
        reader, working = await asyncio.open_connection("127.0.0.1", port)
        working.write(b"POST /v2/bookings HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n"
        newcomer, closed = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionResetError):
            assert await newcomer.read() == b""
        working.close()
        closed.close()
    assert shed(before, await samples_of(metrics_url)) == {"connections": 1}


def shed(before: Samples, after: Samples) -> dict[str, float]:
    """How many requests were shed meanwhile, by reason."""
    name = "holdfast_shed_requests_total"
    reasons = sorted(dict(labels)["reason"] for of, labels in after if of == name)
    return {reason: more for reason in reasons if (more := grown(before, after, name, reason=reason))}


async def test_connections_are_told_by_store_and_state(metrics_url: str) -> None:
    samples = await samples_of(metrics_url)
    told = {tuple(sorted(dict(labels).values())) for name, labels in samples if name == "holdfast_connections"}
    assert told == {
        *(("postgres", state) for state in ("unopened", "used")),
        ("idle", "postgres"),
        ("idle", "redis"),
        ("redis", "used"),
    }


def queried() -> set[str]:
    """Return the names of metrics that the dashboard asks for."""
    board: dict[str, Any] = json.loads(DASHBOARD.read_text("utf-8"))
    queries = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    queries += [variable["query"] for variable in board["templating"]["list"]]
    return set(re.findall(r"\b(?:holdfast|process)_\w+", " ".join(queries)))


async def test_the_dashboard_asks_for_metrics_that_are_there(api: Asking, metrics_url: str) -> None:
    await api.slots(eventTypeId=10)
    await api.reserve(10, "10:00")
    await api.reserve(10, "10:00")
    told = {name for name, _ in await samples_of(metrics_url)}
    assert queried() <= told
    ours = {re.sub("_(bucket|count|sum|total|created)$", "", name) for name in told if name.startswith("holdfast")}
    assert ours == {re.sub("_(bucket|count|sum|total)$", "", name) for name in queried() if name.startswith("holdfast")}


async def test_requests_whose_metrics_nobody_can_ask_for_are_not_measured(api: Asking, metrics_url: str) -> None:
    unasked = api.settings.model_copy(update={"metrics_port": 0})
    before = await samples_of(metrics_url)
    async with TestClient(TestServer(await build(unasked, api.urls))) as client:
        async with client.get(LISTING) as answer:
            assert (answer.status, len(answer.headers["X-Request-Id"])) == (200, 16)
        async with client.get(LISTING, headers={"X-Holdfast-Timing": "1"}) as timed:
            assert float(re.findall(r"load;dur=([\d.]+)", timed.headers["Server-Timing"])[0]) > 0
    after = await samples_of(metrics_url)
    assert grown(before, after, "holdfast_request_seconds_count") == 0
    assert grown(before, after, "holdfast_phase_seconds_count") == 0


async def test_metrics_are_not_on_the_public_port(api: Asking) -> None:
    assert (await api.ask("GET", "/metrics")).status == 404


def is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def two_free_ports() -> int:
    """The first of two that follow each other, where the system takes none for other connections."""
    return next(port for port in sample(range(20_000, 30_000), 100) if is_free(port) and is_free(port + 1))


async def test_of_several_processes_each_has_a_port(settings: Settings, urls: StoreUrls) -> None:
    port = two_free_ports()
    several = settings.model_copy(update={"metrics_port": port, "workers": 2})
    async with open_stores(several, urls) as stores:
        cases = use_cases(several, stores)
        async with measuring(several, stores, cases), measuring(several, stores, cases):
            for own in (port, port + 1):
                assert "holdfast_connections" in await text_of(f"http://127.0.0.1:{own}/metrics")


def test_there_must_be_a_port_for_each_process() -> None:
    assert Settings(metrics_port=65_534, workers=2).metrics_port == 65_534
    with pytest.raises(ValidationError, match="fewer ports"):
        Settings(metrics_port=65_534, workers=3)


def test_each_worker_has_a_port_and_the_successor_of_one_that_died_has_it_again(
    urls: StoreUrls, tmp_path: Path, unused_tcp_port: int
) -> None:
    port = two_free_ports()
    stores = {"DATABASE_URL": urls.database, "REDIS_URL": urls.redis}
    with service.serving(
        tmp_path, unused_tcp_port, "--workers", "2", **stores, HOLDFAST_METRICS_PORT=str(port)
    ) as running:
        first, second = workers_at(running, [port, port + 1])
        os.kill(first, signal.SIGKILL)
        successor, still = workers_at(running, [port, port + 1], other_than=first)
        assert still == second
        assert successor not in {first, second}


def workers_at(running: service.Running, ports: list[int], *, other_than: int = 0) -> list[int]:
    """Wait until other processes than a dead one tell metrics on each of these ports, and return which."""
    deadline = time.monotonic() + service.START_S
    while time.monotonic() < deadline:
        found = {
            at.laddr.port: worker.pid
            for worker in psutil.Process(running.process.pid).children()
            if worker.pid != other_than
            for at in worker.net_connections("tcp")
            if at.status == psutil.CONN_LISTEN
        }
        if found.keys() >= set(ports):
            for port in ports:
                with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                    assert b"holdfast_connections" in answer.read()
            return [found[port] for port in ports]
        time.sleep(0.05)
    raise AssertionError(f"no process listens on each of {ports}")


# Server-Timing -----------------------------------------------------------------------------------------------------


async def test_who_wants_to_know_is_told_what_a_request_spent_its_time_on(api: Asking) -> None:
    answer = await api.ask("GET", LISTING, headers={"X-Holdfast-Timing": "1"})
    timing = answer.headers["Server-Timing"]
    told = {name: float(ms) for name, ms in re.findall(r"(\w+);dur=([\d.]+)", timing)}
    assert [*told] == ["parse", "load", "holds", "render", "compute", "total"]
    assert told["load"] > 0
    assert sum(told.values()) == pytest.approx(2 * told["total"], abs=0.01)


async def test_nobody_else_is(api: Asking) -> None:
    assert "Server-Timing" not in (await api.slots(eventTypeId=10)).headers


async def test_a_booking_counts_its_phases(api: Asking, metrics_url: str) -> None:
    before = await samples_of(metrics_url)
    assert (await book(api, 10, "10:00")).status == 201
    after = await samples_of(metrics_url)
    for phase in ("parse", "load", "holds"):
        assert grown(before, after, "holdfast_phase_seconds_count", phase=phase) == 1
