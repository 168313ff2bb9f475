"""The rule which IP addresses the hub may connect to.

It has its own table of networks, because the result of `is_global` differs between Python versions.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

REFUSED_V4 = {
    IPv4Network(text): reason
    for text, reason in {
        "0.0.0.0/8": "this host",
        "10.0.0.0/8": "a private network",
        "100.64.0.0/10": "a carrier-grade NAT network",
        "127.0.0.0/8": "this host",
        "168.63.129.16/32": "the metadata service of a cloud provider",
        "169.254.0.0/16": "a link-local network",
        "172.16.0.0/12": "a private network",
        "192.0.0.0/24": "a network for protocol assignments",
        "192.0.2.0/24": "a documentation network",
        "192.88.99.0/24": "a relay network",
        "192.168.0.0/16": "a private network",
        "198.18.0.0/15": "a benchmarking network",
        "198.51.100.0/24": "a documentation network",
        "203.0.113.0/24": "a documentation network",
        "224.0.0.0/4": "a multicast network",
        "240.0.0.0/4": "a reserved network",
    }.items()
}
PUBLIC_V6 = IPv6Network("2000::/3")
REFUSED_V6 = {
    IPv6Network(text): reason
    for text, reason in {
        "2001::/23": "a network for protocol assignments",
        "2001:db8::/32": "a documentation network",
        "2002::/16": "a relay network",
        "3ffe::/16": "a reserved network",
        "3fff::/20": "a documentation network",
    }.items()
}

# Networks whose addresses contain an IPv4 address in their last 32 bits.
_IPV4_IN_LAST_32_BITS = (
    IPv6Network("::/96"),  # compatible
    IPv6Network("::ffff:0:0/96"),  # mapped
    IPv6Network("::ffff:0:0:0/96"),  # translated
    IPv6Network("64:ff9b::/96"),  # NAT64
    IPv6Network("64:ff9b:1::/48"),  # NAT64, local use
)
_WITHOUT_IPV4 = frozenset({IPv6Address("::"), IPv6Address("::1")})
_TEREDO = IPv6Network("2001::/32")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
_LAST_32_BITS = 0xFFFFFFFF


def refusal_reason(address: str, allowed_networks: Iterable[Network] = ()) -> str:
    """Return the kind of network that makes this IP address forbidden, or an empty string if the hub may connect to it.

    Args:
        allowed_networks: Networks that the operator has allowed. They take precedence over the table. If an IPv6
            address contains an IPv4 address, the operator has to allow the former, and the latter has to be allowed as
            well.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return "an invalid IP address"
    return _refusal(ip, tuple(allowed_networks))


def _refusal(ip: Address, allowed_networks: tuple[Network, ...]) -> str:
    if isinstance(ip, IPv6Address):
        if ip.scope_id is not None:
            return "a link-local network"
        for inner in _embedded_addresses(ip):
            if reason := _refusal(inner, allowed_networks):
                return reason
    if any(ip in network for network in allowed_networks):
        return ""
    return _refusal_v4(ip) if isinstance(ip, IPv4Address) else _refusal_v6(ip)


def _refusal_v4(ip: IPv4Address) -> str:
    return next((reason for network, reason in REFUSED_V4.items() if ip in network), "")


def _refusal_v6(ip: IPv6Address) -> str:
    if ip not in PUBLIC_V6:
        return "a network that is not public"
    if any(_embedded_addresses(ip)):
        return "a relay network"
    return next((reason for network, reason in REFUSED_V6.items() if ip in network), "")


def _embedded_addresses(ip: IPv6Address) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses to which a packet for this IPv6 address may be delivered in the end.

    See RFC 4291 (mapped), 6052 (NAT64), 3056 (6to4), 4380 (Teredo) and 5214 (ISATAP).
    """
    number = int(ip)
    if ip not in _WITHOUT_IPV4 and any(ip in network for network in _IPV4_IN_LAST_32_BITS):
        yield IPv4Address(number & _LAST_32_BITS)
    if ip in _SIX_TO_FOUR:
        yield IPv4Address(number >> 80 & _LAST_32_BITS)
    if ip in _TEREDO:
        yield IPv4Address(number & _LAST_32_BITS ^ _LAST_32_BITS)
    if number >> 32 & _LAST_32_BITS in _ISATAP:
        yield IPv4Address(number & _LAST_32_BITS)
