"""Strict parsing of host names and IP addresses in URLs."""

import re
import unicodedata
from ipaddress import IPv4Address, IPv6Address

from releasehub.outbound.failures import InvalidUrl

MAX_HOST_CHARACTERS = 253
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# The system resolver reads a name with such a last label as an IPv4 address: in octal, in hexadecimal, or shortened.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


def parse_host(text: str) -> tuple[str, bool]:
    """Return the host, and whether it is an IP address."""
    if text.startswith("["):
        try:
            return str(IPv6Address(text[1:-1])), True
        except ValueError as exc:
            raise InvalidUrl(
                "The IPv6 address in the URL is invalid. Write it in brackets, such as [2001:db8::1]."
            ) from exc
    try:
        return str(IPv4Address(text)), True
    except ValueError:
        return _parse_name(text), False


def _parse_name(text: str) -> str:
    name = text.lower().removesuffix(".")
    if len(name) > MAX_HOST_CHARACTERS:
        raise InvalidUrl(f"The host name is too long. It can have at most {MAX_HOST_CHARACTERS} characters.")
    labels = [_ascii_label(label) for label in name.split(".")]
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidUrl("The host name in the URL is invalid. Check its spelling.")
    if _NUMBER.fullmatch(labels[-1]):
        raise InvalidUrl("Enter an IPv4 address as four decimal numbers, such as 192.0.2.1.")
    name = ".".join(labels)
    if len(name) > MAX_HOST_CHARACTERS:
        raise InvalidUrl(f"The host name is too long. It can have at most {MAX_HOST_CHARACTERS} characters.")
    return name


def _ascii_label(label: str) -> str:
    """Return the label in its ASCII form, as in the DNS.

    A label that changes when it is encoded and decoded again could be read in two ways, so it is rejected.
    """
    if label.isascii():
        return label
    try:
        encoded = label.encode("idna").decode("ascii")
        is_stable = unicodedata.normalize("NFKC", label) == label == encoded.encode("ascii").decode("idna")
    except UnicodeError:
        is_stable = False
    if not is_stable or label.isnumeric():
        raise InvalidUrl("Enter the host name in its ASCII form (xn--...).")
    return encoded
