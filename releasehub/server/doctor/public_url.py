"""The public URL: it has to lead to this hub, and the proxy in front has to set the headers that the hub trusts."""

import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning
from urllib3.exceptions import HTTPError, SSLError

from releasehub.server.doctor.registry import register
from releasehub.server.doctor.requests import ProbeResponse, resolves, send

PROXY_HINT = "Set the headers as docs/nginx.conf does, then restart the proxy."


@register("public-url")
def check_public_url() -> Iterator[CheckMessage]:
    """Fetch the health check through the public URL."""
    if not (url := settings.PUBLIC_URL):
        yield Info(f"RELEASEHUB_PUBLIC_URL is not set. Links outside of requests begin with {settings.FALLBACK_URL}.")
        return
    if not resolves(urlsplit(url).hostname or ""):
        yield Warning(
            f"The host name of {url} cannot be resolved on this machine.",
            hint="Check the DNS record. If only this machine cannot resolve the name, run the check on another one.",
        )
        return
    sent_id = uuid.uuid4().hex
    try:
        answer = send(f"{url}/healthz", {"X-Request-Id": sent_id})
    except SSLError as error:
        yield Error(f"{url} has a TLS problem. Cause: {error}", hint="Run: python manage.py doctor --only certificate")
    except HTTPError as error:
        yield Warning(
            f"{url} cannot be reached from this machine. Cause: {error}",
            hint="Check the proxy in front and the firewall. Some networks do not route a machine to its own name.",
        )
    else:
        yield judge_health(url, answer, sent_id)


def judge_health(url: str, answer: ProbeResponse, sent_id: str) -> CheckMessage:
    """Judge the answer of the health check. The hub repeats the id of a request; another server does not."""
    if answer.headers.get("X-Request-Id") != sent_id:
        return Error(
            f"{url}/healthz answered {answer.status}, but not from this hub.",
            hint="Let the proxy send all paths of this host name to the hub, or correct RELEASEHUB_PUBLIC_URL.",
        )
    if answer.status != 200:
        return Error(f"{url}/healthz answered {answer.status}.", hint="Read the log of the hub and of the proxy.")
    return Info(f"{url} leads to a hub.")


@register("proxy")
def check_proxy() -> Iterator[CheckMessage]:
    """Compare the settings of the proxy with the public URL, and with the way the hub answers through it."""
    if settings.IS_HTTPS and not settings.IS_BEHIND_PROXY:
        yield Warning(
            "The public URL is an https URL, so a proxy is in front, but the hub does not use X-Forwarded-For. All "
            "visitors share the rate limits of the proxy's IP address, and logs show that address.",
            hint="Set RELEASEHUB_TRUSTED_PROXIES to the networks of the proxy, or RELEASEHUB_BEHIND_PROXY to 1.",
        )
    if settings.IS_HTTPS and resolves(settings.PUBLIC_HOST):
        yield from check_forwarded_scheme(settings.PUBLIC_URL)
    elif not settings.IS_HTTPS:
        yield Info("The public URL is not an https URL, so the hub needs no header about the scheme.")


def check_forwarded_scheme(url: str) -> Iterator[CheckMessage]:
    """Look for a redirect from the https URL to itself, which shows that the hub believes the request used HTTP."""
    try:
        honest = send(f"{url}/")
        forged = send(f"{url}/", {"X-Forwarded-Proto": "http"})
    except HTTPError as error:
        yield Warning(
            f"The headers of the proxy could not be checked. Cause: {error}",
            hint="Run: python manage.py doctor --only public-url",
        )
        return
    if redirects_to_itself(honest, url):
        yield Error("The proxy does not send X-Forwarded-Proto, so every page redirects to itself.", hint=PROXY_HINT)
    elif redirects_to_itself(forged, url):
        yield Error("The proxy passes on X-Forwarded-Proto of clients instead of its own value.", hint=PROXY_HINT)
    else:
        yield Info("The proxy sets X-Forwarded-Proto itself.")


def redirects_to_itself(answer: ProbeResponse, url: str) -> bool:
    return answer.status in {301, 302, 307, 308} and answer.headers.get("Location", "").rstrip("/") == url
