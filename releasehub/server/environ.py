"""A WSGI environment from an RSGI scope (PEP 3333; Granian's RSGI specification 1.6)."""

import re
import sys
from string import printable
from typing import Any
from urllib.parse import quote

from releasehub.core.requests import HAS_SPOOL_ROOM, IS_CHUNKED, MAX_CHUNKED_BYTES
from releasehub.server.spool import has_room

CONSTANT: dict[str, Any] = {
    "GATEWAY_INTERFACE": "CGI/1.1",
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "Granian",
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": False,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
    HAS_SPOOL_ROOM: has_room,
}
CHUNKED = "HTTP_TRANSFER_ENCODING"
UNPREFIXED = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})
# Django reads these with the parser of e-mails: its time is quadratic, and some parameters of e-mails make it fail.
WITH_PARAMETERS = ("CONTENT_TYPE", "HTTP_ACCEPT", "HTTP_CONTENT_DISPOSITION")
MAX_PARAMETER_CHARACTERS = 2_000
EXTENDED_PARAMETER = re.compile(r";[^;=]*\*")  # as in `filename*=UTF-8''a`; HTTP knows it for file names only
CHARSET = re.compile(r";\s*charset\s*=[^;]*", re.IGNORECASE)


def environ_of(scope: Any) -> dict[str, Any]:
    """Return the environment without `wsgi.input`, which the caller adds."""
    server, _, port = scope.server.rpartition(":")
    host, _ = peer_of(scope)
    environ = CONSTANT | {
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": server.strip("[]"),
        "SERVER_PORT": port,
        "REMOTE_ADDR": host,
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": _ascii_query(scope.query_string),
        "wsgi.url_scheme": scope.scheme,
    }
    for name, value in scope.headers.items():
        _add_header(environ, name, value)
    _drop_unreadable_parameters(environ)
    if "\\" in (cookies := environ.get("HTTP_COOKIE", "")):
        # Python before 3.11.10 takes quadratic time for backslashes (CVE-2024-7592). The hub sets no such cookie.
        environ["HTTP_COOKIE"] = ";".join(cookie for cookie in cookies.split(";") if "\\" not in cookie)
    # The host of an absolute request target replaces the header (RFC 9112, section 3.2.2).
    environ["HTTP_HOST"] = scope.authority or environ.get("HTTP_HOST", "")
    return environ


def with_known_length(environ: dict[str, Any], length: int) -> dict[str, Any]:
    """Return the environment of a chunked request whose whole body has arrived, as if its length had been declared."""
    return {name: value for name, value in environ.items() if name != CHUNKED} | {"CONTENT_LENGTH": str(length)}


def with_unknown_length(environ: dict[str, Any]) -> dict[str, Any]:
    """Return the environment of a chunked request whose body is still arriving. Each route limits what it reads."""
    return with_known_length(environ, MAX_CHUNKED_BYTES) | {IS_CHUNKED: True}


def peer_of(scope: Any) -> tuple[str, int]:
    """Return the address and the port of the client, or of the proxy that connected in its place."""
    host, _, port = scope.client.rpartition(":")
    return host.strip("[]"), int(port) if port.isdigit() else 0


def _ascii_query(query: str) -> str:
    """Return the query string with percent-encoded UTF-8 for characters that curl and scripts send as they are.

    Django expects Latin-1, and cannot read a query with other characters.
    """
    return query if query.isascii() else quote(query, safe=printable)


def _add_header(environ: dict[str, Any], name: str, value: str) -> None:
    if "_" in name:  # X_Forwarded_For must not be mistaken for X-Forwarded-For, which a proxy sets
        return
    key = name.replace("-", "_").upper()
    if key not in UNPREFIXED:
        key = f"HTTP_{key}"
    if key in environ:
        separator = ";" if key == "HTTP_COOKIE" else ","
        value = f"{environ[key]}{separator}{value}"
    environ[key] = value


def _drop_unreadable_parameters(environ: dict[str, Any]) -> None:
    """Remove a header whose parameters cannot be parsed. The request continues as if the client had not sent it.

    The charset of a body goes, too: forms, queries and JSON are UTF-8 (WHATWG URL and RFC 8259), while Django would
    decode even the query with any codec that Python has.
    """
    for name in WITH_PARAMETERS:
        if (value := environ.get(name)) is None:
            continue
        is_extended = name != "HTTP_CONTENT_DISPOSITION" and EXTENDED_PARAMETER.search(value)
        if len(value) > MAX_PARAMETER_CHARACTERS or is_extended:
            del environ[name]
        elif name == "CONTENT_TYPE":
            environ[name] = CHARSET.sub("", value)
