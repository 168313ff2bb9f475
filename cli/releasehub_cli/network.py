"""Parts of all HTTP clients: TLS, the user agent, and failures of the network."""

from __future__ import annotations

import re
import ssl
from functools import cache
from urllib.parse import urlsplit

import httpx

from releasehub_cli import __version__
from releasehub_cli.errors import CliError, network

RUN_AGAIN = "Run the same command again to resume."
_LONG_WORD = re.compile(r"[^/]{49,}")


@cache
def tls_context() -> ssl.SSLContext:
    """Return the TLS settings of all clients. Loading the certificates takes longer than most requests."""
    return httpx.create_ssl_context()


def redact_url(url: str) -> str:
    """Return the URL without query, user and long path segments, because signatures must not appear in a log."""
    parts = urlsplit(url)
    path = _LONG_WORD.sub("…", parts.path)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{path}" if parts.netloc else path


def reason(error: httpx.TransportError) -> str:
    return str(error) or type(error).__name__


def is_worth_retrying(error: BaseException | None) -> bool:
    """Return whether a retry may succeed. An invalid certificate stays invalid."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError | httpx.UnsupportedProtocol):
            return False
        error = error.__cause__ or error.__context__
    return True


def unreachable(url: str, error: httpx.TransportError) -> CliError:
    return network(f"Cannot reach {redact_url(url)}: {reason(error)}.", f"Check the URL and the network. {RUN_AGAIN}")


def user_agent() -> str:
    return f"releasehub-cli/{__version__}"
