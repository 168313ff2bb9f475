"""The URL of the hub, for links that are made outside of a request: in webhooks, e-mails and chats."""

from __future__ import annotations

from django.conf import settings


def site_url() -> str:
    """Return the scheme and the host, without a slash at the end.

    It is RELEASEHUB_PUBLIC_URL, or else derived from ALLOWED_HOSTS and PORT. `releasehub.core.checks` warns if that is
    a guess.
    """
    return settings.PUBLIC_URL or settings.FALLBACK_URL
