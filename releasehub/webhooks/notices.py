"""E-mails that tell the owners of an endpoint that the hub has disabled it."""

import logging
from datetime import timedelta

from django.core.mail import EmailMessage
from django.db import models
from django.utils.translation import gettext

from releasehub.accounts.models import User
from releasehub.accounts.preferences import reading_as
from releasehub.core.dates import moment_text
from releasehub.core.domain_messages import translated
from releasehub.core.site import site_url
from releasehub.webhooks import clock
from releasehub.webhooks.models import Endpoint
from releasehub.webhooks.policies import owners_of

log = logging.getLogger(__name__)

SEND_TASK = "mail.endpoint_notices"  # in the queue `outbound`, so that a slow mail server delays no delivery
RETRY_AFTER = timedelta(minutes=10)
GIVE_UP_AFTER = timedelta(days=2)


def has_due_notices() -> bool:
    return _due_endpoints().exists()


def send_notices() -> int:
    """Send the due notices. Several workers can do this concurrently.

    A notice is claimed before it is sent and marked as sent afterwards, so it is retried if the worker dies or the mail
    server fails. Owners get a notice twice only if the worker dies after sending it.

    Returns:
        The number of endpoints whose owners were notified.
    """
    return sum(_send(endpoint) for endpoint in _due_endpoints().select_related("created_by") if _claim(endpoint))


def _due_endpoints() -> models.QuerySet[Endpoint]:
    return Endpoint.objects.filter(notice_due_at__lte=clock.now(), disabled_at__isnull=False).order_by("pk")


def _claim(endpoint: Endpoint) -> bool:
    """Postpone the notice to the time of the next attempt. Only one worker can do this."""
    # The condition is part of the update: a second worker that read the same endpoint updates no row.
    return bool(_due_endpoints().filter(pk=endpoint.pk).update(notice_due_at=clock.now(RETRY_AFTER)))


def _send(endpoint: Endpoint) -> bool:
    readers = {user.email: user for user in owners_of(endpoint) if user.email}
    try:
        for email in sorted(readers):
            message_of(endpoint, readers[email]).send()
    except (OSError, ValueError) as error:  # all failures of SMTP, and invalid e-mail addresses
        log.warning("The notice about %s could not be sent. Cause: %s", endpoint, type(error).__name__)
        if not _should_give_up(endpoint):
            return False
    Endpoint.objects.filter(pk=endpoint.pk).update(notice_due_at=None)
    return True


def _should_give_up(endpoint: Endpoint) -> bool:
    return Endpoint.objects.filter(pk=endpoint.pk, disabled_at__lte=clock.now(-GIVE_UP_AFTER)).exists()


def message_of(endpoint: Endpoint, reader: User) -> EmailMessage:
    """Return the e-mail in the language of an owner."""
    with reading_as(reader):
        return EmailMessage(gettext("A webhook endpoint was disabled"), text_of(endpoint), to=[reader.email])


def _headline_of(endpoint: Endpoint) -> str:
    values = {"name": endpoint.title or endpoint.description, "host": endpoint.host}
    if not values["name"]:
        return gettext("The webhook endpoint at %(host)s was disabled.") % values
    return gettext("The webhook endpoint “%(name)s” at %(host)s was disabled.") % values


def text_of(endpoint: Endpoint) -> str:
    """Return the text of the e-mail. It omits the path of the URL, which may contain a token."""
    lines = [
        _headline_of(endpoint),
        "",
        gettext("Reason: %(reason)s") % {"reason": translated(endpoint.disabled_reason)},
    ]
    if endpoint.failing_since:
        lines.append(gettext("First failure: %(time)s.") % {"time": moment_text(endpoint.failing_since)})
    lines += ["", gettext("It receives no more events until you resume it. You can then retry failed deliveries."), ""]
    lines.append(f"{site_url()}{endpoint.path}")
    return "\n".join(lines) + "\n"
