"""Requests of the outbound client, checked before they are sent."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from releasehub.outbound.failures import InvalidUrl, Refused
from releasehub.outbound.urls import Target, parse_target

_OWN_HEADERS = frozenset(
    {
        *("accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization"),
        *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    }
)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_METHOD = re.compile(r"[A-Z]+")


def is_own_header(name: str) -> bool:
    """Return whether requests set this header themselves, so that the calling code must not."""
    return name.lower() in _OWN_HEADERS


@dataclass(frozen=True)
class Request:
    method: str
    target: Target
    headers: Mapping[str, str]
    body: bytes
    verify_tls: bool = True


def build_request(method: str, url: str, headers: Mapping[str, str] | None, body: bytes) -> Request:
    if not _METHOD.fullmatch(method):
        raise Refused("The HTTP method is invalid.")
    for name, value in (headers or {}).items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise Refused(f"The header {name!r} contains characters that are not allowed.")
        if name.lower() in _OWN_HEADERS:
            raise Refused(f"The header {name} cannot be set, because the hub sets it itself.")
    return Request(method, parse_allowed(url), dict(headers or {}), body)


def parse_allowed(url: str) -> Target:
    try:
        return parse_target(url)
    except InvalidUrl as exc:
        raise Refused(str(exc)) from None
