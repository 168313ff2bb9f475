"""Letters to who owns an endpoint that the hub disabled."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models

from releasehub.webhooks import clock
from releasehub.webhooks.models import Endpoint
from releasehub.webhooks.policies import owners_of

log = logging.getLogger(__name__)

SEND = "mail.endpoint_notices"  # in the queue `outbound`: a slow mail server holds up no delivery
TRY_AGAIN_AFTER = timedelta(minutes=10)
GIVEN_UP_AFTER = timedelta(days=2)
SUBJECT = "A webhook endpoint was switched off"


def is_any_due() -> bool:
    return _due().exists()


def send_notices() -> int:
    """Tell the owners of endpoints that were disabled; returns how many endpoints. Safe in many workers.

    Each is claimed before it is told and marked as told after it, so a worker that dies, or a mail server that
    refuses, is followed by another try. Only a worker that dies in between tells somebody twice.
    """
    return sum(_send(endpoint) for endpoint in _due().select_related("created_by") if _claim(endpoint))


def _due() -> models.QuerySet[Endpoint]:
    return Endpoint.objects.filter(notice_due_at__lte=clock.now(), disabled_at__isnull=False).order_by("pk")


def _claim(endpoint: Endpoint) -> bool:
    return bool(_due().filter(pk=endpoint.pk).update(notice_due_at=clock.now(TRY_AGAIN_AFTER)))


def _send(endpoint: Endpoint) -> bool:
    people = sorted({user.email for user in owners_of(endpoint) if user.email})
    try:
        for address in people:
            EmailMessage(SUBJECT, text_of(endpoint), to=[address]).send()
    except (OSError, ValueError) as error:  # every failure of SMTP, and an address that is none
        log.warning("The notice about %s could not be sent: %s", endpoint, type(error).__name__)
        if not _is_old(endpoint):
            return False
    Endpoint.objects.filter(pk=endpoint.pk).update(notice_due_at=None)
    return True


def _is_old(endpoint: Endpoint) -> bool:
    return Endpoint.objects.filter(pk=endpoint.pk, disabled_at__lte=clock.now(-GIVEN_UP_AFTER)).exists()


def text_of(endpoint: Endpoint) -> str:
    """Without the URL's path, which may hold a token."""
    name = endpoint.title or endpoint.description
    lines = [
        f"The webhook endpoint{f' “{name}”' if name else ''} at {endpoint.host} gets no more deliveries.",
        "",
        f"Reason: {endpoint.disabled_reason}",
    ]
    if endpoint.failing_since:
        lines.append(f"The first of the failures: {endpoint.failing_since:%Y-%m-%d %H:%M} UTC.")
    where = f"{settings.PUBLIC_URL}{endpoint.path}" if settings.PUBLIC_URL else f"{endpoint.path} on your hub"
    lines += ["", "Events from now on are not kept for it. What failed before can be sent again.", "", where]
    return "\n".join(lines) + "\n"
