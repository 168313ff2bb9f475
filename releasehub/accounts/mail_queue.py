"""A queue of e-mails to users. A worker sends them, so that response times do not reveal whether one was sent."""

import logging
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models, transaction
from django.utils import timezone

from releasehub.accounts.models import OutgoingMail
from releasehub.core.clean import fold_whitespace
from releasehub.core.encryption import DecryptionError, decrypt, encrypt
from releasehub.core.tasks import hint

log = logging.getLogger(__name__)

SEND_TASK = "mail.accounts"  # in the queue `outbound`
RETRY_AFTER = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(hours=12)
MAX_SUBJECT_CHARACTERS = 200


def queue_mail(recipient: str, subject: str, text: str, *, unsubscribe_url: str = "") -> None:
    """Store an e-mail for the worker. Nothing happens on a hub without a mail server.

    Args:
        unsubscribe_url: The signed link that stops such e-mails, for the button of mail programs.
    """
    if not settings.EMAIL_HOST:
        return
    subject = fold_whitespace(subject)[:MAX_SUBJECT_CHARACTERS]
    url = encrypt(unsubscribe_url) if unsubscribe_url else ""
    OutgoingMail.objects.create(
        recipient=recipient, subject=subject, encrypted_text=encrypt(text), encrypted_unsubscribe_url=url
    )
    transaction.on_commit(partial(hint, SEND_TASK))


def unsubscribe_headers(url: str) -> dict[str, str]:
    """Return the headers from which mail programs make a button that stops such e-mails.

    One click is enough if the link is https, as RFC 8058 demands. Otherwise the button opens the link.
    """
    headers = {"List-Unsubscribe": f"<{url}>"} if url else {}
    if url.startswith("https://"):
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def send_queued_mail() -> int:
    """Send the e-mails that are due and return their number. Several workers can do this concurrently.

    An e-mail is claimed before it is sent and deleted afterwards, so it is tried again if the worker dies.
    """
    return sum(_send(mail) for mail in _due() if _claim(mail))


def _due() -> models.QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(due_at__lte=timezone.now()).order_by("pk")


def _claim(mail: OutgoingMail) -> bool:
    """Postpone the e-mail to the time of the next attempt. Only one worker can do this."""
    return bool(_due().filter(pk=mail.pk).update(due_at=timezone.now() + RETRY_AFTER))


def _send(mail: OutgoingMail) -> bool:
    is_sent = False
    try:
        _message_of(mail).send()
        is_sent = True
    except (OSError, ValueError, DecryptionError) as error:  # all failures of SMTP, and invalid e-mail addresses
        log.warning("The e-mail %s could not be sent. Cause: %s", mail.pk, type(error).__name__)
        if isinstance(error, OSError) and mail.created_at > timezone.now() - GIVE_UP_AFTER:
            return False
    mail.delete()
    return is_sent


def _message_of(mail: OutgoingMail) -> EmailMessage:
    url = decrypt(mail.encrypted_unsubscribe_url) if mail.encrypted_unsubscribe_url else ""
    return EmailMessage(
        mail.subject, decrypt(mail.encrypted_text), to=[mail.recipient], headers=unsubscribe_headers(url)
    )
