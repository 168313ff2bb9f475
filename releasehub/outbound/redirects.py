"""Redirects of the outbound client: the next request, and the headers that it may carry."""

from collections.abc import Mapping
from dataclasses import replace

import urllib3

from releasehub.outbound.failures import InvalidUrl, Refused
from releasehub.outbound.requests import Request
from releasehub.outbound.urls import Target, parse_redirect

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CARRIED_TO_OTHER_HOSTS = frozenset({"accept", "content-type", "range", "user-agent"})


def redirect_of(request: Request, response: urllib3.BaseHTTPResponse) -> Request | None:
    """Return the request that a redirect leads to, or None if the response is final.

    The method and the body change in the same way as in browsers.
    """
    location = response.headers.get("Location")
    if response.status not in _REDIRECTS or location is None:
        return None
    try:
        target = parse_redirect(request.target, location)
    except InvalidUrl as exc:
        raise Refused(f"The server redirects to an invalid URL. {exc}") from None
    if request.target.scheme == "https" and target.scheme == "http":
        raise Refused("The server redirects from https to http, which is not allowed. Enter a URL that stays on https.")
    request = replace(request, headers=_carried_headers(request, target), target=target)
    becomes_get = response.status == 303 or (response.status in {301, 302} and request.method == "POST")
    if not becomes_get or request.method in {"GET", "HEAD"}:
        return request
    headers = {name: value for name, value in request.headers.items() if not name.lower().startswith("content-")}
    return replace(request, method="GET", headers=headers, body=b"")


def _carried_headers(request: Request, target: Target) -> Mapping[str, str]:
    """Return the headers for the new target. Another host does not get headers that may contain credentials."""
    previous = request.target
    is_upgrade = previous.has_default_port and target.has_default_port
    if previous.host == target.host and (previous.port == target.port or is_upgrade):
        return request.headers
    return {name: value for name, value in request.headers.items() if name.lower() in _CARRIED_TO_OTHER_HOSTS}
