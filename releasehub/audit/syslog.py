"""Syslog by RFC 5424 over TCP (one message a line, RFC 6587 section 3.4.2), TLS or UDP.

An operator chooses the server, in the admin, and not everybody who may do that may reach the inner network: so the
rule for webhooks holds here too. The name is resolved once, every address is judged, and the connection goes to a
judged one. A syslog server in a private network is named in RELEASEHUB_WEBHOOK_ALLOW_NETS.
"""

from __future__ import annotations

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
from releasehub.outbound.addresses import refusal
from releasehub.outbound.failures import Refused, Unreachable
from releasehub.outbound.lookup import allowed_networks

PRIORITY = 13 * 8 + 6  # facility "log audit", severity "informational"
MAX_MESSAGE_BYTES = 8000  # receivers cut longer ones off, and UDP allows not much more
SECONDS = 10.0
_NOT_PRINTABLE = re.compile(r"[^\x21-\x7e]")


def message(event: str, created_at: datetime, content: dict[str, Any]) -> bytes:
    """One event as one line without its end. A long one goes without its `changes` and says so."""
    name = urlsplit(settings.PUBLIC_URL).hostname or socket.gethostname()
    text = json_line(content)
    if len(text) > MAX_MESSAGE_BYTES:
        text = json_line(content | {"changes": None, "is_cut": True})
    stamp = created_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return f"<{PRIORITY}>1 {stamp} {_token(name, 255)} releasehub - {_token(event, 32)} - {text}".encode("ascii")


def send_messages(target: SyslogTarget, messages: Iterable[bytes]) -> None:
    """Send them in order over one connection.

    Syslog has no receipt: for TCP and TLS, what the server has read when it closes has arrived; UDP promises nothing.
    Errors: Refused; Unreachable.
    """
    kind = socket.SOCK_DGRAM if target.scheme == "udp" else socket.SOCK_STREAM
    with _connected(target, kind) as connection:
        try:
            if kind == socket.SOCK_DGRAM:
                for item in messages:
                    connection.send(item)
            else:
                connection.sendall(b"".join(item + b"\n" for item in messages))
                _wait_for_end(connection)
        except OSError:
            raise Unreachable("The syslog server cut the connection.") from None


@contextmanager
def _connected(target: SyslogTarget, kind: socket.SocketKind) -> Iterator[socket.socket]:
    family, address = _judged_address(target, kind)
    with socket.socket(family, kind) as plain:
        plain.settimeout(SECONDS)
        try:
            plain.connect(address)
            wrapped = _tls().wrap_socket(plain, server_hostname=target.host) if target.scheme == "tls" else plain
        except ssl.SSLError:
            raise Unreachable("The TLS connection to the syslog server failed.") from None
        except OSError:
            raise Unreachable("The syslog server did not accept the connection.") from None
        with wrapped:
            yield wrapped


def _judged_address(target: SyslogTarget, kind: socket.SocketKind) -> tuple[socket.AddressFamily, Any]:
    try:
        found = socket.getaddrinfo(target.host, target.port, type=kind)
    except (OSError, UnicodeError):
        raise Unreachable("The name of the syslog server could not be found.") from None
    allowed = allowed_networks()
    if any(refusal(str(address[0]), allowed) for *_, address in found):
        raise Refused("The syslog server's address is not public; its network has to be allowed in the settings.")
    family, _, _, _, address = found[0]
    return family, address


def _wait_for_end(connection: socket.socket) -> None:
    """Until the server has read everything and closes; one that keeps silent is believed, one that resets is not."""
    connection.settimeout(1.0)
    try:
        if not isinstance(connection, ssl.SSLSocket):
            connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
    except TimeoutError:
        return


def _token(text: str, length: int) -> str:
    return _NOT_PRINTABLE.sub("", text)[:length] or "-"


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
