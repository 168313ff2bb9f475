"""Parsing of the target of a sink, as an operator enters it."""

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


def parse_storage_prefix(text: str) -> str:
    """Return the text if it is a valid folder in the default storage, such as `audit` or `logs/audit`.

    Raises:
        ValueError: It is not. The message is for the operator.
    """
    if not _PREFIX.fullmatch(text):
        raise ValueError("Enter a folder such as logs/audit. Use only letters, digits, dots, hyphens and slashes.")
    return text


def parse_syslog_target(text: str) -> SyslogTarget:
    """Parse `tcp://host:port`, `tls://host:port` or `udp://host:port`.

    Raises:
        ValueError: The text has another form. The message is for the operator.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or parts.scheme not in SYSLOG_SCHEMES or not _HOST.fullmatch(host):
        raise ValueError("Enter tcp://host:port, tls://host:port or udp://host:port.")
    if parts.netloc.lower() not in {f"{host}:{port}", f"[{host}]:{port}"} or text != f"{parts.scheme}://{parts.netloc}":
        raise ValueError("Enter only the scheme, the host and the port, without user name, path or query.")
    return SyslogTarget(parts.scheme, host, port)
