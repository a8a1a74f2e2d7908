"""Network addresses that anybody may be sent to: those of the public internet, and no others."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# Listed here, because what the standard library calls global changes from version to version.
_NOT_PUBLIC_4 = tuple(
    IPv4Network(written)
    for written in (
        "0.0.0.0/8",  # "This" network; 0.0.0.0 reaches the own machine.
        "10.0.0.0/8",  # Private.
        "100.64.0.0/10",  # Shared by the customers of a carrier.
        "127.0.0.0/8",  # The own machine.
        "169.254.0.0/16",  # Link-local, where clouds tell secrets to their machines.
        "172.16.0.0/12",  # Private.
        "192.0.0.0/24",  # For protocols.
        "192.0.2.0/24",  # For documentation.
        "192.88.99.0/24",  # Once a relay to IPv6.
        "192.168.0.0/16",  # Private.
        "198.18.0.0/15",  # For benchmarks.
        "198.51.100.0/24",  # For documentation.
        "203.0.113.0/24",  # For documentation.
        "224.0.0.0/4",  # Multicast.
        "240.0.0.0/4",  # Reserved, and the broadcast address.
    )
)
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(written)
    for written in (
        "2001::/23",  # For protocols; Teredo, which leads to any IPv4 address, among them.
        "2001:db8::/32",  # For documentation.
        "2002::/16",  # Leads to any IPv4 address too.
        "3fff::/20",  # For documentation.
    )
)
_IPV4_BY_IPV6 = tuple(IPv6Network(written) for written in ("::ffff:0:0/96", "64:ff9b::/96"))
"""An IPv4 address in its last four bytes: as machines write it to themselves, and through NAT64."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Say whether an address is one of the public internet."""
    if isinstance(address, IPv6Address):
        if any(address in network for network in _IPV4_BY_IPV6):
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        return address in _PUBLIC_6 and not any(address in network for network in _NOT_PUBLIC_6)
    return not any(address in network for network in _NOT_PUBLIC_4)


def names_own_network(host: str) -> bool:
    """Say whether a host is told to be no public one by its mere name or address; others take a look-up to know."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return not is_public(ip_address(name))
    except ValueError:
        return False
