"""Sending: to public addresses alone unless told otherwise, in bounded time, and nowhere but where it was to go."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from app.delivery.message import message
from app.delivery.sender import open_sender
from app.delivery.session import PrivateAddressError, public_socket
from app.domain.webhook import Trigger
from app.services.deliver_webhooks import Delivery, Outcome
from tests.receiver import Receiver, receiving


def delivery(url: str, *, signed: bool = True, template: str | None = None) -> Delivery:
    return Delivery(
        id="d",
        tries=1,
        webhook_id=1,
        url=url,
        receiver="r",
        owner="person 1",
        secret="s" if signed else None,
        template=template,
        trigger=Trigger.BOOKING_CREATED,
        created_at=0,
        payload={"name": "Zoë & co"},
    )


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as started:
        yield started


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "0"])
async def test_a_name_that_leads_to_this_machine_is_not_connected_to(receiver: Receiver, host: str) -> None:
    """Whatever it is called: what counts is the address after the look-up."""
    async with open_sender(private_addresses=False) as sender:
        outcome = await sender.send(delivery(f"http://{host}:{receiver.port}/hook"))
    assert outcome.delivered is False
    assert receiver.received == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_private_addresses_can_be_allowed(receiver: Receiver, host: str) -> None:
    async with open_sender(private_addresses=True) as sender:
        assert await sender.send(delivery(f"http://{host}:{receiver.port}/hook")) == Outcome(True, "200")


async def test_a_name_that_leads_elsewhere_each_time_is_looked_at_when_it_is_connected_to(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in DNS rebinding: of what a look-up says, only public addresses are tried."""

    def look_up(*_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", receiver.port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    async with open_sender(private_addresses=False) as sender:
        outcome = await sender.send(delivery(f"http://hooks.example.com:{receiver.port}/hook"))
    assert outcome == Outcome(False, "PrivateAddressError")
    assert receiver.received == []


async def test_names_that_nobody_answers_for_stop_no_others(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They keep their threads for longer than tries last, and tries last as long as they do."""
    look_up, over = socket.getaddrinfo, threading.Event()

    def look_up_for_long(host: str, *arguments: Any, **more: Any) -> Any:
        if host.rstrip(".").endswith(".example"):
            over.wait(10)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return look_up(host, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_for_long)
    async with open_sender(private_addresses=True, connect_s=0.1, try_s=0.2) as sender:
        unanswered = [
            asyncio.create_task(sender.send(delivery(f"http://h{number}.example./"))) for number in range(100)
        ]
        await asyncio.sleep(0.5)
        assert await sender.send(delivery(f"http://localhost:{receiver.port}/")) == Outcome(True, "200")
        assert not any(one.done() for one in unanswered)
        over.set()
        assert not any(outcome.delivered for outcome in await asyncio.gather(*unanswered))


def test_a_socket_is_made_for_public_addresses_alone() -> None:
    with pytest.raises(PrivateAddressError):
        public_socket((socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1%1", 80, 0, 1)))
    with public_socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443))) as made:
        assert made.family == socket.AF_INET


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.statuses = [302]
    async with open_sender(private_addresses=True) as sender:
        assert await sender.send(delivery(receiver.url)) == Outcome(False, "302")
    assert len(receiver.received) == 1


async def test_a_receiver_that_never_answers_costs_so_long_and_no_longer(receiver: Receiver) -> None:
    receiver.silent = True
    began = time.monotonic()
    async with open_sender(private_addresses=True, try_s=0.2) as sender:
        assert await sender.send(delivery(receiver.url)) == Outcome(False, "TimeoutError")
    assert time.monotonic() - began < 2


async def test_an_answer_without_end_is_not_read(receiver: Receiver) -> None:
    receiver.endless = True
    async with open_sender(private_addresses=True, try_s=5) as sender:
        assert await sender.send(delivery(receiver.url)) == Outcome(True, "200")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://nobody.invalid/", f"http://{'x' * 64}.example/"])
async def test_nobody_there(url: str) -> None:
    async with open_sender(private_addresses=True) as sender:
        assert (await sender.send(delivery(url))).delivered is False


def test_a_body_is_signed_with_its_secret_as_the_peer_signs() -> None:
    written = message(delivery("http://h/"))
    assert (
        written.body
        == (
            '{"triggerEvent":"BOOKING_CREATED","createdAt":"1970-01-01T00:00:00.000Z","payload":{"name":"Zoë & co"}}'
        ).encode()
    )
    assert written.headers == {
        "Content-Type": "application/json",
        "User-Agent": "Holdfast",
        "X-Cal-Signature-256": "7f94b52c8e94d2ca957e723373d384be07a5423a71287198c94622dbd9a75562",
        "X-Cal-Webhook-Version": "2021-10-20",
        "X-Holdfast-Delivery": "d",
    }


def test_without_a_secret_the_header_says_so() -> None:
    headers = message(delivery("http://h/", signed=False)).headers
    assert headers["X-Cal-Signature-256"] == "no-secret-provided"


def test_a_template_that_is_no_json_makes_a_form() -> None:
    written = message(delivery("http://h/", template="who={{name}}&what={{triggerEvent}}"))
    assert written.body == b"who=Zo%C3%AB%20%26%20co&what=BOOKING_CREATED"
    assert written.headers["Content-Type"] == "application/x-www-form-urlencoded"
