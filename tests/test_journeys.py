"""`scripts/clients` without any client: what stands between them and the service, and how a journey is judged."""

import ssl
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import cast
from urllib.error import URLError

import pytest
from typing_extensions import override

from scripts.journeys.case import Case
from scripts.journeys.journey import Client, Visit, make
from scripts.journeys.recorder import Recorder, recorder


class Service(BaseHTTPRequestHandler):
    """Says what it was asked for."""

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.end_headers()
        self.wfile.write(self.path.encode() + b" " + asked)

    @override
    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(name="passing", scope="module")
def passing_fixture() -> Iterator[Recorder]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as service:
        Thread(target=service.serve_forever).start()
        with recorder(f"http://127.0.0.1:{service.server_port}") as running:
            yield running
        service.shutdown()


def post(url: str, passing: Recorder | None = None) -> tuple[int, str]:
    """Post something, led by the environment that the recorder gives, if it does."""
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if passing is not None:
        trust = ssl.create_default_context(cafile=passing.environment["SSL_CERT_FILE"])
        proxy = urllib.request.ProxyHandler({"https": passing.environment["HTTPS_PROXY"]})
        handlers = [proxy, urllib.request.HTTPSHandler(context=trust)]
    request = urllib.request.Request(url, b"a body", {"cal-api-version": "2024-08-13"})  # noqa: S310 - our own URLs
    with urllib.request.build_opener(*handlers).open(request, timeout=10) as answer:
        return answer.status, answer.read().decode()


# What stands between -------------------------------------------------------------------------------------------------


def test_a_client_with_an_option_for_the_origin_reaches_the_service(passing: Recorder) -> None:
    assert post(f"{passing.url}/v2/bookings?a=b") == (201, "/v2/bookings?a=b a body")


def test_a_client_with_the_peers_origin_in_its_code_reaches_the_service(passing: Recorder) -> None:
    assert post("https://api.cal.com/v2/bookings", passing) == (201, "/v2/bookings a body")


def test_what_was_sent_and_answered_is_written_down(passing: Recorder) -> None:
    post("https://api.cal.com/v2/slots?c=d", passing)
    last = passing.exchanges[-1]
    assert (last.method, last.path, last.version, last.body) == ("POST", "/v2/slots?c=d", "2024-08-13", "a body")
    assert (last.status, last.answer) == (201, "/v2/slots?c=d a body")


def test_no_other_host_is_reached(passing: Recorder) -> None:
    with pytest.raises(URLError, match="403"):
        post("https://telemetry.example/", passing)
    assert "telemetry.example:443" in passing.refused


# Judging -------------------------------------------------------------------------------------------------------------

START = datetime(2050, 9, 5, 9, tzinfo=UTC)
CASE = Case(
    url="http://127.0.0.1:9",
    key="cal_some_key",
    event_type_id=1,
    username="ada",
    email="ada@example.com",
    oauth_client_id="none",
    length=timedelta(minutes=30),
)


class Made:
    """A client that goes through two chains, the first of which breaks in its middle."""

    package, pointed_by, lacks, case = "made@1", "nothing", "", CASE

    def __init__(self) -> None:
        self.chains = ((self.first, self.second, self.third), (self.first,))

    def first(self, visit: Visit) -> None:
        visit.start = START

    def second(self, visit: Visit) -> None:
        assert visit.start == START
        visit.uid = {"status": "error"}["data"]

    def third(self, visit: Visit) -> None:
        raise AssertionError(visit)


def test_after_a_step_that_failed_the_rest_of_its_chain_is_left_out_and_other_chains_go_on(passing: Recorder) -> None:
    outcomes = list(make(cast("Client", Made()), passing))
    assert [(outcome.step, outcome.error) for outcome in outcomes] == [
        ("first", None),
        ("second", "its answer lacks what it should have: KeyError('data')"),
        ("first", None),
    ]
