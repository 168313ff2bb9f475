"""Tests which targets of the corpus the client tries to connect to, and how URLs are parsed."""

import socket
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasehub.outbound.addresses import refusal_reason
from releasehub.outbound.client import check_target, send
from releasehub.outbound.failures import InvalidUrl, LookupFailed, Refused, Unreachable
from releasehub.outbound.persistent_client import PersistentClient
from releasehub.outbound.responses import Response
from releasehub.outbound.urls import Target, parse_redirect, parse_target
from tests.outbound.corpus import CASES, host_of

pytestmark = pytest.mark.embedded

PUBLIC = {"1.1.1.1", "8.8.4.4", "8.8.8.8", "9.9.9.9"}

Lookups = Callable[[dict[str, list[list[str]]]], list[str]]


def expected(case: dict[str, Any]) -> set[str]:
    """Return the addresses that may be connected to. Some names resolve to public addresses first, then to others."""
    if "resolves_to" not in case or case["stage"] == "create":
        return {host_of(case["url"])} if case["expect"] == "allow" else set()
    return {answer[0] for answer in case["resolves_to"] if answer and PUBLIC.issuperset(answer)}


def send_persistently(method: str, url: str, **options: Any) -> Response:
    """Send a request in the same way as a webhook delivery."""
    return PersistentClient().send(method, url, **options)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
@pytest.mark.parametrize("send", [send, send_persistently])
def test_only_allowed_targets_of_the_corpus_are_connected_to(
    case: dict[str, Any], lookups: Lookups, attempted: list[str], send: Callable[..., Response]
) -> None:
    answers = case.get("resolves_to", [])
    lookups({host_of(case["url"]): answers or [[]]})
    for _ in range(len(answers) + 1):
        with pytest.raises((Refused, Unreachable)):
            send("POST", case["url"], body=b"{}", total_seconds=5)
    assert set(attempted) == expected(case)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_forbidden_target_is_refused_when_saved(case: dict[str, Any], lookups: Lookups) -> None:
    answers = case.get("resolves_to", [[]])
    asked = lookups({host_of(case["url"]): answers})
    if case["stage"] == "create":
        with pytest.raises(Refused):
            check_target(case["url"])
        assert not asked
    elif answers[0][:1] not in ([], ["SERVFAIL"], ["TIMEOUT"]) and PUBLIC.issuperset(answers[0]):
        check_target(case["url"])


@pytest.mark.parametrize("case", [case for case in CASES if "redirect_to" in case], ids=lambda case: case["id"])
def test_redirect_targets_of_the_corpus_are_refused(case: dict[str, Any], lookups: Lookups) -> None:
    target = parse_target(case["url"])
    lookups({"rebind1.attacker.test": [["127.0.0.1"]], target.host: [["127.0.0.1"]]})
    with pytest.raises((InvalidUrl, Refused, Unreachable)):
        check_target(parse_redirect(target, case["redirect_to"]).url)


@pytest.mark.parametrize("number", [0, 1, 2130706433, 2852039166, 3232235521, 4294967295, 134744072])
@pytest.mark.parametrize(
    "spelling", ["{}", "0{:o}", "000{:o}", "0x{:x}", "0X{:X}", "0x00{:x}", "{}.", "0x{:x}.", "1.{}"]
)
def test_numeric_hosts_are_invalid(number: int, spelling: str) -> None:
    assert host_of(f"http://{spelling.format(number)}/") == ""


@pytest.mark.parametrize(
    "host",
    [
        *(
            "127.0.0.1.",
            "8.8.8.8.",
            "8.8.8.8..",
            "08.8.8.8",
            "0x8.8.8.8",
            "8.8.8",
            "1.2.3.4.5",
            "256.1.1.1",
            "a.0x",
            "a.1",
        ),
        *(
            "\u2460\u2461\u2466.0.0.1",
            "\u24db\u24de\u24d2al.com",
            "\uff21.com",
            "a\u3002com",
            "a\uff61com",
            "a\u2024com",
        ),
        *("\u0661\u0662\u0667.com", "stra\u00dfe.com", "\u03b1\u03c2.com", "a\u200db.com", "a\u00ad.com", "\ufb01.com"),
        *("-a.com", "a-.com", "a..com", ".a.com", ".", "..", "a.com..", "a,b.com", "a!b.com", "a%2eb.com", "a*.com"),
        *("a" * 64 + ".com", "a." * 130 + "com", "\u00fc" * 60 + ".com"),
        *(
            "[::1%25lo]",
            "[::1%lo]",
            "[1.2.3.4]",
            "[v1.a]",
            "[::1",
            "::1",
            "[]",
            "[::1]x",
            "[:::1]",
            "[::ffff:1.2.3.04]",
        ),
        *("a.com:0", "a.com:65536", "a.com:080", "a.com:", "a.com:+80", "a.com:8a", "a.com:80:80", "a.com:\u0661"),
        *("u@a.com", "u:p@a.com", "@a.com", "a.com\\b", "a.com\tb", "a com", "a.com\x00", "a.com\u2028", "", ":80"),
    ],
)
def test_ambiguous_hosts_are_invalid(host: str) -> None:
    with pytest.raises(InvalidUrl):
        parse_target(f"http://{host}/")


@given(st.text(st.characters(exclude_categories=[]), max_size=12))
def test_host_is_either_a_name_or_an_address(text: str) -> None:
    """If the parser reads a host as a name, the resolver must not read it as an address."""
    try:
        target = parse_target(f"http://{text}/")
    except InvalidUrl:
        return
    assert target.host.isascii()
    if not target.is_address:
        with pytest.raises(socket.gaierror):
            socket.getaddrinfo(target.host, 80, flags=socket.AI_NUMERICHOST)
    else:
        assert socket.getaddrinfo(target.host, 80, flags=socket.AI_NUMERICHOST)[0][4][0] == target.host


@given(st.ip_addresses())
def test_literal_address_is_checked(address: Any) -> None:
    host = f"[{address}]" if address.version == 6 else str(address)
    try:
        check_target(f"https://{host}/")
        is_refused = False
    except Refused:
        is_refused = True
    assert is_refused == bool(refusal_reason(str(address)))


@pytest.mark.parametrize(
    ("url", "result"),
    [
        ("HTTP://A.Example./x#frag", Target("http", "a.example", 80, "/x", False)),
        ("https://a.example?q=1", Target("https", "a.example", 443, "/?q=1", False)),
        ("https://a.example:8443", Target("https", "a.example", 8443, "/", False)),
        ("https://a.example/\u00fc?\u00fc=%C3%BC", Target("https", "a.example", 443, "/%C3%BC?%C3%BC=%C3%BC", False)),
        ("https://b\u00fccher.example/", Target("https", "xn--bcher-kva.example", 443, "/", False)),
        ("https://a_b.example//@127.0.0.1", Target("https", "a_b.example", 443, "//@127.0.0.1", False)),
        ("http://[2606:4700:0:0::1111]:81/", Target("http", "2606:4700::1111", 81, "/", True)),
    ],
)
def test_url_is_parsed(url: str, result: Target) -> None:
    assert parse_target(url) == result
    assert parse_target(result.url) == result


def test_allowed_network_also_allows_private_names(settings: Any, lookups: Lookups) -> None:
    lookups({"redis": [["10.1.2.3"]], "other": [["10.2.0.1"]], "mixed": [["10.1.2.3", "127.0.0.1"]]})
    settings.WEBHOOK_ALLOW_NETS = ("10.1.0.0/16",)
    check_target("http://redis/")
    check_target("http://10.1.9.9/")
    for url in ("http://other/", "http://mixed/", "http://10.2.0.1/"):
        with pytest.raises(Refused):
            check_target(url)


def test_reasons_do_not_reveal_resolved_addresses(lookups: Lookups) -> None:
    lookups({"a.example": [["10.1.2.3"]], "b.example": [[]], "c.example": [["SERVFAIL"]]})
    with pytest.raises(Refused) as refused:
        check_target("https://a.example/secret")
    assert refused.value.reason == (
        "The host name resolves to an IP address that is not public. Use a public host name."
    )
    with pytest.raises(Unreachable) as unreachable:
        check_target("https://b.example/secret")
    assert unreachable.value.reason == "The host name could not be resolved. Check its spelling."
    with pytest.raises(LookupFailed, match="could not be resolved right now"):
        check_target("https://c.example/secret")
