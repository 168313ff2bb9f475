"""Parts of all HTTP clients: TLS, the user agent, and failures of the network."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from functools import cache
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx

from releasehub_cli import __version__
from releasehub_cli.errors import CliError, network

RUN_AGAIN = "Run the same command again to resume."
# Those of OpenSSL, of pip and other programs that use requests, and of curl. The first one that is set counts.
_CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_LONG_WORD = re.compile(r"[^/]{49,}")


def http_client(timeout: httpx.Timeout, headers: Mapping[str, str] | None = None) -> httpx.Client:
    """Return a client with the certificates and the proxies of the environment.

    Raises:
        CliError: A variable for certificates or proxies is invalid.
    """
    context = tls_context()
    try:
        return httpx.Client(verify=context, timeout=timeout, headers={"User-Agent": user_agent(), **(headers or {})})
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise CliError(
            f"The proxy settings of the environment cannot be used: {error}",
            code="bad_proxy",
            hint="Check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. An IPv6 address in NO_PROXY has no brackets. "
            "The client supports SOCKS proxies after: pipx inject releasehub-cli socksio",
        ) from error


@cache
def tls_context() -> ssl.SSLContext:
    """Return the TLS settings of all clients. Loading the certificates takes longer than most requests.

    Raises:
        CliError: The certificates cannot be read.
    """
    name = next((name for name in _CERTIFICATE_VARIABLES if os.environ.get(name)), "")
    try:
        if name.endswith("_BUNDLE"):  # httpx does not know these
            return ssl.create_default_context(cafile=os.environ[name])
        return httpx.create_ssl_context()
    except OSError as error:
        raise CliError(
            f"{name} is {os.environ.get(name, '')}, which cannot be used: {error.strerror or error}.",
            code="bad_certificates",
            hint=f"Set {name} to a file with certificates in PEM format, or unset it.",
        ) from error


def redact_url(url: str) -> str:
    """Return the URL without query, user and long path segments, because signatures must not appear in a log."""
    parts = urlsplit(url)
    path = _LONG_WORD.sub("…", parts.path)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{path}" if parts.netloc else path


def reason(error: httpx.TransportError) -> str:
    return str(error).rstrip(".") or type(error).__name__


def is_worth_retrying(error: BaseException | None) -> bool:
    """Return whether a retry may succeed. An invalid certificate stays invalid."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError | httpx.UnsupportedProtocol):
            return False
        error = error.__cause__ or error.__context__
    return True


def unreachable(url: str, error: httpx.TransportError) -> CliError:
    return network(f"Cannot reach {redact_url(url)}: {reason(error)}.", f"{_advice(error)} {RUN_AGAIN}")


def _advice(error: BaseException) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "If the certificate is from an authority of your own, set SSL_CERT_FILE to a file with its certificate."
    if getproxies().keys() - {"no"}:
        return "Check the URL, the network and the proxy in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY."
    return "Check the URL and the network."


def user_agent() -> str:
    return f"releasehub-cli/{__version__}"
