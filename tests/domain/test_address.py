"""Which addresses are of the public internet."""

from ipaddress import ip_address

import pytest

from app.domain.address import is_public, names_own_network


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses(address: str) -> None:
    assert is_public(ip_address(address))
    assert not names_own_network(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - one of those that are to be refused
        "10.255.255.255",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.168.1.1",
        "198.19.0.1",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
    ],
)
def test_others(address: str) -> None:
    assert not is_public(ip_address(address))
    assert names_own_network(address)


@pytest.mark.parametrize("name", ["localhost", "LocalHost.", "db.localhost", "127.0.0.1."])
def test_names_of_this_machine(name: str) -> None:
    assert names_own_network(name)


@pytest.mark.parametrize("name", ["example.com", "localhost.example.com", "notlocalhost", ""])
def test_names_that_must_be_looked_up(name: str) -> None:
    assert not names_own_network(name)
