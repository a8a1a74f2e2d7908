"""What address counts as whose."""

from ipaddress import IPv4Network

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from app.api.clients import TRUSTED_PROXIES, client_address


@pytest.mark.parametrize(
    ("heard", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:50000", "192.0.2.1"),
        ("[2001:db8:1:2::1]:50000", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("unknown", "127.0.0.1"),
    ],
)
def test_what_a_proxy_says_may_have_a_port(heard: str, address: str) -> None:
    app = web.Application()
    app[TRUSTED_PROXIES] = (IPv4Network("127.0.0.0/8"),)
    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": heard}, app=app)
    assert client_address(request.clone(remote="127.0.0.1")) == address


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("unix:", ""),
    ],
)
def test_an_address_or_its_network(remote: str, address: str) -> None:
    app = web.Application()
    app[TRUSTED_PROXIES] = ()
    assert client_address(make_mocked_request("GET", "/", app=app).clone(remote=remote)) == address
