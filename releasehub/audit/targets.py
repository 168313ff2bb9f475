"""Where a sink's rows go, as the operator writes it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

SYSLOG_SCHEMES = frozenset({"tcp", "tls", "udp"})
_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_HOST = re.compile(r"[A-Za-z0-9._:-]+")


@dataclass(frozen=True)
class SyslogTarget:
    scheme: str
    host: str
    port: int


def storage_prefix(text: str) -> str:
    """A folder in the default storage, such as `audit` or `logs/audit`. Errors: ValueError with a sentence."""
    if not _PREFIX.fullmatch(text):
        raise ValueError("Name a folder by letters, digits, dots, dashes and slashes, such as logs/audit.")
    return text


def syslog_target(text: str) -> SyslogTarget:
    """`tcp://host:port`, `tls://host:port` or `udp://host:port`. Errors: ValueError with a sentence."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or parts.scheme not in SYSLOG_SCHEMES or not _HOST.fullmatch(host):
        raise ValueError("Write tcp://host:port, tls://host:port or udp://host:port.")
    if parts.netloc.lower() not in {f"{host}:{port}", f"[{host}]:{port}"} or text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError("Nothing may stand beside host and port.")
    return SyslogTarget(parts.scheme, host, port)
