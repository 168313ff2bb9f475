"""Links to files on other servers: which URLs are accepted, and the name of the file behind them.

A magnet link names a file in a peer-to-peer network. The hub cannot look behind it.
"""

import re
from urllib.parse import parse_qs, unquote, urlsplit

from releasehub.core.errors import ErrorCode, Invalid

MAX_URL_CHARACTERS = 2048
MAX_SIZE_DIGITS = 18
MAX_MAGNET_FIELDS = 100
MAGNET = "magnet"
_TOPIC = re.compile(r"urn:(btih:([0-9a-f]{40}|[a-z2-7]{32})|btmh:1220[0-9a-f]{64})", re.IGNORECASE)


def check_url(url: str) -> None:
    """Check that the URL is an absolute http or https URL without credentials, or a magnet link with an info hash."""
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
        is_good = is_web or is_magnet(url)
    except ValueError:
        is_good = False
    if not is_good or len(url) > MAX_URL_CHARACTERS or not url.isprintable() or any(char in url for char in " \\"):
        message = (
            "Enter an absolute http:// or https:// URL without credentials, or a magnet link with xt=urn:btih: or "
            "xt=urn:btmh:."
        )
        raise Invalid(message, field="external_url", code=ErrorCode.FILE_URL_INVALID)


def is_magnet(url: str) -> bool:
    """Return whether the URL is a magnet link that names a torrent."""
    return any(map(_TOPIC.fullmatch, _magnet_values(url, "xt")))


def magnet_size(url: str) -> int:
    """Return the size in bytes that a magnet link gives, or 0."""
    text = next(iter(_magnet_values(url, "xl")), "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_SIZE_DIGITS else 0


def _magnet_values(url: str, name: str) -> list[str]:
    """Return the values of a parameter of a magnet link, or nothing for any other URL."""
    try:
        parts = urlsplit(url)
        fields = parse_qs(parts.query, max_num_fields=MAX_MAGNET_FIELDS) if parts.scheme == MAGNET else {}
    except ValueError:
        return []
    return fields.get(name, [])


def name_in(url: str) -> str:
    """Return the last segment of the URL's path, or the display name in a magnet link."""
    try:
        name = next(iter(_magnet_values(url, "dn")), "") or unquote(urlsplit(url).path.rpartition("/")[2])
    except ValueError:  # a host in brackets that is no IPv6 address
        name = ""
    if not name:
        raise Invalid(
            "The URL does not end in a file name. Set filename as well.",
            field="filename",
            code=ErrorCode.FILE_NAME_INVALID,
        )
    return name


def provisional_name(reference: str) -> str:
    """Return the placeholder name of an asset that has not been looked up yet."""
    return f"asset-{reference}"
