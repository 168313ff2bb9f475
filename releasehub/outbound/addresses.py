"""Which addresses may be connected to. Pure; an own table, because `is_global` differs between Python versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

REFUSED_V4 = {
    IPv4Network(text): reason
    for text, reason in {
        "0.0.0.0/8": "this host",
        "10.0.0.0/8": "a private network",
        "100.64.0.0/10": "a provider's inner network",
        "127.0.0.0/8": "this host",
        "168.63.129.16/32": "a cloud's metadata service",
        "169.254.0.0/16": "the local link",
        "172.16.0.0/12": "a private network",
        "192.0.0.0/24": "a network for protocols",
        "192.0.2.0/24": "a network for documentation",
        "192.88.99.0/24": "a relay to another network",
        "192.168.0.0/16": "a private network",
        "198.18.0.0/15": "a network for measurements",
        "198.51.100.0/24": "a network for documentation",
        "203.0.113.0/24": "a network for documentation",
        "224.0.0.0/4": "many hosts at once",
        "240.0.0.0/4": "a reserved network",
    }.items()
}
PUBLIC_V6 = IPv6Network("2000::/3")
REFUSED_V6 = {
    IPv6Network(text): reason
    for text, reason in {
        "2001::/23": "a network for protocols",
        "2001:db8::/32": "a network for documentation",
        "2002::/16": "a relay to another network",
        "3ffe::/16": "a reserved network",
        "3fff::/20": "a network for documentation",
    }.items()
}

_TAILS = (
    IPv6Network("::/96"),  # compatible
    IPv6Network("::ffff:0:0/96"),  # mapped
    IPv6Network("::ffff:0:0:0/96"),  # translated
    IPv6Network("64:ff9b::/96"),  # NAT64
    IPv6Network("64:ff9b:1::/48"),  # NAT64, local use
)
_PLAIN = frozenset({IPv6Address("::"), IPv6Address("::1")})
_TEREDO = IPv6Network("2001::/32")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
_LOW = 0xFFFFFFFF


def refusal(address: str, allowed: Iterable[Network] = ()) -> str:
    """Why the hub may not connect to the address, as the end of "it leads to ..."; "" when it may.

    `allowed` are networks the operator listed; they win over the table. An address with another one inside needs both:
    the outer one listed, and the inner one allowed.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return "something that is no address"
    return _refusal(ip, tuple(allowed))


def _refusal(ip: Address, allowed: tuple[Network, ...]) -> str:
    if isinstance(ip, IPv6Address):
        if ip.scope_id is not None:
            return "the local link"
        for inner in _embedded(ip):
            if reason := _refusal(inner, allowed):
                return reason
    if any(ip in network for network in allowed):
        return ""
    return _refusal_v4(ip) if isinstance(ip, IPv4Address) else _refusal_v6(ip)


def _refusal_v4(ip: IPv4Address) -> str:
    return next((reason for network, reason in REFUSED_V4.items() if ip in network), "")


def _refusal_v6(ip: IPv6Address) -> str:
    if ip not in PUBLIC_V6:
        return "a network that is not public"
    if any(_embedded(ip)):
        return "a relay to another network"
    return next((reason for network, reason in REFUSED_V6.items() if ip in network), "")


def _embedded(ip: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 address such an address is delivered to in the end. RFC 4291, 6052, 3056, 4380, 5214."""
    number = int(ip)
    if ip not in _PLAIN and any(ip in network for network in _TAILS):
        yield IPv4Address(number & _LOW)
    if ip in _SIX_TO_FOUR:
        yield IPv4Address(number >> 80 & _LOW)
    if ip in _TEREDO:
        yield IPv4Address(number & _LOW ^ _LOW)
    if number >> 32 & _LOW in _ISATAP:
        yield IPv4Address(number & _LOW)
