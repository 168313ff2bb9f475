"""Tests that exactly the addresses of forbidden networks are refused, in every notation that hides them."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasehub.outbound.addresses import PUBLIC_V6, REFUSED_V4, REFUSED_V6, refusal_reason

pytestmark = pytest.mark.embedded

IN_REFUSED_V4 = st.sampled_from(list(REFUSED_V4)).flatmap(lambda block: st.ip_addresses(network=block))
IN_REFUSED_V6 = st.sampled_from(list(REFUSED_V6)).flatmap(lambda block: st.ip_addresses(network=block))
FORMS: dict[str, Callable[[int], int]] = {
    "compatible": lambda inner: inner,
    "mapped": lambda inner: 0xFFFF << 32 | inner,
    "translated": lambda inner: 0xFFFF << 48 | inner,
    "nat64": lambda inner: 0x64FF9B << 96 | inner,
    "nat64_local": lambda inner: 0x64FF9B0001 << 80 | inner,
    "six_to_four": lambda inner: 0x2002 << 112 | inner << 80 | 1,
    "teredo": lambda inner: 0x20010000 << 96 | inner ^ 0xFFFFFFFF,
    "isatap": lambda inner: 0x26064700 << 96 | 0x5EFE << 32 | inner,
}


@given(IN_REFUSED_V4)
def test_every_address_of_a_refused_ipv4_block_is_refused(address: IPv4Address) -> None:
    assert refusal_reason(str(address))


@given(IN_REFUSED_V6)
def test_every_address_of_a_refused_ipv6_block_is_refused(address: IPv6Address) -> None:
    assert refusal_reason(str(address))


@given(st.ip_addresses(v=6))
def test_ipv6_outside_the_public_block_is_refused(address: IPv6Address) -> None:
    assert address in PUBLIC_V6 or refusal_reason(str(address))


@pytest.mark.parametrize("form", FORMS)
@given(st.ip_addresses(v=4))
def test_embedded_ipv4_address_is_refused(form: str, inner: IPv4Address) -> None:
    assert refusal_reason(str(IPv6Address(FORMS[form](int(inner)))))


@pytest.mark.parametrize("form", FORMS)
@given(IN_REFUSED_V4)
def test_allowed_ipv6_network_does_not_allow_a_forbidden_embedded_address(form: str, inner: IPv4Address) -> None:
    outer = IPv6Address(FORMS[form](int(inner)))
    if outer not in {IPv6Address("::"), IPv6Address("::1")}:
        assert refusal_reason(str(outer), [IPv6Network("::/0")])


@given(st.ip_addresses(v=4))
def test_other_ipv4_addresses_are_public(address: IPv4Address) -> None:
    assert bool(refusal_reason(str(address))) == any(address in block for block in REFUSED_V4)


@given(st.ip_addresses())
def test_only_the_listed_network_is_allowed(address: IPv4Address | IPv6Address) -> None:
    is_hiding = isinstance(address, IPv6Address) and refusal_reason(str(address), [IPv6Network("::/0")])
    assert is_hiding or refusal_reason(str(address), [ip_network(address)]) == ""
    other = ip_network(type(address)(int(address) ^ 1))
    assert refusal_reason(str(address), [other]) == refusal_reason(str(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "9.255.255.255", "2606:4700:4700::1111", "2001:4860:4860::8888", "2003::1"]
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert refusal_reason(address) == ""


@pytest.mark.parametrize(
    "address", ["", "localhost", "0177.0.0.1", "127.1", "1.1.1.1 ", "fe80::1%eth0", "2606::1%1", "[::1]"]
)
def test_invalid_address_is_refused(address: str) -> None:
    assert refusal_reason(address)


def test_nat64_works_if_the_operator_allows_it() -> None:
    listed = [IPv6Network("64:ff9b::/96")]
    assert refusal_reason("64:ff9b::808:808", listed) == ""
    assert refusal_reason("64:ff9b::a9fe:a9fe", listed)
    assert refusal_reason("64:ff9b::a9fe:a9fe", [*listed, IPv4Network("169.254.169.254/32")]) == ""
