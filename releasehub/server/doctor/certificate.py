"""The TLS certificate of the public URL."""

import socket
import ssl
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning

from releasehub.server.doctor.registry import register
from releasehub.server.doctor.requests import resolves

CONNECT_SECONDS = 5.0
WARNING_DAYS = 14
ERROR_DAYS = 2
DAY_SECONDS = 24 * 3600


@register("certificate")
def check_certificate() -> Iterator[CheckMessage]:
    parts = urlsplit(settings.PUBLIC_URL)
    host = parts.hostname or ""
    if parts.scheme != "https":
        yield Info("The public URL is not an https URL, so it has no certificate.")
    elif not resolves(host):
        yield Warning(
            f"The host name {host} cannot be resolved on this machine, so its certificate was not checked.",
            hint="Run the check on a machine that can reach the public URL.",
        )
    else:
        yield check_server(host, parts.port or 443)


def check_server(host: str, port: int) -> CheckMessage:
    """Connect as a browser does, and judge the certificate that the server shows."""
    try:
        expires_at = fetch_expiry(host, port)
    except ssl.SSLCertVerificationError as error:
        return Error(
            f"Browsers refuse the certificate of {host}. Cause: {error.verify_message}",
            hint="Install a certificate for this host name, with its intermediate certificates, at the proxy in front.",
        )
    except OSError as error:
        return Warning(
            f"The certificate of {host} could not be read on port {port}. Cause: {error}",
            hint="Check that the proxy in front serves TLS, or run the check on a machine that can reach it.",
        )
    return judge_expiry(host, (expires_at - time.time()) / DAY_SECONDS)


def fetch_expiry(host: str, port: int) -> float:
    """Return the end of the validity in epoch seconds.

    Raises:
        ssl.SSLCertVerificationError: The certificate is not valid for this host name.
        OSError: The server cannot be reached, or does not speak TLS.
    """
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=CONNECT_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        certificate = connection.getpeercert() or {}
        return float(ssl.cert_time_to_seconds(str(certificate["notAfter"])))


def judge_expiry(host: str, days: float) -> CheckMessage:
    text = f"The certificate of {host} is valid for {days:.0f} more days."
    if days >= WARNING_DAYS:
        return Info(text)
    kind = Error if days < ERROR_DAYS else Warning
    return kind(text, hint="Renew the certificate, and check why it was not renewed automatically.")
