"""Starting, stopping, killing and starting again."""

import json
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.e2e.service import Running, environment, run, serving, started, statuses_at_once

pytestmark = pytest.mark.xdist_group("races")

INTRO = 1
"""The demo world's event type of one person."""
THOUSAND_S = 20.0
"""In which a thousand requests are answered, where something else may be using the machine; alone it takes a few."""


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def servers_of(data_dir: Path) -> set[str]:
    """The names of the processes that belong to a data folder."""
    found = set()
    for process in psutil.process_iter(["cmdline", "cwd", "name"]):
        told = " ".join(process.info["cmdline"] or []) + str(process.info["cwd"])
        if str(data_dir) in told and "-m app" not in told:
            found.add(str(process.info["name"]))
    return found


def first_start(service: Running) -> str:
    status, answer = service.ask("GET", f"/v2/slots?eventTypeId={INTRO}&start=2050-09-05&end=2050-09-09")
    assert status == 200
    return str(next(iter(answer["data"].values()))[0]["start"])


def reserve(service: Running, start: str) -> tuple[int, str]:
    body = {"eventTypeId": INTRO, "slotStart": start}
    status, answer = service.ask("POST", "/v2/slots/reservations", body)
    return status, answer["data"]["reservationUid"] if status == 201 else answer["error"]["message"]


def test_what_was_held_is_held_after_a_restart(data_dir: Path, unused_tcp_port: int) -> None:
    with serving(data_dir, unused_tcp_port, "--demo") as service:
        start = first_start(service)
        status, uid = reserve(service, start)
        assert status == 201
        assert service.end(signal.SIGINT) == 0
    assert servers_of(data_dir) == set()
    with serving(data_dir, unused_tcp_port, "--demo") as service:
        assert service.ask("GET", f"/v2/slots/reservations/{uid}")[1]["data"]["slotStart"] == start
        assert first_start(service) > start
        # The demo world is known again, for the page.
        offered = {"usernames": ["ada", "ben"], "teamIds": [50, 51]}
        assert service.ask("GET", "/site/offered.json") == (200, offered)


def test_a_killed_serve_leaves_servers_that_the_next_user_takes_over(data_dir: Path, unused_tcp_port: int) -> None:
    with serving(data_dir, unused_tcp_port, "--demo") as service:
        start = first_start(service)
        assert reserve(service, start)[0] == 201
        service.process.kill()
        service.process.wait()
        before = servers_of(data_dir)
        assert before
    with serving(data_dir, unused_tcp_port) as service:
        assert before <= servers_of(data_dir)
        assert first_start(service) > start
    assert servers_of(data_dir) == set()


def test_commands_beside_a_running_serve(data_dir: Path, unused_tcp_port: int, tmp_path: Path) -> None:
    """They use its servers, and what they change shows at once."""
    with serving(data_dir, unused_tcp_port, "--demo") as service:
        _keys_are_shown_once_and_can_be_revoked(data_dir, service)
        _what_is_loaded_shows(data_dir, service, tmp_path / "absence.json")
    assert servers_of(data_dir) == set()


def _what_is_loaded_shows(data_dir: Path, service: Running, file: Path) -> None:
    absence = {"outOfOffice": [{"userId": 1, "start": "2050-09-05", "end": "2050-09-08"}]}
    file.write_text(json.dumps(absence))
    assert first_start(service).startswith("2050-09-05")
    loaded = run(data_dir, "load", "--merge", str(file))
    assert loaded.returncode == 0, loaded.stderr
    assert first_start(service).startswith("2050-09-09")
    refused = run(data_dir, "load", str(file))
    assert refused.returncode == 1
    assert "--replace" in refused.stderr


def _keys_are_shown_once_and_can_be_revoked(data_dir: Path, service: Running) -> None:
    created = run(data_dir, "keys", "create", "1", "--days", "30")
    token = created.stdout.strip()
    assert token.startswith("cal_")
    key_id = created.stderr.split("key ")[1].split(".")[0]
    listed = run(data_dir, "keys", "list").stdout
    assert key_id in listed
    assert token not in listed
    assert _status_with(service, token) == 200
    assert run(data_dir, "keys", "revoke", key_id).returncode == 0
    assert _status_with(service, token) == 401
    assert run(data_dir, "keys", "revoke", key_id).returncode == 1


def _status_with(service: Running, token: str) -> int:
    path = f"/v2/slots?eventTypeId={INTRO}&start=2050-09-05&end=2050-09-09"
    return service.ask("GET", path, Authorization=f"Bearer {token}")[0]


def test_requests_under_way_finish_and_new_ones_are_refused(data_dir: Path, unused_tcp_port: int) -> None:
    with serving(data_dir, unused_tcp_port, "--demo") as service:
        body = json.dumps({"eventTypeId": INTRO, "slotStart": first_start(service)}).encode()
        head = f"POST /v2/slots/reservations HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", unused_tcp_port), timeout=15) as slow:
            slow.sendall(head.encode() + body[:10])
            service.ask("GET", "/health/live")
            service.process.send_signal(signal.SIGTERM)
            _wait_until_refused(unused_tcp_port)
            slow.sendall(body[10:])
            answer = slow.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 201")
        assert service.process.wait(15) == 0


def _wait_until_refused(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.05)
    raise AssertionError("new connections are still accepted")


async def test_of_a_thousand_at_once_on_four_pods_one_wins(
    data_dir: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    """Three `serve` commands, one of them with two workers: one schema, one set of servers, one winner."""
    ports = [unused_tcp_port_factory() for _ in range(3)]
    # All come from one address, whose quota would refuse most of them otherwise.
    freely = {"HOLDFAST_HOLDS_PER_CLIENT": "0"}
    with (
        serving(data_dir, ports[0], "--demo", **freely) as one,
        serving(data_dir, ports[1], **freely) as two,
        serving(data_dir, ports[2], "--workers", "2", **freely) as three,
    ):
        start = first_start(one)
        body = {"eventTypeId": INTRO, "slotStart": start}
        # The one with two workers gets twice as many.
        asked = [port for port in (*ports, ports[2]) for _ in range(250)]
        began = time.monotonic()
        statuses = await statuses_at_once(asked, "/v2/slots/reservations", body)
        assert time.monotonic() - began < THOUSAND_S
        assert Counter(statuses) == {201: 1, 422: 999}
        [free] = {first_start(pod) for pod in (one, two, three)}
        assert free > start


def test_workers_too_answer_what_is_no_request_in_the_envelope(data_dir: Path, unused_tcp_port: int) -> None:
    with (
        serving(data_dir, unused_tcp_port, "--workers", "2"),
        socket.create_connection(("127.0.0.1", unused_tcp_port), timeout=15) as connection,
    ):
        connection.sendall(b"nonsense\r\n\r\n")
        head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 400 ")
    assert json.loads(body)["error"]["code"] == "BadRequestException"


def test_a_store_that_is_not_there_is_told_in_a_sentence(data_dir: Path, unused_tcp_port: int) -> None:
    urls = {"DATABASE_URL": f"postgresql://nobody@127.0.0.1:{unused_tcp_port}/x", "REDIS_URL": "redis://127.0.0.1:1"}
    done = run(data_dir, "migrate", **urls)
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_where_machines_read_every_line_is_json(data_dir: Path, unused_tcp_port: int) -> None:
    """What gunicorn says of a worker that was killed is too."""
    command = [sys.executable, "-m", "app", "serve", "--port", str(unused_tcp_port), "--workers", "2"]
    surrounding = environment(data_dir, HOLDFAST_LOG_FORMAT="json", HOLDFAST_DRAIN_S="3")
    told = data_dir.parent / "told"
    with told.open("w") as file, started(command, unused_tcp_port, surrounding, file) as service:
        master = psutil.Process(service.process.pid)
        workers = [child for child in master.children() if child.cmdline() == master.cmdline()]
        service.process.send_signal(signal.SIGTERM)
        # No other takes its place any more: one that is just being made would not hear that it shall stop.
        while service.ask("GET", "/health/ready")[0] == 200:
            time.sleep(0.05)
        workers[0].kill()
        assert service.process.wait(15) == 0
    lines = [json.loads(line) for line in told.read_text().splitlines()]
    said = "\n".join(line["message"] for line in lines)
    assert "Schema brought up to 0001." in said
    assert f"Holdfast listens on http://127.0.0.1:{unused_tcp_port}" in said
    assert {"app.commands.serve", "gunicorn.error"} <= {line["logger"] for line in lines}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_traces_that_nothing_can_make_are_told_in_a_sentence(data_dir: Path, tmp_path: Path, workers: str) -> None:
    (tmp_path / "opentelemetry.py").write_text("raise ModuleNotFoundError(name='opentelemetry')")
    without = {"PYTHONPATH": str(tmp_path), "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    done = run(data_dir, "serve", "--workers", workers, **without)
    assert done.returncode == 1
    assert "pip install '.[traces]'" in done.stderr
    assert "Traceback" not in done.stderr
    # It does not start servers to find that out.
    assert not data_dir.exists()
