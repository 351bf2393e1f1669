"""Which addresses a JWKS endpoint may have: the rule of the native host, held to the same table of cases.

``ipaddress.is_global`` is not asked: its answers differ between versions of Python, and it takes IPv6 forms that lead
to an IPv4 address for what they look like.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Literal

Reach = Literal["public", "private", "never"]
"""``public``: on the public internet. ``private``: in a private network, which may be allowed. ``never``: this machine,
this link, metadata of the cloud, or nowhere."""

_PRIVATE_V4 = [IPv4Network(text) for text in ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")]
_NEVER_V4 = [
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "100.100.100.200/32",  # metadata of Alibaba Cloud
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's wire server
        "169.254.0.0/16",  # metadata of most clouds among them
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
]
_GLOBAL_UNICAST, _UNIQUE_LOCAL = IPv6Network("2000::/3"), IPv6Network("fc00::/7")
# Of these two; what is outside of them (loopback, link local, multicast, discard) need not be named.
_NEVER_V6 = [
    IPv6Network(text)
    for text in (
        "2001::/23",
        "2001:db8::/32",
        "2620:4f:8000::/48",
        "3fff::/20",
        "fd00:c1::/32",  # metadata of Oracle Cloud
        "fd00:ec2::/32",  # of AWS
        "fd20:ce::/32",  # of Google Cloud
    )
]
# IPv6 that leads to an IPv4 address, and how many bits follow it: mapped, compatible, NAT64 (RFC 6052), 6to4. Teredo,
# ::ffff:0:0:0/96 and 64:ff9b:1::/48 lead to one, too, and are never reached, whatever it is.
_EMBEDDING = [
    (IPv6Network(text), bits)
    for text, bits in (("::ffff:0:0/96", 0), ("::/96", 0), ("64:ff9b::/96", 0), ("2002::/16", 80))
]


def parse(text: str) -> IPv4Address | IPv6Address:
    """An address. One with a zone (``fe80::1%eth0``) is none that an endpoint has."""
    if ":" not in text:
        return IPv4Address(text)
    if "%" in text:
        raise ValueError("the address has a zone")
    return IPv6Address(text)


def reach(address: IPv4Address | IPv6Address) -> Reach:
    """From where an address can be reached. One that leads to an IPv4 address is what that one is."""
    address = _embedded_v4(address) or address
    if isinstance(address, IPv4Address):
        if any(address in network for network in _NEVER_V4):
            return "never"
        return "private" if any(address in network for network in _PRIVATE_V4) else "public"
    if any(address in network for network in _NEVER_V6):
        return "never"
    if address in _UNIQUE_LOCAL:
        return "private"
    return "public" if address in _GLOBAL_UNICAST else "never"


def is_loopback(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is this machine's own."""
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _embedded_v4(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    if isinstance(address, IPv6Address):
        for network, bits in _EMBEDDING:
            if address in network:
                return IPv4Address(int(address) >> bits & 0xFFFF_FFFF)
    return None
