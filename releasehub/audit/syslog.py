"""A syslog client (RFC 5424) over TCP with one message per line (RFC 6587, section 3.4.2), over TLS, or over UDP.

The server is entered in the admin, and not everybody who may do that may also reach the private network of the hub. So
the same rule as for webhooks applies: the host name is resolved once, every IP address is checked, and the connection
goes to a checked address. Private networks have to be listed in RELEASEHUB_WEBHOOK_ALLOW_NETS.
"""

import re
import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from releasehub.audit.lines import json_line
from releasehub.audit.targets import SyslogTarget
from releasehub.outbound.addresses import refusal_reason
from releasehub.outbound.failures import Refused, Unreachable
from releasehub.outbound.lookup import allowed_networks

PRIORITY = 13 * 8 + 6  # facility "log audit", severity "informational"
MAX_MESSAGE_BYTES = 8000  # receivers truncate longer messages, and UDP does not allow much longer ones
TIMEOUT_SECONDS = 10.0
_NOT_PRINTABLE = re.compile(r"[^\x21-\x7e]")


def message(event: str, created_at: datetime, content: dict[str, Any]) -> bytes:
    """Return one message without its line break. In a long one, `changes` is left out and `is_cut` is true."""
    name = urlsplit(settings.PUBLIC_URL).hostname or socket.gethostname()
    text = json_line(content)
    if len(text) > MAX_MESSAGE_BYTES:
        text = json_line(content | {"changes": None, "is_cut": True})
    stamp = created_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return f"<{PRIORITY}>1 {stamp} {_token(name, 255)} releasehub - {_token(event, 32)} - {text}".encode("ascii")


def send_messages(target: SyslogTarget, messages: Iterable[bytes]) -> None:
    """Send the messages in order over one connection.

    Syslog has no acknowledgements. Over TCP and TLS, messages count as received if the server closes the connection
    without a reset. Over UDP, messages can be lost.

    Raises:
        Refused: The server has an IP address that is not allowed.
        Unreachable: The connection failed.
    """
    kind = socket.SOCK_DGRAM if target.scheme == "udp" else socket.SOCK_STREAM
    with _connect(target, kind) as connection:
        try:
            if kind == socket.SOCK_DGRAM:
                for item in messages:
                    connection.send(item)
            else:
                connection.sendall(b"".join(item + b"\n" for item in messages))
                _wait_for_end(connection)
        except OSError:
            raise Unreachable("The syslog server closed the connection too early.") from None


@contextmanager
def _connect(target: SyslogTarget, kind: socket.SocketKind) -> Iterator[socket.socket]:
    """Open a connection to the server, with TLS if the target asks for it."""
    family, address = _checked_address(target, kind)
    with socket.socket(family, kind) as plain:
        plain.settimeout(TIMEOUT_SECONDS)
        try:
            plain.connect(address)
            wrapped = _tls().wrap_socket(plain, server_hostname=target.host) if target.scheme == "tls" else plain
        except ssl.SSLError:
            raise Unreachable("The TLS connection to the syslog server failed.") from None
        except OSError:
            raise Unreachable("The syslog server did not accept the connection.") from None
        with wrapped:
            yield wrapped


def _checked_address(target: SyslogTarget, kind: socket.SocketKind) -> tuple[socket.AddressFamily, Any]:
    try:
        candidates = socket.getaddrinfo(target.host, target.port, type=kind)
    except (OSError, UnicodeError):
        raise Unreachable("The host name of the syslog server could not be resolved.") from None
    networks = allowed_networks()
    if any(refusal_reason(str(address[0]), networks) for *_, address in candidates):
        raise Refused("The syslog server is in a private network. Add that network to RELEASEHUB_WEBHOOK_ALLOW_NETS.")
    family, _, _, _, address = candidates[0]
    return family, address


def _wait_for_end(connection: socket.socket) -> None:
    """Wait until the server has read everything and closes the connection.

    A server that neither closes nor resets the connection within a second is assumed to have received everything.
    """
    connection.settimeout(1.0)
    try:
        if not isinstance(connection, ssl.SSLSocket):
            connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
    except TimeoutError:
        return


def _token(text: str, length: int) -> str:
    """Return the text as a header field of RFC 5424, which has only printable ASCII characters."""
    return _NOT_PRINTABLE.sub("", text)[:length] or "-"


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
