"""Reading a target's URL: strictly, so that no two programs can disagree about the host. Pure functions."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote, urljoin

MAX_CHARACTERS = 8192
MAX_HOST_CHARACTERS = 253

_URL = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:@]+)(?::([1-9][0-9]{0,4}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# The resolver reads a name that ends like this as an address: octal, hexadecimal or of fewer than four parts.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_KEPT_IN_PATH = "%/:?#[]@!$&'()*+,;=~"
_INNER_SUFFIXES = frozenset(
    {
        *("alt", "arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost"),
        *("onion", "private", "svc"),
    }
)
# Fetch Standard, "port blocking"; then databases and daemons.
_BAD_PORTS = frozenset(
    {
        *(1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109),
        *(110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530),
        *(531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045),
        *(4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
        *(445, 1433, 1521, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5672, 5900, 5984, 6379, 6380, 9042),
        *(9092, 9200, 9300, 10250, 10255, 11211, 27017),
    }
)


class InvalidUrl(ValueError):
    """The message is for people: it says what to change."""


@dataclass(frozen=True)
class Target:
    """`host` in lower case, ASCII, without final dot or brackets; `path` begins with "/" and holds the query."""

    scheme: str
    host: str
    port: int
    path: str
    is_address: bool

    @property
    def authority(self) -> str:
        """As the Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.has_default_port else f"{host}:{self.port}"

    @property
    def has_default_port(self) -> bool:
        return self.port == _DEFAULT_PORTS[self.scheme]

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def is_inner_name(self) -> bool:
        """Names only a private network knows: one label, or a suffix no public registry gives out."""
        labels = self.host.split(".")
        return not self.is_address and (len(labels) == 1 or labels[-1] in _INNER_SUFFIXES)


@lru_cache(maxsize=256)
def parse_target(url: str) -> Target:
    """Parts of an http or https URL; the fragment is left out, other characters are percent-encoded.

    Errors: InvalidUrl for anything two parsers could read in two ways.
    """
    _check_characters(url)
    match = _URL.fullmatch(url)
    if match is None:
        raise InvalidUrl("Give a complete URL that starts with http:// or https://.")
    scheme, authority, path, query = match[1].lower(), match[2], match[3], match[4] or ""
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise InvalidUrl("Give a host name and, if needed, a port; no user name or password.")
    host, is_address = _parse_host(parts[1])
    port = _parse_port(parts[2]) if parts[2] else _DEFAULT_PORTS[scheme]
    return Target(scheme, host, port, quote((path or "/") + query, safe=_KEPT_IN_PATH), is_address)


def parse_redirect(base: Target, location: str) -> Target:
    """The target of a Location header, which may be relative. Errors: InvalidUrl."""
    # http.client reads header bytes as Latin-1, while servers send UTF-8.
    text = quote(location.encode("latin-1", "replace"), safe=_KEPT_IN_PATH + '"<>^`{|}\\ ')
    _check_characters(text)
    try:
        return parse_target(urljoin(base.url, text))
    except InvalidUrl:
        raise
    except ValueError as exc:
        raise InvalidUrl("The redirect has no valid URL.") from exc


def _check_characters(url: str) -> None:
    if len(url) > MAX_CHARACTERS:
        raise InvalidUrl(f"Shorten the URL: it has at most {MAX_CHARACTERS} characters.")
    if "\\" in url or any(unicodedata.category(character)[0] in "CZ" for character in url):
        raise InvalidUrl("Take spaces, backslashes and invisible characters out of the URL.")


def _parse_port(text: str) -> int:
    port = int(text)
    if port > 65535 or port in _BAD_PORTS:
        raise InvalidUrl("Choose another port: this one belongs to something else than a web server.")
    return port


def _parse_host(text: str) -> tuple[str, bool]:
    """The host, and whether it is an address."""
    if text.startswith("["):
        try:
            return str(IPv6Address(text[1:-1])), True
        except ValueError as exc:
            raise InvalidUrl("The IPv6 address is not valid.") from exc
    try:
        return str(IPv4Address(text)), True
    except ValueError:
        return _parse_name(text), False


def _parse_name(text: str) -> str:
    name = text.lower().removesuffix(".")
    if len(name) > MAX_HOST_CHARACTERS:
        raise InvalidUrl(f"Shorten the host name: it has at most {MAX_HOST_CHARACTERS} characters.")
    labels = [_ascii_label(label) for label in name.split(".")]
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidUrl("The host name is not valid.")
    if _NUMBER.fullmatch(labels[-1]):
        raise InvalidUrl("Write an IPv4 address as four decimal numbers, such as 192.0.2.1.")
    name = ".".join(labels)
    if len(name) > MAX_HOST_CHARACTERS:
        raise InvalidUrl(f"Shorten the host name: it has at most {MAX_HOST_CHARACTERS} characters.")
    return name


def _ascii_label(label: str) -> str:
    """The label as DNS knows it. One that changes on the way there and back has two readings: it is refused."""
    if label.isascii():
        return label
    try:
        encoded = label.encode("idna").decode("ascii")
        is_stable = unicodedata.normalize("NFKC", label) == label == encoded.encode("ascii").decode("idna")
    except UnicodeError:
        is_stable = False
    if not is_stable or label.isnumeric():
        raise InvalidUrl("Write the host name in its ASCII form (xn--...).")
    return encoded
