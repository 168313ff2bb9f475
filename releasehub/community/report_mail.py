"""E-mails that tell the authors of reports what came of them."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.core.mail import EmailMessage
from django.db import models
from django.utils import timezone

from releasehub.community.models import Report
from releasehub.core.site import site_url

log = logging.getLogger(__name__)

SEND_TASK = "mail.report_outcomes"  # in the queue `outbound`
RETRY_AFTER = timedelta(minutes=10)
GIVE_UP_AFTER = timedelta(days=2)
MAX_PER_RUN = 500
OUTCOMES = {
    Report.State.RESOLVED: "A moderator checked your report and took action. Thank you for your help.",
    Report.State.DISMISSED: "A moderator checked your report and found nothing that has to change.",
}


def send_outcomes() -> int:
    """Send the e-mails that are due. Several workers can do this concurrently. Return how many were sent.

    An e-mail is claimed before it is sent and marked as sent afterwards, so it is retried if the worker dies or the
    mail server fails.
    """
    rows = _due().select_related("reporter")
    return sum(_send(report) for report in rows[:MAX_PER_RUN] if _claim(report))


def _due() -> models.QuerySet[Report]:
    return Report.objects.filter(mail_due_at__lte=timezone.now()).order_by("mail_due_at", "pk")


def _claim(report: Report) -> bool:
    """Postpone the e-mail to the time of the next attempt. Only one worker can do this."""
    return bool(_due().filter(pk=report.pk).update(mail_due_at=timezone.now() + RETRY_AFTER))


def _send(report: Report) -> bool:
    reporter = report.reporter
    is_reachable = reporter is not None and reporter.is_active and bool(reporter.email)
    if reporter is not None and is_reachable and not _is_too_old(report):
        try:
            EmailMessage(f"Your {_one_line(str(report))}", text_of(report), to=[reporter.email]).send()
        except (OSError, ValueError) as error:  # all failures of SMTP, and invalid e-mail addresses
            log.warning("The outcome of report %s was not sent. Cause: %s", report.pk, type(error).__name__)
            return False
    Report.objects.filter(pk=report.pk).update(mail_due_at=None)
    return is_reachable


def _is_too_old(report: Report) -> bool:
    return report.handled_at is None or report.handled_at < timezone.now() - GIVE_UP_AFTER


def text_of(report: Report) -> str:
    """Return the text of the e-mail, with the note of the moderator."""
    note = ["", report.note] if report.note else []
    about = f"This is about your {_one_line(str(report))} on {site_url()}."
    return "\n".join([OUTCOMES[Report.State(report.state)], *note, "", about]) + "\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())
