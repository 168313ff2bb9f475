"""The host and the server of a URL of an endpoint."""

from urllib.parse import urlsplit


def host_of(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def server_of(url: str) -> tuple[str, str]:
    """Return the scheme and the host of a URL."""
    return urlsplit(url).scheme, host_of(url).lower()
