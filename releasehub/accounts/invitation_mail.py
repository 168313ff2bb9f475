"""E-mails with invitations. Without a mail server, the account page shows the invitations all the same."""

import logging
from datetime import timedelta

from django.core.mail import EmailMessage
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from releasehub.accounts.invitation_targets import description_of
from releasehub.accounts.limits import count_invitation_mail
from releasehub.accounts.models import Invitation
from releasehub.accounts.preferences import reading_as
from releasehub.accounts.tokens import digest, new_token
from releasehub.core.clean import fold_whitespace
from releasehub.core.dates import moment_text
from releasehub.core.errors import TooMany
from releasehub.core.site import site_url

log = logging.getLogger(__name__)

SEND_TASK = "mail.invitations"  # in the queue `outbound`
RETRY_AFTER = timedelta(minutes=10)
GIVE_UP_AFTER = timedelta(days=2)


def send_invitations() -> int:
    """Send the invitations that are due. Several workers can do this concurrently. Return how many were sent.

    An invitation is claimed before it is sent and marked as sent afterwards, so it is retried if the worker dies or
    the mail server fails. Each attempt makes a new token, because the hub stores none.
    """
    return sum(_send(invitation) for invitation in _due().select_related("user") if _claim(invitation))


def _due() -> models.QuerySet[Invitation]:
    return Invitation.objects.pending().filter(mail_due_at__lte=timezone.now()).order_by("pk")


def _claim(invitation: Invitation) -> bool:
    """Postpone the e-mail to the time of the next attempt. Only one worker can do this."""
    return bool(_due().filter(pk=invitation.pk).update(mail_due_at=timezone.now() + RETRY_AFTER))


def _send(invitation: Invitation) -> bool:
    email = _address_of(invitation)
    with reading_as(invitation.user):
        description = description_of(invitation)
    if email and description is not None:
        try:
            count_invitation_mail(email)
        except TooMany:  # the next attempt is in some minutes, unless another invitation has replaced this one
            return False
        token = new_token()
        Invitation.objects.filter(pk=invitation.pk).update(token_digest=digest(token))
        try:
            message_of(invitation, *description, token, email).send()
        except (OSError, ValueError) as error:  # all failures of SMTP, and invalid e-mail addresses
            log.warning("The invitation %s could not be sent. Cause: %s", invitation.pk, type(error).__name__)
            if invitation.created_at > timezone.now() - GIVE_UP_AFTER:
                return False
    Invitation.objects.filter(pk=invitation.pk).update(mail_due_at=None)
    return bool(email and description)


def _address_of(invitation: Invitation) -> str:
    if invitation.is_by_email:
        return invitation.invited
    return invitation.user.email if invitation.user else ""


def message_of(invitation: Invitation, title: str, rights: str, token: str, email: str) -> EmailMessage:
    """Return the e-mail in the language of the invited user, or of the site if there is no account yet."""
    with reading_as(invitation.user):
        subject = gettext("Invitation to %(title)s") % {"title": fold_whitespace(title)}
        return EmailMessage(subject, text_of(invitation, title, rights, token), to=[email])


def text_of(invitation: Invitation, title: str, rights: str, token: str) -> str:
    values = {"title": fold_whitespace(title), "url": site_url(), "rights": rights}
    time = {"time": moment_text(invitation.expires_at)}
    lines = [
        gettext("You are invited to %(title)s on %(url)s, with these rights: %(rights)s.") % values,
        "",
        gettext("Sign in and open this link to accept or decline:"),
        f"{site_url()}{reverse('pages:invitation-by-link', args=[token])}",
        "",
        gettext("The invitation expires on %(time)s.") % time,
        gettext("If you do not expect it, you can ignore this e-mail."),
    ]
    return "\n".join(lines) + "\n"
