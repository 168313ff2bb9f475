"""A strict parser for the URLs of targets. It rejects every URL that another program could read differently."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urljoin

from releasehub.outbound.failures import InvalidUrl
from releasehub.outbound.hosts import parse_host

MAX_CHARACTERS = 8192

_URL = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:@]+)(?::([1-9][0-9]{0,4}))?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNQUOTED_CHARACTERS = "%/:?#[]@!$&'()*+,;=~"
_PRIVATE_SUFFIXES = frozenset(
    {
        *("alt", "arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost"),
        *("onion", "private", "svc"),
    }
)
# The blocked ports of the Fetch Standard, then databases and other daemons.
_BLOCKED_PORTS = frozenset(
    {
        *(1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109),
        *(110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530),
        *(531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045),
        *(4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
        *(445, 1433, 1521, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5672, 5900, 5984, 6379, 6380, 9042),
        *(9092, 9200, 9300, 10250, 10255, 11211, 27017),
    }
)


@dataclass(frozen=True)
class Target:
    """The parts of a URL.

    Attributes:
        host: The host name or IP address in lower-case ASCII, without a final dot or brackets.
        port: The port, also if it is the default port.
        path: The path and the query. It begins with a slash.
    """

    scheme: str
    host: str
    port: int
    path: str
    is_address: bool

    @property
    def authority(self) -> str:
        """Return the host and port as in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.has_default_port else f"{host}:{self.port}"

    @property
    def has_default_port(self) -> bool:
        return self.port == _DEFAULT_PORTS[self.scheme]

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def is_private_name(self) -> bool:
        """Return whether the name only exists in private networks: it has one label or a suffix that is not public."""
        labels = self.host.split(".")
        return not self.is_address and (len(labels) == 1 or labels[-1] in _PRIVATE_SUFFIXES)


@lru_cache(maxsize=256)
def parse_target(url: str) -> Target:
    """Parse an absolute HTTP or HTTPS URL. The fragment is dropped, and special characters are percent-encoded.

    Raises:
        InvalidUrl: The URL is invalid, or two parsers could read it differently.
    """
    _check_characters(url)
    match = _URL.fullmatch(url)
    if match is None:
        raise InvalidUrl("Enter an absolute URL that starts with http:// or https://.")
    scheme, authority, path, query = match[1].lower(), match[2], match[3], match[4] or ""
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise InvalidUrl("Enter a URL with a host name, an optional port, and no user name or password.")
    host, is_address = parse_host(parts[1])
    port = _parse_port(parts[2]) if parts[2] else _DEFAULT_PORTS[scheme]
    return Target(scheme, host, port, quote((path or "/") + query, safe=_UNQUOTED_CHARACTERS), is_address)


def parse_redirect(base: Target, location: str) -> Target:
    """Return the target of a Location header, which may be a relative URL."""
    # http.client decodes header bytes as Latin-1, but servers send UTF-8.
    text = quote(location.encode("latin-1", "replace"), safe=_UNQUOTED_CHARACTERS + '"<>^`{|}\\ ')
    _check_characters(text)
    try:
        return parse_target(urljoin(base.url, text))
    except InvalidUrl:
        raise
    except ValueError as exc:
        raise InvalidUrl("The URL of the redirect is invalid.") from exc


def _check_characters(url: str) -> None:
    if len(url) > MAX_CHARACTERS:
        raise InvalidUrl(f"The URL is too long. It can have at most {MAX_CHARACTERS} characters.")
    if "\\" in url or any(unicodedata.category(character)[0] in "CZ" for character in url):
        raise InvalidUrl("The URL contains spaces, backslashes or invisible characters. Remove them.")


def _parse_port(text: str) -> int:
    port = int(text)
    if port > 65535 or port in _BLOCKED_PORTS:
        raise InvalidUrl(f"Port {text} is not used by web servers. Use another port.")
    return port
